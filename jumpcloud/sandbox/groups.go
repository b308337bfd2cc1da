package sandbox

import "net/http"

func groupSpec() spec {
	return spec{
		"name": "!s", "description": "s", "email": "s", "attributes": "o", "memberQuery": "o",
		"memberQueryExemptions": "a", "memberSuggestionsNotify": "b",
		"membershipMethod": "e:NOTSET|STATIC|DYNAMIC_REVIEW_REQUIRED|DYNAMIC_AUTOMATED",
	}
}

// groupBody reads a group in full; self is the id of the group that may keep
// its name.
func (c *call) groupBody(coll *collection, kind, self string) (map[string]any, *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, bad
	}
	rules := groupSpec()
	if kind == "policy_group" {
		rules = spec{"name": "!s"}
	}
	clean, problem := check(body, rules)
	if problem != "" {
		return nil, c.bad(problem)
	}
	if d := coll.find("name", clean["name"]); d != nil && d.id != self {
		return nil, c.conflict("a group with this name already exists")
	}
	return newGroup(kind, clean), nil
}

// newGroup fills in what a group has when nothing was said.
func newGroup(kind string, fields map[string]any) map[string]any {
	if kind == "policy_group" {
		return with(map[string]any{"type": kind, "description": "", "email": ""}, fields)
	}
	m := map[string]any{"type": kind, "membershipMethod": "STATIC", "memberSuggestionsNotify": false,
		"memberQueryExemptions": []any{}}
	if kind == "user_group" {
		m["suggestionCounts"] = map[string]any{"add": 0, "remove": 0, "total": 0}
	}
	return with(m, fields)
}

func groupResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": d.m["type"], "name": d.m["name"]}
}

func createGroup(k graphKind) handler {
	return func(c *call) *reply {
		coll := k.pick(c.Org)
		m, rep := c.groupBody(coll, k.kind, "")
		if rep != nil {
			return rep
		}
		m["id"] = c.newID(k.kind)
		d := coll.add(m)
		c.logChange("group_create", "directory", groupResource(d), nil)
		return created(coll.json(d, viewGet))
	}
}

// replaceGroup puts a whole new object in place: fields that are not sent are
// lost.
func replaceGroup(k graphKind) handler {
	return func(c *call) *reply {
		coll := k.pick(c.Org)
		d := coll.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		m, rep := c.groupBody(coll, k.kind, d.id)
		if rep != nil {
			return rep
		}
		m["id"] = d.id
		n := c.update(coll, d, m, "group_update", "directory", groupResource)
		return okBytes(coll.json(n, viewGet))
	}
}

func deleteGroup(k graphKind) handler {
	return func(c *call) *reply {
		coll := k.pick(c.Org)
		d := coll.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		coll.remove(d)
		c.graph.forget(node{k.kind, d.id})
		c.logChange("group_delete", "directory", groupResource(d), nil)
		return empty(http.StatusNoContent)
	}
}
