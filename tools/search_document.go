package tools

import (
	"reflect"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// The fields of a document, in the order of placeWeights.
const (
	inName = iota
	inDoc
	inWords
	inPath
	inSet
	inArguments
	inEnums
	inAnswer
	placeCount
)

// placeWeights say how much a word counts where it stands, and how much the length
// of that field takes from it.
var placeWeights = [placeCount]struct{ weight, length float64 }{
	inName:      {3, 0.3},
	inDoc:       {2, 0.4},
	inWords:     {2.2, 0.3},
	inPath:      {1.2, 0.4},
	inSet:       {0.5, 0.3},
	inArguments: {0.5, 0.75},
	inEnums:     {0.35, 0.75},
	inAnswer:    {0.2, 0.75},
}

// document is a tool, or one use of a tool, as search sees it.
type document struct {
	tool       *Tool
	preset     string
	operations []jc.Endpoint
	kind       intent
	one        bool  // shows one object rather than a list
	about      []int // what its name is about beside the toolset, as terms
	owner      []int // its toolset
	head       []int // what it answers with or acts on
	prior      float64
	external   bool // of another party: found only when that is named
}

// draft collects the terms of a document.
type draft struct {
	document
	terms  [placeCount][]string
	names  []string // of about
	owners []string
	heads  []string
}

// drafts are the documents of a tool: one, or one for each of its variants.
func (x *Index) drafts(t *Tool) []draft {
	if len(t.variants) == 0 {
		d := x.draft(t, t.Operations)
		return []draft{d}
	}
	out := make([]draft, len(t.variants))
	for i, v := range t.variants {
		d := x.draft(t, v.operations)
		d.preset = v.preset
		d.names, d.heads = nil, nil
		x.text(v.name, true, func(s string) {
			d.terms[inName] = append(d.terms[inName], s)
			d.names, d.heads = append(d.names, s), append(d.heads, s)
		})
		x.text(v.words, false, func(s string) { d.terms[inWords] = append(d.terms[inWords], s) })
		d.terms[inAnswer] = nil
		x.text(v.fields, true, func(s string) { d.terms[inAnswer] = append(d.terms[inAnswer], s) })
		out[i] = d
	}
	return out
}

func (x *Index) draft(t *Tool, ops []jc.Endpoint) draft {
	d := draft{document: document{tool: t, operations: ops, prior: 1}}
	into := func(field int) func(string) {
		return func(s string) { d.terms[field] = append(d.terms[field], s) }
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(t.Name, t.Toolset), "_")
	x.text(t.Toolset, true, func(s string) {
		d.terms[inName], d.owners = append(d.terms[inName], s), append(d.owners, s)
	})
	x.text(rest, true, func(s string) {
		d.terms[inName], d.names = append(d.terms[inName], s), append(d.names, s)
	})
	x.text(t.Doc, false, into(inDoc))
	x.text(Toolsets[t.Toolset], false, into(inSet))
	x.arguments(t, into(inArguments), into(inEnums))
	if len(t.variants) == 0 {
		x.text(strings.Join(t.outFields, " "), true, into(inAnswer))
	}
	x.paths(&d, into(inPath))
	if d.heads == nil {
		d.heads = d.names
		if n := len(d.names); n > 1 {
			d.heads = d.names[n-1:]
		}
	}
	if len(d.names) == 0 { // users_list is about users
		d.heads = append(d.heads, d.owners...)
	}
	d.kind, d.one = kindOf(t), strings.HasSuffix(t.Name, "_get")
	d.weigh()
	return d
}

// paths adds the fixed segments. The last one is what the operation answers with
// or acts on; with several operations it would be that of a step.
func (x *Index) paths(d *draft, use func(string)) {
	if len(d.operations) > 2 || len(d.operations) == 2 && d.tool.search == nil {
		return
	}
	for i, e := range d.operations {
		var fixed []string
		for s := range strings.SplitSeq(e.Path, "/") {
			if s != "" && s != "api" && s != "v1" && s != "v2" && s[0] != '{' {
				fixed = append(fixed, s)
			}
		}
		x.text(strings.Join(fixed, " / "), true, use)
		if i == 0 && len(fixed) > 0 {
			x.text(fixed[len(fixed)-1], true, func(s string) { d.heads = append(d.heads, s) })
		}
	}
}

// ourArguments are in many tools and say nothing of one.
var ourArguments = []string{"filter", "fields", "count_by", "sort", "limit", "cursor", "search", "dry_run", "id"}

// arguments adds the names of the arguments, those of deep objects too, and their
// enums. They are read from the struct: the schema need not be made for that.
func (x *Index) arguments(t *Tool, name, enum func(string)) {
	if t.in != nil {
		x.fields(t.in, 3, name, enum)
	}
	for _, f := range t.seenUse {
		x.text(f, true, name)
	}
}

func (x *Index) fields(t reflect.Type, deep int, name, enum func(string)) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || deep == 0 {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && key == "":
			x.fields(f.Type, deep, name, enum)
			continue
		case key == "" || key == "-" || slices.Contains(ourArguments, key):
			continue
		}
		x.text(key, true, name)
		for tag := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
			if value, ok := strings.CutPrefix(tag, "enum="); ok {
				x.text(value, true, enum)
			}
		}
		x.fields(f.Type, deep-1, name, enum)
	}
}

// text hands the terms of a text on. Names and paths are cut at inner capitals.
func (x *Index) text(s string, camel bool, use func(string)) {
	if s == "" {
		return
	}
	x.vocabulary.terms(splitWords(s, camel), x.quiet, use)
}

// kindOf is what a tool does, by its name, its risk and its method.
func kindOf(t *Tool) intent {
	last := t.Name[strings.LastIndexByte(t.Name, '_')+1:]
	switch {
	case t.Risk == auth.Read, last == "list", last == "get":
		return toRead
	case last == "create":
		return toCreate
	case last == "update":
		return toUpdate
	case last == "delete":
		return toRemove
	case last == "change":
		return toLink
	case last == "add":
		return toLink | toCreate
	}
	if len(t.Operations) == 1 {
		switch t.Operations[0].Method {
		case "GET":
			return toRead
		case "DELETE":
			if last == "remove" {
				return toRemove
			}
			return toRemove | toAct
		case "PUT", "PATCH":
			return toUpdate | toAct
		}
	}
	return toAct
}

// external are toolsets and path pieces of other parties, which nobody means
// who does not name them.
var external = []string{"/providers", "/integrations/", "/password-vault", "/passwordmanager", "/google-emm", "/duo/", "/workdays", "/identityrisk"}

// weigh sets the prior: what is used daily before what is used once a year.
func (d *draft) weigh() {
	t := d.tool
	if t.Core {
		d.prior *= 1.12
	}
	if strings.HasSuffix(t.Name, "_associations_list") {
		d.prior *= 0.92 // one type at a time, and only what is bound directly
	}
	low := strings.ToLower(t.Doc)
	for _, w := range []string{"deprecated", "legacy", "older"} {
		if strings.Contains(low, w) {
			d.prior *= 0.7
			break
		}
	}
	if len(d.operations) == 1 {
		d.prior *= 1 - 0.03*float64(len(d.operations[0].Names())) // collections before parts of parts
		for _, e := range external {
			d.external = d.external || strings.Contains(d.operations[0].Path, e)
		}
	}
}
