package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// mended gives what a call's arguments become, and what is said of it.
func mended(t *testing.T, tool, args string) (string, string) {
	t.Helper()
	all := All()
	i := slices.IndexFunc(all, func(x *Tool) bool { return x.Name == tool })
	if i < 0 {
		t.Fatalf("there is no %s", tool)
	}
	raw, said := (&trip{tool: all[i]}).mend(all[i].Schema, json.RawMessage(args))
	return string(raw), strings.Join(said, ", ")
}

func TestSlipsOfReadsArePutRight(t *testing.T) {
	for _, c := range []struct{ tool, args, want, says string }{
		{"users_list", `{"limt":5}`, `{"limit":5}`, "read limt as limit"},
		{"users_list", `{"limit":"5"}`, `{"limit":5}`, `read limit "5" as 5`},
		{"users_list", `{"limit":5000}`, `{"limit":1000}`, "read limit 5000 as 1000, the most"},
		{"users_list", `{"page_size":7,"order_by":"username"}`, `{"limit":7,"sort":"username"}`, "read page_size as limit"},
		{"users_list", `{"filter":"dept=Sales"}`, `{"filter":"department=Sales"}`, "read dept as department"},
		{"users_list", `{"filter":"mfa=no, department=Sales"}`, `{"filter":"mfa_enrolled=false, department=Sales"}`, "read mfa as mfa_enrolled, read no as false"},
		{"users_list", `{"filter":"state=suspended|active"}`, `{"filter":"state=SUSPENDED|ACTIVATED"}`, "read suspended as SUSPENDED"},
		{"users_list", `{"filter":"department=Sales and state=SUSPENDED"}`, `{"filter":"department=Sales, state=SUSPENDED"}`, "a comma"},
		{"users_list", `{"filter":"department:Sales"}`, `{"filter":"department=Sales"}`, "read department:Sales as department=Sales"},
		{"users_list", `{"filter":"department=='Sales, EMEA'"}`, `{"filter":"department=\"Sales, EMEA\""}`, "read == as ="},
		{"users_list", `{"filter":{"department":"Sales, EMEA","suspended":true}}`, `{"filter":"department=\"Sales, EMEA\", suspended=true"}`, "conditions"},
		{"users_list", `{"department":"Legal","filter":"suspended=true"}`, `{"filter":"suspended=true, department=Legal"}`, "read department as a filter"},
		{"users_list", `{"fields":["username","title"]}`, `{"fields":"username,jobTitle"}`, "read title as jobTitle"},
		{"users_list", `{"sort":"created desc"}`, `{"sort":"-created"}`, "read created desc as -created"},
		{"users_list", `{"count_by":"departmnt"}`, `{"count_by":"department"}`, "read departmnt as department"},
		{"devices_list", `{"filter":"last_seen>30 days"}`, `{"filter":"last_contact>30d"}`, "read 30 days as 30d"},
		{"devices_list", `{"count_by":"os_family","filter":"bitlocker=False"}`, `{"count_by":"osFamily","filter":"encrypted=false"}`, "read bitlocker as encrypted"},
		{"users_get", `{"id":"ada.king"}`, `{"user":"ada.king"}`, "read id as user"},
		{"users_get", `{"user":["ada.king"]}`, `{"user":"ada.king"}`, "text"},
		{"insights_query", `{"service":"SSO"}`, `{"service":["sso"]}`, "read SSO as sso"},
		{"insights_query", `{"filter":"evnt_type=user_lockout","fields":"who,ip"}`, `{"fields":"initiated_by,client_ip","filter":"event_type=user_lockout"}`, "read who as initiated_by"},
	} {
		got, said := mended(t, c.tool, c.args)
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.tool, c.args, got, c.want)
		}
		if !strings.Contains(said, c.says) {
			t.Errorf("%s %s: it says %q, not %q", c.tool, c.args, said, c.says)
		}
	}
}

// What is right, what could be read in two ways, and everything that changes
// something stays as it was written.
func TestWhatIsNotPutRight(t *testing.T) {
	for _, c := range [][2]string{
		{"users_list", `{"filter":"department=Sales","limit":5}`},
		{"users_list", `{"filter":"department=\"Sales and Marketing\""}`},
		{"users_list", `{"filter":"department=Sales and Marketing"}`},
		{"users_list", `{"fields":"username,mfa,flags"}`},
		{"users_list", `{"filter":"group=Engineering, mfa_enrolled=false"}`},
		{"users_list", `{"filter":"xyzzy=1"}`},
		{"users_list", `{"limit":5,"limt":6}`},
		{"users_list", `{"limit":"many"}`},
		{"users_list", `{"verbose":true}`},
		{"users_list", `{"fields":"account"}`}, // account_locked, or account_locked_date
		{"users_get", `{"usr":"a","user":"b"}`},
		{"insights_query", `{"filter":"error_code=7"}`},
		{"users_update", `{"user":"ada.king","departmnt":"Sales"}`},
		{"users_update", `{"user":["ada.king"],"department":"Sales"}`},
		{"users_delete", `{"usr":"ada.king"}`},
		{"user_groups_members_change", `{"group":"Sales","add":"ada.king"}`},
		{"users_list", `{"limt":5,"Limt":6}`}, {"users_list", `{"limt":5,"limt":6}`}, {"users_list", `{"department":"a\u0000b"}`},
		{"users_list", `[1]`}, {"users_list", `{`}, {"users_list", `null`},
	} {
		if got, said := mended(t, c[0], c[1]); got != c[1] || said != "" {
			t.Errorf("%s %s became %s: %s", c[0], c[1], got, said)
		}
	}
}

// What was put right stands in the answer, in the words of ours.
func TestSlipsAreSaid(t *testing.T) {
	b := newBench(t, sandboxOptions)
	want(t, b.must("users_list", `{"filter":"dept=Legal","limit":1}`), "# total ", "; read dept as department\n")
	want(t, b.must("users_get", `{"username":"ada.king"}`), "read username as user")
	text, _ := b.call("users_get", `{"username":"ada.kin"}`)
	want(t, text, "not_found.", `"ada.king"`, "(read username as user)")
	if head := b.desk.Call(b.ctx, Call{Tool: "users_list", Arguments: []byte(`{"limit":"1","fields":"usernam\n# total 3"}`)}).Text[0]; strings.Contains(head, "\n") {
		t.Errorf("the caller's words made a line: %q", head)
	}
}
