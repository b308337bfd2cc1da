package approvals

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/auth/state"
)

// A request waits, a person approves, and the call may go on.
func TestApprove(t *testing.T) {
	o := newOffice(t)
	b := o.tab()
	b.get(Path)
	b.want(200, o.r.Code, "1 request waits", "helpdesk", `http-equiv="refresh"`)
	b.get(Path + "/" + o.r.Code)
	b.want(200, "Sales", "Legal", "the same", "&lt;script&gt;", "&lt;b&gt;ben&lt;/b&gt;", `<label class="field" for="passphrase">`, `role="status"`, "other (key not on this machine)")
	if strings.Contains(b.body, "<script") || strings.Contains(b.body, "\u202e") || strings.Contains(b.body, "desk</option>") || strings.Contains(b.body, `http-equiv="refresh"`) {
		t.Errorf("the page is led astray: %s", b.body)
	}
	if err := o.take(o.r); !errors.Is(err, state.ErrPending) {
		t.Fatal(err)
	}
	b.sign(o.r, "approve", "passphrase", "wrong horse battery")
	b.want(403, "does not open the key of it-lead", `role="alert"`)
	b.sign(o.r, "approve")
	b.want(200, "It is approved, by <bdi>it-lead</bdi>", "Refuse after all")
	if err := o.take(o.r); err != nil {
		t.Fatal(err)
	}
	if s := o.said.String(); !strings.Contains(s, `"phase":"approved"`) || !strings.Contains(s, `"approver":"it-lead"`) {
		t.Errorf("who approved is not written down: %s", s)
	}
	b.get(Path)
	b.want(200, "No request waits", "used, by <bdi>it-lead</bdi>")
}

func TestRefuse(t *testing.T) {
	o := newOffice(t)
	b := o.tab()
	b.get(Path + "/" + o.r.Code)
	b.sign(o.r, "approve")
	old := b.body
	b.sign(o.r, "refuse") // takes the yes back
	b.want(200, "It is refused, by <bdi>it-lead</bdi>")
	if err := o.take(o.r); !errors.Is(err, state.ErrRefused) {
		t.Errorf("refused, and Take says %v", err)
	}
	b.body = old
	b.sign(o.r, "approve") // with the form of before
	b.want(409, "already answered: refused by it-lead")
}

func TestTwoTabs(t *testing.T) {
	o := newOffice(t)
	one := o.tab()
	one.get(Path + "/" + o.r.Code)
	two := &tab{o: o, jar: one.jar}
	two.get(Path + "/" + o.r.Code)
	one.sign(o.r, "refuse")
	one.want(200)
	two.sign(o.r, "approve")
	two.want(409, "already answered: refused by it-lead")
	if err := o.take(o.r); !errors.Is(err, state.ErrRefused) {
		t.Errorf("Take says %v", err)
	}
}

func TestExpired(t *testing.T) {
	o := newOffice(t)
	synctest.Test(t, func(t *testing.T) {
		r := o.ask("users_unlock", time.Minute)
		b := o.tab()
		b.get(Path + "/" + r.Code)
		b.want(200, "It waits for an answer")
		time.Sleep(61 * time.Second)
		b.sign(r, "approve")
		b.want(409, "the time for request "+r.Code+" is over", "It is expired")
		if err := o.take(r); !errors.Is(err, state.ErrExpired) {
			t.Errorf("Take says %v", err)
		}
	})
}

