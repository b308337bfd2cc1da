package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// specialRoutes are operations whose effect the table cannot say.
func specialRoutes(add func(string, handler)) {
	add("POST /api/systemusers/{id}/password", (*call).forcePassword)
	add("POST /api/systemusers/{id}/reactivate", (*call).reactivateUser)
	add("POST /api/systemusers/{id}/mfa/enforce", (*call).enforceMFA)
	add("POST /api/systemusers/{id}/mfasync", (*call).syncMFA)
	add("GET /api/v2/users/{id}/policystatuses", (*call).statusesOfUser)
	add("GET /api/v2/applications/{id}", getV2((*Org).theApplications))
	add("GET /api/v2/organizations/{id}/administratorlinks", (*call).administratorLinks)
	add("POST /api/v2/workdays/{id}/import", ofWorkday(bulk("user created", bulkCreate)))
	add("GET /api/v2/workdays/{id}/import/{job}/results", ofWorkday((*call).bulkResultsOf))
	for _, kind := range []string{"user_group", "system_group"} {
		k, _ := kindOf(kind)
		add("GET /api/v2/"+k.path+"/{id}/suggestions", suggestions(k))
		add("POST /api/v2/"+k.path+"/{id}/suggestions", applySuggestions(k))
	}
	idp, _ := kindOf("idp_routing_policy")
	for _, target := range toUsers {
		t, _ := kindOf(target)
		add("GET /api/v2/"+idp.path+"/{id}/associations/"+t.path, traverse(idp, target))
	}
	reportRoutes(add)
}

// userBody gives the user in the path and a body in which every field is
// optional: what these operations take is not published.
func (c *call) userBody(rules spec) (*doc, map[string]any, *reply) {
	d := c.users.get(c.param("id"))
	if d == nil {
		return nil, nil, c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return nil, nil, bad
	}
	clean, problem := check(body, rules)
	if problem != "" {
		return nil, nil, c.bad(problem)
	}
	return d, clean, nil
}

// forcePassword sets a password as an administrator does (body U).
func (c *call) forcePassword() *reply {
	d, body, bad := c.userBody(spec{"password": "s", "newPassword": "s"})
	if bad != nil {
		return bad
	}
	if body["password"] == nil && body["newPassword"] == nil {
		return c.bad("password is required")
	}
	m := inState(with(d.m, map[string]any{"password_date": stamp(c.at), "password_expired": false,
		"password_expiration_date": stamp(c.at.Add(90 * 24 * time.Hour))}))
	c.update(c.users, d, m, "user_password_set_by_admin", "directory", c.userResource)
	return empty(http.StatusOK)
}

// reactivateUser does what activating does (U).
func (c *call) reactivateUser() *reply {
	d, _, bad := c.userBody(spec{"email": "s"})
	if bad != nil {
		return bad
	}
	c.update(c.users, d, inState(with(d.m, map[string]any{"state": "ACTIVATED"})), "user_reactivated", "directory", c.userResource)
	return empty(http.StatusOK)
}

func (c *call) enforceMFA() *reply {
	d, body, bad := c.userBody(spec{"enable_user_portal_multifactor": "b", "exclusion": "b", "exclusionUntil": "t", "exclusionDays": "i"})
	if bad != nil {
		return bad
	}
	required := body["enable_user_portal_multifactor"] != false
	c.update(c.users, d, with(d.m, map[string]any{"enable_user_portal_multifactor": required}), "user_update", "directory", c.userResource)
	return empty(http.StatusOK)
}

func (c *call) syncMFA() *reply {
	if c.users.get(c.param("id")) == nil {
		return c.notFound()
	}
	return empty(http.StatusOK)
}

// statusesOfUser are the results of policies on the devices of a user.
func (c *call) statusesOfUser() *reply {
	k, _ := kindOf("user")
	n, rep := c.parent(k)
	if rep != nil {
		return rep
	}
	var list []*doc
	for _, r := range c.graph.reachable(n, "system") {
		list = append(list, c.policyResults().byDevice[r.to.id]...)
	}
	return c.resultsPage(list)
}

// administratorLinks shows from the other side who may enter an organisation.
func (c *call) administratorLinks() *reply {
	id := c.param("id")
	rows := newCollection("links", "administrator")
	if c.organizations.get(id) != nil {
		for _, admin := range c.collectionAt("administrators").order {
			for _, link := range c.collectionAt("administrators/" + admin.id + "/organizationlinks").order {
				if link.m["organization"] == id {
					rows.add(with(link.m, map[string]any{"administrator": admin.id}))
				}
			}
		}
	}
	return listV2(func(*Org) *collection { return rows })(c)
}

// suggestion is a change of membership that waits for somebody's yes.
type suggestion struct {
	op string
	of node
}

// suggestionsFor are made once for a group whose members are to be reviewed:
// two to add and one to remove. Other groups have none.
func (c *call) suggestionsFor(k graphKind, n node) []suggestion {
	if k.pick(c.Org).get(n.id).m["membershipMethod"] != "DYNAMIC_REVIEW_REQUIRED" {
		return nil
	}
	if list, made := c.suggested[n]; made {
		return list
	}
	member, _ := kindOf(memberKind[k.kind])
	var list []suggestion
	for _, d := range member.pick(c.Org).order {
		if of := (node{member.kind, d.id}); len(list) < 2 && at(c.graph.members[n], of) < 0 {
			list = append(list, suggestion{"add", of})
		}
	}
	if now := c.graph.members[n]; len(now) > 0 {
		list = append(list, suggestion{"remove", now[len(now)-1].to})
	}
	if c.suggested == nil {
		c.suggested = map[node][]suggestion{}
	}
	c.suggested[n] = list
	return list
}

func suggestions(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		p, err := pageV2(c.r.URL.Query())
		if err != nil {
			return c.bad(err.Error())
		}
		out := []any{}
		for _, s := range window(c.suggestionsFor(k, n), p.skip, p.limit) {
			out = append(out, map[string]any{"op": s.op, "object": map[string]any{"id": s.of.id, "type": s.of.kind}})
		}
		return ok(out)
	}
}

// applySuggestions carries out those that are named.
func applySuggestions(k graphKind) handler {
	field := map[string]string{"user_group": "user_ids", "system_group": "object_ids"}[k.kind]
	body := &shape{kind: "object", fields: []shapeField{{field, true, &shape{kind: "list", item: &shape{kind: "s"}}}}}
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		sent, rep := c.object()
		if rep != nil {
			return rep
		}
		if problem := body.misfit(sent, "the body"); problem != "" {
			return c.bad(problem)
		}
		ids, _ := textList(sent[field])
		list := c.suggestionsFor(k, n)
		for _, id := range ids {
			if !slices.ContainsFunc(list, func(s suggestion) bool { return s.of.id == id }) {
				return c.bad(id + " is not suggested")
			}
		}
		for _, s := range list {
			if !slices.Contains(ids, s.of.id) || c.traps["no-effect"] {
				continue
			}
			if s.op == "add" {
				c.graph.join(n, s.of, nil)
			} else {
				c.graph.leave(n, s.of)
			}
			c.logEdge(s.op, n, s.of)
		}
		if !c.traps["no-effect"] {
			c.suggested[n] = slices.DeleteFunc(slices.Clone(list), func(s suggestion) bool { return slices.Contains(ids, s.of.id) })
		}
		return ok(map[string]any{})
	}
}

// ofWorkday does something only when the Workday instance in the path is there.
func ofWorkday(then handler) handler {
	return func(c *call) *reply {
		if c.collectionAt("workdays").get(c.param("id")) == nil {
			return c.notFound()
		}
		return then(c)
	}
}
