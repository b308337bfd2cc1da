package tools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type accessChange struct {
	Op           string                   `json:"op" jsonschema:"required,enum=add,enum=remove"`
	Users        []jc.Ref[jc.User]        `json:"users,omitempty" in:"-"`
	UserGroups   []jc.Ref[jc.UserGroup]   `json:"user_groups,omitempty" in:"-"`
	Applications []jc.Ref[jc.Application] `json:"applications,omitempty" in:"-"`
	Devices      []jc.Ref[jc.Device]      `json:"devices,omitempty" in:"-"`
	DeviceGroups []jc.Ref[jc.DeviceGroup] `json:"device_groups,omitempty" in:"-"`
	Sudo         string                   `json:"sudo,omitempty" in:"-" jsonschema:"enum=none,enum=password,enum=no_password"`
}

// How much sudo a connection to a device or device group gives.
const (
	sudoNone       = "none"
	sudoPassword   = "password"
	sudoNoPassword = "no_password"
)

// maxBonds bounds the connections of one call, so that it ends in time.
const maxBonds = 500

// accessChanges are the tools that the steps are, by what access is given to.
var accessChanges = map[string]*Tool{
	"application":  graphTool(applications, "applications_associations_change"),
	"system":       graphTool(devicesGraph, "devices_associations_change"),
	"system_group": graphTool(deviceGroupsGraph, "device_groups_associations_change"),
}

// inheritedAt are the traversals that tell what a user or user group reaches, by
// its type and by what is reached.
var inheritedAt = map[string]map[string]string{
	"user": {
		"application": "GET /api/v2/users/{user}/applications", "system": "GET /api/v2/users/{user}/systems",
		"system_group": "GET /api/v2/users/{user}/systemgroups",
	},
	"user_group": {
		"application": "GET /api/v2/usergroups/{group}/applications", "system": "GET /api/v2/usergroups/{group}/systems",
		"system_group": "GET /api/v2/usergroups/{group}/systemgroups",
	},
}

func accessChangeTool() *Tool {
	uses := Uses{Tools: []*Tool{accessChanges["application"], accessChanges["system"], accessChanges["system_group"]}}
	for _, ways := range []map[string]string{inheritedAt["user"], inheritedAt["user_group"]} {
		uses.Reads = append(uses.Reads, slices.Sorted(maps.Values(ways))...)
	}
	return Job("access_change", "Give or take away access of users and user groups to applications, devices and device groups.", uses, planAccessChange, Core)
}

// planAccessChange makes a step of every pair. What is so already is skipped, so
// that a call that was cut short can be repeated.
func planAccessChange(ctx context.Context, r *Reader, in *accessChange) (*Plan, error) {
	who := eachOnce(objects(in.Users), objects(in.UserGroups))
	what := eachOnce(objects(in.Applications), objects(in.Devices), objects(in.DeviceGroups))
	switch {
	case len(who) == 0:
		return nil, invalid("", "say whose access: users or user_groups")
	case len(what) == 0:
		return nil, invalid("", "say to what: applications, devices or device_groups")
	case in.Sudo != "" && in.Op == "remove":
		return nil, invalid("sudo", "it goes with op add; remove ends the access with its sudo, and op add with sudo none keeps it without")
	case in.Sudo != "" && len(in.Devices)+len(in.DeviceGroups) == 0:
		return nil, invalid("sudo", "only devices and device_groups have it")
	case len(who)*len(what) > maxBonds:
		return nil, invalid("", fmt.Sprintf("%d pairs; at most %d in one call, or use a group", len(who)*len(what), maxBonds))
	}
	now, err := readPairs(ctx, r, in.Op, who, what)
	if err != nil {
		return nil, err
	}
	p := &Plan{Parallel: true, Finish: reportPairs}
	for _, from := range who {
		for _, to := range what {
			s, err := now.step(in, from, to)
			if err != nil {
				return nil, err
			}
			p.Steps = append(p.Steps, s)
		}
	}
	return p, nil
}

