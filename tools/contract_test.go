package tools

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// undescribed are query parameters that are sent where the published files do not
// list them: searches take their paging in the query as the vendor documents it
// (the file shows limit and skip in the body, so both are sent), and some lists do
// not name every parameter that all lists of their generation take.
var undescribed = []string{"limit", "skip", "sort", "fields", "filter"}

// published is the description of the API, when it is there.
type published struct{ routers []routers.Router }

// openAPI loads it from JC_OPENAPI, or from beside this checkout.
func openAPI(t *testing.T) *published {
	t.Helper()
	dir := os.Getenv("JC_OPENAPI")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "jumpcloud", "openapi")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) == 0 {
		t.Skip("the published OpenAPI files are not here; set JC_OPENAPI to check requests against them")
	}
	p := &published{}
	for _, f := range files {
		doc, err := openapi3.NewLoader().LoadFromFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc.Security = nil
		for _, item := range doc.Paths.Map() {
			for _, op := range item.Operations() {
				op.Security = nil
			}
		}
		r, err := gorillamux.NewRouter(doc)
		if err != nil {
			t.Fatal(err)
		}
		p.routers = append(p.routers, r)
	}
	return p
}

// check holds a request against the description; op is the operation's template.
func (p *published) check(r *http.Request) (op string, err error) {
	for _, router := range p.routers {
		route, params, ferr := router.FindRoute(r)
		if ferr != nil {
			continue
		}
		op = r.Method + " " + route.Path
		for name := range r.URL.Query() {
			if route.Operation.Parameters.GetByInAndName("query", name) == nil && !slices.Contains(undescribed, name) {
				return op, fmt.Errorf("query parameter %q is not described", name)
			}
		}
		return op, openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: false},
		})
	}
	return "", fmt.Errorf("%s %s is no operation of the API", r.Method, r.URL.Path)
}

// TestContract calls every tool with what its schema requires, and with all it
// takes, and holds each request that goes out against the published description.
func TestContract(t *testing.T) {
	api := openAPI(t)
	reached := map[string]bool{}
	calls, ok, requests, valid := 0, 0, 0, 0
	var mu sync.Mutex // requests of one call go out side by side
	contract := func(t *testing.T, x *Tool, all bool) {
		b := newBench(t, sandboxOptions, withRoom(t, x))
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			var body []byte
			if r.Body != nil {
				body, _ = io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
			}
			clone := r.Clone(r.Context())
			clone.Body = io.NopCloser(bytes.NewReader(body))
			mu.Lock()
			defer mu.Unlock()
			requests++
			op, err := api.check(clone)
			if own := untypedAt(r); op == "" && own != "" {
				op, err = own, nil // nothing is published that it could be held against
			}
			reached[op] = true
			if unlisted[r.Method+" "+r.URL.Path] != "" {
				err = nil
			}
			if err != nil {
				t.Errorf("%s sent %s %s\n%s\n%v", x.Name, r.Method, r.URL, body, err)
			} else {
				valid++
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			return nil, nil
		}
		args := sampleArgs(b, x, all)
		calls++
		judge := func(args string) {
			if text, a := b.call(x.Name, args); a.IsError {
				t.Errorf("%s %s: %s", x.Name, args, text)
			} else {
				ok++
			}
		}
		judge(args)
		for _, more := range further(x) {
			if !all {
				calls++
				judge(more(b))
			}
		}
	}
	var ran []*Tool
	for i, x := range All() {
		if testing.Short() && !x.job && i%5 != 0 { // plain tools go the same way: some of them do
			continue
		}
		t.Run(x.Name, func(t *testing.T) {
			ran = append(ran, x)
			for _, all := range []bool{false, true} {
				contract(t, x, all)
			}
		})
	}
	if !testing.Short() {
		unreached(t, ran, reached)
	}
	t.Logf("tools %d of %d; calls ok %d of %d; requests valid %d of %d; operations reached %d", len(ran), len(All()), ok, calls, valid, requests, len(reached))
}

// untypedAt is the operation that a request is, where only its path is published:
// one that a tool declares as untyped. Others may read it too, to look up a name.
func untypedAt(r *http.Request) string {
	var at jc.Endpoint
	for e, form := range untypedForms() {
		if e.Method == r.Method && form.MatchString(r.URL.Path) && (at.Path == "" || len(e.Names()) < len(at.Names())) {
			at = e // "/groups/all" rather than "/groups/{group}"
		}
	}
	if at.Path == "" {
		return ""
	}
	return at.String()
}

