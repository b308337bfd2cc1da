package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// orgsBench is a server of several organisations in memory.
type orgsBench struct {
	t      *testing.T
	server *Organizations
	orgs   map[string]*sandbox.Org
	wires  map[string]*wire
	audit  *syncBuffer
	having map[string]map[string]string // agent -> organisation -> credential
}

// orgLink is a client of an organisation in memory.
func orgLink(t *testing.T, name string, org *sandbox.Org, w *wire) *jc.Client {
	t.Helper()
	hosts, err := jc.RegionHosts("us")
	if err != nil {
		t.Fatal(err)
	}
	client, err := jc.New(jc.Config{
		Hosts: hosts, Scope: name, Fenced: true,
		Transport: auth.Pinned(auth.APIKey(auth.Value("sandbox-key")), w, hosts.Console, hosts.Insights),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// newOrgs serves organisations of these names; agent "both" has all, an agent called
// like one has that one, and "nobody" none. readonly is another credential of the first.
func newOrgs(t *testing.T, names []string, more ...func(*Options)) *orgsBench {
	t.Helper()
	b := &orgsBench{
		t: t, orgs: map[string]*sandbox.Org{}, wires: map[string]*wire{}, audit: &syncBuffer{},
		having: map[string]map[string]string{"both": {}, "nobody": {}, "reader": {names[0]: "readonly", names[1]: ""}},
	}
	sealer, err := auth.NewSealer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := Options{
		Tools: All(), Grants: auth.AllowAll{Confirm: auth.ConfirmDestroy}, Audit: auth.NewAudit(b.audit), Sealer: sealer,
	}
	for _, f := range more {
		f(&shared)
	}
	var places []Options
	place := func(org, credential, key string) {
		o := shared
		w := &wire{next: b.orgs[org].Transport()}
		b.wires[key] = w
		o.Org, o.Credential, o.Region, o.Sandbox = org, credential, "us", true
		o.Client = orgLink(t, key, b.orgs[org], w)
		places = append(places, o)
	}
	for i, name := range names {
		org, err := sandbox.New(sandbox.Options{Users: 20, Seed: uint64(i + 1)})
		if err != nil {
			t.Fatal(err)
		}
		b.orgs[name] = org
		b.having["both"][name], b.having[name] = "", map[string]string{name: ""}
		place(name, "", name)
		if i == 0 {
			place(name, "readonly", "readonly")
		}
	}
	b.server, err = NewOrganizations(shared, places, func(p auth.Principal) map[string]string { return b.having[p.Agent] })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *orgsBench) as(agent string) context.Context {
	return auth.With(b.t.Context(), auth.Principal{Agent: agent, Name: "test"})
}

func (b *orgsBench) call(agent, tool, args string) (string, Answer) {
	a := b.server.Call(b.as(agent), Call{Tool: tool, Arguments: json.RawMessage(args), CanAsk: true})
	return strings.Join(a.Text, "\n"), a
}

func (b *orgsBench) must(agent, tool, args string) string {
	b.t.Helper()
	text, a := b.call(agent, tool, args)
	if a.IsError || a.Ask != nil {
		b.t.Fatalf("%s %s: %s", tool, args, text)
	}
	return text
}

var acmeAndGlobex = []string{"acme", "globex"}

// TestOneOrganisation: a caller with one sees what a server of that one shows.
func TestOneOrganisation(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	alone := newBench(t, sandbox.Options{Users: 20, Seed: 2}, func(o *Options) { o.Selection = Selection{} })
	ctx := b.as("globex")
	if d := cmp.Diff(alone.desk.List(ctx), b.server.List(ctx)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(alone.desk.Templates(ctx), b.server.Templates(ctx)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(alone.desk.Prompts(ctx), b.server.Prompts(ctx)); d != "" {
		t.Error(d)
	}
	text := b.must("globex", "users_list", `{"limit":3}`)
	want(t, text, "org globex (")
	if strings.Contains(text, "globex:") {
		t.Errorf("a cursor names the organisation: %s", text)
	}
	text, a := b.call("globex", "users_list", `{"org":"acme"}`)
	if !a.IsError {
		t.Errorf("org is taken: %s", text)
	}
	want(t, text, `there is no organisation "acme" here`, "known: globex")
	want(t, b.must("globex", "users_list", `{"org":"globex","limit":3}`), "org globex (")
	if _, err := b.server.Read(ctx, "jumpcloud://acme/organization"); err == nil {
		t.Error("an address of another organisation")
	}
	if c, err := b.server.Read(ctx, "jumpcloud://organization"); err != nil || !strings.Contains(c.Text, `"counts"`) {
		t.Error(c, err)
	}
}

func TestNoOrganisation(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	ctx := b.as("nobody")
	if len(b.server.List(ctx))+len(b.server.Resources(ctx))+len(b.server.Templates(ctx))+len(b.server.Prompts(ctx)) > 0 {
		t.Error("something is listed")
	}
	for _, args := range []string{`{}`, `{"org":"acme"}`, `{"org":"*"}`} {
		text, a := b.call("nobody", "users_list", args)
		if a.Code != string(jc.CodeDenied) {
			t.Errorf("%s: %s", args, text)
		}
		want(t, text, "denied by this server (no organisation is granted to nobody (test)), not by JumpCloud")
	}
	if _, err := b.server.Read(ctx, "jumpcloud://acme/organization"); err == nil {
		t.Error("a resource is read")
	}
	if n := b.orgs["acme"].Requests() + b.orgs["globex"].Requests(); n > 0 {
		t.Errorf("%d requests", n)
	}
	want(t, b.audit.String(), `"phase":"refused"`, `"code":"denied"`)
}

// TestOrgInSchemas: whoever has several says which; local tools do not ask. It prints
// what the argument costs.
func TestOrgInSchemas(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	cost := func(list []Listed) (n int) {
		for _, l := range list {
			raw, _ := json.Marshal(struct {
				Name        string          `json:"name"`
				Description string          `json:"description"`
				InputSchema json.RawMessage `json:"input_schema"`
			}{l.Name, l.Description, l.InputSchema})
			ids, _, _ := enc.Encode(string(raw))
			n += len(ids)
		}
		return n
	}
	plain, several := b.server.List(b.as("acme")), b.server.List(b.as("both"))
	ids, _, _ := enc.Encode(b.server.Instructions(b.as("both")))
	one, many := cost(plain), cost(several)
	t.Logf("core lists %d tools: %d tokens with one organisation, %d with two (+%d, %.1f a tool); instructions %d", len(several), one, many, many-one, float64(many-one)/float64(len(several)), len(ids))
	if len(ids) > 110 || many-one > 22*len(several) {
		t.Error("instructions at most 110 tokens, org at most 22 a tool")
	}
	for _, l := range several {
		var s struct {
			Properties map[string]struct{ Enum []string }
			Required   []string
		}
		if err := json.Unmarshal(l.InputSchema, &s); err != nil {
			t.Fatal(err)
		}
		enum := s.Properties["org"].Enum
		wanted := acmeAndGlobex
		switch {
		case l.Name == "api_search":
			wanted = nil
		case l.ReadOnly:
			wanted = append(slices.Clone(acmeAndGlobex), "*")
		}
		if !slices.Equal(enum, wanted) || slices.Contains(s.Required, "org") != (wanted != nil) {
			t.Errorf("%s: %s", l.Name, l.InputSchema)
		}
	}
	again := b.server.List(b.as("both"))
	for i := range again {
		if &again[i].InputSchema[0] != &several[i].InputSchema[0] {
			t.Fatal("schemas are made anew for each list")
		}
	}
	want(t, b.must("both", "api_search", `{"query":"=users_list"}`), `"org":{"type":"string","enum":["acme","globex","*"]}`)
	want(t, b.must("both", "api_search", `{"query":"unlock a user"}`), "users_unlock", "# each call takes org: acme, globex")
}

func TestOrgArgumentMistakes(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	for _, c := range []struct{ tool, args, says string }{
		{"users_list", `{}`, `org: required: which organisation? known: acme, globex; "*" is all.`},
		{"users_list", `{"org":""}`, "org: required"},
		{"users_list", `{"org":7}`, "org: must be the name of an organisation"},
		{"users_list", `[]`, "not a JSON object"},
		{"users_list", `{"org":"acne"}`, `there is no organisation "acne" here; did you mean "acme"`},
		{"users_list", `{"org":"initech"}`, `known: acme, globex; "*" is all`},
		{"users_suspend", `{"user":"ada.king"}`, "org: required: which organisation? known: acme, globex. Nothing was changed."},
		{"users_suspend", `{"org":"*","user":"ada.king"}`, "only a read runs in all organisations; name one of acme, globex"},
		{"api_change", `{"org":"*","tool":"users_unlock","arguments":{"user":"ada.king"}}`, "only a read runs in all"},
		{"api_destroy", `{"org":"*","tool":"users_delete","arguments":{"user":"ada.king"}}`, "only a read runs in all"},
		{"api_read", `{"org":"*","tool":"users_unlock","arguments":{"user":"ada.king"}}`, "call it through api_change"},
		{"api_read", `{"tool":"roles_list"}`, "org: required"},
		{"api_read", `{"org":"acme","tool":"roles_list","arguments":{"org":"globex"}}`, "not the same"},
		{"users_list", `{"org":"*","cursor":"acme:abcdef"}`, "a cursor belongs to one organisation"},
		{"api_read", `{"org":"*","tool":"roles_list","arguments":{"cursor":"acme:abcdef"}}`, "a cursor belongs to one organisation"},
	} {
		text, a := b.call("both", c.tool, c.args)
		if !a.IsError || strings.Contains(text, "\n") && c.tool != "api_read" {
			t.Errorf("%s %s: %s", c.tool, c.args, text)
		}
		want(t, text, c.says)
		if n := tokens(text); n > 150 {
			t.Errorf("%d tokens: %s", n, text)
		}
	}
	if n := b.orgs["acme"].Requests() + b.orgs["globex"].Requests(); n > 0 {
		t.Errorf("%d requests", n)
	}
	want(t, b.must("both", "api_read", `{"org":"acme","tool":"roles_list"}`), "org acme (")
	want(t, b.must("both", "api_read", `{"tool":"roles_list","arguments":{"org":"globex"}}`), "org globex (")
	text, _ := b.call("both", "roles_list", `{"org":"acme"}`)
	want(t, text, "call it through api_read")
}

// TestEveryOrganisation: a section each, failures apart.
func TestEveryOrganisation(t *testing.T) {
	b := newOrgs(t, []string{"acme", "globex", "initech"}, func(o *Options) { o.Structured = true })
	down := func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 401, Body: http.NoBody, Header: http.Header{"Content-Type": {"application/json"}}}, nil
	}
	text, a := b.call("both", "users_list", `{"org":"*","limit":2}`)
	want(t, text, "# 3 organisations, each in a section\n## acme\n# total 20; 2 shown; next=acme:", "\n## globex\n# total 20; 2 shown; next=globex:", "\n## initech\n")
	if a.IsError || len(a.Text) != 7 {
		t.Errorf("%d blocks: %s", len(a.Text), text)
	}
	var data struct {
		Head     string
		Sections []struct {
			Org    string
			Answer struct{ Rows [][]string }
		}
	}
	if err := json.Unmarshal(a.Structured, &data); err != nil || len(data.Sections) != 3 || data.Sections[1].Org != "globex" || len(data.Sections[1].Answer.Rows) != 2 {
		t.Errorf("%s: %v", a.Structured, err)
	}
	b.wires["globex"].answer = down
	text, a = b.call("both", "users_list", `{"org":"*","limit":2}`)
	want(t, text, "failed: globex (unauthorized)", "## globex\nunauthorized", "## initech\n# total 20")
	if a.IsError {
		t.Error("one of three failed, and the answer is an error")
	}
	b.wires["acme"].answer, b.wires["initech"].answer = down, down
	if text, a = b.call("both", "users_list", `{"org":"*","limit":2}`); !a.IsError || a.Code != "unauthorized" {
		t.Errorf("all failed: %s", text)
	}
}

// TestEveryOrganisationFits: however many there are, one answer keeps to its cap, and
// says what it cut; what a cursor leaves out is found with it.
func TestEveryOrganisationFits(t *testing.T) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("org%02d", i))
	}
	for _, n := range []int{2, 5, 30} {
		b := newOrgs(t, names[:n])
		for _, c := range []struct{ tool, args string }{
			{"users_list", `{"org":"*","limit":100,"fields":"username,email,department,jobTitle,location,manager"}`},
			{"users_get", `{"org":"*","user":"ada.king","fields":"all"}`},
			{"organizations_summary", `{"org":"*"}`},
			{"users_list", `{"org":"*","count_by":"department"}`},
		} {
			text, _ := b.call("both", c.tool, c.args)
			ids, _, _ := enc.Encode(text)
			if len(ids) > maxTokens {
				t.Errorf("%d organisations: %s is %d tokens", n, c.tool, len(ids))
			}
			if n == 30 && strings.Contains(c.args, `"limit"`) && !strings.Contains(text, "cut") && !strings.Contains(text, "next=") {
				t.Errorf("no cut is said: %s", text)
			}
		}
	}
	b := newOrgs(t, names[:12])
	text := b.must("both", "users_list", `{"org":"*","limit":20,"fields":"username,email,department,jobTitle,location"}`)
	cursor := regexp.MustCompile(`next=(org03:\w+)`).FindStringSubmatch(text)
	shown := regexp.MustCompile(`## org03\n# total 20; (\d+) shown`).FindStringSubmatch(text)
	if cursor == nil || shown == nil {
		t.Fatalf("nothing was cut: %s", text)
	}
	rest := b.must("both", "users_list", `{"org":"org03","limit":20,"fields":"username,email,department,jobTitle,location","cursor":"`+cursor[1]+`"}`)
	var first, left int
	_, _ = fmt.Sscan(shown[1], &first)
	_, _ = fmt.Sscanf(rest, "# total 20; %d shown", &left)
	if first+left != 20 {
		t.Errorf("%d and then %d of 20", first, left)
	}
}

