package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// theKey is an API key whose start JumpCloud shows.
const theKey = "jca_abcdef0123456789"

// jumpcloud answers what doctor asks: GETs by path, and tokens for these secrets. A path
// that is not there is 404, a number is that status. Anything else fails the test.
func jumpcloud(t *testing.T, answers map[string]any, secrets ...string) *httptest.Server {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, secret, basic := r.BasicAuth()
		answer, known := answers[r.URL.Path]
		status, _ := answer.(int)
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/oauth2/token" && basic:
			if !slices.Contains(secrets, secret) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			answer = map[string]any{"access_token": "t-" + secret, "expires_in": 3600, "token_type": "bearer"}
		case r.Method != http.MethodGet:
			t.Errorf("doctor sent %s %s", r.Method, r.URL.Path)
		case r.URL.Path == "/api/organizations" && !known:
			answer = map[string]any{"results": []any{map[string]any{"_id": "1", "displayName": "Acme"}}, "totalCount": 1}
		case status != 0:
			w.WriteHeader(status)
			return
		case !known:
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(up.Close)
	return up
}

func in(d time.Duration) string { return time.Now().Add(d + time.Hour).UTC().Format(time.RFC3339) }

const day = 24 * time.Hour

// accounts are a service account of that role whose secrets end then.
func accounts(role string, ends ...time.Duration) map[string]any {
	var configs []any
	for _, e := range ends {
		configs = append(configs, map[string]any{"clientId": "the-client", "createdAt": in(-40 * day), "expiresAt": in(e)})
	}
	return map[string]any{"results": []any{
		map[string]any{"id": "0", "name": "other", "roleId": "r9", "authConfigs": []any{map[string]any{"clientId": "other"}}},
		map[string]any{"id": "1", "name": "agents", "roleId": role, "authConfigs": configs},
	}, "totalCount": 2}
}

func admins(role, prefix string, ends time.Duration) map[string]any {
	hash := map[string]any{"prefix": prefix, "createdAt": in(-80 * day), "expireAt": in(ends)}
	return map[string]any{"results": []any{map[string]any{"email": "ann@acme.example", "roleName": role, "apiKeyHash": hash}}, "totalCount": 1}
}

var theRoles = []any{map[string]any{"id": "r1", "name": "Read Only"}, map[string]any{"id": "r2", "name": "Administrator"}, map[string]any{"id": "r3", "name": "Our Agents"}}

// Doctor tries each secret of a service account by itself.
func TestDoctorTriesBothSecrets(t *testing.T) {
	up := jumpcloud(t, nil, "good", "fine")
	for _, c := range []struct {
		name, one, two string
		code           int
		words          []string
	}{
		{"both", "good", "fine", exitDone, []string{"ok   token          the first secret", "ok   token          the second secret", "ok   connection"}},
		{"second is no good", "good", "old", exitFailed, []string{"ok   token          the first secret", "fix  token          the second secret is refused", "ok   connection"}},
		{"none is good", "bad", "old", exitFailed, []string{"fix  token          the first secret is refused", "fix  token          the second", "role needed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := jcmcp(t, []string{"JC_CLIENT_ID=the-client", "JC_CLIENT_SECRET=" + c.one, "JC_CLIENT_SECRET_2=" + c.two, "JC_CONSOLE_URL=" + up.URL}, "doctor")
			r.want(t, c.code, c.words...)
			for _, secret := range []string{c.one, c.two, "t-good"} {
				if strings.Contains(r.out+r.err, secret+" ") || strings.Contains(r.out+r.err, "\""+secret) {
					t.Errorf("%q is told: %s", secret, r.out)
				}
			}
		})
	}
}