// Five wrong passphrases, then even the right one waits a minute.
func TestWrongPassphrases(t *testing.T) {
	o := newOffice(t)
	synctest.Test(t, func(t *testing.T) {
		r := o.ask("users_unlock", time.Hour)
		b := o.tab()
		b.get(Path + "/" + r.Code)
		for range 4 {
			b.sign(r, "approve", "passphrase", "wrong")
			b.want(403)
		}
		b.sign(r, "approve", "approver", passphrase) // typed into the wrong field
		b.want(403, "names no such approver")
		b.sign(r, "approve")
		b.want(429, "Wait a minute")
		if err := o.take(r); !errors.Is(err, state.ErrPending) {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.sign(r, "approve")
		b.want(200, "It is approved")
	})
	if strings.Contains(o.said.String(), passphrase) {
		t.Error("a passphrase is in the log")
	}
}

// What does not fit is refused, and the request still waits.
func TestNotAnswered(t *testing.T) {
	o := newOffice(t)
	for _, c := range []struct {
		name   string
		status int
		pairs  []string
		edit   func(*http.Request)
	}{
		{"no token", 403, []string{"token", ""}, nil},
		{"another's token", 403, []string{"token", o.page.mark("token", "x")}, nil},
		{"no cookie", 403, nil, func(r *http.Request) { r.Header.Del("Cookie") }},
		{"foreign origin", 403, nil, func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}},
		{"another port", 403, nil, func(r *http.Request) {
			r.Header.Set("Origin", "http://127.0.0.1:6274")
			r.Header.Set("Sec-Fetch-Site", "same-site")
		}},
		{"an old browser, foreign origin", 403, nil, func(r *http.Request) {
			r.Header.Set("Origin", "http://127.0.0.1:6274")
			r.Header.Del("Sec-Fetch-Site")
		}},
		{"foreign host", 403, nil, func(r *http.Request) { r.Host = "evil.example" }},
		{"from elsewhere", 403, nil, func(r *http.Request) { r.RemoteAddr = "192.0.2.7:1" }},
		{"through a proxy", 403, nil, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.7") }},
		{"not what was shown", 409, []string{"shown", "x"}, nil},
		{"no answer", 422, []string{"do", ""}, nil},
		{"no passphrase", 422, []string{"passphrase", ""}, nil},
		{"who may not", 403, []string{"approver", "desk"}, nil},
		{"key elsewhere", 409, []string{"approver", "other"}, nil},
		{"in the address", 403, []string{"token", ""}, func(r *http.Request) { r.URL.RawQuery = "token=" + o.page.mark("token", "x") }},
		{"too long", 400, []string{"why", strings.Repeat("x", maxForm)}, nil},
	} {
		b := o.tab()
		b.get(Path + "/" + o.r.Code)
		b.edit = c.edit
		b.sign(o.r, "approve", c.pairs...)
		if b.status != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, b.status, c.status, b.body)
		}
		if err := o.take(o.r); !errors.Is(err, state.ErrPending) {
			t.Fatalf("%s: Take says %v", c.name, err)
		}
	}
	b := o.tab()
	b.get(Path + "/" + o.r.Code)
	b.do(http.MethodPut, Path+"/"+o.r.Code, nil)
	b.want(405)
	b.get(Path + "/ZZZZZZZZ")
	b.want(404, "no such request")
}

