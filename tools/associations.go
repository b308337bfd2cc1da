package tools

import (
	"context"
	"fmt"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// association is what the tools take that give or end one association with a
// user or user group.
type association struct {
	Op         string         `json:"op" jsonschema:"required,enum=add,enum=remove,enum=update"`
	Type       string         `json:"type" jsonschema:"required,enum=user,enum=user_group"`
	Object     jc.RefAny      `json:"object" api:"id" ref:"type" kinds:"user,user_group" jsonschema:"required"`
	Attributes map[string]any `json:"attributes,omitempty" rare:"true"`
}

// Where the associations of a user and of a user group are read: they have few,
// while an application or server may have thousands.
const (
	userAssociations      = "GET /api/v2/users/{user}/associations"
	userGroupAssociations = "GET /api/v2/usergroups/{group}/associations"
)

// associating is what a job that changes associations by the POST at is made of.
func associating(at string) Uses {
	return Uses{
		Own: []string{at}, Reads: []string{userAssociations, userGroupAssociations},
		Risk: auth.Change, Effect: jc.Idempotent,
	}
}

// associate plans the change of one association: what is so already is not sent,
// and done is said of what was read back, attributes included.
func (a *association) associate(ctx context.Context, r *Reader, with jc.Object, at string) (*Plan, error) {
	read := userAssociations
	if a.Type == "user_group" {
		read = userGroupAssociations
	}
	e := edge{post: jc.At(at), group: with, member: a.Object.Found(), op: a.Op, attrs: a.Attributes,
		read: jc.At(read), query: map[string]string{"targets": with.Kind.Type}}
	was, there, err := e.attributes(ctx, r)
	if err != nil {
		return nil, err
	}
	names := fmt.Sprintf("%s and %s", describe(targetOf(e.member)), describe(targetOf(e.group)))
	same := covers(was, a.Attributes)
	switch {
	case a.Op == "update" && !there:
		return nil, notFound("op", names+" are not associated, so there is nothing to update; add makes the association")
	case a.Op == "update" && len(a.Attributes) == 0:
		return nil, invalid("attributes", "required for update")
	case a.Op == "add" && there && !same:
		return nil, &Refusal{jc.CodeConflict, names + " are associated already, with other attributes; update changes those"}
	case a.Op == "remove":
		e.attrs = nil // the edge goes with all it has
	}
	s := e.step(there)
	s.now = map[string]any{"attributes": was}
	if len(e.attrs) > 0 {
		s.Before, s.After = map[string]any{"attributes": was}, map[string]any{"attributes": e.attrs}
		s.Line += ": " + changesOf(s.Before, s.After)
		if there && same {
			s.Skip = "is so already"
		}
		s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
			now, there, err := e.attributes(ctx, r)
			if err == nil && there && covers(now, e.attrs) {
				return Seen{Outcome: Done}, nil
			}
			return Seen{Outcome: Accepted}, err
		}
	}
	return &Plan{Steps: []Step{s}}, nil
}

// attributes reads the direct association and what it carries, which the API
// puts on the connection or on its end.
func (e edge) attributes(ctx context.Context, r *Reader) (attrs any, there bool, err error) {
	req := jc.Request{Endpoint: e.read, Params: map[string]string{e.read.Names()[0]: e.member.ID}, Query: map[string][]string{}}
	for k, v := range e.query {
		req.Query.Set(k, v)
	}
	rows, _, err := r.d.o.Client.Walk(ctx, req, jc.Query{}, 0, nil)
	if err != nil {
		return nil, false, err
	}
	for _, row := range rows.Rows {
		if row.Text("to.id") != e.group.ID {
			continue
		}
		for _, at := range []string{"attributes", "to.attributes"} {
			if v, ok := row.At(at); ok && !isEmpty(v) {
				return v, true, nil
			}
		}
		return map[string]any{}, true, nil
	}
	return map[string]any{}, false, nil
}

func targetOf(o jc.Object) auth.Target {
	return auth.Target{Type: o.Kind.Type, ID: o.ID, Name: o.Name}
}
