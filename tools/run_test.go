package tools

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// linesOf are the audit lines of a tool's steps at one path.
func (b *bench) linesOf(method, path string) (intent, result auth.Line) {
	b.t.Helper()
	for l := range strings.Lines(b.audit.String()) {
		var x auth.Line
		if err := json.Unmarshal([]byte(l), &x); err != nil {
			b.t.Fatal(err)
		}
		if x.Method == method && x.Path == path {
			switch x.Phase {
			case auth.PhaseIntent:
				intent = x
			case auth.PhaseResult:
				result = x
			}
		}
	}
	return intent, result
}

// What a step created stands in its result line, with its id; the intent has none yet.
func TestResultLineNamesWhatWasMade(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("user_groups_create", `{"name":"Night shift"}`)
	intent, result := b.linesOf("POST", "/api/v2/usergroups")
	group := auth.Target{Type: "user_group", Name: "Night shift"}
	if d := cmp.Diff([]auth.Target{group}, intent.Targets); d != "" {
		t.Error(d)
	}
	group.ID = b.group("Night shift")["id"].(string)
	if d := cmp.Diff([]auth.Target{group}, result.Targets); d != "" || result.Outcome != string(Done) {
		t.Error(result.Outcome, d)
	}

	b.must("users_create", `{"username":"new.one","email":"new.one@example.com","password":"Tr0ub4dor&3-x","groups":["Night shift"]}`)
	_, result = b.linesOf("POST", "/api/systemusers")
	if d := cmp.Diff([]auth.Target{{Type: "user", ID: b.id("users", "username", "new.one"), Name: "new.one"}, group}, result.Targets); d != "" {
		t.Error(d)
	}

	b.must("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h"}`)
	intent, result = b.linesOf("POST", "/api/v2/accessrequests")
	both := []auth.Target{{Type: "user", ID: b.id("users", "username", "maria.silva"), Name: "maria.silva"}, {Type: "system", ID: b.id("devices", "hostname", "LT-042"), Name: "LT-042"}}
	if d := cmp.Diff(both, intent.Targets); d != "" {
		t.Error(d)
	}
	made := auth.Target{Type: "access_request", ID: b.requestOf("maria.silva", "LT-042").Text("accessId")}
	if d := cmp.Diff(append([]auth.Target{made}, both...), result.Targets); d != "" {
		t.Error(d)
	}
	if strings.Contains(b.audit.String(), "Tr0ub4dor") {
		t.Error("a password is in the audit")
	}
}

// A job's steps as well: the temporary command of a run, which is gone by then.
func TestResultLineNamesATemporaryCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions)
		b.must("commands_run", `{"script":"echo hi","devices":["db-01"],"wait":20}`)
		_, made := b.linesOf("POST", "/api/commands")
		if len(made.Targets) != 1 || made.Targets[0].Type != "command" || made.Targets[0].Name == "" || !slices.Contains(b.wire.writes(), "DELETE /api/commands/"+made.Targets[0].ID) {
			t.Errorf("%+v, sent %v", made, b.wire.writes())
		}
	})
}

// A lost answer is read back by name, and the line then has the id too.
func TestResultLineOfALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions)
		b.lose("POST /api/v2/usergroups")
		b.must("user_groups_create", `{"name":"Night shift"}`)
		_, result := b.linesOf("POST", "/api/v2/usergroups")
		if d := cmp.Diff([]auth.Target{{Type: "user_group", Name: "Night shift", ID: b.group("Night shift")["id"].(string)}}, result.Targets); d != "" {
			t.Error(d)
		}
		b.lose("POST /api/v2/accessrequests") // nothing tells its id
		if _, a := b.call("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h"}`); a.Code != string(jc.CodeOutcomeUnknown) {
			t.Errorf("%v", a.Text)
		}
		if _, result = b.linesOf("POST", "/api/v2/accessrequests"); result.Outcome != string(Unknown) || len(result.Targets) != 2 {
			t.Errorf("%+v", result)
		}
	})
}

// The id comes from the answer where nothing could be read back; what has not the
// form of an id is not written down, whatever field it comes in.
func TestResultLineTakesIDsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions)
		for answer, id := range map[string]string{
			`{"id":"6a0000000000000000000001","name":"Night shift"}`:    "6a0000000000000000000001",
			`{"id":"c4nary-secret value","name":"Night shift"}`:         "",
			`{"key":"6a0000000000000000000001","name":"c4nary-secret"}`: "",
		} {
			b.wire.answer = func(r *http.Request) (*http.Response, error) {
				if r.Method != "POST" || r.URL.Path != "/api/v2/usergroups" {
					return nil, nil
				}
				return &http.Response{StatusCode: 201, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
			}
			b.call("user_groups_create", `{"name":"Night shift"}`)
			if _, result := b.linesOf("POST", "/api/v2/usergroups"); len(result.Targets) != 1 || result.Targets[0].ID != id {
				t.Errorf("%s: %+v", answer, result.Targets)
			}
		}
		if strings.Contains(b.audit.String(), "c4nary") {
			t.Error(b.audit.String())
		}
	})
}
