package tools

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// edge is a connection of the graph that a job makes or ends: a member of a
// group, an association. It is read from the side of the member, which has few
// connections, never from the side of the group, which may have thousands.
type edge struct {
	post   jc.Endpoint // takes {op, type, id}; its only brace is the group
	group  jc.Object
	member jc.Object
	op     string         // add, remove, update
	attrs  map[string]any // of the connection; nil for none
	read   jc.Endpoint    // lists the member's own connections; its only brace is the member
	query  map[string]string
}

// edgeSteps makes the steps of edges. What is so already is skipped, and every
// step is read back.
func edgeSteps(ctx context.Context, r *Reader, edges []edge) ([]Step, error) {
	steps := make([]Step, len(edges))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, e := range edges {
		g.Go(func() error {
			there, err := e.exists(ctx, r)
			if err != nil {
				return err
			}
			steps[i] = e.step(there)
			return nil
		})
	}
	return steps, g.Wait()
}

func (e edge) step(there bool) Step {
	body := map[string]any{"op": e.op, "type": e.member.Kind.Type, "id": e.member.ID}
	if len(e.attrs) > 0 {
		body["attributes"] = e.attrs
	}
	member := auth.Target{Type: e.member.Kind.Type, ID: e.member.ID, Name: e.member.Name}
	group := auth.Target{Type: e.group.Kind.Type, ID: e.group.ID, Name: e.group.Name}
	preposition := map[string]string{"add": "to", "remove": "from", "update": "of"}[e.op]
	s := Step{
		Request: jc.Request{Endpoint: e.post, Effect: jc.Idempotent, Params: map[string]string{e.post.Names()[0]: e.group.ID}, Body: body},
		Targets: []auth.Target{member, group},
		Line:    fmt.Sprintf("%s %s %s %s", e.op, describe(member), preposition, describe(group)),
	}
	want := e.op != "remove"
	if there == want && e.op != "update" && len(e.attrs) == 0 {
		s.Skip = map[bool]string{true: "is there already", false: "is not there"}[want]
	}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		there, err := e.exists(ctx, r)
		if err != nil {
			return Seen{Outcome: Accepted}, err
		}
		if there == want {
			return Seen{Outcome: Done}, nil
		}
		return Seen{Outcome: Accepted}, nil
	}
	return s
}

// exists reads whether the direct connection is there now.
func (e edge) exists(ctx context.Context, r *Reader) (bool, error) {
	req := jc.Request{Endpoint: e.read, Params: map[string]string{e.read.Names()[0]: e.member.ID}, Query: map[string][]string{}}
	for k, v := range e.query {
		req.Query.Set(k, v)
	}
	rows, _, err := r.d.o.Client.Walk(ctx, req, jc.Query{}, 0, nil)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rows.Rows, func(row jc.Row) bool {
		if row.Text("to.id") == e.group.ID { // an association
			return true
		}
		return row.Text("id") == e.group.ID && direct(row) // a parent of a member
	}), nil
}

// direct reports whether a traversal's row is reached by an edge of its own and
// not only through another group.
func direct(row jc.Row) bool {
	paths, sent := row["paths"].([]any)
	if !sent || len(paths) == 0 {
		return true
	}
	return slices.ContainsFunc(paths, func(p any) bool { edges, _ := p.([]any); return len(edges) <= 1 })
}

// shownConnection gives a connection the form of what it leads to.
func shownConnection(row jc.Row) jc.Row {
	out := jc.Row{"id": row.Text("to.id")}
	if kind, told := row.At("to.type"); told {
		out["type"] = kind
	}
	if a, ok := row["attributes"]; ok {
		out["attributes"] = a
	}
	return out
}

// changeMembers is the job of all groups: many in, many out, one question, one answer.
func changeMembers(ctx context.Context, r *Reader, group jc.Object, add, remove []jc.Object, post, parents, members jc.Endpoint) (*Plan, error) {
	if len(add)+len(remove) == 0 {
		return nil, invalid("", "nobody to add or remove was given")
	}
	var edges []edge
	seen := map[string]string{}
	for _, side := range []struct {
		op      string
		objects []jc.Object
	}{{"add", add}, {"remove", remove}} {
		for _, o := range side.objects {
			switch seen[o.ID] {
			case side.op:
				continue
			case "":
				seen[o.ID] = side.op
				edges = append(edges, edge{post: post, group: group, member: o, op: side.op, read: parents})
			default:
				return nil, invalid("", fmt.Sprintf("%s is in both add and remove", plainName(o.Name)))
			}
		}
	}
	steps, err := edgeSteps(ctx, r, edges)
	if err != nil {
		return nil, err
	}
	p := &Plan{Steps: steps, Parallel: true, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		a, err := r.d.report(ctx, r, done)
		req := jc.Request{Endpoint: members, Params: map[string]string{members.Names()[0]: group.ID}}
		if page, perr := r.d.o.Client.Page(ctx, req, jc.Query{Limit: 1}); perr == nil && page.Total >= 0 {
			a.Text[0] += fmt.Sprintf(" %s now has %d %s.", upper(describe(auth.Target{Type: group.Kind.Type, Name: group.Name})),
				page.Total, oneOrMany(page.Total, "member", "members"))
		}
		return a, err
	}}
	oneChange(r, p)
	return p, nil
}

// objects are what a list of refs came to.
func objects[T jc.Named](refs []jc.Ref[T]) []jc.Object {
	out := make([]jc.Object, len(refs))
	for i := range refs {
		out[i] = refs[i].Found()
	}
	return out
}
