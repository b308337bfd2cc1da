package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
)

// set changes something of which there is one, field by field.
func (r *restCall) set() *reply {
	m, bad := r.sent()
	if bad != nil {
		return bad
	}
	path := r.singlePath()
	before := r.rest.single[path]
	if before == nil {
		if show := showAt(path); show != nil {
			before = r.current(show.answer)
		}
	}
	if before == nil {
		before = map[string]any{}
	}
	if !r.traps["no-effect"] {
		after := overlay(before, m)
		if r.rest.single == nil {
			r.rest.single = map[string]map[string]any{}
		}
		r.rest.single[path] = after
		r.logChange(r.event("update"), r.service(), map[string]any{"id": r.orgID, "type": r.what()}, changed(before, after))
	}
	s := r.op.answer
	if s == nil || s.kind == "o" {
		return &reply{status: r.op.status, body: []byte("{}")}
	}
	return ok(r.shownAs(s, path, r.current(s), false))
}

// showAt is the operation that reads what stands at a path.
func showAt(path string) *restOp {
	parts := strings.Split(path, "/")
	for _, op := range theRestTable().ops {
		if op.kind == "show" && len(op.parts) == len(parts) && samePlace(op.parts, parts) {
			return op
		}
	}
	return nil
}

func samePlace(pattern, parts []string) bool {
	for i, p := range pattern {
		if !isID(p) && p != parts[i] {
			return false
		}
	}
	return true
}

// reset leaves nothing of it.
func (r *restCall) reset() *reply {
	if r.rest.single == nil {
		r.rest.single = map[string]map[string]any{}
	}
	r.rest.single[r.singlePath()] = map[string]any{}
	r.logChange(r.event("delete"), r.service(), map[string]any{"id": r.orgID, "type": r.what()}, nil)
	return empty(r.op.status)
}

// act notes that an action was asked for, changes what the table says, and
// answers something of the described shape.
func (r *restCall) act() *reply {
	m, bad := r.sent()
	if bad != nil {
		return bad
	}
	id := r.newID("act")
	row := map[string]any{"id": id, "operation": r.op.method + " " + r.op.path, "path": r.path, "at": stamp(r.at), "body": m}
	if r.target != nil {
		row["target"] = r.target.id
	}
	if r.rest.acts == nil {
		r.rest.acts = newCollection("acts", "id")
	}
	r.rest.acts.add(row)
	r.changeTarget()
	if r.op.method != http.MethodGet {
		r.logChange(r.event(r.verb()), r.service(), r.about(), nil)
	}
	if media := r.op.options["media"]; media != "" {
		return r.medium(media, lastWord(r.path))
	}
	if r.op.answer == nil {
		return empty(r.op.status)
	}
	if r.op.answer.kind == "o" {
		return &reply{status: r.op.status, body: []byte("{}")}
	}
	if r.target != nil {
		m = with(r.target.m, m)
		delete(m, "id")
		if f := r.op.answer.field("id"); f != nil && r.op.options["sets"] != "" {
			m["id"] = r.target.id
		}
	}
	return &reply{status: r.op.status, body: encode(r.shownAs(r.op.answer, r.path+"/"+id, m, true))}
}

// changeTarget does what the table says that an action changes: sets=field:value,
// or sets=field: for a field that goes.
func (r *restCall) changeTarget() {
	field, value, sets := strings.Cut(r.op.options["sets"], ":")
	if !sets || r.target == nil {
		return
	}
	var v any
	if json.Unmarshal([]byte(value), &v) != nil && value != "" {
		v = value
	}
	r.target = r.update(r.coll, r.target, with(r.target.m, map[string]any{field: v}), r.event("update"), r.service(),
		func(d *doc) map[string]any { return r.resource(r.coll, d) })
}

// about names what an action was done to, the organisation when nothing else.
func (r *restCall) about() map[string]any {
	if r.target != nil && r.coll != nil {
		return r.resource(r.coll, r.target)
	}
	return map[string]any{"id": r.orgID, "type": r.what()}
}
