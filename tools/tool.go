package tools

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Tool is one declaration with its types erased, so that all tools fit in one list.
// Everything else about a tool follows from it: schema, hints, grant, fence, audit, docs, tests.
type Tool struct {
	Name    string
	Toolset string
	Title   string
	Doc     string
	Risk    auth.Risk
	Effect  jc.Effect
	// Grave marks a change that gives somebody an administrator's power or weakens the
	// sign-in of all: nobody gets it with a toolset, and a person is asked.
	Grave bool
	// GraveWith are the fields that make a call of an else plain change grave.
	GraveWith []string
	// Core says that the default surface lists it.
	Core bool
	// Operations are what the tool's own steps send.
	Operations []jc.Endpoint
	// Schema is what it takes.
	Schema *schemas.Schema

	exports   func() *schemas.Schema // Schema with the arguments of exports
	reasoned  func() *schemas.Schema // Schema with a reason
	in        reflect.Type
	reads     []jc.Endpoint // derived: merge, read-back, and what a job's plan reads
	kinds     []*jc.Kind    // of its refs and rows: their look-ups are derived reads
	lists     bool
	merge     bool
	job       bool    // made of steps
	parts     []*Tool // the tools that a job's steps are
	creates   bool    // makes an object
	noBack    string  // why a change cannot be read back; "" when it can
	columns   []string
	row       func(jc.Row) jc.Row // gives a list's rows their shown form
	naming    map[string]string   // column that gets a name -> field that holds the type ("" for a fixed kind)
	kind      *jc.Kind            // of what it answers with
	outFields []string            // the API's fields of what it answers with
	boolean   map[string]bool     // those of them that are true or false
	idFields  map[string]*jc.Kind // columns that hold ids, shown as names
	groups    *grouping           // what filter group= means
	search    *jc.Endpoint        // the POST that takes what a list's GET cannot
	plan      func(context.Context, *Reader, any) (*Plan, error)
	takes     []string            // parameters of a list's operation, of the usual ones; nil is all
	tokens    *jc.Tokens          // how a list is paged by tokens; nil where rows are counted
	carries   []auth.Risk         // risks of the tools it calls, where it calls others
	undoes    bool                // it becomes the call that takes a change back
	untyped   bool                // only method and path are published
	seenUse   []string            // fields of the body that were seen in use, where untyped
	after     *jc.Endpoint        // reads what an untyped create made
	asSent    func(jc.Row) jc.Row // gives what is read the form of what is sent
	emptyBody bool                // an untyped body may be left out
	selects   string              // what the objects are called that an untyped body names
	back      *jc.Endpoint        // reads what a change changed, where its own path has no GET
	reading   reading             // where a change is read back, if not by a GET alone
	err       error               // what does not fit; stops the start
	variants  []variant           // uses that search finds by themselves
}

// Option adds to a declaration or overrides what its verb gives.
type Option func(*Tool)

// The options that state a fact of an operation.
var (
	// Core lists the tool on the default surface.
	Core Option = func(t *Tool) { t.Core = true }
	// Destroy marks what deletes, unenrols, erases, runs code or resets a credential.
	Destroy Option = func(t *Tool) { t.Risk = auth.Destroy }
	// Grave marks a change that gives somebody an administrator's power, or weakens the sign-in of all.
	Grave Option = func(t *Tool) { t.Grave = true }
	// Reveal marks what would return a secret.
	Reveal Option = func(t *Tool) { t.Risk = auth.Reveal }
	// Once marks what must not be sent twice.
	Once Option = func(t *Tool) { t.Effect = jc.Once }
	// Idempotent marks what may be sent again.
	Idempotent Option = func(t *Tool) { t.Effect = jc.Idempotent }
	// Merge marks a PUT that replaces the whole object: it is read first, and what was not given is sent back as it was.
	Merge Option = func(t *Tool) { t.merge = true }
)

// GraveWith names the fields that give somebody power, or weaken his sign-in: a change
// that sets one of them is grave.
func GraveWith(fields ...string) Option { return func(t *Tool) { t.GraveWith = fields } }

