package sandbox

import (
	"net/url"
	"strings"
)

type handler func(*call) *reply

// routeNode is a tree of path segments; "{name}" matches any one.
type routeNode struct {
	static map[string]*routeNode
	param  *routeNode
	name   string
	verbs  map[string]handler
}

// handle adds "METHOD /path/{name}".
func (n *routeNode) handle(route string, h handler) {
	method, path, _ := strings.Cut(route, " ")
	for _, part := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if strings.HasPrefix(part, "{") {
			if n.param == nil {
				n.param = &routeNode{name: strings.Trim(part, "{}")}
			}
			n = n.param
			continue
		}
		if n.static == nil {
			n.static = map[string]*routeNode{}
		}
		if n.static[part] == nil {
			n.static[part] = &routeNode{}
		}
		n = n.static[part]
	}
	if n.verbs == nil {
		n.verbs = map[string]handler{}
	}
	if n.verbs[method] != nil {
		panic("sandbox: two handlers for " + route)
	}
	n.verbs[method] = h
}

// find gives the handler of a path; nil with found=true means that the path
// exists but not with this method.
func (n *routeNode) find(method, path string) (h handler, params map[string]string, found bool) {
	params = map[string]string{}
	for _, part := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if next := n.static[part]; next != nil {
			n = next
			continue
		}
		value, err := url.PathUnescape(part)
		if n.param == nil || err != nil || value == "" {
			return nil, nil, false
		}
		n = n.param
		params[n.name] = value
	}
	if n.verbs == nil {
		return nil, nil, false
	}
	return n.verbs[method], params, true
}
