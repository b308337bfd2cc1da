package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// orgsRig is a server whose file of organisations is followed.
type orgsRig struct {
	t            *testing.T
	orgs, grants string
	w            *wired
	f            *orgsFile
	tick         chan time.Time
	logs, audit  buffer
	who          auth.Principal
}

func newOrgsRig(t *testing.T, orgs, grants string) *orgsRig {
	t.Helper()
	r := &orgsRig{t: t, orgs: fileOf(t, "orgs.yaml", orgs), tick: make(chan time.Time), who: auth.Principal{Agent: "helper", Name: "stdio"}}
	environ := []string{"JC_ORGS=" + r.orgs, "JC_STATE_DIR=" + filepath.Join(t.TempDir(), "s"), "JC_CONFIRM=never"}
	if grants != "" {
		r.grants = fileOf(t, "grants.yaml", grants)
		environ = append(environ, "JC_GRANTS="+r.grants)
	}
	s := newShell(environ, strings.NewReader(""), &buffer{}, &buffer{})
	log := slog.New(slog.NewJSONHandler(&r.logs, nil))
	c := loaded(t, environ)
	var err error
	if r.w, err = wire(t.Context(), c, log, nil, &r.audit, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.w.Close)
	r.f = s.followed(c, r.w, log)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.f.file(ctx).Watch(ctx, r.tick); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	return r
}

// write changes the file, and gives the server time to see it.
func (r *orgsRig) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.orgs, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	for range 4 {
		r.tick <- time.Time{}
	}
}

func (r *orgsRig) call(tool, args string) string {
	a := r.w.server.Call(auth.With(r.t.Context(), r.who), tools.Call{Tool: tool, Arguments: json.RawMessage(args)})
	return strings.Join(a.Text, "\n")
}

func (r *orgsRig) wants(text string, words ...string) {
	r.t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			r.t.Errorf("%q is missing: %s", w, text)
		}
	}
}

var cursorOfAcme = regexp.MustCompile(`next=(acme:\w+)`)

// TestOrgsFileIsReadAgain: what stays keeps what it has and the handles that it gave,
// what went is unknown, what is new is served, and a bad file changes nothing.
func TestOrgsFileIsReadAgain(t *testing.T) {
	r := newOrgsRig(t, twoSandboxes, "")
	list := r.call("users_list", `{"org":"acme","limit":5}`)
	cursor := cursorOfAcme.FindStringSubmatch(list)
	if cursor == nil {
		t.Fatal(list)
	}
	person := regexp.MustCompile(`\n([a-z]+\.[a-z]+),`).FindStringSubmatch(r.call("users_list", `{"org":"acme","filter":"suspended=false","fields":"username,email","limit":1}`))[1]
	made := r.call("users_suspend", `{"org":"acme","user":"`+person+`"}`)
	change := regexp.MustCompile(`c-\w+`).FindString(made)
	if change == "" {
		t.Fatal(made)
	}
	const acme = "  acme: {region: eu, sandbox: {users: 30, seed: 3}}\n"
	r.write("version: 1\norganizations:\n" + acme + "  initech: {sandbox: {users: 10, seed: 4}}\n")
	r.wants(r.call("users_list", `{"org":"globex"}`), `there is no organisation "globex" here; known: acme, initech`)
	r.wants(r.call("users_list", `{"org":"initech","limit":1}`), "# total 10", "org initech")
	r.wants(r.call("users_list", `{"org":"acme","limit":5,"cursor":"`+cursor[1]+`"}`), "from 6 on")
	r.wants(r.logs.String(), `"changes":"initech is new; globex is gone"`)
	r.wants(r.audit.String(), `"phase":"reload"`, "the organisations changed: initech is new; globex is gone")

	logged := len(r.logs.String())
	r.write("version: 1\norganizations:\n" + acme + "  hooli: {credential: {api_key_file: /no/such/place}}\n")
	r.wants(r.logs.String()[logged:], "the file of organisations has a mistake", "organisation hooli")
	r.wants(r.audit.String(), "the file of organisations has a mistake: those before it are served")
	r.wants(r.call("users_list", `{"org":"initech","limit":1}`), "# total 10")
	told := r.call("user_groups_create", `{"org":"initech","name":"Day Shift"}`)
	r.wants(told, "orgs.yaml has a mistake, which this server's log tells, so the organisations before it are served")
	if strings.Contains(told, "/no/such/place") || strings.Contains(r.audit.String(), "/no/such/place") {
		t.Errorf("the place of a secret is told: %s", told)
	}
	if err := os.Remove(r.orgs); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.tick <- time.Time{}
	}
	r.wants(r.call("users_list", `{"org":"initech","limit":1}`), "# total 10")

	r.write("version: 1\norganizations:\n" + acme) // one is left
	r.wants(r.call("users_list", `{"org":"initech"}`), `there is no organisation "initech" here; known: acme`)
	r.wants(r.call("users_list", `{"limit":5,"cursor":"`+cursor[1]+`"}`), "from 6 on")
	standing := `{"filter":"suspended=true, username=` + person + `"}`
	r.wants(r.call("users_list", standing), "# total 1")
	undone := r.call("api_change", `{"tool":"changes_undo","arguments":{"change":"`+change+`"}}`)
	r.wants(undone, "done, read back")
	if strings.Contains(undone, "has a mistake") {
		t.Errorf("it was mended: %s", undone)
	}
	r.wants(r.call("users_list", standing), "# total 0")

	r.write("version: 1\norganizations:\n  acme: {region: eu, sandbox: {users: 30, seed: 4}}\n")
	r.wants(r.logs.String(), "acme is somewhere else: another region, id or URL")
	r.wants(r.call("users_list", `{"limit":5,"cursor":"`+cursor[1]+`"}`), "unknown or expired")
}

