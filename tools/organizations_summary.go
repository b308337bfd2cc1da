package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	postureUsers        = jc.At("GET /api/systemusers")
	postureDevices      = jc.At("GET /api/systems")
	posturePolicies     = jc.At("GET /api/v2/policies")
	postureStatuses     = jc.At("GET /api/v2/policies/{policy}/policystatuses")
	postureAlerts       = jc.At("GET /api/v2/alerts-stats")
	postureUserGroups   = jc.At("GET /api/v2/usergroups")
	postureDeviceGroups = jc.At("GET /api/v2/systemgroups")
	postureApplications = jc.At("GET /api/applications")
)

var organizationsSummary = Job("organizations_summary",
	"Posture of the organisation: MFA and encryption gaps, stale devices, failing policies, suspended users, alerts.",
	Uses{
		Own: []string{
			postureUsers.String(), postureDevices.String(), posturePolicies.String(), postureStatuses.String(),
			postureUserGroups.String(), postureDeviceGroups.String(), postureApplications.String(),
		},
		Reads: []string{postureAlerts.String()},
	}, planPosture, Core)

// organizationsPosture holds the job.
var organizationsPosture = Set{Name: "organizations"}.Of(organizationsSummary)

// postureSource is one thing that the summary reads. A grant decides on it as on
// the list of its toolset. A line may come with an error, of what it lacks.
type postureSource struct {
	name, toolset string
	read          func(context.Context, *Reader) (line string, err error)
}

var postureSources = []postureSource{
	{"users", "users", postureOfUsers},
	{"devices", "devices", postureOfDevices},
	{"policies", "policies", postureOfPolicies},
	{"alerts", "alerts", postureOfAlerts},
	{"user groups", "user_groups", postureCount(postureUserGroups, "user groups")},
	{"device groups", "device_groups", postureCount(postureDeviceGroups, "device groups")},
	{"applications", "applications", postureCount(postureApplications, "applications")},
}

// postureRead is what a source gave: a line, or why there is none.
type postureRead struct{ line, why string }

// planPosture reads all sources in one step, side by side.
func planPosture(_ context.Context, r *Reader, _ *None) (*Plan, error) {
	s := Step{Request: jc.Request{Endpoint: postureUsers}}
	s.read = func(ctx context.Context, r *Reader) (any, error) {
		got := make([]postureRead, len(postureSources))
		errs := make([]error, len(postureSources))
		var g errgroup.Group
		g.SetLimit(8)
		for i, src := range postureSources {
			g.Go(func() error {
				dec := r.d.o.Grants.Decide(ctx, r.trip.who, auth.Action{Tool: src.toolset + "_list", Toolset: src.toolset, Risk: auth.Read})
				if !dec.Allow {
					got[i].why = "not granted"
					return nil
				}
				got[i].line, errs[i] = src.read(ctx, r)
				if errs[i] != nil {
					got[i].why = whyMissing(errs[i])
				}
				return nil
			})
		}
		_ = g.Wait()
		if slices.ContainsFunc(got, func(p postureRead) bool { return p.line != "" }) {
			return got, nil
		}
		if err := errors.Join(errs...); err != nil {
			return nil, errs[slices.IndexFunc(errs, func(e error) bool { return e != nil })]
		}
		return got, nil
	}
	return &Plan{Steps: []Step{s}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		return showPosture(ctx, r, done[0].Value.([]postureRead)), nil
	}}, nil
}

// whyMissing is why something is not in an answer that has the rest.
func whyMissing(err error) string {
	if s := unreadable(err); s != "" {
		return s
	}
	var api *jc.Error
	var own *Refusal
	switch {
	case errors.As(err, &api):
		return string(api.Code)
	case errors.As(err, &own):
		return own.Text
	case errors.Is(err, context.DeadlineExceeded):
		return string(jc.CodeTimeout)
	}
	return string(jc.CodeInternal)
}

