package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	"github.com/jc-mcp/jc-mcp/tools"
)

func sealKey(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }

func TestBadStoreSettingsStopTheStart(t *testing.T) {
	key := "JC_SEAL_KEY=" + sealKey(7)
	for _, c := range []struct {
		environ []string
		flags   string
		words   []string
	}{
		{[]string{"JC_STORE=localhost:6379"}, "", []string{"JC_STORE", "redis://host:port"}},
		{[]string{key}, "--store=https://h:1", []string{"--store", "rediss://"}},
		{[]string{key}, "--store=redis://h:1/x", []string{"--store", "number of a database"}},
		{[]string{key}, "--store=redis://:hunter2@h:1", []string{"--store", "JC_STORE_PASSWORD_FILE"}},
		{[]string{key}, "--store=redis://u:hunter2@h:1", []string{"--store", "JC_STORE_PASSWORD_FILE"}},
		{nil, "--store=redis://127.0.0.1:1", []string{"JC_SEAL_KEY", "openssl rand"}},
		{[]string{"JC_SEAL_KEY=c2hvcnQ="}, "--store=redis://127.0.0.1:1", []string{"seal key 1", "32 bytes"}},
		{[]string{key, "JC_SEAL_KEY_2=?"}, "--store=redis://127.0.0.1:1", []string{"seal key 2"}},
		{[]string{key}, "", []string{"JC_SEAL_KEY", "no store"}},
		{[]string{"JC_STORE_PASSWORD=hunter2"}, "", []string{"JC_STORE_PASSWORD", "no store"}},
		{[]string{"JC_RATE=0"}, "", []string{"JC_RATE", "requests a second"}},
		{nil, "--rate=NaN", []string{"--rate"}},
		{nil, "--rate=1e9", []string{"--rate", "10000"}},
		{nil, "--rate=fast", []string{"--rate"}},
	} {
		r := jcmcp(t, append([]string{"JC_STATE_DIR=" + t.TempDir() + "/s"}, c.environ...), append([]string{"stdio", "--sandbox"}, strings.Fields(c.flags)...)...)
		r.want(t, exitUsage, c.words...)
		if strings.Contains(r.out+r.err, "hunter2") {
			t.Errorf("it shows the password: %s", r.err)
		}
	}
}

