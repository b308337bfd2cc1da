package sandbox

import (
	"net"
	"slices"
	"sync"
	"time"
)

// event is one line of Directory Insights.
type event struct {
	at time.Time
	id string
	m  map[string]any
}

// eventLog is ninety days of history, made when first read, and what happened
// since the start.
type eventLog struct {
	history func() []event
	live    []event
}

func newEventLog(make func() []event) *eventLog { return &eventLog{history: sync.OnceValue(make)} }

// all gives the events oldest first.
func (l *eventLog) all() []event { return slices.Concat(l.history(), l.live) }

const kept = 90 * 24 * time.Hour

// within gives the events of a window that are still kept, oldest first.
func (l *eventLog) within(now, from, to time.Time) []event {
	if oldest := now.Add(-kept); from.Before(oldest) {
		from = oldest
	}
	all := l.all()
	start, _ := slices.BinarySearchFunc(all, from, func(e event, t time.Time) int { return e.at.Compare(t) })
	end, _ := slices.BinarySearchFunc(all, to, func(e event, t time.Time) int {
		if e.at.After(t) {
			return 1
		}
		return -1
	})
	if start >= end {
		return nil
	}
	return all[start:end]
}

// logged completes an event and keeps it.
func (o *Org) logged(at time.Time, m map[string]any) {
	at = at.Truncate(time.Millisecond)
	if n := len(o.log.live); n > 0 && at.Before(o.log.live[n-1].at) {
		at = o.log.live[n-1].at
	}
	id := o.newID("event")
	m["id"], m["timestamp"], m["organization"], m["@version"] = id, stamp(at), o.orgID, "1"
	o.log.live = append(o.log.live, event{at, id, m})
}

func (o *Org) theAdmin() map[string]any {
	return map[string]any{"id": o.adminID, "type": "admin", "email": "it-lead@acme.example"}
}

// logChange writes what the caller did to an object.
func (c *call) logChange(kind, service string, resource map[string]any, changes []any) {
	m := map[string]any{"event_type": kind, "service": service, "resource": resource, "success": true,
		"initiated_by": c.theAdmin(), "auth_method": "api-key", "client_ip": c.clientIP(),
		"useragent": c.r.UserAgent(), "geoip": geo("DE")}
	if changes != nil {
		m["changes"] = changes
	}
	c.logged(c.at, m)
}

// logSystem writes what happened by itself.
func (o *Org) logSystem(at time.Time, kind, service string, resource map[string]any) {
	o.logged(at, map[string]any{"event_type": kind, "service": service, "resource": resource, "success": true,
		"initiated_by": map[string]any{"type": "system"}})
}

// logEdge writes a change of a membership or an association.
func (c *call) logEdge(op string, from, to node) {
	m := map[string]any{"event_type": "association_change", "service": "directory", "success": true,
		"initiated_by": c.theAdmin(), "auth_method": "api-key", "client_ip": c.clientIP(),
		"useragent": c.r.UserAgent(), "geoip": geo("DE"), "resource": c.resourceOf(from),
		"association": map[string]any{"op": op, "connection": map[string]any{
			"from": c.resourceOf(from), "to": c.resourceOf(to)}}}
	c.logged(c.at, m)
}

// resourceOf names an object of the graph as events do.
func (o *Org) resourceOf(n node) map[string]any {
	m := map[string]any{"id": n.id, "type": n.kind}
	k, known := kindOf(n.kind)
	if !known {
		return m
	}
	if d := k.pick(o).get(n.id); d != nil {
		for _, field := range []string{"username", "hostname", "displayLabel", "name", "domain", "displayName"} {
			if s := text(d.m[field]); s != "" {
				m["name"] = s
				break
			}
		}
	}
	return m
}

func (c *call) clientIP() string {
	if ip, _, err := net.SplitHostPort(c.r.RemoteAddr); err == nil {
		return ip
	}
	return "127.0.0.1" // in the process there is no peer
}

func geo(country string) map[string]any {
	return map[string]any{"country_code": country, "continent_code": "EU", "timezone": "Europe/Berlin"}
}
