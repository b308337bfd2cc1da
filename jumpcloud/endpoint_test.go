package jumpcloud

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAt(t *testing.T) {
	e := At("GET /api/v2/usergroups/{group}/members/{member_id}")
	if e.String() != "GET /api/v2/usergroups/{group}/members/{member_id}" {
		t.Error(e)
	}
	if d := cmp.Diff([]string{"group", "member_id"}, e.Names()); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{
		"", "GET", "/api", "get /api", "FETCH /api", "GET api", "GET  /api", "GET /", "GET /api/", "GET /api//x", "GET /api/../x", "GET /api/./x",
		"GET /api/{}", "GET /api/{a", "GET /api/a}", "GET /api/x{a}", "GET /api/{a}.csv", "GET /api/{a}/{a}", "GET /api?x=1", "GET /api#x", "GET /a b",
		"GET /api/{a b}", "GET /api/%2e", "GET /api/é", "GET /api\n", "GET /api/{a/b}",
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("At(%q) was taken", bad)
				}
			}()
			At(bad)
		}()
	}
}

func TestFill(t *testing.T) {
	e := At("DELETE /api/systemusers/{user}/sshkeys/{key}")
	for _, good := range []string{"65fa1c0e9d3b2a0001c4e7f1", "ff487bda-e18f-42ed-9d6c-5c7cafd6adf9", "trigger_name", "a.b", "...", "a:b", "{other}", "a|b", `a"b`, "~", strings.Repeat("a", 256)} {
		path, err := e.Fill(map[string]string{"user": good, "key": "k"})
		if err != nil {
			t.Errorf("%q refused: %v", good, err)
			continue
		}
		same(t, e, path, good)
	}
	for _, bad := range append(hostile(), strings.Repeat("a", 257)) {
		if path, err := e.Fill(map[string]string{"user": bad, "key": "k"}); err == nil {
			t.Errorf("%q gave %s", bad, path)
		} else if len(bad) > 3 && strings.Contains(err.Error(), bad) {
			t.Errorf("the error repeats the value: %v", err)
		}
	}
	for name, params := range map[string]map[string]string{
		"missing": {"user": "u"}, "none": nil, "one more": {"user": "u", "key": "k", "x": "y"}, "another": {"user": "u", "keys": "k"},
	} {
		if _, err := e.Fill(params); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := (Endpoint{"GET", "/api/../{x}"}).Fill(map[string]string{"x": "y"}); err == nil {
		t.Error("a template that At refuses was filled")
	}
}

// hostile are values that would leave their segment in some builder, alone and
// inside an id.
func hostile() []string {
	parts := []string{
		"/", "..", "../", "/..", "%2e%2e", "%2f", "%", "?", "?x=1", "#", "#f", `\`, ";", ";a=b", " ", "\t", "\n", "\r\n", "\x00", "\x7f", "é", "\u202e", "\u2024", "．", "／", "\xff",
	}
	out := []string{"", ".", ".."}
	for _, p := range parts {
		out = append(out, p+"65fa1c", "65"+p+"fa1c", "65fa1c"+p)
	}
	var real []string
	for _, s := range out {
		if s != "65fa1c.." && s != "..65fa1c" && s != "65..fa1c" { // dots inside a value are harmless
			real = append(real, s)
		}
	}
	return real
}

// same checks that a filled path has the template's segments and that the value
// comes back from it unchanged.
func same(t *testing.T, e Endpoint, path, value string) {
	t.Helper()
	u, err := url.Parse("https://h" + path)
	if err != nil || u.Host != "h" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		t.Fatalf("%q gave %q: %v", value, path, err)
	}
	want, got := strings.Split(e.Path, "/"), strings.Split(u.EscapedPath(), "/")
	if len(want) != len(got) || u.JoinPath().EscapedPath() != u.EscapedPath() {
		t.Fatalf("%q gave %q", value, path)
	}
	for i := range want {
		if _, ok := brace(want[i]); !ok && want[i] != got[i] {
			t.Fatalf("%q changed a fixed segment: %q", value, path)
		}
	}
	if strings.ContainsAny(path, "{}\"<>^`|") {
		t.Fatalf("%q is not escaped in %q", value, path)
	}
	if back, err := url.PathUnescape(got[3]); err != nil || back != value {
		t.Fatalf("%q came back as %q", value, back)
	}
}

func FuzzFill(f *testing.F) {
	for _, s := range append(hostile(), "65fa1c0e9d3b2a0001c4e7f1", "{key}", "a b", "ff487bda-e18f-42ed-9d6c-5c7cafd6adf9") {
		f.Add(s)
	}
	e := At("DELETE /api/systemusers/{user}/sshkeys/{key}")
	f.Fuzz(func(t *testing.T, s string) {
		path, err := e.Fill(map[string]string{"user": s, "key": "k"})
		if err != nil {
			return
		}
		if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/?#%\\; \x00\r\n") {
			t.Fatalf("%q was taken", s)
		}
		same(t, e, path, s)
	})
}

func TestEffect(t *testing.T) {
	if Safe.String()+Idempotent.String()+Once.String() != "safeidempotentonce" || Effect(9).String() == "" {
		t.Error("effects are misnamed")
	}
}
