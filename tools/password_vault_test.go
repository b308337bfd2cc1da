package tools

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// TestVaultKeepsSecrets: nothing that the sandbox calls a secret comes out of any
// tool of the toolsets that are about secrets, and their reveals say what came.
func TestVaultKeepsSecrets(t *testing.T) {
	b := newBench(t, sandboxOptions)
	calls := 0
	for _, x := range slices.Concat(passwordVault, passwordVaultWebsites, passwordVaultFiles, passwordManagerBackups, serviceAccounts, privilegedAccess) {
		if strings.Contains(x.Name, "delete") {
			continue
		}
		text, a := b.call(x.Name, sampleArgs(b, x, false))
		if a.IsError {
			t.Errorf("%s: %s", x.Name, text)
		}
		if strings.Contains(text, "sbx-secret-") {
			t.Errorf("%s shows a secret: %s", x.Name, text)
		}
		calls++
	}
	if calls < 40 {
		t.Errorf("only %d calls", calls)
	}
	id := b.anyIn("password-vault/credentials")
	if text := b.must("password_vault_credentials_with_secret", `{"credential":"`+id+`"}`); !strings.Contains(text, "password=set") {
		t.Errorf("the receipt does not say what came: %s", text)
	}
}

// TestVaultSave: without an id it makes, with one it changes and shows what was.
func TestVaultSave(t *testing.T) {
	b := newBench(t, sandboxOptions)
	made := b.must("password_vault_credentials_save", `{"body":{"name":"Router Berlin","username":"admin"}}`)
	if !strings.Contains(made, "done, read back") {
		t.Errorf("made: %s", made)
	}
	row := jc.Row(b.sandbox.Rows("password-vault/credentials")[0])
	id, name := row.Text("id"), row.Text("name")
	changed := b.must("password_vault_credentials_save", `{"body":{"id":"`+id+`","name":"Renamed","password":"hunter2"}}`)
	for _, want := range []string{"done, read back", name + " -> Renamed", "credential " + name} {
		if !strings.Contains(changed, want) {
			t.Errorf("no %q in: %s", want, changed)
		}
	}
	if strings.Contains(changed, "hunter2") {
		t.Errorf("it shows the password: %s", changed)
	}
	b.wire.reset()
	text, a := b.call("password_vault_credentials_save", `{"body":{"id":"65fa1c0000000000000000aa","name":"x"}}`)
	if !a.IsError || !strings.Contains(text, "there is no credential") || len(b.wire.writes()) > 0 {
		t.Errorf("an unknown id: %s; sent %v", text, b.wire.writes())
	}
}

// TestSelects: what a body names are the targets; a body that names nothing is not sent.
func TestSelects(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, body := range []string{`{}`, `{"all":true}`, `{"ids":[]}`, `{"name":"Router"}`} {
		text, a := b.call("password_vault_credentials_delete_many", `{"body":`+body+`}`)
		if !a.IsError || !strings.Contains(text, "names no credential") {
			t.Errorf("%s: %s", body, text)
		}
	}
	if sent := b.wire.writes(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	for _, body := range []string{`{"ids":["c-1","c-2"]}`, `{"items":[{"credentialId":"c-1"},{"id":"c-2"}]}`} {
		text := b.must("password_vault_credentials_delete_many", `{"dry_run":true,"body":`+body+`}`)
		if !strings.Contains(text, "credential c-1") || !strings.Contains(text, "credential c-2") {
			t.Errorf("%s: the targets are not shown: %s", body, text)
		}
	}
}

// TestVaultFile: a line of options, then the bytes; the plan tells the size alone.
func TestVaultFile(t *testing.T) {
	b := newBench(t, sandboxOptions)
	var media, sent string
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == "POST" {
			raw, _ := io.ReadAll(r.Body)
			media, sent = r.Header.Get("Content-Type"), string(raw)
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(`{"columns":["Site","Login"]}`)), Request: r}, nil
		}
		return nil, nil
	}
	file := "PK\x03\x04\x00rows"
	args := fmt.Sprintf(`{"file":%q,"body":{"sheet":"Logins"}}`, base64.StdEncoding.EncodeToString([]byte(file)))
	text := b.must("password_vault_credentials_read_columns", args)
	if media != "application/octet-stream" || sent != `{"sheet":"Logins"}`+"\n"+file {
		t.Errorf("sent %s %q", media, sent)
	}
	if !strings.Contains(text, "Site") || !strings.Contains(text, "9") || strings.Contains(text, "rows") {
		t.Errorf("answered: %s", text)
	}
	if text, a := b.call("password_vault_credentials_import", `{"file":"no base64!"}`); !a.IsError || !strings.Contains(text, "base64") {
		t.Errorf("not base64: %s", text)
	}
}

// TestChannelAddresses: whoever knows the address of a webhook can write to it.
func TestChannelAddresses(t *testing.T) {
	b := newBench(t, sandboxOptions)
	id := b.anyIn("notifications/channels")
	path := "T000/B000/sbx-token"
	set := `{"channel":"` + id + `","body":{"channel":{"name":"On call","config":{"webhook":{"url":"https://hooks.slack.com/services/` + path + `"}}}}}`
	told := []string{b.must("notifications_channels_update", set)}
	told = append(told, b.must("notifications_channels_get", `{"channel":"`+id+`"}`), b.must("notifications_channels_list", `{"fields":"name,config"}`),
		b.must("notifications_channels_update", `{"dry_run":true,`+strings.Replace(set, "On call", "On duty", 1)[1:]))
	for _, text := range told {
		if strings.Contains(text, path) || !strings.Contains(text, "hooks.slack.com") {
			t.Errorf("the address is shown whole, or not at all: %s", text)
		}
	}
	if !strings.Contains(told[0], "done, read back") {
		t.Errorf("not read back: %s", told[0])
	}
}

// TestSecretsAreNoCondition: a filter on a field that is never shown would tell it
// letter by letter.
func TestSecretsAreNoCondition(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, args := range []string{`{"filter":"password~a"}`, `{"sort":"secret"}`, `{"fields":"name,login.password"}`, `{"count_by":"apiKey"}`} {
		if text, a := b.call("password_vault_credentials_list", args); !a.IsError || !strings.Contains(text, "never shown") {
			t.Errorf("%s: %s", args, text)
		}
	}
}
