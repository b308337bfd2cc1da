package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

var services = []string{"access_management", "alerts", "all", "asset_management", "directory", "ldap", "mdm",
	"notifications", "object_storage", "password_manager", "radius", "reports", "saas_app_management", "software",
	"sso", "systems"}

const (
	eventsDefault = 1000
	eventsMost    = 10_000
)

// window reads what all four queries share and gives the events that match,
// oldest first.
//
// The list is the caller's own.
func (c *call) window(extra spec) (found []event, clean map[string]any, rep *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, nil, bad
	}
	s := spec{"service": "!as", "start_time": "!t", "end_time": "t", "search_term": "o", "q": "s", "exact_match": "s"}
	for k, v := range extra {
		s[k] = v
	}
	clean, problem := check(body, s)
	if problem != "" {
		return nil, nil, c.bad(problem)
	}
	asked, _ := textList(clean["service"])
	if len(asked) == 0 {
		return nil, nil, c.bad("service is required")
	}
	for _, name := range asked {
		if !slices.Contains(services, name) {
			return nil, nil, c.bad("service: unknown " + name)
		}
	}
	from, _ := time.Parse(time.RFC3339, text(clean["start_time"]))
	to := c.at
	if s := text(clean["end_time"]); s != "" {
		to, _ = time.Parse(time.RFC3339, s)
		if to.Before(from) {
			return nil, nil, c.bad("end_time is before start_time")
		}
	}
	wanted, err := eventMatch(clean)
	if err != nil {
		return nil, nil, c.bad(err.Error())
	}
	everything := slices.Contains(asked, "all")
	for _, e := range c.log.within(c.at, from, to) {
		if !everything && !slices.Contains(asked, text(e.m["service"])) {
			continue
		}
		if wanted == nil || wanted(e.m) {
			found = append(found, e)
		}
	}
	return found, clean, nil
}

