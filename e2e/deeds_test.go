package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// deed is one call of a tool, with what may be said of it.
type deed struct {
	tool string
	args map[string]any
	// effects are the names in the ledger of what it would do; none for a read.
	effects []string
	// refused says that it has to be refused with this code ("" when not).
	refused string
	// already says that there is nothing to do.
	already bool
	// wrong says what is wrong in the answer of a read; "" when it is the truth.
	wrong func(text string) string

	// The answer, and what the ledger had when it came.
	text    string
	isError bool
	code    string
	repeats int
	done    []int
	// miscounted is a number of members that the group did not have; "" when right.
	miscounted string
	// unfounded are answers that said that nothing was changed, although a
	// request had been sent of which nobody could know.
	unfounded []string
}

const (
	departments  = 12
	perDivision  = 25
	bigSize      = 130
	bigDivision  = "Division Big"
	staticGroups = 40
)

// furnish gives the upstream what reads are answered from.
func furnish(u *upstream) {
	for d := range departments {
		for i := range perDivision {
			u.addUser(fmt.Sprintf("reader-%d-%d", d, i), fmt.Sprintf("Division %d", d))
		}
	}
	for i := range bigSize {
		u.addUser(fmt.Sprintf("big-%d", i), bigDivision)
	}
	for i := range staticGroups {
		u.addGroup(fmt.Sprintf("static-%d", i))
	}
}

// deeds are n calls, each on objects of its own, which it puts there.
func deeds(u *upstream, n int) []*deed {
	furnish(u)
	out := make([]*deed, n)
	for i := range out {
		switch k := i % 20; {
		case k < 4:
			out[i] = readUser(i)
		case k < 6:
			out[i] = readDivision(i)
		case k < 7:
			out[i] = readBig(i)
		case k < 8:
			out[i] = readGroups(i)
		case k < 9:
			out[i] = absent(i)
		case k < 12:
			out[i] = create(i)
		case k < 14:
			out[i] = update(u, i)
		case k < 15:
			out[i] = remove(u, i)
		case k < 18:
			out[i] = members(u, i)
		default:
			out[i] = restart(u, i)
		}
	}
	return out
}

func readUser(i int) *deed {
	d, n := i%departments, i/7%perDivision
	name := fmt.Sprintf("reader-%d-%d", d, n)
	k := &deed{tool: "users_get", args: map[string]any{"user": name}}
	k.wrong = func(text string) string {
		_, body, _ := strings.Cut(text, "\n")
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			return "not an object"
		}
		if got["username"] != name || got["email"] != name+"@example.test" || got["department"] != fmt.Sprintf("Division %d", d) {
			return "another user"
		}
		return ""
	}
	return k
}

func readDivision(i int) *deed {
	d := i % departments
	k := &deed{tool: "users_list", args: map[string]any{"filter": fmt.Sprintf("department=Division %d", d)}}
	if i%3 == 0 { // by the search
		k.args = map[string]any{"search": fmt.Sprintf("reader-%d-", d)}
	}
	var want []string
	for n := range perDivision {
		want = append(want, fmt.Sprintf("reader-%d-%d", d, n))
	}
	k.wrong = func(text string) string { return wrongList(text, want) }
	return k
}

// readBig needs two pages.
func readBig(int) *deed {
	k := &deed{tool: "users_list", args: map[string]any{"filter": "department=" + bigDivision, "limit": 200, "fields": "username"}}
	var want []string
	for n := range bigSize {
		want = append(want, fmt.Sprintf("big-%d", n))
	}
	k.wrong = func(text string) string { return wrongList(text, want) }
	return k
}

func readGroups(i int) *deed {
	name := fmt.Sprintf("static-%d", i%staticGroups)
	if i%2 == 0 {
		k := &deed{tool: "user_groups_list", args: map[string]any{"filter": "name=" + name}}
		k.wrong = func(text string) string { return wrongList(text, []string{name}) }
		return k
	}
	k := &deed{tool: "user_groups_get", args: map[string]any{"group": name}}
	k.wrong = func(text string) string {
		if !strings.Contains(text, fmt.Sprintf("%q:%q", "name", name)) || !strings.Contains(text, `"description":"as it was"`) {
			return "another group"
		}
		return ""
	}
	return k
}

// absent asks for what is not there: only then may an answer say so.
func absent(i int) *deed {
	if i%2 == 0 {
		k := &deed{tool: "users_list", args: map[string]any{"filter": fmt.Sprintf("department=Nowhere %d", i)}}
		k.wrong = func(text string) string { return wrongList(text, nil) }
		return k
	}
	return &deed{tool: "users_get", args: map[string]any{"user": fmt.Sprintf("nobody-%d", i)}, refused: "not_found"}
}

