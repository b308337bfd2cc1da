package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// accessListed is how many requests the list reads at most, the newest first:
// each has to be read by itself.
const accessListed = 500

type accessRequestsFind struct {
	User   jc.Ref[jc.User]   `json:"user,omitzero" in:"-"`
	Device jc.Ref[jc.Device] `json:"device,omitzero" in:"-"`
	State  string            `json:"state,omitempty" in:"-" jsonschema:"enum=active,enum=ended,enum=all"`
}

// accessRequestsList is put together: the API reads a request by its id and
// lists none.
func accessRequestsList() *Tool {
	uses := Uses{Risk: auth.Read, Effect: jc.Safe, Own: []string{eventsQuery.String(), readAccess.String()}}
	return Job("access_requests_list", "Temporary administrator rights: who has which device until when, approved by whom.", uses, planAccessList, Core)
}

// accessFound is what the list read.
type accessFound struct {
	rows     []jc.Row
	names    map[string]string
	trail    *accessTrail
	found    int // requests that left a trace
	read     int // of them read
	gone     int // of them that JumpCloud has no more, or that are no requests
	unnamed  string
	active   int
	ended    int
	coverage string
}

func planAccessList(_ context.Context, _ *Reader, in *accessRequestsFind) (*Plan, error) {
	read := func(ctx context.Context, r *Reader) (any, error) { return findAccess(ctx, r, in) }
	return readPlan(eventsQuery, in, read, func(ctx context.Context, r *Reader, got any) Answer {
		return showAccess(ctx, r, in, got.(*accessFound))
	}), nil
}

// findAccess looks for requests by the traces of the last 90 days, and reads each.
func findAccess(ctx context.Context, r *Reader, in *accessRequestsFind) (*accessFound, error) {
	user, device := in.User.Found().ID, in.Device.Found().ID
	got := &accessFound{names: map[string]string{}}
	window := question{from: time.Now().UTC().Add(-accessHistory), to: time.Now().UTC()}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { got.trail, err = followAccess(gctx, r, user, device); return err })
	g.Go(func() error { got.coverage = window.coverage(gctx, r); return nil })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	ids := got.trail.ids
	if got.trail.events != nil && len(ids) == 0 {
		return nil, &Refusal{jc.CodeForbidden, "JumpCloud, not this server, does not let this credential read Directory Insights, where requests are found, and none was found elsewhere (" +
			got.trail.audit + "); access_requests_get reads one by its id"}
	}
	got.found = len(ids)
	rows, err := elevationRows(ctx, r, ids[:min(len(ids), accessListed)])
	if err != nil {
		return nil, err
	}
	got.read = len(rows)
	for _, row := range rows {
		switch {
		case row == nil:
			got.gone++
		case user != "" && row.Text("requestorId") != user, device != "" && row.Text("resourceId") != device:
		case row.Text("accessState") == jc.AccessGranted:
			got.active++
			if in.State != "ended" {
				got.rows = append(got.rows, row)
			}
		default:
			got.ended++
			if in.State == "ended" || in.State == "all" {
				got.rows = append(got.rows, row)
			}
		}
	}
	slices.SortStableFunc(got.rows, func(a, b jc.Row) int {
		if x, y := a.Text("accessState") == jc.AccessGranted, b.Text("accessState") == jc.AccessGranted; x != y {
			return map[bool]int{true: -1, false: 1}[x]
		}
		return strings.Compare(b.Text("expiry"), a.Text("expiry"))
	})
	return got, got.name(ctx, r)
}

