package transport

import "net/http"

// challenged refuses a request whose caller's token lacks what the request
// needs, before anything of it runs: 403, and the challenge that tells the
// client what to ask its authorization server for. It knows calls of tools, by
// name and arguments, and reads of resources, by address; the rest of the
// protocol is lists and texts.
func (t *Transport) challenged(w http.ResponseWriter, r *http.Request, m *message) bool {
	if t.opt.Lacking == nil {
		return false
	}
	var challenge string
	switch m.method {
	case "tools/call":
		challenge = t.opt.Lacking(r.Context(), text(m.param("name")), m.param("arguments"))
	case "resources/read":
		challenge = t.opt.Lacking(r.Context(), text(m.param("uri")), nil)
	}
	if challenge == "" {
		return false
	}
	w.Header().Set("WWW-Authenticate", challenge)
	why := failed(codeLacking, "insufficient scope: the access token does not cover this; nothing was done. WWW-Authenticate names the scopes to ask for")
	writeJSON(w, http.StatusForbidden, why.encode(m.id))
	return true
}
