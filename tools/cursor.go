package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

const (
	cursorTTL  = 30 * time.Minute
	maxCursors = 4096
)

// place is where a list goes on. Only its owner can use it, and only for the
// same question.
type place struct {
	owner    string // see [trip.owner]
	tool     string
	question string // the arguments without cursor, limit and fields
	Skip     int
	After    json.RawMessage // search_after of Directory Insights
	From, To int64           // the window, Unix seconds, so that later events do not shift it; 0 for none
}

// places keep where lists go on. A handle that is unknown, foreign, of another
// tool, altered or expired is all the same.
type places interface {
	put(p place) (handle string)
	// find gives the place that the caller has for the tool, whatever the question.
	find(handle, owner, tool string) (p place, ok bool)
	// same says that p belongs to the question.
	same(p place, question string) bool
}

// cursors are the places of this process.
type cursors struct{ *remembered[place] }

func newCursors() cursors { return cursors{newRemembered[place](maxCursors)} }

func (c cursors) put(p place) string {
	handle := newID("")[:6]
	c.remembered.put(handle, p, cursorTTL)
	return handle
}

func (c cursors) find(handle, owner, tool string) (place, bool) {
	p, ok := c.get(handle)
	return p, ok && p.owner == owner && p.tool == tool
}

func (cursors) same(p place, question string) bool { return p.question == question }

// goOn is the handle with which the caller's list goes on at p. It says which of the
// caller's organisations it belongs to, where it has several.
func (r *Reader) goOn(p place, question string) string {
	p.owner, p.tool, p.question = r.trip.owner(), r.trip.tool.Name, question
	handle := r.d.places.put(p)
	if len(r.trip.call.orgs) > 0 {
		handle = r.trip.org + ":" + handle
	}
	return handle
}

// place is where a cursor of the caller says that a list goes on.
func (r *Reader) place(cursor, question string) (place, error) {
	switch org, handle, of := strings.Cut(cursor, ":"); {
	case !of || r.trip.org == "":
	case org == r.trip.org: // also of a caller who had several when it was given
		cursor = handle
	case slices.Contains(r.trip.call.orgs, org):
		return place{}, invalid("cursor", "it belongs to organisation "+org+": repeat the call with org="+org)
	}
	p, ok := r.d.places.find(cursor, r.trip.owner(), r.trip.tool.Name)
	if !ok {
		return place{}, invalid("cursor", "unknown or expired; leave it out to start at the beginning")
	}
	if !r.d.places.same(p, question) {
		return place{}, invalid("cursor", "it belongs to a call with other arguments; repeat those of that call, with the cursor")
	}
	return p, nil
}

// owner is whose handles are: those of one caller, at one organisation, as one
// credential reaches it.
func (tr *trip) owner() string {
	return tr.org + "\x00" + tr.credential + "\x00" + tr.who.Key()
}
