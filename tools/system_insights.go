package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

const (
	insightPage = 4_000   // rows asked for at once; the API gives up to 10,000, an answer may have 8 MiB
	insightMost = 400_000 // rows read at most where conditions are answered here
)

type insightFind struct {
	Table  string            `json:"table" in:"-" jsonschema:"required,description=apps (Macs)\\, programs (Windows)\\, linux_packages\\, patches or another of 60."`
	Device jc.Ref[jc.Device] `json:"device,omitzero" in:"-"`
}

var systemInsights = Set{"system_insights", "Inventory tables of devices (osquery)."}.Of(systemInsightsQuery())

// systemInsightsQuery is one list over the sixty tables, which differ in nothing
// but their fields.
func systemInsightsQuery() *Tool {
	tables := jc.InsightTables()
	t := List[insightFind, jc.Insight]("system_insights_query", tables[0].At().String(),
		"Inventory of devices: programs, apps, patches, extensions, disks (osquery tables).", Core,
		IDs(deviceField, jc.Device{}.Kind()), InGroups(jc.DeviceGroup{}.Kind(), "GET /api/v2/systemgroups/{group}/membership"))
	for i := range tables[1:] {
		t.Operations = append(t.Operations, tables[1+i].At())
	}
	t.variants = tableVariants()
	t.columns = nil
	t.outFields = []string{deviceField, "system_id", "collection_time"}
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		return planInsights(ctx, t, r, in.(*insightFind))
	}
	return t
}

const deviceField = "device"

// tableTool is the tool as it is for one table: its fields, its columns.
func tableTool(t *Tool, table *jc.InsightTable) *Tool {
	use := *t
	k := &jc.Kind{Type: "system_insight", Noun: "row of " + table.Name, ID: "system_id"}
	at := func(name, api string) jc.Fact {
		return jc.Fact{Name: name, API: api, Needs: []string{api}, Of: func(r jc.Row) (any, bool) { return r.At(api) }}
	}
	k.Facts = []jc.Fact{at(deviceField, "system_id")}
	fields := strings.Fields(table.Fields)
	if slices.Contains(fields, "bundle_short_version") {
		k.Facts = append(k.Facts, at("version", "bundle_short_version")) // as the tables of Windows and Linux call it
	}
	if table.Name == "azure_instance_tags" {
		k.Facts = append(k.Facts, at("tag", "key")) // a field called key is taken for a secret
	}
	if slices.Contains(fields, deviceField) {
		k.Facts = append(k.Facts, at("mounted", deviceField)) // device is whose row it is
	}
	use.kind = k
	use.columns = append([]string{deviceField}, strings.Fields(strings.Replace(table.Columns, " device ", " mounted ", 1))...)
	use.outFields = append(fields, "system_id")
	use.Operations = []jc.Endpoint{table.At()}
	return &use
}

// usual are the tables that people ask for.
var usual = []string{"apps", "programs", "linux_packages", "patches", "chrome_extensions", "firefox_addons", "browser_plugins", "users", "os_version",
	"system_info", "disk_info", "disk_encryption", "bitlocker_info", "uptime", "certificates", "logged_in_users"}

// noTable answers a wrong table with the nearest, the usual ones before the
// others. The sixty names are in no schema: they are longer than all the rest of the tool.
func noTable(name string) error {
	tables := jc.InsightTables()
	names := slices.Clone(usual)
	for i := range tables {
		names = append(names, tables[i].Name)
	}
	problem := "there is no table " + strconv.Quote(clip(name))
	if near := schemas.Nearest(name, names); near != "" {
		return invalid("table", problem+"; did you mean "+strconv.Quote(near))
	}
	return invalid("table", fmt.Sprintf("%s; some of the %d osquery tables: %s", problem, len(tables), joinNames(usual[:8])))
}

