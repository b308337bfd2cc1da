package e2e

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// upstream stands for JumpCloud in the fault test. It is written for this test
// alone: it shares no code with the product or its sandbox, so that the two
// cannot agree on the same mistake, and it keeps the truth in a ledger.
type upstream struct {
	mu      sync.Mutex
	users   map[string]item // by id
	devices map[string]item
	groups  map[string]item
	members map[string]map[string]bool // group id -> user ids
	parents map[string]map[string]bool // user id -> group ids
	ledger

	seed     uint64
	faulty   bool
	faults   []fault
	seen     map[string]int // how often a request was made, so that a fault hits its n-th time
	injected map[string]int
	requests int
	unknown  []string       // requests that a JumpCloud would not have been sent
	late     sync.WaitGroup // what is done some time after its answer
}

// item is an object as the API shows it.
type item map[string]any

func (it item) text(field string) string { s, _ := it[field].(string); return s }

// ledger is the truth: how often each effect was really done, by unique names.
type ledger struct {
	done map[string]int // "create grp-7" -> times
	// maybe counts the requests after which a client cannot know: done, or failed
	// in a way that does not tell. A Once effect must not have two.
	maybe map[string]int
	// promised are effects that were answered with success and never done, or not yet.
	promised map[string]bool
}

func newUpstream(seed uint64) *upstream {
	return &upstream{
		users: map[string]item{}, devices: map[string]item{}, groups: map[string]item{},
		members: map[string]map[string]bool{}, parents: map[string]map[string]bool{},
		ledger: ledger{map[string]int{}, map[string]int{}, map[string]bool{}},
		seed:   seed, seen: map[string]int{}, injected: map[string]int{},
	}
}

// idOf is the id of what has this name: known to both the calls and the judge.
func idOf(name string) string { return fmt.Sprintf("%08x%016x", len(name), hashOf(name)) }

func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\x00"))
	}
	x := h.Sum64() // FNV alone is even in its low bits only
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

func (u *upstream) addUser(name, department string) {
	u.users[idOf(name)] = item{"_id": idOf(name), "username": name, "email": name + "@example.test",
		"department": department, "state": "ACTIVATED", "account_locked": false, "totp_enabled": true}
}

func (u *upstream) addDevice(name string) {
	u.devices[idOf(name)] = item{"_id": idOf(name), "hostname": name, "serialNumber": "SN-" + name, "os": "Windows", "active": true,
		"lastContact": "2026-11-20T08:00:00Z"}
}

func (u *upstream) addGroup(name string, users ...string) {
	u.groups[idOf(name)] = item{"id": idOf(name), "name": name, "type": "user_group", "description": "as it was"}
	u.members[idOf(name)] = map[string]bool{}
	for _, m := range users {
		u.member(idOf(name), idOf(m), true)
	}
}

func (u *upstream) member(group, user string, in bool) {
	if u.parents[user] == nil {
		u.parents[user] = map[string]bool{}
	}
	if in {
		u.members[group][user], u.parents[user][group] = true, true
		return
	}
	delete(u.members[group], user)
	delete(u.parents[user], group)
}

// operation is a request that is understood.
type operation struct {
	// effect is its name in the ledger; "" for a read.
	effect string
	// once says that doing it twice is not the same as doing it once.
	once bool
	// run does it, or reads, and answers.
	run func() reply
	// promise is the answer of success without doing it.
	promise reply
}

// reply is what goes back over the wire; broken says how the wire breaks.
type reply struct {
	status int
	header map[string]string
	body   string
	broken string // refused, reset, closed, cut, hang
}

func object(status int, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return reply{status: status, body: string(b), header: map[string]string{"Content-Type": "application/json"}}
}

var noContent = reply{status: 204}

func notThere() reply { return object(404, map[string]string{"message": "Not Found"}) }

func reading(run func() reply) operation { return operation{run: run} }

