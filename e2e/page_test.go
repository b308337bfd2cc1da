package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth/state"
)

// pageGrants is the grant file of the test of the page; KEY and TOKEN as in helpdesk.
const pageGrants = `version: 1
agents:
  helpdesk:
    who: [{token_sha256: "TOKEN"}]
    may:
      - read: [users, devices]
      - do: [users_unlock]
      - do: [users_reset_mfa, devices_fde_key_get]
        approve: human
        wait: 30m
approvers:
  it-lead: {key: "KEY", may: [users_reset_mfa, devices_fde_key_get]}
  night-shift: {key: "OTHER", may: [users_reset_mfa]}
`

const (
	pagePassphrase = "CANARY correct horse battery staple"
	pageToken      = "CANARY-token-of-the-page-0123456789abcdef"
)

// counter is a server with the page, an agent that asks it, and a person's browser.
type counter struct {
	*desk
	t      *testing.T
	server *process
	url    string // of MCP
	page   string
	agent  *http.Client
	b      *chromium
}

func newCounter(t *testing.T) *counter {
	b := startChromium(t)
	home := t.TempDir()
	key, err := state.NewKey("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	other, err := state.NewKey("night-shift") // his key is elsewhere
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, "jc-mcp", "approver-it-lead.json")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := key.Save(path, []byte(pagePassphrase)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(pageToken))
	c := &counter{t: t, b: b, agent: authorized(t, "Bearer "+pageToken),
		desk: newDesk(t, strings.NewReplacer("TOKEN", hex.EncodeToString(sum[:]), "KEY", key.Public(), "OTHER", other.Public()).Replace(pageGrants))}
	c.server, c.url = serveHTTP(t, append(c.env, "XDG_CONFIG_HOME="+home, "JC_LOG_LEVEL=debug", "JC_SURFACE=full"))
	c.page = c.server.logged("page")
	return c
}

// call is a call of the agent.
func (c *counter) call(tool string, arguments map[string]any) string {
	c.t.Helper()
	c.n++
	m, status := post(c.t, c.agent, c.url, callTool(c.n, tool, arguments))
	if status != http.StatusOK {
		c.t.Fatalf("%s: answered %d %s", tool, status, m.raw)
	}
	return m.text()
}

var requestForm = regexp.MustCompile("jc-mcp approve ([0-9A-Z-]+)` or open (http://127[^, ]+), ")

// asks is a call that has to wait for a person; it gives the code of the request.
func (c *counter) asks(tool string, arguments map[string]any) string {
	c.t.Helper()
	text := c.call(tool, arguments)
	m := requestForm.FindStringSubmatch(text)
	if !strings.HasPrefix(text, "needs_approval") || m == nil || m[2] != c.page {
		c.t.Fatalf("%s asks nobody, or does not name the page: %s", tool, text)
	}
	return m[1]
}

// open opens a tab on the page, or on a request.
func (c *counter) open(t *testing.T, code string) *window {
	t.Helper()
	return c.b.open(t, strings.TrimSuffix(c.page+"/"+code, "/"))
}

// sign fills the form of a request with the mouse, and sends it.
func (w *window) sign(do, passphrase string) {
	w.t.Helper()
	w.click("#" + do)
	w.click("#passphrase")
	w.types(passphrase)
	w.turns(func() { w.click("form button") })
}

// says looks for words on the page.
func (w *window) says(words ...string) {
	w.t.Helper()
	text := w.text()
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.t.Errorf("%q is not on the page:\n%s", word, text)
		}
	}
}

