package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Questions of "how many" to insights_query: count_by and interval.

// intervalNames are the lengths of time that events are counted by.
var intervalNames = map[string]string{"hour": "h", "day": "d", "week": "w"}

// planEventTally counts events instead of showing them: by the values of a
// field, or by equal lengths of time.
func planEventTally(ctx context.Context, r *Reader, in *eventList) (*Plan, error) {
	if err := tallyAlone(in); err != nil {
		return nil, err
	}
	q, err := askEvents(ctx, r, in.Service, &in.eventFind, &in.eventText, nil)
	if err != nil {
		return nil, err
	}
	q.notes = append(q.notes, tallyNotes(in)...)
	if in.Interval != "" {
		return q.intervalPlan(in), nil
	}
	field := in.CountBy
	if field == "user" { // what people call it
		field = "initiated_by"
		q.notes = append(q.notes, "read user as "+field)
	}
	if err := q.sees.asks(field); err != nil {
		return nil, err
	}
	q.known(field)
	limit := in.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	read := func(ctx context.Context, r *Reader) (any, error) {
		return q.tallied(ctx, r, func(ctx context.Context, got *tally) error { return q.countBy(ctx, r, field, got) })
	}
	return readPlan(eventsQuery, in, read, func(ctx context.Context, r *Reader, v any) Answer {
		got := v.(*tally)
		got.note = fmt.Sprintf("%d values of %s", len(got.rows), field)
		return q.showTally(ctx, r, got, "value", limit)
	}), nil
}

// tallyNotes say what of the arguments is about rows, and has no part in counts.
func tallyNotes(in *eventList) (out []string) {
	if in.Fields != "" {
		out = append(out, "counts have no fields: fields not used")
	}
	if in.Sort != "" {
		out = append(out, "sort not used")
	}
	return out
}

// tallyAlone refuses what cannot be asked at once.
func tallyAlone(in *eventList) error {
	by := "count_by"
	if in.CountBy == "" {
		by = "interval"
	}
	switch {
	case in.Cursor != "":
		return invalid(by, "give it or cursor, not both")
	case in.CountBy == "":
		return nil
	case in.Interval != "":
		return invalid(by, "give it or interval, not both")
	case in.CountBy == "timestamp":
		return invalid(by, "count by time with interval: hour, day or week")
	case !fieldForm.MatchString(in.CountBy):
		problem := fmt.Sprintf("%q is no field", clip(in.CountBy))
		if near := schemas.Nearest(in.CountBy, eventFields); near != "" {
			problem += fmt.Sprintf("; did you mean %q", near)
		}
		return invalid(by, problem)
	}
	return nil
}

// intervalPlan counts by time. All intervals are shown unless a limit is given:
// a series that ends early would mislead.
func (q *question) intervalPlan(in *eventList) *Plan {
	unit := intervalNames[in.Interval]
	read := func(ctx context.Context, r *Reader) (any, error) {
		return q.tallied(ctx, r, func(ctx context.Context, got *tally) error {
			if len(q.here) == 0 {
				return q.interval(ctx, r, unit, 1, "", got)
			}
			hits, _, err := q.scan(ctx, r)
			got.total = len(hits)
			got.rows = countedByTime(hits, unitLength[unit], time.UTC)
			return err
		})
	}
	return readPlan(eventsQuery, in, read, func(ctx context.Context, r *Reader, v any) Answer {
		got := v.(*tally)
		got.note = fmt.Sprintf("by %s, %d with events", in.Interval, len(got.rows))
		limit := in.Limit
		if limit == 0 {
			limit = len(got.rows)
		}
		return q.showTally(ctx, r, got, "start", limit)
	})
}

// countBy lets JumpCloud count where its answer is exact, and counts the events
// here where it is not.
func (q *question) countBy(ctx context.Context, r *Reader, field string, got *tally) error {
	if len(q.here) > 0 {
		hits, _, err := q.scan(ctx, r, tallyNeeds(field)...)
		got.total = len(hits)
		got.rows = tallyRows(countShown(hits, field))
		return err
	}
	buckets, countErr := q.exactly(ctx, r, field, got)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if buckets != nil {
		got.rows = tallyRows(buckets)
		return nil
	}
	hits, all, err := q.scan(ctx, r, tallyNeeds(field)...)
	if err != nil {
		return err
	}
	got.rows = tallyRows(countShown(hits, field))
	if all || countErr != nil && got.total < 0 {
		got.total = len(hits)
	}
	return nil
}

// exactly asks for the values and the total. Nil where the values may not be
// all: the answer has a cap, events without a name in the first place may have
// one in another, and objects are in no bucket.
func (q *question) exactly(ctx context.Context, r *Reader, field string, got *tally) (map[string]int, error) {
	asked := field
	if field == "initiated_by" {
		asked = "initiated_by.username"
	}
	var found eventBuckets
	var distinctErr, countErr error
	total := 0
	var g errgroup.Group
	g.Go(func() error { total, countErr = q.count(ctx, r); return nil })
	if leaf := field[strings.LastIndexByte(field, '.')+1:]; isSecret(leaf, "x") {
		found.Other = 1 // its values are not to be read
	} else {
		g.Go(func() error { found, distinctErr = q.buckets(ctx, r, asked); return nil })
	}
	_ = g.Wait()
	if countErr != nil {
		return nil, countErr
	}
	got.total = total
	if distinctErr != nil || found.Other > 0 || found.Bound > 0 || len(found.Buckets) >= bucketsCap {
		return nil, nil //nolint:nilerr // the events themselves are counted then
	}
	out := map[string]int{}
	sum := 0
	for _, b := range found.Buckets {
		v := b.cell()
		if v == noneMark {
			v = none
			if field == "initiated_by" {
				return nil, nil // these have another name perhaps
			}
		}
		out[v] += b.Count
		sum += b.Count
	}
	switch without := total - sum; {
	case without == 0:
	case without < 0, len(out) == 0, !plainField(field): // several values in one event, objects, or not read at all
		return nil, nil
	case total <= eventPage: // one page of events tells what the rest are
		return nil, nil
	default:
		out[none] += without
	}
	return out, nil
}