// understand finds the operation of a request.
func (u *upstream) understand(method, path string, q url.Values, body []byte) operation {
	var in map[string]any
	_ = json.Unmarshal(body, &in)
	segments := strings.Split(strings.Trim(path, "/"), "/")
	id := ""
	if n := 2; len(segments) > 2 {
		if segments[1] == "v2" {
			n = 3
		}
		if len(segments) > n {
			id, segments[n] = segments[n], "*"
		}
	}
	switch at := method + " /" + strings.Join(segments, "/"); at {
	case "GET /api/organizations":
		return reading(func() reply { return v1Page([]item{{"_id": idOf("org"), "displayName": "Ledger Ltd"}}, q) })
	case "GET /api/systemusers", "GET /api/systems":
		return reading(func() reply { return v1Page(filterV1(u.of(path), q["filter"]), q) })
	case "GET /api/systemusers/*", "GET /api/systems/*", "GET /api/v2/usergroups/*":
		return reading(func() reply { return one(u.of(path)[id]) })
	case "POST /api/search/*":
		return reading(func() reply { return v1Page(search(u.of("/"+id), in), q) })
	case "GET /api/v2/usergroups":
		return reading(func() reply { return v2Page(filterV2(u.groups, q.Get("filter")), q) })
	case "GET /api/v2/users/*/memberof":
		return reading(func() reply { return v2Page(u.groupsOf(id), q) })
	case "GET /api/v2/usergroups/*/members":
		return reading(func() reply { return v2Page(u.membersOf(id), q) })
	case "POST /api/v2/usergroups":
		return u.createGroup(in)
	case "PUT /api/v2/usergroups/*":
		return u.updateGroup(id, in)
	case "DELETE /api/v2/usergroups/*":
		return u.deleteGroup(id)
	case "POST /api/v2/usergroups/*/members":
		return u.changeMember(id, in)
	case "POST /api/systems/*/command/builtin/restart":
		effect := "restart " + u.devices[id].text("hostname")
		return operation{effect: effect, once: true, promise: noContent, run: func() reply { u.done[effect]++; return noContent }}
	default:
		u.unknown = append(u.unknown, at)
		return reading(notThere)
	}
}

func (u *upstream) of(path string) map[string]item {
	switch {
	case strings.Contains(path, "systemusers"):
		return u.users
	case strings.Contains(path, "systems"):
		return u.devices
	}
	return u.groups
}

func (u *upstream) createGroup(in item) operation {
	name := in.text("name")
	effect := "create " + name
	made := item{"id": idOf(name), "name": name, "type": "user_group", "description": in.text("description")}
	if n := u.done[effect]; n > 0 { // a second one of this name is another object: it has to be seen
		made["id"] = idOf(name + strconv.Itoa(n))
	}
	return operation{effect: effect, once: true, promise: object(201, made), run: func() reply {
		u.groups[made.text("id")], u.members[made.text("id")] = made, map[string]bool{}
		u.done[effect]++
		return object(201, made)
	}}
}

func (u *upstream) updateGroup(id string, in item) operation {
	g, ok := u.groups[id]
	if !ok {
		return reading(notThere)
	}
	after := item{"id": id, "type": "user_group", "name": in.text("name"), "description": in.text("description")} // it replaces
	effect := "update " + after.text("description")
	return operation{effect: effect, promise: object(200, after), run: func() reply {
		if g.text("name") != after.text("name") {
			u.unknown = append(u.unknown, "a PUT that loses the name")
		}
		u.groups[id] = after
		u.done[effect]++
		return object(200, after)
	}}
}

func (u *upstream) deleteGroup(id string) operation {
	g, ok := u.groups[id]
	if !ok {
		return reading(notThere)
	}
	effect := "delete " + g.text("name")
	return operation{effect: effect, promise: noContent, run: func() reply {
		if _, there := u.groups[id]; !there {
			return notThere()
		}
		delete(u.groups, id)
		delete(u.members, id)
		u.done[effect]++
		return noContent
	}}
}

func (u *upstream) changeMember(id string, in item) operation {
	group, user := u.groups[id], u.users[in.text("id")]
	if group == nil || user == nil || in.text("type") != "user" {
		return reading(notThere)
	}
	effect := in.text("op") + " " + user.text("username") + ">" + group.text("name")
	return operation{effect: effect, promise: noContent, run: func() reply {
		u.member(id, in.text("id"), in["op"] == "add")
		u.done[effect]++
		return noContent
	}}
}

func (u *upstream) groupsOf(user string) (out []item) {
	for id := range u.parents[user] {
		out = append(out, item{"id": id, "type": "user_group"})
	}
	return out
}

func (u *upstream) membersOf(group string) (out []item) {
	for id := range u.members[group] {
		out = append(out, item{"id": id, "to": item{"id": id, "type": "user"}})
	}
	return out
}

