package main

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// remoteAccess says how callers from other machines reach a server.
type remoteAccess struct {
	certFile, keyFile string
	behindProxy       bool     // TLS ends in front of this server
	hosts             []string // names that callers use, beside those of loopback
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
		{env: "JC_TLS_CERT", flag: "tls-cert", group: remote, help: "PEM file of the certificate to serve with, and those of its issuers",
			read: func(c *config, v string) error { c.remote.certFile = v; return nil }},
		{env: "JC_TLS_KEY", flag: "tls-key", group: remote, help: "PEM file of its key",
			read: func(c *config, v string) error { c.remote.keyFile = v; return nil }},
		{env: "JC_BEHIND_PROXY", flag: "behind-proxy", group: remote, def: "false", onOff: true, help: "a proxy of yours in front of this server does TLS",
			read: func(c *config, v string) error { c.remote.behindProxy = v == "true"; return nil }},
	}
}

// tls is what to serve with; nil is without TLS.
func (r *remoteAccess) tls() (*tls.Config, error) {
	switch {
	case r.certFile == "" && r.keyFile == "":
		return nil, nil
	case r.certFile == "" || r.keyFile == "":
		return nil, usagef("--tls-cert and --tls-key belong together: set both")
	}
	pair, err := tls.LoadX509KeyPair(r.certFile, r.keyFile)
	if err != nil {
		return nil, usagef("--tls-cert, --tls-key: %v", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

// check refuses to be reached from elsewhere without what that needs. open is true
// where others than programs of this machine may come.
func (r *remoteAccess) check(addr string, tokens bool) (open bool, err error) {
	local, err := loopbackAddress(addr)
	if err != nil {
		return false, err
	}
	if local && !r.behindProxy {
		return false, nil
	}
	why := "--behind-proxy lets callers of other machines in"
	if !local {
		why = "--addr " + addr + " is not on loopback (127.0.0.1, ::1, localhost)"
	}
	switch {
	case !tokens:
		return true, usagef("%s: whoever reaches this server would use its credential. It takes --grants with agents that have tokens (jc-mcp grants token)", why)
	case !r.behindProxy && r.certFile == "":
		return true, usagef("%s: tokens must not travel in clear. Set --tls-cert and --tls-key, or --behind-proxy where a proxy of yours does TLS", why)
	case len(r.hosts) == 0:
		return true, usagef("%s: say which names clients call it by, such as --host mcp.example.com", why)
	}
	return true, nil
}

// loopbackAddress reports whether only this machine reaches an address.
func loopbackAddress(addr string) (bool, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, usagef("--addr %q: an address is host:port, such as 127.0.0.1:8080", addr)
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback(), nil
}
