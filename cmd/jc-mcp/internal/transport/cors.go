package transport

import (
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// wellKnown is where the metadata lie that a client finds its authorization server by.
const wellKnown = "/.well-known/"

// corsFor is the one method that pages of other origins may use at a path; "" for
// none. What else Wrap serves, such as the approvals page, is not for them.
func corsFor(path string) string {
	switch {
	case path == endpoint:
		return http.MethodPost
	case strings.HasPrefix(path, wellKnown):
		return http.MethodGet
	}
	return ""
}

// cors lets pages of an allowed origin read the answers, and answers a browser's
// question before a request (preflight): true when that is all there is to do.
// The origin was checked before, and credentials of the browser are never allowed.
func (t *Transport) cors(w http.ResponseWriter, r *http.Request) (done bool) {
	method := corsFor(r.URL.Path)
	if method == "" {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	exposed := "WWW-Authenticate"
	if !t.opt.Replicated {
		exposed = mcp.HeaderSessionID + ", " + exposed
	}
	h.Set("Access-Control-Expose-Headers", exposed)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", method)
	var allowed []string
	for name := range strings.SplitSeq(strings.Join(r.Header.Values("Access-Control-Request-Headers"), ","), ",") {
		if name = strings.TrimSpace(name); t.corsHeader(name) {
			allowed = append(allowed, name)
		}
	}
	if len(allowed) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(allowed, ", "))
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// corsHeader says that a page may send a header of that name: those of the protocol.
func (t *Transport) corsHeader(name string) bool {
	for _, known := range []string{"Content-Type", "Authorization", mcp.HeaderProtocolVersion, mcp.HeaderMethod, mcp.HeaderName} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	if strings.EqualFold(name, mcp.HeaderSessionID) {
		return !t.opt.Replicated
	}
	rest, is := strings.CutPrefix(strings.ToLower(name), "mcp-param-")
	return is && rest != "" && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
