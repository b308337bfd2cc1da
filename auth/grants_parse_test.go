package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const everything = `# all there is
version: 1
ceiling: {objects_per_call: 25, writes_per_minute: 30, writes_per_day: 500}
protect:
  users: [breakglass@example.com]
agents:
  helpdesk:
    who: [{local: stdio}, {token_sha256: "%s"}]
    may:
      - read: [users, devices, user_groups, insights]
        fields: {users: [username, email]}
      - write: [user_groups]
        only: {user_groups: [Contractors, "Project *"]}
        at_most: {per_call: 5, per_hour: 20, per_day: 100}
        when: {days: mon-fri, hours: "08:00-18:00", zone: Europe/Berlin}
      - do: [users_unlock, users_reset_mfa]
        approve: human
        wait: 30m
    never: [commands_run]
approvers:
  it-lead: {key: "jcmcp-approver 1 AAAA", may: [users_reset_mfa, "devices_*"]}
notify: {command: [page-it, --loud, --loud]}
`

func TestParse(t *testing.T) {
	token, hash := NewToken()
	text := fmt.Sprintf(everything, strings.ToUpper(hash))
	r := parsed(t, text)
	sum := sha256.Sum256([]byte(text))
	if r.Name() != "grants.yaml" || r.Version() != hex.EncodeToString(sum[:6]) {
		t.Errorf("%s %s", r.Name(), r.Version())
	}
	if c := (Ceiling{25, 30, 500}); r.Ceiling() != c {
		t.Errorf("%+v", r.Ceiling())
	}
	if p, ok := r.AgentOf("stdio"); !ok || p != (Principal{Agent: "helpdesk", Name: "stdio"}) {
		t.Errorf("%+v %v", p, ok)
	}
	if p, ok := r.AgentOfToken(token); !ok || p != (Principal{Agent: "helpdesk", Name: "token " + hash[:8]}) || !r.Ways().Tokens {
		t.Errorf("%+v %v", p, ok)
	}
	for _, wrong := range []string{"", hash, token + "x", token[:len(token)-1], strings.ToUpper(token)} {
		if p, ok := r.AgentOfToken(wrong); ok {
			t.Errorf("%q is %+v", wrong, p)
		}
	}
	for _, wrong := range []string{"", "helpdesk", "STDIO"} {
		if p, ok := r.AgentOf(wrong); ok {
			t.Errorf("%q is %+v", wrong, p)
		}
	}
	empty := sha256.Sum256(nil) // a hash that somebody made of nothing lets nobody in
	if p, ok := parsed(t, fmt.Sprintf(everything, hex.EncodeToString(empty[:]))).AgentOfToken(""); ok {
		t.Errorf("no token at all is %+v", p)
	}
	a := r.Approvers()
	if len(a) != 1 || a[0].Name != "it-lead" || a[0].Key != "jcmcp-approver 1 AAAA" || !a[0].MayApprove("users_reset_mfa") || !a[0].MayApprove("devices_delete") || a[0].MayApprove("users_delete") {
		t.Errorf("%+v", a)
	}
	if n := r.Notify(); !slices.Equal(n.Command, []string{"page-it", "--loud", "--loud"}) || n.Webhook != "" {
		t.Errorf("%+v", n)
	}
	if !slices.Equal(r.Agents(), []string{"helpdesk"}) {
		t.Error(r.Agents())
	}
	if none := parsed(t, agent("{read: [users]}")); none.Ceiling() != (Ceiling{ObjectsPerCall: 25}) || none.Ways().Tokens {
		t.Errorf("%+v where the file has no ceiling", none.Ceiling())
	}
	if plain := parsed(t, agent("{do: [users_unlock], wait: 2h30m, approve: client}")); plain.agents["a"].may[0].wait != 150*time.Minute {
		t.Errorf("%+v", plain.agents["a"].may[0])
	}
}

