package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

const (
	defaultLast = 24 * time.Hour
	surelyKept  = 15 * 24 * time.Hour // on the lowest plan, as observed; 90 days on others
	eventPage   = 1000                // events read at once where conditions are answered here
	maxEvents   = 10_000              // looked through where conditions are answered here
)

// question is one to Directory Insights that is understood.
type question struct {
	body     map[string]any
	from, to time.Time
	services []string
	here     []func(jc.Row) bool // conditions that cannot be put beside the others in one question
	needs    []string            // fields that these look at
	notes    []string
	sees     eventSight
}

// askEvents understands what all questions have in common. JumpCloud takes one
// conjunction: all of these, any of these, or none of these. What does not fit
// beside is answered here.
func askEvents(ctx context.Context, r *Reader, services []eventService, in *eventFind, text *eventText, window *[2]time.Time) (*question, error) {
	q := &question{sees: r.seesEvents()}
	for _, s := range services {
		q.services = append(q.services, string(s))
	}
	if len(q.services) == 0 || slices.Contains(q.services, "all") {
		q.services = []string{"all"}
	}
	var err error
	if window != nil {
		q.from, q.to = window[0], window[1]
	} else if q.from, q.to, err = eventWindow(in, time.Now().UTC()); err != nil {
		return nil, err
	}
	q.body = map[string]any{"service": q.services, "start_time": q.from.Format(time.RFC3339), "end_time": q.to.Format(time.RFC3339)}
	if text != nil && text.Search+text.ExactMatch != "" && (len(q.sees.own) > 0 || q.sees.narrowsObjects()) {
		return nil, &Refusal{jc.CodeDenied, "denied by this server (fields of the grant), not by JumpCloud. Only some fields are granted, and a search of texts looks into all; use filter"}
	}
	if text != nil && text.Search != "" && text.ExactMatch != "" {
		return nil, invalid("exact_match", "JumpCloud takes it or search, not both")
	}
	if text != nil && text.Search != "" {
		q.body["q"] = text.Search
	}
	if text != nil && text.ExactMatch != "" {
		q.body["exact_match"] = text.ExactMatch
	}
	clauses, err := parseFilter(in.Filter, q.to)
	if err != nil {
		return nil, err
	}
	for _, c := range clauses {
		if err := q.sees.asks(c.field); err != nil {
			return nil, err
		}
		if err := r.trip.tool.told(c); err != nil {
			return nil, err
		}
	}
	abouts, err := eventAbouts(ctx, r, in)
	if err != nil {
		return nil, err
	}
	for _, a := range abouts {
		maps.DeleteFunc(a, func(field string, _ any) bool { return q.sees.asks(field) != nil })
		if len(a) == 0 {
			return nil, q.sees.own.refuse("initiated_by")
		}
	}
	q.conditions(abouts, clauses)
	return q, nil
}

// about is an object and the fields of an event that may name it.
type about map[string]any

// eventAbouts are the user and the device that events have to be about.
func eventAbouts(ctx context.Context, r *Reader, in *eventFind) (out []about, err error) {
	if u := in.User.Found(); u.ID != "" {
		if u, err = named(ctx, r, u); err != nil {
			return nil, err
		}
		a := about{}
		// Events of LDAP, RADIUS and devices name people at their top and without an id.
		for field, value := range map[string]string{"initiated_by.username": u.Name, "username": u.Name, "resource.username": u.Name, "initiated_by.email": u.Row.Text("email")} {
			if value != "" {
				a[field] = value
			}
		}
		a["resource.user"] = u.ID // of an access request
		out = append(out, a.ids(u.ID))
	}
	if d := in.Device.Found(); d.ID != "" {
		out = append(out, about{"system.id": d.ID, "resource.system": d.ID}.ids(d.ID))
	}
	return out, nil
}

// ids adds the fields that hold ids. The ends of an association have object_id
// in public code and id in other descriptions.
func (a about) ids(id string) about {
	for _, field := range []string{"initiated_by.id", "resource.id",
		"association.connection.from.object_id", "association.connection.to.object_id",
		"association.connection.from.id", "association.connection.to.id"} {
		a[field] = id
	}
	return a
}

// named looks an object up of which only the id is known. One that is gone may still have events.
func named(ctx context.Context, r *Reader, o jc.Object) (jc.Object, error) {
	if o.Name != "" && o.Row != nil {
		return o, nil
	}
	found, err := r.dir.ByID(ctx, o.Kind, []string{o.ID}, false)
	if there, ok := found[o.ID]; ok {
		return there, err
	}
	return o, err
}

