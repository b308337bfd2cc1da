package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// walker calls operations of the table with requests built from it.
type walker struct {
	*rig
	n int
	// each sees every request that was answered as it should be.
	each func(op *restOp, path string, body any, a answer)
}

// walkOrder puts what deletes after all that reads.
var walkOrder = []string{"list", "get", "show", "create", "upsert", "patch", "replace", "set", "act", "delete", "reset"}

func walkOps() []*restOp {
	ops := slices.Clone(theRestTable().ops)
	slices.SortStableFunc(ops, func(a, b *restOp) int {
		if n := slices.Index(walkOrder, a.kind) - slices.Index(walkOrder, b.kind); n != 0 || a.kind != "delete" {
			return n
		}
		return len(b.parts) - len(a.parts) // children first
	})
	return ops
}

// ids finds something that is there for each id in the path; parts are the
// path with them filled in.
func (w *walker) ids(op *restOp) (parts []string, ids []string) {
	w.t.Helper()
	w.org.mu.Lock()
	defer w.org.mu.Unlock()
	parts = slices.Clone(op.parts)
	for i, part := range parts {
		if !isID(part) {
			continue
		}
		name := strings.Join(parts[:i], "/")
		ref := theRestTable().refs[strings.Join(op.parts[:i+1], "/")]
		id := "anything"
		if part == "{integration_type}" {
			id = "syncro"
		}
		if ref != "any" {
			if ref != "" {
				name = ref
				for _, known := range ids {
					name = strings.Replace(name, "{}", known, 1)
				}
			}
			c := w.org.collectionAt(name)
			if c == nil || len(c.order) == 0 {
				w.t.Fatalf("%s %s: nothing in %s", op.method, op.path, name)
			}
			d := c.order[0]
			if real := realAt(name); real != nil && real.owner != "" {
				at := slices.IndexFunc(c.order, func(d *doc) bool { return d.m[real.owner] == ids[len(ids)-1] })
				if at < 0 { // the owner before it was any: take one who owns something
					ids[len(ids)-1] = text(d.m[real.owner])
					parts[i-2] = ids[len(ids)-1]
				} else {
					d = c.order[at]
				}
			}
			id = d.id
		}
		ids = append(ids, id)
		parts[i] = id
	}
	if by := op.options["by"]; by != "" {
		c := w.org.collectionAt(op.options["in"])
		ids[len(ids)-1] = text(c.order[0].m[by])
		parts[len(parts)-1] = ids[len(ids)-1]
	}
	return parts, ids
}

func (op *restOp) url(parts []string) string {
	return op.prefix() + strings.Join(parts, "/")
}

// sample is a value of a shape: all of it, or only what is required.
func (w *walker) sample(name string, s *shape, all bool) any {
	switch s.kind {
	case "object":
		m := object{}
		for _, f := range s.fields {
			if f.required || all {
				m[f.name] = w.sample(f.name, f.is, all)
			}
		}
		return m
	case "list":
		return []any{w.sample(name, s.item, all)}
	case "enum":
		return s.options[0]
	case "b":
		return true
	case "i", "n":
		return float64(7)
	case "t":
		return testNow.Add(48 * time.Hour).Format(time.RFC3339)
	case "d":
		return "2026-12-01"
	case "o":
		return object{}
	case "y":
		return "c2FuZGJveA=="
	}
	w.n++
	switch {
	case name == "email":
		return fmt.Sprintf("walk%d@acme.example", w.n)
	case strings.HasSuffix(strings.ToLower(name), "url"):
		return fmt.Sprintf("https://walk.example/%d", w.n)
	}
	return fmt.Sprintf("walk %s %d", name, w.n)
}

// body makes one for an operation; what cannot be sent twice is left out.
func (w *walker) body(op *restOp, all bool) any {
	if op.body == nil || op.body.kind == "x" {
		return nil
	}
	m, isObject := w.sample("", op.body, all).(object)
	if !isObject {
		return object{}
	}
	if op.kind == "upsert" || op.kind == "patch" || op.kind == "replace" {
		delete(m, "id")
	}
	if all && op.body.open {
		m["moreThanKnown"] = "walk"
	}
	switch op.path {
	case "customemails":
		m["type"] = "activate_o365_user"
	case "customemails/{custom_email_type}":
		m["type"] = w.org.collectionAt("customemails").order[0].id
	case "assets/devices", "assets/devices/{id}", "assets/locations", "assets/accessories":
		w.n++
		m["fields"] = object{"Name": fmt.Sprintf("walk %d", w.n)}
	case "administrators/{id}/organizationlinks":
		m["organization"] = nobody
	}
	return m
}

func (op *restOp) wrapped(body any) any {
	if key := op.options["unwrap"]; key != "" && body != nil {
		return object{key: body}
	}
	return body
}

