package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// tenantMay is what each agent may. Two have both organisations, one of them acme with
// another credential, and two have one.
const tenantMay = `
      - read: [users, devices, user_groups, roles, organizations, changes]
      - write: [users, user_groups, changes]
      - do: [devices_restart]
        approve: client
`

// floor is a server of two organisations, and what its callers leave lying about for others.
type floor struct {
	t      *testing.T
	server *Organizations
	judge  *tenants
	key    *state.Key
	dir    *state.Dir

	mu    sync.Mutex
	loose map[string][]string // "cursor acme", "change acme", "seal globex AGENT DEVICE"

	shared []string // names of devices that both have, once each

	calls, refused, tried atomic.Int64
	restarts, updates     map[string]*atomic.Int64
}

// auditOf judges the lines: what they name belongs to their organisation.
type auditOf struct{ *floor }

func (a auditOf) Write(_ context.Context, l auth.Line) error {
	if l.Org == "" {
		if len(l.Targets) > 0 {
			a.judge.cross("an audit line of no organisation has targets: %+v", l)
		}
		return nil
	}
	raw, err := json.Marshal(l)
	a.judge.judge(l.Org, "an audit line", string(raw))
	return err
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{t: t, judge: newTenants(), loose: map[string][]string{}, restarts: map[string]*atomic.Int64{}, updates: map[string]*atomic.Int64{}}
	var err error
	if f.dir, err = state.Open(filepath.Join(t.TempDir(), "state")); err != nil {
		t.Fatal(err)
	}
	if f.key, err = state.NewKey("it-lead"); err != nil {
		t.Fatal(err)
	}
	agent := func(name, orgs string) string {
		return "  " + name + ":\n    who: [{local: " + strings.ToLower(name) + "}]\n    orgs: " + orgs + "\n    may:" + strings.TrimRight(tenantMay, "\n") + "\n"
	}
	text := "version: 1\nagents:\n" + agent("both", "[acme, globex]") + agent("mixed", "{acme: {credential: second}, globex: {}}") +
		agent("acme-only", "[acme]") + agent("globex-only", "[globex]") +
		"approvers:\n  it-lead: {key: \"" + f.key.Public() + "\", may: [devices_restart]}\n"
	rules, err := auth.ParseGrants("grants.yaml", []byte(text), declaredNames{})
	if err != nil {
		t.Fatal(err)
	}
	policy := auth.Enforce(rules, auth.EnforcerOptions{Meter: f.dir.Meter()})
	sealer, err := auth.NewSealer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := Options{
		Tools: All(), Selection: Selection{Surface: FullSurface}, Grants: policy, Audit: auditOf{f}, Sealer: sealer,
		People: People{Dir: f.dir, Approvers: rules.Approvers},
	}
	var places []Options
	hosts := map[string]int{}
	for i, name := range acmeAndGlobex {
		org, err := sandbox.New(sandbox.Options{Users: 60, Seed: uint64(i + 11)})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.judge.plant(name, org.Transport(), org.Snapshot()); err != nil {
			t.Fatal(err)
		}
		f.judge.know(name, org.Snapshot())
		for _, d := range org.Snapshot()["devices"] {
			hosts[d["hostname"].(string)] += 1 + 1000*i
		}
		f.restarts[name], f.updates[name] = &atomic.Int64{}, &atomic.Int64{}
		for _, credential := range []string{"", "second"} {
			o := shared
			o.Org, o.Credential, o.Region, o.Sandbox = name, credential, "us", true
			o.Client = orgLink(t, name+credential, org, &wire{next: &gate{f.judge, name, org.Transport()}})
			o.Grants = policy.In(auth.Place{Org: name, Credential: credential}, NewMembership(o.Client))
			places = append(places, o)
		}
	}
	for name, n := range hosts {
		if n == 1002 && !strings.HasPrefix(name, "PX-") { // once in each; phones are restarted in other ways
			f.shared = append(f.shared, name)
		}
	}
	if len(f.shared) == 0 {
		t.Fatal("no device is called the same in both")
	}
	f.server, err = NewOrganizations(shared, places, func(p auth.Principal) map[string]string {
		orgs, _ := policy.Rules().OrgsOf(p.Agent)
		return orgs
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// worker makes calls for one organisation, and tries what others of the other one left.
type worker struct {
	*floor
	org, other string
	who        auth.Principal
	ctx        context.Context
	rnd        *rand.Rand
	alone      bool // the caller has but this organisation
	n          int
}

// leave and find pass cursors, seals and changes around.
func (f *floor) leave(what, value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if list := f.loose[what]; len(list) < 512 {
		f.loose[what] = append(list, value)
	} else {
		list[rand.IntN(len(list))] = value
	}
}

func (f *floor) find(what string, rnd *rand.Rand) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if list := f.loose[what]; len(list) > 0 {
		return list[rnd.IntN(len(list))]
	}
	return ""
}

func (w *worker) call(tool string, args map[string]any, reply *Reply) (string, Answer) {
	org := w.org
	if !w.alone {
		args["org"] = org
	}
	raw, err := json.Marshal(args)
	if err != nil {
		w.t.Error(err)
	}
	a := w.server.Call(w.ctx, Call{Tool: tool, Arguments: raw, CanAsk: true, Reply: reply})
	text := strings.Join(a.Text, "\n")
	if a.Ask != nil {
		text += a.Ask.Question
	}
	w.calls.Add(1)
	if a.IsError {
		w.refused.Add(1)
	}
	w.judge.judge(org, tool, text)
	return text, a
}

// well is a call that has to succeed, with words of its own organisation in the answer.
func (w *worker) well(tool string, args map[string]any) string {
	text, a := w.call(tool, args, nil)
	if a.IsError || a.Ask != nil {
		w.t.Errorf("%s in %s: %s", tool, w.org, text)
	}
	return text
}

var nextCursor = regexp.MustCompile(`next=([\w:]+)`)

// step is one thing that a worker does, of those that it could do.
func (w *worker) step() {
	w.n++
	someone := []string{"ada.king", "bob.stone", "maria.silva", "ben.kurz"}[w.rnd.IntN(4)] // in both
	switch k := w.rnd.IntN(100); {
	case k < 25:
		w.well("users_get", map[string]any{"user": someone, "fields": "_id,username,department,jobTitle"})
	case k < 45:
		text := w.well("users_list", map[string]any{"limit": 5, "fields": "_id,username,department"})
		if m := nextCursor.FindStringSubmatch(text); m != nil {
			w.leave("cursor "+w.org, m[1])
			w.well("users_list", map[string]any{"limit": 5, "fields": "_id,username,department", "cursor": m[1]})
		}
	case k < 55:
		w.well("user_groups_list", map[string]any{"limit": 5, "fields": "id,name,description"})
	case k < 62:
		w.well("devices_list", map[string]any{"limit": 3, "fields": "_id,hostname"})
	case k < 66:
		w.call("users_get", map[string]any{"user": "bob"}, nil) // candidates
	case k < 70:
		w.well("api_read", map[string]any{"tool": "roles_list", "arguments": map[string]any{"fields": "id,name"}})
	case k < 76:
		w.foreignCursor()
	case k < 82:
		w.change(someone)
	case k < 85:
		w.well("changes_list", map[string]any{"limit": 20})
	case k < 88:
		w.foreignChange()
	case k < 91:
		w.restart(w.shared[w.rnd.IntN(len(w.shared))])
	default:
		w.everywhere(someone)
	}
}

func (w *worker) foreignCursor() {
	cursor := w.find("cursor "+w.other, w.rnd)
	if cursor == "" {
		return
	}
	w.tried.Add(1)
	if _, bare, named := strings.Cut(cursor, ":"); named && w.rnd.IntN(2) == 0 {
		cursor = bare
	}
	if text, a := w.call("users_list", map[string]any{"limit": 5, "fields": "_id,username,department", "cursor": cursor}, nil); !a.IsError {
		w.judge.cross("a cursor of %s was taken in %s: %s", w.other, w.org, text)
	}
}

// journalID is how an answer names a change.
var journalID = regexp.MustCompile(`change (c-\w+)`)

func (w *worker) change(user string) {
	mark := fmt.Sprintf("mark%s%s%d", w.org, w.who.Name, w.n)
	text, a := w.call("users_update", map[string]any{"user": user, "jobTitle": mark}, nil)
	if m := journalID.FindStringSubmatch(text); m != nil && !a.IsError {
		w.updates[w.org].Add(1)
		w.leave("change "+w.org, m[1])
	}
}

func (w *worker) foreignChange() {
	id := w.find("change "+w.other, w.rnd)
	if id == "" {
		return
	}
	w.tried.Add(1)
	if text, a := w.call("changes_undo", map[string]any{"change": id}, nil); !a.IsError || a.Code != "not_found" {
		w.judge.cross("a change of %s was found in %s: %s", w.other, w.org, text)
	}
}

// restart asks a person, and says yes with the seal of this call or with one of the other
// organisation, given for the same user.
func (w *worker) restart(device string) {
	args := func() map[string]any { return map[string]any{"device": device} }
	_, a := w.call("devices_restart", args(), nil)
	if a.Ask == nil {
		w.t.Errorf("nobody is asked in %s: %v", w.org, a.Text)
		return
	}
	kind := " " + w.who.Agent + " " + device
	w.leave("seal "+w.org+kind, a.Ask.State)
	if foreign := w.find("seal "+w.other+kind, w.rnd); foreign != "" {
		w.tried.Add(1)
		if text, b := w.call("devices_restart", args(), &Reply{Accepted: true, State: foreign}); !b.IsError {
			w.judge.cross("an approval for %s was taken in %s: %s", w.other, w.org, text)
		}
	}
	if text, b := w.call("devices_restart", args(), &Reply{Accepted: true, State: a.Ask.State}); !b.IsError {
		w.restarts[w.org].Add(1)
	} else if b.Code != "needs_approval" { // somebody has changed the user between
		w.t.Errorf("its own approval: %s", text)
	}
}

// everywhere reads in both organisations, and by address: each part is judged as its own.
func (w *worker) everywhere(user string) {
	uri := "jumpcloud://" + w.org + "/users/" + user
	if w.alone {
		uri = "jumpcloud://users/" + user
	}
	c, err := w.server.Read(w.ctx, uri)
	if err != nil {
		w.t.Error(uri, err)
	}
	w.calls.Add(1)
	w.judge.judge(w.org, uri, c.Text)
	if w.alone {
		if c, err := w.server.Read(w.ctx, "jumpcloud://"+w.other+"/users/"+user); err == nil {
			w.judge.cross("%s reads %s", w.who.Agent, c.Text)
		}
		return
	}
	a := w.server.Call(w.ctx, Call{Tool: "users_list", Arguments: json.RawMessage(`{"org":"*","limit":4,"fields":"_id,username,department"}`)})
	w.calls.Add(1)
	org := ""
	for _, block := range a.Text[1:] {
		if head, named := strings.CutPrefix(block, "## "); named {
			org, _, _ = strings.Cut(head, "\n")
		}
		if own := w.judge.judge(org, "org=*", block); own == 0 && !strings.HasPrefix(block, "## ") {
			w.t.Errorf("a section of %s with nothing of it: %s", org, block)
		}
	}
}

// TestTenants: 64 workers for each of two organisations, 10,000 calls for each, over one
// server; cursors, seals and changes of one are tried in the other on purpose. Nothing
// crosses. With -short 1,000 each.
func TestTenants(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	workers, each := 64, 10_000
	if testing.Short() {
		each = 1_000
	}
	f := newFloor(t)
	start := time.Now()
	var wg sync.WaitGroup
	for i, org := range acmeAndGlobex {
		done := &atomic.Int64{}
		for n := range workers {
			w := &worker{floor: f, org: org, other: acmeAndGlobex[1-i], rnd: rand.New(rand.NewPCG(uint64(n), uint64(i)))}
			w.who = auth.Principal{Agent: []string{"both", "mixed", "both", org + "-only"}[n%4], Name: fmt.Sprint("w", n)}
			w.alone = strings.HasSuffix(w.who.Agent, "-only")
			w.ctx = auth.With(t.Context(), w.who)
			wg.Go(func() {
				for done.Add(1) <= int64(each) && !t.Failed() {
					w.step()
				}
			})
		}
	}
	wg.Wait()
	f.verdict(time.Since(start), int64(2*each))
}

// verdict counts what arrived, and says what crossed.
func (f *floor) verdict(took time.Duration, least int64) {
	t, j := f.t, f.judge
	for _, org := range acmeAndGlobex {
		// A restart is one POST (of some devices a reboot), an update one PUT.
		if sent, said := j.arrived[org+" POST restart"]+j.arrived[org+" POST reboot"], f.restarts[org].Load(); int64(sent) != said {
			t.Errorf("%s: %d restarts arrived, %d were answered as done", org, sent, said)
		}
		if sent, said := j.arrived[org+" PUT systemusers"], f.updates[org].Load(); int64(sent) != said {
			t.Errorf("%s: %d updates arrived, %d were answered as done", org, sent, said)
		}
	}
	for i, c := range j.crossed {
		if i == 10 {
			break
		}
		t.Errorf("crossed: %.600s", c)
	}
	if f.calls.Load() < least && !t.Failed() {
		t.Errorf("%d calls, of %d", f.calls.Load(), least)
	}
	t.Logf("%d calls in %s (%.0f a second), %d refused; %d texts judged over %d words of one organisation alone; %d foreign cursors, seals and changes tried; %d crossed; arrived %v",
		f.calls.Load(), took.Round(time.Millisecond), float64(f.calls.Load())/took.Seconds(), f.refused.Load(), j.checked, len(j.owner), f.tried.Load(), len(j.crossed), j.arrived)
}
