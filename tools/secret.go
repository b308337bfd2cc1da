package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Secret declares a tool whose answer holds a key, a PIN, a token or a password.
// A GET only reads it, anything else makes it. The agent gets a receipt: what came,
// without its value.
func Secret[In any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, None](name, doc, auth.Reveal, jc.Once, opts, at)
	if t.Operations[0].Method == "GET" {
		t.Effect = jc.Safe
	}
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) { return planSecret(t, r, in) }
	return t.done(dryArgs{})
}

func planSecret(t *Tool, r *Reader, in any) (*Plan, error) {
	req, err := r.bind(t, t.Operations[0], in)
	if err != nil {
		return nil, err
	}
	return withheld(t, Step{Tool: t, Request: req, Targets: targetsOf(in), After: hideSecrets(bodyOf(req)), State: stateOf(in)}), nil
}

// withheld is the plan of a step whose answer is a secret.
func withheld(t *Tool, step Step) *Plan {
	step.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		switch {
		case resp == nil:
			return Seen{Outcome: Unknown}, nil
		case t.Effect == jc.Safe:
			return Seen{Outcome: WasRead, Note: r.deliver(ctx, resp)}, nil
		}
		return Seen{Outcome: Accepted, Note: r.deliver(ctx, resp)}, nil
	}
	return &Plan{Steps: []Step{step}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		res := done[0]
		if res.Outcome != WasRead {
			return r.d.reportOne(ctx, r, res), nil
		}
		return Answer{Text: []string{fmt.Sprintf("read and withheld. %s (%s). %s", stepLine(res.Step), r.orgName(ctx), sentence(res.Note))}}, nil
	}}
}

// facts about a secret that are no secret: what it belongs to, when it ends.
var plainFacts = []string{"id", "_id", "objectId", "name", "displayName", "state", "status", "type", "expires", "expiry", "expireTime",
	"expirationTimestamp", "expirationTime", "enrollmentDate", "createdAt", "created", "updatedAt"}

// secretsWait is how long a delivered secret waits for the person.
const secretsWait = time.Hour

// deliver sends a secret to the person who approved that it is read, and gives the
// receipt. Where nobody did, it is dropped.
func (r *Reader) deliver(ctx context.Context, resp *jc.Response) string {
	by, dir := r.trip.approver, r.d.o.People.Dir
	if by == nil || dir == nil {
		return receipt(resp) + ", " + dropped
	}
	if err := dir.Deliver(ctx, r.trip.request, *by, resp.Body, secretsWait); err != nil {
		r.d.o.Log.ErrorContext(ctx, "a secret could not be delivered", "tool", r.trip.tool.Name)
		return receipt(resp) + ", it could not be delivered to " + by.Name + " and was dropped"
	}
	return fmt.Sprintf("%s, sent to %s, who reads it once within an hour: jc-mcp approve %s --show%s", receipt(resp), by.Name, r.trip.request, r.d.o.People.orPage())
}

// dropped is what became of a secret that nobody asked for by name.
const dropped = "the secret was dropped: it goes to a person only, when a grant has an approver approve the call; else read it in JumpCloud's console"

// receipt says which fields came. Only what is known to be no secret is shown.
func receipt(resp *jc.Response) string {
	var row jc.Row
	if err := resp.Decode(&row); err != nil {
		return fmt.Sprintf("%d bytes came", len(resp.Body))
	}
	var parts []string
	for name := range row {
		if slices.Contains(plainFacts, name) && cell(row[name]) != "" {
			parts = append(parts, name+"="+inline(row[name]))
		} else {
			parts = append(parts, name+"=set")
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