func planInsights(ctx context.Context, t *Tool, r *Reader, in *insightFind) (*Plan, error) {
	table := jc.InsightTableOf(in.Table)
	if table == nil {
		return nil, noTable(in.Table)
	}
	use := tableTool(t, table)
	w, err := begin(ctx, use, r, in, checks[jc.Insight])
	if err != nil {
		return nil, err
	}
	w.page, w.most = insightPage, insightMost
	devices := idsAsked(in.Device.Found(), w.clauses, deviceField, groupField)
	query := w.placeInsights(table, devices != nil)
	if err := w.choose(r.trip.args.list.Fields, r.trip.args.list.CountBy); err != nil {
		return nil, err
	}
	w.query.Fields = nil // the tables take no choice of fields
	if err := w.orderInsights(r.trip.args.list.Sort); err != nil {
		return nil, err
	}
	w.keepNeeded()
	w.cover(table, query, devices)
	plan := w.plan(table.At(), in, func(ctx context.Context, r *Reader, got *listed) Answer {
		if w.countBy != "" {
			return w.showDevices(ctx, r, got)
		}
		return w.show(ctx, r, got)
	})
	w.explainEmpty(table, in.Device.Found(), plan)
	return plan, nil
}

// placeInsights gives the API the one condition that it can answer beside the
// device, and keeps the rest. It compares whole values only.
func (w *patchwork) placeInsights(table *jc.InsightTable, narrowed bool) (query []string) {
	known := strings.Fields(table.Filter)
	for _, c := range w.clauses {
		field := c.field
		if c.fact != nil {
			field = c.fact.API
		}
		switch plain := c.op == "=" && !slices.ContainsFunc(c.values, func(v string) bool { return v == "" || strings.ContainsAny(v, ",|:") }); {
		case c.ids != nil && c.op == "=": // asked by device
		case c.ids != nil:
			c.field, c.fact = "system_id", nil
			w.where.here = append(w.where.here, c)
		case plain && slices.Contains(known, field) && len(query) == 0:
			query = append(query, field+":"+c.v2())
		default:
			w.where.here = append(w.where.here, c)
		}
	}
	w.asked = narrowed || len(query) > 0
	return query
}

// orderInsights: the API sorts by any field of the table. Without an order pages
// could repeat rows, so the device is one.
func (w *patchwork) orderInsights(sort string) error {
	w.query.Sort = "system_id"
	if sort == "" {
		return nil
	}
	name := strings.TrimPrefix(sort, "-")
	fact, err := w.sees.field(w.tool, "sort", name)
	if err != nil {
		return err
	}
	if fact != nil {
		sort = strings.TrimSuffix(sort, name) + fact.API
	}
	w.sort, w.query.Sort = sort, sort
	return nil
}

// keepNeeded: a table may have hundreds of thousands of rows, of which only what
// is shown or compared is kept.
func (w *patchwork) keepNeeded() {
	w.keep = []string{"system_id", strings.TrimPrefix(w.sort, "-")}
	for _, c := range w.columns {
		for _, f := range w.tool.needs(c) {
			head, _, _ := strings.Cut(f, ".")
			w.keep = append(w.keep, head)
		}
	}
}

// cover makes the parts: the whole table, or a hundred devices each.
func (w *patchwork) cover(table *jc.InsightTable, query []string, devices map[string]bool) {
	one := func(filters ...string) {
		q := w.query
		q.Filters = filters
		w.parts = append(w.parts, part{jc.Request{Endpoint: table.At()}, q})
	}
	if devices == nil {
		one(query...)
		return
	}
	for _, f := range among("system_id", keysOf(devices)) {
		one(append([]string{f}, query...)...)
	}
}

// elsewhere says where the same is kept of other systems: an answer from one
// table could be taken for all.
var elsewhere = map[string]string{
	"apps":           "Macs only; Windows: programs, Linux: linux_packages",
	"programs":       "Windows only; Macs: apps, Linux: linux_packages",
	"linux_packages": "Linux only; Macs: apps, Windows: programs",
}

