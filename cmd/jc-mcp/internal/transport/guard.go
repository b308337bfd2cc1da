package transport

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard refuses a request by its Host or its Origin before anything else looks
// at it. A page on the web that reaches this server through a name of its own
// (DNS rebinding) shows in Host; one that sends a request across shows in Origin.
func (t *Transport) guard(next http.Handler) http.Handler {
	hosts, origins := lowered(t.opt.Hosts), lowered(t.opt.Origins)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local := onLoopback(r)
		if h := strings.ToLower(r.Host); !hostAllowed(h, hosts, local) {
			t.refuse(w, r, "host not allowed")
			return
		}
		allowed := origins
		if corsFor(r.URL.Path) == "" { // a page of this server is for those of its own
			allowed = nil
		}
		if o, sent := r.Header["Origin"]; sent && (len(o) != 1 || !originAllowed(strings.ToLower(o[0]), allowed, local)) {
			t.refuse(w, r, "origin not allowed")
			return
		}
		if t.cors(w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (t *Transport) refuse(w http.ResponseWriter, r *http.Request, why string) {
	t.opt.Log.Warn("refused a request", "why", why, "from", r.RemoteAddr)
	http.Error(w, "forbidden: "+why, http.StatusForbidden)
}

func lowered(in []string) map[string]bool {
	out := make(map[string]bool, len(in))
	for _, s := range in {
		out[strings.ToLower(s)] = true
	}
	return out
}

// hostAllowed takes the names that were configured, with or without a port, and
// on a loopback connection the names of loopback with any port.
func hostAllowed(host string, allowed map[string]bool, local bool) bool {
	name, port, ok := splitHost(host)
	if !ok {
		return false
	}
	return allowed[host] || (port != "" && allowed[strings.TrimSuffix(host, ":"+port)]) || (local && isLoopback(name))
}

// originAllowed takes the origins that were configured, and on a loopback
// connection those of pages from loopback.
func originAllowed(origin string, allowed map[string]bool, local bool) bool {
	if allowed[origin] {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || !local || (u.Scheme != "http" && u.Scheme != "https") || origin != u.Scheme+"://"+u.Host {
		return false
	}
	name, _, ok := splitHost(u.Host)
	return ok && isLoopback(name)
}

// splitHost takes "name", "name:port", "[v6]" and "[v6]:port" apart, strictly.
func splitHost(host string) (name, port string, ok bool) {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1], "", len(host) > 2
	}
	if !strings.Contains(host, ":") {
		return host, "", host != ""
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil || name == "" || port == "" || strings.Trim(port, "0123456789") != "" {
		return "", "", false
	}
	return name, port, true
}

// isLoopback knows loopback by its plain names only: no decimal or short forms,
// no mapped addresses, no trailing dot.
func isLoopback(name string) bool {
	if name == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(name)
	return err == nil && a.IsLoopback() && !a.Is4In6() && a.Zone() == ""
}

// onLoopback says that the connection itself came in on a loopback address.
func onLoopback(r *http.Request) bool {
	a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
