package tools

import (
	"net/url"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// An approval is for all that it was asked with: whatever is otherwise, it is another.
func TestSealedBindsAll(t *testing.T) {
	type asked struct {
		tr  trip
		p   Plan
		dec auth.Decision
	}
	bound := func(change func(a *asked, s *Step)) string {
		a := asked{
			tr: trip{tool: &Tool{Name: "devices_erase"}, who: auth.Principal{Agent: "helpdesk", Name: "stdio"}, org: "acme", credential: "main", reason: "stolen"},
			p: Plan{Steps: []Step{{Tool: &Tool{Name: "devices_erase"}, Targets: []auth.Target{{Type: "system", ID: "1", Name: "LT-042"}}, Before: map[string]any{"x": 1},
				Request: jc.Request{Endpoint: jc.At("POST /api/systems/{id}/command"), Params: map[string]string{"id": "1"}, Query: url.Values{"q": {"1"}}, Body: map[string]any{"b": 1}}}}},
			dec: auth.Decision{Version: "v1"},
		}
		change(&a, &a.p.Steps[0])
		return string(sealed(&a.tr, &a.p, a.dec))
	}
	same := func(*asked, *Step) {}
	if first, again := bound(same), bound(same); first == "" || first != again {
		t.Fatal("the same call is bound to other bytes")
	}
	for name, change := range map[string]func(a *asked, s *Step){
		"organisation": func(a *asked, _ *Step) { a.tr.org = "globex" },
		"credential":   func(a *asked, _ *Step) { a.tr.credential = "readonly" },
		"caller":       func(a *asked, _ *Step) { a.tr.who.Agent = "other" },
		"tool":         func(a *asked, _ *Step) { a.tr.tool = &Tool{Name: "devices_lock"} },
		"rules":        func(a *asked, _ *Step) { a.dec.Version = "v2" },
		"reason":       func(a *asked, _ *Step) { a.tr.reason = "lost" },
		"more steps":   func(a *asked, s *Step) { a.p.Steps = append(a.p.Steps, *s) },
		"step's tool":  func(_ *asked, s *Step) { s.Tool = &Tool{Name: "devices_lock"} },
		"method":       func(_ *asked, s *Step) { s.Request.Method = "PUT" },
		"path":         func(_ *asked, s *Step) { s.Request.Path = "/api/systems/{id}/lock" },
		"parameters":   func(_ *asked, s *Step) { s.Request.Params = map[string]string{"id": "2"} },
		"query":        func(_ *asked, s *Step) { s.Request.Query = url.Values{"q": {"2"}} },
		"body":         func(_ *asked, s *Step) { s.Request.Body = map[string]any{"b": 2} },
		"targets":      func(_ *asked, s *Step) { s.Targets = []auth.Target{{Type: "system", ID: "1", Name: "LT-043"}} },
		"seen before":  func(_ *asked, s *Step) { s.Before = map[string]any{"x": 2} },
		"skipped":      func(_ *asked, s *Step) { s.Skip = "is so already" },
	} {
		if bound(change) == bound(same) {
			t.Errorf("%s: an approval holds for another", name)
		}
	}
}
