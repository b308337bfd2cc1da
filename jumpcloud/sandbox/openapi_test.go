package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// published holds the routers of the published descriptions.
type published map[string]routers.Router

func loadPublished(t *testing.T) published {
	t.Helper()
	dir := os.Getenv("JC_OPENAPI")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "jumpcloud", "openapi")
	}
	if _, err := os.Stat(filepath.Join(dir, "v1.json")); err != nil {
		t.Skipf("the published descriptions are not here (%s); set JC_OPENAPI to their folder", dir)
	}
	p := published{}
	for prefix, file := range map[string]string{"/api/v2/": "v2.json", "/insights/": "insights.json", "/api/": "v1.json"} {
		doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(file, err)
		}
		router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(),
			openapi3.DisableSchemaFormatValidation(), openapi3.DisableSchemaPatternValidation())
		if err != nil {
			t.Fatal(file, err)
		}
		p[prefix] = router
	}
	return p
}

func (p published) router(path string) (routers.Router, string) {
	for _, prefix := range []string{"/api/v2/", "/insights/", "/api/"} {
		if strings.HasPrefix(path, prefix) {
			host := "https://console.jumpcloud.com"
			if prefix == "/insights/" {
				host = "https://api.jumpcloud.com"
			}
			return p[prefix], host
		}
	}
	return nil, ""
}

// exception is a place where the sandbox answers what the description does
// not say, with the reason.
type exception struct {
	method string
	path   *regexp.Regexp
	reason string
}

var exceptions = []exception{
	{"GET", regexp.MustCompile(`^/api/v2/usergroups/[^/]+/memberof`),
		"known to clients, missing in the descriptions at hand; groups do not nest, so it is empty"},
	{"GET", regexp.MustCompile(`^/api/v2/alerts`), "published by name only, the shape is not known"},
	{"POST", regexp.MustCompile(`^/api/v2/alerts/[^/]+/status`), "published by name only; the body is what a client sends"},
	{"POST", regexp.MustCompile(`^/api/systemusers/[^/]+/state/suspend`), "published by name only"},
	{"GET", regexp.MustCompile(`^/api/v2/(users|usergroups)/[^/]+/(policies|policygroups)\b`), "published by name only; as the other traversals"},
	{"GET", regexp.MustCompile(`^/api/v2/(policies|policygroups)/[^/]+/(users|usergroups)\b`), "published by name only; as the other traversals"},
	{"GET", regexp.MustCompile(`^/api/v2/radiusservers/[^/]+/systemgroups\b`), "published by name only; as the other traversals"},
	{"GET", regexp.MustCompile(`^/api/v2/(healthmonitoring/rules|passwordmanageritems)/[^/]+/`), "published by name only; as the other associations"},
	{"GET", regexp.MustCompile(`^/api/v2/systeminsights/tpm_info`), "published as text/html, which no table can be; the others are JSON"},
}

func excepted(method, path string) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool { return e.method == method && e.path.MatchString(path) })
}

// checker validates each request and its answer.
type checker struct {
	*rig
	published published
	seen      map[string]bool
}

func (k *checker) do(status int, method, path string, body any) answer {
	k.t.Helper()
	a := k.rig.do(method, path, body)
	if a.StatusCode != status {
		k.t.Errorf("%s %s: status %d, want %d: %.200s", method, path, a.StatusCode, status, a.body)
	}
	if excepted(method, path) {
		return a
	}
	if err := k.validate(method, path, body, a); err != nil {
		k.t.Errorf("%s %s: %v", method, path, err)
	}
	return a
}

func (k *checker) validate(method, path string, body any, a answer) error {
	router, host := k.published.router(path)
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, host+path, r)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	route, params, err := router.FindRoute(req)
	if err != nil {
		return fmt.Errorf("route: %w", err)
	}
	k.seen[method+" "+route.Path] = true
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		IncludeResponseStatus: true, MultiError: true}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}
	if a.StatusCode < 400 {
		if err := openapi3filter.ValidateRequest(k.t.Context(), in); err != nil {
			return fmt.Errorf("request: %w", shorter(err))
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.StatusCode, Header: a.Header, Options: options}
	out.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(k.t.Context(), out); err != nil {
		return fmt.Errorf("response: %w", shorter(err))
	}
	return nil
}

func shorter(err error) error {
	s := err.Error()
	if len(s) > 600 {
		s = s[:600]
	}
	return errors.New(s)
}

