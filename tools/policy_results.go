package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	listPolicies   = jc.At("GET /api/v2/policies")
	policyStatuses = jc.At("GET /api/v2/policies/{policy}/policystatuses")
	deviceStatuses = jc.At("GET /api/v2/systems/{device}/policystatuses")
)

const mostPolicyResults = 100_000

type policyResultFind struct {
	Policy jc.Ref[jc.Policy] `json:"policy,omitzero" in:"path"` // of one of its operations
	Device jc.Ref[jc.Device] `json:"device,omitzero" in:"-"`
}

type policyResult struct {
	Result jc.Ref[jc.PolicyResult] `json:"result" in:"path" jsonschema:"required"`
}

// policyResults are tools of the toolset policies.
func policyResults() []*Tool {
	return []*Tool{policiesResultsList(), policiesResultsGet()}
}

// policiesResultsList reads the latest result of each policy on each device. The
// API lists them by policy and by device; its list of all holds older ones too,
// and is not used.
func policiesResultsList() *Tool {
	t := List[policyResultFind, jc.PolicyResult]("policies_results_list", policyStatuses.String(),
		"Which devices pass or fail which policy, and why; filter failed=true for failures.", Core,
		Columns("policy", deviceField, "result", "why", "ended"),
		IDs("policy", jc.Policy{}.Kind()), IDs(deviceField, jc.Device{}.Kind()),
		InGroups(jc.DeviceGroup{}.Kind(), "GET /api/v2/systemgroups/{group}/membership"), Reads(listPolicies.String()))
	t.Operations = append(t.Operations, deviceStatuses)
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		return planPolicyResults(ctx, t, r, in.(*policyResultFind))
	}
	return t
}

func policiesResultsGet() *Tool {
	return Get[policyResult, jc.PolicyResult]("policies_results_get", "GET /api/v2/policyresults/{result}",
		"Show one result of a policy on a device, with what the device wrote.")
}

func planPolicyResults(ctx context.Context, t *Tool, r *Reader, in *policyResultFind) (*Plan, error) {
	w, err := begin(ctx, t, r, in, checks[jc.PolicyResult])
	if err != nil {
		return nil, err
	}
	w.most = mostPolicyResults
	policies, devices := idsAsked(in.Policy.Found(), w.clauses, "policy"), idsAsked(in.Device.Found(), w.clauses, deviceField, groupField)
	filters := w.placeResults(devices)
	if err := w.choose(r.trip.args.list.Fields, r.trip.args.list.CountBy); err != nil {
		return nil, err
	}
	if err := w.order(r.trip.args.list.Sort); err != nil {
		return nil, err
	}
	if w.query.Filters = filters; w.sort == "" {
		w.query.Sort = "id" // stable while paging
	}
	w.keep = append(slices.Clone(w.query.Fields), "policyID", "systemID")
	if err := w.partsOfResults(ctx, r, policies, devices); err != nil {
		return nil, err
	}
	return w.plan(w.firstOf(policyStatuses), in, func(ctx context.Context, r *Reader, got *listed) Answer {
		if w.countBy != "" {
			return w.showCounts(ctx, r, got)
		}
		return w.show(ctx, r, got)
	}), nil
}

// placeResults gives the API what it can narrow by: one policy of a device, and
// what did not succeed. That may still be waiting, so it is told apart here.
func (w *patchwork) placeResults(devices map[string]bool) (filters []string) {
	for _, c := range w.clauses {
		if c.ids != nil && c.field == groupField {
			c.field, c.fact = "systemID", nil
		}
		w.where.here = append(w.where.here, c)
		if c.fact != nil && (c.field == "result" || c.field == "failed") && w.onlyFailures(c) && len(filters) == 0 {
			filters = append(filters, "success:eq:false")
		}
	}
	w.where.fields = map[string]bool{}
	for _, c := range w.where.here {
		if c.fact == nil {
			w.where.fields[c.field] = true
			continue
		}
		for _, f := range c.fact.Needs {
			w.where.fields[f] = true
		}
	}
	w.asked = len(filters) > 0 || len(devices) > 0
	return filters
}

// onlyFailures reports whether a condition lets nothing through that succeeded.
func (w *patchwork) onlyFailures(c clause) bool {
	success := jc.Row{"state": "success", "success": true}
	holds, known := c.holds(success)
	return known && !holds
}

