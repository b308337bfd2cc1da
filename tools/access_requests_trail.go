package tools

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// accessTrail is where requests have left a trace, since JumpCloud lists none: in
// the events of making and changing them, and in the audit of this server, which
// knows of its own before events come.
type accessTrail struct {
	by     map[string]string // who made a request, and who approved that, where it is told
	ids    []string          // the newest trace first; each has to be read to know what it is now
	all    bool              // every event of the time was looked through
	events error             // why JumpCloud lets the events not be read; nil when they were
	audit  string            // which part of the audit was read, in words
}

// trace is a request and when something was last heard of it.
type trace struct {
	id string
	at time.Time
	by string // who made it; "" where this is no trace of that
}

// followAccess looks for requests of the user and the device, "" for any, in the
// last 90 days. What the audit does not tell is no error: the trail says so.
func followAccess(ctx context.Context, r *Reader, user, device string) (*accessTrail, error) {
	t := &accessTrail{by: map[string]string{}}
	var inEvents, inAudit []trace
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if inEvents, t.all, err = accessEventsOf(gctx, r, user, device); jc.IsCode(err, jc.CodeForbidden) {
			t.events, err = err, nil
		}
		return err
	})
	g.Go(func() error { inAudit, t.audit = accessAuditOf(gctx, r, user, device); return gctx.Err() })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	traces := append(inEvents, inAudit...)
	for _, x := range traces { // the audit last: it knows who stood behind the credential
		if x.by != "" {
			t.by[x.id] = x.by
		}
	}
	slices.SortStableFunc(traces, func(a, b trace) int { return b.at.Compare(a.at) })
	seen := map[string]bool{}
	for _, x := range traces {
		if !seen[x.id] {
			seen[x.id] = true
			t.ids = append(t.ids, x.id)
		}
	}
	return t, nil
}

// accessIDs are the ids alone, for those who can do nothing without the events; all
// is false when there were more events than are looked through.
func accessIDs(ctx context.Context, r *Reader, user, device string) (ids []string, all bool, err error) {
	t, err := followAccess(ctx, r, user, device)
	if err != nil {
		return nil, false, err
	}
	return t.ids, t.all, t.events
}

// accessEventsOf looks through events that speak of the user and the device.
func accessEventsOf(ctx context.Context, r *Reader, user, device string) (traces []trace, all bool, err error) {
	now := time.Now().UTC()
	body := map[string]any{
		"service": []string{"access_management"}, "sort": "DESC",
		"start_time": now.Add(-accessHistory).Format(time.RFC3339), "end_time": now.Add(time.Minute).Format(time.RFC3339),
	}
	at := now
	all, err = r.eachEvent(ctx, body, accessEvents, func(event jc.Row) {
		if told, err := time.Parse(time.RFC3339, event.Text("timestamp")); err == nil {
			at = told // else about when the one before it was
		}
		if mentions(event, user) && mentions(event, device) {
			for _, id := range requestIDs(event, user, device) {
				traces = append(traces, trace{id, at, madeBy(event)})
			}
		}
	})
	return traces, all, err
}

// accessAuditOf looks through what this server wrote of changes that it made to
// requests, or that may have been made. What did not happen names no request surely.
func accessAuditOf(ctx context.Context, r *Reader, user, device string) (traces []trace, words string) {
	audit, ok := r.d.o.Audit.(auth.AuditReader)
	if !ok {
		return nil, "this server's audit not read (it is not kept)"
	}
	kind := jc.AccessRequest{}.Kind()
	rec, err := audit.Lines(ctx, auth.Wanted{Since: time.Now().Add(-accessHistory), Target: kind.Type, Keep: func(l auth.Line) bool {
		return l.Phase == auth.PhaseResult && l.Risk != auth.Read.String() && l.Outcome != string(Failed) && l.Outcome != string(NotSent) &&
			hasTarget(l, jc.User{}.Kind(), user) && hasTarget(l, jc.Device{}.Kind(), device)
	}})
	if err != nil && ctx.Err() == nil {
		r.d.o.Log.ErrorContext(ctx, "the audit could not be read back", "tool", r.trip.tool.Name)
	}
	for _, l := range rec.Lines {
		for _, target := range l.Targets {
			if target.Type == kind.Type && kind.IsID(target.ID) {
				traces = append(traces, trace{target.ID, l.Time, madeUnder(l)})
			}
		}
	}
	return traces, auditWords(rec, err)
}

// madeBy is who made a request, as JumpCloud's event of that tells it.
func madeBy(event jc.Row) string {
	if event.Text("event_type") != "access_request_create" {
		return ""
	}
	for _, name := range []string{"initiated_by.email", "initiated_by.username", "initiated_by.type"} {
		if who := event.Text(name); who != "" {
			return who
		}
	}
	return ""
}

// madeUnder is the agent that made a request here, and the person who approved it.
func madeUnder(l auth.Line) string {
	if l.Tool != createdAccess {
		return ""
	}
	if l.Approver != "" {
		return l.Agent + ", approved by " + l.Approver
	}
	return l.Agent + ", nobody was asked"
}

// hasTarget reports whether a line is about the object; "" is any.
func hasTarget(l auth.Line, kind *jc.Kind, id string) bool {
	return id == "" || slices.ContainsFunc(l.Targets, func(t auth.Target) bool { return t.Type == kind.Type && t.ID == id })
}

// auditWords says what of the audit was read. A reading that failed is never silent.
func auditWords(rec auth.Record, err error) string {
	since := "since " + rec.From.UTC().Format(minute)
	var words string
	switch {
	case err != nil && rec.Memory:
		return "this server's audit not read (the file cannot be read), only what this process remembers " + since
	case err != nil:
		return "this server's audit not read"
	case rec.Memory:
		words = "this server's audit " + since + " (in memory only)"
	default:
		words = "this server's audit " + since
	}
	if rec.Unread > 0 {
		words += fmt.Sprintf(", %d lines of it not understood", rec.Unread)
	}
	return words
}
