// Package approvals is the page on which people answer what agents ask for: plain
// HTML on loopback, without a script and without anything from elsewhere.
//
// Whoever reaches the page sees what is asked; to do anything takes the passphrase of
// an approver whose key lies on this machine and is the one that the grant file
// names. What he signs is what the page showed him: the form carries a mark of it.
//
// The page belongs behind the check of Host and Origin of /mcp and adds its own: it
// answers on loopback names only, nothing that came through a proxy, and no change
// without a token that only the page itself hands out.
package approvals

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// Path is where the page is; what belongs to it is below.
const Path = "/approvals"

const (
	cookieName = "jc-mcp-approvals"
	maxForm    = 16 << 10
)

// Options are what the page works on. Dir is needed; without Approvers nobody can answer.
type Options struct {
	Dir *state.Dir
	// Approvers and Agents are those of the grants in force; nil for none.
	Approvers func() []auth.Approver
	Agents    func() []string
	// Audit takes a line for each answer; nil for none.
	Audit auth.Audit
	// Log never gets what was typed. nil drops it.
	Log *slog.Logger

	openKey func(path string, pass []byte) (*state.Key, error) // other than state.LoadKey in tests
}

// Page serves [Path] and what is below it. It is safe for concurrent use.
type Page struct {
	o       Options
	secret  []byte // makes marks and tokens, for as long as the process lives
	tries   tries
	handler http.Handler
}

// New makes the page.
func New(o Options) *Page {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Approvers == nil {
		o.Approvers = func() []auth.Approver { return nil }
	}
	if o.Agents == nil {
		o.Agents = func() []string { return nil }
	}
	if o.openKey == nil {
		o.openKey = state.LoadKey
	}
	p := &Page{o: o, secret: make([]byte, 32)}
	_, _ = rand.Read(p.secret) // never fails: crypto/rand ends the process instead
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, p.list)
	mux.HandleFunc("GET "+Path+"/switch", p.showSwitch)
	mux.HandleFunc("POST "+Path+"/switch", p.changing(p.throwSwitch))
	mux.HandleFunc("GET "+Path+"/{code}", p.show)
	mux.HandleFunc("POST "+Path+"/{code}", p.changing(p.answer))
	p.handler = http.NewCrossOriginProtection().Handler(mux)
	return p
}

// Beside serves the page, and everything else with next.
func (p *Page) Beside(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == Path || strings.HasPrefix(r.URL.Path, Path+"/") {
			p.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	// No script at all, one style of our own, and forms that go nowhere else.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+styleHash+"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with none, a browser hides the origin of a form
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !local(r) {
		http.Error(w, "the approvals page answers on this machine only", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	p.handler.ServeHTTP(w, r)
}

// local reports whether the request was made on this machine, to a name of it, and
// was not passed on by a proxy.
func local(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != "localhost" && !loopback(strings.Trim(host, "[]")) {
		return false
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(from)
}

func loopback(addr string) bool {
	a, err := netip.ParseAddr(addr)
	return err == nil && a.Unmap().IsLoopback()
}

// session is the cookie of a browser, made at its first visit. It gives no right; it
// ties the tokens of forms to the browser that they were given to.
func (p *Page) session(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(cookieName); err == nil && len(c.Value) == 43 {
		return c.Value
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	id := base64.RawURLEncoding.EncodeToString(b)
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: id, Path: Path, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	return id
}

// mark is a proof, to this process, that it said something.
func (p *Page) mark(parts ...string) string {
	m := hmac.New(sha256.New, p.secret)
	for _, part := range parts {
		sum := sha256.Sum256([]byte(part)) // of one length, so that no two lists are one
		m.Write(sum[:])
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// changing lets through forms that this page gave to this browser.
func (p *Page) changing(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			p.fail(w, r, http.StatusBadRequest, "The form could not be read.")
			return
		}
		c, err := r.Cookie(cookieName)
		if err != nil || !hmac.Equal([]byte(r.PostForm.Get("token")), []byte(p.mark("token", c.Value))) {
			p.fail(w, r, http.StatusForbidden, "This form is not, or no longer, one of this page. Nothing was done: open the page anew.")
			return
		}
		next(w, r)
	}
}

// audit writes down what a person did, into the log as well.
func (p *Page) audit(ctx context.Context, l auth.Line) error {
	p.o.Log.WarnContext(ctx, "approvals page: "+l.Say)
	if p.o.Audit == nil {
		return nil
	}
	err := p.o.Audit.Write(context.WithoutCancel(ctx), l)
	if err != nil {
		p.o.Log.ErrorContext(ctx, "the audit line of what a person did could not be written", "request", l.Request)
	}
	return err
}
