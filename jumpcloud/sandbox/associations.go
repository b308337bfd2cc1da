package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// kinds are the types of object in the graph: where they stand in the paths
// of v2, and what may be bound to them.
type graphKind struct {
	kind, path string
	targets    []string
	pick       func(*Org) *collection
	generic    string // the path of a generic collection, "" for others
}

var (
	userSide   = []string{"active_directory", "application", "g_suite", "ldap_server", "office_365", "radius_server", "system", "system_group"}
	deviceSide = []string{"command", "policy", "policy_group", "user", "user_group"}
	toUsers    = []string{"user", "user_group"}
	toDevices  = []string{"system", "system_group"}
)

func graphKinds() []graphKind {
	return []graphKind{
		{"user", "users", userSide, (*Org).theUsers, ""},
		{"user_group", "usergroups", userSide, (*Org).theUserGroups, ""},
		{"system", "systems", deviceSide, (*Org).theDevices, ""},
		{"system_group", "systemgroups", deviceSide, (*Org).theDeviceGroups, ""},
		{"application", "applications", toUsers, (*Org).theApplications, ""},
		{"radius_server", "radiusservers", toUsers, (*Org).theRadius, ""},
		{"ldap_server", "ldapservers", toUsers, (*Org).theLDAP, ""},
		{"active_directory", "activedirectories", toUsers, (*Org).theDirectories, ""},
		{"policy", "policies", toDevices, (*Org).thePolicies, ""},
		{"command", "commands", toDevices, (*Org).theCommands, ""},
		{"software_app", "softwareapps", toDevices, (*Org).theSoftware, ""},
		{"policy_group", "policygroups", toDevices, (*Org).thePolicyGroups, ""},
		{"g_suite", "gsuites", toUsers, (*Org).theGSuites, ""},
		{"office_365", "office365s", toUsers, (*Org).theOffice365s, ""},
		genericKind("idp_routing_policy", "identity-provider/policies", toUsers),
		genericKind("health_rule", "healthmonitoring/rules", []string{"system_group"}),
		genericKind("password_manager_item", "passwordmanageritems", toUsers),
	}
}

func genericKind(kind, path string, targets []string) graphKind {
	return graphKind{kind, path, targets, func(o *Org) *collection { return o.collectionAt(path) }, path}
}

// kindAt is the type of what a generic collection holds, if it is in the graph.
func kindAt(path string) (graphKind, bool) {
	for _, k := range graphKinds() {
		if k.generic == path {
			return k, true
		}
	}
	return graphKind{}, false
}

func kindOf(kind string) (graphKind, bool) {
	for _, k := range graphKinds() {
		if k.kind == kind {
			return k, true
		}
	}
	return graphKind{}, false
}

// exists looks an object of the graph up.
func (o *Org) exists(n node) bool {
	k, known := kindOf(n.kind)
	return known && k.pick(o).get(n.id) != nil
}

// parent gives the object in the path. The trap empty-children makes an
// unknown one look like one without children.
func (c *call) parent(k graphKind) (n node, rep *reply) {
	n = node{k.kind, c.param("id")}
	if k.pick(c.Org).get(n.id) != nil {
		return n, nil
	}
	if c.traps["empty-children"] && c.r.Method == http.MethodGet {
		return n, ok([]any{})
	}
	return n, c.notFound()
}

// listed pages and encodes edges or traversals; v2 filter and sort see the
// id and type of what is reached.
func (c *call) listed(found []*reach, show func(*reach) map[string]any) *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	rows := newCollection("rows", "id")
	for _, r := range found {
		m := map[string]any{"id": r.to.id, "type": r.to.kind}
		if p.match == nil || p.match(m) {
			rows.order = append(rows.order, &doc{id: r.to.id, seq: len(rows.order), m: m})
		}
	}
	index := make(map[string]*reach, len(found))
	for _, r := range found {
		index[r.to.kind+r.to.id] = r
	}
	p.match = nil
	docs, _ := c.rows(rows, p)
	out := make([]any, len(docs))
	for i, d := range docs {
		out[i] = show(index[d.m["type"].(string)+d.id])
	}
	return c.counted(ok(out), len(found))
}

func edgeOnly(r *reach) map[string]any { return edgeJSON(r.paths[0][0]) }

// members lists the direct members of a group.
func members(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		return c.listed(steps(c.graph.members[n]), edgeOnly)
	}
}

// membership lists all members of a group, with the way to each. Groups do
// not nest in the published API, so all ways have one step.
func membership(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		return c.listed(steps(c.graph.members[n]), (*reach).json)
	}
}

// memberof lists the groups an object is in.
func memberof(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		return c.listed(steps(c.graph.parents[n]), (*reach).json)
	}
}

// traverse lists all objects of some types that an object reaches.
func traverse(k graphKind, targets ...string) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		var found []*reach
		for _, target := range targets {
			found = append(found, c.graph.reachable(n, target)...)
		}
		return c.listed(found, (*reach).json)
	}
}