// elevationRows reads requests by their ids; nil for what is none.
func elevationRows(ctx context.Context, r *Reader, ids []string) ([]jc.Row, error) {
	rows := make([]jc.Row, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, id := range ids {
		g.Go(func() error {
			row, err := r.row(gctx, accessAt(id), nil)
			if jc.IsCode(err, jc.CodeNotFound) || jc.IsCode(err, jc.CodeInvalidArgument) {
				return nil // it was the id of something else
			}
			if err != nil {
				return err
			}
			if row.Text("accessId") == "" {
				row["accessId"] = id
			}
			rows[i] = row
			return checks[jc.AccessRequest](row)
		})
	}
	return rows, g.Wait()
}

// name finds the names of users and devices, a hundred in one request.
func (got *accessFound) name(ctx context.Context, r *Reader) error {
	w := &patchwork{listing: &listing{names: got.names}}
	for field, kind := range map[string]*jc.Kind{"requestorId": jc.User{}.Kind(), "resourceId": jc.Device{}.Kind()} {
		var ids []string
		for _, row := range got.rows {
			if id := row.Text(field); id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		objects, err := r.dir.ByID(ctx, kind, ids, false)
		if jc.IsCode(err, jc.CodeForbidden) {
			got.unnamed += "; " + kind.Noun + " names not read (403 role)"
			continue
		}
		if err != nil {
			return err
		}
		w.addNames(objects)
	}
	return nil
}

func showAccess(ctx context.Context, r *Reader, in *accessRequestsFind, got *accessFound) Answer {
	history := in.State == "all" || in.State == "ended" // where evidence is looked for, and nothing that could be ended by its id
	t := &table{columns: []string{"user", "device", "until", "state", "sudo", "remarks", "request"}}
	if history {
		t.columns[len(t.columns)-1] = "by"
	}
	nameOf := func(id string) string {
		if n := got.names[id]; n != "" {
			return n
		}
		return id
	}
	for _, row := range got.rows {
		e := elevation{row: row}
		e.attributes, e.decoded = jc.AccessRequest{}.Attributes(row)
		sudo := unread
		if without, known := e.passwordless(); known {
			sudo = strings.TrimSuffix(passwordWords(without), " asked")
		}
		last := row.Text("accessId")
		if history {
			if last = got.trail.by[last]; last == "" {
				last = unread
			}
		}
		t.rows = append(t.rows, []string{cell(nameOf(row.Text("requestorId"))), cell(nameOf(row.Text("resourceId"))),
			cell(row["expiry"]), cell(row["accessState"]), sudo, cell(row["remarks"]), cell(last)})
	}
	shown := t.fit(r.room(400))
	head := []string{fmt.Sprintf("%d active, %d ended; %d shown", got.active, got.ended, shown), got.sources()}
	if got.found > accessListed {
		head = append(head, fmt.Sprintf("only the newest %d of %d requests were read: name user or device", accessListed, got.found))
	}
	if shown < len(t.rows) {
		head = append(head, fmt.Sprintf("cut at %d tokens: name user or device", r.cap()))
	}
	if got.unnamed != "" {
		head = append(head, strings.TrimPrefix(got.unnamed, "; "))
	}
	a := Answer{Text: []string{"# " + strings.Join(append(head, r.orgName(ctx)), "; ")}}
	if len(t.rows) == 0 {
		return a
	}
	a.show(t, shown)
	body := t.csv(shown)
	if shown < len(t.rows) {
		body += fmt.Sprintf("\n# %d more", len(t.rows)-shown)
	}
	a.Text = append(a.Text, body)
	return a
}

// sources says where the list comes from, which is what a reader has to know of it.
func (got *accessFound) sources() string {
	if got.trail.events != nil {
		return "sources: " + got.trail.audit + ", each request read now; events not read (403 role), so those made elsewhere may be missing"
	}
	events := "access_management events of 90 days" + got.coverage
	if !got.trail.all {
		events += fmt.Sprintf(", only the newest %d events", accessEvents)
	}
	return "sources: Directory Insights (" + events + "), " + got.trail.audit +
		", each request read now; JumpCloud lists none, so those made elsewhere in the last minutes may be missing"
}

var accessRequestsLists = Set{"access_requests", "Temporary administrator rights of a user on a device."}.Of(accessRequestsList())
