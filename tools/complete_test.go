package tools

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

func (b *bench) complete(c Completing) Completion {
	b.t.Helper()
	got, err := b.desk.Complete(b.ctx, c)
	if err != nil {
		b.t.Fatalf("%+v: %v", c, err)
	}
	if got.Values == nil || len(got.Values) > 100 || got.Total >= 0 && got.Total < len(got.Values) {
		b.t.Errorf("%+v: %+v", c, got)
	}
	return got
}

// Every argument with a type and every variable of a template is completed, and
// what is offered is taken.
func TestCompleteEverything(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, p := range prompts {
		for _, a := range p.args {
			got := b.complete(Completing{Prompt: p.name, Argument: a.name})
			if want := a.of != "" || len(a.values) > 0; (len(got.Values) > 0) != want {
				t.Errorf("%s %s: %d values", p.name, a.name, len(got.Values))
			}
		}
	}
	for _, tpl := range b.desk.Templates(b.ctx) {
		_, variable, _ := strings.Cut(strings.TrimSuffix(tpl.URITemplate, "}"), "{")
		got := b.complete(Completing{Template: tpl.URITemplate, Argument: variable})
		if len(got.Values) == 0 {
			t.Errorf("%s: nothing", tpl.URITemplate)
			continue
		}
		for _, v := range []string{got.Values[0], got.Values[len(got.Values)-1]} {
			b.read(strings.Replace(tpl.URITemplate, "{"+variable+"}", url.PathEscape(v), 1))
		}
		typed := got.Values[0][:2]
		for _, v := range b.complete(Completing{Template: tpl.URITemplate, Argument: variable, Value: typed}).Values {
			if !strings.HasPrefix(strings.ToLower(v), strings.ToLower(typed)) {
				t.Errorf("%s: %q was typed, %q offered", tpl.URITemplate, typed, v)
			}
		}
	}
}

