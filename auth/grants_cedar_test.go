package auth

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cedar-policy/cedar-go"
)

// TestCedarAgrees compares decisions with another engine: cedar-go gets the same
// grants as Cedar policies, written here from the same random choices and not from
// what the parser made of them. 200,000 requests, no difference.
func TestCedarAgrees(t *testing.T) {
	const files, requests = 100, 2000
	rnd := rand.New(rand.NewPCG(5, 6))
	tools := manyTools()
	var ours time.Duration
	differences, allowed := 0, 0
	for range files {
		text, policies := randomGrants(rnd, tools)
		rules, err := ParseGrants("g.yaml", []byte(text), tools)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		set, err := cedar.NewPolicySetFromBytes("g.cedar", []byte(policies))
		if err != nil {
			t.Fatalf("%v\n%s", err, policies)
		}
		e := Enforce(rules, EnforcerOptions{Now: at(office)})
		for range requests {
			p := Principal{Agent: string(rune('a' + rnd.IntN(5)))} // e is not in the file
			f := tools[rnd.IntN(len(tools))]
			a := Action{Tool: f.Name, Toolset: f.Toolset, Risk: f.Risk, Grave: f.Grave}
			if rnd.IntN(4) > 0 {
				a.Targets, a.Objects = []Target{user("x")}, rnd.IntN(40)
			}
			start := time.Now()
			got := e.Decide(t.Context(), p, a).Allow
			ours += time.Since(start)
			d, diag := cedar.Authorize(set, cedar.EntityMap{}, cedarRequest(p, a))
			if len(diag.Errors) > 0 {
				t.Fatal(diag.Errors)
			}
			if got {
				allowed++
			}
			if got != bool(d) {
				if differences++; differences <= 3 {
					t.Errorf("%s %+v: %v, Cedar says %v\n%s\n%s", p.Agent, a, got, d, text, policies)
				}
			}
		}
	}
	if allowed < files*requests/20 || allowed > files*requests*19/20 {
		t.Errorf("%d of %d allowed: the requests prove little", allowed, files*requests)
	}
	each := ours / (files * requests)
	t.Logf("%d requests, %d differences, %d allowed, %d ns a decision", files*requests, differences, allowed, each.Nanoseconds())
	if each > 100*time.Microsecond {
		t.Errorf("a decision takes %v", each)
	}
}

// manyTools are eight toolsets with tools of each risk.
func manyTools() (out facts) {
	for i := range 8 {
		set := fmt.Sprintf("set%d", i)
		for j := range 6 {
			out = append(out, ToolFact{fmt.Sprintf("%s_t%d", set, j), set, []Risk{Read, Read, Change, Change, Destroy, Reveal}[j], j == 3})
		}
	}
	return out
}

// randomGrants are grants as a file and as Cedar policies.
func randomGrants(rnd *rand.Rand, tools facts) (file, policies string) {
	var y, c strings.Builder
	ceiling := 1 + rnd.IntN(30)
	fmt.Fprintf(&y, "version: 1\nceiling: {objects_per_call: %d}\nagents:\n", ceiling)
	fmt.Fprintf(&c, "forbid(principal, action, resource) when { context.risk > 0 && context.objects > %d };\n", ceiling)
	for _, agent := range []string{"a", "b", "c", "d"} {
		fmt.Fprintf(&y, "  %s:\n    who: [{local: %s}]\n    may:\n", agent, agent)
		for range 1 + rnd.IntN(4) {
			at := ""
			limit := ""
			if rnd.IntN(3) == 0 {
				n := 1 + rnd.IntN(20)
				at = fmt.Sprintf(", at_most: {per_call: %d}", n)
				limit = fmt.Sprintf(" && (context.risk == 0 || context.objects <= %d)", n)
			}
			permit := func(when string) {
				fmt.Fprintf(&c, "permit(principal == Agent::%q, action, resource) when { %s%s };\n", agent, when, limit)
			}
			switch rnd.IntN(4) {
			case 0:
				set := tools[rnd.IntN(len(tools))].Toolset
				fmt.Fprintf(&y, "      - {read: [%s]%s}\n", set, at)
				permit(fmt.Sprintf("context.toolset == %q && context.risk == 0", set))
			case 1:
				set := tools[rnd.IntN(len(tools))].Toolset
				fmt.Fprintf(&y, "      - {write: [%s]%s}\n", set, at)
				permit(fmt.Sprintf("context.toolset == %q && context.risk <= 1 && !context.grave", set))
			case 2:
				tool := tools[rnd.IntN(len(tools))].Name
				fmt.Fprintf(&y, "      - {do: [%s]%s}\n", tool, at)
				permit(fmt.Sprintf("resource == Tool::%q", tool))
			case 3:
				glob := []string{"set1_*", "*_t3", "*_t4", "set*_t5", "*"}[rnd.IntN(5)]
				fmt.Fprintf(&y, "      - {do: [%q]%s}\n", glob, at)
				permit(fmt.Sprintf("context.name like %q && context.risk <= 1 && !context.grave", glob))
			}
		}
		if rnd.IntN(2) == 0 {
			tool, glob := tools[rnd.IntN(len(tools))].Name, []string{"set2_*", "*_t2", "*_t4"}[rnd.IntN(3)]
			fmt.Fprintf(&y, "    never: [%s, %q]\n", tool, glob)
			fmt.Fprintf(&c, "forbid(principal == Agent::%q, action, resource == Tool::%q);\n", agent, tool)
			fmt.Fprintf(&c, "forbid(principal == Agent::%q, action, resource) when { context.name like %q };\n", agent, glob)
		}
	}
	return y.String(), c.String()
}

func cedarRequest(p Principal, a Action) cedar.Request {
	return cedar.Request{
		Principal: cedar.NewEntityUID("Agent", cedar.String(p.Agent)),
		Action:    cedar.NewEntityUID("Action", "use"),
		Resource:  cedar.NewEntityUID("Tool", cedar.String(a.Tool)),
		Context: cedar.NewRecord(cedar.RecordMap{
			"toolset": cedar.String(a.Toolset), "name": cedar.String(a.Tool),
			"grave": cedar.Boolean(a.Grave), "risk": cedar.Long(a.Risk), "objects": cedar.Long(a.Objects),
		}),
	}
}

func BenchmarkDecide(b *testing.B) {
	e := Enforce(parsed(b, fmt.Sprintf(everything, strings.Repeat("a", 64))), EnforcerOptions{})
	a := Action{Tool: "users_unlock", Toolset: "users", Risk: Change, Targets: []Target{{"user", "1", "jdoe"}}, Objects: 1}
	p := Principal{Agent: "helpdesk"}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if !e.Decide(ctx, p, a).Allow {
			b.Fatal("refused")
		}
	}
}
