package sandbox

import (
	"maps"
	"slices"
)

// node is an object in the graph: its graph type and id.
type node struct{ kind, id string }

// link is one edge as seen from one of its ends.
type link struct {
	to    node
	attrs map[string]any
}

// graph holds memberships (group to member) and associations (what is bound
// to what), each seen from both ends and kept in the order they were made.
type graph struct {
	members, parents, bound map[node][]link
	// before runs ahead of the first change, rev counts the changes.
	before func()
	rev    int
}

func newGraph() *graph {
	return &graph{members: map[node][]link{}, parents: map[node][]link{}, bound: map[node][]link{}}
}

// changing announces a change to an edge.
func (g *graph) changing() {
	if g.before != nil && g.rev == 0 {
		g.before()
	}
	g.rev++
}

func at(list []link, to node) int {
	return slices.IndexFunc(list, func(l link) bool { return l.to == to })
}

// put adds an edge or changes its attributes.
func put(from map[node][]link, a, b node, attrs map[string]any) {
	if i := at(from[a], b); i >= 0 {
		from[a][i].attrs = attrs
		return
	}
	from[a] = append(from[a], link{b, attrs})
}

func drop(from map[node][]link, a, b node) {
	if i := at(from[a], b); i >= 0 {
		from[a] = slices.Delete(from[a], i, i+1)
	}
	if len(from[a]) == 0 {
		delete(from, a)
	}
}

// newMember and newBond add edges that are known to be new, for seeding:
// looking for each in a list of ten thousand would take minutes.
func (g *graph) newMember(group, member node) {
	g.members[group] = append(g.members[group], link{to: member})
	g.parents[member] = append(g.parents[member], link{to: group})
}

func (g *graph) newBond(a, b node, attrs map[string]any) {
	g.bound[a] = append(g.bound[a], link{b, attrs})
	g.bound[b] = append(g.bound[b], link{a, attrs})
}

// join makes member a member of group.
func (g *graph) join(group, member node, attrs map[string]any) {
	g.changing()
	put(g.members, group, member, attrs)
	put(g.parents, member, group, attrs)
}

func (g *graph) leave(group, member node) {
	g.changing()
	drop(g.members, group, member)
	drop(g.parents, member, group)
}

// bind associates two objects; the edge has no direction.
func (g *graph) bind(a, b node, attrs map[string]any) {
	g.changing()
	put(g.bound, a, b, attrs)
	put(g.bound, b, a, attrs)
}

func (g *graph) unbind(a, b node) {
	g.changing()
	drop(g.bound, a, b)
	drop(g.bound, b, a)
}

// forget removes an object with all its edges.
func (g *graph) forget(n node) {
	g.changing()
	for _, l := range g.members[n] {
		drop(g.parents, l.to, n)
	}
	for _, l := range g.parents[n] {
		drop(g.members, l.to, n)
	}
	for _, l := range g.bound[n] {
		drop(g.bound, l.to, n)
	}
	delete(g.members, n)
	delete(g.parents, n)
	delete(g.bound, n)
}

// reach is one object that can be reached, with every way to it.
type reach struct {
	to    node
	paths [][]link
}

// reachable walks from an object to all objects of one type: up to the groups
// it is in, over exactly one association, down to the members of a group on
// the other side. These are the only ways in which access is inherited.
func (g *graph) reachable(from node, kind string) []*reach {
	var found []*reach
	index := map[node]*reach{}
	add := func(path ...link) {
		to := path[len(path)-1].to
		r := index[to]
		if r == nil {
			r = &reach{to: to}
			index[to] = r
			found = append(found, r)
		}
		r.paths = append(r.paths, path)
	}
	over := func(head node, before []link) {
		for _, l := range g.bound[head] {
			path := append(slices.Clone(before), l)
			if l.to.kind == kind {
				add(path...)
			}
			if memberKind[l.to.kind] != kind {
				continue
			}
			for _, m := range g.members[l.to] {
				add(append(slices.Clone(path), m)...)
			}
		}
	}
	over(from, nil)
	for _, p := range g.parents[from] {
		over(p.to, []link{p})
	}
	return found
}

// memberKind is the type of the members of each type of group.
var memberKind = map[string]string{"user_group": "user", "system_group": "system", "policy_group": "policy"}

// steps gives memberships as paths of one step.
func steps(list []link) []*reach {
	out := make([]*reach, len(list))
	for i, l := range list {
		out[i] = &reach{to: l.to, paths: [][]link{{l}}}
	}
	return out
}

// edgeJSON is one edge; "from" is left out because it is clear from context.
func edgeJSON(l link) map[string]any {
	e := map[string]any{"to": map[string]any{"id": l.to.id, "type": l.to.kind}}
	if len(l.attrs) > 0 {
		e["attributes"] = l.attrs
	}
	return e
}

func (r *reach) json() map[string]any {
	paths := make([]any, len(r.paths))
	compiled := map[string]any{}
	for i, p := range r.paths {
		edges := make([]any, len(p))
		for j, l := range p {
			edges[j] = edgeJSON(l)
			compile(compiled, l.attrs)
		}
		paths[i] = edges
	}
	m := map[string]any{"id": r.to.id, "type": r.to.kind, "paths": paths}
	if len(compiled) > 0 {
		m["compiledAttributes"] = compiled
	}
	return m
}

// compile merges the attributes of an edge into what all paths give: a right
// that one path grants is granted.
func compile(into, attrs map[string]any) {
	for k, v := range attrs {
		sudo, isObject := v.(map[string]any)
		if k != "sudo" || !isObject {
			into[k] = v
			continue
		}
		merged, _ := into[k].(map[string]any)
		merged = maps.Clone(merged)
		if merged == nil {
			merged = map[string]any{"enabled": false, "withoutPassword": false}
		}
		for name, granted := range sudo {
			if granted == true {
				merged[name] = true
			}
		}
		into[k] = merged
	}
}

// dump lists all edges once, for ground truth.
func (g *graph) dump() (memberships, associations []map[string]any) {
	order := func(a, b node) int {
		if a.kind != b.kind {
			return compareValues(a.kind, b.kind)
		}
		return compareValues(a.id, b.id)
	}
	for _, group := range slices.SortedFunc(maps.Keys(g.members), order) {
		for _, l := range g.members[group] {
			memberships = append(memberships, map[string]any{"group_type": group.kind, "group": group.id,
				"member_type": l.to.kind, "member": l.to.id})
		}
	}
	for _, from := range slices.SortedFunc(maps.Keys(g.bound), order) {
		for _, l := range g.bound[from] {
			if order(from, l.to) > 0 {
				continue
			}
			associations = append(associations, map[string]any{"from_type": from.kind, "from": from.id,
				"to_type": l.to.kind, "to": l.to.id, "attributes": deepCopy(l.attrs)})
		}
	}
	return memberships, associations
}