// TestOrgsFileAndGrants: a grant file that names what is not there yet is taken when it
// is, and one that names what went says so.
func TestOrgsFileAndGrants(t *testing.T) {
	grants := func(orgs string) string {
		return strings.Replace(strings.Replace(orgGrants, "ORGS", orgs, 1), "read: [users]", "write: [users, user_groups]", 1)
	}
	r := newOrgsRig(t, twoSandboxes, grants("[acme]"))
	r.wants(r.call("users_list", `{"limit":1}`), "# total 30")
	if err := os.WriteFile(r.grants, []byte(grants("[acme, initech]")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.w.grants.Reload(); err == nil {
		t.Error("the grant file names what is not there")
	}
	r.write(twoSandboxes + "  initech: {sandbox: {users: 10}}\n")
	r.wants(r.call("users_list", `{"org":"initech","limit":1}`), "# total 10")
	if why := r.w.stale(); why != "" {
		t.Error(why)
	}
	r.write(strings.Replace(twoSandboxes, "acme", "acme-2", 1) + "  initech: {sandbox: {users: 10}}\n")
	r.wants(r.call("users_list", `{"org":"acme"}`), `there is no organisation "acme" here; known: initech`)
	r.wants(r.call("user_groups_create", `{"name":"One"}`), "org initech", `grants.yaml has a mistake (grants.yaml:5: unknown organisation "acme"`)
	r.write(twoSandboxes + "  initech: {sandbox: {users: 10}}\n")
	r.wants(r.call("users_list", `{"org":"acme","limit":1}`), "# total 30")
	if why := r.w.stale(); why != "" {
		t.Error(why)
	}
}

// TestOrgChanges: what is told names no secret and no place of one.
func TestOrgChanges(t *testing.T) {
	one, two := fileOf(t, "one", "secret-of-one"), fileOf(t, "two", "secret-of-two")
	text := func(acme, globex string) string {
		return "version: 1\norganizations:\n  acme: {" + acme + "}\n  globex: {" + globex + "}\n"
	}
	r := newOrgsRig(t, text("credential: {api_key_file: "+one+"}", "credential: {api_key_file: "+one+"}, credentials: {ro: {client_id: a, client_secret_file: "+two+"}}"), "")
	client := r.w.links[0].client
	r.write(text("credential: {api_key_file: "+one+"}", "region: in, credential: {api_key_file: "+two+"}, credentials: {rw: {client_id: a, client_secret_file: "+two+"}}"))
	r.wants(r.logs.String(), `"changes":"globex is somewhere else: another region, id or URL; credential rw of globex is new; credential ro of globex is gone"`)
	if r.w.links[0].client != client {
		t.Error("what did not change is reached by another client")
	}
	r.write(text("credential: {api_key_file: "+two+"}", "region: in, credential: {api_key_file: "+two+"}, credentials: {rw: {client_id: b, client_secret_file: "+two+"}}"))
	r.wants(r.logs.String(), `"changes":"acme is reached with another login; credential rw of globex is reached with another login"`)
	if r.w.links[0].client == client {
		t.Error("another login, and the same client")
	}
	if all := r.logs.String() + r.audit.String(); strings.Contains(all, "secret-of") || strings.Contains(all, one) {
		t.Errorf("a secret or its place is told: %s", all)
	}
}
