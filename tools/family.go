package tools

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// The graph binds every type of object to others in the same three ways: direct
// connections are listed, they are changed, and what can be reached over them is
// traversed. Each way is one function here, and graph.go is a line for each use.

// reach declares the traversal from one object to all objects of a kind, with the
// groups that lead to each.
func reach[In any](name, at, doc string, kind *jc.Kind, opts ...Option) *Tool {
	return reachKinds[In](name, at, doc, []*jc.Kind{kind}, opts...)
}

// reachKinds declares the traversal to objects of several kinds.
func reachKinds[In any](name, at, doc string, kinds []*jc.Kind, opts ...Option) *Tool {
	columns := Columns("name", via)
	if len(kinds) > 1 {
		columns = Columns("name", "type", via)
	}
	opts = append(opts, Rows(asReached), columns, Names("name", "type", append(slices.Clone(kinds), userGroupEnd, deviceGroupEnd, policyGroupEnd)...))
	return explained(List[In, jc.Access](name, at, doc, opts...))
}

// bonds declares the list of what is bound directly to an object. The API lists
// one type of target at a time.
func bonds[In any](name, at, doc string, kinds ...*jc.Kind) *Tool {
	return List[In, jc.Association](name, at, doc, Rows(shownBond), Columns("name", "type"), Names("name", "type", kinds...))
}

// shownBond gives a connection the form of what it leads to; types that cannot be
// named here keep their id.
func shownBond(row jc.Row) jc.Row {
	out := shownConnection(row)
	if k := jc.KindOf(out.Text("type")); k == nil || k.Get.Path == "" {
		out["name"] = out.Text("id")
	}
	return out
}

// bonding is the input of a tool that changes a direct connection: the object in
// the path, and what the body says.
type bonding interface{ asked() association }

func (a association) asked() association { return a }

// bondChange declares the change of one direct connection.
func bondChange[In any](name, at, doc string, risk auth.Risk, opts ...Option) *Tool {
	uses := Uses{Own: []string{at}, Risk: risk, Effect: jc.Idempotent}
	for _, list := range bondLists {
		uses.Reads = append(uses.Reads, list)
	}
	return Job(name, doc, uses, func(ctx context.Context, r *Reader, in *In) (*Plan, error) {
		var refs []found
		if err := references(reflect.ValueOf(in), "", &refs); err != nil {
			return nil, err
		}
		a := any(in).(bonding).asked()
		b := bond{post: jc.At(at), owner: refs[0].ref.Found(), other: a.Object.Found(), op: a.Op, attrs: a.Attributes}
		was, there, err := b.read(ctx, r)
		if err != nil {
			return nil, err
		}
		s, err := b.step(was, there)
		return &Plan{Steps: []Step{s}}, err
	}, opts...)
}

// bondLists are where direct connections are read, by the type of the object that
// is asked: those that have few. An application or a policy may have thousands.
var bondLists = map[string]string{
	"user":         userAssociations,
	"user_group":   userGroupAssociations,
	"system":       "GET /api/v2/systems/{device}/associations",
	"system_group": "GET /api/v2/systemgroups/{group}/associations",
	"alert_rule":   "GET /api/v2/healthmonitoring/rules/{rule}/associations",
	// Users do not list their routing policies.
	"idp_routing_policy":    "GET /api/v2/identity-provider/policies/{routing_policy}/associations",
	"password_manager_item": "GET /api/v2/passwordmanageritems/{item}/associations",
	// Devices do not list their software.
	"software_app": "GET /api/v2/softwareapps/{software_app}/associations",
}

// bond is a direct connection that a step makes, changes or ends. It differs from
// an edge in the side it is read from: either end may be in the path of the POST.
type bond struct {
	tool         *Tool // whose grant the step needs; the job itself when nil
	post         jc.Endpoint
	owner, other jc.Object // in the path of the POST, in its body
	op           string
	attrs        map[string]any
	// agrees tells whether what the connection carries is what is wanted; nil for
	// all of attrs being there.
	agrees func(have map[string]any) bool
}

func (b bond) same(have map[string]any) bool {
	if b.agrees != nil {
		return b.agrees(have)
	}
	return covers(have, b.attrs)
}

// ends are the two objects, the one first that the connection is read from: the
// user's side before the device's.
func (b bond) ends() (from, to jc.Object) {
	for _, t := range []string{"software_app", "alert_rule", "idp_routing_policy", "password_manager_item", "user", "user_group", "system", "system_group"} {
		switch t {
		case b.other.Kind.Type:
			return b.other, b.owner
		case b.owner.Kind.Type:
			return b.owner, b.other
		}
	}
	return b.other, b.owner
}

// read reads whether the connection is there, and what it carries.
func (b bond) read(ctx context.Context, r *Reader) (attrs map[string]any, there bool, err error) {
	from, to := b.ends()
	all, err := readBonds(ctx, r, from, to.Kind.Type)
	attrs, there = all[to.ID]
	return attrs, there, err
}

// readBonds reads what is bound directly to an object, of one type: attributes by id.
func readBonds(ctx context.Context, r *Reader, from jc.Object, target string) (map[string]map[string]any, error) {
	list, known := bondLists[from.Kind.Type]
	if !known {
		return nil, invalid("type", "connections between these types cannot be read back here")
	}
	at := jc.At(list)
	req := jc.Request{Endpoint: at, Params: map[string]string{at.Names()[0]: from.ID}, Query: map[string][]string{"targets": {target}}}
	rows, _, err := r.d.o.Client.Walk(ctx, req, jc.Query{}, 0, nil)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]any{}
	for _, row := range rows.Rows {
		attrs := map[string]any{}
		for _, place := range []string{"to.attributes", "attributes"} { // the API puts them on the connection or on its end
			v, _ := row.At(place)
			m, _ := v.(map[string]any)
			maps.Copy(attrs, m)
		}
		out[row.Text("to.id")] = attrs
	}
	return out, nil
}

// names are the two ends in words.
func (b bond) names() (other, owner string) {
	return describe(targetOf(b.other)), describe(targetOf(b.owner))
}

// step is the change of the connection, given how it is now. What is so already
// is skipped; what cannot be is refused.
func (b bond) step(was map[string]any, there bool) (Step, error) {
	other, owner := b.names()
	same := b.same(was)
	switch {
	case b.op == "update" && !there:
		return Step{}, notFound("op", fmt.Sprintf("%s and %s are not associated, so there is nothing to update; add makes the association", other, owner))
	case b.op == "update" && len(b.attrs) == 0:
		return Step{}, invalid("attributes", "required for update")
	case b.op == "add" && there && !same:
		return Step{}, &Refusal{jc.CodeConflict, fmt.Sprintf("%s and %s are associated already, with other attributes; update changes those", other, owner)}
	case b.op == "remove":
		b.attrs, b.agrees = nil, nil // the connection goes with all it has
	}
	s := edge{post: b.post, group: b.owner, member: b.other, op: b.op, attrs: b.attrs}.step(there)
	s.Tool, s.now = b.tool, map[string]any{"attributes": was}
	if len(b.attrs) > 0 {
		s.Before, s.After = map[string]any{"attributes": was}, map[string]any{"attributes": b.attrs}
		s.Line += ": " + changesOf(s.Before, s.After)
		if there && same {
			s.Skip = "is so already"
		}
	}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		now, there, err := b.read(ctx, r)
		if err == nil && there == (b.op != "remove") && (!there || b.same(now)) {
			return Seen{Outcome: Done}, nil
		}
		return Seen{Outcome: Accepted}, err
	}
	return s, nil
}
