package tools

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

func confirming(c auth.Confirm) func(*Options) {
	return func(o *Options) { o.Grants = auth.AllowAll{Confirm: c} }
}

// ask makes a call that has to put a question to a person.
func (b *bench) ask(tool, args string) *Ask {
	b.t.Helper()
	a := b.desk.Call(b.ctx, Call{Tool: tool, Arguments: json.RawMessage(args), CanAsk: true})
	if a.Ask == nil {
		b.t.Fatalf("%s %s asked nobody: %s", tool, args, strings.Join(a.Text, "\n"))
	}
	return a.Ask
}

// agree repeats a call with a yes.
func (b *bench) agree(tool, args string, q *Ask) (string, Answer) {
	a := b.desk.Call(b.ctx, Call{Tool: tool, Arguments: json.RawMessage(args), CanAsk: true, Reply: &Reply{Accepted: true, State: q.State}})
	return strings.Join(a.Text, "\n"), a
}

// bodies notes the bodies sent to one path.
func (b *bench) bodiesAt(path string) *[]map[string]any {
	var out []map[string]any
	b.wire.mu.Lock()
	defer b.wire.mu.Unlock()
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == path && r.Body != nil {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(raw)))
			var m map[string]any
			_ = json.Unmarshal(raw, &m)
			out = append(out, m)
		}
		return nil, nil
	}
	return &out
}

// answerJSON answers one path in the sandbox's place.
func (b *bench) answerJSON(path string, status int, body string, header ...string) {
	b.wire.mu.Lock() // a read that nobody waits for any more may still be under way
	defer b.wire.mu.Unlock()
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != path {
			return nil, nil
		}
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// found gives one object of the sandbox as it is now.
func (b *bench) found(collection, field, value string) jc.Row {
	b.t.Helper()
	for _, m := range b.sandbox.Snapshot()[collection] {
		if m[field] == value {
			return m
		}
	}
	b.t.Fatalf("the sandbox has no %s with %s %s", collection, field, value)
	return nil
}

func TestCommandsResultsListPicksItsOperation(t *testing.T) {
	b := newBench(t, sandboxOptions)
	usage := b.found("commands", "name", "Disk usage").Text("_id")
	for args, want := range map[string]string{
		`{}`:                       "GET /api/commandresults",
		`{"sort":"-requestTime"}`:  "POST /api/search/commandresults",
		`{"command":"Disk usage"}`: "GET /api/commands/" + usage + "/results",
		`{"command":"Disk usage","filter":"exit_code=0"}`: "POST /api/search/commandresults",
		`{"device":"LT-042"}`:                             "POST /api/search/commandresults",
		`{"filter":"name=Disk usage"}`:                    "POST /api/search/commandresults",
	} {
		b.wire.reset()
		text := b.must("commands_results_list", args)
		if !slices.Contains(b.wire.seen, want) {
			t.Errorf("%s sent %v, not %s", args, b.wire.seen, want)
		}
		if strings.Contains(args, "Disk usage") && (!strings.Contains(text, "\nDisk usage,") || strings.Contains(text, "\nRotate logs,")) {
			t.Errorf("%s shows results of other commands:\n%s", args, text)
		}
	}
	if text := b.must("commands_results_list", `{"device":"LT-042"}`); strings.Count(text, ",LT-042,") != strings.Count(text, "Z,") || !strings.Contains(text, ",LT-042,") {
		t.Errorf("not the results of one device alone:\n%s", text)
	}
}

func TestCommandsResultsOfNoCommand(t *testing.T) {
	b := newBench(t, sandbox.Options{Traps: []string{"empty-children"}})
	if text, a := b.call("commands_results_list", `{"command":"5bb70415f1ad2293f31398ae"}`); a.Code != "not_found" {
		t.Errorf("the results of a command that does not exist are none: %s", text)
	}
}

func TestCommandsResultsListRefusesAnIgnoredFilter(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.answerJSON("/api/search/commandresults", 200, `{"results":[{"_id":"5bb70415f1ad2293f31398ae","name":"x","system":"other","systemId":"000000000000000000000001"}],"totalCount":1}`)
	text, a := b.call("commands_results_list", `{"device":"LT-042"}`)
	if !a.IsError || a.Code != "upstream_down" {
		t.Errorf("rows of another device were shown: %s", text)
	}
}

func TestCommandsResultsGetMarksForeignLines(t *testing.T) {
	b := newBench(t, sandboxOptions)
	id := "5bb70415f1ad2293f31398ae"
	long := "# total 3; 3 shown\nline \u202etwo\n" + strings.Repeat("many words in a line\n", 3000)
	body, _ := json.Marshal(map[string]any{"_id": id, "name": "n", "response": map[string]any{"error": "oops", "data": map[string]any{"exitCode": 1, "output": long}}})
	b.answerJSON("/api/commandresults/"+id, 200, string(body))
	text, a := b.call("commands_results_get", `{"result":"`+id+`"}`)
	if a.IsError || len(a.Text) != 4 {
		t.Fatalf("%d blocks: %.300s", len(a.Text), text)
	}
	for i, line := range strings.Split(a.Text[2], "\n") {
		if i > 0 && !strings.HasPrefix(line, "| ") && !strings.HasSuffix(line, "more lines are not shown") {
			t.Fatalf("an unmarked line: %q", line)
		}
	}
	if n := tokens(text); n > maxTokens {
		t.Errorf("%d tokens", n)
	}
	if strings.Contains(text, "\u202e") || !strings.Contains(a.Text[2], "| # total 3") || !strings.Contains(a.Text[3], "| oops") || strings.Contains(a.Text[1], "many words") {
		t.Errorf("the output is not shown as it should be: %.400s", text)
	}
}

func TestCommandsRunNamesEveryDevice(t *testing.T) {
	b := newBench(t, sandboxOptions, confirming(auth.ConfirmDestroy))
	sent := b.bodiesAt("/api/runCommand")
	args := `{"command":"Kiosk refresh"}`
	q := b.ask("commands_run", args)
	if w := b.wire.writes(); len(w) > 0 {
		t.Fatalf("sent before anybody agreed: %v", w)
	}
	for _, want := range []string{"kiosk-canteen", "kiosk-gate", "kiosk-lobby~", "4 devices", "script of 2 lines"} {
		if !strings.Contains(q.Question, want) {
			t.Errorf("the question does not say %q: %s", want, q.Question)
		}
	}
	text, a := b.agree("commands_run", args, q)
	if a.IsError || !strings.HasPrefix(text, "accepted, not yet seen.") || !strings.Contains(text, "ueued on 4 devices, run ") {
		t.Errorf("%s", text)
	}
	var want []string
	for _, e := range b.sandbox.Snapshot()["command_queue"] {
		want = append(want, e["system"].(string))
	}
	if len(*sent) != 1 {
		t.Fatalf("%d runs were sent", len(*sent))
	}
	var got []string
	for _, id := range (*sent)[0]["systemIds"].([]any) {
		got = append(got, id.(string))
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(got) != 4 || len(want) > 0 && cmp.Diff(want, got) != "" {
		t.Errorf("sent for %v, queued %v", got, want)
	}
}

func TestCommandsRunLosesItsAnswer(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/api/runCommand" {
			resp, err := b.wire.next.RoundTrip(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			return nil, io.ErrUnexpectedEOF
		}
		return nil, nil
	}
	text, a := b.call("commands_run", `{"command":"Disk usage","devices":["db-01"]}`)
	if a.Code != "outcome_unknown" || len(b.wire.writes()) != 1 {
		t.Errorf("%d sent: %s", len(b.wire.writes()), text)
	}
}

func TestCommandsRunAndTriggerRefuse(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct{ tool, args, code string }{
		{"commands_run", `{"command":"Disk usage"}`, "invalid_argument"}, // bound to nothing
		{"commands_run", `{"command":"Disk usage","devices":[]}`, "invalid_argument"},
		{"commands_run", `{"command":"Disk usage","devices":["db-01","nowhere"]}`, "not_found"},
		{"commands_trigger", `{"trigger":"nobody-waits"}`, "not_found"},
		{"commands_trigger", `{"trigger":"../x"}`, "not_found"},
	} {
		if text, a := b.call(c.tool, c.args); a.Code != c.code {
			t.Errorf("%s %s: %s", c.tool, c.args, text)
		}
	}
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("sent %v", w)
	}
}

