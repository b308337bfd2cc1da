package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// doc is a document of the sandbox as it stores it.
type doc = map[string]any

// node is an object in the graph: its graph type and id.
type node struct{ kind, id string }

// truth is what the organisation holds, counted from its own rows and edges.
type truth struct {
	users, devices, apps, userGroups, deviceGroups, events []doc
	byID                                                   map[node]doc
	members, parents, bound                                map[node][]node
}

func newTruth(s map[string][]map[string]any) *truth {
	t := &truth{users: s["users"], devices: s["devices"], apps: s["applications"], userGroups: s["user_groups"],
		deviceGroups: s["device_groups"], events: s["events"],
		byID: map[node]doc{}, members: map[node][]node{}, parents: map[node][]node{}, bound: map[node][]node{}}
	for kind, list := range map[string][]doc{"user": t.users, "system": t.devices, "application": t.apps, "user_group": t.userGroups, "system_group": t.deviceGroups, "policy": s["policies"]} {
		for _, d := range list {
			t.byID[node{kind, idOf(d)}] = d
		}
	}
	at := func(e doc, kind, id string) node { return node{text(e, kind), text(e, id)} }
	for _, e := range s["memberships"] {
		g, m := at(e, "group_type", "group"), at(e, "member_type", "member")
		t.members[g], t.parents[m] = append(t.members[g], m), append(t.parents[m], g)
	}
	for _, e := range s["associations"] {
		a, b := at(e, "from_type", "from"), at(e, "to_type", "to")
		t.bound[a], t.bound[b] = append(t.bound[a], b), append(t.bound[b], a)
	}
	return t
}

func idOf(d doc) string {
	if s := text(d, "_id"); s != "" {
		return s
	}
	return text(d, "id")
}

// at is the value at a path of names with dots.
func at(d doc, path string) any {
	var v any = d
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func text(d doc, path string) string { s, _ := at(d, path).(string); return s }

// name is what people call an object.
func (t *truth) name(n node) string {
	d := t.byID[n]
	for _, f := range []string{"username", "hostname", "displayLabel", "name"} {
		if s := text(d, f); s != "" {
			return s
		}
	}
	return n.id
}

// find is the object whose field has the value.
func find(list []doc, field, value string) doc {
	for _, d := range list {
		if text(d, field) == value {
			return d
		}
	}
	return nil
}

// pick are the rows that meet a condition.
func pick(list []doc, is func(doc) bool) (out []doc) {
	for _, d := range list {
		if is(d) {
			out = append(out, d)
		}
	}
	return out
}

// texts are the values of a field.
func texts(list []doc, field string) []string {
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = text(d, field)
	}
	return out
}

// tally counts the values of a field; what is empty is "(none)".
func tally(list []doc, field string) map[string]int {
	out := map[string]int{}
	for _, d := range list {
		v := at(d, field)
		s := fmt.Sprint(v)
		if v == nil || s == "" {
			s = "(none)"
		}
		out[s]++
	}
	return out
}

// reaches are the objects of a kind that an object reaches: over one association
// of its own or of a group it is in, and inside of a group on the other side.
func (t *truth) reaches(from node, kind string) []node {
	found := map[node]bool{}
	for _, head := range append([]node{from}, t.parents[from]...) {
		for _, to := range t.bound[head] {
			if to.kind == kind {
				found[to] = true
			}
			for _, m := range t.members[to] {
				if m.kind == kind {
					found[m] = true
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b node) int { return strings.Compare(a.id, b.id) })
}

// names are those of many objects, sorted, each once.
func (t *truth) names(nodes []node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = t.name(n)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// in are the names of the groups that an object is in.
func (t *truth) in(n node) []string { return t.names(t.parents[n]) }

func (t *truth) user(name string) node { return node{"user", idOf(find(t.users, "username", name))} }
func (t *truth) device(host string) node {
	return node{"system", idOf(find(t.devices, "hostname", host))}
}
func (t *truth) app(label string) node {
	return node{"application", idOf(find(t.apps, "displayLabel", label))}
}
func (t *truth) userGroup(name string) node {
	return node{"user_group", idOf(find(t.userGroups, "name", name))}
}
func (t *truth) deviceGroup(name string) doc { return find(t.deviceGroups, "name", name) }

func suspended(u doc) bool   { return text(u, "state") == "SUSPENDED" }
func withoutMFA(u doc) bool  { return text(u, "mfaEnrollment.overallStatus") != "ENROLLED" }
func unencrypted(d doc) bool { return at(d, "fde.active") == false }

// quietSince reports whether a device was last seen before a time.
func quietSince(when time.Time) func(doc) bool {
	return func(d doc) bool {
		seen, err := time.Parse(time.RFC3339, text(d, "lastContact"))
		return err == nil && seen.Before(when)
	}
}

// failures are the failed events since a time, by the username that tried.
func (t *truth) failures(since time.Time) map[string]int {
	out := map[string]int{}
	for _, e := range t.events {
		at, err := time.Parse(time.RFC3339, text(e, "timestamp"))
		if err == nil && !at.Before(since) && e["success"] == false {
			out[text(e, "initiated_by.username")]++
		}
	}
	return out
}
