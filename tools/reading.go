package tools

import (
	"context"
	"net/url"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// reading is how an object is read before and after it is changed, where that is
// not a GET at the path of the change alone.
type reading struct {
	list  *jc.Endpoint // shows the object among others
	id    string       // the field of its id there
	makes bool         // the change makes what is not there yet
	query []string     // fields of the body that the read takes in its query
}

// ReadIn names the list that shows an object which the API does not read by
// itself, and the field that holds its id there.
func ReadIn(list, id string) Option {
	return func(t *Tool) {
		e := jc.At(list)
		t.reading.list, t.reading.id = &e, id
		t.reads = append(t.reads, e)
	}
}

// Upsert says that a change also makes what is not there yet.
func Upsert(t *Tool) { t.reading.makes = true }

// ReadWith names fields of the body that the read at the same path takes in its query.
func ReadWith(fields ...string) Option { return func(t *Tool) { t.reading.query = fields } }

// current reads the object that a request changes, as it is now; at is where its
// own read is.
func (r *Reader) current(ctx context.Context, t *Tool, at, req jc.Request) (jc.Row, error) {
	if t.reading.list != nil {
		return r.among(ctx, t, req)
	}
	for _, name := range t.reading.query {
		if v, given := bodyOf(req)[name].(string); given {
			if at.Query == nil {
				at.Query = url.Values{}
			}
			at.Query.Set(name, v)
		}
	}
	row, err := r.row(ctx, at, t.kind)
	if t.reading.makes && jc.IsCode(err, jc.CodeNotFound) {
		return jc.Row{}, nil
	}
	return row, err
}

// among finds the object in the list that shows it. The last brace of the
// request's path is its id, the others are where it is.
func (r *Reader) among(ctx context.Context, t *Tool, req jc.Request) (jc.Row, error) {
	at := jc.Request{Endpoint: *t.reading.list, Params: map[string]string{}}
	for _, name := range at.Names() {
		at.Params[name] = req.Params[name]
	}
	rows, _, err := r.walk(ctx, at, jc.Query{}, 0)
	if err != nil {
		return nil, err
	}
	names := req.Names()
	id := req.Params[names[len(names)-1]]
	for _, row := range rows.Rows {
		if row.Text(t.reading.id) == id {
			return row, nil
		}
	}
	return nil, &jc.Error{Code: jc.CodeNotFound, Endpoint: at.Endpoint}
}
