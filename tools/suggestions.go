package tools

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// A dynamic group whose changes are reviewed suggests members to take in or let
// go. Both kinds of groups have the same two operations for it.

type userGroupSuggested struct {
	userGroup
	Users []jc.Ref[jc.User] `json:"users" api:"user_ids" jsonschema:"required,minItems=1"`
}

type deviceGroupSuggested struct {
	deviceGroup
	Devices []jc.Ref[jc.Device] `json:"devices" api:"object_ids" jsonschema:"required,minItems=1"`
}

var userGroupsSuggestions = Set{Name: "user_groups"}.Of(
	suggestions[userGroup]("user_groups_suggestions_list", "GET /api/v2/usergroups/{group}/suggestions",
		"List the users whom a dynamic user group suggests to add or remove, for review.", userEnd),
	suggestionsApply[userGroupSuggested]("user_groups_suggestions_apply", "POST /api/v2/usergroups/{group}/suggestions",
		"Accept suggested membership changes of a dynamic user group."),
)

var deviceGroupsSuggestions = Set{Name: "device_groups"}.Of(
	suggestions[deviceGroup]("device_groups_suggestions_list", "GET /api/v2/systemgroups/{group}/suggestions",
		"List the devices that a dynamic device group suggests to add or remove, for review.", deviceEnd),
	suggestionsApply[deviceGroupSuggested]("device_groups_suggestions_apply", "POST /api/v2/systemgroups/{group}/suggestions",
		"Accept suggested membership changes of a dynamic device group."),
)

func suggestions[In any](name, at, doc string, kind *jc.Kind) *Tool {
	return List[In, jc.Suggestion](name, at, doc, Takes("limit", "skip"), Rows(shownSuggestion), Columns("name", "op"), Names("name", "type", kind))
}

// shownSuggestion gives a suggestion the form of what it is about.
func shownSuggestion(row jc.Row) jc.Row {
	return jc.Row{"id": row.Text("object.id"), "type": row.Text("object.type"), "op": row.Text("op")}
}

// suggestionsApply declares the acceptance of suggestions. The first ref of its
// input is the group, the others are the members.
func suggestionsApply[In any](name, at, doc string) *Tool {
	post := jc.At(at)
	list := jc.Endpoint{Method: "GET", Path: post.Path}
	uses := Uses{Own: []string{at}, Reads: []string{list.String()}, Risk: auth.Change, Effect: jc.Idempotent}
	return Job(name, doc, uses, func(ctx context.Context, r *Reader, in *In) (*Plan, error) {
		var refs []found
		if err := references(reflect.ValueOf(in), "", &refs); err != nil {
			return nil, err
		}
		req, err := r.bind(r.trip.tool, post, in)
		if err != nil {
			return nil, err
		}
		group, members := refs[0].ref.Found(), refs[1:]
		now, err := readSuggestions(ctx, r, list, req.Params)
		if err != nil {
			return nil, err
		}
		s := Step{Request: req}
		var words []string
		for _, m := range members {
			o := m.ref.Found()
			op, there := now[o.ID]
			if !there {
				return nil, notFound(m.arg, fmt.Sprintf("%s is not among what %s suggests now", describe(targetOf(o)), describe(targetOf(group))))
			}
			s.Targets = append(s.Targets, targetOf(o))
			words = append(words, op+" "+plainName(nameOrID(o)))
		}
		s.Targets = append(s.Targets, targetOf(group))
		s.Line = fmt.Sprintf("accept what %s suggests: %s", describe(targetOf(group)), strings.Join(words, ", "))
		s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
			left, err := readSuggestions(ctx, r, list, req.Params)
			if err != nil {
				return Seen{Outcome: Accepted}, err
			}
			for _, m := range members {
				if _, there := left[m.ref.Found().ID]; there {
					return Seen{Outcome: Accepted, Note: "not all of it is gone from the suggestions yet"}, nil
				}
			}
			return Seen{Outcome: Done}, nil
		}
		return &Plan{Steps: []Step{s}}, nil
	})
}

// readSuggestions reads what a group suggests: add or remove, by the id of the member.
func readSuggestions(ctx context.Context, r *Reader, list jc.Endpoint, params map[string]string) (map[string]string, error) {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: list, Params: params}, jc.Query{Takes: []string{"limit", "skip"}}, 0)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, row := range rows.Rows {
		out[row.Text("object.id")] = row.Text("op")
	}
	return out, nil
}
