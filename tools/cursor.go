package tools

import (
	"encoding/json"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	cursorTTL  = 30 * time.Minute
	maxCursors = 4096
)

// place is where a list goes on. Only its owner can use it, and only for the
// same question.
type place struct {
	owner    string // Principal.Key
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

// goOn is the handle with which the caller's list goes on at p.
func (r *Reader) goOn(p place, question string) string {
	p.owner, p.tool, p.question = r.trip.who.Key(), r.trip.tool.Name, question
	return r.d.places.put(p)
}

// placeOf is where the handle goes on.
func (d *Desk) placeOf(handle string, who auth.Principal, tool, question string) (place, error) {
	p, ok := d.places.find(handle, who.Key(), tool)
	if !ok {
		return place{}, invalid("cursor", "unknown or expired; leave it out to start at the beginning")
	}
	if !d.places.same(p, question) {
		return place{}, invalid("cursor", "it belongs to a call with other arguments; repeat those of that call, with the cursor")
	}
	return p, nil
}
