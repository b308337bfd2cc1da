package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// past is what the organisation held at its start: the history must not change
// when somebody deletes an application before the events are first read.
type past struct {
	people, machines, apps, groups []*doc
	granted                        []grantedAccess
}

// history makes the ninety days before the start: who signed in where, who
// failed, and what administrators changed. It runs once, when events are first
// asked for, over the people and devices as they were at the start.
func (o *Org) history(p *past) []event {
	h := &historian{org: o, r: o.dice("history"), owner: map[string]*doc{}, past: p}
	people := p.people
	for _, d := range p.machines {
		if id := text(lookup(d.m, "primarySystemUser.id")); id != "" {
			h.owner[id] = d
		}
	}
	// Beyond a few hundred people more events teach nothing and cost time.
	h.share = min(1, 500/float64(len(people)))
	for day := 1; day <= 90; day++ {
		h.day(people, o.base.Add(-days(day)))
	}
	h.failures(people)
	h.changes(people)
	slices.SortStableFunc(h.list, func(a, b event) int { return a.at.Compare(b.at) })
	for i := range h.list {
		e := &h.list[i]
		e.id = derive(o.opt.Seed, "event", uint64(i))
		e.m["id"], e.m["timestamp"] = e.id, stamp(e.at)
		e.m["organization"], e.m["@version"] = o.orgID, "1"
	}
	return h.list
}

type historian struct {
	org   *Org
	r     *rand.Rand
	past  *past
	owner map[string]*doc
	share float64
	list  []event
}

func (h *historian) add(at time.Time, kind, service string, good bool, m map[string]any) {
	if !at.Before(h.org.base) || at.Before(h.org.base.Add(-kept)) {
		return
	}
	m["event_type"], m["service"], m["success"] = kind, service, good
	h.list = append(h.list, event{at: at.Truncate(time.Millisecond), m: m})
}

// by is the part of an event that says who.
func by(u *doc, ip string) map[string]any {
	return map[string]any{"client_ip": ip, "geoip": geo("DE"), "useragent": "Mozilla/5.0",
		"initiated_by": map[string]any{"type": "user", "id": u.id, "username": u.m["username"], "email": u.m["email"]}}
}

func home(u *doc) string {
	n := 0
	for _, b := range []byte(u.id[:8]) {
		n = n*31 + int(b)
	}
	return fmt.Sprintf("91.64.%d.%d", n>>3&127, 2+n&127)
}

// day makes one day of work, counted in the 24 hours after start.
func (h *historian) day(people []*doc, start time.Time) {
	weekend := start.Weekday() == time.Saturday || start.Weekday() == time.Sunday
	for _, u := range people {
		if h.r.Float64() > h.share || u.m["state"] == "STAGED" || weekend && !chance(h.r, 10) || text(u.m["created"]) > stamp(start) {
			continue
		}
		at := start.Add(time.Duration(h.r.IntN(10*3600)) * time.Second)
		h.signIn(u, at)
		if chance(h.r, 45) && u.m["suspended"] != true {
			m := by(u, home(u))
			app := pick(h.r, h.past.apps)
			m["application"] = map[string]any{"id": app.id, "name": app.m["name"], "display_label": app.m["displayLabel"], "sso_type": "saml"}
			m["auth_method"] = "session"
			h.add(at.Add(time.Duration(h.r.IntN(3600))*time.Second), "sso_auth", "sso", true, m)
		}
		h.rest(u, at)
	}
	admin := map[string]any{"initiated_by": h.org.theAdmin(), "auth_method": "password", "client_ip": "198.51.100.4", "geoip": geo("DE"), "mfa": true}
	if !weekend {
		h.add(start.Add(8*time.Hour), "admin_login_attempt", "directory", true, admin)
	}
}

func (h *historian) signIn(u *doc, at time.Time) {
	m := by(u, home(u))
	m["auth_method"], m["mfa"] = "password", u.m["totp_enabled"]
	if u.m["suspended"] == true {
		if chance(h.r, 3) {
			m["error_message"] = "User is suspended"
			h.add(at, "user_login_attempt", "directory", false, m)
		}
		return
	}
	if chance(h.r, 3) {
		bad := by(u, home(u))
		bad["auth_method"], bad["mfa"], bad["error_message"] = "password", false, "Incorrect password"
		h.add(at.Add(-40*time.Second), "user_login_attempt", "directory", false, bad)
	}
	h.add(at, "user_login_attempt", "directory", true, m)
}

