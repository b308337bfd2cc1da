package tools

import (
	"container/list"
	"encoding/json"
	"slices"
	"strings"
	"sync"
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
	owner    auth.Principal
	tool     string
	question string // digest-free: the arguments without cursor, limit and fields
	Skip     int
	After    json.RawMessage // search_after of Directory Insights
	Until    string          // the end of the window, so that later events do not shift it
	expires  time.Time
}

// cursors keeps the open places of this process, newest first.
type cursors struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List
}

type cursorEntry struct {
	key string
	place
}

func newCursors() *cursors { return &cursors{byKey: map[string]*list.Element{}, order: list.New()} }

// put keeps a place and gives its handle.
func (c *cursors) put(p place) string {
	key := newID("")[:6]
	p.expires = time.Now().Add(cursorTTL)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byKey[key] = c.order.PushFront(cursorEntry{key, p})
	for c.order.Len() > maxCursors {
		oldest := c.order.Back()
		delete(c.byKey, oldest.Value.(cursorEntry).key)
		c.order.Remove(oldest)
	}
	return key
}

// get gives the place back. A foreign, expired or unknown handle are all the same.
func (c *cursors) get(key string, who auth.Principal, tool, question string) (place, error) {
	c.mu.Lock()
	e, ok := c.byKey[key]
	c.mu.Unlock()
	if ok {
		if p := e.Value.(cursorEntry).place; p.owner == who && p.tool == tool && time.Now().Before(p.expires) {
			if p.question != question {
				return place{}, invalid("cursor", "it belongs to a call with other arguments; repeat those of that call, with the cursor")
			}
			return p, nil
		}
	}
	return place{}, invalid("cursor", "unknown or expired; leave it out to start at the beginning")
}

// cursor keeps a place for the caller. The handle says which of the caller's
// organisations it belongs to, where it has several.
func (r *Reader) cursor(p place) string {
	key := r.d.cursors.put(p)
	if len(r.trip.call.orgs) > 0 {
		key = r.trip.org + ":" + key
	}
	return key
}

// place is where a cursor of the caller says that a list goes on.
func (r *Reader) place(cursor, tool, question string) (place, error) {
	if org, key, of := strings.Cut(cursor, ":"); of && len(r.trip.call.orgs) > 0 {
		if org != r.trip.org && slices.Contains(r.trip.call.orgs, org) {
			return place{}, invalid("cursor", "it belongs to organisation "+org+": repeat the call with org="+org)
		}
		if org == r.trip.org {
			cursor = key
		}
	}
	return r.d.cursors.get(cursor, r.trip.who, tool, question)
}
