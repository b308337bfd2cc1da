package tools

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	accessHistory = 90 * 24 * time.Hour // as far back as events are kept
	accessEvents  = 5000                // looked through at most, the newest first
	accessReads   = 40                  // requests read at most
)

// findElevation finds the one request that is meant. The API reads requests by
// id and cannot list them, so by user and device they are found by the traces that
// making and changing them leaves, and each is then read itself: only what the
// request says of its user, device and state counts.
func findElevation(ctx context.Context, r *Reader, in *accessRequestFind) (elevation, error) {
	user, device := in.User.Found(), in.Device.Found()
	if o := in.Request.Found(); o.ID != "" {
		row := o.Row
		if row == nil {
			var err error
			if row, err = r.row(ctx, accessAt(o.ID), jc.AccessRequest{}.Kind()); err != nil {
				return elevation{}, err
			}
		}
		e, err := readElevation(ctx, r, row)
		if e.id == "" {
			e.id = o.ID
		}
		switch {
		case err != nil:
		case user.ID != "" && e.user.ID != user.ID:
			err = invalid("user", fmt.Sprintf("the request %s is for %s", e.id, e.whom()))
		case device.ID != "" && e.device.ID != device.ID:
			err = invalid("device", fmt.Sprintf("the request %s is for %s", e.id, e.whom()))
		}
		return e, err
	}
	if user.ID == "" && device.ID == "" {
		return elevation{}, invalid("", "say which: request, or user and device")
	}
	trail, err := followAccess(ctx, r, user.ID, device.ID)
	if err != nil {
		return elevation{}, err
	}
	found, err := readElevations(ctx, r, trail.ids, user.ID, device.ID)
	if err != nil {
		return elevation{}, err
	}
	return pickElevation(found, whose(user, device), trail)
}

// pickElevation takes the one that runs; where none does, the one that ended last.
func pickElevation(found []elevation, whose string, trail *accessTrail) (elevation, error) {
	var running []elevation
	for _, e := range found {
		if e.granted() {
			running = append(running, e)
		}
	}
	all := trail.all && len(trail.ids) <= accessReads
	switch {
	case len(running) == 1:
		return running[0], nil
	case len(running) > 1:
		said := make([]string, len(running))
		for i, e := range running {
			said[i] = fmt.Sprintf("%s (%s until %s)", e.id, e.whom(), e.until())
		}
		return elevation{}, &Refusal{jc.CodeAmbiguous, fmt.Sprintf("%d requests are running for %s: %s; give one as request", len(running), whose, strings.Join(said, ", "))}
	case trail.events != nil:
		return elevation{}, &Refusal{jc.CodeForbidden, fmt.Sprintf("no running request for %s was found (%s), and JumpCloud, not this server, does not let this credential read Directory Insights, where others are looked for; give its id as request",
			whose, trail.audit)}
	case len(found) > 0 && all:
		return found[0], nil // the newest trace names it first
	}
	problem := "no request for " + whose + " is in the access_management events of the last 90 days"
	if !all {
		problem = "no running request for " + whose + fmt.Sprintf(" is in the newest %d access_management events", accessEvents)
	}
	return elevation{}, notFound("", problem+" ("+trail.audit+"); JumpCloud cannot list requests, so give its id as request")
}

func whose(user, device jc.Object) string {
	switch {
	case device.ID == "":
		return plainName(user.Name)
	case user.ID == "":
		return "device " + plainName(device.Name)
	}
	return plainName(user.Name) + " on " + plainName(device.Name)
}

