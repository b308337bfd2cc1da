package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type deviceGet struct {
	device
	Include []deviceInclude `json:"include,omitempty" in:"-"`
	Fields  string          `json:"fields,omitempty" in:"-"`
}

func (d *deviceGet) asked() asked {
	return asked{d.Device.Found(), namesIn(d.Include), d.Fields}
}

// deviceInclude is what can be shown beside a device.
type deviceInclude string

// JSONSchema lists them.
func (deviceInclude) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"users", "groups", "policies", "software", "encryption", "requests", "events"}}
}

const (
	deviceUsersAt    = "GET /api/v2/systems/{device}/users"
	devicePoliciesAt = "GET /api/v2/systems/{device}/policies"

	uptimeAt    = "GET /api/v2/systeminsights/uptime"
	loggedInAt  = "GET /api/v2/systeminsights/logged_in_users"
	programsAt  = "GET /api/v2/systeminsights/programs"
	appsAt      = "GET /api/v2/systeminsights/apps"
	packagesAt  = "GET /api/v2/systeminsights/linux_packages"
	disksAt     = "GET /api/v2/systeminsights/disk_encryption"
	bitLockerAt = "GET /api/v2/systeminsights/bitlocker_info"

	fewNamed    = 8 // names in a line of who reaches a device
	eventsShown = 10
)

var deviceIncludes = []include{
	reachedInclude("users", "users_list", deviceUsersAt, reachedSet{kind: jc.User{}.Kind(), most: fewNamed, sudo: true}, "access_explain device={}"),
	reachedInclude("groups", "device_groups_list", deviceParents, reachedSet{kind: jc.DeviceGroup{}.Kind()}),
	{name: "policies", needs: "policies_list", at: []string{deviceStatusesAt, devicePoliciesAt}, read: devicePolicyStates},
	{name: "software", needs: "system_insights_query", at: []string{uptimeAt, loggedInAt, programsAt, appsAt, packagesAt}, read: deviceSoftware},
	{name: "encryption", at: []string{disksAt, bitLockerAt}, read: deviceEncryption},
	{name: "requests", needs: "access_requests_list", at: []string{eventsQuery.String(), readAccess.String()}, read: deviceRequests},
	{name: "events", needs: "insights_query", at: []string{eventsQuery.String(), eventsCount.String()}, read: deviceEvents},
}

var devicesGet = Set{"devices", "Computers and phones under management."}.Of(
	getWith[deviceGet, jc.Device]("devices_get", "GET /api/systems/{device}",
		"Show one device with what is asked, inherited access included.",
		showing{
			fields:  []string{"hostname", "displayName", "serialNumber", "os", "version", "user", "online", "lastContact", "encrypted", "mdm_vendor", "policies_failed"},
			instead: map[string]string{"encrypted": "encryption", "policies_failed": "policies"},
			ids:     map[string]*jc.Kind{"user": jc.User{}.Kind()},
			same:    [2]string{"displayName", "hostname"},
			dull:    map[string]string{"mdm_vendor": "none"},
		},
		deviceIncludes, Core),
)

// policyStates are the results of policies on a device, and the policies that are
// to apply to it and have none yet.
type policyStates struct {
	rows   []jc.Row
	failed int
}

func policyStatesOf(ctx context.Context, r *Reader, device string) (*policyStates, error) {
	rows, err := walkGraph(ctx, r, deviceStatusesAt, device)
	if err != nil {
		return nil, err
	}
	out := &policyStates{}
	latest := map[string]int{}
	for _, row := range rows {
		id := row.Text("policyID")
		if i, twice := latest[id]; twice {
			if row.Text("endedAt") > out.rows[i].Text("endedAt") {
				out.rows[i] = row
			}
			continue
		}
		latest[id] = len(out.rows)
		out.rows = append(out.rows, row)
	}
	for _, row := range out.rows {
		if policyState(row) == "failed" {
			out.failed++
		}
	}
	return out, nil
}

// policyState is the state in one spelling; where JumpCloud tells none, what
// the success flag says.
func policyState(row jc.Row) string {
	if s := strings.ToLower(row.Text("state")); s != "" {
		return s
	}
	switch ok, told := row.Bool("success"); {
	case !told:
		return ""
	case ok:
		return "success"
	}
	return "failed"
}

