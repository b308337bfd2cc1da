package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// chromium is a browser that nobody sees, driven over the two pipes of its DevTools.
type chromium struct {
	t    *testing.T
	cmd  *exec.Cmd
	send *os.File

	mu      sync.Mutex
	last    int
	waiting map[int]chan devtools // closed when the browser is gone
}

// devtools is a message of the Chrome DevTools Protocol.
type devtools struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startChromium starts one with a profile of its own, which reaches this machine only.
// Where there is none the test is skipped, but not where everything has to be proved.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	if runtime.GOOS != "linux" { // the pipes, and where the key of an approver lies, are those of Linux
		t.Skip("the browser is driven on Linux only")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		if everything {
			t.Fatal("there is no chromium: apt-get install chromium")
		}
		t.Skip("there is no chromium (Debian: apt-get install chromium)")
	}
	profile, err := os.MkdirTemp("", "jc-mcp-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	hears, send, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read, says, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// No sandbox: it shows our own page, and containers give chromium no user namespaces.
	b := &chromium{t: t, send: send, waiting: map[int]chan devtools{}, cmd: exec.Command(path, "--headless", "--remote-debugging-pipe",
		"--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-extensions", "--disable-default-apps", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--window-size=1000,1400", "--user-data-dir="+profile, "about:blank")}
	b.cmd.ExtraFiles = []*os.File{hears, says} // 3 and 4
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = hears.Close(), says.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.hear(read)
		_ = read.Close()
	}()
	t.Cleanup(func() {
		_, _ = b.call("", "Browser.close", nil)
		_ = send.Close()
		kill := time.AfterFunc(5*time.Second, func() { _ = b.cmd.Process.Kill() })
		_ = b.cmd.Wait()
		kill.Stop()
		<-ended        // which its children, too, have to be for
		for range 50 { // the last of them may still write
			if os.RemoveAll(profile) == nil {
				break
			}
		}
	})
	return b
}

// hear gives answers to those who wait for them, until the browser has gone.
func (b *chromium) hear(r io.Reader) {
	for in := bufio.NewReader(r); ; {
		text, err := in.ReadBytes(0)
		var m devtools
		known := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m) == nil && m.ID != 0
		b.mu.Lock()
		if c := b.waiting[m.ID]; known && c != nil {
			c <- m
			delete(b.waiting, m.ID)
		}
		if err != nil {
			for _, c := range b.waiting {
				close(c)
			}
			b.waiting = nil
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
	}
}

// call makes a call of the protocol and waits for its answer.
func (b *chromium) call(session, method string, params any) (json.RawMessage, error) {
	c := make(chan devtools, 1)
	b.mu.Lock()
	if b.waiting == nil {
		b.mu.Unlock()
		return nil, fmt.Errorf("%s: the browser is gone", method)
	}
	b.last++
	b.waiting[b.last] = c
	text, err := json.Marshal(devtools{ID: b.last, SessionID: session, Method: method, Params: params})
	if err == nil {
		_, err = b.send.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case m, ok := <-c:
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: the browser is gone", method)
		case m.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		return m.Result, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: no answer within %v", method, patience)
	}
}

// window is a tab of the browser.
type window struct {
	b       *chromium
	t       *testing.T
	session string
}

// open opens a tab on a page.
func (b *chromium) open(t *testing.T, url string) *window {
	t.Helper()
	w := &window{b: b, t: t}
	var target struct{ TargetID string }
	w.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	w.into(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	w.session = attached.SessionID
	t.Cleanup(func() { _, _ = b.call("", "Target.closeTarget", map[string]any{"targetId": target.TargetID}) })
	w.do("Page.enable", nil)
	w.do("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}) // keys reach every tab
	w.visit(url)
	return w
}

func (w *window) do(method string, params any) { w.t.Helper(); w.into(nil, method, params) }

func (w *window) into(out any, method string, params any) {
	w.t.Helper()
	raw, err := w.b.call(w.session, method, params)
	if err == nil && out != nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// eval gives the value of an expression on the page; false while the page changes.
func (w *window) eval(expression string) (value any, ok bool) {
	raw, err := w.b.call(w.session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true})
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	if err != nil || json.Unmarshal(raw, &r) != nil || r.ExceptionDetails != nil {
		return nil, false
	}
	return r.Result.Value, true
}

// text is what a person reads on the page.
func (w *window) text() string {
	w.t.Helper()
	v, ok := w.eval("document.body.innerText")
	text, isText := v.(string)
	if !ok || !isText {
		w.t.Fatal("the page cannot be read")
	}
	return text
}

// turns does what makes the browser go to another page, and waits for that page.
func (w *window) turns(do func()) {
	w.t.Helper()
	if _, ok := w.eval("window.before = true"); !ok {
		w.t.Fatal("the page is not there")
	}
	do()
	for deadline := time.Now().Add(patience); ; {
		if v, ok := w.eval("!window.before && document.readyState === 'complete'"); ok && v == true {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the browser stays where it was:\n%s", w.text())
		}
		select { // it has no word for it that a new page could not miss
		case <-time.After(10 * time.Millisecond):
		case <-w.t.Context().Done():
		}
	}
}

func (w *window) visit(url string) {
	w.t.Helper()
	w.turns(func() { w.do("Page.navigate", map[string]any{"url": url}) })
}

// click clicks on the middle of an element, as a mouse does.
func (w *window) click(css string) {
	w.t.Helper()
	v, ok := w.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (!e) return null; e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); return [r.x + r.width/2, r.y + r.height/2] })()`, css))
	at, is := v.([]any)
	if !ok || !is {
		w.t.Fatalf("there is no %s on\n%s", css, w.text())
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		w.do("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1})
	}
}

// keys that have no letter of their own, or do something.
var keyCodes = map[string]struct {
	code int
	text string
}{"Tab": {9, ""}, "Enter": {13, "\r"}, "Space": {32, " "}, "ArrowDown": {40, ""}}

// press presses one key.
func (w *window) press(name string) {
	w.t.Helper()
	k := keyCodes[name]
	event := map[string]any{"type": "keyDown", "key": strings.Replace(name, "Space", " ", 1), "code": name, "windowsVirtualKeyCode": k.code}
	if k.text != "" {
		event["text"] = k.text
	}
	w.do("Input.dispatchKeyEvent", event)
	w.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": event["key"], "code": name, "windowsVirtualKeyCode": k.code})
}

// types writes where the focus is.
func (w *window) types(text string) {
	w.t.Helper()
	w.do("Input.insertText", map[string]any{"text": text})
}

// tabTo presses Tab until the focus is on an element.
func (w *window) tabTo(css string) {
	w.t.Helper()
	for range 60 {
		if v, ok := w.eval(fmt.Sprintf("document.activeElement.matches(%q)", css)); ok && v == true {
			return
		}
		w.press("Tab")
	}
	w.t.Fatalf("Tab does not reach %s on\n%s", css, w.text())
}

// heard is an element as a screen reader tells of it.
type heard struct {
	role, name string
	focusable  bool
}

// tree is what a screen reader has of the page.
func (w *window) tree() (out []heard) {
	w.t.Helper()
	var r struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
			Properties []struct {
				Name  string
				Value struct{ Value any }
			}
		}
	}
	w.into(&r, "Accessibility.getFullAXTree", nil)
	for _, n := range r.Nodes {
		if n.Ignored {
			continue
		}
		h := heard{}
		h.role, _ = n.Role.Value.(string)
		h.name, _ = n.Name.Value.(string)
		for _, p := range n.Properties {
			h.focusable = h.focusable || p.Name == "focusable" && p.Value.Value == true
		}
		out = append(out, h)
	}
	return out
}
