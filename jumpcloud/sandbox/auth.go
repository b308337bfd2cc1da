package sandbox

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

var hexID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// checkHost keeps the three real hosts apart: each answers its own paths
// only. On any other name (loopback, tests) one host answers all.
func (c *call) checkHost() *reply {
	host := c.r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if !strings.HasSuffix(host, ".jumpcloud.com") {
		return nil
	}
	kind, _, _ := strings.Cut(host, ".")
	want := map[string]string{"console": "/api/", "api": "/insights/", "admin-oauth": "/oauth2/"}[kind]
	if want == "" || !strings.HasPrefix(c.path, want) {
		return c.notFound()
	}
	return nil
}

// token is the client-credentials grant of a service account.
func (c *call) token() *reply {
	if c.r.Method != http.MethodPost {
		return c.fail(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	id, secret, basic := c.r.BasicAuth()
	if !basic || !same(id, c.opt.ClientID) || !same(secret, c.opt.ClientSecret) {
		return c.fail(http.StatusUnauthorized, "client authentication failed")
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil || form.Get("grant_type") != "client_credentials" {
		return &reply{status: http.StatusBadRequest, body: encode(map[string]any{"error": "unsupported_grant_type"})}
	}
	if form.Get("scope") != "api" {
		return &reply{status: http.StatusBadRequest, body: encode(map[string]any{"error": "invalid_scope"})}
	}
	t := "sandbox-token-" + c.newID("token")
	c.tokens[t] = c.at.Add(time.Hour)
	return ok(map[string]any{"access_token": t, "expires_in": 3600, "scope": "api", "token_type": "bearer"})
}

func (c *call) checkCredential() *reply {
	if key := c.r.Header.Get("x-api-key"); key != "" {
		if same(key, c.opt.APIKey) {
			return nil
		}
		return c.fail(http.StatusUnauthorized, "Unauthorized")
	}
	if t, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); found {
		if until, known := c.tokens[t]; known && c.at.Before(until) {
			return nil
		}
	}
	return c.fail(http.StatusUnauthorized, "Unauthorized")
}

// checkOrg judges x-org-id, which a single organisation does not need.
func (c *call) checkOrg() *reply {
	id := c.r.Header.Get("x-org-id")
	switch {
	case id == "" || id == c.orgID:
		return nil
	case !hexID.MatchString(id):
		return c.bad("x-org-id is malformed")
	}
	return c.fail(http.StatusNotFound, "organization not found")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