// Columns are what a list shows unless asked otherwise, the natural key first.
func Columns(fields ...string) Option { return func(t *Tool) { t.columns = fields } }

// Searches names the POST that filters and searches where the list's own GET cannot.
func Searches(at string) Option {
	return func(t *Tool) {
		e := jc.At(at)
		t.search = &e
		t.reads = append(t.reads, e)
	}
}

// Rows gives each row of a list the form in which it is shown.
func Rows(f func(jc.Row) jc.Row) Option { return func(t *Tool) { t.row = f } }

// Names shows the names of objects where the API gives ids: column is filled
// from the field "id" and, when typeField is not "", the kind named in that field.
func Names(column, typeField string, kinds ...*jc.Kind) Option {
	return func(t *Tool) {
		t.naming = map[string]string{column: typeField}
		t.kinds = append(t.kinds, kinds...)
	}
}

// grouping is how a list is narrowed to the members of a group.
type grouping struct {
	kind    *jc.Kind
	members jc.Endpoint // lists the members of a group, those of groups inside it too
}

// IDs says that a column holds the id of an object of a kind: names are shown, and
// a filter takes names.
func IDs(column string, kind *jc.Kind) Option {
	return func(t *Tool) {
		if t.idFields == nil {
			t.idFields = map[string]*jc.Kind{}
		}
		t.idFields[column] = kind
		t.kinds = append(t.kinds, kind)
	}
}

// InGroups lets a filter ask for the members of groups of a kind.
func InGroups(kind *jc.Kind, members string) Option {
	return func(t *Tool) {
		t.groups = &grouping{kind, jc.At(members)}
		t.kinds = append(t.kinds, kind)
		t.reads = append(t.reads, t.groups.members)
	}
}

// NoReadBack states why the API cannot show whether the change happened.
func NoReadBack(why string) Option { return func(t *Tool) { t.noBack = why } }

// Reads adds GETs that the tool needs beside those that follow from its declaration.
func Reads(at ...string) Option {
	return func(t *Tool) {
		for _, s := range at {
			t.reads = append(t.reads, jc.At(s))
		}
	}
}

// Takes are the parameters that a list's operation takes, of limit, skip, sort,
// filter and fields, where it does not take them all. What it cannot do is done here.
func Takes(params ...string) Option {
	return func(t *Tool) { t.takes = append([]string{}, params...) }
}

// ByToken says that a list's answers give a token for the next page in field, which
// the parameter param takes; size takes the rows of a page, at most so many.
func ByToken(param, field, size string, most int) Option {
	return func(t *Tool) {
		t.takes, t.tokens = []string{}, &jc.Tokens{Param: param, Field: field, Size: size, Most: most}
	}
}

// Set is the tools of one resource.
type Set struct {
	// Name is one of the closed list of toolsets.
	Name string
	// Doc says what the resource is, in a sentence.
	Doc string
}

// Of puts tools into the set.
func (s Set) Of(tt ...*Tool) []*Tool {
	readMade(tt)
	for _, t := range tt {
		t.Toolset = s.Name
		if _, known := Toolsets[s.Name]; !known {
			t.fail("toolset %q is not in the closed list", s.Name)
		}
		if !strings.HasPrefix(t.Name, s.Name+"_") {
			t.fail("its name does not begin with its toolset %q", s.Name)
		}
	}
	return tt
}

// None is the input of a tool that takes nothing.
type None struct{}

// List declares a tool that finds objects.
func List[In, T any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, T](name, doc, auth.Read, jc.Safe, opts, at)
	t.lists = true
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) { return planList(ctx, t, r, in, checks[T]) }
	if t.search != nil {
		return t.done(listArgs{}, searchArgs{})
	}
	return t.done(listArgs{})
}

// Get declares a tool that reads one object.
func Get[In, T any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, T](name, doc, auth.Read, jc.Safe, opts, at)
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) { return planGet(t, r, in, checks[T]) }
	return t.done()
}

