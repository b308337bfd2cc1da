package tools

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// people are the usernames of the first n users who hold the condition.
func (b *bench) people(n int, holds func(map[string]any) bool) (out []string) {
	b.t.Helper()
	for _, u := range b.sandbox.Rows("users") {
		if len(out) < n && holds(u) {
			out = append(out, u["username"].(string))
		}
	}
	if len(out) < n {
		b.t.Fatalf("the sandbox has %d such people, not %d", len(out), n)
	}
	return out
}

func namesJSON(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }

func notSuccess(u map[string]any) bool { return u["department"] != "Customer Success" }

// wrong are those of the users who do not have the value, by the sandbox's own books.
func (b *bench) wrong(list []string, field, want string) (out []string) {
	for _, u := range b.sandbox.Rows("users") {
		if name := u["username"].(string); slices.Contains(list, name) && u[field] != want {
			out = append(out, name)
		}
	}
	return out
}

// TestMovePeople is W16: twenty people, one call, one line; and a repeat sends nothing.
func TestMovePeople(t *testing.T) {
	b := newBench(t, sandboxOptions)
	who := b.people(20, notSuccess)
	args := `{"users":` + namesJSON(who) + `,"department":"Customer Success"}`
	text := b.must("users_bulk_update", args)
	atMost(t, "W16", 80, text)
	has(t, text, "done, read back. 20 users: department Customer Success", "20 changes, one a user: changes_list")
	if bad := b.wrong(who, "department", "Customer Success"); len(bad) > 0 {
		t.Errorf("not moved: %v", bad)
	}
	b.wire.reset()
	has(t, b.must("users_bulk_update", args), "no effect: already so. 20 users")
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("the repeat sent %v", w)
	}
	if n := len(b.wire.seen); n > 5 {
		t.Errorf("the repeat took %d requests: %v", n, b.wire.seen)
	}
}

// TestMovePeoplePartly names those who were not changed and goes on with them.
func TestMovePeoplePartly(t *testing.T) {
	b := newBench(t, sandboxOptions)
	who := b.people(20, func(u map[string]any) bool { return notSuccess(u) && u["username"] != "dana.weiss" })
	stuck := b.one("users", "username", who[3])["_id"].(string)
	b.refusing(http.StatusForbidden, func(r *http.Request) bool { return r.Method == "PUT" && strings.HasSuffix(r.URL.Path, stuck) })
	args := `{"users":` + namesJSON(who) + `,"department":"Customer Success","jobTitle":"Agent","manager":"dana.weiss"}`
	text, a := b.call("users_bulk_update", strings.Replace(args, who[0], who[0]+`","`+who[0], 1))
	if !a.IsError || a.Code != "forbidden" {
		t.Errorf("code %q: %s", a.Code, text)
	}
	has(t, text, "partly done, 19 of 20 users", "manager dana.weiss", "user,result\n"+who[3]+",\"failed: forbidden", "Repeat the same call")
	hasNot(t, text, who[4])
	b.wire.answer = nil
	b.wire.reset()
	has(t, b.must("users_bulk_update", args), "done, read back. 20 users", "19 of them were so")
	if w := b.wire.writes(); len(w) != 1 {
		t.Errorf("the second call sent %v", w)
	}
	if bad := b.wrong(who, "jobTitle", "Agent"); len(bad) > 0 {
		t.Errorf("not changed: %v", bad)
	}
}

// TestMoveMany: more than 25 go out as one job, whose end is seen in the users.
func TestMoveMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Users: 300})
		who := b.people(250, notSuccess)
		text := b.must("users_bulk_update", `{"users":`+namesJSON(who)+`,"location":"Lyon"}`)
		atMost(t, "250 users", 80, text)
		has(t, text, "done, read back. 250 users: location Lyon")
		if w := b.wire.writes(); len(w) != 1 || w[0] != "PATCH /api/v2/bulk/users" {
			t.Errorf("sent %v", w)
		}
		if bad := b.wrong(who, "location", "Lyon"); len(bad) > 0 {
			t.Errorf("not changed: %v", bad)
		}
	})
}

// TestMoveManyPartly: users whom the job could not change are named with the reason.
func TestMoveManyPartly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions)
		who := b.people(40, notSuccess)
		gone := b.one("users", "username", who[7])["_id"].(string)
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			if r.Method == "PATCH" { // the user goes while the job waits
				del, _ := http.NewRequestWithContext(r.Context(), "DELETE", "https://"+r.URL.Host+"/api/systemusers/"+gone, nil)
				del.Header = http.Header{"X-Api-Key": r.Header["X-Api-Key"]}
				resp, err := b.wire.next.RoundTrip(del)
				if err != nil || resp.StatusCode != 200 {
					t.Errorf("deleting: %v %v", resp, err)
				} else {
					resp.Body.Close()
				}
			}
			return nil, nil
		}
		text, a := b.call("users_bulk_update", `{"users":`+namesJSON(who)+`,"location":"Lyon"}`)
		if !a.IsError {
			t.Error("it is no error")
		}
		has(t, text, "partly done, 39 of 40 users", "user,result\n"+who[7]+",failed: user not found")
	})
}

// TestMoveManyNotTaken: a job that is taken and changes nothing is not called done.
func TestMoveManyNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Traps: []string{"no-effect"}})
		text, _ := b.call("users_bulk_update", `{"users":`+namesJSON(b.people(30, notSuccess))+`,"location":"Lyon"}`)
		has(t, text, "nothing is known to be done, 0 of 30 users", "\"accepted, not yet seen\"")
	})
}

func TestMoveRefused(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for args, say := range map[string]string{
		`{"users":["ada.king"]}`:                                         "it takes department",
		`{"users":["ada.king","ada.kink"],"department":"X"}`:             "ada.kink",
		`{"users":["ada.king","dana.weiss"],"manager":"dana.weiss"}`:     "own manager",
		`{"users":[],"department":"X"}`:                                  "users",
		fmt.Sprintf(`{"users":["ada.king"],"department":%q}`, long("x")): "department",
	} {
		text, a := b.call("users_bulk_update", args)
		if !a.IsError || !strings.Contains(text, say) {
			t.Errorf("%.80s: %s", args, text)
		}
	}
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("sent %v", w)
	}
}

func long(s string) string { return strings.Repeat(s, 1025) }