func (a about) holds(row jc.Row) bool {
	for field, want := range a {
		if v, _ := row.At(field); v == want {
			return true
		}
	}
	return false
}

// conditions gives JumpCloud one conjunction, the one that narrows most, and keeps the rest.
func (q *question) conditions(abouts []about, clauses []clause) {
	for i, a := range abouts {
		if i == 0 {
			q.body["search_term"] = map[string]any{"or": map[string]any(a)}
			continue
		}
		q.keep(a.holds, slices.Collect(maps.Keys(a))...)
	}
	asked := len(abouts) > 0
	and, not := map[string]any{}, map[string]any{}
	for _, c := range clauses {
		q.known(c.field)
		_, twice := and[c.field]
		value, negated, plain := c.equality()
		switch {
		case !asked && plain && !negated && value != "" && !twice:
			and[c.field] = typedValue(value)
		case !asked && negated && value != "" && len(not) == 0:
			not[c.field] = typedValue(value)
		default:
			q.keepClause(c)
		}
	}
	switch {
	case len(and) > 0:
		q.body["search_term"] = map[string]any{"and": and}
		for _, c := range clauses { // the one that could have been asked alone
			if _, there := not[c.field]; there && c.op == "!=" {
				q.keepClause(c)
				delete(not, c.field)
			}
		}
	case len(not) > 0:
		q.body["search_term"] = map[string]any{"not": not}
	}
}

func (q *question) keepClause(c clause) {
	q.keep(func(row jc.Row) bool { holds, _ := c.holds(row); return holds }, c.field)
}

func (q *question) keep(holds func(jc.Row) bool, fields ...string) {
	q.here = append(q.here, holds)
	for _, f := range fields {
		q.need(f)
	}
}

// need asks for the top of a field.
func (q *question) need(field string) {
	if top, _, _ := strings.Cut(field, "."); !slices.Contains(q.needs, top) {
		q.needs = append(q.needs, top)
	}
}

// known notes a name that events were not seen to have: services have fields of
// their own, so it is not refused, but "nothing found" may be its fault.
func (q *question) known(field string) {
	top, _, _ := strings.Cut(field, ".")
	if slices.Contains(eventFields, top) {
		return
	}
	note := fmt.Sprintf("no event field %q is known here", clip(field))
	if near := schemas.Nearest(top, eventFields); near != "" {
		note += fmt.Sprintf(", did you mean %q", near)
	}
	if !slices.Contains(q.notes, note) {
		q.notes = append(q.notes, note)
	}
}

func (q *question) matches(row jc.Row) bool {
	for _, holds := range q.here {
		if !holds(row) {
			return false
		}
	}
	return true
}

// eventWindow reads last, start_time and end_time. The end is fixed, so that
// events that come in later do not shift the pages.
func eventWindow(in *eventFind, now time.Time) (from, to time.Time, err error) {
	now = now.Truncate(time.Second).Add(time.Second) // events of this very second count
	to = now
	if in.EndTime != "" {
		if to, err = time.Parse(time.RFC3339, in.EndTime); err != nil {
			return from, to, invalid("end_time", "must be a time such as 2026-01-31T09:00:00Z")
		}
		if to = to.UTC(); to.After(now) {
			to = now
		}
	}
	switch {
	case in.StartTime != "" && in.Last != "":
		return from, to, invalid("last", "give it or start_time, not both")
	case in.StartTime != "":
		if from, err = time.Parse(time.RFC3339, in.StartTime); err != nil {
			return from, to, invalid("start_time", "must be a time such as 2026-01-31T09:00:00Z")
		}
		from = from.UTC()
	default:
		d := defaultLast
		if in.Last != "" {
			var ok bool
			if d, ok = parseDuration(in.Last); !ok {
				return from, to, invalid("last", fmt.Sprintf("%q is no length of time such as 90m, 24h or 7d", clip(in.Last)))
			}
		}
		from = to.Add(-d)
	}
	if !from.Before(to) {
		return from, to, invalid("start_time", fmt.Sprintf("the window from %s to %s is empty; it is %s now", from.Format(minute), to.Format(minute), now.Format(minute)))
	}
	return from, to, nil
}

// page is a stretch of events.
type eventsRead struct {
	rows []jc.Row
	next json.RawMessage // where the next stretch begins; nil at the end
	more bool            // there are more, also when JumpCloud does not say where they begin
}

