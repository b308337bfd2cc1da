package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// eventsFound is what a list of events read.
type eventsFound struct {
	rows     []jc.Row
	total    int // -1 not known
	all      bool
	more     bool
	next     json.RawMessage
	coverage string
}

// eventsListing is a list call on events that is understood.
type eventsListing struct {
	*question
	columns []string
	limit   int
	at      place // where it goes on: After is a place of JumpCloud's, Skip counts from there
	key     string
}

func planEvents(ctx context.Context, r *Reader, in *eventList) (*Plan, error) {
	if in.CountBy != "" || in.Interval != "" {
		return planEventTally(ctx, r, in)
	}
	l := &eventsListing{limit: in.Limit}
	if l.limit == 0 {
		l.limit = defaultLimit
	}
	same := *in
	same.Limit, same.Cursor, same.Fields = 0, "", ""
	key, err := json.Marshal(same)
	if err != nil {
		return nil, err
	}
	l.key = string(key)
	var window *[2]time.Time
	if in.Cursor != "" {
		if l.at, err = r.place(in.Cursor, l.key); err != nil {
			return nil, err
		}
		window = &[2]time.Time{time.Unix(l.at.From, 0).UTC(), time.Unix(l.at.To, 0).UTC()}
	}
	if l.question, err = askEvents(ctx, r, in.Service, &in.eventFind, &in.eventText, window); err != nil {
		return nil, err
	}
	l.body["sort"] = "DESC"
	if in.Sort == "timestamp" {
		l.body["sort"] = "ASC"
	}
	if err := l.choose(in.Fields); err != nil {
		return nil, err
	}
	return readPlan(eventsQuery, in, func(ctx context.Context, r *Reader) (any, error) { return l.fetch(ctx, r) },
		func(ctx context.Context, r *Reader, got any) Answer { return l.show(ctx, r, got.(*eventsFound)) }), nil
}

// readPlan is a plan of one read.
func readPlan(at jc.Endpoint, in any, read func(context.Context, *Reader) (any, error), show func(context.Context, *Reader, any) Answer) *Plan {
	s := Step{Request: jc.Request{Endpoint: at}, Targets: targetsOf(in), read: read}
	return &Plan{Steps: []Step{s}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		return show(ctx, r, done[0].Value), nil
	}}
}

// choose picks the columns and what has to be read for them. Any name is taken:
// services have fields of their own.
func (l *eventsListing) choose(fields string) error {
	if l.columns = l.sees.columns(eventColumns); len(l.columns) == 0 {
		return l.sees.own.refuse("")
	}
	if fields != "" {
		l.columns = nil
		for _, name := range strings.FieldsFunc(fields, func(r rune) bool { return r == ',' || r == ' ' }) {
			if !slices.Contains(l.columns, name) {
				if err := l.sees.shows(name); err != nil {
					return err
				}
				l.columns = append(l.columns, name)
				l.known(name)
			}
		}
	}
	for _, c := range append([]string{"id", "timestamp"}, l.columns...) {
		l.need(c)
		for _, also := range eventCellNeeds[c] {
			l.need(also)
		}
	}
	l.body["fields"] = l.needs
	return nil
}

