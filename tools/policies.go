package tools

import (
	"context"
	"maps"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type policy struct {
	Policy jc.Ref[jc.Policy] `json:"policy" in:"path" jsonschema:"required"`
}

type policyNew struct {
	Name     string                    `json:"name" jsonschema:"required,minLength=1"`
	Template jc.Ref[jc.PolicyTemplate] `json:"template" jsonschema:"required"`
	Values   []policyValue             `json:"values,omitempty"`
	Notes    string                    `json:"notes,omitempty" rare:"true"`

	filled []any
}

// Body puts the template where the API wants it, and the values in its form.
func (p *policyNew) Body(body map[string]any) error {
	body["template"] = map[string]any{"id": p.Template.ID}
	if p.filled != nil {
		body["values"] = p.filled
	}
	return nil
}

type policyEdit struct {
	policy
	Name   string        `json:"name,omitempty" jsonschema:"minLength=1"`
	Values []policyValue `json:"values,omitempty"`
	Notes  *string       `json:"notes,omitempty" rare:"true"`

	filled []any
}

// Body puts the values in the API's form.
func (p *policyEdit) Body(body map[string]any) error {
	if p.filled != nil {
		body["values"] = p.filled
	}
	return nil
}

// back gives the values that this edit set as texts of what they were. One that was
// not there cannot be taken away, and one that is hidden is not known.
func (p *policyEdit) back(field string, was any) (any, bool) {
	if field != "values" {
		return was, true
	}
	old := map[string]jc.Row{}
	for _, v := range rowsIn(was) {
		old[v.Text("configFieldID")] = v
	}
	args := []any{}
	for _, v := range p.filled {
		now, _ := v.(map[string]any)
		id, _ := now["configFieldID"].(string)
		before := old[id]
		if before == nil || before["sensitive"] != false || isTrue(now["sensitive"]) || before["value"] == nil {
			return nil, false
		}
		if equal(before["value"], now["value"]) {
			continue
		}
		text, plain := before["value"].(string)
		if !plain {
			text = compact(before["value"])
		}
		args = append(args, map[string]any{"configFieldID": id, "value": text, "sensitive": false})
	}
	return args, len(args) > 0
}

func isTrue(v any) bool { b, _ := v.(bool); return b }

// policyValue sets a field of a policy. The value is text; policy_values.go makes
// of it what the field holds.
type policyValue struct {
	ConfigFieldID string `json:"configFieldID" jsonschema:"required,minLength=1,description=Id or name of the field."`
	Value         string `json:"value" jsonschema:"required,description=Text; JSON for a list."`
	Sensitive     *bool  `json:"sensitive,omitempty"`
}

var policies = Set{"policies", "Settings that devices are held to, and whether they are."}.Of(
	withFailing(List[None, jc.Policy]("policies_list", "GET /api/v2/policies",
		"Find policies, with how many devices fail each.", Core, Columns("name", "os", "template_name"))),
	shaped(Get[policy, jc.Policy]("policies_get", "GET /api/v2/policies/{policy}",
		"Show one policy with its values and the fields it can set."), policyShown),
	discreet(filling(Create[policyNew, jc.Policy]("policies_create", "POST /api/v2/policies",
		"Create a policy from a template; policy_templates_get shows its fields."))),
	discreet(filling(Change[policyEdit, jc.Policy]("policies_update", "PUT /api/v2/policies/{policy}",
		"Change a policy. Values that are not given stay.", Merge))),
	Delete[policy]("policies_delete", "DELETE /api/v2/policies/{policy}",
		"Delete a policy. Devices are no longer held to it."),
)

// discreet shows of sensitive values only that they are set: the plan is read by
// people, and its line goes into the audit.
func discreet(t *Tool) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		for i := range p.Steps {
			for _, fields := range []map[string]any{p.Steps[i].Before, p.Steps[i].After} {
				if v, ok := fields["values"]; ok {
					fields["values"] = hideSensitive(v, nil)
				}
			}
		}
		return nil
	})
}

// hideSensitive copies the values of a policy without the sensitive ones: those
// that say so, and those of the fields named.
func hideSensitive(values any, fields map[string]bool) any {
	list, ok := values.([]any)
	if !ok {
		return values
	}
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
		m, _ := v.(map[string]any)
		says, _ := m["sensitive"].(bool)
		id, _ := m["configFieldID"].(string)
		if !isEmpty(m["value"]) && (says || fields[id]) {
			m = maps.Clone(m)
			m["value"] = "set"
			out[i] = m
		}
	}
	return out
}

// policyShown is a policy that can be read: values by the name of their field,
// fields without what only a console needs, the template in short.
func policyShown(row jc.Row) jc.Row {
	out := maps.Clone(row)
	sensitive, names := map[string]bool{}, map[string]string{}
	var fields []any
	for _, f := range rowsIn(row["configFields"]) {
		id := f.Text("id")
		hidden, _ := f.Bool("sensitive")
		sensitive[id], names[id] = hidden, f.Text("name")
		fields = append(fields, fieldShown(f))
	}
	if fields != nil {
		out["configFields"] = fields
	}
	if _, sent := row["values"]; sent {
		values := rowsIn(hideSensitive(row["values"], sensitive))
		shown := make([]any, len(values))
		for i, v := range values {
			v = maps.Clone(v)
			v["field"] = names[v.Text("configFieldID")]
			shown[i] = map[string]any(v)
		}
		out["values"] = shown
	}
	if t, ok := row["template"].(map[string]any); ok {
		out["template"] = only(t, "id", "name", "displayName", "osMetaFamily")
	}
	return out
}

// fieldShown is a field of a template without its place on a page.
func fieldShown(f jc.Row) map[string]any {
	return only(f, "id", "name", "label", "displayType", "required", "readOnly", "sensitive", "defaultValue", "validators")
}

func only(m map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, n := range names {
		if v, ok := m[n]; ok {
			out[n] = v
		}
	}
	return out
}

// rowsIn are the objects of a list.
func rowsIn(v any) (out []jc.Row) {
	list, _ := v.([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
