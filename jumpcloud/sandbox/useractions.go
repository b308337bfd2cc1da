package sandbox

import (
	"net/http"
	"time"
)

// resetMFA makes a user enrol again, with or without a time of grace.
func (c *call) resetMFA() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"exclusion": "b", "exclusionUntil": "t", "exclusionDays": "i"})
	if problem != "" {
		return c.bad(problem)
	}
	mfa := map[string]any{"configured": false, "exclusion": clean["exclusion"] == true}
	if s, sent := clean["exclusionUntil"].(string); sent && clean["exclusion"] == true {
		until, _ := time.Parse(time.RFC3339, s)
		if !until.After(c.at) {
			return c.bad("exclusionUntil must be in the future")
		}
		mfa["exclusionUntil"] = stamp(until)
	}
	if days, sent := clean["exclusionDays"].(float64); sent {
		if days < 1 {
			return c.bad("exclusionDays must be at least 1")
		}
		mfa["exclusionUntil"] = stamp(c.at.AddDate(0, 0, int(days)))
	}
	m := with(d.m, map[string]any{"mfa": mfa, "totp_enabled": false, "mfaEnrollment": mfaEnrollment(false)})
	c.update(c.users, d, m, "user_mfa_reset", "directory", c.userResource)
	if !c.traps["no-effect"] {
		c.dropPushEndpoints(d.id)
	}
	return empty(http.StatusOK)
}

func (c *call) expirePassword() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.expireUser(d)
	return empty(http.StatusOK)
}

func (c *call) expireUser(d *doc) {
	m := with(d.m, map[string]any{"password_expired": true, "password_expiration_date": stamp(c.at)})
	c.update(c.users, d, m, "user_password_expired", "directory", c.userResource)
}

func (c *call) unlockUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.unlock(d)
	return empty(http.StatusOK)
}

func (c *call) unlock(d *doc) {
	m := with(d.m, map[string]any{"account_locked": false, "account_locked_date": nil, "badLoginAttempts": 0})
	c.update(c.users, d, m, "user_unlocked", "directory", c.userResource)
}

func (c *call) activateUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	if _, problem := check(body, spec{"email": "s"}); problem != "" {
		return c.bad(problem)
	}
	m := inState(with(d.m, map[string]any{"state": "ACTIVATED"}))
	c.update(c.users, d, m, "user_activated", "directory", c.userResource)
	return empty(http.StatusOK)
}

// suspendUser is known by name only (U): it does what the state SUSPENDED of
// an update does.
func (c *call) suspendUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	m := inState(with(d.m, map[string]any{"state": "SUSPENDED"}))
	c.update(c.users, d, m, "user_suspended", "directory", c.userResource)
	return empty(http.StatusOK)
}