var untypedForms = sync.OnceValue(func() map[jc.Endpoint]*regexp.Regexp {
	out := map[jc.Endpoint]*regexp.Regexp{}
	for _, t := range All() {
		for _, e := range append(slices.Clone(t.Operations), t.reads...) {
			if t.untyped {
				out[e] = regexp.MustCompile("^" + regexp.MustCompile(`\\\{[^/]*\\\}`).ReplaceAllString(regexp.QuoteMeta(e.Path), "[^/]+") + "$")
			}
		}
	}
	return out
})

// unreached: every operation that a tool declares is one that the calls came to.
func unreached(t *testing.T, ran []*Tool, reached map[string]bool) {
	shapes := map[string]bool{}
	shape := func(method, path string) string { // the files leave out the base path of the host
		for _, base := range []string{"/api/v2", "/api", "/insights/directory/v1"} {
			if rest, ok := strings.CutPrefix(path, base); ok {
				path = rest
				break
			}
		}
		return atForm(method, path)
	}
	for op := range reached {
		method, path, _ := strings.Cut(op, " ")
		shapes[shape(method, path)] = true
	}
	for _, x := range ran {
		for _, e := range x.Operations {
			if !shapes[shape(e.Method, e.Path)] {
				t.Errorf("%s declares %s, which no call came to", x.Name, e)
			}
		}
	}
}

// TestSeedOperations: the operations that the product was first asked for are all declared.
func TestSeedOperations(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "jumpcloud", "seed_rows.json"))
	if err != nil {
		t.Skip("the list of operations first asked for is not here")
	}
	var rows []struct{ Seed, Method, Path string }
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, x := range All() {
		for _, e := range append(x.Operations, x.reads...) {
			declared[e.Method+" "+pathArgument.ReplaceAllString(e.Path, "{}")] = true
		}
	}
	seen := map[string]bool{}
	for _, r := range rows {
		op := r.Method + " " + pathArgument.ReplaceAllString(r.Path, "{}")
		if r.Seed != "001" && !declared[op] {
			t.Errorf("%s %s is not declared", r.Method, r.Path)
		}
		if r.Seed != "001" {
			seen[op] = true
		}
	}
	t.Logf("%d of %d operations", len(seen), len(seen))
}

// unlisted are operations that are sent although the published files lack them, with the reason.
var unlisted = map[string]string{
	"GET /api/v2/alerts-stats": "published by path and title only",
}

