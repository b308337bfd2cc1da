package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// match says whether a document is wanted.
type match func(m map[string]any) bool

func allOf(list []match) match {
	if len(list) == 0 {
		return nil
	}
	return func(m map[string]any) bool {
		for _, f := range list {
			if !f(m) {
				return false
			}
		}
		return true
	}
}

func anyOf(list []match) match {
	return func(m map[string]any) bool {
		for _, f := range list {
			if f(m) {
				return true
			}
		}
		return false
	}
}

// filterV1 reads the query form field:$op:value; several must all hold.
func filterV1(filters []string) (match, error) {
	var list []match
	for _, f := range filters {
		if f == "" {
			continue
		}
		field, rest, ok1 := strings.Cut(f, ":")
		op, value, ok2 := strings.Cut(rest, ":")
		if !ok1 || !ok2 || field == "" || !strings.HasPrefix(op, "$") {
			return nil, fmt.Errorf("filter %q is not field:$operator:value", f)
		}
		var operand any = value
		if op == "$in" || op == "$nin" {
			operand = anySlice(strings.Split(value, "|"))
		}
		one, err := operator(field, op, operand)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return allOf(list), nil
}

// filterBody reads the filter object of the v1 search bodies.
func filterBody(v any) (match, error) {
	if v == nil {
		return nil, nil
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		return nil, errors.New("filter must be an object")
	}
	var list []match
	for key, value := range object {
		var one match
		var err error
		switch key {
		case "and", "or", "$and", "$or":
			one, err = conjunction(strings.TrimPrefix(key, "$"), value)
		default:
			one, err = condition(key, value)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return allOf(list), nil
}

func conjunction(kind string, v any) (match, error) {
	items, isList := v.([]any)
	if !isList || len(items) == 0 {
		return nil, fmt.Errorf("filter %q must be a list of conditions", kind)
	}
	var list []match
	for _, item := range items {
		one, err := filterBody(item)
		if err != nil {
			return nil, err
		}
		if one != nil {
			list = append(list, one)
		}
	}
	if kind == "or" {
		return anyOf(list), nil
	}
	return allOf(list), nil
}

// condition is one field with a value to equal or an object of operators.
func condition(field string, v any) (match, error) {
	ops, isObject := v.(map[string]any)
	if !isObject {
		if _, isList := v.([]any); isList {
			return nil, fmt.Errorf("filter %q: a list needs $in", field)
		}
		return operator(field, "$eq", v)
	}
	var list []match
	for op, operand := range ops {
		one, err := operator(field, op, operand)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("filter %q has no operator", field)
	}
	return allOf(list), nil
}

func operator(field, op string, operand any) (match, error) {
	compare := func(want func(int) bool) match {
		return func(m map[string]any) bool {
			n, comparable := compareTo(lookup(m, field), operand)
			return comparable && want(n)
		}
	}
	switch op {
	case "$eq":
		return func(m map[string]any) bool { return equalTo(lookup(m, field), operand) }, nil
	case "$ne":
		return func(m map[string]any) bool { return !equalTo(lookup(m, field), operand) }, nil
	case "$gt":
		return compare(func(n int) bool { return n > 0 }), nil
	case "$ge", "$gte":
		return compare(func(n int) bool { return n >= 0 }), nil
	case "$lt":
		return compare(func(n int) bool { return n < 0 }), nil
	case "$le", "$lte":
		return compare(func(n int) bool { return n <= 0 }), nil
	case "$in", "$nin":
		values, isList := operand.([]any)
		if !isList {
			return nil, fmt.Errorf("filter %q: %s needs a list", field, op)
		}
		return oneOf(field, values, op == "$in"), nil
	}
	return nil, fmt.Errorf("filter %q: unknown operator %q", field, op)
}

// oneOf is a set look-up where all values are strings, since ids come in
// chunks of a hundred against thousands of documents.
func oneOf(field string, values []any, want bool) match {
	set := make(map[any]bool, len(values))
	for _, v := range values {
		switch v.(type) {
		case string, bool, float64, nil:
			set[v] = true
		}
	}
	return func(m map[string]any) bool {
		v := lookup(m, field)
		if s, isString := v.(string); isString {
			return set[s] == want
		}
		for _, x := range values {
			if equalTo(v, x) {
				return want
			}
		}
		return !want
	}
}

// filterV2 reads the form field:op:value. Filters are joined by commas, as
// the published style (form, not exploded) says, or repeated. A comma inside
// a value therefore ends the filter, and what follows is refused.
func filterV2(filters []string) (match, error) {
	var list []match
	for _, joined := range filters {
		for _, f := range strings.Split(joined, ",") {
			if f == "" {
				continue
			}
			field, rest, ok1 := strings.Cut(f, ":")
			op, value, ok2 := strings.Cut(rest, ":")
			if !ok1 || !ok2 || field == "" {
				return nil, fmt.Errorf("filter %q is not field:operator:value", f)
			}
			one, err := operatorV2(field, op, value)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
	}
	return allOf(list), nil
}

func operatorV2(field, op, value string) (match, error) {
	switch op {
	case "eq", "ne", "gt", "ge", "lt", "le":
		return operator(field, "$"+op, value)
	case "in":
		return oneOf(field, anySlice(strings.Split(value, "|")), true), nil
	case "between":
		low, high, both := strings.Cut(value, "|")
		if !both {
			return nil, fmt.Errorf("filter %q: between needs two values", field)
		}
		a, err := operator(field, "$ge", low)
		if err != nil {
			return nil, err
		}
		b, err := operator(field, "$le", high)
		return allOf([]match{a, b}), err
	case "search":
		return contains([]string{field}, []string{value}), nil
	}
	return nil, fmt.Errorf("filter %q: unknown operator %q", field, op)
}

// contains looks for any of the terms in any of the fields, without case.
func contains(fields, terms []string) match {
	low := make([]string, len(terms))
	for i, t := range terms {
		low[i] = strings.ToLower(t)
	}
	return func(m map[string]any) bool {
		for _, f := range fields {
			s, isString := lookup(m, f).(string)
			if !isString {
				continue
			}
			s = strings.ToLower(s)
			for _, t := range low {
				if strings.Contains(s, t) {
					return true
				}
			}
		}
		return false
	}
}

// equalTo compares a stored value with one that was asked for. Values in a
// query are text and take the type of what is stored; text is compared with
// case.
func equalTo(stored, asked any) bool {
	if list, isList := stored.([]any); isList {
		for _, v := range list {
			if equalTo(v, asked) {
				return true
			}
		}
		return false
	}
	if stored == nil || asked == nil {
		return stored == nil && (asked == nil || asked == "" || asked == "null")
	}
	if s, isText := asked.(string); isText {
		switch v := stored.(type) {
		case string:
			return v == s
		case bool:
			return s == strconv.FormatBool(v)
		}
	}
	if b, isBool := asked.(bool); isBool {
		return stored == b
	}
	n, comparable := compareTo(stored, asked)
	return comparable && n == 0
}

// compareTo orders a stored value against an asked one; false when the two
// are of types that have no order between them.
func compareTo(stored, asked any) (int, bool) {
	if a, isNumber := number(stored); isNumber {
		if b, isNumber := number(asked); isNumber {
			return cmp.Compare(a, b), true
		}
		if s, isText := asked.(string); isText {
			if b, err := strconv.ParseFloat(s, 64); err == nil {
				return cmp.Compare(a, b), true
			}
		}
		return 0, false
	}
	a, isText1 := stored.(string)
	b, isText2 := asked.(string)
	if !isText1 || !isText2 {
		return 0, false
	}
	if t, err := time.Parse(time.RFC3339, a); err == nil {
		if u, err := parseTime(b); err == nil {
			return t.Compare(u), true
		}
	}
	return cmp.Compare(a, b), true
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	return t, err
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// compareValues orders two stored values: nothing, then booleans, numbers,
// text, as the database behind the API does.
func compareValues(a, b any) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch ra {
	case 1:
		return cmp.Compare(boolInt(a.(bool)), boolInt(b.(bool)))
	case 2:
		x, _ := number(a)
		y, _ := number(b)
		return cmp.Compare(x, y)
	case 3:
		return cmp.Compare(a.(string), b.(string))
	}
	return 0
}

func rank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case bool:
		return 1
	case int, int64, float64:
		return 2
	case string:
		return 3
	}
	return 4
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func anySlice[T any](list []T) []any {
	n := make([]any, len(list))
	for i, v := range list {
		n[i] = v
	}
	return n
}
