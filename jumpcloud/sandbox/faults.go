package sandbox

import "strings"

// fault decides what goes wrong with one request: "" for nothing. The rolls
// are seeded, so the n-th request of a run always meets the same fault. The
// token endpoint is spared: a fault there would only hide the others.
func (o *Org) fault(path string) string {
	if len(o.opt.Faults) == 0 || strings.HasPrefix(path, "/oauth2/") {
		return ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	hit := ""
	for _, name := range Faults() {
		p, set := o.opt.Faults[name]
		if !set {
			continue
		}
		// Every fault rolls each time, so that one never shifts another.
		if o.faults.Float64() < p && hit == "" {
			hit = name
		}
	}
	return hit
}

// ending is how a request ends on the wire.
type ending uint8

const (
	whole ending = iota
	cut          // half of the body, then nothing
	reset        // no answer, the connection is gone
	hang         // no answer, the connection stays
	late         // whole, after three seconds
)

// serve answers one request with the fault that hits it.
func (o *Org) serve(q *request) (*reply, ending) {
	o.requests.Add(1)
	name := o.fault(q.r.URL.Path)
	c := &call{Org: o, path: q.r.URL.Path}
	c.v2 = strings.HasPrefix(c.path, "/api/v2/") || strings.HasPrefix(c.path, "/insights/")
	switch name {
	case "429", "429-long":
		return o.tooMany(c, name), whole
	case "500-before":
		return o.dressed(c.fail(500, "Internal Server Error")), whole
	case "reset-before":
		return nil, reset
	case "html":
		return htmlPage(200), whole
	case "redirect":
		return empty(302).with("Location", "https://login.example.com/?next="+c.path), whole
	case "wrong-shape":
		return &reply{status: 200, body: []byte(`{"status":{"ok":true},"results":{"0":"unexpected"},"id":17}`)}, whole
	}
	rep := o.answer(q.r, q.body)
	switch name {
	case "502-after":
		return htmlPage(502), whole
	case "reset-after":
		return nil, reset
	case "cut":
		if len(rep.body) == 0 {
			return nil, reset // nothing to cut: the answer is lost whole
		}
		return rep, cut
	case "hang":
		return nil, hang
	case "slow":
		return rep, late
	}
	return rep, whole
}

func (o *Org) tooMany(c *call, name string) *reply {
	rep := o.dressed(c.fail(429, "Too Many Requests"))
	if o.traps["no-retry-after"] {
		return rep
	}
	if name == "429-long" {
		return rep.with("Retry-After", "120")
	}
	return rep.with("Retry-After", "1")
}

func (o *Org) dressed(rep *reply) *reply {
	if o.traps["html-errors"] {
		return htmlPage(rep.status)
	}
	return rep
}
