package approvals

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const passphrase = "correct horse battery"

// office is a page with a request on it, an approver, and what the page logs.
type office struct {
	t    *testing.T
	dir  *state.Dir
	key  *state.Key
	who  auth.Approver
	r    state.Request
	page *Page
	said lockedBuffer // log and audit
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newOffice opens keys without the work of a passphrase; TestApprovedOnThePage of the
// command uses a real one.
func newOffice(t *testing.T) *office {
	t.Helper()
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	o := &office{t: t}
	var err error
	if o.dir, err = state.Open(filepath.Join(home, "state")); err != nil {
		t.Fatal(err)
	}
	if o.key, err = state.NewKey("it-lead"); err != nil {
		t.Fatal(err)
	}
	path, err := state.KeyPath("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	desk, err := state.NewKey("desk")
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{
		Dir: o.dir, Log: slog.New(slog.NewTextHandler(&o.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Audit: auth.NewAudit(&o.said), Agents: func() []string { return []string{"helpdesk"} },
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // that it is there is shown
		t.Fatal(err)
	}
	opt.openKey = func(p string, pass []byte) (*state.Key, error) {
		switch {
		case strings.HasSuffix(p, "approver-desk.json"):
			return desk, nil
		case p != path:
			return nil, fmt.Errorf("the key file: %w", os.ErrNotExist)
		case string(pass) != passphrase:
			return nil, state.ErrPassphrase
		}
		return o.key, nil
	}
	o.who = auth.Approver{Name: "it-lead", Key: o.key.Public(), May: []string{"users_*", "devices_*"}}
	other, err := state.NewKey("other")
	if err != nil {
		t.Fatal(err)
	}
	people := []auth.Approver{o.who, {Name: "desk", Key: desk.Public(), May: []string{"groups_*"}}, {Name: "other", Key: other.Public(), May: []string{"*"}}}
	opt.Approvers = func() []auth.Approver { return people }
	o.page = New(opt)
	o.r = o.ask("users_reset_mfa", 0)
	return o
}

func (o *office) ask(tool string, wait time.Duration) state.Request {
	o.t.Helper()
	sum := sha256.Sum256([]byte("plan of " + tool))
	r := state.Request{
		Agent: "helpdesk", Principal: "stdio", Tool: tool, Risk: "change", Bound: sum[:],
		Question: "Reset the MFA of ben.\n<script>alert(1)</script>\u202e", Targets: []auth.Target{{Type: "user", ID: "5f", Name: `<b>ben</b>`}},
		Before: map[string]any{"department": "Sales", "state": "on"}, After: map[string]any{"department": "Legal", "state": "on"},
	}
	if wait > 0 {
		r.Until = time.Now().Add(wait)
	}
	r, _, err := o.dir.Ask(context.Background(), r)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) take(r state.Request) error {
	_, err := o.dir.Take(context.Background(), r, []auth.Approver{o.who})
	return err
}

// tab is a browser's window: what it last got, and the cookies of the browser.
type tab struct {
	o      *office
	jar    http.CookieJar
	status int
	head   http.Header
	body   string
	edit   func(*http.Request) // for the next request
}

func (o *office) tab() *tab {
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return &tab{o: o, jar: jar}
}

func (b *tab) do(method, path string, form url.Values) {
	b.o.t.Helper()
	at := &url.URL{Scheme: "http", Host: "127.0.0.1:8080", Path: path}
	r := httptest.NewRequest(method, at.String(), strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:55555"
	for _, c := range b.jar.Cookies(at) {
		r.AddCookie(c)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://127.0.0.1:8080")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if b.edit != nil {
		b.edit(r)
		b.edit = nil
	}
	w := httptest.NewRecorder()
	b.o.page.Beside(http.NotFoundHandler()).ServeHTTP(w, r)
	b.jar.SetCookies(at, w.Result().Cookies())
	b.status, b.head, b.body = w.Code, w.Header(), w.Body.String()
	if to := w.Header().Get("Location"); b.status == http.StatusSeeOther {
		b.do(http.MethodGet, to, nil)
	}
}

func (b *tab) get(path string) { b.o.t.Helper(); b.do(http.MethodGet, path, nil) }

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// form fills in the first form of what the tab shows.
func (b *tab) form(pairs ...string) url.Values {
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(b.body, -1) {
		v.Set(m[1], m[2])
	}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func (b *tab) sign(r state.Request, do string, pairs ...string) {
	b.o.t.Helper()
	b.do(http.MethodPost, Path+"/"+r.Code, b.form(append([]string{"do", do, "approver", "it-lead", "passphrase", passphrase}, pairs...)...))
}

func (b *tab) want(status int, words ...string) {
	b.o.t.Helper()
	if b.status != status {
		b.o.t.Errorf("status %d, want %d: %s", b.status, status, b.body)
	}
	for _, w := range words {
		if !strings.Contains(b.body, w) {
			b.o.t.Errorf("%q is missing: %s", w, b.body)
		}
	}
}
