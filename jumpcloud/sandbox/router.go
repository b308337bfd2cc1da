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
// exists but not with this method. A part that is written out goes before one
// that takes anything, unless the path leads nowhere from there.
func (n *routeNode) find(method, path string) (h handler, params map[string]string, found bool) {
	params = map[string]string{}
	end := n.walk(strings.Split(strings.TrimPrefix(path, "/"), "/"), params)
	if end == nil {
		return nil, nil, false
	}
	return end.verbs[method], params, true
}

func (n *routeNode) walk(parts []string, params map[string]string) *routeNode {
	if len(parts) == 0 {
		if n.verbs == nil {
			return nil
		}
		return n
	}
	if next := n.static[parts[0]]; next != nil {
		if end := next.walk(parts[1:], params); end != nil {
			return end
		}
	}
	value, err := url.PathUnescape(parts[0])
	if n.param == nil || err != nil || value == "" {
		return nil
	}
	end := n.param.walk(parts[1:], params)
	if end != nil {
		params[n.param.name] = value
	}
	return end
}