// TestMistakes: each is refused with its line, and the nearest word where one is near.
func TestMistakes(t *testing.T) {
	hash := strings.Repeat("a", 64)
	may := func(s string) string { return agent(s) }
	for _, c := range []struct{ text, want string }{
		{"", "grants.yaml: the file is empty"},
		{may("{write: [users], reason: ticket}"), "reason is true or false"},
		{may("{read: [users], reason: true}"), "reason asks why something is changed, and this line only reads"},
		{"# nothing\n", "grants.yaml: the file is empty"},
		{"version: 1\n\tx", "this is not YAML"},
		{"[1]", "grants.yaml:1: a grant file is key: value pairs here"},
		{agent("{read: [users]}") + "---\nversion: 1\n", "a second document"},
		{"agents: {a: {who: [{local: x}]}}", "version is missing"},
		{"version: 2\nagents: {a: {who: [{local: x}]}}", "grants.yaml:1: version is 1"},
		{"version: 1", "agents is missing"},
		{"version: 1\nagents: {}", "grants.yaml:2: there is no agent"},
		{"version: 1\nagents:\n", "agents is key: value pairs here"},
		{"version: 1\nagent: {}", `grants.yaml:2: unknown key "agent"; did you mean "agents"?`},
		{"version: 1\nversion: 1\nagents: {a: {who: [{local: x}]}}", `grants.yaml:2: "version" stands twice in a grant file (before: line 1)`},
		{"version: 1\nagents: {a: {who: [{local: x}]}, a: {who: [{local: y}]}}", `"a" stands twice in agents`},
		{"version: 1\nagents: {a: {who: [{local: x}]}, b: {who: [{local: x}]}}", "grants.yaml:2: local x is agent a already"},
		{"version: 1\nagents: {a: {who: [{token_sha256: " + hash + "}]}, b: {who: [{token_sha256: " + strings.ToUpper(hash) + "}]}}", "token aaaaaaaa is agent a already"},
		{"version: 1\nagents: {a: {may: [{read: [users]}]}}", "grants.yaml:2: agent a has no who: nobody could be it"},
		{"version: 1\nagents: {a: {who: []}}", "who is a list with something in it"},
		{"version: 1\nagents: {a: {who: {local: x}}}", "who is a list with something in it"},
		{"version: 1\nagents: {a: {who: [{issuer: x, subject: y}]}}", `issuer is the URL that tokens have in iss`},
		{"version: 1\nagents: {a: {who: [{token_sha256: abc}]}}", "token_sha256 is 64 hex digits"},
		{"version: 1\nagents: {a: {who: [{local: x, token_sha256: " + hash + "}]}}", "two ways to be known"},
		{"version: 1\nagents: {a: {who: [{local: Stdio}]}}", "local is stdio, or another word"},
		{"version: 1\nagents: {\"a b\": {who: [{local: x}]}}", "the name of an agent is"},
		{may("{red: [users]}"), `grants.yaml:6: unknown key "red"; did you mean "read"?`},
		{may("{fields: {users: [email]}}"), "grants.yaml:6: this line grants nothing: it needs read, write or do"},
		{may("{read: []}"), "read is a list with something in it"},
		{may("{read: users}"), "read is a list with something in it"},
		{may("{read: [users, users]}"), `"users" stands twice in read`},
		{may("{read: [user]}"), `grants.yaml:6: unknown toolset "user"; did you mean "users"?`},
		{may("{read: [zzzzzzzz]}"), `unknown toolset "zzzzzzzz"; known: api, commands, devices, insights, user_groups, users`},
		{may(`{write: ["x*"]}`), `unknown toolset "x*"`},
		{may("{do: [users_reset_mfq]}"), `unknown tool "users_reset_mfq"; did you mean "users_reset_mfa"?`},
		{may(`{do: ["x_*"]}`), `no tool is called "x_*"`},
		{may(`{do: ["users_["]}`), `"users_[" is not a glob of tool names`},
		{may("{read: [users]}") + "    never: [users_lst]\n", `unknown tool "users_lst"; did you mean "users_list"?`},
		{may("{read: [users], fields: {usrs: [email]}}"), `unknown toolset "usrs"; did you mean "users"?`},
		{may("{read: [users], fields: {users: [\"e mail\"]}}"), `"e mail" is no name of a field`},
		{may("{write: [users], only: {user_group: [x]}}"), `unknown toolset for only "user_group"; did you mean "user_groups"?`},
		{may("{write: [users], only: {insights: [x]}}"), `unknown toolset for only "insights"`},
		{may("{write: [users], only: {}}"), "only is empty"},
		{may("{write: [users], only: {user_groups: []}}"), "the names under user_groups is a list"},
		{may("{write: [users], only: {user_groups: [yes, true]}}"), "put quotes around"},
		{may("{write: [users], only: {user_groups: [~]}}"), "put quotes around"},
		{may("{write: [users], reads: true}"), "there is no only"},
		{may("{write: [users], only: {users: [x]}, reads: 1}"), "reads is true or false"},
		{may("{write: [users], at_most: {}}"), "at_most says how many"},
		{may("{write: [users], at_most: {per_minute: 3}}"), `unknown key "per_minute"`},
		{may("{write: [users], at_most: {per_call: 0}}"), "per_call is a number from 1 to"},
		{may("{write: [users], at_most: {per_hour: -1}}"), "per_hour is a number"},
		{may("{write: [users], at_most: {per_hour: 1.5}}"), "per_hour is a number"},
		{may("{write: [users], at_most: {per_hour: \"5\"}}"), "per_hour is a number"},
		{may("{write: [users], at_most: {per_day: 99999999999999999999}}"), "per_day is a number"},
		{may("{write: [users], when: {days: mon-fri}}"), "the zone of their clock"},
		{may("{write: [users], when: {zone: UTC}}"), "when has days or hours"},
		{may("{write: [users], when: {days: mon-fri, zone: Europe/Berlim}}"), "grants.yaml:6: \"Europe/Berlim\" is no time zone"},
		{may("{write: [users], when: {days: mon-fri, zone: Local}}"), `"Local" is no time zone`},
		{may("{write: [users], when: {days: mon-fry, zone: UTC}}"), `"mon-fry" are no days`},
		{may("{write: [users], when: {days: \"mon,mon\", zone: UTC}}"), "mon stands twice"},
		{may("{write: [users], when: {hours: \"8-18\", zone: UTC}}"), `"8-18" are no hours`},
		{may("{write: [users], when: {hours: \"08:00-08:00\", zone: UTC}}"), "begin when they end"},
		{may("{write: [users], when: {hours: \"08:00-25:00\", zone: UTC}}"), "are no hours"},
		{may("{write: [users], approve: humans}"), `unknown value of approve "humans"; did you mean "human"?`},
		{may("{write: [users], wait: 30m, approve: none}"), "nobody to wait for"},
		{may("{write: [users], wait: 30}"), "wait is a time from 1m to 24h"},
		{may("{write: [users], wait: 25h}"), "wait is a time from 1m to 24h"},
		{may("{read: &x [users]}"), "read is a list"},
		{may("{read: [users]}") + "    never: &n [users_list]\n  b:\n    who: [{local: y}]\n    never: *n\n", "never is a list"},
		{"x: &a {version: 1}\n<<: *a\n", "unknown key"},
		{"ceiling: {objects: 3}\n" + may("{read: [users]}"), `unknown key "objects"; did you mean "objects_per_call"?`},
		{"protect: {user: [x]}\n" + may("{read: [users]}"), `unknown toolset for protect "user"; did you mean "users"?`},
		{"protect: {}\n" + may("{read: [users]}"), "protect is empty"},
		{may("{read: [users]}") + "approvers: {x: {key: k}}\n", "an approver has a key"},
		{may("{read: [users]}") + "approvers: {x: {may: [users_list]}}\n", "an approver has a key"},
		{may("{read: [users]}") + "approvers: {x: {key: k, may: [users_lisp]}}\n", `unknown tool "users_lisp"`},
		{may("{read: [users]}") + "approvers: {x: {key: k, may: [users_list]}, y: {key: k, may: [users_list]}}\n", "x and y have the same key"},
		{may("{read: [users]}") + "notify: {}\n", "notify is a command or a webhook"},
		{may("{read: [users]}") + "notify: {command: [a], webhook: \"https://h/\"}\n", "notify is a command or a webhook"},
		{may("{read: [users]}") + "notify: {webhook: \"http://example.com/x\"}\n", "webhook is https, or http on loopback"},
		{may("{read: [users]}") + "notify: {webhook: \"https://u:p@example.com/x\"}\n", "with no user in it"},
		{may("{read: [users]}") + "notify: {webhook: \"file:///etc/passwd\"}\n", "webhook is"},
		{strings.Repeat("#", maxGrantBytes+1), "over 1 MiB"},
	} {
		r, err := ParseGrants("/etc/jc/grants.yaml", []byte(c.text), someTools())
		if err == nil || r != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.300s\n  gives %v\n  wants %s", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "/etc/jc") {
			t.Errorf("the folder is told: %v", err)
		}
	}
}