// ReadPost declares a read that is a POST, and says so.
func ReadPost[In, T any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, T](name, doc, auth.Read, jc.Safe, opts, at)
	if t.Operations[0].Method != "POST" {
		t.fail("ReadPost is for POST")
	}
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) { return planGet(t, r, in, checks[T]) }
	return t.done()
}

// Create declares a tool that makes an object.
func Create[In, T any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, T](name, doc, auth.Change, jc.Once, opts, at)
	t.creates = true
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) { return planCreate(ctx, t, r, in) }
	return t.done(dryArgs{})
}

// Change declares a tool that changes an object.
func Change[In, T any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, T](name, doc, auth.Change, jc.Idempotent, opts, at)
	if len(t.Operations) > 0 && t.noBack == "" && t.reading.list == nil {
		t.reads = append(t.reads, t.backAt())
	}
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) { return planChange(ctx, t, r, in) }
	return t.done(dryArgs{})
}

// Delete declares a tool that deletes an object.
func Delete[In any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, None](name, doc, auth.Destroy, jc.Idempotent, opts, at)
	if len(t.Operations) > 0 && t.noBack == "" && t.reading.list == nil {
		t.reads = append(t.reads, jc.Endpoint{Method: "GET", Path: t.Operations[0].Path})
	}
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) { return planDelete(t, r, in) }
	return t.done(dryArgs{})
}

// Act declares a tool that orders something which the API cannot show as a field
// of an object: a device command, a run. Risk and effect are said by options.
func Act[In, T any](name, at, doc string, opts ...Option) *Tool {
	t := declare[In, T](name, doc, auth.Change, jc.Once, opts, at)
	if t.noBack == "" {
		t.fail("an act says with NoReadBack what its answer means")
	}
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) { return planAct(t, r, in) }
	return t.done(dryArgs{})
}

// Uses is what a job is made of.
type Uses struct {
	// Tools are the tools that its steps are.
	Tools []*Tool
	// Own are operations of its own that no other tool offers; its steps with them are decided as the job itself.
	Own []string
	// Reads are what its plan and its end read.
	Reads []string
	// Kinds are the types whose names it looks up.
	Kinds []*jc.Kind
	// Risk and Effect of Own operations.
	Risk   auth.Risk
	Effect jc.Effect
}

// Job declares a tool made of several steps. plan only reads; the road shows its
// steps, has each granted as its own tool, confirms once and runs them.
func Job[In any](name, doc string, uses Uses, plan func(context.Context, *Reader, *In) (*Plan, error), opts ...Option) *Tool {
	t := declare[In, None](name, doc, uses.Risk, uses.Effect, opts, uses.Own...)
	t.job, t.parts = true, uses.Tools
	for _, part := range uses.Tools {
		t.Risk = max(t.Risk, part.Risk) // as dangerous as the worst it can reach
		t.Effect = max(t.Effect, part.Effect)
		t.Operations = append(t.Operations, part.Operations...)
		t.reads = append(t.reads, part.reads...)
		t.kinds = append(t.kinds, part.kinds...)
	}
	t.kinds = append(t.kinds, uses.Kinds...)
	Reads(uses.Reads...)(t)
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		p, err := plan(ctx, r, in.(*In))
		if p != nil {
			p.own(t)
		}
		return p, err
	}
	if t.Risk == auth.Read {
		return t.done()
	}
	return t.done(dryArgs{})
}