// Doctor says which role a credential has, when its secrets end, and which role would do.
func TestDoctorSaysRoleAndEnd(t *testing.T) {
	account := []string{"JC_CLIENT_ID=the-client", "JC_CLIENT_SECRET=good"}
	key := []string{"JC_API_KEY=" + theKey}
	for _, c := range []struct {
		name    string
		environ []string
		answers map[string]any
		args    string
		code    int
		words   []string
	}{
		{"smallest role", account, map[string]any{"/api/v2/service-accounts": accounts("r1", 60*day), "/api/v2/roles": theRoles}, "--read-only", exitDone,
			[]string{"ok   role           Read Only (service account agents), and no more", "estimate", "ok   age", "in 60 days, made 39 days ago"}},
		{"too large", account, map[string]any{"/api/v2/service-accounts": accounts("r2", 60*day, 5*day), "/api/v2/roles": theRoles}, "--read-only", exitFailed,
			[]string{"note role           Administrator (service account agents) is more", "the smallest role for", "Read Only", "fix  age", "in 5 days"}},
		{"too small", account, map[string]any{"/api/v2/service-accounts": accounts("r1", -2*day), "/api/v2/roles": theRoles}, "--toolsets users", exitFailed,
			[]string{"note role           Read Only (service account agents) is less", "is Manager", "fix  age", "ended on"}},
		{"own role", account, map[string]any{"/api/v2/service-accounts": accounts("r3", 60*day), "/api/v2/roles": theRoles}, "--toolsets users", exitDone,
			[]string{"note role           Our Agents (service account agents) is a custom role"}},
		{"not told", account, map[string]any{"/api/v2/service-accounts": http.StatusForbidden}, "", exitDone,
			[]string{"note role           JumpCloud does not tell", "speaks for a small one", "note role needed", "Administrator With Billing", "note age"}},
		{"another account", account, map[string]any{"/api/v2/service-accounts": []any{}}, "", exitDone, []string{"no service account in its list"}},
		{"help desk", key, map[string]any{"/api/users": admins("Help Desk", "jca_abcdef", 30*day)}, "--tools users_unlock,users_list", exitDone,
			[]string{"ok   role           Help Desk (administrator ann@acme.example), and no more", "users_unlock", "ok   age"}},
		{"runs commands only", key, map[string]any{"/api/users": admins("Command Runner", "jca_abcdef", 30*day)}, "", exitFailed, []string{"fix  role           Command Runner"}},
		{"key of somebody else", key, map[string]any{"/api/users": admins("Manager", "jca_zzzzzz", 30*day)}, "", exitDone, []string{"note role", "does not show whose key"}},
		{"start that says nothing", key, map[string]any{"/api/users": admins("Manager", "jca_", 30*day)}, "", exitDone, []string{"does not show whose key"}},
		{"no such list", key, nil, "--sandbox=false", exitDone, []string{"does not answer that", "note role needed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := jumpcloud(t, c.answers, "good")
			r := jcmcp(t, append(slices.Clone(c.environ), "JC_CONSOLE_URL="+up.URL), append([]string{"doctor"}, strings.Fields(c.args)...)...)
			r.want(t, c.code, c.words...)
			if strings.Contains(r.out+r.err, theKey) {
				t.Error("the key is told")
			}
		})
	}
}

// What JumpCloud does not tell of a secret's age, its file does.
func TestDoctorLooksAtTheAgeOfFiles(t *testing.T) {
	up := jumpcloud(t, nil)
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(theKey), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"JC_API_KEY_FILE=" + path, "JC_CONSOLE_URL=" + up.URL}
	jcmcp(t, environ, "doctor").want(t, exitDone, "ok   age            the file of the API key was written 0 days ago")
	old := time.Now().Add(-100 * day)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	jcmcp(t, environ, "doctor").want(t, exitDone, "note age", "100 days ago")
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	jcmcp(t, environ, "doctor").want(t, exitFailed, "fix  secret", "chmod 600", "ok   connection")
}

