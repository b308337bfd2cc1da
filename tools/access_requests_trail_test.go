package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// process makes the bench the desk of another process on the same organisation,
// which remembers nothing: what is kept is in the audit.
func (b *bench) process(audit auth.Audit) {
	b.t.Helper()
	o := b.desk.o
	o.Audit = audit
	desk, err := New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.desk = desk
}

func openAudit(t *testing.T, path string) (auth.Audit, func()) {
	t.Helper()
	audit, c, err := auth.OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return audit, func() { _ = c.Close() }
}

// events answers in the place of Directory Insights.
func (b *bench) events(status int) {
	body := `[]`
	if status != 200 {
		body = `{"message":"Forbidden"}`
	}
	b.answerJSON(eventsQuery.Path, status, body, "X-Result-Count", "0", "X-Limit", "1000")
}

// A request that an earlier process made is found by the audit while its events are
// late, or may not be read, and the list says where it looked.
func TestAccessRequestsOfAnEarlierProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	b := newBench(t, sandboxOptions)
	audit, end := openAudit(t, path)
	b.process(audit)
	b.must("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h","remarks":"INC-1"}`)
	b.must("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"1d"}`)
	b.must("access_requests_revoke", `{"user":"bob.stone","device":"LT-042"}`)
	id := b.requestOf("maria.silva", "LT-042").Text("accessId")
	end()
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	since := strings.TrimPrefix(string(written), `{"time":"`)[:len("2006-01-02")] // the day may have changed since

	audit, _ = openAudit(t, path)
	b.process(audit)
	b.events(200)
	text, a := b.call("access_requests_list", `{"state":"all"}`)
	rows := cellsOf(t, a)
	if len(rows) != 3 || rows[1][0] != "maria.silva" || rows[1][3] != "granted" || rows[1][6] != "test, nobody was asked" || rows[2][0] != "bob.stone" || rows[2][3] != "revoked" {
		t.Fatal(text)
	}
	want(t, a.Text[0], "# 1 active, 1 ended; 2 shown", "Directory Insights (access_management events of 90 days", "), this server's audit since "+since, "elsewhere in the last minutes may be missing")
	hasNot(t, a.Text[0], "memory")
	if _, a := b.call("access_requests_list", `{}`); len(cellsOf(t, a)) != 2 || cellsOf(t, a)[1][6] != id { // what is active has its id
		t.Error(a.Text)
	}
	for args, n := range map[string]int{`{"user":"maria.silva"}`: 1, `{"device":"LT-042","state":"all"}`: 2, `{"user":"ada.king","state":"all"}`: 0} {
		if _, a := b.call("access_requests_list", args); len(cellsOf(t, a)) != n+1 && (n > 0 || len(a.Text) > 1) {
			t.Errorf("%s: %v", args, a.Text)
		}
	}

	b.events(403)
	text = b.must("access_requests_list", `{}`)
	want(t, text, "maria.silva,LT-042", "sources: this server's audit since "+since, "events not read (403 role), so those made elsewhere may be missing")
	hasNot(t, text, "Directory Insights")
	if text, a := b.call("access_requests_revoke", `{"user":"bob.stone","device":"LT-042"}`); a.Code != "forbidden" || !strings.Contains(text, "this server's audit since "+since) {
		t.Errorf("only one that has ended is known, and others cannot be looked for: %s", text)
	}
	want(t, b.must("access_requests_revoke", `{"user":"maria.silva","device":"LT-042"}`), "done, read back.")
	if state := b.requestOf("maria.silva", "LT-042").Text("accessState"); state != "revoked" {
		t.Errorf("it is %s", state)
	}
}

// Traces come in the order of time, whichever source tells of them, each once.
func TestAccessTracesAreInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		var made []string
		for i := range 6 {
			if i%2 == 0 {
				b.process(auth.NewAudit(b.audit)) // forgets: of this one the events alone will tell
			}
			b.must("access_requests_create", fmt.Sprintf(`{"user":"bob.stone","device":"LT-042","expiry":"%dh"}`, i+1))
			made = append(made, b.requestOf("bob.stone", "LT-042").Text("accessId"))
			time.Sleep(time.Minute)
		}
		u, d := b.found("users", "username", "bob.stone").Text("_id"), b.found("devices", "hostname", "LT-042").Text("_id")
		r := &Reader{d: b.desk, dir: b.desk.dir, trip: &trip{tool: accessRequestsList()}}
		ctx := jc.WithFence(b.ctx, eventsQuery)
		trail, err := followAccess(ctx, r, u, d)
		if err != nil || len(trail.ids) != len(made) {
			t.Fatalf("%v of %v: %v", trail, made, err)
		}
		for i, id := range trail.ids {
			if id != made[len(made)-1-i] {
				t.Errorf("%v, made %v", trail.ids, made)
				break
			}
		}
	})
}