// bucketsCap is how many values JumpCloud tells at most, as observed: with as
// many there may be more, whatever the answer says.
const bucketsCap = 100

// eventBuckets is the answer to a question for distinct values.
type eventBuckets struct {
	Buckets []eventBucket `json:"buckets"`
	Bound   int           `json:"doc_count_error_upper_bound"`
	Other   int           `json:"sum_other_doc_count"`
}

type eventBucket struct {
	Key   any    `json:"key"`
	Text  string `json:"key_as_string"` // true for 1
	Count int    `json:"doc_count"`
}

func (b eventBucket) cell() string {
	if b.Text != "" {
		return valueCell(b.Text)
	}
	return valueCell(b.Key)
}

// buckets asks for the distinct values of a field.
func (q *question) buckets(ctx context.Context, r *Reader, field string) (out eventBuckets, err error) {
	body := countBody(q.body)
	body["field"] = field
	resp, err := r.Do(ctx, jc.Request{Endpoint: eventsDistinct, Body: body})
	if err != nil {
		return out, err
	}
	if err := resp.Decode(&out); err != nil {
		return out, err
	}
	if out.Buckets == nil {
		return out, &jc.Error{Code: jc.CodeUpstreamDown, Cause: "an answer of another shape than described"}
	}
	return out, nil
}

// plainField reports whether a field holds one plain value, so that events that
// are in no bucket do not have it.
func plainField(field string) bool {
	return strings.Contains(field, ".") || slices.Contains(plainFields, field)
}

var plainFields = []string{"event_type", "service", "success", "client_ip", "src_ip", "username", "auth_method", "mfa", "error_message",
	"error_code", "dn", "base", "idp_initiated", "mdm_type", "operation_type", "request_type", "organization"}

// tallyNeeds are the fields that a value is read from.
func tallyNeeds(field string) []string {
	return append([]string{field}, eventCellNeeds[field]...)
}

// countShown counts events by what insights_query shows for a field. A field that
// no event was sent with is unread, not none.
func countShown(rows []jc.Row, field string) map[string]int {
	needs := tallyNeeds(field)
	sent := slices.ContainsFunc(rows, func(row jc.Row) bool {
		return slices.ContainsFunc(needs, func(f string) bool { _, ok := row.At(f); return ok })
	})
	out := map[string]int{}
	for _, row := range rows {
		switch v := tallyCell(row, field); {
		case !sent, v == unread:
			out[notRead]++
		case v == noneMark:
			out[none]++
		case v == none, v == notRead:
			out[v+" "]++ // quoted because of the space: it is a value and not our mark
		default:
			out[v]++
		}
	}
	return out
}

// tallyCell is the cell of an event, but somebody without a name is nobody of the
// name "user".
func tallyCell(row jc.Row, field string) string {
	if field == "initiated_by" {
		v, _ := row.At(field)
		if nameIn(v, "username", "email", "name", "id") == "" && row.Text("username") == "" && nameIn(v, "type") != "system" {
			return noneMark
		}
	}
	return eventCell(row, field)
}

// tallyRows sorts counts, the most frequent first.
func tallyRows(counts map[string]int) [][]string {
	rows := make([][]string, 0, len(counts))
	for v, n := range counts {
		rows = append(rows, []string{v, strconv.Itoa(n)})
	}
	slices.SortFunc(rows, func(a, b []string) int {
		return cmp.Or(counts[b[0]]-counts[a[0]], strings.Compare(a[0], b[0]))
	})
	return rows
}

// showTally writes a head and the counts, at most limit of them; the last line
// says how many are left out and their sum.
func (q *question) showTally(ctx context.Context, r *Reader, got *tally, column string, limit int) Answer {
	total := strconv.Itoa(got.total)
	if got.total < 0 {
		total = "could not be read"
	}
	head := []string{"total " + total, got.note, q.window(got.coverage)}
	head = append(head, q.notes...)
	a := Answer{Text: []string{"# " + strings.Join(append(head, r.orgName(ctx)), "; ")}}
	if len(got.rows) == 0 {
		return a
	}
	t := &table{columns: []string{column, "count"}, rows: got.rows}
	shown := min(t.fit(r.room(400)), limit)
	a.show(t, shown)
	body := t.csv(shown)
	if left := got.rows[shown:]; len(left) > 0 {
		sum := 0
		for _, row := range left {
			n, _ := strconv.Atoi(row[1])
			sum += n
		}
		body += fmt.Sprintf("\n# %d more rows, %d events", len(left), sum)
		if shown == limit && limit < 1000 {
			body += fmt.Sprintf("; limit=%d", min(len(got.rows), 1000))
		}
	}
	a.Text = append(a.Text, body)
	return a
}