// partsOfResults decides where the results are read: of the devices that are
// named, where they are few, else of the policies.
func (w *patchwork) partsOfResults(ctx context.Context, r *Reader, policies, devices map[string]bool) error {
	if devices != nil && len(devices) <= 50 {
		for _, id := range keysOf(devices) {
			q := w.query
			q.Filters = slices.Clone(q.Filters)
			if len(policies) > 0 {
				q.Filters = append(q.Filters, among("policyID", keysOf(policies))...)
			}
			w.parts = append(w.parts, part{jc.Request{Endpoint: deviceStatuses, Params: map[string]string{"device": id}}, q})
		}
		return nil
	}
	if policies == nil {
		rows, _, err := r.walk(ctx, jc.Request{Endpoint: listPolicies}, jc.Query{Fields: []string{"id", "name"}}, 0)
		if err != nil {
			return err
		}
		kind := jc.Policy{}.Kind()
		policies, known := map[string]bool{}, map[string]jc.Object{}
		for _, row := range rows.Rows {
			id := kind.IDOf(row)
			policies[id], known[id] = true, jc.Object{Kind: kind, ID: id, Name: kind.NameOf(row)}
		}
		w.names = map[string]string{}
		w.addNames(known)
		return w.partsOfResults(ctx, r, policies, devices)
	}
	for _, id := range keysOf(policies) {
		w.parts = append(w.parts, part{jc.Request{Endpoint: policyStatuses, Params: map[string]string{"policy": id}}, w.query})
	}
	return nil
}

func (w *patchwork) firstOf(otherwise jc.Endpoint) jc.Endpoint {
	if len(w.parts) == 0 {
		return otherwise
	}
	return w.parts[0].req.Endpoint
}

// failingColumn is how many devices fail a policy.
const failingColumn = "failing"

// withFailing gives the list of policies a column of how many devices fail each.
// The API counts none, so the failures of the policies that are shown are read.
func withFailing(t *Tool) *Tool {
	t.columns = append(slices.Clone(t.columns), failingColumn)
	t.outFields = append(t.outFields, failingColumn)
	t.reads = append(t.reads, policyStatuses)
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		args := r.trip.args.list
		clauses, _ := parseFilter(args.Filter, time.Time{}) // the list itself says what is wrong with it
		if args.CountBy == failingColumn || strings.TrimPrefix(args.Sort, "-") == failingColumn ||
			slices.ContainsFunc(clauses, func(c clause) bool { return c.field == failingColumn }) {
			return nil, invalid("", "failing is counted here, for what is shown alone; policies_results_list filter=failed=true count_by=policy tells which fail most")
		}
		l, err := understand(ctx, t, r, in)
		if err != nil {
			return nil, err
		}
		l.check = checks[jc.Policy]
		l.query.Fields = slices.DeleteFunc(l.query.Fields, func(f string) bool { return f == failingColumn })
		note := ""
		read := func(ctx context.Context, r *Reader) (any, error) {
			got, err := l.fetch(ctx, r)
			if err == nil && slices.Contains(l.columns, failingColumn) {
				note, err = countFailing(ctx, r, got.rows)
			}
			if err != nil {
				return nil, err
			}
			return got, l.fillNames(ctx, r, got.rows)
		}
		p := readPlan(l.req.Endpoint, in, read, func(ctx context.Context, r *Reader, got any) Answer {
			if l.countBy != "" {
				return l.showCounts(ctx, r, got.(*listed))
			}
			a := l.show(ctx, r, got.(*listed))
			a.Text[0] += note
			return a
		})
		p.Steps[0].Tool = t
		return p, nil
	}
	return t
}

// countFailing counts the devices that fail each policy. What could not be read
// stays unread, and is said.
func countFailing(ctx context.Context, r *Reader, rows []jc.Row) (note string, err error) {
	failed := jc.PolicyResult{}.Kind().Fact("failed")
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	forbidden := make([]bool, len(rows))
	for i, row := range rows {
		g.Go(func() error {
			req := jc.Request{Endpoint: policyStatuses, Params: map[string]string{"policy": row.Text("id")}}
			got, _, err := r.d.o.Client.Walk(gctx, req, jc.Query{Filters: []string{"success:eq:false"}, Fields: []string{"id", "state", "success"}}, 0, nil)
			if jc.IsCode(err, jc.CodeForbidden) || jc.IsCode(err, jc.CodeNotFound) {
				forbidden[i], row[failingColumn] = true, "not read"
				return nil
			}
			if err != nil {
				return err
			}
			n := 0
			for _, one := range got.Rows {
				if v, _ := failed.Of(one); v == true {
					n++
				}
			}
			row[failingColumn] = json.Number(strconv.Itoa(n))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	if n := len(slices.DeleteFunc(forbidden, func(b bool) bool { return !b })); n > 0 {
		return fmt.Sprintf("; failing not read for %d policies (403 role, or gone)", n), nil
	}
	return "", nil
}

var policiesResults = Set{"policies", "Settings that devices are held to, and whether they are."}.Of(policyResults()...)