// clear looks whether a screen reader can make something of the page: it has a
// language, one heading of the first level and one main part, and everything that can
// be used has a name.
func (w *window) clear() {
	w.t.Helper()
	usable := []string{"button", "textbox", "radio", "combobox", "checkbox", "link", "listbox"}
	var parts []string
	for _, h := range w.tree() {
		if (slices.Contains(usable, h.role) || h.focusable && h.role != "RootWebArea") && h.name == "" {
			w.t.Errorf("a %s has no name, on\n%s", h.role, w.text())
		}
		if h.role == "main" {
			parts = append(parts, h.role)
		}
	}
	if v, _ := w.eval("document.documentElement.lang === 'en' && document.title !== '' && document.querySelectorAll('h1').length === 1 && document.scripts.length === 0"); v != true || len(parts) != 1 {
		w.t.Errorf("language, title, one h1: %v; main parts: %v\n%s", v, parts, w.text())
	}
	for _, h := range w.tree() {
		if h.role == "table" || h.role == "grid" {
			if v, _ := w.eval("[...document.querySelectorAll('table')].every(t => t.querySelectorAll('th[scope=col]').length > 0)"); v != true {
				w.t.Error("a table has no column heads")
			}
		}
	}
}

// TestThePageInABrowser clicks through the approvals page of the built binary, as a
// person does, while an agent waits.
func TestThePageInABrowser(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	begin := time.Now()
	for _, part := range []struct {
		name string
		do   func(*testing.T, *counter)
	}{
		{"approve", pageApproves}, {"keyboard only, refuse", pageRefuses}, {"two tabs", pageTwoTabs}, {"expiry", pageExpires},
		{"a secret, once", pageReveals}, {"kill switch, keyboard only", pageStops}, {"wrong passphrases", pageWrong},
	} {
		t.Run(part.name, func(t *testing.T) {
			mine := *c
			mine.t = t
			part.do(t, &mine)
		})
	}
	t.Logf("clicked through in %v", time.Since(begin).Round(time.Millisecond))
	c.server.stop()
	c.clean(c.server, map[string]string{"a passphrase or token": "CANARY", "a recovery key": "sbx-secret-"})
	audit, err := os.ReadFile(c.audit)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"it-lead approved request", "it-lead refused request", "it-lead was shown the secrets of request",
		"it-lead stopped all changes on the page", "it-lead resumed all changes on the page",
	} {
		if !strings.Contains(string(audit), line) {
			t.Errorf("the audit does not say %q", line)
		}
	}
	if out, code := c.run("audit", "verify", c.audit); code != 0 {
		t.Errorf("audit verify: %d %s", code, out)
	}
}

// pageApproves: a request waits, a wrong passphrase does nothing, a person approves,
// and the agent's next call runs.
func pageApproves(t *testing.T, c *counter) {
	ben := map[string]any{"user": "ben.kurz"}
	code := c.asks("users_reset_mfa", ben)
	w := c.open(t, "")
	w.says("1 request waits", code, "helpdesk", "users_reset_mfa", "ben.kurz")
	w.clear()
	w.turns(func() { w.click(`a[href="/approvals/` + code + `"]`) })
	w.says("It waits for an answer", "helpdesk", "users_reset_mfa (destroy)", "user ben.kurz", "Reset MFA", "night-shift (key not on this machine)")
	w.clear()
	w.sign("approve", "CANARY wrong passphrase")
	w.says("Nothing was done", "does not open the key of it-lead", "It waits for an answer")
	w.clear()
	if again := c.asks("users_reset_mfa", ben); again != code || len(c.up.sent()) != 0 {
		t.Fatalf("request %s, then %s; sent %v", code, again, c.up.sent())
	}
	w.sign("approve", pagePassphrase)
	w.says("It is approved, by it-lead")
	w.clear()
	if text := c.call("users_reset_mfa", ben); !isDone(text) || len(c.up.sent()) != 1 {
		t.Errorf("approved, and answered %s; sent %v", text, c.up.sent())
	}
	w.visit(c.page)
	w.says("No request waits", code, "used, by it-lead")
}

