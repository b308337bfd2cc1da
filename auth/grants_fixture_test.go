package auth

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// facts is a registry of a few tools.
type facts []ToolFact

func (f facts) Tools() []ToolFact { return f }

func (f facts) Toolsets() []string {
	set := map[string]bool{}
	for _, t := range f {
		set[t.Toolset] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// someTools has a tool of each risk in three toolsets, a few more, and the carriers.
func someTools() facts {
	out := facts{
		{"api_search", "api", Read, false}, {"api_destroy", "api", Destroy, false},
		{"users_unlock", "users", Change, false}, {"users_reset_mfa", "users", Destroy, false},
		{"user_groups_members_change", "user_groups", Change, false},
		{"commands_run", "commands", Destroy, false}, {"insights_query", "insights", Read, false},
	}
	for _, set := range []string{"users", "user_groups", "devices"} {
		out = append(out, ToolFact{set + "_list", set, Read, false}, ToolFact{set + "_update", set, Change, false},
			ToolFact{set + "_delete", set, Destroy, false}, ToolFact{set + "_key_get", set, Reveal, false})
	}
	return out
}

func (f facts) action(t *testing.T, tool string, targets ...Target) Action {
	t.Helper()
	i := slices.IndexFunc(f, func(x ToolFact) bool { return x.Name == tool })
	if i < 0 {
		t.Fatalf("no tool %s", tool)
	}
	a := Action{Tool: tool, Toolset: f[i].Toolset, Risk: f[i].Risk}
	if len(targets) > 0 {
		a.Targets, a.Objects = targets, len(targets)
	}
	return a
}

func parsed(t testing.TB, text string) *Rules {
	t.Helper()
	r, err := ParseGrants("/etc/jc/grants.yaml", []byte(text), someTools())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// agent is a grant file with one agent "a" whose lines of may these are.
func agent(lines ...string) string {
	return "version: 1\nagents:\n  a:\n    who: [{local: stdio}]\n    may:\n      - " + strings.Join(lines, "\n      - ") + "\n"
}

// office is a Thursday at noon in Berlin.
var office = time.Date(2026, 11, 5, 11, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// roster knows who is in which group, and counts what it is asked.
type roster struct {
	in    map[string][]string // group -> ids
	names map[string][]string // id -> names
	err   error
	asked int
}

func (r *roster) Member(_ context.Context, of, pattern string, t Target) (bool, error) {
	r.asked++
	if r.err != nil {
		return false, r.err
	}
	for group, ids := range r.in {
		set, name, _ := strings.Cut(group, "/")
		if set == of && nameGlob(pattern, name, false) && slices.Contains(ids, t.ID) {
			return true, nil
		}
	}
	return false, nil
}

func (r *roster) Names(_ context.Context, t Target) ([]string, error) {
	r.asked++
	return r.names[t.ID], r.err
}

var errDirectory = errors.New("the directory does not answer")

func user(name string) Target   { return Target{"user", "id-" + name, name} }
func device(name string) Target { return Target{"system", "id-" + name, name} }
func group(name string) Target  { return Target{"user_group", "id-" + name, name} }

var someone = Principal{Agent: "a", Name: "stdio"}