// The role that is needed is that of what is granted, not of all there is.
func TestDoctorReckonsWithGrants(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grants.yaml")
	for _, c := range []struct{ may, want string }{
		{"[{read: [users]}]", "is Read Only (estimate)"},
		{"[{read: [users]}, {do: [users_unlock]}]", "is Help Desk, for the sake of users_unlock"},
		{"[{write: [devices]}]", "is Manager"},
		{"[{write: [ldap_servers]}]", "is Administrator,"},
		{"[{do: [roles_update]}]", "is Administrator With Billing"},
		{"[{read: [users]}]\n    never: [\"users_*\"]", "no role is needed"},
	} {
		if err := os.WriteFile(path, []byte("version: 1\nagents:\n  a:\n    who: [{local: stdio}]\n    may: "+c.may+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := jcmcp(t, nil, "doctor", "--sandbox", "--grants", path); !strings.Contains(r.out, c.want) {
			t.Errorf("may %s: no %q in\n%s", c.may, c.want, r.out)
		}
	}
}

// The table of roles names toolsets and tools that there are.
func TestRolesOfWhatThereIs(t *testing.T) {
	names := map[string]auth.Risk{}
	for _, tool := range tools.All() {
		names[tool.Name] = tool.Risk
	}
	for name := range firstLine {
		if risk, known := names[name]; !known || risk == auth.Read {
			t.Errorf("%s is no tool that changes", name)
		}
	}
	for set := range changing {
		if tools.Toolsets[set] == "" {
			t.Errorf("%s is no toolset", set)
		}
	}
	for r := readOnly; r <= super; r++ {
		if roleOf(r).rank != r {
			t.Errorf("rank %d has no role", r)
		}
	}
}

// Organisations are looked at at once, each with lines of its own.
func TestDoctorLooksAtEachOrganisation(t *testing.T) {
	good, bad := jumpcloud(t, nil), jumpcloud(t, map[string]any{"/api/organizations": http.StatusUnauthorized})
	path := filepath.Join(t.TempDir(), "orgs.yaml")
	file := "version: 1\norganizations:\n" +
		"  acme: {console_url: \"" + good.URL + "\", credential: {api_key_env: ONE}}\n" +
		"  umbrella: {region: eu, console_url: \"" + bad.URL + "\", credential: {api_key_env: TWO}, credentials: {small: {api_key_env: ONE}}}\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	r := jcmcp(t, []string{"ONE=k1", "TWO=k2"}, "doctor", "--orgs", path)
	r.want(t, exitFailed, "ok   connection     acme: JumpCloud accepts", "fix  connection     umbrella: the credential is not accepted", "to no host but this", "umbrella, credential small: API key")
	if strings.LastIndex(r.out, "acme: ") > strings.Index(r.out, "umbrella: ") {
		t.Errorf("sections are mixed:\n%s", r.out)
	}
}

// Lines as JSON say the same.
func TestDoctorAsJSON(t *testing.T) {
	r := jcmcp(t, nil, "doctor", "--sandbox", "--json")
	r.want(t, exitDone)
	marks := map[string]int{}
	for line := range strings.Lines(r.out) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.What == "" || f.Text == "" {
			t.Fatalf("%q: %v", line, err)
		}
		marks[f.Mark]++
	}
	if marks[markOK] < 5 || marks[markFix] > 0 {
		t.Error(marks)
	}
}

// An address where nothing answers: doctor says what it could not look at, in time.
func TestDoctorWithoutANetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	start := time.Now()
	jcmcp(t, []string{"JC_CLIENT_ID=c", "JC_CLIENT_SECRET=s", "JC_CONSOLE_URL=http://" + addr, "JC_PROXY=", "HTTPS_PROXY=http://p"}, "doctor").
		want(t, exitFailed, "fix  token", "could not be checked", "note proxy", "HTTPS_PROXY")
	jcmcp(t, []string{"JC_API_KEY=k", "JC_PROXY=http://user:hush@" + addr}, "doctor", "--otlp-endpoint", "http://"+addr).
		want(t, exitFailed, "fix  proxy          "+addr, "fix  traces", "fix  connection")
	if took := time.Since(start); took > 2*doctorWait {
		t.Errorf("it took %s", took)
	}
}