// fetch reads the page, the total and the coverage side by side.
func (l *eventsListing) fetch(ctx context.Context, r *Reader) (*eventsFound, error) {
	got := &eventsFound{total: -1}
	count := 0
	var countErr error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { got.coverage = l.coverage(gctx, r); return nil })
	if len(l.here) > 0 {
		g.Go(func() error { return l.fetchHere(gctx, r, got) })
		return got, g.Wait()
	}
	counting := *l.question
	counting.body = countBody(l.body)
	g.Go(func() error { count, countErr = counting.count(gctx, r); return nil })
	g.Go(func() error {
		part, err := r.events(gctx, l.body, l.at.Skip+l.limit, l.at.After)
		if err != nil {
			return err
		}
		got.rows = part.rows[min(l.at.Skip, len(part.rows)):]
		got.more, got.next = part.more, part.next
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if countErr == nil {
		got.total = count
	}
	return got, nil
}

// countBody leaves out what does not matter for a count.
func countBody(body map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range body {
		if k != "fields" && k != "sort" && k != "limit" {
			out[k] = v
		}
	}
	return out
}

// fetchHere looks through the window for what JumpCloud cannot be asked for.
func (l *eventsListing) fetchHere(ctx context.Context, r *Reader, got *eventsFound) error {
	hits, all, err := l.scan(ctx, r, l.needs...)
	if err != nil {
		return err
	}
	l.notes = append(l.notes, "filtered here")
	got.rows = hits[min(l.at.Skip, len(hits)):min(l.at.Skip+l.limit, len(hits))]
	got.more = l.at.Skip+l.limit < len(hits)
	got.total, got.all = len(hits), all
	return nil
}

// show writes the head block and the CSV block.
func (l *eventsListing) show(ctx context.Context, r *Reader, got *eventsFound) Answer {
	t := &table{columns: l.columns}
	absent := l.absent(got.rows)
	for _, row := range got.rows {
		cells := make([]string, len(l.columns))
		for i, c := range l.columns {
			switch {
			case absent[c]:
				cells[i] = unread
			case c == "timestamp":
				cells[i] = l.time(row)
			default:
				cells[i] = eventCell(row, c)
			}
		}
		t.rows = append(t.rows, cells)
	}
	shown := t.fit(r.room(400))
	total := fmt.Sprint(got.total)
	if got.total < 0 {
		total = "could not be read"
	}
	head := []string{fmt.Sprintf("total %s; %d shown", total, shown)}
	next := l.goOn(r, got, shown)
	if next != "" {
		head = append(head, "next="+next)
	} else if got.more {
		head = append(head, "there are more, but JumpCloud did not say where they begin; take a shorter window")
	}
	if shown < len(got.rows) {
		head = append(head, fmt.Sprintf("cut at %d tokens: ask for fewer fields", r.cap()))
	}
	head = append(head, l.window(got.coverage))
	if slices.Contains(l.columns, "timestamp") {
		head = append(head, "times UTC")
	}
	head = append(head, l.notes...)
	a := Answer{Text: []string{"# " + strings.Join(append(head, r.orgName(ctx)), "; ")}}
	if len(got.rows) == 0 {
		return a
	}
	body := t.csv(shown)
	if next != "" {
		body += "\n# more; cursor=" + next
	}
	a.Text = append(a.Text, body)
	return a
}

// time is when an event was, without the year where the window in the head says it.
func (l *eventsListing) time(row jc.Row) string {
	t, err := time.Parse(time.RFC3339, row.Text("timestamp"))
	switch {
	case err != nil:
		return eventCell(row, "timestamp")
	case l.to.Sub(l.from) > 365*24*time.Hour:
		return t.UTC().Format(time.DateTime)
	}
	return t.UTC().Format("01-02 15:04:05")
}

// absent are the columns that no event holds, nor what they fall back to: they
// are unread, not none.
func (l *eventsListing) absent(rows []jc.Row) map[string]bool {
	out := map[string]bool{}
	for _, c := range l.columns {
		sources := append([]string{c}, eventCellNeeds[c]...)
		out[c] = !slices.ContainsFunc(rows, func(row jc.Row) bool {
			return slices.ContainsFunc(sources, func(f string) bool { _, sent := row.At(f); return sent })
		})
	}
	return out
}

// goOn is the handle of the place after the rows that are shown; "" at the end.
func (l *eventsListing) goOn(r *Reader, got *eventsFound, shown int) string {
	at := l.at
	at.From, at.To = l.from.Unix(), l.to.Unix() // the next pages keep the window that the first had
	switch {
	case shown < len(got.rows): // cut: the next page begins inside of this one
		at.Skip += shown
	case !got.more:
		return ""
	case len(l.here) > 0:
		at.Skip += shown
	case got.next == nil:
		return ""
	default:
		at.After, at.Skip = got.next, 0
	}
	return r.goOn(at, l.key)
}

// eventCellNeeds are fields that a column falls back to.
var eventCellNeeds = map[string][]string{
	"initiated_by": {"username"},
	"resource":     {"association", "application", "system"},
}

// eventCell is a field of an event as people read it: times to the second,
// objects by name.
func eventCell(row jc.Row, column string) string {
	v, _ := row.At(column)
	switch column {
	case "timestamp":
		if t, err := time.Parse(time.RFC3339, row.Text(column)); err == nil {
			return t.UTC().Format("2006-01-02 15:04:05Z")
		}
	case "initiated_by":
		return cell(firstText(nameIn(v, "username", "email", "name", "id"), row.Text("username"), nameIn(v, "type")))
	case "resource":
		return cell(firstText(associated(row), nameIn(v, objectNames...), nameIn(row["application"], objectNames...), nameIn(row["system"], objectNames...), nameIn(v, "type")))
	case "association":
		return cell(associated(row))
	case "application", "system":
		return cell(nameIn(v, objectNames...))
	case "changes":
		return cell(changesIn(v))
	}
	if isSecret(column[strings.LastIndexByte(column, '.')+1:], v) {
		return unread
	}
	return cell(v)
}

var objectNames = []string{"username", "hostname", "display_label", "displayLabel", "name", "display_name", "displayName", "email", "recipient_email", "id", "object_id"}

// nameIn is the first of these fields that says something.
func nameIn(v any, fields ...string) string {
	m, _ := v.(map[string]any)
	for _, f := range fields {
		if s, _ := m[f].(string); s != "" {
			return s
		}
	}
	return ""
}

func firstText(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// associated is "add: Sales > ben.kurz".
func associated(row jc.Row) string {
	from, _ := row.At("association.connection.from")
	to, _ := row.At("association.connection.to")
	a, b := nameIn(from, objectNames...), nameIn(to, objectNames...)
	if a == "" && b == "" {
		return ""
	}
	return strings.TrimPrefix(row.Text("association.op")+": ", ": ") + a + " > " + b
}

// changesIn is "department Sales -> Legal, password set".
func changesIn(v any) string {
	list, _ := v.([]any)
	var parts []string
	for _, e := range list {
		m, _ := e.(map[string]any)
		field, _ := m["field"].(string)
		if field == "" {
			continue
		}
		if isSecret(field, m["from"]) || isSecret(field, m["to"]) {
			parts = append(parts, field+" (not shown)")
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s -> %s", field, inline(m["from"]), inline(m["to"])))
	}
	return strings.Join(parts, ", ")
}
