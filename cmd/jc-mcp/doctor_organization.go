package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	// connectionWait bounds the first question to JumpCloud, with its retries.
	connectionWait = 12 * time.Second
	// maxSkew is what a clock may be off: times that agents give (an elevation for
	// an hour) are reckoned on this machine.
	maxSkew = 2 * time.Minute
	// dialWait bounds a look whether something listens somewhere.
	dialWait = 5 * time.Second
)

// organizations are a check for each credential of each organisation. end closes what
// they use.
func (e *examination) organizations() (out []check, end func()) {
	var all []link
	for i := range e.config.organizations {
		o := &e.config.organizations[i]
		links, err := e.config.connect(o, nil, nil)
		if err != nil {
			out = append(out, func(_ context.Context, s *sheet) { s.fix("configuration", "%s%v", o.prefix(), err) })
			continue
		}
		all = append(all, links...)
		for j, l := range links {
			x := &orgExamination{examination: e, org: o, cred: o.credentials[j], client: l.client}
			out = append(out, x.look)
		}
	}
	return out, func() { closeLinks(all) }
}

// orgExamination looks at one organisation, as one credential reaches it.
type orgExamination struct {
	*examination
	org    *organization
	cred   credential
	client *jc.Client // nil without a credential
}

// look does what there is to do, as long as it makes sense.
func (e *orgExamination) look(ctx context.Context, s *sheet) {
	s.at = e.called()
	e.configuration(s)
	real := e.client != nil && e.org.sandbox == nil
	if real && (!e.secrets(ctx, s) || !e.tokens(ctx, s)) {
		s.fix("connection", "not tried: there is nothing to sign in to %s with", e.org.hosts.Console.Host)
		e.need(s)
		return
	}
	if e.client != nil && e.connection(ctx, s) && real {
		e.known(ctx, s)
		return
	}
	if e.client != nil {
		e.need(s)
	}
}

// called names the organisation before a line, where it has a name.
func (e *orgExamination) called() string {
	switch {
	case e.org.name == "":
		return ""
	case e.cred.name != "":
		return e.org.name + ", credential " + e.cred.name + ": "
	}
	return e.org.name + ": "
}

func (e *orgExamination) configuration(s *sheet) {
	o := e.org
	org := "organisation of the credential"
	if o.id != "" {
		org = "organisation " + o.id
	}
	switch {
	case o.sandbox != nil:
		s.ok("configuration", "sandbox (in memory), region %s", o.region)
	case e.cred.APIKey != nil:
		s.ok("configuration", "API key, region %s, %s, %s", o.region, org, o.hosts.Console.Host)
	case e.cred.ClientID != "":
		s.ok("configuration", "service account with %d secret(s), region %s, %s, %s", len(e.cred.Secrets), o.region, org, o.hosts.Console.Host)
	default:
		s.fix("configuration", "no credential: set JC_API_KEY, or JC_CLIENT_ID and JC_CLIENT_SECRET, or use --sandbox")
	}
}

// connection asks JumpCloud for the organisation, and looks at its clock. accepted is
// whether JumpCloud took the credential.
func (e *orgExamination) connection(ctx context.Context, s *sheet) (accepted bool) {
	organizations := jc.At("GET /api/organizations")
	ctx, cancel := context.WithTimeout(jc.WithFence(ctx, organizations), connectionWait)
	defer cancel()
	start := time.Now()
	resp, err := e.client.Do(ctx, jc.Request{Endpoint: organizations, Query: url.Values{"limit": {"1"}, "fields": {"displayName"}}})
	took := time.Since(start)
	if err != nil {
		return e.refused(s, err)
	}
	name := "its name cannot be read"
	if rows, err := jc.ReadRows(resp); err == nil && len(rows.Rows) > 0 {
		name = rows.Rows[0].Text("displayName")
	}
	s.ok("connection", "JumpCloud accepts the credential; organisation %s; %d ms", name, took.Milliseconds())
	clock(s, resp.Header, start.Add(took/2))
	return true
}

// refused says what to do about the error that JumpCloud, or the way to it, gave.
func (e *orgExamination) refused(s *sheet, err error) (accepted bool) {
	var api *jc.Error
	host := e.org.hosts.Console.Host
	if !errors.As(err, &api) {
		s.fix("connection", "%v", err)
		return false
	}
	region, id := "--region", "--org"
	if e.org.name != "" {
		region, id = "region", "id" // in the file
	}
	switch api.Code {
	case jc.CodeForbidden:
		s.ok("connection", "JumpCloud accepts the credential; its role may not read the organisation's name")
		return true
	case jc.CodeUnauthorized:
		s.fix("connection", "the credential is not accepted at %s, which answers: it is wrong, expired, or of another region (%s %s). "+
			"Which region it is shows in the address of your admin portal; doctor shows a credential to no host but this", host, region, strings.Join(jc.Regions(), ", "))
	case jc.CodeInvalidArgument, jc.CodeNotFound:
		s.fix("connection", "%v; is the organisation's id right (%s)?", api, id)
	case jc.CodeRateLimited:
		s.note("connection", "JumpCloud asks to wait (429%s), so nothing more could be checked of it", until(api.RetryAt))
	default:
		s.fix("connection", "%v; can this machine reach %s, or does it need JC_PROXY or JC_CA_FILE? What JumpCloud knows of the credential could not be checked", api, host)
	}
	return false
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.UTC().Format(time.RFC3339)
}

// clock compares this machine's clock with the Date of an answer that came at here.
func clock(s *sheet, h http.Header, here time.Time) {
	there, err := http.ParseTime(h.Get("Date"))
	if err != nil { // not sent: nothing to compare
		return
	}
	skew := here.Sub(there).Round(time.Second)
	if skew.Abs() > maxSkew {
		s.fix("clock", "this machine is %s off from JumpCloud: set its clock", skew)
		return
	}
	s.ok("clock", "within %s of JumpCloud's", maxSkew)
}

// proxy looks whether the proxy listens, and names variables that say nothing here.
func (e *examination) proxy(ctx context.Context, s *sheet) {
	p := e.config.proxy
	if p == nil {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
			if e.getenv(name) != "" {
				s.note("proxy", "%s is set and not used: only JC_PROXY says how JumpCloud is reached", name)
				return
			}
		}
		return
	}
	host := hostPort(p, map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"})
	if err := dial(ctx, host); err != nil {
		s.fix("proxy", "%s (JC_PROXY) does not listen: nothing reaches JumpCloud without it", host)
		return
	}
	s.ok("proxy", "%s listens", host)
}

// hostPort is the address to dial for a URL.
func hostPort(u *url.URL, ports map[string]string) string {
	port := u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dial looks whether something listens.
func dial(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// secrets reads every secret, those that commands print too.
func (e *orgExamination) secrets(ctx context.Context, s *sheet) (readable bool) {
	readable = true
	good := true
	for _, src := range e.cred.Sources() {
		warning, err := auth.Check(ctx, src)
		switch {
		case err != nil:
			s.fix("secret", "%v", err)
			good, readable = false, false
		case warning != "":
			s.fix("secret", "%s", warning)
			good = false
		}
	}
	if good {
		s.ok("secret", "readable")
	}
	return readable
}