// declare makes what all declarations have in common.
func declare[In, T any](name, doc string, risk auth.Risk, effect jc.Effect, opts []Option, at ...string) *Tool {
	t := &Tool{Name: name, Doc: doc, Risk: risk, Effect: effect, Title: titleOf(name), in: reflect.TypeFor[In]()}
	for _, s := range at {
		t.Operations = append(t.Operations, jc.At(s))
	}
	if n, ok := any(new(T)).(jc.Named); ok {
		t.kind = n.Kind()
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			t.outFields = append(t.outFields, name)
			if f.Type == reflect.TypeFor[*bool]() || f.Type == reflect.TypeFor[bool]() {
				if t.boolean == nil {
					t.boolean = map[string]bool{}
				}
				t.boolean[name] = true
			}
		}
	}
	for _, o := range opts {
		o(t)
	}
	if t.search != nil {
		t.Operations = append(t.Operations, *t.search)
	}
	t.kinds = append(t.kinds, refKinds(t.in)...)
	if t.kind != nil {
		t.kinds = append(t.kinds, t.kind)
	}
	if risk == auth.Read && len(at) > 0 && t.Operations[0].Method != "GET" && t.Operations[0].Method != "POST" {
		t.fail("a read cannot be %s", t.Operations[0].Method)
	}
	return t
}

// done checks the declaration and makes its schema.
func (t *Tool) done(ours ...any) *Tool {
	if len(strings.Fields(t.Doc)) > 25 || t.Doc == "" || !strings.HasSuffix(t.Doc, ".") {
		t.fail("its description is empty, over 25 words, or no sentence")
	}
	if t.Risk != auth.Read && t.Effect == jc.Safe && t.Risk != auth.Reveal {
		t.fail("it changes something and claims the effect %q", t.Effect)
	}
	if (t.Grave || t.GraveWith != nil) && t.Risk != auth.Change {
		t.fail("grave is a change; what it does is %s", t.Risk)
	}
	if len(t.Operations) == 1 || t.search != nil {
		if err := fitsPath(t.in, t.Operations[0]); err != nil {
			t.fail("%v", err)
		}
	}
	parts := []reflect.Type{t.in}
	for _, o := range ours {
		parts = append(parts, reflect.TypeOf(o))
	}
	if body := t.bodyPart(); body != nil {
		parts = append(parts, body)
	}
	s, err := schemas.Of(parts...)
	if err != nil {
		t.fail("%v", err)
	}
	t.Schema = s.Noting("body", t.bodyNote())
	with := func(more reflect.Type) func() *schemas.Schema {
		return sync.OnceValue(func() *schemas.Schema {
			s, err := schemas.Of(append(slices.Clone(parts), more)...)
			if err != nil {
				return t.Schema // a test makes it for every list, and every change
			}
			return s.Noting("body", t.bodyNote())
		})
	}
	t.exports, t.reasoned = with(reflect.TypeFor[exportArgs]()), with(reflect.TypeFor[reasonArgs]())
	return t
}

func (t *Tool) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf("tool %s: "+format, append([]any{t.Name}, args...)...)
	}
}

// action is what a grant decides on for the use of the tool as such.
func (t *Tool) action() auth.Action {
	return auth.Action{Tool: t.Name, Toolset: t.Toolset, Risk: t.Risk, Grave: t.Grave}
}

// lookups are the reads that follow from the declaration: those of refs, names, merges and read-backs.
func (t *Tool) lookups() []jc.Endpoint {
	out := make([]jc.Endpoint, 0, len(t.reads)+2*len(t.kinds)+len(t.Operations)+8) // the fence adds a few
	out = append(out, t.reads...)
	for _, k := range t.kinds {
		for _, e := range []jc.Endpoint{k.Get, k.Find} {
			if e.Path != "" {
				out = append(out, e)
			}
		}
	}
	if t.Risk == auth.Read {
		out = append(out, t.Operations...)
	}
	return out
}

// titleOf makes "User groups: list" from "user_groups_list" and the toolsets.
func titleOf(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// fitsPath refuses braces that no field fills and path fields without a brace.
func fitsPath(in reflect.Type, e jc.Endpoint) error {
	left := e.Names()
	for _, f := range fieldsOf(in) {
		if f.place != "path" {
			continue
		}
		i := slices.Index(left, f.name)
		if i < 0 {
			return fmt.Errorf("%s has no {%s}", e.Path, f.name)
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 {
		return fmt.Errorf("no field fills {%s} of %s", left[0], e.Path)
	}
	return nil
}
