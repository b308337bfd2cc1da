package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// oauthGrants is a grant file with agents of an issuer: bot changes users and deletes
// them, auditor is told apart by its client.
func oauthGrants(t *testing.T, issuer string, more ...string) string {
	t.Helper()
	return grantFile(t, fmt.Sprintf(`version: 1
agents:
  bot:
    who: [{issuer: %q, subject: svc-bot}]
    may: [{write: [users, user_groups]}, {do: [users_delete], approve: none}]
    never: [user_groups_delete]
  auditor:
    who: [{issuer: %q, client_id: audit}]
    may: [{read: [users]}]
%s`, issuer, issuer, strings.Join(more, "\n")))
}

func oauthArgs(t *testing.T, issuer, grants string, more ...string) []string {
	t.Helper()
	return append([]string{"http", "--addr", "127.0.0.1:0", "--grants", grants, "--state-dir", filepath.Join(t.TempDir(), "state"),
		"--oauth-issuer", issuer, "--oauth-audience", resource}, more...)
}

// Tokens of the issuer are let in as the agent that the grant file makes of them; who
// has none hears where to get one.
func TestOAuthCallers(t *testing.T) {
	is := newIssuer(t)
	good := is.token(t, "svc-bot", "jc:read", nil)
	r := serving(t, nil, func(url string) {
		c := newCaller(t, url, nil)
		const where = `resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="jc:read"`
		c.list().want(t, 401, `Bearer realm="jc-mcp", `+where)
		c.list("Bearer "+good).want(t, 200, `"users_list"`)
		c.list("bearer  "+good).want(t, 200, `"users_list"`)
		for name, token := range map[string]string{
			"another audience": is.token(t, "svc-bot", "jc:read", map[string]any{"aud": "https://other.example/mcp"}),
			"expired":          is.token(t, "svc-bot", "jc:read", map[string]any{"exp": 1000000000}),
			"a signature less": good[:len(good)-4],
			"no token at all":  "x",
			"one letter more":  good + "A",
		} {
			if got := c.list("Bearer " + token); got.status != 401 || !strings.Contains(got.challenge, `error="invalid_token"`) || !strings.Contains(got.challenge, where) || strings.Contains(got.body, token) && len(token) > 1 {
				t.Errorf("%s: %d %s %s", name, got.status, got.challenge, got.body)
			}
		}
		c.list("Bearer "+strings.Repeat("x", 1<<20)).want(t, 431)
		c.list("Basic "+good).want(t, 401, where)
		c.list(good).want(t, 401, where)
		c.list("Bearer").want(t, 401, where)
		c.list("Bearer "+good+" "+good).want(t, 401, where)
		c.list("Bearer "+good, "Bearer "+good).want(t, 400, `error="invalid_request"`)
		c.list("Bearer "+good, "Basic eDp5").want(t, 400, `error="invalid_request"`)
		q := c.request("tools/list", "", "")
		q.URL.RawQuery = "access_token=" + good
		c.do(q).want(t, 400, `error="invalid_request"`, "not taken")

		// known to the issuer, and not to the grant file
		c.list("Bearer "+is.token(t, "somebody", "jc:read jc:destroy", nil)).want(t, 403, "no agent of this server's grant file")
		c.list("Bearer "+is.token(t, "svc-bot", "jc:read", map[string]any{"client_id": "audit"})).want(t, 403, "several agents")
		c.call(is.token(t, "somebody", "jc:read", map[string]any{"client_id": "audit"}), "users_list", `{"limit":1}`).want(t, 200, "# total")
	}, oauthArgs(t, is.URL, oauthGrants(t, is.URL), "--sandbox")...)
	r.want(t, exitDone, `"agent":"auditor","principal":"somebody at `+is.URL+`"`, "the keys of the token issuer are known")
	if strings.Contains(r.err, good) || strings.Contains(r.out, good) {
		t.Error("a token is in the log")
	}
}

