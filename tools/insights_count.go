package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// tally is events counted by something.
type tally struct {
	rows     [][]string
	total    int // -1 not known
	note     string
	coverage string
}

// tallied reads side by side: what is asked for, and how far back events are kept.
func (q *question) tallied(ctx context.Context, r *Reader, read func(context.Context, *tally) error) (*tally, error) {
	got := &tally{total: -1}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { got.coverage = q.coverage(gctx, r); return nil })
	g.Go(func() error { return read(gctx, got) })
	return got, g.Wait()
}

// show writes a head and, where there are rows, a table.
func (q *question) show(ctx context.Context, r *Reader, got *tally, columns ...string) Answer {
	total := fmt.Sprintf("total %d", got.total)
	if got.total < 0 {
		total = "total could not be read"
	}
	t := &table{columns: columns, rows: got.rows}
	shown := 0
	if len(columns) > 0 {
		shown = t.fit(r.room(400))
		total += fmt.Sprintf(" events; %d rows", len(got.rows))
	}
	head := []string{total}
	if got.note != "" {
		head = append(head, got.note)
	}
	if shown < len(got.rows) {
		head = append(head, fmt.Sprintf("cut at %d tokens: %d rows shown", r.cap(), shown))
	}
	head = append(head, q.window(got.coverage))
	head = append(head, q.notes...)
	a := Answer{Text: []string{"# " + strings.Join(append(head, r.orgName(ctx)), "; ")}}
	if len(got.rows) == 0 {
		return a
	}
	body := t.csv(shown)
	if shown < len(got.rows) {
		body += fmt.Sprintf("\n# %d more rows", len(got.rows)-shown)
	}
	a.Text = append(a.Text, body)
	return a
}

func planEventCount(ctx context.Context, r *Reader, in *eventCountOf) (*Plan, error) {
	q, err := askEvents(ctx, r, in.Service, &in.eventFind, &in.eventText, nil)
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context, r *Reader) (any, error) {
		return q.tallied(ctx, r, func(ctx context.Context, got *tally) (err error) {
			if len(q.here) == 0 {
				got.total, err = q.count(ctx, r)
				return err
			}
			hits, _, err := q.scan(ctx, r)
			got.total = len(hits)
			return err
		})
	}
	return readPlan(eventsCount, in, read, func(ctx context.Context, r *Reader, got any) Answer {
		return q.show(ctx, r, got.(*tally))
	}), nil
}

// none stands for events that do not have the field.
const none = "(none)"

func planEventDistinct(ctx context.Context, r *Reader, in *eventDistinct) (*Plan, error) {
	if leaf := leafOf[in.Field]; leaf != "" {
		return nil, invalid("field", fmt.Sprintf("%s is an object; count by one of its fields, such as %s", in.Field, leaf))
	}
	if !fieldForm.MatchString(in.Field) {
		problem := fmt.Sprintf("%q is no field", clip(in.Field))
		if near := schemas.Nearest(in.Field, eventFields); near != "" {
			problem += fmt.Sprintf("; did you mean %q", near)
		}
		return nil, invalid("field", problem)
	}
	q, err := askEvents(ctx, r, in.Service, &in.eventFind, nil, nil)
	if err != nil {
		return nil, err
	}
	if err := q.sees.asks(in.Field); err != nil {
		return nil, err
	}
	q.known(in.Field)
	read := func(ctx context.Context, r *Reader) (any, error) {
		return q.tallied(ctx, r, func(ctx context.Context, got *tally) error {
			if len(q.here) == 0 {
				return q.distinct(ctx, r, in.Field, got)
			}
			hits, _, err := q.scan(ctx, r, in.Field)
			got.total = len(hits)
			got.rows = countedBy(hits, in.Field)
			return err
		})
	}
	return readPlan(eventsDistinct, in, read, func(ctx context.Context, r *Reader, got any) Answer {
		return q.show(ctx, r, got.(*tally), "value", "count")
	}), nil
}