// TestOtherCredential: an agent's calls are signed by the credential that its grant names.
func TestOtherCredential(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	b.must("reader", "users_list", `{"org":"acme"}`)
	if len(b.wires["readonly"].seen) == 0 || len(b.wires["acme"].seen) > 0 {
		t.Errorf("readonly %v, acme %v", b.wires["readonly"].seen, b.wires["acme"].seen)
	}
}

// TestReplaceUnderWay: a call keeps the desk that it began at, and the next one finds
// what is there now.
func TestReplaceUnderWay(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	b.wires["globex"].answer = func(*http.Request) (*http.Response, error) {
		select {
		case arrived <- struct{}{}:
		default:
		}
		<-goOn
		return nil, nil
	}
	answered := make(chan string)
	go func() {
		text, _ := b.call("both", "users_list", `{"org":"globex","limit":1}`)
		answered <- text
	}()
	<-arrived
	open := b.server.open.Load()
	var stays []Options
	for key, d := range open.desks {
		if key.org == "acme" {
			stays = append(stays, d.o)
		}
	}
	if err := b.server.Replace(append(stays, stays[0])); err == nil || b.server.open.Load() != open {
		t.Errorf("one place twice: %v", err)
	}
	if err := b.server.Replace(stays); err != nil {
		t.Fatal(err)
	}
	text, _ := b.call("both", "users_list", `{"org":"globex"}`)
	want(t, text, `there is no organisation "globex" here; known: acme`)
	text, _ = b.call("globex", "users_list", `{}`)
	want(t, text, "no organisation is granted to globex")
	close(goOn)
	want(t, <-answered, "# total 20", "org globex (")
	if now := b.server.open.Load().desks[deskKey{"acme", ""}]; now.dir != open.desks[deskKey{"acme", ""}].dir {
		t.Error("a desk that stays looks everything up again")
	}
}