func TestCompleteClosedLists(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = without{"users_delete"} })
	got := b.complete(Completing{Template: "jumpcloud://fields/{type}", Argument: "type", Value: "dev"})
	if !slices.Equal(got.Values, []string{"devices", "device_groups"}) || got.Total != 2 || got.More {
		t.Errorf("%+v", got)
	}
	got = b.complete(Completing{Template: "jumpcloud://schemas/{tool}", Argument: "tool", Value: "users_"})
	if !slices.Contains(got.Values, "users_create") || slices.Contains(got.Values, "users_delete") {
		t.Errorf("%+v", got)
	}
	got = b.complete(Completing{Prompt: "investigate_failed_logins", Argument: "service", Value: "S"})
	if !slices.Equal(got.Values, []string{"sso", "systems"}) {
		t.Errorf("%+v", got)
	}
	long := fromList(make([]string, 130), "")
	if len(long.Values) != 100 || long.Total != 130 || !long.More {
		t.Errorf("%d of %d, more %v", len(long.Values), long.Total, long.More)
	}
	for _, c := range []Completing{{}, {Prompt: "none", Argument: "user"}, {Prompt: "offboard_user", Argument: "device"},
		{Template: "jumpcloud://users/{name}", Argument: "name"}, {Template: "jumpcloud://users/{user}", Argument: "name"},
		{Prompt: "offboard_user", Argument: "user", Value: "a\x00"}} {
		if got := b.complete(c); len(got.Values) > 0 || got.More {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	if w := b.wire.seen; len(w) > 0 {
		t.Errorf("closed lists and nothing sent %q", w)
	}
}

// With many users the first page that contains what was typed is not enough: what
// begins with it is found all the same, in any case, and nothing lists the directory.
func TestCompleteAmongMany(t *testing.T) {
	b := newBench(t, sandbox.Options{Users: 3000})
	for _, typed := range []string{"m", "M", "tom", "z"} {
		b.wire.reset()
		got := b.complete(Completing{Prompt: "offboard_user", Argument: "user", Value: typed})
		if len(b.wire.seen) > 4 {
			t.Errorf("%q cost %d requests", typed, len(b.wire.seen))
		}
		want := map[string]bool{}
		for cursor := ""; ; {
			text := b.must("users_list", fmt.Sprintf(`{"search":%q,"fields":"username","limit":1000,"cursor":%q}`, typed, cursor))
			for _, name := range cells(t, text) {
				if strings.HasPrefix(name, strings.ToLower(typed)) {
					want[name] = true
				}
			}
			_, rest, more := strings.Cut(text, "cursor=")
			if !more {
				break
			}
			cursor = strings.TrimSpace(rest)
		}
		if len(got.Values) != min(100, len(want)) || len(want) > 100 && !got.More {
			t.Errorf("%q: %d values (more %v), there are %d", typed, len(got.Values), got.More, len(want))
		}
		t.Logf("%q: %d of %d", typed, len(got.Values), len(want))
		for _, v := range got.Values {
			if !want[v] {
				t.Errorf("%q: %q offered", typed, v)
			}
		}
	}
	got := b.complete(Completing{Prompt: "offboard_user", Argument: "user"})
	if len(got.Values) != 100 || !got.More || got.Total != -1 || !slices.IsSorted(got.Values) {
		t.Errorf("nothing typed: %d values, more %v, total %d", len(got.Values), got.More, got.Total)
	}
}

func TestCompleteLastOfAList(t *testing.T) {
	b := newBench(t, sandboxOptions)
	got := b.complete(Completing{Prompt: "onboard_user", Argument: "groups", Value: "Engineering, sal"})
	if len(got.Values) == 0 || !strings.HasPrefix(got.Values[0], "Engineering, Sal") {
		t.Errorf("%+v", got)
	}
}

func TestCompleteOffersWhatIsTaken(t *testing.T) {
	id := func(i int) string { return fmt.Sprintf("65fa1c65fa1c65fa1c65fa%02d", i) }
	found := []jc.Object{{ID: id(1), Name: "PC"}, {ID: id(2), Name: "pc"}, {ID: id(3), Name: "a/b"}, {ID: id(4), Name: "x\u202ey"},
		{ID: id(5), Name: "one, two"}, {ID: id(6), Name: " lead"}, {ID: id(7), Name: "plain"}}
	for _, c := range []struct {
		s    source
		want []string
	}{
		{source{}, []string{"PC~65fa01", "pc~65fa02", "a/b", id(4), "one, two", id(6), "plain"}},
		{source{inURI: true}, []string{"PC~65fa01", "pc~65fa02", id(3), id(4), "one, two", id(6), "plain"}},
		{source{list: true}, []string{"PC~65fa01", "pc~65fa02", "a/b", id(4), id(5), id(6), "plain"}},
	} {
		if got := c.s.offered(found); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q", c.s, got)
		}
	}
}

func TestCompleteRights(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = without{"users_list"} })
	if got := b.complete(Completing{Template: "jumpcloud://users/{user}", Argument: "user", Value: "a"}); len(got.Values) > 0 {
		t.Errorf("offered %q without the grant to list users", got.Values)
	}
	if len(b.wire.seen) > 0 {
		t.Errorf("sent %q", b.wire.seen)
	}
	b.complete(Completing{Template: "jumpcloud://devices/{device}", Argument: "device", Value: "secretly-typed"})
	if !slices.Equal(b.wire.seen, []string{"POST /api/search/systems"}) {
		t.Errorf("sent %q", b.wire.seen)
	}
	if line := b.audit.String(); !strings.Contains(line, `"tool":"devices_list"`) || strings.Contains(line, "secretly-typed") {
		t.Errorf("the audit has %s", line)
	}
	b.wire.answer = func(*http.Request) (*http.Response, error) { return forbidden(), nil }
	_, err := b.desk.Complete(b.ctx, Completing{Template: "jumpcloud://devices/{device}", Argument: "device", Value: "other"})
	if code, text := Explain(err); code != jc.CodeForbidden {
		t.Errorf("%v: %s %s", err, code, text)
	}
	if got, err := b.desk.Complete(t.Context(), Completing{Template: "jumpcloud://devices/{device}", Argument: "device"}); err != nil || len(got.Values) > 0 {
		t.Errorf("nobody: %v, %v", got, err)
	}
}
