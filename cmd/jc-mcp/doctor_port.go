package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// renewBefore is how long before its end a certificate should have been renewed:
// whoever renews every 90 days has done it by then.
const renewBefore = 21 * 24 * time.Hour

// ways are how the agents of the grant file come; grants is whether it could be read.
func (e *examination) ways() (ways auth.Ways, grants bool) {
	if e.config.grants == "" {
		return auth.Ways{}, false
	}
	rules, err := readGrantFile(e.config.grants, e.config.grantNames())
	if err != nil {
		return auth.Ways{}, false
	}
	return rules.Ways(), true
}

// port looks whether the server may listen where it would, and can.
func (e *examination) port(ctx context.Context, s *sheet) {
	remote := &e.config.remote
	ways, grants := e.ways()
	if e.config.grants != "" && !grants {
		s.note("access", "who could come over HTTP is not known before the grant file is right")
	} else if open, err := remote.check(e.addr, grants, ways); err != nil {
		s.fix("access", "%v", err)
	} else if open {
		s.ok("access", "callers from elsewhere are known by %s", comings(remote, ways))
	} else {
		s.ok("access", "this machine only")
	}
	for _, text := range remote.unmet(ways) {
		s.note("access", "%s", text)
	}
	if e.config.balancing.sticky && e.config.sharing.store == "" {
		s.fix("access", "--sticky is about several servers behind a balancer: they share a --store, or leave it out")
	}
	listens(ctx, s, "port", e.addr)
}

// comings are the ways that are open, in words.
func comings(r *remoteAccess, ways auth.Ways) string {
	var out []string
	if ways.Tokens {
		out = append(out, "tokens of the grant file")
	}
	if r.issuer != "" {
		out = append(out, "tokens of "+r.issuer)
	}
	if r.clientCA != "" {
		out = append(out, "client certificates")
	}
	return strings.Join(out, ", ")
}

// listens looks whether an address can be listened on.
func listens(ctx context.Context, s *sheet, what, addr string) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		_ = l.Close()
		s.ok(what, "%s is free", addr)
	case inUse(err):
		s.note(what, "something listens on %s: if that is not this server already running, choose another", addr)
	case errors.Is(err, os.ErrPermission):
		s.fix(what, "this user may not listen on %s: choose a port above 1023", addr)
	default:
		s.fix(what, "%s cannot be listened on: is it an address of this machine?", addr)
	}
}

func inUse(err error) bool {
	const wsaeaddrinuse = syscall.Errno(10048)
	var no syscall.Errno
	return errors.As(err, &no) && (no == syscall.EADDRINUSE || runtime.GOOS == "windows" && no == wsaeaddrinuse)
}

// tls looks at the certificate, its key, and whose client certificates are taken.
func (e *examination) tls(_ context.Context, s *sheet) {
	remote := &e.config.remote
	if remote.certFile == "" && remote.keyFile == "" {
		return
	}
	secure, err := remote.tls(e.logger(e.config))
	if err != nil {
		s.fix("tls", "%v", err)
		return
	}
	now, err := secure.GetConfigForClient(&tls.ClientHelloInfo{})
	if err != nil || len(now.Certificates) == 0 {
		s.fix("tls", "the certificate cannot be used")
		return
	}
	leaf := now.Certificates[0].Leaf
	s.ok("tls", "certificate and key belong together")
	validity(s, "tls", "the certificate", leaf)
	covers(s, leaf, e.config.remote.hosts)
	if info, err := os.Stat(remote.keyFile); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		s.fix("tls", "every user of this machine can read the key %s: chmod o= it", remote.keyFile)
	}
	clientCA(s, remote.clientCA)
}