// showPosture: what was not read is in the first line, so that no missing number
// is taken for a zero.
func showPosture(ctx context.Context, r *Reader, got []postureRead) Answer {
	head := []string{"posture"}
	var lines, counts, missing []string
	for i, src := range postureSources {
		if got[i].why != "" {
			missing = append(missing, src.name+" ("+got[i].why+")")
		}
		switch {
		case got[i].line == "":
		case strings.Contains(got[i].line, ":"):
			lines = append(lines, got[i].line)
		default:
			counts = append(counts, got[i].line)
		}
	}
	if len(missing) > 0 {
		head = append(head, "not read: "+strings.Join(missing, ", "))
	}
	head = append(head, r.orgName(ctx))
	if len(counts) > 0 {
		lines = append(lines, strings.Join(counts, ", "))
	}
	a := Answer{Text: []string{"# " + strings.Join(head, "; ")}}
	if len(lines) > 0 {
		a.Text = append(a.Text, strings.Join(lines, "\n"))
	}
	return a
}

// posturePart counts one condition over rows, and the rows that do not tell.
type posturePart struct {
	name         string
	yes, unknown int
}

func (p *posturePart) count(yes, known bool) {
	switch {
	case !known:
		p.unknown++
	case yes:
		p.yes++
	}
}

// words is "no MFA 16", "no MFA 16 (3 not told)", "no MFA ?" where no row tells.
func (p *posturePart) words(rows int) string {
	switch p.unknown {
	case 0:
		return fmt.Sprintf("%s %d", p.name, p.yes)
	case rows:
		return p.name + " " + unread
	}
	return fmt.Sprintf("%s %d (%d not told)", p.name, p.yes, p.unknown)
}

func postureLine(noun string, rows jc.Rows, parts ...*posturePart) string {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = p.words(len(rows.Rows))
	}
	total := fmt.Sprint(len(rows.Rows))
	if rows.Total > len(rows.Rows) { // the list moved while it was read
		total = fmt.Sprintf("%d read of %d", len(rows.Rows), rows.Total)
	}
	return fmt.Sprintf("%s %s: %s", noun, total, strings.Join(words, ", "))
}

// fact counts the rows in which a fact of a kind has the value.
func (p *posturePart) fact(k *jc.Kind, name string, want any, row jc.Row) {
	v, known := k.Fact(name).Of(row)
	p.count(v == want, known)
}

func postureOfUsers(ctx context.Context, r *Reader) (string, error) {
	kind := jc.User{}.Kind()
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: postureUsers}, jc.Query{Fields: []string{
		"_id", "state", "suspended", "account_locked", "mfa", "mfaEnrollment", "totp_enabled", "password_expired",
	}}, 0)
	if err != nil {
		return "", err
	}
	suspended, locked := &posturePart{name: "suspended"}, &posturePart{name: "locked"}
	noMFA, expired := &posturePart{name: "no MFA"}, &posturePart{name: "password expired"}
	for _, row := range rows.Rows {
		if err := checks[jc.User](row); err != nil {
			return "", err
		}
		suspended.fact(kind, "suspended", true, row)
		locked.fact(kind, "locked", true, row)
		noMFA.fact(kind, "mfa_enrolled", false, row)
		expired.count(row.Bool("password_expired"))
	}
	return postureLine("users", rows, suspended, locked, noMFA, expired), nil
}

func postureOfDevices(ctx context.Context, r *Reader) (string, error) {
	kind := jc.Device{}.Kind()
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: postureDevices}, jc.Query{Fields: []string{
		"_id", "fde", "lastContact", "mdm", "policyStats",
	}}, 0)
	if err != nil {
		return "", err
	}
	plainDisk, noMDM := &posturePart{name: "unencrypted"}, &posturePart{name: "without MDM"}
	month, quarter := &posturePart{name: "not seen 30 d"}, &posturePart{name: "90 d"}
	failing, never := &posturePart{name: "failing a policy"}, &posturePart{name: "never seen"}
	now := time.Now()
	for _, row := range rows.Rows {
		if err := checks[jc.Device](row); err != nil {
			return "", err
		}
		plainDisk.fact(kind, "encrypted", false, row)
		vendor, sent := row.At("mdm.vendor")
		if !sent {
			_, sent = row.At("mdm")
		}
		noMDM.count(vendor == nil || vendor == "" || vendor == "none", sent)
		seen, told := row.At("lastContact")
		at, err := time.Parse(time.RFC3339, row.Text("lastContact"))
		never.count(seen == nil, told)
		month.count(err == nil && now.Sub(at) > 30*24*time.Hour, told)
		quarter.count(err == nil && now.Sub(at) > 90*24*time.Hour, told)
		n, told := row.At("policyStats.failed")
		failing.count(told && fmt.Sprint(n) != "0", told)
	}
	parts := []*posturePart{plainDisk, month, quarter, noMDM, failing}
	if never.yes > 0 {
		parts = append(parts, never)
	}
	return postureLine("devices", rows, parts...), nil
}

