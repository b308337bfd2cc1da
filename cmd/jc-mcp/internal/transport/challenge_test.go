package transport

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestChallenge is that a request whose token lacks a scope is refused over HTTP
// before a tool sees it, in each revision, and that nothing is asked on stdio.
func TestChallenge(t *testing.T) {
	const challenge = `Bearer error="insufficient_scope", scope="jc:read jc:destroy"`
	o := Options{Lacking: func(_ context.Context, name string, arguments json.RawMessage) string {
		if name == "change_quick" && strings.Contains(string(arguments), "ada") || name == "jumpcloud://users/secret" {
			return challenge
		}
		return ""
	}}
	f := newFake()
	s := startHTTP(t, f, o)
	_, in := s.session(revision2025, `{}`)
	for name, c := range map[string]struct {
		body    string
		edit    func(*http.Request)
		refused bool
	}{
		"2026":           {call26("1", "change_quick", `{"user":"ada"}`), nil, true},
		"2025":           {call25("1", "change_quick", `{"user":"ada"}`), in, true},
		"other argument": {call26("1", "change_quick", `{"user":"bob"}`), nil, false},
		"other tool":     {call26("1", "echo", `{"user":"ada"}`), nil, false},
		"resource":       {request(revision2026, "1", "resources/read", `"uri":"jumpcloud://users/secret"`), nil, true},
		"other resource": {request(revision2026, "1", "resources/read", `"uri":"jumpcloud://organization"`), nil, false},
		"list":           {request(revision2026, "1", "tools/list", ""), nil, false},
	} {
		before := f.count()
		r := s.do(http.MethodPost, c.body, c.edit)
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !c.refused {
			if r.StatusCode != 200 || r.Header.Get("WWW-Authenticate") != "" || !strings.Contains(string(b), `"result"`) {
				t.Errorf("%s: %d %s", name, r.StatusCode, b)
			}
			continue
		}
		m := decode(t, b)
		if r.StatusCode != 403 || r.Header.Get("WWW-Authenticate") != challenge || m.code() != codeLacking || string(m.ID) != "1" {
			t.Errorf("%s: %d %v %s", name, r.StatusCode, r.Header, b)
		}
		if f.count() != before {
			t.Errorf("%s: a tool was called", name)
		}
	}
	w := startStdio(t, newFake(), o)
	w.send(call26("1", "change_quick", `{"user":"ada"}`))
	if m := w.recv(); m.texts(t) != "done" {
		t.Errorf("stdio: %s", m.raw)
	}
	w.rest()
}