// sampleArgs makes arguments from a tool's full schema.
func sampleArgs(b *bench, x *Tool, all bool) string {
	b.t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(x.Schema.Full(), &schema); err != nil {
		b.t.Fatal(err)
	}
	s := sampler{b: b, all: all}
	v := s.object(schema, x.in, true)
	for _, ours := range []string{"cursor", "dry_run", "all", "export"} {
		delete(v, ours)
	}
	sampleUntyped(b, x, v)
	for _, f := range fieldsOf(x.in) {
		if _, asked := v[f.name]; asked && f.place == "path" && f.typ.Kind() == reflect.String {
			if id := b.plainID(x.Toolset, f.name); id != "" {
				v[f.name] = id
			}
		}
	}
	x.sampleFix(v, all)
	if x.Name == "access_requests_update" || x.Name == "access_requests_revoke" { // there has to be one that runs
		b.must("access_requests_create", `{"user":"ada.king","device":"LT-042","expiry":"1h"}`)
	}
	if x.Name == "changes_undo" {
		v["change"] = b.changeOf("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(raw)
}

// sampleFix puts right what a schema cannot say: arguments that exclude each
// other, and fields that must exist.
func (t *Tool) sampleFix(v map[string]any, all bool) {
	if t.lists {
		delete(v, "filter")
		delete(v, "sort")
		delete(v, "fields")
		delete(v, "count_by")
		if c := t.columns; all && len(c) > 0 && t.row == nil {
			v["fields"] = strings.Join(c, ",")
			if f, _ := t.field("sort", c[0]); f == nil && c[0] != flagsColumn && t.idFields[c[0]] == nil {
				v["sort"] = "-" + c[0]
				v["filter"] = c[0] + "!=x"
			}
		}
	}
	if !all && t.merge || strings.HasSuffix(t.Name, "_update") && !all { // it requires no field in particular: give it one
		for _, f := range fieldsOf(t.in) {
			if f.place == "body" && f.typ.Kind() != reflect.Slice && len(bodyNamesIn(t, v)) == 0 {
				props := schemaOf(t)["properties"].(map[string]any)
				v[f.name] = sampler{}.value(props[f.name].(map[string]any), nil, nil, f.name)
			}
		}
	}
	if f := sampleFixes[t.Name]; f != nil {
		f(v, all)
	}
}

func bodyNamesIn(t *Tool, v map[string]any) (out []string) {
	for _, n := range bodyNames(t) {
		if _, ok := v[n]; ok {
			out = append(out, n)
		}
	}
	return out
}

func schemaOf(t *Tool) (schema map[string]any) {
	_ = json.Unmarshal(t.Schema.Full(), &schema)
	return schema
}

type sampler struct {
	b   *bench
	all bool
}

func (s sampler) object(schema map[string]any, in reflect.Type, top bool) map[string]any {
	out := map[string]any{}
	props, _ := schema["properties"].(map[string]any)
	var required []string
	for _, r := range anySlice(schema["required"]) {
		required = append(required, r.(string))
	}
	refs := map[string]*jc.Kind{}
	types := map[string]reflect.Type{}
	if in != nil && in.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(in) {
			if f.Anonymous {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			types[name] = f.Type
			elem := f.Type
			for elem.Kind() == reflect.Slice || elem.Kind() == reflect.Pointer {
				elem = elem.Elem()
			}
			if ref, ok := reflect.New(elem).Interface().(jc.Reference); ok {
				if k := ref.Of(); k != nil {
					refs[name] = k
				} else {
					first, _, _ := strings.Cut(f.Tag.Get("kinds"), ",")
					refs[name] = jc.KindOf(first)
				}
			}
		}
	}
	for name, p := range props {
		if !slices.Contains(required, name) && !s.all {
			continue
		}
		out[name] = s.value(p.(map[string]any), types[name], refs[name], name)
	}
	return out
}

func (s sampler) value(schema map[string]any, in reflect.Type, ref *jc.Kind, name string) any {
	for in != nil && (in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice) {
		in = in.Elem()
	}
	if enum := anySlice(schema["enum"]); len(enum) > 0 {
		return enum[0]
	}
	switch schema["type"] {
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{s.value(items, in, ref, name)}
	case "object":
		return s.object(schema, in, false)
	case "boolean":
		return true
	case "integer", "number":
		if min, ok := schema["minimum"].(float64); ok {
			return max(min, 5)
		}
		return 5
	}
	if ref != nil {
		return s.b.sample(ref)
	}
	switch schema["format"] {
	case "date-time":
		return time.Now().UTC().Add(48 * time.Hour).Format(time.RFC3339)
	case "email":
		return "sample@example.com"
	case "uri":
		return "https://sample.example.com/x"
	}
	if name == "email" {
		return "sample@example.com"
	}
	return "Sample" + strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "_", "")
}

// sample is the name, or the id where there are no names, of an object of the sandbox.
func (b *bench) sample(k *jc.Kind) string {
	b.t.Helper()
	if make := sampleMade[k.Type]; make != nil {
		return make(b)
	}
	rows := b.sandbox.Rows(b.inside(sampleCollections[k.Type]))
	if k.Type == "policy_result" { // the sandbox makes them when they are read
		return anyID.FindString(b.must("policies_results_list", `{"fields":"id","limit":1}`))
	}
	if len(rows) == 0 && k.Type == "access_request" {
		b.must("access_requests_create", `{"user":"ada.king","device":"LT-042","expiry":"1h"}`)
		rows = b.sandbox.Rows(sampleCollections[k.Type])
	}
	for _, r := range rows {
		row := jc.Row(r)
		if k.Find.Path == "" { // what has two ids is read by the plain one
			return cmp.Or(idOf(row), k.IDOf(row))
		}
		name := k.NameOf(row)
		same := slices.DeleteFunc(slices.Clone(rows), func(o map[string]any) bool { return k.NameOf(o) != name })
		if name != "" && len(same) == 1 {
			return name
		}
	}
	b.t.Fatalf("the sandbox has no %s to name", k.Noun)
	return ""
}

// inside is the collection with each "{}" of its name filled by the first object there is.
func (b *bench) inside(collection string) string {
	for {
		owner, _, nested := strings.Cut(collection, "/{}")
		if !nested {
			return collection
		}
		id := "none"
		if rows := b.sandbox.Rows(owner); len(rows) > 0 {
			id = idOf(rows[0])
		}
		collection = strings.Replace(collection, "{}", id, 1)
	}
}

// plainID is the id of an object that an argument names by a plain id; "" where
// the samples do not know what it is.
func (b *bench) plainID(toolset, arg string) string {
	collection := samplePlain[toolset+"."+arg]
	if collection == "" {
		collection = samplePlain[arg]
	}
	if collection == "" {
		return ""
	}
	rows := b.sandbox.Rows(b.inside(collection))
	if len(rows) == 0 {
		return ""
	}
	return idOf(rows[0])
}

func anySlice(v any) []any { s, _ := v.([]any); return s }
