package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	approvalTTL = 5 * time.Minute
	shownSteps  = 20 // steps a question or a preview spells out
)

// confirm asks a person where the decision says so. It answers nil when the call
// may go on: nobody has to be asked, or the yes that came fits exactly this plan.
func (d *Desk) confirm(ctx context.Context, tr *trip, p *Plan, dec auth.Decision) *Answer {
	if dec.Approval == auth.NoApproval {
		return nil
	}
	bound := sealed(tr, p, dec)
	if dec.Approval >= auth.HumanApproval {
		return d.person(ctx, tr, p, dec, bound)
	}
	if rep := tr.call.Reply; rep != nil {
		tr.approval = approvalRefused
		err := error(&Refusal{jc.CodeDenied, "the person who was asked did not agree. Do not repeat it unless they ask for it"})
		if rep.Accepted {
			if err = d.o.Sealer.Open(sealIn(rep.State), bound); err == nil {
				tr.approval = approvalApproved
				return nil
			}
			tr.approval = ""
			if errors.Is(err, auth.ErrSealExpired) || errors.Is(err, auth.ErrSealMoved) {
				tr.approval = approvalExpired
			}
			err = &Refusal{jc.CodeNeedsApproval, sealProblem(err)}
		}
		a := d.refuse(ctx, tr, p, err, dec)
		return &a
	}
	question := d.question(ctx, tr, p)
	if !tr.call.CanAsk {
		a := d.refuse(ctx, tr, p, &Refusal{jc.CodeNeedsApproval, "Nothing was sent. " + question +
			" Only a person can approve it, and " + cmp.Or(tr.call.NoAsk, "this client cannot ask one (it did not declare elicitation)") +
			". Tell the user; an operator can do it with `jc-mcp call` on a terminal"}, dec)
		return &a
	}
	tr.approval = approvalAsked
	return &Answer{Text: []string{"needs_approval. Nothing was sent. " + question}, Ask: &Ask{Question: question + " Go ahead?", State: tr.noted(d.o.Sealer.Seal(bound, approvalTTL))}}
}

func sealProblem(err error) string {
	switch {
	case errors.Is(err, auth.ErrSealExpired):
		return "the approval came too late. Make the call again"
	case errors.Is(err, auth.ErrSealMoved):
		return "what was approved is not what this call would do now. Make the call again"
	case errors.Is(err, auth.ErrSealUsed):
		return "the approval has been used. Make the call again"
	}
	return "the approval is not valid. Make the call again"
}

// sealed are the bytes that an approval is bound to: where, who, what, on what, what was
// seen of it, and the rules in force.
func sealed(tr *trip, p *Plan, dec auth.Decision) []byte {
	type step struct {
		Tool, Method, Path string
		Params             map[string]string
		Query              url.Values
		Body               any
		Targets            []auth.Target
		Before             map[string]any
		Skip               string
	}
	steps := make([]step, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = step{s.Tool.Name, s.Request.Method, s.Request.Path, s.Request.Params, s.Request.Query, s.Request.Body, s.Targets, s.Before, s.Skip}
	}
	b, err := json.Marshal([]any{tr.org, tr.credential, tr.who.Key(), tr.tool.Name, steps, dec.Version, tr.reason})
	if err != nil { // a body that does not marshal is never sent either
		return nil
	}
	return b
}

// question says the whole plan to a person.
func (d *Desk) question(ctx context.Context, tr *trip, p *Plan) string {
	var b strings.Builder
	t := tr.tool
	fmt.Fprintf(&b, "%s (%s)", strings.TrimSuffix(t.Doc, "."), d.org.name(ctx, d))
	sent := 0
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Skip != "" {
			continue
		}
		if sent++; sent > shownSteps {
			continue
		}
		b.WriteString("\n- " + stepLine(s))
		if s.State != "" {
			b.WriteString(" (" + s.State + ")")
		}
	}
	if sent > shownSteps {
		fmt.Fprintf(&b, "\n- and %d more", sent-shownSteps)
	}
	b.WriteString("\n")
	if tr.reason != "" {
		fmt.Fprintf(&b, "The agent says why: %q.\n", tr.reason)
	}
	if t.Risk == auth.Destroy {
		b.WriteString("This cannot be undone here.")
	} else {
		fmt.Fprintf(&b, "%d %s.", sent, oneOrMany(sent, "object", "objects"))
	}
	return b.String()
}

// preview is the answer to dry_run: nothing was sent, nobody was asked.
func (d *Desk) preview(ctx context.Context, tr *trip, p *Plan, dec auth.Decision) Answer {
	var b strings.Builder
	t := tr.tool
	fmt.Fprintf(&b, "DRY RUN. Nothing was sent. %s would (%s):", t.Name, d.org.name(ctx, d))
	for i := range p.Steps {
		s := &p.Steps[i]
		if i == shownSteps {
			fmt.Fprintf(&b, "\n- and %d more", len(p.Steps)-i)
			break
		}
		if s.Skip != "" {
			fmt.Fprintf(&b, "\n- skip %s: %s", stepLine(s), s.Skip)
			continue
		}
		fmt.Fprintf(&b, "\n- %s %s: %s", s.Request.Method, s.Request.Path, stepLine(s))
		if s.State != "" {
			b.WriteString(" (" + s.State + ")")
		}
	}
	if t.noBack != "" {
		b.WriteString("\nIt cannot be read back: " + t.noBack + ".")
	}
	if back := d.prospect(p); back != "" {
		b.WriteString("\n" + back)
	}
	if tr.unexplained(dec) != nil {
		b.WriteString("\nIt needs a reason.")
	}
	if dec.Approval != auth.NoApproval {
		b.WriteString("\nA person will be asked first.")
	}
	return Answer{Text: []string{b.String()}}
}

// stepLine is "user group Sales: description a -> b". Objects that a field was
// set to are named there and not again as targets.
func stepLine(s *Step) string {
	if s.Line != "" {
		return s.Line
	}
	after := map[string]any{}
	named := map[string]string{}
	for _, t := range s.Targets {
		named[t.ID] = t.Name
	}
	used := map[string]bool{}
	for k, v := range s.After {
		if id, _ := v.(string); id != "" && named[id] != "" {
			v, used[id] = named[id], true
		}
		after[k] = v
	}
	var words []string
	for i, t := range s.Targets {
		if i == 0 || !used[t.ID] {
			words = append(words, describe(t))
		}
	}
	line := strings.Join(words, ", ")
	if line == "" && s.Tool != nil { // what it acts on has neither id nor name yet, or there is one of it
		line = s.Tool.purpose()
	}
	if changes := changesOf(s.Before, after); changes != "" {
		line += ": " + changes
	}
	return line
}

// changesOf is "department Sales -> Legal, location - -> Berlin".
func changesOf(before, after map[string]any) string {
	names := make([]string, 0, len(after))
	for n := range after {
		names = append(names, n)
	}
	slices.Sort(names)
	var parts []string
	for _, n := range names {
		now := inline(after[n])
		if was, ok := before[n]; ok && before != nil {
			parts = append(parts, fmt.Sprintf("%s %s -> %s", n, inline(was), now))
		} else if before != nil {
			parts = append(parts, fmt.Sprintf("%s - -> %s", n, now))
		} else {
			parts = append(parts, n+"="+now)
		}
	}
	return strings.Join(parts, ", ")
}
