package tools

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// sharedShelf is a shelf of several desks, which can be out of reach.
type sharedShelf struct {
	shelf
	mu   sync.Mutex
	gone bool
}

func newSharedShelf() *sharedShelf {
	return &sharedShelf{shelf: shelf{newRemembered[[]byte](maxPlans)}}
}

func (s *sharedShelf) reach(can bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = !can
}

func (s *sharedShelf) away() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

func (s *sharedShelf) Put(ctx context.Context, id string, record []byte, ttl time.Duration) error {
	if s.away() {
		return errors.New("redis: connection refused")
	}
	if bytes.Contains(record, []byte("\"User\"")) || bytes.Contains(record, []byte("\"PIN\"")) {
		return errors.New("a plan came in clear")
	}
	return s.shelf.Put(ctx, id, record, ttl)
}

func (s *sharedShelf) Get(ctx context.Context, id string) ([]byte, error) {
	if s.away() {
		return nil, errors.New("redis: connection refused")
	}
	return s.shelf.Get(ctx, id)
}

// replicated gives a desk what replicas share.
func replicated(s Shelf, keys ...byte) func(*Options) {
	r := &Replicas{Shelf: s}
	for _, k := range keys {
		r.Keys = append(r.Keys, bytes.Repeat([]byte{k}, 32))
	}
	return func(o *Options) { o.Replicas = r }
}

// replica is another desk over the same organisation, with a client and caches of its own.
func (b *bench) replica(more ...func(*Options)) *bench {
	b.t.Helper()
	hosts, err := jc.RegionHosts("us")
	if err != nil {
		b.t.Fatal(err)
	}
	signed := auth.Pinned(auth.APIKey(auth.Value("sandbox-key")), b.wire, hosts.Console, hosts.Insights)
	client, err := jc.New(jc.Config{Hosts: hosts, Transport: signed, Scope: "test", Fenced: true})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(client.Close)
	o := b.desk.o
	o.Client = client
	for _, f := range more {
		f(&o)
	}
	desk, err := New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	other := *b
	other.desk = desk
	return &other
}

// A list goes on at whichever replica the next page is asked of, each row once.
func TestReplicasTurnPages(t *testing.T) {
	a := newBench(t, sandboxOptions, replicated(newSharedShelf(), 1))
	all := []*bench{a, a.replica(), a.replica()}
	for _, c := range []struct {
		tool, args string
		rows       int
	}{
		{"users_list", `"limit":7,"fields":"username,id"`, 120},
		{"users_list", `"limit":7,"filter":"department=Sales","fields":"username,id"`, 0},
		{"insights_query", `"limit":40,"last":"3d","fields":"id,timestamp"`, 0},
	} {
		seen, cursor, total, longest := map[string]bool{}, "", 0, 0
		for page := 0; ; page++ {
			text := all[page%len(all)].must(c.tool, "{"+c.args+cursor+"}")
			head, body, _ := strings.Cut(text, "\n")
			_, _ = fmt.Sscanf(head, "# total %d", &total)
			for i, row := range strings.Split(body, "\n") {
				if i > 0 && !strings.HasPrefix(row, "# ") {
					if seen[row] {
						t.Errorf("%s: %s came twice", c.tool, row)
					}
					seen[row] = true
				}
			}
			m := nextHandle.FindStringSubmatch(head)
			if m == nil {
				break
			}
			longest = max(longest, len(m[1]))
			cursor = `,"cursor":"` + m[1] + `"`
			if page > 300 {
				t.Fatal("no end")
			}
		}
		if len(seen) != total || total == 0 || c.rows > 0 && total != c.rows {
			t.Errorf("%s %s: %d rows of %d", c.tool, c.args, len(seen), total)
		}
		t.Logf("%s: %d rows, the longest cursor has %d characters", c.tool, len(seen), longest)
	}
}