// accessNow is what was read of the users and groups: what is bound directly to
// each, and the ways by which access stays when the direct one goes.
type accessNow struct {
	direct  map[[2]string]map[string]map[string]any // by id and type of target: attributes by id of target
	ways    map[[2]string][][]jc.Node               // by both ids: the ways that are not direct
	names   map[string]string                       // of the groups on the ways
	removed map[[2]string]bool                      // connections that this call ends, by both ids
}

// readPairs reads each user and group once for each type of target.
func readPairs(ctx context.Context, r *Reader, op string, who, what []jc.Object) (*accessNow, error) {
	now := &accessNow{direct: map[[2]string]map[string]map[string]any{}, ways: map[[2]string][][]jc.Node{}, removed: map[[2]string]bool{}}
	wanted := map[string]bool{}
	for _, to := range what {
		wanted[to.ID] = true
	}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, from := range who {
		for _, target := range objectTypes(what) {
			g.Go(func() error {
				direct, err := readBonds(gctx, r, from, target)
				mu.Lock()
				defer mu.Unlock()
				now.direct[[2]string{from.ID, target}] = direct
				return err
			})
			if op != "remove" {
				continue
			}
			g.Go(func() error {
				at := jc.At(inheritedAt[from.Kind.Type][target])
				req := jc.Request{Endpoint: at, Params: map[string]string{at.Names()[0]: from.ID}}
				rows, _, err := r.d.o.Client.Walk(gctx, req, jc.Query{}, 0, nil)
				mu.Lock()
				defer mu.Unlock()
				for _, row := range rows.Rows {
					if id := row.Text("id"); wanted[id] {
						now.ways[[2]string{from.ID, id}] = slices.DeleteFunc(waysTo(row), func(way []jc.Node) bool { return len(way) == 0 })
					}
				}
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if op == "remove" {
		for _, from := range who {
			for _, to := range what {
				now.removed[[2]string{from.ID, to.ID}] = true
			}
		}
	}
	var ids = map[string][]string{}
	for _, ways := range now.ways {
		addWayIDs(ids, ways)
	}
	var err error
	now.names, err = wayGroupNames(ctx, r, ids)
	return now, err
}

// step is what one pair needs.
func (now *accessNow) step(in *accessChange, from, to jc.Object) (Step, error) {
	tool := accessChanges[to.Kind.Type]
	b := bond{tool: tool, post: tool.Operations[0], owner: to, other: from, op: in.Op}
	was, there := now.direct[[2]string{from.ID, to.Kind.Type}][to.ID]
	sudo := in.Sudo
	if to.Kind.Type == "application" {
		sudo = ""
	}
	if sudo != "" && (there || sudo != sudoNone) && sudoOf(was) != sudo {
		b.attrs = maps.Clone(was) // what else it carries stays
		if b.attrs == nil {
			b.attrs = map[string]any{}
		}
		b.attrs["sudo"] = map[string]any{"enabled": sudo != sudoNone, "withoutPassword": sudo == sudoNoPassword}
		b.agrees = func(have map[string]any) bool { return sudoOf(have) == sudo }
		if there {
			b.op = "update"
		}
	}
	s, err := b.step(was, there)
	if err != nil {
		return s, err
	}
	s.Line = pairLine(b.op, from, to)
	if b.attrs != nil {
		s.Line += ", sudo " + sudo
		if there {
			s.Line = fmt.Sprintf("%s, was %s", s.Line, sudoOf(was))
		}
	} else if there && in.Op == "add" && sudo != "" {
		s.Skip += ", with sudo " + sudo
	}
	if left := now.left(from, to); left != "" && in.Op == "remove" {
		if !there {
			s.Skip = "no direct access to take away; it comes through " + left
			return s, nil
		}
		s.State = "stays through " + left
		verify := s.Verify
		s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
			seen, err := verify(ctx, r, resp)
			seen.Note = strings.TrimPrefix(seen.Note+"; still reached through "+left, "; ")
			return seen, err
		}
	}
	return s, nil
}

// pairLine is "add user ada.king to device LT-042".
func pairLine(op string, from, to jc.Object) string {
	words := map[string]string{"add": "to", "remove": "from", "update": "on"}
	return fmt.Sprintf("%s %s %s %s", op, describe(targetOf(from)), words[op], describe(targetOf(to)))
}

// left says the ways that stay when what this call ends is gone.
func (now *accessNow) left(from, to jc.Object) string {
	var out []string
	for _, way := range now.ways[[2]string{from.ID, to.ID}] {
		ends := false
		at := from.ID
		for _, n := range append(slices.Clone(way), jc.Node{ID: to.ID}) {
			ends = ends || now.removed[[2]string{at, n.ID}]
			at = n.ID
		}
		if words := wayWords(way, now.names, false); !ends && !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	return strings.Join(out, " and ")
}

// sudoOf is the sudo that attributes of a connection give. None sent is none given.
func sudoOf(attrs map[string]any) string {
	row := jc.Row(attrs)
	if on, _ := row.Bool("sudo.enabled"); !on {
		return sudoNone
	}
	if without, _ := row.Bool("sudo.withoutPassword"); without {
		return sudoNoPassword
	}
	return sudoPassword
}

// reportPairs has a line for every pair where they did not all end alike, and
// where they did one that says so.
func reportPairs(ctx context.Context, r *Reader, done []Result) (Answer, error) {
	a, err := r.d.report(ctx, r, done)
	if err != nil || len(done) == 1 {
		return a, err
	}
	t := &table{columns: []string{"pair", "result", "change"}}
	for i := range done {
		res := &done[i]
		result := string(res.Outcome)
		if res.Note != "" {
			result += ": " + clean(res.Note)
		}
		if res.Err != nil {
			result += ": " + strings.SplitN(failure(res.Err, false).Text[0], "\n", 2)[0]
		}
		t.rows = append(t.rows, []string{res.Step.Line, result, orDash(r.change(res.Step))})
	}
	slices.SortStableFunc(t.rows, func(x, y []string) int { return outcomeRank(x[1]) - outcomeRank(y[1]) })
	n := t.fit(maxTokens - 600)
	a.Text = []string{a.Text[0], t.csv(n)}
	if n < len(t.rows) {
		cut := fmt.Sprintf("%d more pairs not shown, all %s", len(t.rows)-n, outcomesOf(t.rows[n:]))
		a.Text[0] += " " + upper(cut) + "."
		a.Text[1] += "\n# " + cut
	}
	a.show(t, n)
	return a, nil
}

// outcomeRank puts what has to be looked at first.
func outcomeRank(result string) int {
	for i, o := range []Outcome{Unknown, Failed, NotSent, Accepted, NoEffect, Done} {
		if strings.HasPrefix(result, string(o)) {
			return i
		}
	}
	return 0
}

// outcomesOf names the outcomes of rows.
func outcomesOf(rows [][]string) string {
	var out []string
	for _, o := range []Outcome{Unknown, Failed, NotSent, Accepted, NoEffect, Done} {
		if slices.ContainsFunc(rows, func(row []string) bool { return strings.HasPrefix(row[1], string(o)) }) {
			out = append(out, string(o))
		}
	}
	return strings.Join(out, " or ")
}

// eachOnce joins lists of objects, each object once.
func eachOnce(lists ...[]jc.Object) (out []jc.Object) {
	for _, o := range slices.Concat(lists...) {
		if !slices.ContainsFunc(out, func(x jc.Object) bool { return x.ID == o.ID && x.Kind == o.Kind }) {
			out = append(out, o)
		}
	}
	return out
}

// objectTypes are the types among objects.
func objectTypes(list []jc.Object) (out []string) {
	for _, o := range list {
		if !slices.Contains(out, o.Kind.Type) {
			out = append(out, o.Kind.Type)
		}
	}
	return out
}
