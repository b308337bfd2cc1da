package e2e

import (
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// rotationCalls is how many calls are made while secrets go and come; .ci/run asks for
// 100,000: go test ./e2e -run TestSecretsRotateUnderLoad -rotation 100000
var rotationCalls = flag.Int("rotation", 5_000, "calls of TestSecretsRotateUnderLoad")

// account is a service account: it gives tokens for its secrets, and takes both back.
type account struct {
	next http.Handler

	mu      sync.Mutex
	secrets map[string]bool
	tokens  map[string]bool

	given, refused atomic.Int64
}

func (a *account) change(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/oauth2/token" {
		a.mu.Lock()
		known := a.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		a.mu.Unlock()
		if !known {
			a.refused.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"message":"Unauthorized"}`))
			return
		}
		a.next.ServeHTTP(w, r)
		return
	}
	_, secret, _ := r.BasicAuth()
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !a.secrets[secret] {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
		return
	}
	token := rand.Text()
	a.tokens[token] = true
	a.given.Add(1)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "bearer", "expires_in": 3600})
}

// TestSecretsRotateUnderLoad: 64 callers read and change through the built server over
// HTTP while the account's two secrets are revoked and replaced in their files, one
// after the other, and all tokens with them, again and again. No call fails, and every
// change is done once and has both its audit lines.
func TestSecretsRotateUnderLoad(t *testing.T) {
	calls := *rotationCalls
	if testing.Short() || raced {
		calls = min(calls, 1_500)
	}
	const callers = 64
	turns := min(12, calls/400)
	u := newUpstream(1)
	u.addUser("ana", "Sales")
	for i := range callers {
		u.addGroup(fmt.Sprint("grp-", i))
	}
	a := &account{next: u, secrets: map[string]bool{}, tokens: map[string]bool{}}
	up := httptest.NewServer(a)
	defer up.Close()
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "one"), filepath.Join(dir, "two")}
	current := make([]string, 2)
	renew := func(i int) { // as an operator does: the new one is known before the file has it
		old := current[i]
		current[i] = rand.Text()
		a.change(func() { a.secrets[current[i]] = true })
		fresh := files[i] + ".new"
		if err := os.WriteFile(fresh, []byte(current[i]), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Rename(fresh, files[i]); err != nil {
			t.Error(err)
		}
		a.change(func() { delete(a.secrets, old) })
	}
	renew(0)
	renew(1)
	log := filepath.Join(dir, "audit")
	p, url := serveHTTP(t, []string{"JC_CONSOLE_URL=" + up.URL, "JC_CLIENT_ID=account", "JC_CLIENT_SECRET_FILE=" + files[0], "JC_CLIENT_SECRET_2_FILE=" + files[1],
		"JC_AUDIT_LOG=" + log, "JC_CONFIRM=never", "JC_STATE_DIR=" + filepath.Join(dir, "state")}, "--surface", "full")

	steps := []func(){
		func() { a.change(func() { delete(a.secrets, current[0]) }) }, // the first secret is revoked
		func() { a.change(func() { clear(a.tokens) }) },               // and all tokens
		func() { renew(0) }, // it is replaced
		func() { a.change(func() { delete(a.secrets, current[1]); clear(a.tokens) }) }, // the second, with all tokens
		func() { renew(1) }, //
		func() { renew(0); a.change(func() { clear(a.tokens) }) }, // one replaced as its tokens go
	}
	every := int64(calls / (turns*len(steps) + 1)) // calls between two of these
	// A call meets one of these at most, however long it or this goroutine is kept
	// waiting: the next comes when all calls have ended that were there before the last.
	var mu sync.Mutex
	before, since := &sync.WaitGroup{}, &sync.WaitGroup{}
	begins := func() (ends func()) {
		mu.Lock()
		defer mu.Unlock()
		since.Add(1)
		return since.Done
	}
	due := make(chan struct{}, calls)
	var asked, failed, changes atomic.Int64
	var over atomic.Bool // all of these have been
	begin := time.Now()
	var wg sync.WaitGroup
	for c := range callers {
		client := ownClient(t)
		wg.Go(func() {
			for n := 0; ; n++ {
				id := asked.Add(1)
				if id > int64(calls) && over.Load() {
					return
				}
				if id <= int64(calls) && id%every == 0 {
					due <- struct{}{}
				}
				d := drained{tool: "users_get", args: map[string]any{"user": idOf("ana")}, trace: fmt.Sprintf("%032x", id)}
				want := "# user ana"
				if n%10 == 9 {
					d.tool, want = "user_groups_update", "done, read back"
					d.args = map[string]any{"group": idOf(fmt.Sprint("grp-", c)), "description": fmt.Sprint("text-", id)}
					changes.Add(1)
				}
				ends := begins()
				d.ask(t, client, url)
				if ends(); !strings.Contains(d.text, want) {
					if failed.Add(1) <= 5 {
						t.Errorf("%s: %.400s", d.tool, d.text)
					}
				}
			}
		})
	}
	for turn := range turns * len(steps) {
		<-due
		before.Wait()
		steps[turn%len(steps)]() // a call tries once more: its tokens are not to go twice
		mu.Lock()
		before, since = since, &sync.WaitGroup{}
		mu.Unlock()
	}
	over.Store(true)
	wg.Wait()
	took := time.Since(begin)
	p.terminate()
	p.exit()
	lost := 0
	for trace, l := range auditOf(t, log) {
		if l.intents != l.results || l.intents > 1 {
			lost++
			t.Errorf("%s: %d lines before, %d after", trace, l.intents, l.results)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	done := 0
	for effect, n := range u.done {
		if done += n; n != 1 {
			t.Errorf("%s: done %d times", effect, n)
		}
	}
	t.Logf("%d calls (%d changes) of %d callers in %v while %d times secrets or tokens went: %d failed; %d requests met a token that was taken back, %d tokens were given",
		asked.Load()-callers, changes.Load(), callers, took.Round(time.Millisecond), turns*len(steps), failed.Load(), a.refused.Load(), a.given.Load())
	if failed.Load() > 0 || int64(done) != changes.Load() || lost > 0 {
		t.Errorf("%d failed, %d of %d changes done", failed.Load(), done, changes.Load())
	}
	if a.refused.Load() == 0 || a.given.Load() < int64(turns) {
		t.Error("nothing was revoked under load")
	}
}
