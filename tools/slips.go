package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// mend puts the unambiguous slips of a read right and says which: a misspelt
// name with one near match, "5" for 5, a lone value for a list, an enum in
// another case, a synonym of a field. What changes something is never touched:
// there a guess could hit the wrong person. What cannot be read in one way only
// stays as it is, and is refused with the fix.
func (tr *trip) mend(schema *schemas.Schema, raw json.RawMessage) (json.RawMessage, []string) {
	if tr.tool.Risk != auth.Read {
		return raw, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	m := &mender{tool: tr.tool}
	if d.Decode(&m.args) != nil || m.args == nil || d.More() || namedTwice(raw) {
		return raw, nil
	}
	if schema.Check(raw) != nil {
		m.toSchema(schema)
	}
	m.fieldNames()
	if len(m.said) == 0 {
		return raw, nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(m.args) != nil {
		return raw, nil
	}
	return bytes.TrimSpace(out.Bytes()), m.said
}

// namedTwice reports whether an argument is given twice: which one is meant is not plain.
func namedTwice(raw json.RawMessage) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return true
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return true
		}
		key := flatName(fmt.Sprint(name))
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

// tell adds to an answer what was put right: to the head, which is ours alone,
// or as a line before what is no head.
func (a Answer) tell(said []string) Answer {
	if len(said) == 0 || len(a.Text) == 0 {
		return a
	}
	a.Text = slices.Clone(a.Text)
	s := strings.Join(said, ", ")
	if a.IsError {
		a.Text[0] += " (" + s + ")"
		return a
	}
	if strings.HasPrefix(a.Text[0], "# ") && !strings.Contains(a.Text[0], "\n") {
		a.Text[0] += "; " + s
	} else {
		a.Text[0] = "# " + s + "\n" + a.Text[0]
	}
	return a
}

// mender is a call whose slips are being put right.
type mender struct {
	tool *Tool
	args map[string]any
	said []string
}

func (m *mender) say(was, is string) { m.said = append(m.said, "read "+clip(was)+" as "+clip(is)) }

// property is what a schema says of an argument, as far as slips are concerned.
type property struct {
	Type    string
	Enum    []any
	Items   *property
	Maximum json.Number
}

// toSchema makes the arguments fit the schema where there is one way to.
func (m *mender) toSchema(schema *schemas.Schema) {
	var s struct {
		Properties map[string]*property
		Required   []string
	}
	if json.Unmarshal(schema.Full(), &s) != nil {
		return
	}
	known := schema.Names()
	for _, name := range slices.Sorted(maps.Keys(m.args)) {
		if s.Properties[name] != nil {
			continue
		}
		is := argumentSynonyms[flatName(name)]
		if s.Properties[is] == nil {
			is = onlyNear(name, known)
		}
		if is == "" {
			is = m.namesIt(name, s.Required)
		}
		switch _, taken := m.args[is]; {
		case m.asFilter(name, s.Properties["filter"] != nil):
		case is != "" && !taken:
			m.args[is] = m.args[name]
			delete(m.args, name)
			m.say(name, is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.args)) {
		if p := s.Properties[name]; p != nil {
			m.args[name] = m.value(name, m.args[name], p)
		}
	}
}

// namesIt: "id" and "name" mean the one object that a tool asks for and was not given.
func (m *mender) namesIt(name string, required []string) string {
	flat := flatName(name)
	if len(required) != 1 || m.args[required[0]] != nil || !strings.HasSuffix(flat, "id") && !strings.HasSuffix(flat, "name") {
		return ""
	}
	return required[0]
}

// asFilter reads a field of a list that was given as an argument as a condition.
func (m *mender) asFilter(name string, filters bool) bool {
	if !filters || !slices.Contains(m.known(), name) {
		return false
	}
	c, ok := condition(name, m.args[name])
	old, _ := m.args["filter"].(string)
	if _, taken := m.args["filter"]; !ok || taken && old == "" {
		return false
	}
	if old != "" {
		c = old + ", " + c
	}
	m.args["filter"] = c
	delete(m.args, name)
	m.say(name, "a filter")
	return true
}

// condition writes field=value for a plain value.
func condition(field string, v any) (string, bool) {
	switch x := v.(type) {
	case string:
		if strings.ContainsFunc(x, unicode.IsControl) {
			return "", false
		}
		if strings.ContainsAny(x, ",|\"") || x == "" {
			x = `"` + strings.ReplaceAll(x, `"`, `""`) + `"`
		}
		return field + "=" + x, true
	case bool, json.Number:
		return fmt.Sprintf("%s=%v", field, x), true
	}
	return "", false
}

// value makes one value fit its type.
func (m *mender) value(name string, v any, p *property) any {
	switch p.Type {
	case "integer", "number":
		return m.number(name, v, p)
	case "boolean":
		if s, ok := v.(string); ok && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false")) {
			m.say(name+` "`+s+`"`, strings.ToLower(s))
			return strings.EqualFold(s, "true")
		}
	case "array":
		return m.list(name, v, p)
	case "string":
		return m.text(name, v, p)
	}
	return v
}

func (m *mender) number(name string, v any, p *property) any {
	if s, ok := v.(string); ok {
		n := json.Number(strings.TrimSpace(s))
		if _, err := n.Int64(); err != nil {
			return v
		}
		m.say(name+` "`+s+`"`, n.String())
		v = n
	}
	n, _ := v.(json.Number)
	if most, err := p.Maximum.Int64(); err == nil && name == "limit" {
		if i, err := n.Int64(); err == nil && i > most {
			m.say("limit "+n.String(), p.Maximum.String()+", the most")
			return p.Maximum
		}
	}
	return v
}

func (m *mender) list(name string, v any, p *property) any {
	list, ok := v.([]any)
	if !ok {
		if v == nil {
			return v
		}
		list = []any{v}
		if s, isText := v.(string); isText && p.Items != nil && len(p.Items.Enum) > 0 {
			list = nil
			for _, part := range splitList(s) {
				list = append(list, part)
			}
		}
		m.say("the lone value of "+name, "a list")
	}
	if p.Items == nil {
		return list
	}
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = m.value(name, e, p.Items)
	}
	return out
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// text makes a text of what has one obvious text, and an enum of what is near one.
func (m *mender) text(name string, v any, p *property) any {
	switch x := v.(type) {
	case json.Number:
		m.say(fmt.Sprintf("the number of %s", name), "text")
		v = x.String()
	case []any:
		if s, ok := joined(name, x); ok {
			m.say("the list of "+name, "text")
			v = s
		}
	case map[string]any:
		if name == "filter" {
			var parts []string
			for _, f := range slices.Sorted(maps.Keys(x)) {
				c, ok := condition(f, x[f])
				if !ok {
					return v
				}
				parts = append(parts, c)
			}
			m.say("the object of filter", "its conditions")
			v = strings.Join(parts, ", ")
		}
	}
	s, ok := v.(string)
	if !ok || len(p.Enum) == 0 || slices.Contains(p.Enum, any(s)) {
		return v
	}
	var words []string
	for _, e := range p.Enum {
		if w, ok := e.(string); ok {
			words = append(words, w)
		}
	}
	if is := onlyNear(s, words); is != "" {
		m.say(s, is)
		return is
	}
	return v
}

// joined is a list in the place of a text: names of fields, conditions, or one value alone.
func joined(name string, list []any) (string, bool) {
	var parts []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return "", false
		}
		parts = append(parts, s)
	}
	switch name {
	case "fields":
		return strings.Join(parts, ","), true
	case "filter":
		return strings.Join(parts, ", "), true
	}
	return strings.Join(parts, ""), len(parts) == 1
}

