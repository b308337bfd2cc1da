package tools

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jc-mcp/jc-mcp/auth"
)

// onlooker keeps what it is told of calls.
type onlooker struct {
	mu     sync.Mutex
	seen   []Observed
	traces []string
	begun  int
}

type seenKey struct{}

func (o *onlooker) Begin(ctx context.Context, traceparent string) (context.Context, func(Observed)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun++
	o.traces = append(o.traces, traceparent)
	return context.WithValue(ctx, seenKey{}, true), func(s Observed) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.seen = append(o.seen, s)
	}
}

func (o *onlooker) take(t *testing.T) []Observed {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.begun != len(o.seen) {
		t.Errorf("%d calls began, %d ended", o.begun, len(o.seen))
	}
	seen := o.seen
	o.seen, o.begun = nil, 0
	return seen
}

// Each call is told once, whichever way it ends, with the tool that ran.
func TestCallsAreObserved(t *testing.T) {
	o := &onlooker{}
	b := newBench(t, sandboxOptions, func(opts *Options) {
		opts.Observe, opts.Selection.Surface = o, CoreSurface
		opts.Grants = auth.AllowAll{Confirm: auth.ConfirmDestroy}
	})
	b.call("users_list", `{"limit":1}`)
	b.call("users_list", `{"limit":0}`)
	b.call("api_read", `{"tool":"user_groups_list","arguments":{}}`)
	b.call("ip_lists_list", `{}`) // not listed
	b.call("anything that a caller writes", `{}`)
	b.call("users_get", `{"user":"nobody"}`)
	asked := b.desk.Call(b.ctx, Call{Tool: "devices_erase", Arguments: json.RawMessage(`{"device":"LT-042"}`), CanAsk: true, Trace: "00-a"})
	b.desk.Call(b.ctx, Call{Tool: "devices_erase", Arguments: json.RawMessage(`{"device":"LT-042"}`), CanAsk: true, Reply: &Reply{State: asked.Ask.State}})
	b.desk.Call(b.ctx, Call{Tool: "devices_erase", Arguments: json.RawMessage(`{"device":"LT-044"}`), CanAsk: true, Reply: &Reply{Accepted: true, State: asked.Ask.State}})
	b.desk.Call(b.ctx, Call{Tool: "devices_erase", Arguments: json.RawMessage(`{"device":"LT-042"}`), CanAsk: true, Reply: &Reply{Accepted: true, State: "forged"}})
	b.desk.Call(b.ctx, Call{Tool: "devices_erase", Arguments: json.RawMessage(`{"device":"LT-042"}`), CanAsk: true, Reply: &Reply{Accepted: true, State: asked.Ask.State}})
	want := []Observed{
		{Tool: "users_list"},
		{Tool: "users_list", Code: "invalid_argument"},
		{Tool: "user_groups_list"},
		{Tool: "ip_lists_list", Code: "not_found"},
		{Code: "not_found"},
		{Tool: "users_get", Code: "not_found"},
		{Tool: "devices_erase", Risk: auth.Destroy, Code: "needs_approval", Approval: "asked"},
		{Tool: "devices_erase", Risk: auth.Destroy, Code: "denied", Approval: "refused"},
		{Tool: "devices_erase", Risk: auth.Destroy, Code: "needs_approval", Approval: "expired"},
		{Tool: "devices_erase", Risk: auth.Destroy, Code: "needs_approval"},
		{Tool: "devices_erase", Risk: auth.Destroy, Approval: "approved"},
	}
	for i := range want {
		want[i].Agent = "test"
	}
	got := o.take(t)
	for i, s := range got {
		if s.Took <= 0 {
			t.Errorf("call %d took %v", i, s.Took)
		}
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(Observed{}, "Took")); d != "" {
		t.Error(d)
	}
	if o.traces[6] != "00-a" {
		t.Errorf("the trace was not told: %q", o.traces)
	}
}

// What a person outside the client does is told by the call that meets it.
func TestApprovalsAreObserved(t *testing.T) {
	g := newGoverned(t)
	o := &onlooker{}
	g.desk.o.Observe = o
	want := func(approvals ...string) {
		t.Helper()
		var got []string
		for _, s := range o.take(t) {
			got = append(got, s.Approval)
		}
		if d := cmp.Diff(approvals, got); d != "" {
			t.Error(d)
		}
	}
	code := g.ask("users_reset_mfa", `{"user":"ben.kurz"}`)
	g.ask("users_reset_mfa", `{"user":"ben.kurz"}`)
	want("asked", "")
	g.answer(code, true)
	g.must("users_reset_mfa", `{"user":"ben.kurz"}`)
	want("approved")
	code = g.ask("users_unlock", `{"user":"ben.kurz"}`)
	g.answer(code, false)
	g.call("users_unlock", `{"user":"ben.kurz"}`)
	want("asked", "refused")
}