// lines are one for each state and reason, with the policies that are in it.
func (p *policyStates) lines(ctx context.Context, r *Reader, before ...string) ([]sectionLine, error) {
	k := jc.Policy{}.Kind()
	groups, ids := map[string][]string{}, []string{}
	for _, row := range p.rows {
		state := policyState(row)
		switch detail := row.Text("detail"); {
		case state == "":
			state = unread
		case detail != "" && state != "success" && state != "pending": // there it says nothing that the state does not
			state += ": " + detail
		}
		state = clean(state)
		groups[state] = append(groups[state], row.Text("policyID"))
		ids = append(ids, row.Text("policyID"))
	}
	names, marks, err := namesOfIDs(ctx, r, map[*jc.Kind][]string{k: ids})
	if err != nil {
		return nil, err
	}
	var out []sectionLine
	for state, list := range groups {
		out = append(out, sectionLine{cells: append(slices.Clone(before), state), items: itemsOf(k, list, names, marks)})
	}
	slices.SortFunc(out, func(a, b sectionLine) int {
		return strings.Compare(strings.Join(a.cells, "\x00"), strings.Join(b.cells, "\x00")) // failed comes before success
	})
	return out, nil
}

// devicePolicyStates shows results, and which policies have none: these apply by
// traversal, direct and through device groups.
func devicePolicyStates(ctx context.Context, r *Reader, s *subject) (*section, error) {
	var states *policyStates
	var bound []jc.Row
	var boundErr error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { states, err = policyStatesOf(gctx, r, s.id); return err })
	g.Go(func() error { bound, boundErr = walkGraph(gctx, r, devicePoliciesAt, s.id); return nil })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p := &section{columns: []string{"state", "policies"}}
	if boundErr != nil {
		p.missing = []string{"policies without a result (" + whyNot(boundErr) + ")"}
	}
	for _, row := range bound {
		id := row.Text("id")
		if !slices.ContainsFunc(states.rows, func(row jc.Row) bool { return row.Text("policyID") == id }) {
			states.rows = append(states.rows, jc.Row{"policyID": id, "state": "no result yet"})
		}
	}
	p.counts = []string{fmt.Sprintf("policies %d, %d failed", len(states.rows), states.failed)}
	var err error
	p.lines, err = states.lines(ctx, r)
	return p, err
}

// insightRows are the rows of a System Insights table for a device; these lists
// take up to 10,000 in a page and tell no total.
func insightRows(ctx context.Context, r *Reader, at, device string) (rows []jc.Row, all bool, err error) {
	const page, most = 1000, 10_000
	q := jc.Query{Filters: []string{"system_id:eq:" + device}, Limit: page}
	for ; q.Skip < most; q.Skip += page {
		part, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: jc.At(at)}, q)
		if err != nil {
			return nil, false, err
		}
		if rows = append(rows, part.Rows...); len(part.Rows) < page {
			return rows, true, nil
		}
	}
	return rows, false, nil
}

// installedIn is the table of what is installed, by family of operating systems.
var installedIn = map[string]string{"windows": programsAt, "darwin": appsAt, "linux": packagesAt}

// deviceSoftware is what System Insights last heard: since when the device runs,
// who is signed in, what is installed.
func deviceSoftware(ctx context.Context, r *Reader, s *subject) (*section, error) {
	row, err := s.row()
	if err != nil {
		return nil, err
	}
	table := installedIn[strings.ToLower(row.Text("osFamily"))]
	pieces := []struct {
		name, at string
		show     func(rows []jc.Row) string
	}{
		{"uptime", uptimeAt, uptimeOf},
		{"logged_in", loggedInAt, loggedInText},
		{"installed", table, installedText},
	}
	p := &section{}
	cells, failed := make([]string, len(pieces)), make([]error, len(pieces))
	var g errgroup.Group
	for i, x := range pieces {
		p.columns = append(p.columns, x.name)
		g.Go(func() error {
			if x.at == "" {
				failed[i] = &Refusal{jc.CodeNotFound, "operating system not known"}
				return nil
			}
			rows, all, err := insightRows(ctx, r, x.at, s.id)
			if cells[i], failed[i] = x.show(rows), err; !all {
				cells[i] += " or more"
			}
			return nil
		})
	}
	_ = g.Wait()
	for i, err := range failed {
		if err != nil {
			cells[i] = unread
			p.missing = append(p.missing, pieces[i].name+" ("+whyNot(err)+")")
		}
	}
	if len(p.missing) == len(pieces) {
		return nil, failed[0]
	}
	p.lines = []sectionLine{{cells: cells}}
	return p, nil
}

func uptimeOf(rows []jc.Row) string {
	if len(rows) == 0 {
		return noneMark
	}
	var parts []string
	for _, unit := range []string{"days", "hours", "minutes"} {
		if n, ok := rows[0][unit].(json.Number); ok && n.String() != "0" && len(parts) < 1 {
			parts = append(parts, n.String()+" "+unit[:1])
		}
	}
	if n, err := strconv.Atoi(rows[0].Text("total_seconds")); len(parts) == 0 && err == nil {
		parts = append(parts, fmt.Sprintf("%d s", n))
	}
	if len(parts) == 0 {
		return unread
	}
	return strings.Join(parts, " ")
}

func loggedInText(rows []jc.Row) string {
	return distinctNames(rows, func(row jc.Row) string { return row.Text("user") })
}

