package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// filling makes the values of a policy from the texts that were given: what a
// field holds depends on the field, and a PUT replaces all values, so that those
// not given are sent as they were.
func filling(t *Tool) *Tool {
	inner := t.plan
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		var err error
		switch p := in.(type) {
		case *policyNew:
			if len(p.Values) > 0 {
				p.filled, err = fill(ctx, r, jc.PolicyTemplate{}.Kind(), p.Template.ID, p.Values)
			}
		case *policyEdit:
			if len(p.Values) > 0 {
				p.filled, err = fill(ctx, r, jc.Policy{}.Kind(), p.Policy.ID, p.Values)
			}
		}
		if err != nil {
			return nil, err
		}
		return inner(ctx, r, in)
	}
	return t
}

// fill reads the fields, and the values there are, of a policy or template.
func fill(ctx context.Context, r *Reader, k *jc.Kind, id string, given []policyValue) ([]any, error) {
	row, err := r.row(ctx, jc.Request{Endpoint: k.Get, Params: map[string]string{k.Get.Names()[0]: id}}, k)
	if err != nil {
		return nil, err
	}
	fields := rowsIn(row["configFields"])
	var out []any
	for _, v := range rowsIn(row["values"]) {
		out = append(out, map[string]any(v))
	}
	for _, g := range given {
		f, err := fieldOf(fields, g.ConfigFieldID)
		if err != nil {
			return nil, err
		}
		fid := f.Text("id")
		i := slices.IndexFunc(out, func(v any) bool { return v.(map[string]any)["configFieldID"] == fid })
		value := map[string]any{"configFieldID": fid}
		if i >= 0 {
			for k, v := range out[i].(map[string]any) {
				value[k] = v
			}
		}
		if value["value"], err = fieldValue(f, value["value"], g.Value); err != nil {
			return nil, err
		}
		if g.Sensitive != nil {
			value["sensitive"] = *g.Sensitive
		} else if hidden, known := f.Bool("sensitive"); known && i < 0 {
			value["sensitive"] = hidden
		}
		if i >= 0 {
			out[i] = value
		} else {
			out = append(out, value)
		}
	}
	return out, nil
}

// fieldOf finds a field by id or name; a wrong one is answered with those there are.
func fieldOf(fields []jc.Row, given string) (jc.Row, error) {
	var names []string
	for _, f := range fields {
		if f.Text("id") == given || f.Text("name") == given {
			if fixed, _ := f.Bool("readOnly"); fixed {
				return nil, invalid("values", "the field "+clip(given)+" is read-only")
			}
			return f, nil
		}
		names = append(names, clean(f.Text("name")))
	}
	problem := "there is no field " + clip(given)
	if len(names) > 0 {
		problem += "; known: " + joinNames(names)
	}
	return nil, invalid("values", problem)
}

// fieldValue is the JSON value of a text in a field. The published description
// says an array; the vendor's own PowerShell module sends bare values, and arrays
// for lists and tables only (O). Where a policy holds an array with one value
// already, the new value takes that form; a JSON array that is given stays one.
func fieldValue(f jc.Row, was any, text string) (any, error) {
	v, err := bareValue(f, was, text)
	if old, ok := was.([]any); ok && err == nil && len(old) == 1 {
		if _, list := v.([]any); !list {
			return []any{v}, nil
		}
	}
	return v, err
}

func bareValue(f jc.Row, was any, text string) (any, error) {
	kind := f.Text("displayType")
	bad := func(want string) error {
		return invalid("values", fmt.Sprintf("%s must be %s, not %q", clean(f.Text("name")), want, clip(text)))
	}
	parsed, isJSON := jsonValue(text)
	list, isList := parsed.([]any)
	switch kind {
	case "text", "textarea", "email", "file", "copywell", "date", "timeinput", "datetimepicker":
		return text, nil
	case "checkbox":
		if b, ok := parsed.(bool); ok {
			return b, nil
		}
		if isList {
			return list, nil
		}
		return nil, bad("true or false")
	case "number", "numberinline":
		if n, ok := parsed.(json.Number); ok {
			return n, nil
		}
		if isList {
			return list, nil
		}
		return nil, bad("a number")
	case "table", "multilist", "doublelistbox", "paginationlist", "datepickerrange":
		if isList {
			return list, nil
		}
		return nil, bad("a JSON array")
	}
	// A choice: as the field itself writes it, or as it was.
	if v, ok := option(f["displayOptions"], text); ok {
		return v, nil
	}
	if _, number := was.(json.Number); isJSON && (isList || number) {
		return parsed, nil
	}
	return text, nil
}

// option is the value of the choice that is written like text, wherever the
// display options of a field hold it.
func option(v any, text string) (any, bool) {
	switch x := v.(type) {
	case map[string]any:
		if value, ok := x["value"]; ok && value != nil && fmt.Sprint(value) == text {
			return value, true
		}
		for _, e := range x {
			if value, ok := option(e, text); ok {
				return value, true
			}
		}
	case []any:
		for _, e := range x {
			if value, ok := option(e, text); ok {
				return value, true
			}
		}
	}
	return nil, false
}

// jsonValue is the text as one JSON value, numbers as they are written.
func jsonValue(text string) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(strings.TrimSpace(text))))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	return v, true
}
