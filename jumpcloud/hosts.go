package jumpcloud

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Hosts are the base URLs of one region: scheme and host only.
type Hosts struct {
	// Console serves /api and /api/v2.
	Console *url.URL
	// Insights serves /insights.
	Insights *url.URL
	// OAuth gives tokens to service accounts; the client never sends there itself.
	OAuth *url.URL
}

// Regions are the regions JumpCloud has, sorted.
func Regions() []string { return []string{"eu", "in", "us"} }

// RegionHosts gives the hosts of a region. The token host of "in" was observed, not documented.
func RegionHosts(region string) (Hosts, error) {
	if !slices.Contains(Regions(), region) {
		return Hosts{}, fmt.Errorf("unknown region %q; known are %s", region, strings.Join(Regions(), ", "))
	}
	infix := "." + region
	if region == "us" {
		infix = ""
	}
	at := func(host string) *url.URL { return &url.URL{Scheme: "https", Host: host + infix + ".jumpcloud.com"} }
	return Hosts{Console: at("console"), Insights: at("api"), OAuth: at("admin-oauth.id")}, nil
}

// ParseBase reads a base URL: scheme and host, nothing else. It must be https,
// or http on loopback. The host comes back in lower case, without a default port.
func ParseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Opaque != "" { // the parser's own text would repeat a password in s
		return nil, errors.New("a base URL is https://host")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return nil, errors.New("a base URL has a scheme and a host, and nothing else")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if host == "" || strings.HasSuffix(u.Host, ":") {
		return nil, errors.New("a base URL is https://host")
	}
	standard := "443"
	switch u.Scheme {
	case "https":
	case "http":
		standard = "80"
		if !loopback(host) {
			return nil, errors.New("http is for loopback only; use https")
		}
	default:
		return nil, errors.New("a base URL starts with https://")
	}
	if port == standard {
		port = ""
	}
	switch {
	case port != "":
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: u.Scheme, Host: host}, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// serve is the host that a path belongs to; nil for paths that no host of ours serves.
func (h Hosts) serve(path string) *url.URL {
	switch {
	case strings.HasPrefix(path, "/insights/"):
		return h.Insights
	case path == "/oauth2" || strings.HasPrefix(path, "/oauth2/"):
		return nil // tokens are the credential's business
	}
	return h.Console
}