var (
	fieldForm = regexp.MustCompile(`^[A-Za-z@][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@-]+)*$`)
	leafOf    = map[string]string{
		"initiated_by": "initiated_by.username", "resource": "resource.type", "geoip": "geoip.country_code", "useragent": "useragent.name",
		"application": "application.name", "system": "system.hostname", "association": "association.op", "auth_context": "auth_method",
		"auth_meta": "auth_method", "mfa_meta": "mfa_meta.type",
	}
)

// distinct asks JumpCloud for the values, and for the total, because events
// without the field are in no bucket.
func (q *question) distinct(ctx context.Context, r *Reader, field string, got *tally) error {
	var buckets struct {
		Buckets []struct {
			Key   any `json:"key"`
			Count int `json:"doc_count"`
		} `json:"buckets"`
		Bound int `json:"doc_count_error_upper_bound"`
		Other int `json:"sum_other_doc_count"`
	}
	total := 0
	var countErr error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { total, countErr = q.count(gctx, r); return nil })
	g.Go(func() error {
		body := countBody(q.body)
		body["field"] = field
		resp, err := r.Do(gctx, jc.Request{Endpoint: eventsDistinct, Body: body})
		if err != nil {
			return err
		}
		if err := resp.Decode(&buckets); err != nil {
			return err
		}
		if buckets.Buckets == nil {
			return &jc.Error{Code: jc.CodeUpstreamDown, Cause: "an answer of another shape than described"}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	sum := buckets.Other
	for _, b := range buckets.Buckets {
		got.rows = append(got.rows, []string{valueCell(b.Key), strconv.Itoa(b.Count)})
		sum += b.Count
	}
	if buckets.Other > 0 {
		got.note = fmt.Sprintf("%d events have values that JumpCloud left out", buckets.Other)
	}
	if buckets.Bound > 0 {
		got.note = strings.TrimPrefix(got.note+fmt.Sprintf(", counts may be off by %d", buckets.Bound), ", ")
	}
	if countErr == nil {
		got.total = total
		if without := total - sum; without > 0 && buckets.Bound == 0 {
			got.rows = append(got.rows, []string{none, strconv.Itoa(without)})
		}
	}
	return nil
}

func valueCell(v any) string {
	if s := cell(v); s != none {
		return s
	}
	return none + " " // quoted because of the space: it is a value and not our mark
}

// countedBy counts rows by a field, the most frequent first.
func countedBy(rows []jc.Row, field string) [][]string {
	counts := map[string]int{}
	without := 0
	for _, row := range rows {
		switch v, _ := row.At(field); v.(type) {
		case nil, map[string]any, []any:
			without++
		default:
			counts[valueCell(v)]++
		}
	}
	var out [][]string
	for v, n := range counts {
		out = append(out, []string{v, strconv.Itoa(n)})
	}
	slices.SortFunc(out, func(a, b []string) int {
		if d := counts[b[0]] - counts[a[0]]; d != 0 {
			return d
		}
		return strings.Compare(a[0], b[0])
	})
	if without > 0 {
		out = append(out, []string{none, strconv.Itoa(without)})
	}
	return out
}

var zoneForm = regexp.MustCompile(`^([+-])([01]\d)([0-5]\d)$`)

func planEventInterval(ctx context.Context, r *Reader, in *eventInterval) (*Plan, error) {
	q, err := askEvents(ctx, r, in.Service, &in.eventFind, &in.eventText, nil)
	if err != nil {
		return nil, err
	}
	unit, n := in.IntervalUnit, max(1, in.IntervalValue)
	switch {
	case in.Interval != "":
		if unit != "" && unit != in.Interval[:1] {
			return nil, invalid("interval_unit", "give it or interval, not both")
		}
		unit = in.Interval[:1]
	case unit == "" && q.to.Sub(q.from) <= 48*time.Hour:
		unit = "h"
	case unit == "" && q.to.Sub(q.from) <= 31*24*time.Hour:
		unit = "d"
	case unit == "":
		unit = "w"
	}
	zone := time.UTC
	if in.Timezone != "" {
		if zone, err = parseZone(in.Timezone); err != nil {
			return nil, err
		}
	}
	read := func(ctx context.Context, r *Reader) (any, error) {
		return q.tallied(ctx, r, func(ctx context.Context, got *tally) error {
			got.note = "by " + strings.TrimPrefix(strconv.Itoa(n)+" ", "1 ") + unitWord[unit]
			if len(q.here) == 0 {
				return q.interval(ctx, r, unit, n, in.Timezone, got)
			}
			hits, _, err := q.scan(ctx, r)
			got.total = len(hits)
			got.rows = countedByTime(hits, unitLength[unit]*time.Duration(n), zone)
			return err
		})
	}
	return readPlan(eventsInterval, in, read, func(ctx context.Context, r *Reader, got any) Answer {
		return q.show(ctx, r, got.(*tally), "start", "count")
	}), nil
}

// parseZone reads an offset, as the published example has it, or a name such as Europe/Berlin.
func parseZone(s string) (*time.Location, error) {
	if m := zoneForm.FindStringSubmatch(s); m != nil {
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		seconds := hours*3600 + minutes*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone(s, seconds), nil
	}
	if zone, err := time.LoadLocation(s); err == nil && s != "Local" {
		return zone, nil
	}
	return nil, invalid("timezone", "must be an offset such as +0100 or a name such as Europe/Berlin")
}

var (
	unitWord   = map[string]string{"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
	unitLength = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
)

// interval asks JumpCloud; intervals without events are left out.
func (q *question) interval(ctx context.Context, r *Reader, unit string, n int, zone string, got *tally) error {
	body := countBody(q.body)
	body["interval_unit"], body["interval_value"] = unit, strconv.Itoa(n)
	if zone != "" {
		body["timezone"] = zone
	}
	resp, err := r.Do(ctx, jc.Request{Endpoint: eventsInterval, Body: body})
	if err != nil {
		return err
	}
	var buckets struct {
		Buckets []struct {
			Key   json.Number `json:"key"` // Unix milliseconds
			Count int         `json:"doc_count"`
		} `json:"buckets"`
	}
	if err := resp.Decode(&buckets); err != nil {
		return err
	}
	if buckets.Buckets == nil {
		return &jc.Error{Code: jc.CodeUpstreamDown, Cause: "an answer of another shape than described"}
	}
	got.total = 0
	for _, b := range buckets.Buckets {
		ms, err := b.Key.Float64() // some write 1.7e12
		if err != nil {
			return &jc.Error{Code: jc.CodeUpstreamDown, Cause: "an interval without a time"}
		}
		if got.total += b.Count; b.Count > 0 {
			got.rows = append(got.rows, startRow(time.UnixMilli(int64(ms)), b.Count, unit))
		}
	}
	return nil
}

func startRow(at time.Time, n int, unit string) []string {
	form := minute
	if unit == "s" {
		form = "2006-01-02 15:04:05Z"
	}
	return []string{at.UTC().Format(form), strconv.Itoa(n)}
}

// countedByTime counts rows by equal lengths of time that begin as the zone's clock says.
func countedByTime(rows []jc.Row, length time.Duration, zone *time.Location) [][]string {
	counts := map[time.Time]int{}
	for _, row := range rows {
		if at, err := time.Parse(time.RFC3339, row.Text("timestamp")); err == nil {
			_, seconds := at.In(zone).Zone()
			offset := time.Duration(seconds) * time.Second
			counts[at.UTC().Add(offset).Truncate(length).Add(-offset)]++
		}
	}
	starts := make([]time.Time, 0, len(counts))
	for at := range counts {
		starts = append(starts, at)
	}
	slices.SortFunc(starts, time.Time.Compare)
	var out [][]string
	for _, at := range starts {
		unit := ""
		if length < time.Minute {
			unit = "s"
		}
		out = append(out, startRow(at, counts[at], unit))
	}
	return out
}