func TestAnswersFollowThePublishedDescriptions(t *testing.T) {
	g := newRig(t, Options{})
	k := &checker{g, loadPublished(t), map[string]bool{}}
	k.readAll()
	k.readMore()
	k.writeMore()
	k.writeAll()
	t.Logf("%d published operations were called", len(k.seen))
}

// readAll reads every list and one of each object.
func (k *checker) readAll() {
	s := k.org.Snapshot()
	for path, list := range map[string]string{"systemusers": "users", "systems": "devices", "applications": "applications",
		"application-templates": "application_templates", "commands": "commands", "commandresults": "command_results",
		"organizations": "organizations", "radiusservers": "radius_servers"} {
		k.do(200, "GET", "/api/"+path+"?limit=100&sort=_id", nil)
		k.do(200, "GET", "/api/"+path+"/"+s[list][0]["_id"].(string), nil)
	}
	for path, list := range map[string]string{"usergroups": "user_groups", "systemgroups": "device_groups", "policies": "policies",
		"policytemplates": "policy_templates", "ldapservers": "ldap_servers", "iplists": "ip_lists",
		"softwareapps": "software_apps", "activedirectories": "active_directories", "policygroups": "policy_groups"} {
		k.do(200, "GET", "/api/v2/"+path+"?limit=100", nil)
		k.do(200, "GET", "/api/v2/"+path+"/"+s[list][0]["id"].(string), nil)
	}
	k.do(200, "GET", "/api/v2/groups?limit=100&filter=name:search:e", nil)
	k.do(200, "GET", "/api/commands/"+s["commands"][0]["_id"].(string)+"/results", nil)
	k.do(200, "GET", "/api/files/command/"+k.find("commands", "name", "Install certificates", "_id"), nil)
	for _, name := range []string{"systemusers", "systems", "commands", "commandresults", "organizations"} {
		k.do(200, "POST", "/api/search/"+name, object{"limit": 100, "filter": object{"and": []any{object{"_id": object{"$ne": "x"}}}}})
	}
	for _, kind := range graphKinds() {
		k.readGraph(kind)
	}
	window := object{"service": []string{"all"}, "start_time": "2026-11-21T00:00:00Z"}
	k.do(200, "POST", "/insights/directory/v1/events", window)
	k.do(200, "POST", "/insights/directory/v1/events/count", window)
	k.do(200, "POST", "/insights/directory/v1/events/distinct", object{"service": []string{"all"}, "start_time": "2026-11-21T00:00:00Z", "field": "event_type"})
	k.do(200, "POST", "/insights/directory/v1/events/interval", object{"service": []string{"all"}, "start_time": "2026-11-21T00:00:00Z", "interval_unit": "h"})
}

// readGraph reads every path of the graph below one object of a type.
func (k *checker) readGraph(kind graphKind) {
	base := "/api/v2/" + kind.path + "/" + kind.pick(k.org).order[0].id
	var paths []string
	graphRoutes(func(route string, _ handler) {
		method, path, _ := strings.Cut(route, " ")
		if rest, mine := strings.CutPrefix(path, "/api/v2/"+kind.path+"/{id}"); mine && method == "GET" {
			paths = append(paths, base+rest)
		}
	})
	for _, p := range paths {
		if strings.HasSuffix(p, "/associations") {
			for _, target := range kind.targets {
				k.do(200, "GET", p+"?targets="+target, nil)
			}
			continue
		}
		k.do(200, "GET", p+"?limit=100", nil)
	}
}

// made decodes the object that a create answered.
func (a answer) made(t *testing.T, id string) string {
	t.Helper()
	var m object
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("%v: %.200s", err, a.body)
	}
	s, _ := m[id].(string)
	return s
}

func TestEveryOperationOfTheSeedIsAnswered(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "jumpcloud", "seed_rows.json"))
	if err != nil {
		t.Skip("the seed rows are not here")
	}
	var rows []struct{ Seed, Method, Path string }
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	g := newRig(t, Options{})
	n := 0
	for _, r := range rows {
		if r.Seed == "001" {
			continue
		}
		n++
		path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(r.Path, "x")
		if h, _, _ := g.org.routes.find(r.Method, path); h == nil {
			t.Errorf("%s %s is not answered", r.Method, r.Path)
		}
	}
	if n < 76 {
		t.Errorf("only %d rows were read", n)
	}
}
