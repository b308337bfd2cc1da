package tools

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// include is something that is shown beside an object when it is asked for. It
// is a step of its own: granted and audited as the tool whose data it shows.
type include struct {
	name string
	// needs is the tool that the caller must be allowed to use; "" is the job itself.
	needs string
	// at is what it reads, the main one first.
	at []string
	// read gives what is shown. An error leaves the include out, and that is said.
	read func(ctx context.Context, r *Reader, s *subject) (*section, error)
}

// subject is the object that is shown.
type subject struct {
	kind *jc.Kind
	id   string
	// row reads the object itself, once for all who want it.
	row func() (jc.Row, error)
}

// asked is what a call of such a tool wants.
type asked struct {
	object  jc.Object
	include []string
	fields  string
}

// asksWith is an input that names an object, includes and fields.
type asksWith interface{ asked() asked }

// showing is how an object is shown.
type showing struct {
	// fields are shown unless others are asked for. A fact of ours, or a field with
	// "!", is shown in any case, "?" where it was not read; other fields where they are set.
	fields []string
	// instead: a field that an include shows better, by the name of that include.
	instead map[string]string
	// ids are fields that hold the id of an object of another kind.
	ids map[string]*jc.Kind
	// same is a field that is left out where it says no more than another one.
	same [2]string
	// dull is what a field says when there is nothing to say; it is left out then.
	dull map[string]string
}

// allFields asks for everything that is set.
const allFields = "all"

// getWith declares a tool that reads one object and, where it is asked for, what
// belongs to it. All is read side by side; what could not be read is said.
func getWith[In any, T jc.Named](name, at, doc string, how showing, all []include, opts ...Option) *Tool {
	var zero T
	uses := Uses{Own: []string{at}, Kinds: []*jc.Kind{zero.Kind()}, Risk: auth.Read, Effect: jc.Safe}
	for _, x := range all {
		uses.Reads = append(uses.Reads, x.at...)
	}
	uses.Kinds = append(uses.Kinds, nameable...)
	g := &getting{showing: how, all: all, at: jc.At(at), check: checks[T]}
	t := Job(name, doc, uses, func(ctx context.Context, r *Reader, in *In) (*Plan, error) { return g.plan(ctx, r, in) }, opts...)
	t.kind, t.outFields = zero.Kind(), topFields(reflect.TypeFor[T]())
	g.tool = t
	return t
}

// getting is such a tool.
type getting struct {
	showing
	tool  *Tool
	at    jc.Endpoint
	all   []include
	check func(jc.Row) error
}

// shownObject is what the first step reads.
type shownObject struct {
	row   jc.Row
	names map[string]string // of the ids in fields
}

func (g *getting) plan(ctx context.Context, r *Reader, in any) (*Plan, error) {
	want := in.(asksWith).asked()
	seen := r.sees(g.tool)
	if err := g.knows(seen, want.fields); err != nil {
		return nil, err
	}
	request := jc.Request{Endpoint: g.at, Params: map[string]string{g.at.Names()[0]: want.object.ID}}
	targets := targetsOf(in)
	narrowed := r.keeps(g.tool)
	quiet := r.quiet()
	base := Step{Request: request, Targets: targets}
	// The context of the call that reads it first: all of them are the same call's.
	var once sync.Once
	var row jc.Row
	var rowErr error
	object := func(ctx context.Context) (jc.Row, error) {
		once.Do(func() {
			if row, rowErr = r.row(ctx, request, g.tool.kind); rowErr == nil {
				rowErr = g.check(row)
				row = r.only(ctx, g.tool, targets, row, g.ids)
			}
		})
		return row, rowErr
	}
	base.read = func(ctx context.Context, r *Reader) (any, error) {
		row, err := object(ctx)
		if err != nil {
			return nil, err
		}
		return &shownObject{row, g.namesIn(ctx, r, row)}, nil
	}
	p := &Plan{Steps: []Step{base}, Parallel: true}
	shown := &shownIncludes{getting: g, asked: want, sees: seen}
	for _, x := range g.chosen(want.include) {
		tool, allowed := r.may(ctx, x.needs, targets)
		shown.parts = append(shown.parts, includePart{include: x})
		if !allowed || narrowed || !g.shows(r, seen, x) { // narrowed: what an include shows are other objects, and the ways to them
			shown.parts[len(shown.parts)-1].missing = notGranted
			continue
		}
		s := Step{Tool: tool, Targets: targets, Line: x.name + " of" + strings.TrimPrefix(onTargets(targets), ":")}
		s.Request = request
		if len(x.at) > 0 {
			s.Request.Endpoint = jc.At(x.at[0])
		}
		s.read = func(ctx context.Context, _ *Reader) (any, error) {
			return x.read(ctx, quiet, &subject{kind: g.tool.kind, id: want.object.ID, row: func() (jc.Row, error) { return object(ctx) }})
		}
		shown.parts[len(shown.parts)-1].step = len(p.Steps)
		p.Steps = append(p.Steps, s)
	}
	p.Finish = func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		for i := range shown.parts {
			if n := shown.parts[i].step; n > 0 {
				shown.parts[i].take(done[n])
			}
		}
		return shown.answer(ctx, r, done[0].Value.(*shownObject)), nil
	}
	return p, nil
}

