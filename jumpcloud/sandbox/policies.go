package sandbox

import (
	"net/http"
	"slices"
)

func policyResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": "policy", "name": d.m["name"]}
}

// policyValues checks that each value belongs to a field of the template.
func (c *call) policyValues(v any, template *doc) ([]any, *reply) {
	fields, _ := template.m["configFields"].([]any)
	out := []any{}
	list, _ := v.([]any)
	for _, item := range list {
		value, _ := item.(map[string]any)
		id, _ := value["configFieldID"].(string)
		known := slices.ContainsFunc(fields, func(f any) bool { return f.(map[string]any)["id"] == id })
		if !known {
			return nil, c.bad("values: configFieldID is not a field of the template")
		}
		out = append(out, value)
	}
	return out, nil
}

func (c *call) policyBody(s spec) (map[string]any, *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, bad
	}
	clean, problem := check(body, s)
	if problem != "" {
		return nil, c.bad(problem)
	}
	return clean, nil
}

func (c *call) createPolicy() *reply {
	clean, rep := c.policyBody(spec{"name": "!s", "notes": "s", "template": "!o", "values": "a"})
	if rep != nil {
		return rep
	}
	id, _ := clean["template"].(map[string]any)["id"].(string)
	template := c.templates.get(id)
	if template == nil {
		return c.bad("template.id is not the id of a policy template")
	}
	values, rep := c.policyValues(clean["values"], template)
	if rep != nil {
		return rep
	}
	if c.policies.find("name", clean["name"]) != nil {
		return c.conflict("a policy with this name already exists")
	}
	d := c.policies.add(newPolicy(c.newID("policy"), clean["name"], clean["notes"], template.m, values))
	c.logChange("policy_create", "directory", policyResource(d), nil)
	return created(c.policies.json(d, viewGet))
}

func newPolicy(id string, name, notes any, template map[string]any, values []any) map[string]any {
	m := map[string]any{"id": id, "name": name, "template": without("configFields")(template),
		"configFields": template["configFields"], "values": values}
	if notes != nil {
		m["notes"] = notes
	}
	return m
}

// replacePolicy loses notes and values that are not sent.
func (c *call) replacePolicy() *reply {
	d := c.policies.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	clean, rep := c.policyBody(spec{"name": "!s", "notes": "s", "values": "a"})
	if rep != nil {
		return rep
	}
	if other := c.policies.find("name", clean["name"]); other != nil && other.id != d.id {
		return c.conflict("a policy with this name already exists")
	}
	template := c.templates.get(d.m["template"].(map[string]any)["id"].(string))
	values, rep := c.policyValues(clean["values"], template)
	if rep != nil {
		return rep
	}
	m := newPolicy(d.id, clean["name"], clean["notes"], template.m, values)
	n := c.update(c.policies, d, m, "policy_update", "directory", policyResource)
	return okBytes(c.policies.json(n, viewList))
}

func (c *call) deletePolicy() *reply {
	d := c.policies.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.policies.remove(d)
	c.graph.forget(node{"policy", d.id})
	c.logChange("policy_delete", "directory", policyResource(d), nil)
	return empty(http.StatusNoContent)
}
