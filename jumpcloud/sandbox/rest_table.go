package sandbox

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed rest_operations.txt
var restText string

// restOp is one line of the table of operations.
type restOp struct {
	method, path, kind string
	parts              []string // of the path
	status, most       int
	options            map[string]string
	body, answer       *shape
	ids                int // how many ids the path has
}

// restRows says what a collection holds: where its id is, how many seeds it
// starts with, their names and their shape.
type restRows struct {
	pattern, key string
	parts        []string
	seeds        int
	is           *shape
	names        []string
}

// restTable is rest_operations.txt, read once a process.
type restTable struct {
	ops  []*restOp
	rows []*restRows
	refs map[string]string // a path up to an id to the collection of the id
}

var theRestTable = sync.OnceValue(func() *restTable {
	t := &restTable{refs: map[string]string{}}
	written, shapes := map[string]string{}, map[string]*shape{}
	var named func(string) *shape
	read := func(text string) *shape {
		r := &shapeReader{text: text, named: named}
		s := r.read()
		if r.text != "" {
			panic("sandbox: after a type: " + r.text)
		}
		return s
	}
	named = func(name string) *shape {
		if shapes[name] == nil {
			text, known := written[name]
			if !known {
				panic("sandbox: no shape " + name)
			}
			shapes[name] = read(text)
		}
		return shapes[name]
	}
	for n, line := range strings.Split(restText, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "  "):
			t.rows[len(t.rows)-1].names = strings.Split(strings.TrimSpace(line), "|")
		case words[0] == "shape":
			written[words[1]] = words[2]
		case words[0] == "ref":
			t.refs[words[1]] = words[2]
		case words[0] == "rows" && len(words) == 5:
			seeds, err := strconv.Atoi(words[3])
			if err != nil {
				panic(fmt.Sprintf("sandbox: rest_operations.txt line %d: %v", n+1, err))
			}
			t.rows = append(t.rows, &restRows{pattern: words[1], parts: strings.Split(words[1], "/"), key: words[2], seeds: seeds, is: read(words[4])})
		case len(words) >= 4:
			t.ops = append(t.ops, readOp(words, n+1, read))
		default:
			panic(fmt.Sprintf("sandbox: rest_operations.txt line %d", n+1))
		}
	}
	return t
})

func readOp(words []string, line int, read func(string) *shape) *restOp {
	op := &restOp{method: words[0], path: words[1], kind: words[2], parts: strings.Split(words[1], "/"), options: map[string]string{}}
	var err error
	if op.status, err = strconv.Atoi(words[3]); err != nil || restKinds[op.kind] == nil {
		panic(fmt.Sprintf("sandbox: rest_operations.txt line %d: kind or status", line))
	}
	for _, part := range op.parts {
		if isID(part) {
			op.ids++
		}
	}
	for _, word := range words[4:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "body":
			op.body = read(value)
		case "answer":
			op.answer = read(value)
		case "most":
			op.most, _ = strconv.Atoi(value)
		case "rows", "wrap", "unwrap", "in", "media", "takes", "sets", "by":
			op.options[name] = value
		default:
			panic(fmt.Sprintf("sandbox: rest_operations.txt line %d: option %s", line, name))
		}
	}
	return op
}

func isID(part string) bool { return strings.HasPrefix(part, "{") }

// fit finds the collection that a path with real ids belongs to; a part that
// is written out goes before one that takes any id.
func (t *restTable) fit(name string) *restRows {
	var best *restRows
	parts := strings.Split(name, "/")
	for _, r := range t.rows {
		if matches(r.parts, parts) && (best == nil || strings.Count(r.pattern, "{}") < strings.Count(best.pattern, "{}")) {
			best = r
		}
	}
	return best
}

func matches(pattern, parts []string) bool {
	if len(pattern) != len(parts) {
		return false
	}
	for i, p := range pattern {
		if p != "{}" && p != parts[i] {
			return false
		}
	}
	return true
}

// fullPath is where an operation stands on the host.
func (op *restOp) fullPath() string {
	if strings.HasPrefix(op.path, "api/") {
		return "/" + op.path
	}
	return "/api/v2/" + op.path
}

// realPath is a collection that has behaviour of its own elsewhere and takes
// the generic operations too.
type realPath struct {
	parts []string
	kind  string // in the graph
	pick  func(*Org) *collection
	owner string // the field that names the owner in the path
}

// realPaths is filled once, in init: the graph, whose collections it lists,
// reaches back to it.
var realPaths func() []realPath

func init() { realPaths = sync.OnceValue(allRealPaths) }

func allRealPaths() []realPath {
	var list []realPath
	add := func(path, kind, owner string, pick func(*Org) *collection) {
		list = append(list, realPath{strings.Split(path, "/"), kind, pick, owner})
	}
	for _, k := range graphKinds() {
		if k.generic == "" {
			add(k.path, k.kind, "", k.pick)
		}
	}
	add("api/radiusservers", "radius_server", "", (*Org).theRadius)
	add("organizations", "organization", "", (*Org).theOrganizations)
	add("iplists", "ip_list", "", (*Org).theIPLists)
	add("applemdms", "apple_mdm", "", func(o *Org) *collection { return o.appleMDMs })
	add("applemdms/{}/devices", "apple_mdm_device", "", func(o *Org) *collection { return o.appleDevices })
	add("google-emm/enterprises", "emm_enterprise", "", func(o *Org) *collection { return o.emmEnterprises })
	add("google-emm/devices", "emm_device", "", func(o *Org) *collection { return o.emmDevices })
	add("alerts", "alert", "", func(o *Org) *collection { return o.alerts })
	add("users/{}/pushendpoints", "push_endpoint", "user", func(o *Org) *collection { return o.pushEndpoints })
	return list
}
