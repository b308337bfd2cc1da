package main

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/oauth"
)

// remoteAccess says how callers from other machines reach a server, and how it knows them.
type remoteAccess struct {
	certFile, keyFile, clientCA string
	proxies                     []netip.Prefix // TLS ends in front of this server, at one of these
	hosts                       []string       // names that callers use, beside those of loopback
	issuer                      string         // of OAuth tokens; "" takes none
	audiences                   []string       // names of this server in them; the first is its URL
}

// said reports whether any of it was set: then a server on http is meant.
func (r *remoteAccess) said() bool {
	return r.certFile != "" || r.keyFile != "" || r.clientCA != "" || r.issuer != "" ||
		len(r.proxies) > 0 || len(r.hosts) > 0 || len(r.audiences) > 0
}

// remoteSettings are the rows of remoteAccess.
func remoteSettings() []setting {
	return []setting{
		{env: "JC_HOSTS", flag: "host", group: remote, help: "names, or name:port, that clients call this server by, a comma between two; loopback names always work on this machine",
			read: func(c *config, v string) (err error) {
				if c.remote.hosts, err = commaList(v); err != nil {
					return err
				}
				for _, h := range c.remote.hosts {
					if strings.ContainsAny(h, "/*@ ") {
						return errors.New("a host is a name such as mcp.example.com, with a port or without, and no URL or pattern")
					}
				}
				return nil
			}},
		{env: "JC_TLS_CERT", flag: "tls-cert", group: remote, help: "PEM file of the certificate to serve with, and those of its issuers; read again when it changes",
			read: func(c *config, v string) error { c.remote.certFile = v; return nil }},
		{env: "JC_TLS_KEY", flag: "tls-key", group: remote, help: "PEM file of its key",
			read: func(c *config, v string) error { c.remote.keyFile = v; return nil }},
		{env: "JC_TLS_CLIENT_CA", flag: "tls-client-ca", group: remote, help: "PEM file of who issues client certificates; agents with a san in the grant file come with one",
			read: func(c *config, v string) error { c.remote.clientCA = v; return nil }},
		{env: "JC_BEHIND_PROXY", flag: "behind-proxy", group: remote, help: "addresses of the proxies of yours that do TLS in front of this server, such as 10.0.0.0/8, a comma between two; it answers nobody else",
			read: func(c *config, v string) (err error) { c.remote.proxies, err = proxyList(v); return err }},
		{env: "JC_OAUTH_ISSUER", flag: "oauth-issuer", group: remote, help: "the issuer whose OAuth access tokens are taken: the URL that they have in iss",
			read: func(c *config, v string) error { c.remote.issuer = v; return oauth.CheckURL(v) }},
		{env: "JC_OAUTH_AUDIENCE", flag: "oauth-audience", group: remote, help: "the URL of this server, such as https://mcp.example.com/mcp, that tokens have in aud; after a comma other values of aud to take",
			read: func(c *config, v string) (err error) {
				if c.remote.audiences, err = commaList(v); err != nil {
					return err
				}
				_, err = resourceURL(c.remote.audiences[0])
				return err
			}},
	}
}

// resourceURL reads the URL that this server has for its callers.
func resourceURL(v string) (*url.URL, error) {
	u, err := url.Parse(v)
	if err != nil || oauth.CheckURL(v) != nil {
		return nil, errors.New("the first audience is the URL that clients call this server by, such as https://mcp.example.com/mcp: https, or http on loopback")
	}
	return u, nil
}

// proxyList reads addresses and networks. One that holds every address would name nobody.
func proxyList(v string) (out []netip.Prefix, err error) {
	parts, err := commaList(v)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		p, err := netip.ParsePrefix(part)
		if ip, single := netip.ParseAddr(part); err != nil && single == nil && ip.Zone() == "" {
			p, err = ip.Unmap().Prefix(ip.Unmap().BitLen())
		}
		switch {
		case err != nil:
			return nil, errors.New("it is the addresses of your proxies, with a comma between two: JC_BEHIND_PROXY=10.0.0.0/8 or --behind-proxy 10.1.2.3; true and false are no longer taken")
		case p.Bits() == 0:
			return nil, errors.New("a network that holds every address names no proxy")
		case p.Addr().Is4In6():
			return nil, errors.New("write an IPv4 network as such: 10.0.0.0/8")
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// proxied reports whether a connection from there may be answered.
func (r *remoteAccess) proxied(remoteAddr string) bool {
	if len(r.proxies) == 0 {
		return true
	}
	at, err := netip.ParseAddrPort(remoteAddr)
	return err == nil && slices.ContainsFunc(r.proxies, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap().WithZone("")) })
}