// postureCount is "14 policies": the API's own total, or all pages where it tells none.
func postureCount(at jc.Endpoint, noun string) func(context.Context, *Reader) (string, error) {
	return func(ctx context.Context, r *Reader) (string, error) {
		id := map[bool]string{true: "id", false: "_id"}[isV2(at)]
		q := jc.Query{Limit: 1, Fields: []string{id}}
		page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: at}, q)
		if err != nil {
			return "", err
		}
		if page.Total < 0 {
			if page, _, err = r.walk(ctx, jc.Request{Endpoint: at}, jc.Query{Fields: q.Fields}, 0); err != nil {
				return "", err
			}
			page.Total = len(page.Rows)
		}
		return fmt.Sprintf("%s %d", noun, page.Total), nil
	}
}

// postureOfPolicies counts the policies that fail on some device now. The list of
// all results holds older ones too, so each policy is asked for its latest ones,
// until one of them has failed.
func postureOfPolicies(ctx context.Context, r *Reader) (string, error) {
	rows, _, err := r.d.o.Client.Walk(ctx, jc.Request{Endpoint: posturePolicies}, jc.Query{Fields: []string{"id"}, Sort: "id"}, 0, nil)
	if err != nil {
		return "", err
	}
	failing := make([]bool, len(rows.Rows))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, row := range rows.Rows {
		g.Go(func() (err error) {
			failing[i], err = policyFails(gctx, r, row.Text("id"))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Sprintf("policies %d: failing %s", len(rows.Rows), unread), err
	}
	n := 0
	for _, f := range failing {
		if f {
			n++
		}
	}
	return fmt.Sprintf("policies %d: failing %d", len(rows.Rows), n), nil
}

// policyFails reports whether a latest result of the policy is a failure; one that
// waits for its device is none.
func policyFails(ctx context.Context, r *Reader, id string) (bool, error) {
	req := jc.Request{Endpoint: postureStatuses, Params: map[string]string{"policy": id}}
	q := jc.Query{Filters: []string{"success:eq:false"}, Fields: []string{"id", "state", "success"}, Sort: "id", Limit: jc.MaxPage}
	for ; ; q.Skip += q.Limit {
		page, err := r.d.o.Client.Page(ctx, req, q)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(page.Rows, func(row jc.Row) bool {
			success, told := row.Bool("success")
			return told && !success && !strings.EqualFold(row.Text("state"), "pending")
		}) {
			return true, nil
		}
		if len(page.Rows) < q.Limit {
			return false, nil
		}
	}
}

// postureOfAlerts reads how many alerts are open. The operation is published by
// name and its answer is not described, so the number is looked for in the forms
// that statistics by status take; where it is in none, that is said.
func postureOfAlerts(ctx context.Context, r *Reader) (string, error) {
	resp, err := r.Do(ctx, jc.Request{Endpoint: postureAlerts})
	if err != nil {
		return "", err
	}
	var v any
	if err := resp.Decode(&v); err != nil {
		return "", err
	}
	var found []string
	openAlerts(v, &found)
	if len(found) != 1 {
		return "", &Refusal{jc.CodeUpstreamDown, "an answer of an unknown shape"}
	}
	return "open alerts " + found[0], nil
}

// openAlerts looks for {"open": 3}, and for {"status": "OPEN", "count": 3} in a list.
func openAlerts(v any, found *[]string) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			openAlerts(e, found)
		}
	case map[string]any:
		isOpen := false
		for name, e := range x {
			s, _ := e.(string)
			isOpen = isOpen || strings.EqualFold(s, "open")
			if n, ok := e.(json.Number); ok && strings.EqualFold(name, "open") {
				*found = append(*found, n.String())
			}
		}
		for _, name := range []string{"count", "total", "value"} {
			if n, ok := x[name].(json.Number); ok && isOpen {
				*found = append(*found, n.String())
			}
		}
		for _, e := range x {
			openAlerts(e, found)
		}
	}
}