// pageRefuses: without a mouse, from the list to the end; the agent hears of it.
func pageRefuses(t *testing.T, c *counter) {
	maria, sent := map[string]any{"user": "maria.silva"}, len(c.up.sent())
	code := c.asks("users_reset_mfa", maria)
	w := c.open(t, "")
	w.tabTo(`a[href="/approvals/` + code + `"]`)
	w.turns(func() { w.press("Enter") })
	w.tabTo("#approve")
	w.press("ArrowDown") // the second of two
	w.tabTo("#approver") // its first name is it-lead's
	w.tabTo("#passphrase")
	w.types(pagePassphrase)
	w.tabTo("form button")
	w.turns(func() { w.press("Enter") })
	w.says("It is refused, by it-lead")
	w.clear()
	if text := c.call("users_reset_mfa", maria); !strings.Contains(text, "a person refused request "+code) || len(c.up.sent()) != sent {
		t.Errorf("refused, and answered %s", text)
	}
}

// pageTwoTabs: who answers second is told that it is answered, and nothing happens twice.
func pageTwoTabs(t *testing.T, c *counter) {
	bob, sent := map[string]any{"user": "bob.stone"}, len(c.up.sent())
	code := c.asks("users_reset_mfa", bob)
	first, second, third := c.open(t, code), c.open(t, code), c.open(t, code)
	first.sign("approve", pagePassphrase)
	first.says("It is approved, by it-lead")
	second.sign("approve", pagePassphrase)
	second.says("Nothing was done", "already answered: approved by it-lead")
	second.clear()
	if text := c.call("users_reset_mfa", bob); !isDone(text) || len(c.up.sent()) != sent+1 {
		t.Errorf("approved, and answered %s; sent %v", text, c.up.sent()[sent:])
	}
	third.sign("refuse", pagePassphrase)
	third.says("Nothing was done", "was approved already by it-lead, and used")
	if text := c.call("users_reset_mfa", bob); len(c.up.sent()) != sent+1 { // there is nothing left to reset
		t.Errorf("answered %s; sent %v", text, c.up.sent()[sent:])
	}
}

var untilForm = regexp.MustCompile(`"until":\s*"[^"]+"`)

// pageExpires: an answer that comes too late does nothing, on the page and for the
// agent. The shortest wait that a grant can name is a minute; here the request itself
// is made to end sooner.
func pageExpires(t *testing.T, c *counter) {
	ada, sent := map[string]any{"user": "ada.king"}, len(c.up.sent())
	code := c.asks("users_reset_mfa", ada)
	path := filepath.Join(c.state, "approvals", code+".request")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var w *window
	var until time.Time
	for in := 1500 * time.Millisecond; ; in *= 4 { // longer for a browser that is slow to show it
		until = time.Now().Add(in)
		soon := untilForm.ReplaceAllString(string(text), `"until":"`+until.UTC().Format(time.RFC3339Nano)+`"`)
		if err := os.WriteFile(path, []byte(soon), 0o600); err != nil || soon == string(text) {
			t.Fatal("the request ends when it did: ", err)
		}
		if w = c.open(t, code); in > 10*time.Second || strings.Contains(w.text(), "It waits for an answer") {
			break
		}
	}
	w.says("It waits for an answer: less than a minute left")
	c.until("it is over", func() bool { return time.Now().After(until) })
	w.sign("approve", pagePassphrase)
	w.says("Nothing was done", "the time for request "+code+" is over", "It is expired")
	w.clear()
	if next := c.asks("users_reset_mfa", ada); next == code || len(c.up.sent()) != sent {
		t.Errorf("it is over, and asked with %s again; sent %v", next, c.up.sent()[sent:])
	}
}