// explainEmpty keeps "no rows" from being read as "not there": a device may not
// report the table at all, and names are compared whole.
func (w *patchwork) explainEmpty(table *jc.InsightTable, device jc.Object, plan *Plan) {
	if s := elsewhere[table.Name]; s != "" && device.ID == "" {
		w.extra = append(w.extra, s)
	}
	finish := plan.Finish
	plan.Finish = func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		if got, ok := done[0].Value.(*listed); ok && len(got.rows) == 0 && w.skip == 0 {
			if device.ID != "" {
				w.extra = append(w.extra, w.whyEmpty(ctx, r, table, device))
			}
			if slices.ContainsFunc(w.clauses, func(c clause) bool { return c.op == "=" && c.ids == nil }) {
				w.extra = append(w.extra, "= compares whole values, ~ finds parts")
			}
		}
		return finish(ctx, r, done)
	}
}

func (w *patchwork) whyEmpty(ctx context.Context, r *Reader, table *jc.InsightTable, device jc.Object) string {
	row := device.Row
	if _, sent := row.At("systemInsights"); !sent {
		found, err := r.dir.ByID(ctx, device.Kind, []string{device.ID}, true)
		if err != nil {
			return "whether System Insights reads this device could not be told"
		}
		row = found[device.ID].Row
	}
	state := row.Text("systemInsights.state")
	if state != "" && state != "enabled" {
		return "System Insights is " + plainName(state) + " on this device: not collected, which is not none"
	}
	note := "the device reports no such row"
	if s := elsewhere[table.Name]; s != "" {
		note += "; " + s + "; this device is " + orDash(row.Text("os"))
	}
	return note
}

// onDevices is how many rows have a value, and on how many devices.
type onDevices struct {
	value         string
	rows, devices int
	seen          map[string]bool
}

// countDevices counts the values of the counted field, the most spread first;
// twice says that a device has the same value in several rows.
func (w *patchwork) countDevices(rows []jc.Row) (list []*onDevices, devices int, twice bool) {
	byValue, all := map[string]*onDevices{}, map[string]bool{}
	for _, row := range rows {
		v, ok := w.value(row, w.countBy)
		id := row.Text("system_id")
		all[id] = true
		for _, name := range w.valuesOf(v, ok, ok) {
			t := byValue[name]
			if t == nil {
				t = &onDevices{value: name, seen: map[string]bool{}}
				byValue[name] = t
				list = append(list, t)
			}
			t.rows++
			if t.seen[id] {
				twice = true
				continue
			}
			t.seen[id] = true
			t.devices++
		}
	}
	slices.SortFunc(list, func(a, b *onDevices) int {
		return cmp.Or(b.devices-a.devices, b.rows-a.rows, strings.Compare(a.value, b.value))
	})
	return list, len(all), twice
}

// showDevices answers how many devices have which value of a field.
func (w *patchwork) showDevices(ctx context.Context, r *Reader, got *listed) Answer {
	list, devices, twice := w.countDevices(got.rows)
	t := &table{columns: []string{w.countBy, "devices"}}
	perDevice := w.countBy == deviceField || w.countBy == "system_id"
	switch {
	case perDevice:
		t.columns[1] = "rows"
	case twice:
		t.columns = append(t.columns, "rows")
	}
	for _, x := range list {
		cells := []string{x.value, fmt.Sprint(x.devices), fmt.Sprint(x.rows)}
		if perDevice {
			cells[1] = cells[2]
		}
		t.rows = append(t.rows, cells[:len(t.columns)])
	}
	shown := min(t.fit(r.room(400)), w.limit)
	head := []string{fmt.Sprintf("total %d rows on %d devices; %d values of %s", got.total, devices, len(list), w.countBy)}
	head = append(append(head, w.notes(got)...), r.orgName(ctx))
	a := Answer{Text: []string{"# " + strings.Join(head, "; ")}}
	if len(list) == 0 {
		return a
	}
	a.show(t, shown)
	body := t.csv(shown)
	if shown < len(list) {
		rest := 0
		for _, x := range list[shown:] {
			rest += x.rows
		}
		body += fmt.Sprintf("\n# %d more values, %d rows; more with limit=%d", len(list)-shown, rest, min(len(list), 1000))
	}
	a.Text = append(a.Text, body)
	return a
}