// rest are sign-ins to devices, to LDAP and to RADIUS.
func (h *historian) rest(u *doc, at time.Time) {
	if u.m["suspended"] == true {
		return
	}
	if d := h.owner[u.id]; d != nil && chance(h.r, 30) {
		m := by(u, text(d.m["remoteIP"]))
		m["system"] = map[string]any{"id": d.id, "hostname": d.m["hostname"], "displayName": d.m["displayName"]}
		m["resource"] = map[string]any{"id": d.id, "type": "system", "name": d.m["displayName"]}
		h.add(at.Add(time.Minute), "login_attempt", "systems", !chance(h.r, 4), m)
	}
	switch roll := h.r.IntN(100); {
	case roll < 4:
		m := by(u, "198.51.100.20")
		m["dn"] = "uid=" + text(u.m["username"]) + ",ou=Users,o=" + h.org.orgID + ",dc=jumpcloud,dc=com"
		h.add(at.Add(2*time.Minute), "ldap_bind", "ldap", true, m)
	case roll < 6:
		m := by(u, "198.51.100.20")
		m["filter"] = "(uid=" + text(u.m["username"]) + ")"
		h.add(at.Add(3*time.Minute), "ldap_srch", "ldap", true, m)
	case roll < 14:
		m := by(u, "198.51.100.10")
		m["auth_method"] = "PEAP"
		good := !chance(h.r, 5)
		if !good {
			m["error_message"] = "Invalid credentials"
		}
		h.add(at.Add(4*time.Minute), "radius_auth", "radius", good, m)
	}
}

// failures of the last day: somebody locked out, somebody who forgot, and
// somebody unknown who guesses.
func (h *historian) failures(people []*doc) {
	base := h.org.base
	for _, u := range people {
		name, locked := text(u.m["username"]), u.m["account_locked"] == true
		count := map[string]int{"leo.fox": 21, "kim.lee": 9}[name]
		if locked {
			count = 6
		}
		for i := range count {
			m := by(u, home(u))
			m["auth_method"], m["mfa"], m["error_message"] = "password", false, "Incorrect password"
			if locked {
				m["client_ip"], m["geoip"], m["useragent"] = "198.51.100.77", geo("DE"), "AppleMail/16 (old phone)"
			}
			h.add(base.Add(-3*time.Hour-time.Duration(count-i)*4*time.Minute), "user_login_attempt", "directory", false, m)
		}
		if locked {
			h.add(base.Add(-3*time.Hour), "user_lockout", "directory", true, map[string]any{
				"initiated_by": map[string]any{"type": "system"},
				"resource":     map[string]any{"id": u.id, "type": "user", "username": name, "name": name}})
		}
	}
	for i := range 8 {
		h.add(base.Add(-10*time.Hour-time.Duration(i)*time.Minute), "user_login_attempt", "directory", false, map[string]any{
			"auth_method": "password", "mfa": false, "client_ip": "185.220.101.4", "geoip": geo("RU"), "useragent": "curl/8",
			"error_message": "User not found", "initiated_by": map[string]any{"type": "user", "username": strings.Repeat("x", i+1)}})
	}
}

// changes are what administrators did: suspensions, groups, keys that were
// read.
func (h *historian) changes(people []*doc) {
	admin := func() map[string]any {
		return map[string]any{"initiated_by": h.org.theAdmin(), "auth_method": "session", "client_ip": "198.51.100.4",
			"useragent": "Mozilla/5.0", "geoip": geo("DE")}
	}
	for _, g := range h.past.granted {
		m := admin()
		m["resource"] = accessResource(g.request)
		h.add(g.at, "access_request_create", "access_management", true, m)
	}
	for i, u := range people {
		who := map[string]any{"id": u.id, "type": "user", "username": u.m["username"], "name": u.m["username"]}
		at := h.org.base.Add(-days(2+i%80) - time.Duration(i%7)*time.Hour)
		if u.m["suspended"] == true {
			m := admin()
			m["resource"], m["changes"] = who, []any{map[string]any{"field": "state", "from": "ACTIVATED", "to": "SUSPENDED"}}
			h.add(at, "user_suspended", "directory", true, m)
		}
		if i%11 == 3 {
			group := pick(h.r, h.past.groups[:8])
			m := admin()
			m["resource"] = groupResource(group)
			m["association"] = map[string]any{"op": "add", "connection": map[string]any{"from": groupResource(group), "to": who}}
			h.add(at, "association_change", "directory", true, m)
		}
		if d := h.owner[u.id]; d != nil && i%29 == 1 {
			m := admin()
			m["resource"] = map[string]any{"id": d.id, "type": "system", "name": d.m["displayName"], "hostname": d.m["hostname"]}
			h.add(at, "system_fde_key_decrypt", "systems", true, m)
		}
	}
}