// installed are names with versions; of many, and of packages, the number.
func installedText(rows []jc.Row) string {
	return distinctNames(rows, func(row jc.Row) string {
		version := firstText(row.Text("version"), row.Text("bundle_short_version"), row.Text("bundle_version"))
		return strings.TrimSpace(firstText(row.Text("bundle_name"), row.Text("display_name"), row.Text("name")) + " " + version)
	})
}

// distinctNames names what rows hold, each once.
func distinctNames(rows []jc.Row, name func(jc.Row) string) string {
	var out []string
	for _, row := range rows {
		if s := listItem(name(row)); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	switch {
	case len(out) == 0:
		return noneMark
	case len(out) > fewNamed || rows[0]["package_format"] != nil:
		return fmt.Sprint(len(out), notNamed)
	}
	slices.Sort(out)
	return strings.Join(out, itemsApart)
}

// deviceEncryption is what the device reports, and what System Insights sees of its volumes.
func deviceEncryption(ctx context.Context, r *Reader, s *subject) (*section, error) {
	row, err := s.row()
	if err != nil {
		return nil, err
	}
	p := &section{columns: []string{"encrypted", "recovery_key", "volumes"}}
	var cells []string
	for _, field := range []string{"fde.active", "fde.keyPresent"} {
		v, known := row.Bool(field)
		if !known {
			cells = append(cells, unread)
			continue
		}
		cells = append(cells, strconv.FormatBool(v))
	}
	volumes := unread
	at, good := disksAt, func(row jc.Row) bool { return numberOf(row["encrypted"]) == 1 }
	if strings.EqualFold(row.Text("osFamily"), "windows") {
		at, good = bitLockerAt, func(row jc.Row) bool { return numberOf(row["protection_status"]) == 1 }
	}
	if _, allowed := r.may(ctx, "system_insights_query", nil); !allowed {
		p.missing = []string{"volumes (" + notGranted + ")"}
	} else if rows, all, err := insightRows(ctx, r, at, s.id); err != nil {
		p.missing = []string{"volumes (" + whyNot(err) + ")"}
	} else if len(rows) > 0 && all {
		n := 0
		for _, row := range rows {
			if good(row) {
				n++
			}
		}
		volumes = fmt.Sprintf("%d of %d", n, len(rows))
	}
	p.lines = []sectionLine{{cells: append(cells, volumes)}}
	return p, nil
}

func numberOf(v any) float64 {
	n, _ := v.(json.Number)
	f, _ := n.Float64()
	return f
}

// deviceRequests are the temporary administrator rights on a device. JumpCloud
// cannot list them: they are found in the events that they left.
func deviceRequests(ctx context.Context, r *Reader, s *subject) (*section, error) {
	ids, all, err := accessIDs(ctx, r, "", s.id)
	if err != nil {
		return nil, err
	}
	found, err := readElevations(ctx, r, ids, "", s.id)
	if err != nil {
		return nil, err
	}
	running := 0
	p := &section{columns: []string{"user", "state", "until", "sudo", "remarks"}, notes: []string{"requests as found in the events of 90 d"}}
	if !all || len(ids) > accessReads {
		p.notes[0] += ", not complete"
	}
	for _, e := range found {
		if e.granted() {
			running++
		}
		sudo := unread
		if without, known := e.passwordless(); known {
			sudo = map[bool]string{true: "no_password", false: "password"}[without]
		}
		p.lines = append(p.lines, sectionLine{cells: []string{cell(nameOrID(e.user)), cell(e.state()), cell(e.row["expiry"]), sudo, cell(e.row["remarks"])}})
	}
	p.counts = []string{fmt.Sprintf("requests %d", len(found))}
	if len(found) > 0 {
		p.counts[0] += fmt.Sprintf(", %d running", running)
	}
	return p, nil
}

// deviceEvents are the newest events about a device.
func deviceEvents(ctx context.Context, r *Reader, s *subject) (*section, error) {
	in := &eventFind{Last: "7d", Device: jc.To[jc.Device](jc.Object{Kind: s.kind, ID: s.id})}
	q, err := askEvents(ctx, r, nil, in, nil, nil)
	if err != nil {
		return nil, err
	}
	total, newest := 0, eventsRead{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { total, err = q.count(gctx, r); return err })
	g.Go(func() (err error) {
		body := countBody(q.body)
		body["sort"] = "DESC"
		newest, err = r.events(gctx, body, eventsShown, nil)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p := &section{counts: []string{fmt.Sprintf("events of 7 d %d", total)}, columns: []string{"timestamp", "event_type", "initiated_by", "success"},
		more: []string{"insights_query device={} last=7d"}, dropped: max(0, total-len(newest.rows))}
	for _, row := range newest.rows {
		cells := make([]string, len(p.columns))
		for i, c := range p.columns {
			cells[i] = eventCell(row, c)
		}
		p.lines = append(p.lines, sectionLine{cells: cells})
	}
	return p, nil
}
