package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// createStates plans a change of state for each of the users named; each gets
// a job of its own, which runs by the clock.
func (c *call) createStates() *reply {
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"user_ids": "!as", "state": "!e:ACTIVATED|SUSPENDED", "start_date": "!t",
		"send_activation_emails": "b", "activation_email_override": "s"})
	if problem != "" {
		return c.bad(problem)
	}
	ids, _ := textList(clean["user_ids"])
	if len(ids) == 0 {
		return c.bad("user_ids is required")
	}
	if len(ids) > 1 && text(clean["activation_email_override"]) != "" {
		return c.bad("activation_email_override can only be used with one user")
	}
	at, _ := time.Parse(time.RFC3339, text(clean["start_date"]))
	if !at.After(c.at) {
		return c.bad("start_date must be in the future")
	}
	for _, id := range ids {
		if c.users.get(id) == nil {
			return c.fail(http.StatusNotFound, "user not found: "+id)
		}
	}
	rows := make([][]byte, len(ids))
	for i, id := range ids {
		d := c.userStates.add(map[string]any{"scheduledJobId": c.newID("userstate"), "systemUserId": id,
			"state": clean["state"], "scheduledDate": stamp(at)})
		c.later(at, func(at time.Time) { c.changeState(d.id, at) })
		c.logChange("user_state_schedule", "directory", c.userResource(c.users.get(id)), nil)
		rows[i] = c.userStates.json(d, viewList)
	}
	return created(joined(rows))
}

// changeState carries a planned change out, unless it was called off or the
// user is gone.
func (o *Org) changeState(job string, at time.Time) {
	planned := o.userStates.get(job)
	if planned == nil {
		return
	}
	o.userStates.remove(planned)
	d := o.users.get(text(planned.m["systemUserId"]))
	if d == nil || o.traps["no-effect"] {
		return
	}
	m := inState(with(d.m, map[string]any{"state": planned.m["state"]}))
	diff := changed(d.m, m)
	if len(diff) == 0 {
		return
	}
	o.users.replace(d, m)
	kind := "user_activated"
	if m["state"] == "SUSPENDED" {
		kind = "user_suspended"
	}
	o.logged(at, map[string]any{"event_type": kind, "service": "directory", "success": true, "changes": diff,
		"initiated_by": map[string]any{"type": "system"},
		"resource":     map[string]any{"id": d.id, "type": "user", "username": m["username"], "name": m["username"]}})
}

// listStates lists what is planned; userid narrows to one user.
func (c *call) listStates() *reply {
	q := c.r.URL.Query()
	p, err := pageV2(q)
	if err != nil {
		return c.bad(err.Error())
	}
	if id := q.Get("userid"); id != "" {
		p.match = both(p.match, oneOf("systemUserId", []any{id}, true))
	}
	docs, _ := c.rows(c.userStates, p)
	return c.counted(okBytes(joined(c.bodies(c.userStates, docs, nil, viewList))), len(c.userStates.order))
}

func (c *call) deleteState() *reply {
	d := c.userStates.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.userStates.remove(d)
	c.logChange("user_state_cancel", "directory", map[string]any{"id": d.id, "type": "scheduled_job", "user": d.m["systemUserId"]}, nil)
	return empty(http.StatusNoContent)
}

// nextStates gives, for each user named, the next change of each state.
func (c *call) nextStates() *reply {
	q := c.r.URL.Query()
	p, err := pageV2(q)
	if err != nil {
		return c.bad(err.Error())
	}
	var ids []string
	for _, s := range q["users"] {
		ids = append(ids, strings.Split(s, ",")...)
	}
	if len(ids) == 0 || len(ids) > pageMost {
		return c.bad("users must name between 1 and 100 users")
	}
	next := newCollection("next", "scheduledJobId")
	seen := map[string]bool{}
	for _, d := range c.userStates.by("scheduledDate") {
		key := text(d.m["systemUserId"]) + text(d.m["state"])
		if slices.Contains(ids, text(d.m["systemUserId"])) && !seen[key] {
			seen[key] = true
			next.add(d.m)
		}
	}
	rows := []any{}
	for _, d := range window(next.order, p.skip, p.limit) {
		rows = append(rows, d.m)
	}
	return ok(map[string]any{"events_count": len(next.order), "results": rows})
}