func one(it item) reply {
	if it == nil {
		return notThere()
	}
	return object(200, it)
}

// page cuts what is asked for, in a fixed order.
func page(all []item, id string, q url.Values) []item {
	slices.SortFunc(all, func(a, b item) int { return strings.Compare(a.text(id), b.text(id)) })
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 10
	}
	skip, _ := strconv.Atoi(q.Get("skip"))
	from := min(skip, len(all))
	return append([]item{}, all[from:min(from+min(limit, 100), len(all))]...)
}

func v1Page(all []item, q url.Values) reply {
	return object(200, map[string]any{"totalCount": len(all), "results": page(all, "_id", q)})
}

func v2Page(all []item, q url.Values) reply {
	r := object(200, page(all, "id", q))
	r.header["X-Total-Count"] = strconv.Itoa(len(all))
	return r
}

func pick(all map[string]item, keep func(item) bool) (out []item) {
	for _, it := range all {
		if keep(it) {
			out = append(out, it)
		}
	}
	return out
}

// filterV1 knows field:$eq:value.
func filterV1(all map[string]item, filters []string) []item {
	return pick(all, func(it item) bool {
		return !slices.ContainsFunc(filters, func(f string) bool {
			p := strings.SplitN(f, ":", 3)
			return len(p) != 3 || p[1] != "$eq" || it.text(p[0]) != p[2]
		})
	})
}

// filterV2 knows field:eq:value and field:search:value.
func filterV2(all map[string]item, filter string) (out []item) {
	p := strings.SplitN(filter, ":", 3)
	if len(p) == 3 && p[0] == "name" && p[1] == "eq" { // without a walk: ids follow from names
		for _, nth := range []string{"", "1", "2", "3"} {
			if it, ok := all[idOf(p[2]+nth)]; ok {
				out = append(out, it)
			}
		}
		return out
	}
	return pick(all, func(it item) bool {
		return filter == "" || len(p) == 3 && (p[1] == "eq" && it.text(p[0]) == p[2] || p[1] == "search" && strings.Contains(it.text(p[0]), p[2]))
	})
}

// search knows filter.and, filter.or of plain matches and $in, and searchFilter.
func search(all map[string]item, in map[string]any) []item {
	filter, _ := in["filter"].(map[string]any)
	and, _ := filter["and"].([]any)
	or, _ := filter["or"].([]any)
	words, _ := in["searchFilter"].(map[string]any)
	term, _ := words["searchTerm"].(string)
	fields, _ := words["fields"].([]any)
	meets := func(it item, c any) bool {
		for field, want := range c.(map[string]any) {
			if set, ok := want.(map[string]any); ok {
				list, _ := set["$in"].([]any)
				return slices.Contains(list, any(it.text(field)))
			}
			return it[field] == want
		}
		return false
	}
	if len(and) == 0 && len(fields) == 0 { // the usual case, a name, without a walk
		if first, ok := quick(all, or); ok {
			return first
		}
	}
	return pick(all, func(it item) bool {
		return !slices.ContainsFunc(and, func(c any) bool { return !meets(it, c) }) &&
			(len(or) == 0 || slices.ContainsFunc(or, func(c any) bool { return meets(it, c) })) &&
			(len(fields) == 0 || slices.ContainsFunc(fields, func(f any) bool { return strings.Contains(it.text(f.(string)), term) }))
	})
}

// quick answers a search for names when each is the name of an object.
func quick(all map[string]item, or []any) (out []item, ok bool) {
	for _, c := range or {
		for field, want := range c.(map[string]any) {
			name, _ := want.(string)
			it, known := all[idOf(name)]
			if !known {
				return nil, false
			}
			if it.text(field) == name {
				out = append(out, it)
			}
		}
	}
	return out, len(out) > 0
}

// answer takes a request and does to it what chance wants.
func (u *upstream) answer(r *http.Request, body []byte) reply {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.requests++
	if r.URL.Path == elsewhere {
		u.unknown = append(u.unknown, "a redirect was followed")
		return notThere()
	}
	op := u.understand(r.Method, r.URL.Path, r.URL.Query(), body)
	key := r.Method + r.URL.RequestURI() + string(body)
	u.seen[key]++
	f := u.chance(op, key)
	if f == nil {
		if op.effect != "" {
			u.maybe[op.effect]++
		}
		return op.run()
	}
	u.injected[f.name]++
	return u.spoil(f, op)
}