func TestAllMistakesAreTold(t *testing.T) {
	_, err := ParseGrants("g.yaml", []byte(agent("{red: [users]}", "{read: [user]}", "{do: [users_unlok]}")), someTools())
	want := "g.yaml:6: unknown key \"red\"; did you mean \"read\"?\n" +
		"g.yaml:7: unknown toolset \"user\"; did you mean \"users\"?\n" +
		"g.yaml:8: unknown tool \"users_unlok\"; did you mean \"users_unlock\"?"
	if err == nil || cmp.Diff(want, err.Error()) != "" {
		t.Error(cmp.Diff(want, fmt.Sprint(err)))
	}
}

// TestHostileSizes: files of a mebibyte that are built to take long do not.
func TestHostileSizes(t *testing.T) {
	for name, text := range map[string]string{
		"deep":     strings.Repeat("[", maxGrantBytes),
		"deep map": strings.Repeat("{a: ", maxGrantBytes/4),
		"wide":     agent("{read: [" + strings.Repeat("nothing,", maxGrantBytes/8-20) + "x]}"),
		"aliases":  "a: &a [x,x,x,x]\n" + strings.Repeat("b: [*a,*a,*a,*a]\n", 10_000),
		"keys":     strings.Repeat("k: 1\n", maxGrantBytes/6),
	} {
		start := time.Now()
		if _, err := ParseGrants("g.yaml", []byte(text), manyTools()); err == nil {
			t.Errorf("%s is a grant file", name)
		} else if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: refused after %v", name, took)
		} else if t.Logf("%s: %v", name, took); strings.Count(err.Error(), "\n") > maxGrantErrors {
			t.Errorf("%s: %d lines of errors", name, strings.Count(err.Error(), "\n"))
		}
	}
}