// brokenReader writes, and cannot be read back.
type brokenReader struct{ auth.Audit }

func (brokenReader) Lines(context.Context, auth.Wanted) (auth.Record, error) {
	return auth.Record{}, errors.New("open /secret/place: permission denied")
}

// What could not be read of the audit is said, and is never none.
func TestAccessRequestsWhereTheAuditIsUnread(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	b := newBench(t, sandboxOptions)
	only := struct{ auth.Audit }{b.desk.o.Audit} // as one that was not made to be read
	for _, x := range []struct {
		audit auth.Audit
		said  string
	}{
		{brokenReader{b.desk.o.Audit}, "this server's audit not read,"},
		{only, "this server's audit not read (it is not kept)"},
		{auth.NewAudit(b.audit), "(in memory only)"},
	} {
		b.process(x.audit)
		b.wire.answer = nil
		text := b.must("access_requests_list", `{}`)
		want(t, text, x.said, "# 1 active", "Directory Insights (")
		hasNot(t, text, "secret/place")
		b.events(403)
		if text, a := b.call("access_requests_list", `{}`); a.Code != "forbidden" || !strings.Contains(text, strings.TrimSuffix(x.said, ",")) {
			t.Errorf("%s", text)
		}
	}
	// A file that can no longer be read, with what this process remembers of it.
	b.wire.answer = nil
	audit, end := openAudit(t, path)
	b.process(audit)
	b.must("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h"}`)
	end()
	b.events(403)
	want(t, b.must("access_requests_list", `{}`), "maria.silva,LT-042", "this server's audit not read (the file cannot be read), only what this process remembers since ")
	// One with lines that are not understood.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("{\"time\":\"torn\n[1]\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	audit, _ = openAudit(t, path)
	b.process(audit)
	want(t, b.must("access_requests_list", `{}`), "maria.silva,LT-042", "2 lines of it not understood")
}

// Only what was changed, or may have been, names a request: what an agent makes up
// may not push out those that are there.
func TestAccessTracesOfTheAuditAreOfChanges(t *testing.T) {
	b := newBench(t, sandboxOptions)
	made := "00000000-0000-4000-a000-00000000000"
	line := func(n int, risk, outcome string, phase string) auth.Line {
		return auth.Line{Phase: phase, Risk: risk, Outcome: outcome, Targets: []auth.Target{{Type: "access_request", ID: fmt.Sprint(made, n)}}}
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	audit, _ := openAudit(t, path)
	for i, l := range []auth.Line{
		line(0, "change", string(Done), auth.PhaseResult), line(1, "change", string(Unknown), auth.PhaseResult), line(2, "change", string(Accepted), auth.PhaseResult),
		line(3, "change", string(Failed), auth.PhaseResult), line(4, "read", string(WasRead), auth.PhaseResult), line(5, "change", "", auth.PhaseIntent),
		line(6, "change", string(NotSent), auth.PhaseRefused),
		{Phase: auth.PhaseResult, Risk: "change", Outcome: string(Done), Targets: []auth.Target{{Type: "access_request", ID: "../../systemusers"}, {Type: "user", ID: made + "7"}}},
	} {
		l.Time = time.Now().Add(time.Duration(i-20) * time.Second)
		if err := audit.Write(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	b.process(audit)
	b.events(200)
	r := &Reader{d: b.desk, dir: b.desk.dir, trip: &trip{tool: accessRequestsList()}}
	ctx := jc.WithFence(b.ctx, eventsQuery)
	trail, err := followAccess(ctx, r, "", "")
	if err != nil || fmt.Sprint(trail.ids) != fmt.Sprint([]string{made + "2", made + "1", made + "0"}) {
		t.Errorf("%v: %v", trail, err)
	}
	ada, lt := jc.User{}.Kind(), jc.Device{}.Kind()
	about := line(8, "change", string(Done), auth.PhaseResult)
	about.Targets = append(about.Targets, auth.Target{Type: ada.Type, ID: "a"}, auth.Target{Type: lt.Type, ID: "d"})
	if err := audit.Write(t.Context(), about); err != nil {
		t.Fatal(err)
	}
	for of, n := range map[[2]string]int{{"a", "d"}: 1, {"a", ""}: 1, {"", "d"}: 1, {"x", "d"}: 0, {"a", "x"}: 0, {"d", "a"}: 0} {
		if trail, err := followAccess(ctx, r, of[0], of[1]); err != nil || len(trail.ids) != n {
			t.Errorf("of %v: %v: %v", of, trail, err)
		}
	}
}
