package tools

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

// carried is a call through a carrier.
func carried(tool, args string) string { return `{"tool":"` + tool + `","arguments":` + args + `}` }

// A carried call is the call that it carries: the same answer, the same refusal,
// the same audit lines.
func TestCarriedIsAsListed(t *testing.T) {
	for _, c := range []struct{ by, tool, args string }{
		{"api_read", "users_list", `{"filter":"department=Sales","limit":3}`},
		{"api_read", "users_get", `{"user":"ada.king"}`},
		{"api_read", "users_get", `{"user":"no.such.person"}`},
		{"api_read", "users_list", `{"filter":"departmnt=Sales"}`},
		{"api_read", "ip_lists_list", `{}`},
		{"api_change", "user_groups_create", `{"name":"Carried","dry_run":true}`},
		{"api_change", "user_groups_create", `{"nam":"Carried"}`},
		{"api_destroy", "users_delete", `{"user":"ada.king"}`},
		{"api_destroy", "users_delete", `{"user":"ada.king","dry_run":true}`},
	} {
		t.Run(c.by+" "+c.tool, func(t *testing.T) {
			direct, through := newBench(t, sandboxOptions), newBench(t, sandboxOptions)
			want, wantAnswer := direct.call(c.tool, c.args)
			got, gotAnswer := through.call(c.by, carried(c.tool, c.args))
			want, got = madeUp.ReplaceAllString(want, "$1…"), madeUp.ReplaceAllString(got, "$1…")
			if diff := cmp.Diff(want, got); diff != "" || wantAnswer.IsError != gotAnswer.IsError || (wantAnswer.Ask == nil) != (gotAnswer.Ask == nil) {
				t.Errorf("not the answer of %s itself\n%s", c.tool, diff)
			}
			if a, b := direct.audited(), through.audited(); !cmp.Equal(a, b) {
				t.Errorf("audited as\n%v\nnot as\n%v", b, a)
			}
		})
	}
}

// madeUp are the handles that differ from call to call.
var madeUp = regexp.MustCompile(`(next=|cursor=|change c-)[a-z0-9-]+`)

// audited are the tools, phases and sentences of the audit lines so far.
func (b *bench) audited() (out []string) {
	for _, raw := range strings.Split(strings.TrimSpace(b.audit.String()), "\n") {
		if raw == "" { // a preview that sends nothing leaves no line
			continue
		}
		var l auth.Line
		if err := json.Unmarshal([]byte(raw), &l); err != nil {
			b.t.Fatalf("an audit line that is none: %q", raw)
		}
		out = append(out, strings.Join([]string{l.Tool, l.Phase, l.Outcome, l.Code, l.Say}, " | "))
	}
	return out
}

func TestCarriersRefuse(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct{ by, args, says string }{
		{"api_read", carried("users_delete", `{"user":"ada.king"}`), "call it through api_destroy"},
		{"api_read", carried("user_groups_create", `{"name":"x"}`), "call it through api_change"},
		{"api_change", carried("users_delete", `{"user":"ada.king"}`), "call it through api_destroy"},
		{"api_destroy", carried("users_list", `{}`), "call it through api_read"},
		{"api_destroy", carried("user_groups_create", `{"name":"x"}`), "call it through api_change"},
		{"api_read", carried("users_lst", `{}`), `did you mean "users_list"`},
		{"api_read", carried("api_read", `{}`), "call it directly"},
		{"api_read", `{"arguments":{}}`, "tool"},
		{"api_read", `{"tool":"users_list","argments":{}}`, "argments"},
	} {
		b.wire.reset()
		if text, a := b.call(c.by, c.args); !a.IsError || !strings.Contains(text, c.says) {
			t.Errorf("%s %s answered %q, which does not say %q", c.by, c.args, text, c.says)
		}
		if len(b.wire.seen) != 0 {
			t.Errorf("%s %s sent %v", c.by, c.args, b.wire.seen)
		}
	}
}

// What a selection leaves out cannot be reached through a carrier either.
func TestCarriersKeepTheSelection(t *testing.T) {
	reaches := func(s Selection, by, tool string) bool {
		b := newBench(t, sandboxOptions, func(o *Options) { o.Selection = s })
		_, a := b.call(by, carried(tool, `{"dry_run":true}`))
		return !strings.Contains(a.Text[0], "there is no tool") && !strings.Contains(a.Text[0], "There is no tool")
	}
	for _, c := range []struct {
		s        Selection
		by, tool string
		want     bool
	}{
		{Selection{Surface: MicroSurface}, "api_change", "user_groups_create", true},
		{Selection{Surface: CoreSurface}, "api_change", "ip_lists_create", true},
		{Selection{Surface: MicroSurface, ReadOnly: true}, "api_change", "user_groups_create", false},
		{Selection{Surface: MicroSurface, Toolsets: []string{"users"}}, "api_change", "user_groups_create", false},
		{Selection{Surface: MicroSurface, Toolsets: []string{"users"}}, "api_destroy", "users_delete", true},
		{Selection{Surface: CoreSurface, Tools: []string{"!users_delete"}}, "api_destroy", "users_delete", false},
	} {
		if got := reaches(c.s, c.by, c.tool); got != c.want {
			t.Errorf("with %+v, %s reaches %s: %v", c.s, c.by, c.tool, got)
		}
	}
}

func TestSearchTool(t *testing.T) {
	b := newBench(t, sandboxOptions)
	if text := b.must("api_search", `{"query":"unlock a locked out user"}`); !strings.HasPrefix(text, "users_unlock") && !strings.Contains(strings.SplitN(text, "\n", 2)[0], "users_unlock") {
		t.Errorf("the first line is not users_unlock:\n%s", text)
	}
	var schema map[string]any
	full := b.must("api_search", `{"query":"=users_update"}`)
	if err := json.Unmarshal([]byte(full), &schema); err != nil && !strings.Contains(full, `"properties"`) {
		t.Errorf("=users_update does not give the schema: %s", full)
	}
	if text, a := b.call("api_search", `{"query":"=users_updat"}`); !a.IsError || !strings.Contains(text, "users_update") {
		t.Errorf("a wrong name is not put right: %s", text)
	}
	if text, a := b.call("api_search", `{"query":"xylophone quartet"}`); !a.IsError || !strings.Contains(text, "no tool of this server fits") {
		t.Errorf("nothing to find is not said: %s", text)
	}
	if len(b.wire.seen) != 0 {
		t.Errorf("searching sent %v", b.wire.seen)
	}
	granted := newBench(t, sandboxOptions, func(o *Options) { o.Grants = onlyReads{} })
	if text, _ := granted.call("api_search", `{"query":"delete a user","limit":20}`); strings.Contains(text, "users_delete") {
		t.Errorf("what is not granted is found:\n%s", text)
	}
}

// onlyReads grants nothing that changes.
type onlyReads struct{}

func (onlyReads) Decide(_ context.Context, _ auth.Principal, a auth.Action) auth.Decision {
	return auth.Decision{Allow: a.Risk == auth.Read, Rule: "test", Reason: "reads only"}
}
