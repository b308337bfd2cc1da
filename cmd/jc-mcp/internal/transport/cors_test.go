package transport

import (
	"net/http"
	"strings"
	"testing"
)

// TestCORS is that pages of allowed origins, and no others, may send the headers of
// the protocol to /mcp and read the answers.
func TestCORS(t *testing.T) {
	const page = "https://app.example.com"
	wrap := func(next http.Handler) http.Handler { // as a server that wants tokens, with a page of its own beside
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == endpoint && r.Header.Get("Authorization") == "" {
				http.Error(w, "a token is needed", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	f := newFake()
	s := startHTTP(t, f, Options{Origins: []string{page}, Wrap: wrap})
	ask := func(method, path, origin, wants, headers string) *http.Response {
		t.Helper()
		r := s.do(method, "", func(q *http.Request) {
			q.URL.Path = path
			q.Header = http.Header{"Origin": {origin}}
			if wants != "" {
				q.Header.Set("Access-Control-Request-Method", wants)
				q.Header.Set("Access-Control-Request-Headers", headers)
			}
		})
		r.Body.Close()
		for name := range r.Header {
			if strings.HasPrefix(name, "Access-Control-") && r.Header.Get(name) == "*" || name == "Access-Control-Allow-Credentials" {
				t.Errorf("%s %s: %s: %s", method, path, name, r.Header.Get(name))
			}
		}
		return r
	}
	all := "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name,mcp-param-org,mcp-session-id"
	r := ask("OPTIONS", endpoint, page, "POST", all+",x-forwarded-for,mcp-param-,cookie")
	want := map[string]string{
		"Access-Control-Allow-Origin":   page,
		"Access-Control-Allow-Methods":  "POST",
		"Access-Control-Allow-Headers":  strings.ReplaceAll(all, ",", ", "),
		"Access-Control-Expose-Headers": "Mcp-Session-Id, WWW-Authenticate",
	}
	for name, v := range want {
		if r.StatusCode != 204 || r.Header.Get(name) != v {
			t.Errorf("%d %s: %q, want %q", r.StatusCode, name, r.Header.Get(name), v)
		}
	}
	if v := strings.Join(r.Header.Values("Vary"), ","); !strings.Contains(v, "Origin") {
		t.Errorf("Vary: %q", v)
	}
	if r = ask("OPTIONS", "/.well-known/oauth-protected-resource/mcp", page, "GET", "mcp-protocol-version"); r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Methods") != "GET" {
		t.Errorf("metadata: %d %v", r.StatusCode, r.Header)
	}
	if r = ask("OPTIONS", endpoint, "https://evil.example.com", "POST", all); r.StatusCode != 403 || r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %d %v", r.StatusCode, r.Header)
	}
	if r = ask("POST", "/approvals", page, "", ""); r.StatusCode != 403 || r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another path: %d %v", r.StatusCode, r.Header)
	}
	if r = ask("POST", endpoint, page, "", ""); r.StatusCode != 401 || r.Header.Get("Access-Control-Allow-Origin") != page {
		t.Errorf("a refusal that the page must be able to read: %d %v", r.StatusCode, r.Header)
	}
	status, m := s.post(call26("1", "echo", `{}`), func(q *http.Request) {
		q.Header.Set("Origin", page)
		q.Header.Set("Authorization", "Bearer x")
	})
	if status != 200 || m[0].texts(t) != "{}" {
		t.Errorf("a call: %d %v", status, m)
	}
	if s := startHTTP(t, f, Options{Origins: []string{page}, Replicated: true}); true {
		r := s.do("OPTIONS", "", func(q *http.Request) {
			q.Header = http.Header{"Origin": {page}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"mcp-session-id"}}
		})
		r.Body.Close()
		if r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Headers") != "" || r.Header.Get("Access-Control-Expose-Headers") != "WWW-Authenticate" {
			t.Errorf("replicas: %d %v", r.StatusCode, r.Header)
		}
	}
}