// People answer, stop and look from anywhere that reaches the store.
func TestCommandsUseTheStore(t *testing.T) {
	m := miniredis.RunT(t)
	m.RequireAuth("hunter2")
	addr := m.Addr()
	_, environ, _, who := office(t)
	store, err := state.Connect(state.StoreOptions{URL: "redis://" + addr, Password: "hunter2", SealKeys: []auth.Secret{auth.Secret(sealKey(7))}, Replica: true, Slow: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	d, err := state.OpenShared(filepath.Join(t.TempDir(), "replica"), store)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("plan"))
	r, _, err := d.Ask(t.Context(), state.Request{Agent: "helpdesk", Tool: "users_delete", Risk: "destroy", Bound: sum[:], Question: "Delete Ada."})
	if err != nil {
		t.Fatal(err)
	}
	at := "--store=redis://" + addr
	approving(t, nil, environ, "approvals", at).want(t, exitFailed, "the shared store cannot be reached")
	environ = append(environ, "JC_STORE_PASSWORD=hunter2")
	approving(t, nil, environ, "approvals", at).want(t, exitDone, r.Code, "users_delete")
	approving(t, []string{testPassphrase}, append(environ, "JC_STORE=redis://"+addr), "approve", r.Code).want(t, exitDone, "Approved by it-lead")
	if _, err := d.Take(t.Context(), r, []auth.Approver{who}); err != nil {
		t.Error(err)
	}
	approving(t, nil, environ, "stop", "--agent", "helpdesk", at).want(t, exitDone, "Stopped: agent helpdesk")
	if why, err := d.Halted("helpdesk", "users_delete"); why == "" || err != nil {
		t.Errorf("the replica goes on: %v", err)
	}
	approving(t, nil, environ, "resume", "--agent", "helpdesk", at).want(t, exitDone, "Nothing is stopped")
	m.Close()
	for _, args := range [][]string{{"stop"}, {"resume"}, {"approvals"}, {"approve", r.Code}} {
		got := approving(t, nil, environ, append(args, at)...)
		got.want(t, exitFailed, "the shared store cannot be reached")
		if strings.Contains(got.err+got.out, addr) {
			t.Errorf("%v shows the address: %s", args, got.err)
		}
	}
}

// Two servers share a kill switch; without the store they read and change nothing.
func TestServersShareAStore(t *testing.T) {
	m := miniredis.RunT(t)
	addr := m.Addr()
	var servers []*wired
	var logs buffer
	for range 2 {
		c := loaded(t, []string{"JC_STORE=redis://" + addr, "JC_SEAL_KEY=" + sealKey(7), "JC_SEAL_KEY_2=" + sealKey(8),
			"JC_STATE_DIR=" + t.TempDir() + "/s", "JC_CONFIRM=never"}, "--sandbox")
		w, err := wire(t.Context(), c, slog.New(slog.NewJSONHandler(&logs, nil)), nil, &buffer{}, true)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		servers = append(servers, w)
	}
	ctx := auth.With(t.Context(), auth.Principal{Agent: "local", Name: "test"})
	call := func(i int, tool, args string) string {
		a := servers[i].server.Call(ctx, tools.Call{Tool: tool, Arguments: json.RawMessage(args)})
		return strings.Join(a.Text, "\n")
	}
	const create, read = "user_groups_create", "user_groups_list"
	if got := call(0, create, `{"name":"One"}`); !strings.Contains(got, "done") {
		t.Fatal(got)
	}
	if _, err := servers[0].dir.Stop("", "", "a test"); err != nil {
		t.Fatal(err)
	}
	if got := call(1, create, `{"name":"Two"}`); !strings.Contains(got, "all changes are stopped") {
		t.Error(got)
	}
	if _, err := servers[1].dir.Resume("", ""); err != nil {
		t.Fatal(err)
	}
	m.Close()
	for i := range servers {
		if got := call(i, create, `{"name":"Three"}`); !strings.Contains(got, "the shared store cannot be reached") || !strings.Contains(got, "nothing was sent") {
			t.Errorf("a change without the store: %s", got)
		}
		if got := call(i, read, `{}`); !strings.HasPrefix(got, "# total") || strings.Contains(got, "Three") {
			t.Errorf("a read without the store: %s", got)
		}
	}
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	for err := auth.ErrStore; err != nil; {
		_, err = servers[0].dir.Halted("local", create)
	}
	if got := call(0, create, `{"name":"Three"}`); !strings.Contains(got, "done") {
		t.Errorf("with the store again: %s", got)
	}
	if strings.Contains(logs.String(), addr) {
		t.Errorf("a log shows the address: %s", logs.String())
	}
}

func TestDoctorChecksTheStore(t *testing.T) {
	m := miniredis.RunT(t)
	environ := []string{"JC_STORE=redis://" + m.Addr(), "JC_STATE_DIR=" + t.TempDir() + "/s"}
	if r := jcmcp(t, environ, "doctor", "--sandbox"); !strings.Contains(r.out, "fix  store") || !strings.Contains(r.out, "JC_SEAL_KEY") {
		t.Error(r.out)
	}
	environ = append(environ, "JC_SEAL_KEY="+sealKey(7))
	if r := jcmcp(t, environ, "doctor", "--sandbox"); !strings.Contains(r.out, "ok   store") {
		t.Error(r.out)
	}
	m.Close()
	if r := jcmcp(t, environ, "doctor", "--sandbox"); !strings.Contains(r.out, "fix  store") || !strings.Contains(r.out, "cannot be reached") {
		t.Error(r.out)
	}
}
