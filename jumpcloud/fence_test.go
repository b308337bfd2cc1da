package jumpcloud

import (
	"strings"
	"testing"
)

func endpoint(s string) (e Endpoint) {
	e.Method, e.Path, _ = strings.Cut(s, " ")
	return e
}

func TestSameShape(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"GET /api/users", "GET /api/users", true},
		{"GET /api/users", "PUT /api/users", false},
		{"GET /api/users/{id}", "GET /api/users/{user}", true},
		{"GET /api/users/{id}/keys", "GET /api/users/{user}/keys", true},
		{"GET /api/users/{id}", "GET /api/users/me", false},
		{"GET /api/users/me", "GET /api/users/{id}", false},
		{"GET /api/users/{id}", "GET /api/users/{id}/keys", false},
		{"GET /api/users/{id}/keys", "GET /api/users/{id}", false},
		{"GET /api/users/{id}", "GET /api/groups/{id}", false},
		{"GET /api/users/{}", "GET /api/users/{id}", false},
		{"GET /api/users", "GET /api/users/", false},
	} {
		a, b := endpoint(c.a), endpoint(c.b)
		if a.sameShape(b) != c.same {
			t.Errorf("%s, %s: %v", c.a, c.b, !c.same)
		}
	}
}
