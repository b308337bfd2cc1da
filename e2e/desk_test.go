package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth/state"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// helpdesk is the grant file of these tests; KEY is the approver's public key. Its
// lines are counted by the tests.
const helpdesk = `version: 1
ceiling: {objects_per_call: 3}
protect:
  users: [ada.king]
agents:
  helpdesk:
    who: [{local: stdio}, {token_sha256: "TOKEN"}]
    may:
      - read: [users, devices, user_groups]
      - write: [user_groups]
        only: {user_groups: [Contractors]}
      - do: [users_update, users_unlock]
      - do: [users_reset_mfa, devices_fde_key_get]
        approve: human
        wait: 30m
    never: [users_state_suspend]
approvers:
  it-lead: {key: "KEY", may: [users_reset_mfa, devices_fde_key_get]}
`

// watched is a sandbox behind a wire on which everything is seen.
type watched struct {
	*httptest.Server
	org *sandbox.Org

	mu      sync.Mutex
	changes []string      // METHOD path of what is no GET and reached it
	said    bytes.Buffer  // the headers of every request
	secrets []string      // values in its answers that nobody but a person may see
	held    chan struct{} // when not nil, changes are taken and their answers kept until it is closed
}

var sandboxSecret = regexp.MustCompile(`sbx-secret-[A-Za-z0-9_-]+`)

func startWatched(t *testing.T, o sandbox.Options) *watched {
	t.Helper()
	org, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	u := &watched{org: org}
	u.Server = httptest.NewServer(http.HandlerFunc(u.serve))
	t.Cleanup(u.Close)
	return u
}

func (u *watched) serve(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	u.mu.Lock()
	_ = r.Header.Write(&u.said)
	u.mu.Unlock()
	u.org.ServeHTTP(rec, r)
	u.mu.Lock()
	changing := r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/search/") && r.URL.Path != "/oauth2/token"
	if changing {
		u.changes = append(u.changes, r.Method+" "+r.URL.Path+" "+string(body))
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(rec.Body.Bytes(), &token) == nil && token.AccessToken != "" {
		u.secrets = append(u.secrets, token.AccessToken)
	}
	u.secrets = append(u.secrets, sandboxSecret.FindAllString(rec.Body.String(), -1)...)
	held := u.held
	u.mu.Unlock()
	if changing && held != nil {
		<-held
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// sent are the changes that reached it.
func (u *watched) sent() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.changes)
}

// answered are the secrets that it gave away.
func (u *watched) answered() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.secrets)
}

// heard are the headers that reached it.
func (u *watched) heard() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.said.String()
}

// desk is a directory with a grant file, an audit file and a state directory, in
// front of a sandbox.
type desk struct {
	t      *testing.T
	up     *watched
	grants string // the path
	audit  string
	state  string
	text   string // of the grant file
	env    []string
	n      int
}

func newDesk(t *testing.T, text string) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t: t, up: startWatched(t, sandbox.Options{APIKey: "some-key"}), text: text,
		grants: filepath.Join(dir, "grants.yaml"), audit: filepath.Join(dir, "audit.jsonl"), state: filepath.Join(dir, "state")}
	d.env = []string{"JC_CONSOLE_URL=" + d.up.URL, "JC_API_KEY=some-key", "JC_GRANTS=" + d.grants, "JC_AUDIT_LOG=" + d.audit, "JC_STATE_DIR=" + d.state}
	d.write(text)
	return d
}

// governed is a desk under the grants of the help desk, with the token's hash and a
// key for its approver.
func governed(t *testing.T, hash string, key string) *desk {
	t.Helper()
	if hash == "" {
		hash = strings.Repeat("0", 64)
	}
	if key == "" {
		k, err := state.NewKey("it-lead")
		if err != nil {
			t.Fatal(err)
		}
		key = k.Public()
	}
	return newDesk(t, strings.NewReplacer("TOKEN", hash, "KEY", key).Replace(helpdesk))
}

func (d *desk) write(text string) {
	d.t.Helper()
	if err := os.WriteFile(d.grants, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// ask calls a tool over stdio and gives what the agent reads.
func (d *desk) ask(w *wire, tool string, arguments map[string]any) string {
	d.t.Helper()
	d.n++
	w.send(callTool(d.n, tool, arguments))
	return w.next().text()
}

// listed are the names of the tools that are listed.
func (d *desk) listed(w *wire) (names []string) {
	d.t.Helper()
	w.send(request(0, "tools/list", nil))
	var list struct{ Tools []struct{ Name string } }
	if err := json.Unmarshal(w.next().Result, &list); err != nil {
		d.t.Fatal(err)
	}
	for _, l := range list.Tools {
		names = append(names, l.Name)
	}
	return names
}

// run is the binary with the state directory of the desk, at a person's hand.
func (d *desk) run(args ...string) (out string, code int) {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), binary, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "JC_") }), "JC_STATE_DIR="+d.state)
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// until waits until it is so, and gives how long that took.
func (d *desk) until(what string, so func() bool) time.Duration {
	d.t.Helper()
	begin := time.Now()
	for {
		if so() {
			return time.Since(begin)
		}
		if time.Since(begin) > patience {
			d.t.Fatalf("not within %v: %s", patience, what)
		}
		select { // the file is looked at by the clock
		case <-time.After(20 * time.Millisecond):
		case <-d.t.Context().Done():
		}
	}
}

func isDone(text string) bool {
	return strings.HasPrefix(text, "done") || strings.HasPrefix(text, "no effect") || strings.HasPrefix(text, "accepted")
}

// clean looks for these in all that a run left behind, but for the grant file.
func (d *desk) clean(p *process, canaries map[string]string) (bytesRead int) {
	d.t.Helper()
	texts := map[string]string{"stdout": p.out.String(), "stderr": p.errs.String()}
	err := filepath.WalkDir(filepath.Dir(d.grants), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		texts[path] = string(b)
		return err
	})
	if err != nil || texts[d.audit] == "" {
		d.t.Errorf("the audit has %d bytes; %v", len(texts[d.audit]), err)
	}
	for where, text := range texts {
		bytesRead += len(text)
		for what, canary := range canaries {
			if i := strings.Index(text, canary); i >= 0 {
				d.t.Errorf("%s is in %s: …%q…", what, where, text[max(0, i-200):min(len(text), i+80)])
			}
		}
	}
	return bytesRead
}