// call does one request and checks its status and that its answer is as the
// table says.
func (w *walker) call(op *restOp, path string, body any) (object, bool) {
	w.t.Helper()
	var headers []string
	sent := op.wrapped(body)
	if takes := op.options["takes"]; takes != "" {
		sent, headers = "--x\r\n\r\n--x--", []string{"Content-Type", takes + "; boundary=x"}
	}
	a := w.do(op.method, path, sent, headers...)
	if a.StatusCode != op.status {
		w.t.Errorf("%s %s: status %d, want %d: %.200s (sent %v)", op.method, path, a.StatusCode, op.status, a.body, body)
		return nil, false
	}
	if w.each != nil {
		w.each(op, path, sent, a)
	}
	if media := op.options["media"]; media != "" {
		if got := a.Header.Get("Content-Type"); got != media || len(a.body) == 0 {
			w.t.Errorf("%s %s: %s with %d bytes, want %s", op.method, path, got, len(a.body), media)
		}
		return nil, false
	}
	if op.answer == nil && op.kind != "get" {
		if len(a.body) > 0 {
			w.t.Errorf("%s %s: a body, want none: %.100s", op.method, path, a.body)
		}
		return nil, true
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		w.t.Errorf("%s %s: %v in %.200s", op.method, path, err, a.body)
		return nil, false
	}
	if op.answer != nil && op.answer.kind != "o" {
		if problem := op.answer.misfit(v, "the answer"); problem != "" {
			w.t.Errorf("%s %s: %s: %.300s", op.method, path, problem, a.body)
		}
	}
	m, _ := v.(object)
	if key := op.options["wrap"]; key != "" {
		m, _ = m[key].(object)
	}
	return m, true
}

// find gives the operation of a kind at a path.
func findOp(method, path string) *restOp {
	for _, op := range theRestTable().ops {
		if op.method == method && braces.ReplaceAllString(op.path, "{}") == path {
			return op
		}
	}
	return nil
}

// events counts what was written to the log since the start.
func (w *walker) events() int {
	w.org.mu.Lock()
	defer w.org.mu.Unlock()
	return len(w.org.log.live)
}

func TestEveryGenericOperationAnswers(t *testing.T) {
	w := &walker{rig: newRig(t, Options{})}
	w.walk()
}

// walk calls every operation, twice where it takes a body: with what is
// required and with all.
func (w *walker) walk() {
	for _, op := range walkOps() {
		for _, all := range []bool{false, true} {
			w.once(op, all)
			if op.body == nil || op.most > 0 || op.kind == "delete" || op.path == "customemails" || op.path == "administrators/{id}/organizationlinks" {
				break
			}
		}
	}
}

func (w *walker) once(op *restOp, all bool) {
	w.t.Helper()
	if op.most > 0 {
		w.makeRoom(op)
	}
	parts, _ := w.ids(op)
	path := op.url(parts)
	body := w.body(op, all)
	if op.path == "gsuites/{gsuite_id}/domains" && op.kind == "create" {
		path += "?domain=walk.example"
	}
	before := w.events()
	m, good := w.call(op, path, body)
	if !good {
		return
	}
	changes := slices.Contains([]string{"create", "upsert", "delete", "reset"}, op.kind) || op.method != "GET" && op.kind == "act"
	if changes && w.events() == before {
		w.t.Errorf("%s %s left no event", op.method, path)
	}
	switch op.kind {
	case "create", "upsert":
		w.readBack(op, parts, m, body)
	case "delete":
		w.isGone(op, path)
	case "list":
		if b := w.do(op.method, path, nil).body; len(b) < 30 {
			w.t.Errorf("%s is empty: %s", path, b)
		}
	}
}

// makeRoom deletes what there may be only one of.
func (w *walker) makeRoom(op *restOp) {
	w.t.Helper()
	if a := w.do(op.method, op.url(op.parts), object{}); a.StatusCode != http.StatusConflict {
		w.t.Errorf("%s %s: a second one is %d, want 409", op.method, op.path, a.StatusCode)
	}
	for _, row := range w.org.Rows(op.path) {
		want[any](w.rig, 200, "DELETE", op.url(op.parts)+"/"+row["id"].(string), nil)
	}
}

// readBack gets what was created and compares it with what was sent.
func (w *walker) readBack(op *restOp, parts []string, made object, body any) {
	w.t.Helper()
	where := op.path
	if in := op.options["in"]; in != "" {
		where = in
		parts = strings.Split(in, "/")
	}
	get := findOp("GET", braces.ReplaceAllString(where, "{}")+"/{}")
	if get == nil || get.options["media"] != "" || strings.Contains(where, "{}") {
		return
	}
	key := "integrationId" // says more than the id of another path
	if made[key] == nil {
		key = theRestTable().fit(strings.Join(parts, "/")).key
	}
	id, _ := made[key].(string)
	sent, _ := body.(object)
	m, good := w.call(get, op.prefix()+strings.Join(parts, "/")+"/"+id, nil)
	if !good {
		return
	}
	for name, v := range sent {
		shown, has := m[name]
		if !has || otherKind(get.answer.field(name), op.body.field(name)) {
			continue
		}
		if a, b := string(encode(v)), string(encode(shown)); a != b && !strings.HasPrefix(b, "{") {
			w.t.Errorf("%s %s: %s was sent as %s and reads back as %s", op.method, op.path, name, a, b)
		}
	}
	if len(w.org.Rows(strings.Join(parts, "/"))) == 0 {
		w.t.Errorf("Rows(%s) is empty", strings.Join(parts, "/"))
	}
}

// otherKind is true where a field is sent as one thing and shown as another.
func otherKind(shown, sent *shape) bool {
	return shown != nil && sent != nil && shown.kind == "list" && sent.kind == "list" && shown.item.kind != sent.item.kind
}

// isGone deletes and reads again: neither is there to be found.
func (w *walker) isGone(op *restOp, path string) {
	w.t.Helper()
	if a := w.do(op.method, path, nil); a.StatusCode != http.StatusNotFound {
		w.t.Errorf("%s %s again: %d, want 404", op.method, path, a.StatusCode)
	}
	if get := findOp("GET", braces.ReplaceAllString(op.path, "{}")); get != nil && get.kind == "get" {
		if a := w.do("GET", path, nil); a.StatusCode != http.StatusNotFound {
			w.t.Errorf("GET %s after DELETE: %d, want 404", path, a.StatusCode)
		}
	}
}