// The metadata say who issues tokens, to whom the guard lets in, and no more than they must.
func TestResourceMetadata(t *testing.T) {
	is := newIssuer(t)
	serving(t, nil, func(url string) {
		c := newCaller(t, url, nil)
		want := `{"authorization_servers":["` + is.URL + `"],"bearer_methods_supported":["header"],"resource":"` + resource + `","resource_name":"jc-mcp","scopes_supported":["jc:read"]}`
		for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"} {
			if got := c.get(path); got.status != 200 || got.body != want {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
		c.get("/.well-known/oauth-protected-resource/other").want(t, 401)
		c.get("/.well-known/openid-configuration").want(t, 401)
		evil := c.request("tools/list", "", "")
		evil.URL.Path, evil.Method, evil.Body, evil.Host = metadataPath, http.MethodGet, nil, "evil.example"
		evil.ContentLength = 0
		c.do(evil).want(t, 403, "host not allowed")
		post := c.request("tools/list", "", "")
		post.URL.Path = metadataPath
		c.do(post).want(t, 405)
	}, oauthArgs(t, is.URL, oauthGrants(t, is.URL), "--sandbox")...).want(t, exitDone)
	file, _ := tokenGrants(t)
	serving(t, nil, func(url string) {
		newCaller(t, url, nil).get(metadataPath).want(t, 401)
	}, "http", "--sandbox", "--addr", "127.0.0.1:0", "--grants", file, "--state-dir", filepath.Join(t.TempDir(), "state")).want(t, exitDone)
}

// The token narrows what is listed and done, and a call that needs more names all of it
// in one challenge; what the grant refuses no scope helps.
func TestScopesOverHTTP(t *testing.T) {
	is := newIssuer(t)
	serving(t, nil, func(url string) {
		c := newCaller(t, url, nil)
		token := func(scope string) string { return is.token(t, "svc-bot", scope, nil) }
		lists := func(scope string, yes, no []string) {
			t.Helper()
			got := c.list("Bearer " + token(scope))
			for _, name := range yes {
				if !strings.Contains(got.body, `"name":"`+name+`"`) {
					t.Errorf("%q does not list %s", scope, name)
				}
			}
			for _, name := range no {
				if strings.Contains(got.body, `"name":"`+name+`"`) {
					t.Errorf("%q lists %s", scope, name)
				}
			}
		}
		lists("jc:read", []string{"users_list", "user_groups_list", "api_search", "api_read"}, []string{"users_update", "api_change", "api_destroy"})
		lists("jc:change:users", []string{"users_list", "users_update", "api_change"}, []string{"user_groups_list", "user_groups_update", "api_destroy"})
		lists("jc:change:users jc:destroy", []string{"users_list", "users_update", "api_destroy"}, []string{"user_groups_list"})
		lists("jc:destroy openid", nil, []string{"users_list", "api_search", "api_destroy"})

		short := func(got reply, scope string) {
			t.Helper()
			got.want(t, 403, `error="insufficient_scope"`, `scope="`+scope+`"`, `resource_metadata="https://mcp.example.com/`, "nothing was done")
		}
		const update = `{"user":"ben.kurz","department":"Sales"}`
		short(c.call(token("jc:read"), "users_update", update), "jc:change:users")
		short(c.call(token("jc:read"), "api_change", `{"tool":"users_update","arguments":`+update+`}`), "jc:change:users")
		short(c.call(token("jc:change:users"), "api_destroy", `{"tool":"users_delete","arguments":{"user":"ben.kurz"}}`), "jc:change:users jc:destroy")
		short(c.call(token("jc:destroy"), "api_destroy", `{"tool":"users_delete","arguments":{"user":"ben.kurz"}}`), "jc:change:users jc:destroy")
		short(c.call(token("jc:change:users"), "user_groups_list", `{}`), "jc:read")
		short(c.call(token("jc:read"), "users_create", `{"username":"x","email":"x@example.com","dry_run":true}`), "jc:change:user_groups jc:change:users")
		c.call(token("jc:change:users"), "users_list", `{"limit":1}`).want(t, 200, "# total")
		c.call(token("jc:change:users"), "users_update", update).want(t, 200, "done, read back")
		c.call(token("jc:read jc:change:users jc:destroy"), "api_destroy", `{"tool":"users_delete","arguments":{"user":"ben.kurz","dry_run":true}}`).want(t, 200, "DRY RUN")
		// never granted: no scope helps, so none is asked for
		c.call(token("jc:read"), "api_destroy", `{"tool":"user_groups_delete","arguments":{"group":"Sales"}}`).want(t, 200, "never user_groups_delete")
		c.call(token("jc:change:users jc:destroy"), "api_destroy", `{"tool":"user_groups_delete","arguments":{"group":"Sales"}}`).want(t, 200, "denied by this server", "never user_groups_delete")
		c.call(token("jc:read"), "devices_list", `{}`).want(t, 200, "denied by this server")
		// a step of a job that the token does not cover is refused by name
		c.call(token("jc:change:users"), "users_create", `{"username":"new.one","email":"new.one@example.com","groups":["Sales"]}`).want(t, 200, "denied by this server", "jc:change:user_groups")
	}, oauthArgs(t, is.URL, oauthGrants(t, is.URL), "--sandbox")...).want(t, exitDone)
}

// A token goes nowhere: not to JumpCloud, not into answers, log or audit, on no road.
func TestTokensDoNotTravel(t *testing.T) {
	is := newIssuer(t)
	var mu sync.Mutex
	var seen strings.Builder
	asked := 0
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		asked++
		fmt.Fprintf(&seen, "%s %s %v %s\n", r.Method, r.URL, r.Header, body)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"totalCount":0,"results":[]}`)
	}))
	defer upstream.Close()
	static, hash := auth.NewToken()
	grants := oauthGrants(t, is.URL, "  fixed:\n    who: [{token_sha256: \""+hash+"\"}]\n    may: [{write: [users]}]")
	jwt := is.token(t, "svc-bot", "jc:read jc:change:users jc:destroy", nil)
	strange := is.token(t, "somebody", "jc:read", nil)
	bad := is.token(t, "svc-bot", "jc:read", map[string]any{"aud": "https://other.example"})
	var answers strings.Builder
	auditLog := filepath.Join(t.TempDir(), "audit")
	r := serving(t, []string{"JC_API_KEY=upstream-key", "JC_CONSOLE_URL=" + upstream.URL}, func(url string) {
		c := newCaller(t, url, nil)
		for _, token := range []string{jwt, static, strange, bad} {
			for _, got := range []reply{
				c.list("Bearer " + token), c.list("Bearer "+token, "Bearer "+token), c.list("Basic " + token),
				c.call(token, "users_list", `{}`), c.call(token, "users_update", `{"user":"x","department":"y"}`),
				c.call(token, "api_read", `{"tool":"users_get","arguments":{"user":"x"}}`), c.call(token, "no_such_tool", `{}`),
			} {
				answers.WriteString(got.challenge + got.body)
			}
		}
	}, oauthArgs(t, is.URL, grants, "--log-level", "debug", "--audit-log", auditLog)...)
	r.want(t, exitDone)
	mu.Lock()
	defer mu.Unlock()
	if asked == 0 || !strings.Contains(seen.String(), "upstream-key") {
		t.Fatalf("nothing was asked of JumpCloud, so nothing is proved: %s", seen.String())
	}
	places := map[string]string{"a request to JumpCloud": seen.String(), "an answer": answers.String(), "the log": r.err, "stdout": r.out, "the audit": readFile(t, auditLog)}
	for _, token := range []string{jwt, static, strange, bad} {
		parts := strings.Split(token, ".")
		for where, text := range places {
			if strings.Contains(text, token) || strings.Contains(text, parts[len(parts)-1]) {
				t.Errorf("a token is in %s", where)
			}
		}
	}
	if strings.Contains(seen.String(), "Bearer") {
		t.Error("an Authorization header reached JumpCloud")
	}
	t.Logf("%d requests to JumpCloud, %d bytes of answers, none with a token", asked, answers.Len())
}

// What is behind sees no Authorization header, whoever comes: the page and the answers
// to those that are refused neither.
func TestNothingBehindSeesTheHeader(t *testing.T) {
	token, hash := auth.NewToken()
	file := grantFile(t, "version: 1\nagents:\n  desk:\n    who: [{token_sha256: \""+hash+"\"}]\n    may: [{read: [users]}]\n")
	grants, err := auth.OpenGrants(auth.GrantFileOptions{Path: file, LastGood: filepath.Join(t.TempDir(), "last"), Known: grantNames{all: tools.All()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*callers{
		{grants: grants, log: slog.New(slog.DiscardHandler)},
		{log: slog.New(slog.DiscardHandler)}, // no grant file
	} {
		reached := map[string]int{}
		see := func(where string) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) {
				reached[where]++
				for name, values := range r.Header {
					if strings.EqualFold(name, "authorization") || strings.Contains(strings.Join(values, ""), token) {
						t.Errorf("%s sees %s", where, name)
					}
				}
				if who, ok := auth.From(r.Context()); where == "/mcp" && (!ok || strings.Contains(fmt.Sprint(who), token)) {
					t.Errorf("the caller is %v", who)
				}
			}
		}
		h := c.in(see("/mcp"), func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				see("beside")(w, r)
				next.ServeHTTP(w, r)
			})
		})
		for _, values := range [][]string{nil, {"Bearer " + token}, {"bearer " + token}, {"Bearer x"}, {"Basic " + token}, {"Bearer " + token, "Bearer " + token}} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp", nil)
			r.Header["Authorization"] = values
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		want := 2 // with the token
		if c.grants == nil {
			want = 6
		}
		if reached["/mcp"] != want || reached["beside"] != 6 {
			t.Errorf("reached: %v", reached)
		}
	}
}

// An issuer that is down at start is a warning; its tokens wait, those of the file do not.
func TestIssuerDownAtStart(t *testing.T) {
	is := newIssuer(t)
	is.down.Store(true)
	static, hash := auth.NewToken()
	grants := oauthGrants(t, is.URL, "  fixed:\n    who: [{token_sha256: \""+hash+"\"}]\n    may: [{read: [users]}]")
	serving(t, nil, func(url string) {
		c := newCaller(t, url, nil)
		c.list("Bearer "+is.token(t, "svc-bot", "jc:read", nil)).want(t, 503, "try again")
		c.list("Bearer "+static).want(t, 200, `"users_list"`)
	}, oauthArgs(t, is.URL, grants, "--sandbox")...).want(t, exitDone, "the keys of the token issuer could not be read")
}