// chosen are the includes that were asked for, each once and in our order.
func (g *getting) chosen(names []string) (out []include) {
	for _, x := range g.all {
		if slices.Contains(names, x.name) {
			out = append(out, x)
		}
	}
	return out
}

// knows refuses fields that the object does not have.
func (g *getting) knows(seen sight, fields string) error {
	for _, name := range fieldList(fields) {
		if name == allFields {
			continue
		}
		if _, err := seen.field(g.tool, "fields", name); err != nil {
			return err
		}
	}
	return nil
}

func fieldList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// namesIn looks up the names of ids in fields. Where that fails the ids are shown.
func (g *getting) namesIn(ctx context.Context, r *Reader, row jc.Row) map[string]string {
	names := map[string]string{}
	for field, k := range g.ids {
		v, _ := valueOf(g.tool.kind, row, field)
		id, _ := v.(string)
		if !k.IsID(id) {
			continue
		}
		if found, err := r.dir.ByID(ctx, k, []string{id}, false); err == nil && found[id].Name != "" {
			names[id] = found[id].Name
		}
	}
	return names
}

// valueOf is a fact of ours or a field of the API; read is false when the row does not tell.
func valueOf(k *jc.Kind, row jc.Row, field string) (v any, read bool) {
	if f := k.Fact(field); f != nil {
		return f.Of(row)
	}
	return row.At(field)
}

// may tells the declared tool of that name and whether the caller may use it; for
// "" it is the job itself, which has been decided already.
func (r *Reader) may(ctx context.Context, name string, targets []auth.Target) (*Tool, bool) {
	if name == "" {
		return nil, true
	}
	a := auth.Action{Tool: name, Toolset: toolsetOf(name), Risk: auth.Read, Targets: targets}
	i := slices.IndexFunc(r.d.o.Tools, func(t *Tool) bool { return t.Name == name })
	if i < 0 {
		return nil, r.d.o.Grants.Decide(ctx, r.trip.who, a).Allow
	}
	t := r.d.o.Tools[i]
	a = t.action()
	a.Targets = targets
	return t, r.d.o.Grants.Decide(ctx, r.trip.who, a).Allow
}

// toolsetOf is the toolset that a tool's name begins with.
func toolsetOf(name string) string {
	best := ""
	for set := range Toolsets {
		if strings.HasPrefix(name, set+"_") && len(set) > len(best) {
			best = set
		}
	}
	return best
}

// quiet is the reader for reads that go on side by side: progress may only be
// told by the one goroutine of the call.
func (r *Reader) quiet() *Reader {
	trip := *r.trip
	trip.call.Progress = nil
	return &Reader{d: r.d, trip: &trip, dir: r.dir}
}

const notGranted = "not granted"

// includePart is an include with what came of it.
type includePart struct {
	include
	step    int // in the plan; 0 when it is not one
	missing string
	got     *section
}

func (p *includePart) take(res Result) {
	got, ok := res.Value.(*section)
	if res.Err != nil || !ok || got == nil {
		p.missing = whyNot(res.Err)
		return
	}
	p.got = got
}

// whyNot is the shortest true reason why something was not read.
func whyNot(err error) string {
	var api *jc.Error
	var refusal *Refusal
	switch {
	case errors.As(err, &api):
		switch api.Code {
		case jc.CodeForbidden:
			return "403 role or plan"
		case jc.CodeNotFound:
			return "404 switched off or unknown"
		case jc.CodeRateLimited:
			return "429 ask again later"
		case jc.CodeUpstreamDown:
			return "JumpCloud failed"
		}
		return string(api.Code)
	case errors.As(err, &refusal):
		return string(refusal.Code)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return string(jc.CodeTimeout)
	}
	return string(jc.CodeInternal)
}
