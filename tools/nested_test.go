package tools

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// bodies keeps the bodies of writes.
func (b *bench) bodies() *[]jc.Row {
	var out []jc.Row
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == "GET" || strings.HasPrefix(r.URL.Path, "/api/search/") {
			return nil, nil
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
		var row jc.Row
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &row); err != nil {
				return nil, err
			}
		}
		out = append(out, row)
		return nil, nil
	}
	return &out
}

func TestMergeKeepsWhatIsInside(t *testing.T) {
	b := newBench(t, sandboxOptions)
	sent := b.bodies()
	for _, c := range []struct {
		tool, args string
		want       map[string]any // path -> value sent; nil for not sent
	}{
		{"applications_update", `{"application":"Zoom","config":{"acsUrl":{"value":"https://zoom.example/new"}}}`, map[string]any{
			"config.acsUrl.value": "https://zoom.example/new", "config.acsUrl.label": "ACS URL", "config.spEntityId.value": "https://zoom.example/saml",
			"name": "zoom", "displayLabel": "Zoom", "sso.type": "saml", "sso.idpCertificateUpdatedAt": nil, "_id": nil, "created": nil}},
		{"organizations_update", `{"organization":"Acme Inc","settings":{"passwordPolicy":{"minLength":14}}}`, map[string]any{
			"settings.passwordPolicy.minLength": float64(14), "settings.passwordPolicy.maxLoginAttempts": float64(6),
			"settings.contactName": "Dana Weiss", "settings.requireAdminMFA": nil}},
	} {
		*sent = nil
		text := b.must(c.tool, c.args)
		if !strings.HasPrefix(text, string(Done)) {
			t.Errorf("%s: %s", c.tool, text)
		}
		if len(*sent) != 1 {
			t.Fatalf("%s sent %d writes", c.tool, len(*sent))
		}
		for path, want := range c.want {
			if got, _ := (*sent)[0].At(path); !cmp.Equal(got, want) {
				t.Errorf("%s sent %s = %v, want %v", c.tool, path, got, want)
			}
		}
	}
	*sent = nil
	b.must("software_apps_update", `{"software_app":"Firefox","settings":[{"autoUpdate":true}]}`)
	setting := rowsIn((*sent)[0]["settings"])[0]
	if setting["autoUpdate"] != true || setting["packageId"] != "firefox" {
		t.Errorf("the setting that was sent: %v", setting)
	}
}

// A setting that an object does not hold yet is no proof that it is so.
func TestMergeSendsWhatIsNotThereYet(t *testing.T) {
	b := newBench(t, sandboxOptions)
	const args = `{"application":"Zoom","config":{"spErrorFlow":{"value":true}}}`
	if text := b.must("applications_update", args); !strings.HasPrefix(text, string(Done)) {
		t.Error(text)
	}
	if text := b.must("applications_update", args); !strings.HasPrefix(text, string(NoEffect)) {
		t.Error(text)
	}
	if w := b.wire.writes(); len(w) != 1 {
		t.Errorf("writes: %v", w)
	}
}

func TestMergeIsNotDoneWithoutEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // reading back waits
		b := newBench(t, sandbox.Options{Traps: []string{"no-effect"}})
		for tool, args := range map[string]string{
			"software_apps_update":             `{"software_app":"Firefox","settings":[{"autoUpdate":true,"bundleId":"x"}]}`,
			"applications_update":              `{"application":"Zoom","config":{"spErrorFlow":{"value":true}}}`,
			"applications_associations_change": `{"application":"HubSpot","op":"add","type":"user_group","object":"Sales"}`,
		} {
			if text, _ := b.call(tool, args); !strings.HasPrefix(text, string(Accepted)) {
				t.Errorf("%s: %s", tool, text)
			}
		}
	})
}

func TestCovers(t *testing.T) {
	parse := func(s string) any {
		v, ok := jsonValue(s)
		if !ok {
			t.Fatal(s)
		}
		return v
	}
	for _, c := range []struct {
		have, want string
		covers     bool
	}{
		{`{"a":1,"b":2}`, `{"a":1}`, true},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1}`, `{"a":1,"b":""}`, true},
		{`{"a":{"x":true}}`, `{"a":{"x":false}}`, false},
		{`{"a":{}}`, `{"a":{"x":false}}`, false},
		{`[{"a":1}]`, `[{"a":1},{"a":2}]`, false},
		{`[{"a":1,"b":2}]`, `[{"a":1}]`, true},
		{`{}`, `{"idpPrivateKey":"secret"}`, true},
		{`null`, `{"x":"y"}`, false},
		{`null`, `{}`, true},
	} {
		if got := covers(parse(c.have), parse(c.want)); got != c.covers {
			t.Errorf("covers(%s, %s) = %v", c.have, c.want, got)
		}
	}
}