func TestGoodWebhooks(t *testing.T) {
	for _, url := range []string{"https://example.com/hook?x=1", "http://127.0.0.1:8080/x", "http://[::1]/", "http://localhost:1/"} {
		if got := parsed(t, agent("{read: [users]}")+"notify: {webhook: \""+url+"\"}\n").Notify().Webhook; got != url {
			t.Errorf("%q, not %q", got, url)
		}
	}
}

func TestNameGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		fold, want    bool
	}{
		{"Project *", "Project X", false, true}, {"Project *", "Project ", false, true}, {"Project *", "Project", false, false},
		{"Project *", "project x", false, false}, {"Project *", "project x", true, true},
		{"*", "", false, true}, {"*a*b*", "xxaxxbxx", false, true}, {"*a*b*", "ba", false, false}, {"a*a", "a", false, false},
		{"a*b", "a/b", false, true}, {"a[b]?", "a[b]?", false, true}, {"a?", "ab", false, false}, {"a**c", "abc", false, true},
	} {
		if got := nameGlob(c.pattern, c.name, c.fold); got != c.want {
			t.Errorf("%q %q: %v", c.pattern, c.name, got)
		}
	}
}

// FuzzParseGrants: no input makes the parser or what it made panic, errors name the
// file, and nothing that destroys or reveals is granted without standing in the file
// by its whole name.
func FuzzParseGrants(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(everything, strings.Repeat("a", 64))))
	f.Add([]byte(agent(`{do: ["*"]}`, `{write: ["*"], only: {user_groups: ["a*"]}, reads: true}`)))
	f.Add([]byte(agent("{do: [users_delete], approve: none}")))
	f.Add([]byte("version: 1\nagents: {a: {who: [{local: x}], may: [{do: [users_delete]}], never: [\"*\"]}}"))
	f.Add([]byte("a: &a [*a]\nb: !!binary x\n? [x]\n: y\n<<: {}"))
	f.Add([]byte("version: 1\nagents:\n  a:\n    who: [{local: ~}]\n    may: [{when: {days: mon, hours: '1', zone: ../UTC}}]"))
	tools := someTools()
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseGrants("g.yaml", data, tools)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "g.yaml:") {
					t.Errorf("an error that does not say where: %q", line)
				}
			}
			return
		}
		e := Enforce(r, EnforcerOptions{Now: at(office), Members: &roster{}})
		r.Warnings()
		r.Diff(nil)
		for _, name := range r.Agents() {
			for _, x := range tools {
				a := Action{Tool: x.Name, Toolset: x.Toolset, Risk: x.Risk}
				d := e.Decide(t.Context(), Principal{Agent: name}, a)
				if d.Allow && x.Risk > Change && x.Toolset != carriers && !strings.Contains(string(data), x.Name) && !strings.Contains(string(data), `\`) {
					t.Errorf("%s may %s: %+v", name, x.Name, d)
				}
				a.Targets, a.Objects = []Target{user("x")}, 1
				e.Decide(t.Context(), Principal{Agent: name}, a)
				r.Explain(Principal{Agent: name}, a, office)
			}
		}
	})
}
