package tools

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

func (b *bench) read(uri string) Content {
	b.t.Helper()
	c, err := b.desk.Read(b.ctx, uri)
	if err != nil {
		b.t.Fatalf("%s: %v", uri, err)
	}
	if c.URI != uri || c.MIMEType == "" || c.Text == "" {
		b.t.Errorf("%s: %+v", uri, c)
	}
	return c
}

func readJSON[T any](b *bench, uri string) (v T) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(b.read(uri).Text), &v); err != nil {
		b.t.Fatalf("%s: %v", uri, err)
	}
	return v
}

func TestResourcesAreReadable(t *testing.T) {
	b := newBench(t, sandboxOptions)
	list := b.desk.Resources(b.ctx)
	var uris []string
	for _, r := range list {
		uris = append(uris, r.URI)
		if c := b.read(r.URI); c.MIMEType != r.MIMEType || !json.Valid([]byte(c.Text)) || tokens(c.Text) > maxTokens {
			t.Errorf("%s: %s, %d tokens", r.URI, c.MIMEType, tokens(c.Text))
		}
	}
	if len(uris) != 3+len(things) || !slices.IsSorted(uris) {
		t.Errorf("%q", uris)
	}
}

// forbidden is what JumpCloud answers a role that may not.
func forbidden() *http.Response {
	return &http.Response{StatusCode: 403, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"code":7,"message":"role","status":"PERMISSION_DENIED"}`))}
}

func TestOrganizationCounts(t *testing.T) {
	b := newBench(t, sandboxOptions)
	got := readJSON[organizationSummary](b, "jumpcloud://organization")
	if got.Name == "" || got.Region != "us" || !got.Sandbox || len(got.NotRead) > 0 {
		t.Errorf("%+v", got)
	}
	for i := range things {
		head, _, _ := strings.Cut(b.must(things[i].lister(), `{"limit":1}`), ";")
		var n int
		if err := json.Unmarshal([]byte(strings.TrimPrefix(head, "# total ")), &n); err != nil || n == 0 || got.Counts[things[i].plural] != n {
			t.Errorf("%s: %d, the list says %q", things[i].plural, got.Counts[things[i].plural], head)
		}
	}

	b = newBench(t, sandboxOptions, func(o *Options) { o.Grants = without{"devices_list"}; o.Selection.Surface = CoreSurface })
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/api/v2/policies" {
			return forbidden(), nil
		}
		return nil, nil
	}
	got = readJSON[organizationSummary](b, "jumpcloud://organization")
	for name, why := range map[string]string{"devices": "denied", "software_apps": "not offered by this server", "policies": "forbidden"} {
		if _, counted := got.Counts[name]; counted || got.NotRead[name] != why {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got.Counts["users"] == 0 {
		t.Errorf("%+v", got)
	}
}

// What is said to be a field can be asked for, and what is said to sort sorts.
func TestFieldsAreTaken(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for i := range things {
		th := &things[i]
		got := readJSON[typeFields](b, "jumpcloud://fields/"+th.plural)
		if len(got.Fields) < 3 || got.Tool != th.lister() {
			t.Errorf("%+v", got)
		}
		ask := []string{"flags"}
		for _, o := range got.Ours {
			ask = append(ask, o.Name)
			if (o.Flag == "") != (o.When == nil) || len(o.From) == 0 {
				t.Errorf("%s: %+v", th.plural, o)
			}
			if _, a := b.call(got.Tool, `{"limit":1,"sort":"`+o.Name+`"}`); a.IsError != (o.SameAs == "") {
				t.Errorf("%s, sorted by %s: error %v", th.plural, o.Name, a.IsError)
			}
		}
		b.must(got.Tool, `{"limit":1,"fields":"`+strings.Join(append(ask, got.Fields...), ",")+`"}`)
		b.must(got.Tool, `{"limit":1,"sort":"-`+got.NamedBy[0]+`"}`)
		for _, f := range []string{`x=1, `, `x~1|2`, `x!=`} {
			b.must(got.Tool, `{"limit":1,"filter":"`+strings.ReplaceAll(f, "x", got.NamedBy[0])+`"}`)
		}
		if (got.Search != "") != strings.Contains(string(b.desk.byName[got.Tool].Schema.Full()), `"search"`) {
			t.Errorf("%s: search %q", th.plural, got.Search)
		}
	}
}

// Every type of event that the sandbox's history has is in the catalogue, under its service.
func TestEventCatalogue(t *testing.T) {
	b := newBench(t, sandboxOptions)
	known := map[string]string{}
	var services []any
	for _, s := range eventCatalog {
		services = append(services, s.Service)
		for _, e := range s.Types {
			if known[e.Type] != "" || e.About == "" {
				t.Errorf("%s %s: twice, or without a word", s.Service, e.Type)
			}
			known[e.Type] = s.Service
		}
	}
	if !slices.Equal(append([]any{"all"}, services...), eventServiceNames) {
		t.Errorf("services are %v", services)
	}
	seen := 0
	for _, s := range services {
		text := b.must("insights_distinct", `{"field":"event_type","last":"89d","service":["`+s.(string)+`"]}`)
		for _, line := range strings.Split(text, "\n") {
			name, _, row := strings.Cut(line, ",")
			if !row || strings.HasPrefix(line, "#") || name == "event_type" || name == "value" {
				continue
			}
			seen++
			if known[name] != s {
				t.Errorf("%s writes %q, the catalogue has it under %q", s, name, known[name])
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d types were seen", seen)
	}
}

func TestRights(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = without{"users_delete"} })
	got := readJSON[callerRights](b, "jumpcloud://rights")
	if got.Agent != "test" || got.Name != "stdio" || got.Rules != "rules line 1" {
		t.Errorf("%+v", got)
	}
	have := got.Tools["users"]
	if !strings.HasPrefix(have["read"], "all ") || !strings.HasPrefix(have["change"], "all ") || len(got.Tools) != len(toolsetsOf(b.desk.Tools()))-1 {
		t.Errorf("%v in %d toolsets", have, len(got.Tools))
	}
	if said, names, cut := strings.Cut(have["destroy"], ": "); !cut || !strings.Contains(said, " of ") || slices.Contains(strings.Fields(names), "delete") || !slices.Contains(strings.Fields(names), "offboard") {
		t.Errorf("what is not granted is not left out: %q", have["destroy"])
	}
	ask := readJSON[callerRights](newBench(t, sandboxOptions, asksPeople), "jumpcloud://rights")
	if !slices.Contains(ask.Asks, "every destroy") || slices.Contains(ask.Asks, "users_create") || !strings.HasPrefix(ask.Confirm, "destroy: ") {
		t.Errorf("%v %s", ask.Asks, ask.Confirm)
	}
}

func toolsetsOf(list []*Tool) map[string]bool {
	out := map[string]bool{}
	for _, x := range list {
		out[x.Toolset] = true
	}
	return out
}

func TestSchemaResource(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = without{"users_delete"}; o.Selection.Surface = CoreSurface })
	if got := b.read("jumpcloud://schemas/users_update").Text; !strings.Contains(got, `"state"`) {
		t.Errorf("the rare arguments are missing: %s", got)
	}
	b.read("jumpcloud://schemas/policies_create") // declared, not listed here
	for uri, code := range map[string]jc.Code{"jumpcloud://schemas/users_delete": jc.CodeDenied, "jumpcloud://schemas/users_updat": jc.CodeNotFound} {
		_, err := b.desk.Read(b.ctx, uri)
		if got, text := Explain(err); err == nil || got != code || code == jc.CodeNotFound && !strings.Contains(text, `did you mean "users_update"`) {
			t.Errorf("%s: %s", uri, text)
		}
	}
}

func TestReadObjects(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for i := range things {
		th := &things[i]
		column := th.kind.NameColumn()
		name := cells(t, b.must(th.lister(), `{"limit":1,"fields":"`+column+`"}`))[0]
		args, _ := json.Marshal(map[string]string{th.argument: name})
		want := b.must(th.getter(), string(args))
		uri := "jumpcloud://" + th.address + "/" + url.PathEscape(name)
		if c := b.read(uri); c.Text != want || c.MIMEType != "text/plain" {
			t.Errorf("%s gives %s, the tool %s", uri, c.Text, want)
		}
	}
	if got := b.audit.String(); !strings.Contains(got, `"tool":"commands_get"`) {
		t.Error("no audit line of a read")
	}
}

func TestReadRefuses(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = without{"users_get"}; o.Selection.Tools = []string{"!policies_get"} })
	for uri, want := range map[string]jc.Code{
		"":                                          jc.CodeNotFound,
		"jumpcloud://":                              jc.CodeNotFound,
		"jumpcloud://nothing":                       jc.CodeNotFound,
		"jumpcloud://organization/":                 jc.CodeInvalidArgument,
		"jumpcloud://organization?x=1":              jc.CodeNotFound,
		"https://organization":                      jc.CodeNotFound,
		"organization":                              jc.CodeNotFound,
		"JUMPCLOUD://organization":                  jc.CodeNotFound,
		"jumpcloud://fields/people":                 jc.CodeNotFound,
		"jumpcloud://devices/a/b":                   jc.CodeNotFound,
		"jumpcloud://devices/a?b":                   jc.CodeNotFound,
		"jumpcloud://devices/":                      jc.CodeInvalidArgument,
		"jumpcloud://devices/a%2Fb":                 jc.CodeInvalidArgument,
		"jumpcloud://devices/a%00b":                 jc.CodeInvalidArgument,
		"jumpcloud://devices/a%E2%80%AEb":           jc.CodeInvalidArgument,
		"jumpcloud://devices/a%FFb":                 jc.CodeInvalidArgument,
		"jumpcloud://devices/a%2":                   jc.CodeInvalidArgument,
		"jumpcloud://devices/no-such-device":        jc.CodeNotFound,
		"jumpcloud://devices/x%252Fy":               jc.CodeNotFound, // decoded once: a name that holds %2F
		"jumpcloud://users/anybody":                 jc.CodeDenied,
		"jumpcloud://policies/any":                  jc.CodeDenied,
		"jumpcloud://x" + strings.Repeat("y", 3000): jc.CodeNotFound,
	} {
		c, err := b.desk.Read(b.ctx, uri)
		if err == nil {
			t.Errorf("%s: %s", uri, c.Text)
			continue
		}
		code, text := Explain(err)
		var refusal *Refusal
		if code != want || !strings.HasPrefix(text, string(code)) || strings.Count(text, string(code)+". ") != 1 && code != jc.CodeDenied || len(text) > 500 {
			t.Errorf("%s: %s: %s", uri, code, text)
		}
		if !errors.As(err, &refusal) || refusal.Code != want {
			t.Errorf("%s: not a refusal: %T", uri, err)
		}
	}
	if !strings.Contains(b.audit.String(), `"phase":"refused"`) {
		t.Error("a refused read left no line")
	}
	for _, tpl := range b.desk.Templates(b.ctx) {
		if strings.Contains(tpl.URITemplate, "users/") && !strings.Contains(tpl.URITemplate, "user-groups") || strings.Contains(tpl.URITemplate, "policies") {
			t.Errorf("%s is listed", tpl.URITemplate)
		}
	}
	if _, err := b.desk.Read(t.Context(), "jumpcloud://rights"); err == nil {
		t.Error("read for nobody")
	}
}

func TestTemplatesListed(t *testing.T) {
	b := newBench(t, sandboxOptions)
	var got []string
	for _, tpl := range b.desk.Templates(b.ctx) {
		got = append(got, tpl.URITemplate)
	}
	want := []string{"jumpcloud://applications/{application}", "jumpcloud://commands/{command}", "jumpcloud://device-groups/{group}",
		"jumpcloud://devices/{device}", "jumpcloud://fields/{type}", "jumpcloud://policies/{policy}", "jumpcloud://schemas/{tool}",
		"jumpcloud://user-groups/{group}", "jumpcloud://users/{user}"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestExplainKeepsOurWords(t *testing.T) {
	for _, c := range []struct {
		err  error
		code jc.Code
		text string
	}{
		{errors.New("dial tcp 10.0.0.1: secret"), jc.CodeInternal, "internal. This server failed in a way it does not know."},
		{&Refusal{jc.CodeNotFound, "there is no such thing"}, jc.CodeNotFound, "not_found. there is no such thing."},
		{&answered{failed(jc.CodeForbidden, "forbidden at GET /x. No.")}, jc.CodeForbidden, "forbidden at GET /x. No."},
	} {
		if code, text := Explain(c.err); code != c.code || text != c.text {
			t.Errorf("%s: %s", code, text)
		}
	}
}
