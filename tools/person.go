package tools

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// People are the persons who prove themselves outside the caller's client, and what
// they share with this server.
type People struct {
	// Dir is where requests wait and answers lie; with it come the kill switch and the
	// memory of refusals. nil where there is none, and what needs a person is refused.
	Dir *state.Dir
	// Approvers are those of the grants in force; nil for none.
	Approvers func() []auth.Approver
	// Tell tells people of something; nil for nobody to tell.
	Tell func(state.Note)
	// Page is the address of the page on which people answer; nil, and "", where there is none.
	Page func() string
}

// orPage goes on a sentence that names a command, where people have a page as well.
func (p People) orPage() string {
	if p.Page == nil || p.Page() == "" {
		return ""
	}
	return " or open " + p.Page()
}

// stopped says whether a person has stopped the changes of an agent, or a tool.
func (d *Desk) stopped(who auth.Principal, t *Tool) error {
	if t.Risk == auth.Read || d.o.People.Dir == nil {
		return nil
	}
	why, err := d.o.People.Dir.Halted(who.Agent, t.Name)
	switch {
	case errors.Is(err, auth.ErrStore):
		return &Refusal{jc.CodeDenied, storeGone}
	case err != nil:
		why = "the kill switch cannot be read, so nothing is changed"
	case why == "":
		return nil
	}
	return &Refusal{jc.CodeDenied, "denied by this server (" + why + "), not by JumpCloud. A person can lift it with jc-mcp resume. Repeating will not help"}
}

// person has somebody other than the caller's client approve a plan: the same call,
// repeated, goes on once he has. It answers nil when the call may go on.
func (d *Desk) person(ctx context.Context, tr *trip, p *Plan, dec auth.Decision, bound []byte) *Answer {
	refuse := func(code jc.Code, text string) *Answer {
		a := d.refuse(ctx, tr, p, &Refusal{code, text}, dec)
		return &a
	}
	var approvers []auth.Approver
	if d.o.People.Approvers != nil {
		approvers = d.o.People.Approvers()
	}
	if d.o.People.Dir == nil || len(approvers) == 0 {
		return refuse(jc.CodeNeedsApproval, "Nothing was sent. "+d.question(ctx, tr, p)+
			" A person has to approve it ("+dec.Rule+"), and this server knows no approver: the operator has to name one in the grant file")
	}
	sum := sha256.Sum256(bound)
	r := state.Request{
		Org: tr.org, Agent: tr.who.Agent, Principal: tr.who.Name, Tool: tr.tool.Name, Risk: tr.tool.Risk.String(),
		Question: d.question(ctx, tr, p), Targets: targetsOfPlan(p), Bound: sum[:],
	}
	if tr.notes != nil {
		r.Call, r.Notes = tr.hash(), tr.notes
	}
	if len(p.Steps) == 1 {
		r.Before, r.After = p.Steps[0].Before, p.Steps[0].After
	}
	if dec.Wait > 0 {
		r.Until = time.Now().Add(dec.Wait)
	}
	if dec.Approval == auth.OtherHumanApproval {
		r.OtherThan = tr.who.Name
		if tr.who.Person != "" { // by the name that approvers go by
			r.OtherThan = tr.who.Person
		}
		if r.OtherThan == "" {
			return refuse(jc.CodeNeedsApproval, "Nothing was sent. Another person than the agent acts for has to approve it ("+dec.Rule+"), and whom it acts for is not known")
		}
	}
	asked, fresh, err := d.o.People.Dir.Ask(ctx, r)
	if err != nil {
		return refuse(jc.CodeNeedsApproval, "Nothing was sent. The request for a person could not be written: "+whyNotAsked(err))
	}
	tr.request = asked.Code
	if fresh {
		tr.approval = approvalAsked
	}
	if fresh && d.o.People.Tell != nil {
		d.o.People.Tell(state.NoteOf(asked))
	}
	yes, err := d.o.People.Dir.Take(ctx, asked, approvers)
	switch {
	case err == nil:
		tr.approver, tr.approval = &yes.By, approvalApproved
		return nil
	case errors.Is(err, state.ErrRefused):
		tr.approval = approvalRefused
		return refuse(jc.CodeDenied, "a person refused request "+asked.Code+". Do not repeat it unless they ask for it")
	case errors.Is(err, state.ErrUsed):
		return refuse(jc.CodeNeedsApproval, "the approval "+asked.Code+" has been used. Make the call again to ask anew")
	case errors.Is(err, state.ErrMoved), errors.Is(err, state.ErrExpired):
		tr.approval = approvalExpired
		return refuse(jc.CodeNeedsApproval, "Nothing was sent. Request "+asked.Code+" came too late, or what it was for has changed. Make the call again to ask anew")
	case errors.Is(err, state.ErrPending), errors.Is(err, state.ErrNotApprover), errors.Is(err, state.ErrForged):
		a := refuse(jc.CodeNeedsApproval, fmt.Sprintf("Nothing was sent. %s Request %s waits for a person until %s: tell the user to run `jc-mcp approve %s`%s, then repeat the same call",
			r.Question, asked.Code, asked.Until.UTC().Format("2006-01-02 15:04Z"), asked.Code, d.o.People.orPage()))
		if tr.call.CanAsk && tr.call.Reply == nil { // the client can wait in the agent's place; its yes proves nothing, and the answer is looked for again
			return &Answer{Text: a.Text, Ask: &Ask{State: d.o.Sealer.Seal(bound, approvalTTL), Question: fmt.Sprintf("%s An approver has to run `jc-mcp approve %s`%s. Go on once that is done.",
				r.Question, asked.Code, d.o.People.orPage())}}
		}
		return a
	}
	if errors.Is(err, auth.ErrStore) {
		return refuse(jc.CodeNeedsApproval, "Nothing was sent. The shared store cannot be reached, so the approval could not be used. Make the call again in a minute")
	}
	return refuse(jc.CodeNeedsApproval, "Nothing was sent. The approval could not be read")
}