// wrongList compares a list with the names that it has to have.
func wrongList(text string, want []string) string {
	head, body, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(head, fmt.Sprintf("# total %d; %d shown;", len(want), len(want))) {
		return "the total"
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		return "not CSV"
	}
	var got []string
	for _, row := range rows[min(1, len(rows)):] {
		got = append(got, row[0])
	}
	want = slices.Sorted(slices.Values(want))
	if slices.Sort(got); !slices.Equal(got, want) {
		return "the rows"
	}
	return ""
}

func create(i int) *deed {
	if i%13 == 0 {
		return &deed{tool: "user_groups_create", args: map[string]any{"name": fmt.Sprintf("static-%d", i%staticGroups)}, refused: "conflict",
			effects: []string{fmt.Sprintf("create static-%d", i%staticGroups)}}
	}
	name := fmt.Sprintf("made-%d", i)
	return &deed{tool: "user_groups_create", args: map[string]any{"name": name, "description": "d"}, effects: []string{"create " + name}}
}

func update(u *upstream, i int) *deed {
	name, text := fmt.Sprintf("upd-%d", i), fmt.Sprintf("new-%d", i)
	u.addGroup(name)
	return &deed{tool: "user_groups_update", args: map[string]any{"group": name, "description": text}, effects: []string{"update " + text}}
}

func remove(u *upstream, i int) *deed {
	name := fmt.Sprintf("del-%d", i)
	u.addGroup(name)
	return &deed{tool: "user_groups_delete", args: map[string]any{"group": name}, effects: []string{"delete " + name}}
}

func members(u *upstream, i int) *deed {
	group, user := fmt.Sprintf("grp-%d", i), fmt.Sprintf("mem-%d", i)
	k := &deed{tool: "user_groups_members_change", args: map[string]any{"group": group}}
	u.addUser(user, "Members")
	switch i / 20 % 4 {
	case 0: // one in
		u.addGroup(group)
		k.args["add"] = []string{user}
		k.effects = []string{"add " + user + ">" + group}
	case 1: // one out
		u.addGroup(group, user)
		k.args["remove"] = []string{user}
		k.effects = []string{"remove " + user + ">" + group}
	case 2: // two in and one out
		second, third := user+"b", user+"c"
		u.addUser(second, "Members")
		u.addUser(third, "Members")
		u.addGroup(group, third)
		k.args["add"], k.args["remove"] = []string{user, second}, []string{third}
		k.effects = []string{"add " + user + ">" + group, "add " + second + ">" + group, "remove " + third + ">" + group}
	default: // in already
		u.addGroup(group, user)
		k.args["add"] = []string{user}
		k.effects, k.already = []string{"add " + user + ">" + group}, true
	}
	return k
}

func restart(u *upstream, i int) *deed {
	name := fmt.Sprintf("dev-%d", i)
	u.addDevice(name)
	return &deed{tool: "devices_restart", args: map[string]any{"device": name}, effects: []string{"restart " + name}}
}

var memberLine = regexp.MustCompile(`^(add|remove) user (\S+) (?:to|from) user group (\S+)$`)

// claims are what the answer says of each effect: "done", "accepted", "no
// effect", "nothing" (was changed), "unknown", or "" when it says nothing that
// could be wrong.
func (k *deed) claims() map[string]string {
	out := map[string]string{}
	_, body, block := strings.Cut(k.text, "\n")
	if len(k.effects) > 1 && block && strings.Contains(body, "target,result") {
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || len(rows) != len(k.effects)+1 {
			return map[string]string{k.effects[0]: "unreadable"}
		}
		for _, row := range rows[1:] {
			m := memberLine.FindStringSubmatch(row[0])
			if m == nil {
				return map[string]string{k.effects[0]: "unreadable"}
			}
			out[m[1]+" "+m[2]+">"+m[3]] = claimOf(row[1])
		}
		return out
	}
	for _, e := range k.effects {
		out[e] = claimOf(k.text)
	}
	return out
}

func claimOf(text string) string {
	switch {
	case strings.HasPrefix(text, "done"):
		return "done"
	case strings.HasPrefix(text, "accepted"):
		return "accepted"
	case strings.HasPrefix(text, "no effect"):
		return "no effect"
	case strings.HasPrefix(text, "outcome unknown"), strings.HasPrefix(text, "outcome_unknown"), strings.Contains(text, "is not known"):
		return "unknown"
	case strings.Contains(text, "Nothing was changed"), strings.HasPrefix(text, "failed"), strings.HasPrefix(text, "not sent"):
		return "nothing"
	}
	return ""
}