// check refuses to be reached from elsewhere without what that needs, and settings
// that do not fit together. open is true where others than programs of this machine
// may come. ways are how the agents of the grant file come; grants is whether there is one.
func (r *remoteAccess) check(addr string, grants bool, ways auth.Ways) (open bool, err error) {
	local, err := loopbackAddress(addr)
	if err != nil {
		return false, err
	}
	if err := r.fits(grants, ways); err != nil {
		return false, err
	}
	if local && len(r.proxies) == 0 {
		return false, nil
	}
	why := "--behind-proxy lets callers of other machines in"
	if !local {
		why = "--addr " + addr + " is not on loopback (127.0.0.1, ::1, localhost)"
	}
	switch {
	case !r.anyone(ways):
		return true, usagef("%s: whoever reaches this server would use its credential. It takes --grants with agents that it can know: by tokens (jc-mcp grants token), by --oauth-issuer, or by --tls-client-ca", why)
	case len(r.proxies) == 0 && r.certFile == "":
		return true, usagef("%s: tokens must not travel in clear. Set --tls-cert and --tls-key, or --behind-proxy where a proxy of yours does TLS", why)
	case len(r.hosts) == 0:
		return true, usagef("%s: say which names clients call it by, such as --host mcp.example.com", why)
	}
	return true, nil
}

// anyone reports whether the settings let any agent of the grant file be known.
func (r *remoteAccess) anyone(ways auth.Ways) bool {
	return ways.Tokens || r.clientCA != "" && ways.Certificates || r.issuer != "" && slices.Contains(ways.Issuers, r.issuer)
}

// fits refuses settings that mean nothing together.
func (r *remoteAccess) fits(grants bool, ways auth.Ways) error {
	switch {
	case (r.issuer == "") != (len(r.audiences) == 0):
		return usagef("--oauth-issuer and --oauth-audience belong together: set both")
	case r.clientCA != "" && r.certFile == "":
		return usagef("--tls-client-ca takes --tls-cert and --tls-key: client certificates are shown to the server that does TLS")
	case r.issuer != "" && !grants:
		return usagef("--oauth-issuer takes --grants: the grant file says which agent a token is (who: [{issuer: %s, subject: …}])", r.issuer)
	case r.issuer != "" && !slices.Contains(ways.Issuers, r.issuer):
		return usagef("no agent of the grant file comes from --oauth-issuer %s: write who: [{issuer: %s, subject: …}], with the same letters", r.issuer, r.issuer)
	case r.clientCA != "" && !ways.Certificates:
		return usagef("no agent of the grant file has a san, so --tls-client-ca lets nobody in: write who: [{san: …}]")
	}
	return nil
}

// unmet is what the settings leave no room for: ways of the grant file, and the name
// that tokens know this server by.
func (r *remoteAccess) unmet(ways auth.Ways) (out []string) {
	for _, issuer := range ways.Issuers {
		if issuer != r.issuer {
			out = append(out, "agents of the grant file come from issuer "+issuer+", which is not --oauth-issuer: they are not let in")
		}
	}
	if len(r.audiences) > 0 {
		if u, err := resourceURL(r.audiences[0]); err == nil && !slices.Contains(r.hosts, u.Host) && !slices.Contains(r.hosts, u.Hostname()) {
			out = append(out, "clients that call "+u.Host+", of --oauth-audience, are refused unless it is a --host, or a proxy changes it")
		}
	}
	if ways.Certificates && r.clientCA == "" {
		out = append(out, "agents of the grant file have a san and there is no --tls-client-ca: they are not let in by it")
	}
	return out
}

// loopbackAddress reports whether only this machine reaches an address.
func loopbackAddress(addr string) (bool, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return false, usagef("--addr %q: an address is host:port, such as 127.0.0.1:8080", addr)
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback(), nil
}