// onlyNear is the one known word that a slip is near to: one letter off, or the
// beginning of it; "" when there is none, or more than one. It is stricter than
// what a refusal offers: this is done, not proposed.
func onlyNear(word string, known []string) string {
	w := flatName(word)
	near := ""
	for _, k := range known {
		f := flatName(k)
		if f == w {
			return k
		}
		if len(w) >= 3 && (strings.HasPrefix(f, w) || len(w) >= 4 && oneEdit(w, f)) {
			if near != "" {
				return ""
			}
			near = k
		}
	}
	return near
}

// flatName is a name without what people leave out of it: case and separators.
func flatName(s string) string {
	return strings.ToLower(joints.Replace(s))
}

var joints = strings.NewReplacer("_", "", "-", "", " ", "")

// argumentSynonyms are what arguments are called elsewhere.
var argumentSynonyms = map[string]string{
	"q": "search", "query": "search", "searchterm": "search", "text": "search",
	"max": "limit", "maxresults": "limit", "pagesize": "limit", "perpage": "limit", "top": "limit", "first": "limit", "size": "limit",
	"orderby": "sort", "order": "sort", "sortby": "sort",
	"where": "filter", "filters": "filter", "conditions": "filter",
	"columns": "fields", "select": "fields", "attributes": "fields", "properties": "fields",
	"groupby": "count_by", "aggregate": "count_by", "countby": "count_by",
	"next": "cursor", "after": "cursor", "pagetoken": "cursor", "nextcursor": "cursor",
	"username": "user", "userid": "user", "email": "user", "systemuser": "user",
	"hostname": "device", "host": "device", "computer": "device", "system": "device", "serial": "device", "serialnumber": "device", "deviceid": "device",
	"usergroup": "group", "devicegroup": "group", "groupname": "group", "groupid": "group",
	"app": "application", "sso": "application", "since": "last", "period": "last", "window": "last", "includes": "include", "expand": "include", "with": "include",
}