// validity says whether a certificate is in force, and until when.
func validity(s *sheet, what, name string, cert *x509.Certificate) {
	now := time.Now()
	left, day := cert.NotAfter.Sub(now), cert.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case left <= 0:
		s.fix(what, "%s ended on %s: renew it (a running server takes the new file by itself)", name, day)
	case now.Before(cert.NotBefore):
		s.fix(what, "%s begins on %s only", name, cert.NotBefore.UTC().Format(time.DateOnly))
	case left < renewBefore:
		s.fix(what, "%s ends on %s, in %s: renew it (a running server takes the new file by itself)", name, day, days(left))
	default:
		s.ok(what, "%s ends on %s, in %s", name, day, days(left))
	}
}

// covers says whether the certificate is good for each name that clients use.
func covers(s *sheet, cert *x509.Certificate, hosts []string) {
	var missing []string
	for _, h := range hosts {
		name := h
		if host, _, err := net.SplitHostPort(h); err == nil {
			name = host
		}
		if cert.VerifyHostname(name) != nil {
			missing = append(missing, name)
		}
	}
	switch {
	case missing != nil:
		s.fix("tls", "the certificate does not name %s (--host): clients will refuse it; it names %s", strings.Join(missing, ", "), orNothing(certNames(cert)))
	case len(hosts) > 0:
		s.ok("tls", "the certificate names %s", strings.Join(hosts, ", "))
	}
}

func certNames(cert *x509.Certificate) (out []string) {
	out = append(out, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// clientCA looks at each certificate of those who issue client certificates. That the
// file can be read was seen when the server's own was.
func clientCA(s *sheet, path string) {
	if path == "" {
		return
	}
	rest, err := os.ReadFile(path)
	if err != nil {
		s.fix("client ca", "%s cannot be read", path)
		return
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			s.fix("client ca", "%s holds something that is no certificate", path)
		case !cert.IsCA:
			s.fix("client ca", "%s issues no certificates: it is none of a CA", subject(cert))
		default:
			validity(s, "client ca", subject(cert), cert)
		}
	}
}

func subject(cert *x509.Certificate) string {
	if name := cert.Subject.CommonName; name != "" {
		return name
	}
	return fmt.Sprintf("the certificate with serial number %x", cert.SerialNumber)
}

// proxies names the proxies that may call, and what else may.
func (e *examination) proxies(_ context.Context, s *sheet) {
	if list := e.config.remote.proxies; len(list) > 0 {
		names, wide := make([]string, len(list)), ""
		for i, p := range list {
			names[i] = p.String()
			if p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 32 {
				wide = names[i]
			}
		}
		s.ok("proxies", "only %s are answered, and have to do TLS", strings.Join(names, ", "))
		if wide != "" {
			s.note("proxies", "%s holds very many addresses: name those of the proxies", wide)
		}
		if e.config.remote.certFile != "" {
			s.note("proxies", "the server does TLS too: the proxies have to trust its certificate")
		}
	}
	if list := e.config.balancing.origins; len(list) > 0 {
		s.ok("origins", "pages of %s may call", strings.Join(list, ", "))
	}
}

// ops looks at the port for probes and metrics.
func (e *examination) ops(ctx context.Context, s *sheet) {
	addr := e.config.operation.addr
	if addr == "" {
		return
	}
	if e.serves && addr == e.addr {
		s.fix("ops port", "%s is the address of MCP: give the ops port another (--ops-addr)", addr)
		return
	}
	listens(ctx, s, "ops port", addr)
}

// traces looks whether the collector listens. Nothing is sent to it.
func (e *examination) traces(ctx context.Context, s *sheet) {
	to := e.config.operation.traces
	if to == "" {
		return
	}
	u, err := url.Parse(to)
	if err != nil {
		s.fix("traces", "--otlp-endpoint is no address")
		return
	}
	host := hostPort(u, map[string]string{"http": "80", "https": "443"})
	if err := dial(ctx, host); err != nil {
		s.fix("traces", "%s (--otlp-endpoint) does not listen: traces are dropped, calls go on", host)
		return
	}
	s.ok("traces", "%s listens (nothing was sent to it now)", host)
}