// storeGone is what a change is refused with while replicas cannot reach what they share.
const storeGone = "denied by this server, not by JumpCloud: the shared store cannot be reached, so it is not known whether changes are stopped, " +
	"and nothing was sent. Reads go on. Make the call again in a minute; if that does not help, the operator has to look at the store"

func whyNotAsked(err error) string {
	if errors.Is(err, auth.ErrStore) {
		return "the shared store cannot be reached. Make the call again in a minute"
	}
	if errors.Is(err, state.ErrTooMany) {
		return "too many requests wait already. Tell the user to answer them: jc-mcp approvals"
	}
	return "the state directory cannot be used. The operator has to look at it"
}

// targetsOfPlan are the objects of all steps that are sent, each once.
func targetsOfPlan(p *Plan) (out []auth.Target) {
	seen := map[auth.Target]bool{}
	for _, s := range p.all() {
		for _, t := range s.Targets {
			if s.acts() && !seen[t] {
				seen[t] = true
				out = append(out, t)
			}
		}
	}
	return out
}

// burst counts a refused change. Ten in a minute stop the agent's changes, and people are told.
func (d *Desk) burst(ctx context.Context, who auth.Principal) {
	if d.o.People.Dir == nil {
		return
	}
	stopped, err := d.o.People.Dir.Refused(context.WithoutCancel(ctx), who.Agent)
	if err != nil {
		d.o.Log.ErrorContext(ctx, "refusals could not be counted", "agent", who.Agent)
	}
	if stopped {
		l := state.Stop{Agent: who.Agent}.Thrown("this server", "after ten refusals in a minute", false)
		if err := d.o.Audit.Write(context.WithoutCancel(ctx), l); err != nil {
			d.o.Log.ErrorContext(ctx, "the audit line of a stop could not be written", "agent", who.Agent)
		}
	}
	if stopped && d.o.People.Tell != nil {
		d.o.People.Tell(state.Note{
			Event: "agent_stopped", Agent: who.Agent, At: time.Now().UTC(),
			Say: "changes of agent " + who.Agent + " are stopped after ten refusals in a minute; jc-mcp resume --agent " + who.Agent + " lifts it",
		})
	}
}