// eventMatch reads search_term, q and exact_match.
func eventMatch(clean map[string]any) (match, error) {
	var list []match
	terms, _ := clean["search_term"].(map[string]any)
	if len(terms) > 1 {
		return nil, errors.New("search_term takes one of and, or, not")
	}
	for conj, v := range terms {
		one, err := termMatch(conj, v)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	for _, key := range []string{"q", "exact_match"} {
		if word := strings.ToLower(text(clean[key])); word != "" {
			list = append(list, func(m map[string]any) bool {
				return strings.Contains(strings.ToLower(string(encode(m))), word)
			})
		}
	}
	return allOf(list), nil
}

// termMatch reads one conjunction: an object of field and value, or a list of
// such objects; a list of values means any of them.
func termMatch(conj string, v any) (match, error) {
	items, isList := v.([]any)
	if !isList {
		items = []any{v}
	}
	var list []match
	for _, item := range items {
		object, isObject := item.(map[string]any)
		if !isObject {
			return nil, fmt.Errorf("search_term.%s must be an object", conj)
		}
		for field, want := range object {
			list = append(list, valueMatch(field, want))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("search_term.%s is empty", conj)
	}
	switch conj {
	case "and":
		return allOf(list), nil
	case "or":
		return anyOf(list), nil
	case "not":
		some := anyOf(list)
		return func(m map[string]any) bool { return !some(m) }, nil
	}
	return nil, fmt.Errorf("search_term: unknown %q", conj)
}

func valueMatch(field string, want any) match {
	values, isList := want.([]any)
	if !isList {
		values = []any{want}
	}
	return func(m map[string]any) bool {
		v := lookup(m, field)
		for _, w := range values {
			if v != nil && equalTo(v, w) {
				return true
			}
		}
		return false
	}
}

// events answers a page of events: a bare array, with the count, the limit
// and where to go on in headers.
func (c *call) events() *reply {
	found, clean, rep := c.window(spec{"limit": "i", "skip": "i", "sort": "e:ASC|DESC", "fields": "as", "search_after": "a"})
	if rep != nil {
		return rep
	}
	limit := eventsDefault
	if n, sent := clean["limit"].(float64); sent {
		if n < 1 || n > eventsMost {
			return c.bad("limit must be between 1 and " + strconv.Itoa(eventsMost))
		}
		limit = int(n)
	}
	down := clean["sort"] == "DESC"
	if down {
		slices.Reverse(found)
	}
	found, err := after(found, clean["search_after"], down)
	if err != nil {
		return c.bad(err.Error())
	}
	skip, _ := clean["skip"].(float64)
	found = window(found, max(0, int(skip)), limit)
	fields, _ := textList(clean["fields"])
	rows := make([][]byte, len(found))
	for i, e := range found {
		if len(fields) > 0 {
			rows[i] = encode(project(e.m, fields))
			continue
		}
		rows[i] = encode(e.m)
	}
	rep = okBytes(joined(rows)).with("X-Result-Count", strconv.Itoa(len(rows))).with("X-Limit", strconv.Itoa(limit))
	if len(found) > 0 {
		rep.setHeader("X-Search_after", c.cursor(found[len(found)-1]))
	}
	return rep
}

// cursor is a JSON array that a caller hands back as it is. The published
// type of its parts is text; live organisations send the time as a number.
func (c *call) cursor(e event) string {
	if c.traps["numeric-cursor"] {
		return string(encode([]any{e.at.UnixMilli(), e.id}))
	}
	return string(encode([]any{strconv.FormatInt(e.at.UnixMilli(), 10), e.id}))
}

// after drops what comes up to and including the event a cursor names.
func after(list []event, v any, down bool) ([]event, error) {
	if v == nil {
		return list, nil
	}
	parts, _ := v.([]any)
	if len(parts) == 0 {
		return list, nil
	}
	if len(parts) != 2 {
		return nil, errors.New("search_after must have two values")
	}
	var ms int64
	var err error
	switch n := parts[0].(type) {
	case float64:
		ms = int64(n)
	case string:
		ms, err = strconv.ParseInt(n, 10, 64)
	default:
		err = errors.New("neither")
	}
	id, isText := parts[1].(string)
	if err != nil || !isText {
		return nil, errors.New("search_after is malformed")
	}
	// The event itself is the surest mark; without it, what comes later.
	if i := slices.IndexFunc(list, func(e event) bool { return e.id == id }); i >= 0 {
		return list[i+1:], nil
	}
	i := slices.IndexFunc(list, func(e event) bool {
		n := e.at.Compare(time.UnixMilli(ms))
		return n > 0 && !down || n < 0 && down
	})
	if i < 0 {
		return nil, nil
	}
	return list[i:], nil
}

func (c *call) eventsCount() *reply {
	found, _, rep := c.window(nil)
	if rep != nil {
		return rep
	}
	return ok(map[string]any{"count": len(found)})
}

const bucketsMost = 100

// eventsDistinct counts the values of one field, the most frequent first; what
// does not fit is summed up.
func (c *call) eventsDistinct() *reply {
	found, clean, rep := c.window(spec{"field": "!s"})
	if rep != nil {
		return rep
	}
	counts := map[string]int{}
	for _, e := range found {
		switch v := lookup(e.m, text(clean["field"])).(type) {
		case nil, map[string]any, []any:
		case string:
			counts[v]++
		default:
			b, _ := json.Marshal(v)
			counts[string(b)]++
		}
	}
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	buckets, rest := []any{}, 0
	for i, k := range keys {
		if i >= bucketsMost {
			rest += counts[k]
			continue
		}
		buckets = append(buckets, map[string]any{"key": k, "doc_count": counts[k]})
	}
	return ok(map[string]any{"buckets": buckets, "doc_count_error_upper_bound": 0, "sum_other_doc_count": rest})
}

// zoneOf reads the name of a zone or an offset as in -0500 and -05:00.
func zoneOf(s string) (*time.Location, error) {
	for _, form := range []string{"-0700", "-07:00"} {
		if t, err := time.Parse(form, s); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(s, offset), nil
		}
	}
	return time.LoadLocation(s)
}

// eventsInterval counts by equal spans of time, empty ones between the first
// and the last included.
func (c *call) eventsInterval() *reply {
	found, clean, rep := c.window(spec{"interval_unit": "!e:s|m|h|d|w", "interval_value": "s", "timezone": "s"})
	if rep != nil {
		return rep
	}
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour,
		"d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	n := 1
	if s := text(clean["interval_value"]); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 || n > 1000 {
			return c.bad("interval_value must be a whole number from 1 to 1000")
		}
	}
	zone := time.UTC
	if s := text(clean["timezone"]); s != "" {
		var err error
		if zone, err = zoneOf(s); err != nil {
			return c.bad("timezone is not known")
		}
	}
	step := units[text(clean["interval_unit"])] * time.Duration(n)
	buckets := []any{}
	if len(found) > 0 {
		_, offset := found[0].at.In(zone).Zone()
		shift := time.Duration(offset) * time.Second
		first, last := found[0].at.Add(shift).Truncate(step), found[len(found)-1].at.Add(shift)
		if last.Sub(first)/step > eventsMost {
			return c.bad("too many intervals")
		}
		i := 0
		for t := first; !t.After(last); t = t.Add(step) {
			count := 0
			for ; i < len(found) && found[i].at.Add(shift).Before(t.Add(step)); i++ {
				count++
			}
			begin := t.Add(-shift)
			buckets = append(buckets, map[string]any{"doc_count": count, "key": begin.UnixMilli(), "key_as_string": stamp(begin)})
		}
	}
	return ok(map[string]any{"buckets": buckets})
}