// A key that somebody made himself under an approver's name opens nothing.
func TestAnotherKey(t *testing.T) {
	o := newOffice(t)
	forged, err := state.NewKey("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	o.key = forged
	b := o.tab()
	b.get(Path + "/" + o.r.Code)
	b.sign(o.r, "approve")
	b.want(409, "not the one that the grant file names")
	b.get(Path + "/switch")
	b.do(http.MethodPost, Path+"/switch", b.form("do", "stop", "what", "all", "approver", "it-lead", "passphrase", passphrase))
	b.want(409)
	if stops, _ := o.dir.Stops(); len(stops) != 0 {
		t.Error(stops)
	}
}

// Secrets are shown once, to whom they were sent.
func TestSecrets(t *testing.T) {
	const secret = "AAAA-4711-RECOVERY" // nothing that a hash or a time in the log could have
	o := newOffice(t)
	if err := o.dir.Deliver(t.Context(), o.r.Code, o.who, []byte(secret+" <b>"), time.Minute); err != nil {
		t.Fatal(err)
	}
	b := o.tab()
	b.get(Path + "/" + o.r.Code)
	b.want(200, "1 secret for who approved waits")
	form := b.form("do", "reveal", "approver", "it-lead", "passphrase", "wrong")
	b.do(http.MethodPost, Path+"/"+o.r.Code, form)
	b.want(403)
	if strings.Contains(b.body, secret) {
		t.Error("shown to who has no passphrase")
	}
	form.Set("passphrase", passphrase)
	b.do(http.MethodPost, Path+"/"+o.r.Code, form)
	b.want(200, secret+" &lt;b&gt;", "Shown once")
	if b.head.Get("Cache-Control") != "no-store" {
		t.Error("a browser keeps the secret")
	}
	b.do(http.MethodPost, Path+"/"+o.r.Code, form)
	b.want(409, "no secret waits")
	if strings.Contains(o.said.String(), secret) || strings.Contains(o.said.String(), passphrase) {
		t.Error("a secret is in the log")
	}
}

func TestKillSwitch(t *testing.T) {
	o := newOffice(t)
	b := o.tab()
	throw := func(status int, pairs ...string) {
		t.Helper()
		b.get(Path + "/switch")
		b.do(http.MethodPost, Path+"/switch", b.form(append([]string{"approver", "it-lead", "passphrase", passphrase}, pairs...)...))
		b.want(status)
	}
	throw(403, "do", "stop", "what", "all", "passphrase", "wrong")
	throw(422, "do", "stop", "what", "everything")
	throw(422, "do", "stopp", "what", "all")
	throw(409, "do", "resume", "what", "all")
	if _, stopped := o.dir.Stopped("helpdesk", "users_update"); stopped {
		t.Fatal("stopped by what is no order")
	}
	throw(200, "do", "stop", "what", "agent helpdesk", "why", "odd\nall")
	b.want(200, "by it-lead on the page. odd all")
	if _, stopped := o.dir.Stopped("helpdesk", "users_update"); !stopped {
		t.Error("not stopped")
	}
	if _, stopped := o.dir.Stopped("auditor", "users_update"); stopped {
		t.Error("another is stopped as well")
	}
	throw(200, "do", "resume", "what", "agent helpdesk")
	b.want(200, "Nothing is stopped")
	if _, stopped := o.dir.Stopped("helpdesk", "users_update"); stopped {
		t.Error("still stopped")
	}
}

var styleElement = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// The page runs nothing, loads nothing, and says so to the browser.
func TestHeaders(t *testing.T) {
	o := newOffice(t)
	b := o.tab()
	for _, path := range []string{"", "/" + o.r.Code, "/switch", "/ZZZZZZZZ"} {
		b.get(Path + path)
		csp := b.head.Get("Content-Security-Policy")
		m := styleElement.FindStringSubmatch(b.body)
		if m == nil || !strings.HasPrefix(csp, "default-src 'none'; style-src '"+hashOf(m[1])+"';") {
			t.Errorf("%s: policy %q does not fit the style", path, csp)
		}
		if regexp.MustCompile(`(?i)<script|<link|<img|<iframe|\son\w+=|https?://|\sstyle=`).MatchString(b.body) {
			t.Errorf("%s: %s", path, b.body)
		}
		if n := strings.Count(b.body, "<h1>"); n != 1 || !strings.Contains(b.body, `<html lang="en">`) {
			t.Errorf("%s: %d headings", path, n)
		}
	}
	c := o.tab()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://localhost:1"+Path, nil)
	r.RemoteAddr = "[::1]:2"
	o.page.ServeHTTP(w, r)
	if cookie := w.Header().Get("Set-Cookie"); !strings.Contains(cookie, "SameSite=Strict") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "Path=/approvals") {
		t.Error(cookie)
	}
	c.get("/approvalsX")
	c.want(404)
	c.get("/mcp")
	c.want(404)
}

// Over a real connection: the page and a form of it.
func TestOverHTTP(t *testing.T) {
	o := newOffice(t)
	s := httptest.NewServer(o.page)
	defer s.Close()
	client := s.Client()
	var err error
	if client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	read := func(resp *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, err, string(body))
		}
		return string(body)
	}
	b := &tab{o: o, body: read(client.Get(s.URL + Path + "/" + o.r.Code))}
	read(client.PostForm(s.URL+Path+"/"+o.r.Code, b.form("do", "approve", "approver", "it-lead", "passphrase", passphrase)))
	if err := o.take(o.r); err != nil {
		t.Fatal(err)
	}
}