// What is sealed opens to what it was, for its owner, tool and question only, in
// time only, and for nobody when a single bit of it is not as it was.
func TestSealedPlaces(t *testing.T) {
	v, err := newVault([][]byte{bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	s := sealedPlaces{v}
	rapid.Check(t, func(t *rapid.T) {
		p := place{
			owner: rapid.String().Draw(t, "owner"), tool: rapid.String().Draw(t, "tool"), question: rapid.String().Draw(t, "question"),
			Skip: rapid.IntRange(0, 1<<40).Draw(t, "skip"),
			From: rapid.Int64Range(0, 1<<34).Draw(t, "from"), To: rapid.Int64Range(0, 1<<34).Draw(t, "to"),
		}
		if n := rapid.IntRange(0, 1<<40).Draw(t, "after"); n > 0 {
			p.After = json.RawMessage(fmt.Sprintf(`[%d,"x"]`, n))
		}
		handle := s.put(p)
		got, ok := s.find(handle, p.owner, p.tool)
		if !ok || got.Skip != p.Skip || got.From != p.From || got.To != p.To || !bytes.Equal(got.After, p.After) || !s.same(got, p.question) {
			t.Fatalf("%+v became %+v", p, got)
		}
		raw, err := base64.RawURLEncoding.DecodeString(handle)
		if err != nil {
			t.Fatal(err)
		}
		bit := rapid.IntRange(0, 8*len(raw)-1).Draw(t, "bit")
		raw[bit/8] ^= 1 << (bit % 8)
		_, altered := s.find(base64.RawURLEncoding.EncodeToString(raw), p.owner, p.tool)
		_, foreign := s.find(handle, p.owner+"x", p.tool)
		_, elsewhere := s.find(handle, p.owner, p.tool+"x")
		_, longer := s.find(handle+"AA", p.owner, p.tool)
		_, cut := s.find(handle[:len(handle)-1], p.owner, p.tool)
		if altered || foreign || elsewhere || longer || cut || s.same(got, p.question+"x") {
			t.Fatal("a handle opened that must not")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		handle := s.put(place{owner: "a", tool: "t"})
		time.Sleep(cursorTTL - time.Second)
		if _, ok := s.find(handle, "a", "t"); !ok {
			t.Error("gone before its time")
		}
		time.Sleep(time.Second)
		if _, ok := s.find(handle, "a", "t"); ok {
			t.Error("good after its time")
		}
	})
	for _, bad := range []string{"", "k3x9ab", strings.Repeat("A", 60), strings.Repeat("A", 1<<20), "ä", "====", " "} {
		if _, ok := s.find(bad, "a", "t"); ok {
			t.Errorf("%.20q opened", bad)
		}
	}
	if n := len(s.put(place{owner: "a", tool: "t", Skip: 50})); n > 52 {
		t.Errorf("a cursor has %d characters", n)
	}
}

// With a new key in front, what the one before sealed still opens; a replica that
// has another key knows nothing.
func TestReplicasKeys(t *testing.T) {
	shelf := newSharedShelf()
	a := newBench(t, sandboxOptions, replicated(shelf, 1))
	rotated, stranger := a.replica(replicated(shelf, 2, 1)), a.replica(replicated(shelf, 3))
	args := `{"limit":5,"cursor":"` + nextHandle.FindStringSubmatch(a.must("users_list", `{"limit":5}`))[1] + `"}`
	rotated.must("users_list", args)
	if text, answer := stranger.call("users_list", args); !answer.IsError || !strings.Contains(text, "unknown or expired") {
		t.Error(text)
	}
	for _, keys := range [][][]byte{nil, {[]byte("short")}} {
		o := a.desk.o
		o.Replicas = &Replicas{Keys: keys, Shelf: shelf}
		if _, err := New(o); err == nil {
			t.Errorf("keys %q were taken", keys)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", rotated.desk.vault, rotated.desk.vault, rotated.desk.vault); text != "vault vault vault" {
		t.Errorf("a key is printed: %s", text)
	}
}

// A leaver's plan that one replica made is run by another, with the PIN and the
// orders that it was made with; what was ordered is not ordered again by a third.
func TestReplicasRunPlans(t *testing.T) {
	shelf := newSharedShelf()
	a := newBench(t, sandboxOptions, replicated(shelf, 1))
	b, c := a.replica(), a.replica()
	_, id := a.planned(`{"user":"bob.stone","devices":"lock","pin":"135790"}`)
	run := `{"user":"bob.stone","plan":"` + id + `"}`

	shelf.reach(false)
	sent := len(b.wire.writes())
	if text, answer := b.call("users_offboard", run); answer.Code != "upstream_down" || !strings.Contains(text, "store that this server shares") || len(b.wire.writes()) != sent {
		t.Errorf("without the store: %+v", answer)
	}
	if text, answer := a.call("users_offboard", `{"user":"bob.stone"}`); answer.Code != "upstream_down" {
		t.Errorf("a plan that could not be kept was offered: %s", text)
	}
	shelf.reach(true)

	text := b.must("users_offboard", run)
	orders := func() (n int) {
		for _, d := range a.ownDevices("bob.stone") {
			n += a.orders(d)
		}
		for _, w := range b.wire.writes() {
			if strings.HasSuffix(w, "/command/builtin/lock") {
				n++
			}
		}
		return n
	}
	given := orders()
	if !strings.HasPrefix(text, "done") || given == 0 {
		t.Errorf("%d orders: %s", given, text)
	}
	if text = c.must("users_offboard", run); !strings.HasPrefix(text, "no effect") || orders() != given {
		t.Errorf("a third run gave %d orders of %d: %s", orders(), given, text)
	}
}

// A person is asked by one replica and answers another, minutes later: what was
// shown is what is done. What a client alters in between is not.
func TestReplicasAskAndAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newBench(t, sandboxOptions, replicated(newSharedShelf(), 1), confirming(auth.ConfirmChange))
		b := a.replica()
		args := `{"user":"bob.stone","device":"LT-042","expiry":"2h"}`
		q := a.ask("access_requests_create", args)
		time.Sleep(4 * time.Minute)
		seal := sealIn(q.State)
		longer := base64.RawURLEncoding.EncodeToString([]byte(`{"until 2h":"` + time.Now().UTC().Add(90*time.Minute).Format(time.RFC3339) + `"}`))
		for name, state := range map[string]string{"without notes": seal, "another time": seal + "." + longer, "no JSON": seal + ".AAAA"} {
			if text, answer := b.agree("access_requests_create", args, &Ask{State: state}); answer.Code != "needs_approval" {
				t.Errorf("%s: %s", name, text)
			}
		}
		text, answer := b.agree("access_requests_create", args, q)
		if answer.IsError {
			t.Fatal(text)
		}
		if until := b.requestOf("bob.stone", "LT-042").Text("expiry"); !strings.Contains(q.Question, shortTime(until)) {
			t.Errorf("made until %s, shown: %s", until, q.Question)
		}
		if text, answer = a.agree("access_requests_create", args, q); answer.Code != "needs_approval" {
			t.Errorf("an approval was used twice: %s", text)
		}
	})
}

// For every kind of handle a foreign caller gets what an unknown handle gets, byte by byte.
func TestForeignHandlesLookUnknown(t *testing.T) {
	const unknownPlan, unknownChange = "p-aaaaaaaa", "c-aaaaaaaa"
	for name, more := range map[string][]func(*Options){"alone": nil, "replicated": {replicated(newSharedShelf(), 1)}} {
		t.Run(name, func(t *testing.T) {
			a := newBench(t, sandboxOptions, append(more, keepsChanges(t), func(o *Options) {
				o.Grants = asIfGranted{auth.AllowAll{Confirm: auth.ConfirmNever}}
			})...)
			cursor := nextHandle.FindStringSubmatch(a.must("users_list", `{"limit":5}`))[1]
			events := nextHandle.FindStringSubmatch(a.must("insights_query", `{"limit":5,"last":"3d"}`))[1]
			_, plan := a.planned(`{"user":"bob.stone"}`)
			change := a.changeOf("users_update", `{"user":"ben.kurz","department":"Moved"}`)
			unknownCursor := "aaaaaa"
			if a.desk.vault != nil {
				unknownCursor = strings.Repeat("A", len(cursor))
			}
			for kind, c := range map[string]struct{ tool, args, own, unknown string }{
				"cursor":           {"users_list", `{"limit":5,"cursor":"%s"}`, cursor, unknownCursor},
				"cursor of events": {"insights_query", `{"limit":5,"last":"3d","cursor":"%s"}`, events, unknownCursor},
				"plan":             {"users_offboard", `{"user":"bob.stone","plan":"%s"}`, plan, unknownPlan},
				"change":           {"changes_undo", `{"change":"%s"}`, change, unknownChange},
			} {
				for who, p := range map[string]auth.Principal{
					"another agent":           {Agent: "other", Name: "stdio"},
					"the agent for another":   {Agent: "test", Name: "somebody"},
					"a name that looks alike": {Agent: "test\x00stdio"},
				} {
					as := func(handle string) string {
						answer := a.desk.Call(auth.With(a.ctx, p), Call{Tool: c.tool, Arguments: []byte(fmt.Sprintf(c.args, handle))})
						if !answer.IsError {
							t.Errorf("%s of %s: answered to %s", kind, who, handle)
						}
						return answer.Code + "\n" + strings.ReplaceAll(strings.Join(answer.Text, "\n"), handle, "HANDLE")
					}
					if foreign, unknown := as(c.own), as(c.unknown); foreign != unknown {
						t.Errorf("%s, %s: %q, and an unknown one %q", kind, who, foreign, unknown)
					}
				}
				if kind != "plan" { // it was not used up by those who do not own it
					a.must(c.tool, fmt.Sprintf(c.args, c.own))
				}
			}
			other := auth.With(a.ctx, auth.Principal{Agent: "test", Name: "somebody"})
			if answer := a.desk.Call(other, Call{Tool: "changes_list"}); strings.Contains(strings.Join(answer.Text, ""), change) {
				t.Errorf("a foreign change is listed: %v", answer.Text)
			}
			// The same caller with a token that allows other things is the same caller.
			scoped := auth.Principal{Agent: "test", Name: "stdio", Person: "it-lead"}
			answer := a.desk.Call(auth.With(a.ctx, scoped), Call{Tool: "users_list", Arguments: []byte(`{"limit":5,"cursor":"` + cursor + `"}`)})
			if answer.IsError {
				t.Errorf("with another token: %v", answer.Text)
			}
		})
	}
}

// asIfGranted is a policy that is not everybody's, as a grant file is.
type asIfGranted struct{ auth.Policy }