// associations lists what is bound directly, of the types in targets.
func associations(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		var targets []string
		for _, t := range c.r.URL.Query()["targets"] {
			targets = append(targets, strings.Split(t, ",")...)
		}
		if len(targets) == 0 {
			return c.bad("targets is required")
		}
		for _, t := range targets {
			if !slices.Contains(k.targets, t) {
				return c.bad("targets: " + t + " cannot be associated to a " + k.kind)
			}
		}
		var list []link
		for _, l := range c.graph.bound[n] {
			if slices.Contains(targets, l.to.kind) {
				list = append(list, l)
			}
		}
		return c.listed(steps(list), edgeOnly)
	}
}

// edge is the body of a membership or association change.
type edge struct {
	op    string
	to    node
	attrs map[string]any
}

// edgeBody reads {op, type, id, attributes} and checks it against the types
// that are allowed here.
func (c *call) edgeBody(allowed []string) (e edge, rep *reply) {
	body, bad := c.object()
	if bad != nil {
		return e, bad
	}
	clean, problem := check(body, spec{"op": "!e:add|remove|update", "type": "!s", "id": "!s", "attributes": "o"})
	if problem != "" {
		return e, c.bad(problem)
	}
	e.op, e.to = clean["op"].(string), node{clean["type"].(string), clean["id"].(string)}
	e.attrs, _ = clean["attributes"].(map[string]any)
	if !slices.Contains(allowed, e.to.kind) {
		return e, c.bad("type must be one of " + strings.Join(allowed, ", "))
	}
	if !hexID.MatchString(e.to.id) {
		return e, c.bad("id is malformed")
	}
	if sudo, sent := e.attrs["sudo"]; sent {
		object, _ := sudo.(map[string]any)
		if _, problem := check(object, spec{"enabled": "!b", "withoutPassword": "!b"}); problem != "" {
			return e, c.bad("attributes.sudo: " + problem)
		}
	}
	if !c.exists(e.to) {
		return e, c.fail(http.StatusNotFound, e.to.kind+" not found")
	}
	return e, nil
}

// changeMembers adds, removes or updates one member of a group.
func changeMembers(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		e, rep := c.edgeBody([]string{memberKind[k.kind]})
		if rep != nil {
			return rep
		}
		known := at(c.graph.members[n], e.to) >= 0
		if rep := c.edgeState(e.op, known, "member"); rep != nil {
			return rep
		}
		if c.traps["no-effect"] {
			return empty(http.StatusNoContent)
		}
		if e.op == "remove" {
			c.graph.leave(n, e.to)
		} else {
			c.graph.join(n, e.to, e.attrs)
		}
		c.logEdge(e.op, n, e.to)
		return empty(http.StatusNoContent)
	}
}

func changeAssociations(k graphKind) handler {
	return func(c *call) *reply {
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		e, rep := c.edgeBody(k.targets)
		if rep != nil {
			return rep
		}
		known := at(c.graph.bound[n], e.to) >= 0
		if rep := c.edgeState(e.op, known, "association"); rep != nil {
			return rep
		}
		if c.traps["no-effect"] {
			return empty(http.StatusNoContent)
		}
		if e.op == "remove" {
			c.graph.unbind(n, e.to)
		} else {
			c.graph.bind(n, e.to, e.attrs)
		}
		c.logEdge(e.op, n, e.to)
		return empty(http.StatusNoContent)
	}
}

// edgeState refuses to add what is there and to remove or update what is not.
func (c *call) edgeState(op string, known bool, what string) *reply {
	if op == "add" && known {
		return c.conflict("the " + what + " already exists")
	}
	if op != "add" && !known {
		return c.fail(http.StatusNotFound, "no such "+what)
	}
	return nil
}

// graphRoutes adds every path of the graph from one table.
func graphRoutes(add func(string, handler)) {
	fromPeople := []string{"application", "system", "system_group", "radius_server", "ldap_server", "active_directory", "g_suite", "office_365",
		"policy", "policy_group"}
	both := []string{"system", "system_group", "user", "user_group"}
	fromDevices := []string{"user", "user_group", "policy", "policy_group", "command"}
	reachedFrom := map[string][]string{
		"user": fromPeople, "user_group": fromPeople, "system": fromDevices, "system_group": fromDevices,
		"application": toUsers, "radius_server": {"user", "user_group", "system_group"}, "ldap_server": toUsers, "active_directory": toUsers,
		"g_suite": toUsers, "office_365": toUsers,
		"policy": both, "policy_group": both, "command": toDevices, "software_app": toDevices,
		"health_rule": {"system_group"}, "password_manager_item": toUsers,
	}
	for _, k := range graphKinds() {
		base := "/api/v2/" + k.path + "/{id}"
		add("GET "+base+"/associations", associations(k))
		add("POST "+base+"/associations", changeAssociations(k))
		switch {
		case memberKind[k.kind] != "":
			add("GET "+base+"/members", members(k))
			add("POST "+base+"/members", changeMembers(k))
			add("GET "+base+"/membership", membership(k))
			if k.kind == "user_group" {
				add("GET "+base+"/memberof", memberof(k))
			}
		case k.kind == "user" || k.kind == "system" || k.kind == "policy":
			add("GET "+base+"/memberof", memberof(k))
		}
		if k.kind == "user" || k.kind == "user_group" {
			add("GET "+base+"/directories", traverse(k, "active_directory", "g_suite", "ldap_server", "office_365"))
		}
		for _, target := range reachedFrom[k.kind] {
			t, _ := kindOf(target)
			add("GET "+base+"/"+t.path, traverse(k, target))
		}
	}
}