// events reads one stretch.
func (r *Reader) events(ctx context.Context, body map[string]any, limit int, after json.RawMessage) (eventsRead, error) {
	body = maps.Clone(body)
	body["limit"] = limit
	if after != nil {
		body["search_after"] = after
	}
	var out eventsRead
	resp, err := r.Do(ctx, jc.Request{Endpoint: eventsQuery, Body: body})
	if err != nil {
		return out, err
	}
	if err := resp.Decode(&out.rows); err != nil {
		return out, err
	}
	sees := r.seesEvents()
	for i, row := range out.rows {
		if err := checks[jc.Event](row); err != nil {
			return out, err
		}
		if r.trip.tool.Risk == auth.Read {
			out.rows[i] = sees.mask(row)
		}
	}
	count, most := headerInt(resp, "X-Result-Count", len(out.rows)), headerInt(resp, "X-Limit", limit)
	if out.more = len(out.rows) > 0 && count >= most; out.more {
		place := json.RawMessage(resp.Header.Get("X-Search_after"))
		var parts []any
		if json.Unmarshal(place, &parts) == nil && len(parts) > 0 {
			out.next = place
		}
	}
	return out, nil
}

func headerInt(resp *jc.Response, name string, otherwise int) int {
	if n, err := strconv.Atoi(resp.Header.Get(name)); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// eachEvent goes through the events of a question, each once; all is false when
// there are more than most.
func (r *Reader) eachEvent(ctx context.Context, body map[string]any, most int, f func(jc.Row)) (all bool, err error) {
	seen := map[string]bool{}
	var after json.RawMessage
	for read := 0; read < most; {
		part, err := r.events(ctx, body, min(eventPage, most-read), after)
		if err != nil {
			return false, err
		}
		for _, row := range part.rows {
			if id := row.Text("id"); id == "" || !seen[id] {
				seen[id] = true
				f(row)
			}
		}
		read += len(part.rows)
		if p := r.trip.call.Progress; p != nil {
			p(read, 0, "events read")
		}
		if !part.more {
			return true, nil
		}
		if part.next == nil || string(part.next) == string(after) {
			return false, nil
		}
		after = part.next
	}
	return false, nil
}

// scan answers the conditions that are left to here.
func (q *question) scan(ctx context.Context, r *Reader, needs ...string) (hits []jc.Row, all bool, err error) {
	body := maps.Clone(q.body)
	if _, sorted := body["sort"]; !sorted {
		body["sort"] = "DESC"
	}
	for _, f := range append([]string{"id", "timestamp"}, needs...) {
		q.need(f)
	}
	body["fields"] = q.needs
	all, err = r.eachEvent(ctx, body, maxEvents, func(row jc.Row) {
		if q.matches(row) {
			hits = append(hits, row)
		}
	})
	if !all && err == nil {
		q.notes = append(q.notes, fmt.Sprintf("only the first %d events that could match were looked through: not complete, take a shorter window", maxEvents))
	}
	return hits, all, err
}

// count asks how many events there are.
func (q *question) count(ctx context.Context, r *Reader) (int, error) {
	resp, err := r.Do(ctx, jc.Request{Endpoint: eventsCount, Body: q.body})
	if err != nil {
		return 0, err
	}
	var got struct {
		Count *int `json:"count"`
	}
	if err := resp.Decode(&got); err != nil {
		return 0, err
	}
	if got.Count == nil {
		return 0, &jc.Error{Code: jc.CodeUpstreamDown, Cause: "a count without a number"}
	}
	return *got.Count, nil
}

// coverage says which part of the window JumpCloud still holds. Events go after
// 90 days, on the lowest plan after 15, so a window that begins earlier than
// that is held against the oldest event there is.
func (q *question) coverage(ctx context.Context, r *Reader) string {
	if time.Since(q.from) <= surelyKept {
		return ", fully covered"
	}
	oldest, err := r.events(ctx, map[string]any{
		"service": []string{"all"}, "start_time": q.from.Format(time.RFC3339), "sort": "ASC", "fields": []string{"timestamp"},
	}, 1, nil)
	if err != nil {
		return ", how far back events are kept could not be read"
	}
	if len(oldest.rows) == 0 {
		return ", not covered: no event of that time or later is kept"
	}
	at, err := time.Parse(time.RFC3339, oldest.rows[0].Text("timestamp"))
	switch at = at.UTC(); {
	case err != nil:
		return ", how far back events are kept could not be read"
	case !at.Before(q.to):
		return ", not covered: the oldest event kept is of " + at.Format(minute)
	case at.Sub(q.from) > 24*time.Hour:
		return ", covered from " + at.Format(minute) + " on, the oldest event kept"
	}
	return ", fully covered"
}

// window is the part of a head that says what was looked at.
func (q *question) window(coverage string) string {
	return fmt.Sprintf("window %s to %s%s; services read: %s", q.from.Format(minute), q.to.Format(minute), coverage, strings.Join(q.services, " "))
}
