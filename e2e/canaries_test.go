package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth/state"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

const (
	canaryKey    = "jca_CANARYkey5b1f0c77d2"
	canaryClient = "CANARYclientsecret9e21aa40"
	canaryTyped  = "CANARYtyped!77aPassw0rd" // what an agent puts where a secret goes
)

// declared is a tool as jc-mcp tools --json shows it.
type declared struct {
	Name, Risk string
	Grave      bool
	Schema     shape `json:"input_schema"`
}

// shape is as much of a schema as making arguments needs.
type shape struct {
	Type       any
	Properties map[string]shape
	Required   []string
	Enum       []any
	Items      *shape
	Minimum    float64
}

var secretName = regexp.MustCompile(`(?i)pass(word|code)$|secret|token$|private_?key|encrypted|^pin$`)

// sample is a value that the schema takes: an object that is there where one is named,
// a canary where a secret goes.
func (s shape) sample(name string, known map[string]string) any {
	switch typ := fmt.Sprint(s.Type); {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case typ == "integer" || typ == "number":
		return max(1, s.Minimum)
	case typ == "boolean":
		return true
	case typ == "array" && s.Items != nil:
		return []any{s.Items.sample(strings.TrimSuffix(name, "s"), known)}
	case typ == "object" && s.Properties == nil:
		return map[string]any{"name": "x", "password": canaryTyped, "secret": canaryTyped}
	case typ == "object":
		return s.arguments(known)
	case secretName.MatchString(name) && name != "enrollment_token":
		return canaryTyped
	case known[name] != "":
		return known[name]
	}
	return "x"
}

// arguments are what is required, and every place for a secret.
func (s shape) arguments(known map[string]string) map[string]any {
	out := map[string]any{}
	for name, p := range s.Properties {
		if slices.Contains(s.Required, name) || secretName.MatchString(name) {
			out[name] = p.sample(name, known)
		}
	}
	return out
}

func allTools(t *testing.T) (out []declared) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "tools", "--surface", "full", "--json")
	b, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil || len(out) < 500 {
		t.Fatalf("%d tools, %v", len(out), err)
	}
	return out
}

// TestNoSecretAnywhere calls every read, every tool that reveals and every change with
// unique secrets in every place, approves what reveals, and looks for each secret in
// every byte that comes out: answers, log, audit, state directory, metrics, traces.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	all := allTools(t)
	for name, credential := range map[string][]string{
		"API key":         {"JC_API_KEY=" + canaryKey},
		"service account": {"JC_CLIENT_ID=some-client", "JC_CLIENT_SECRET=" + canaryClient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sweep(t, all, credential)
		})
	}
}

func sweep(t *testing.T, all []declared, credential []string) {
	key, err := state.NewKey("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	var reveal, erase []string
	for _, d := range all {
		switch {
		case d.Risk == "reveal":
			reveal = append(reveal, d.Name)
		case d.Grave, d.Risk == "destroy" && slices.ContainsFunc(namesOf(d.Schema.Properties), secretName.MatchString):
			erase = append(erase, d.Name)
		}
	}
	d := newDesk(t, fmt.Sprintf(`version: 1
agents:
  all:
    who: [{local: stdio}]
    may:
      - write: ["*"]
      - {do: [%s], approve: human}
      - {do: [%s], approve: none}
approvers:
  it-lead: {key: %q, may: [%[1]s]}
`, strings.Join(reveal, ", "), strings.Join(erase, ", "), key.Public()))
	d.up = startWatched(t, sandbox.Options{APIKey: canaryKey, ClientID: "some-client", ClientSecret: canaryClient})
	traces, collectorURL := startCollector(t)
	d.env = append([]string{"JC_CONSOLE_URL=" + d.up.URL, "JC_LOG_LEVEL=debug", "JC_OPS_ADDR=127.0.0.1:0", "JC_OTLP_ENDPOINT=" + collectorURL}, append(d.env[2:], credential...)...)
	w := startWire(t, d.env, "--surface", "full", "--structured")
	dir, err := state.Open(d.state)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{"user": "ben.kurz", "device": "MBP-031", "group": "Contractors", "user_group": "Contractors"}
	code := regexp.MustCompile("jc-mcp approve ([0-9A-Z-]+)`")
	calls, good, sent := 0, 0, 0
	for _, tool := range all {
		if tool.Risk == "destroy" && !slices.Contains(erase, tool.Name) || strings.HasPrefix(tool.Name, "api_") {
			continue
		}
		arguments := tool.Schema.arguments(known)
		text := d.ask(w, tool.Name, arguments)
		if m := code.FindStringSubmatch(text); m != nil {
			e, err := dir.Entry(m[1])
			if err == nil {
				err = dir.Approve(t.Context(), e.Request, key)
			}
			if err != nil {
				t.Fatal(err)
			}
			text = d.ask(w, tool.Name, arguments)
			calls++
		}
		calls++
		if !regexp.MustCompile(`^[a-z_]+\. `).MatchString(text) {
			good++
		}
		if strings.Contains(text, "sent to it-lead") {
			sent++
		}
	}
	ops := w.logged("ops")
	_, metrics := fetch(t, ops+"/metrics")
	_, page := fetch(t, ops+"/")
	w.stop()
	d.keep(map[string]string{"metrics": metrics, "page": page, "traces": traces.String()})
	canaries := map[string]string{"the key": canaryKey, "the key's middle": canaryKey[4:18], "the client's secret": canaryClient, "what was typed": canaryTyped,
		"the key in base64": base64.StdEncoding.EncodeToString([]byte(canaryKey))[:24], "a secret of JumpCloud": "sbx-secret-"}
	secrets := d.up.answered()
	for i, s := range slices.Compact(secrets) {
		canaries[fmt.Sprintf("secret %d (%.14s)", i, s)] = s
	}
	n := d.clean(w.process, canaries)
	typed := strings.Count(strings.Join(d.up.sent(), "\n"), canaryTyped)
	if heard := d.up.heard(); !strings.Contains(heard, http.CanonicalHeaderKey("X-Api-Key")+": "+canaryKey) && !strings.Contains(heard, "Authorization: Bearer ") {
		t.Error("no credential reached the upstream: this test tests nothing")
	}
	if good < calls/4 || sent < 5 || typed < 5 || len(secrets) < 8 {
		t.Errorf("too little came about: this test tests nothing")
	}
	t.Logf("%d calls, %d with an answer; %d secrets in JumpCloud's answers, %d typed ones in requests, %d delivered to a person; looked for in %d bytes", calls, good, len(secrets), typed, sent, n)
}

func namesOf(m map[string]shape) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}