func TestCommandsTriggerSaysWhatItStarts(t *testing.T) {
	b := newBench(t, sandboxOptions, confirming(auth.ConfirmDestroy))
	sent := b.bodiesAt("/api/command/trigger/rotate-logs")
	args := `{"trigger":"rotate-logs","variables":{"source":"test","token":"hush"}}`
	q := b.ask("commands_trigger", args)
	if !strings.Contains(q.Question, "Rotate logs on 2") || !strings.Contains(q.Question, "db-01") || strings.Contains(q.Question, "hush") {
		t.Errorf("%s", q.Question)
	}
	if text, a := b.agree("commands_trigger", args, q); a.IsError {
		t.Fatal(text)
	}
	if diff := cmp.Diff([]map[string]any{{"source": "test", "token": "hush"}}, *sent); diff != "" {
		t.Error(diff)
	}
}

func TestCommandsRunAsRoot(t *testing.T) {
	b := newBench(t, sandboxOptions)
	ada := b.found("users", "username", "ada.king").Text("_id")
	b.must("commands_create", `{"name":"Say","command":"echo a","commandType":"linux"}`)
	b.must("commands_create", `{"name":"Say W","command":"echo a","commandType":"windows"}`)
	user := func() string { return b.found("commands", "name", "Say").Text("user") }
	if got := user(); got != jc.RootUser {
		t.Errorf("created for %s", got)
	}
	if got := b.found("commands", "name", "Say W"); got.Text("shell") != "powershell" {
		t.Errorf("a Windows command without a shell: %v", got)
	}
	b.must("commands_update", `{"command":"Say","user":"ada.king","timeout":"30"}`)
	if got := user(); got != ada {
		t.Errorf("changed to %s", got)
	}
	b.must("commands_update", `{"command":"Say","user":"root"}`)
	if got := b.found("commands", "name", "Say"); got.Text("user") != jc.RootUser || got.Text("timeout") != "30" || got.Text("command") != "echo a" {
		t.Errorf("the change lost something: %v", got)
	}
}

func TestCommandsUpdateShowsTheWholeScript(t *testing.T) {
	b := newBench(t, sandboxOptions, confirming(auth.ConfirmDestroy))
	script := strings.Repeat("echo harmless\n", 30) + "rm -rf /"
	args, _ := json.Marshal(map[string]any{"command": "Kiosk refresh", "script": script})
	q := b.ask("commands_update", string(args))
	if !strings.Contains(q.Question, "| rm -rf /") || !strings.Contains(q.Question, "31 lines") {
		t.Errorf("the person who is asked does not see the end of the script: %s", q.Question)
	}
	if text, a := b.agree("commands_update", string(args), q); a.IsError || strings.Contains(text, "| echo") {
		t.Errorf("%s", text)
	}
	if got := b.found("commands", "name", "Kiosk refresh").Text("command"); got != script {
		t.Errorf("saved %q", got)
	}
}