// pageReveals: what the agent may not see is shown to the person, once.
func pageReveals(t *testing.T, c *counter) {
	disk := map[string]any{"device": "MBP-031"}
	code := c.asks("devices_fde_key_get", disk)
	w := c.open(t, code)
	w.sign("approve", pagePassphrase)
	text := c.call("devices_fde_key_get", disk)
	if !strings.Contains(text, "sent to it-lead") || !strings.Contains(text, c.page) || sandboxSecret.MatchString(text) {
		t.Errorf("approved, and answered %s", text)
	}
	w.visit(c.page + "/" + code)
	w.says("1 secret for who approved waits below")
	w.clear()
	other := c.open(t, code)
	for _, tab := range []*window{w, other} {
		tab.click("#opens")
		tab.types(pagePassphrase)
		tab.turns(func() { tab.click("form:has(#opens) button") })
		tab.clear()
	}
	w.says("Shown once")
	if secret := sandboxSecret.FindString(w.text()); secret == "" || !slices.Contains(c.up.answered(), secret) {
		t.Errorf("the person reads\n%s\nand JumpCloud answered %q", w.text(), c.up.answered())
	}
	other.says("Nothing was done", "no secret waits under this code")
	w.visit(c.page + "/" + code)
	if again := w.text() + other.text(); sandboxSecret.MatchString(again) || strings.Contains(again, "Show once") {
		t.Errorf("it is shown again: %s", again)
	}
}

// pageStops: without a mouse, a person stops all changes and lets them go on.
func pageStops(t *testing.T, c *counter) {
	ben := map[string]any{"user": "ben.kurz"}
	w := c.open(t, "")
	w.tabTo(`a[href="/approvals/switch"]`)
	w.turns(func() { w.press("Enter") })
	w.says("Nothing is stopped")
	w.clear()
	throw := func(resume bool) {
		w.tabTo("#stop")
		w.press("Space")
		if resume {
			w.press("ArrowDown")
		}
		w.tabTo("#what")
		w.tabTo("#why")
		w.types("drill")
		w.tabTo("#passphrase")
		w.types(pagePassphrase)
		w.tabTo("form button")
		w.turns(func() { w.press("Enter") })
	}
	throw(false)
	w.says("Stopped:", "by it-lead on the page", "drill")
	w.clear()
	if text := c.call("users_unlock", ben); !strings.Contains(text, "all changes are stopped") || !strings.Contains(text, "drill") {
		t.Errorf("stopped, and answered %s", text)
	}
	throw(true)
	w.says("Nothing is stopped")
	if text := c.call("users_unlock", ben); strings.Contains(text, "denied") {
		t.Errorf("resumed, and answered %s", text)
	}
}

// pageWrong: wrong passphrases approve nothing and are counted; the sixth within a
// minute is not even looked at, though it is right. Where the minute is too short for so
// much typing it goes on; TestWrongPassphrases of the page has a clock of its own.
func pageWrong(t *testing.T, c *counter) {
	liam, sent := map[string]any{"user": "liam.haddad"}, len(c.up.sent())
	code := c.asks("users_reset_mfa", liam)
	w := c.open(t, code)
	began := time.Now()
	for range 5 {
		w.sign("approve", "CANARY wrong passphrase")
		if strings.Contains(w.text(), "wrong passphrases within a minute") { // with the one before, where that is not a minute ago
			break
		}
		w.says("Nothing was done", "does not open the key of it-lead")
	}
	for time.Since(began) < 30*time.Second && !strings.Contains(w.text(), "wrong passphrases within a minute") {
		w.sign("approve", "CANARY wrong passphrase")
	}
	w.sign("approve", pagePassphrase)
	if time.Since(began) > time.Minute {
		t.Skip("the browser was too slow: the minute is over")
	}
	w.says("Nothing was done: there were 5 wrong passphrases within a minute", "It waits for an answer")
	w.clear()
	if again := c.asks("users_reset_mfa", liam); again != code || len(c.up.sent()) != sent {
		t.Errorf("request %s, then %s; sent %v", code, again, c.up.sent()[sent:])
	}
	w.visit(c.page + "/NONE-SUCH")
	w.says("There is no such request")
	w.clear()
}