// mentions reports whether a value holds the id anywhere; "" is held by all.
func mentions(v any, id string) bool {
	switch x := v.(type) {
	case string:
		return x == id || id == ""
	case jc.Row:
		return mentions(map[string]any(x), id)
	case map[string]any:
		for _, e := range x {
			if mentions(e, id) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(x, func(e any) bool { return mentions(e, id) })
	}
	return id == ""
}

var requestIDField = regexp.MustCompile(`(?i)^access_?(request_?)?id$`)

// requestIDs are what in an event may be the id of a request: how such events
// look is not published, so the resource's id counts as well as fields of a fitting name.
func requestIDs(event jc.Row, not ...string) (out []string) {
	kind := jc.AccessRequest{}.Kind()
	take := func(v any) {
		if id, ok := v.(string); ok && kind.IsID(id) && !slices.Contains(not, id) {
			out = append(out, id)
		}
	}
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case jc.Row:
			walk(map[string]any(x))
		case map[string]any:
			for name, e := range x {
				if requestIDField.MatchString(name) {
					take(e)
				}
				walk(e)
			}
		case []any:
			for _, e := range x {
				walk(e)
			}
		}
	}
	id, _ := event.At("resource.id")
	take(id)
	walk(event)
	return out
}

// readElevations reads the requests and keeps those of the user and the device, in the order of ids.
func readElevations(ctx context.Context, r *Reader, ids []string, user, device string) ([]elevation, error) {
	ids = ids[:min(len(ids), accessReads)]
	rows := make([]jc.Row, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, id := range ids {
		g.Go(func() error {
			row, err := r.row(gctx, accessAt(id), jc.AccessRequest{}.Kind())
			if jc.IsCode(err, jc.CodeNotFound) || jc.IsCode(err, jc.CodeInvalidArgument) {
				return nil // it was the id of something else
			}
			rows[i] = row
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []elevation
	for i, row := range rows {
		if row == nil || user != "" && row.Text("requestorId") != user || device != "" && row.Text("resourceId") != device {
			continue
		}
		e, err := readElevation(ctx, r, row)
		if err != nil {
			return nil, err
		}
		if e.id == "" {
			e.id = ids[i]
		}
		out = append(out, e)
	}
	return out, nil
}

// steadyExpiry reads an expiry. One that counts from now is counted once for a
// call: when a person was asked, the call that comes back with the answer has to
// make the very plan that was shown.
func steadyExpiry(r *Reader, given string) (time.Time, error) {
	now := time.Now().UTC()
	until, counted, err := parseExpiry(given, now)
	if err != nil || !counted {
		return until, err
	}
	shown := r.trip.steady("until "+given, until.Format(time.RFC3339), func(before string) bool {
		at, err := time.Parse(time.RFC3339, before)
		return err == nil && at.After(now) && !at.After(until)
	})
	return time.Parse(time.RFC3339, shown)
}

var (
	durationForm = regexp.MustCompile(`^(?:([0-9]{1,4})w)?(?:([0-9]{1,5})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,6})m(?:in)?)?$`)
	durationUnit = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute}
)

// parseDuration reads 45m, 2h, 1d, 2w, or these joined: 1d12h.
func parseDuration(s string) (time.Duration, bool) {
	m := durationForm.FindStringSubmatch(strings.ReplaceAll(s, " ", ""))
	if m == nil {
		return 0, false
	}
	var d time.Duration
	for i, unit := range durationUnit {
		if m[i+1] != "" {
			n, _ := strconv.Atoi(m[i+1])
			d += time.Duration(n) * unit
		}
	}
	return d, d > 0
}

// parseExpiry reads an expiry; counted says that it was given from now on. Such a
// one is cut to the minute, never lengthened.
func parseExpiry(s string, now time.Time) (until time.Time, counted bool, err error) {
	if d, ok := parseDuration(s); ok {
		until = now.Add(d)
		if whole := until.Truncate(time.Minute); d > 2*time.Minute {
			until = whole
		}
		return until.Truncate(time.Second), true, nil
	}
	until, err = time.Parse(time.RFC3339, s)
	if err != nil {
		return until, false, invalid("expiry", fmt.Sprintf("%q is neither an RFC 3339 time such as %s nor a length of time such as 45m, 2h or 1d",
			clip(s), now.Add(time.Hour).Format("2006-01-02T15:04:00Z")))
	}
	if !until.After(now) {
		return until, false, invalid("expiry", fmt.Sprintf("%s is not in the future; it is %s now", until.UTC().Format(minute), now.Format(minute)))
	}
	return until.UTC(), false, nil
}
