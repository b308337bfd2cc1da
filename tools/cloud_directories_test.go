package tools

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// An answer wraps a new domain, so the list tells whether it is there.
func TestAddDomain(t *testing.T) {
	for _, set := range []string{"google_workspace", "office365"} {
		b := newBench(t, sandboxOptions)
		dir := map[string]string{"google_workspace": "Acme Google Workspace", "office365": "Acme Microsoft 365"}[set]
		args := fmt.Sprintf(`{"directory":%q,"domain":"new.example"}`, dir)
		want(t, b.must(set+"_domains_create", args), string(Done), "domain=new.example")
		want(t, b.must(set+"_domains_create", strings.Replace(args, "new", "NEW", 1)), "there already")
		want(t, b.must(set+"_update", fmt.Sprintf(`{"directory":%q,"default_domain":"new.example"}`, dir)), string(Done), "defaultDomain")
	}
	b := newBench(t, sandboxOptions)
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost {
			return nil, nil
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`)), Request: r}, nil
	}
	want(t, b.must("google_workspace_domains_create", `{"directory":"Acme Google Workspace","domain":"lost.example"}`), string(Accepted))
}

// The list of all directories names three types; only those of the type are meant.
func TestDirectoryOfAnotherType(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text, a := b.call("google_workspace_get", `{"directory":"Acme Microsoft 365"}`)
	if !a.IsError || !strings.Contains(text, "no Google Workspace is called") || strings.Contains(text, `"Acme Microsoft 365";`) {
		t.Errorf("got %s", text)
	}
	want(t, b.must("users_associations_list", `{"user":"ada.king","targets":"g_suite"}`), "total 0")
	want(t, b.must("user_groups_associations_list", `{"group":"All Staff","targets":"g_suite"}`), "Acme Google Workspace")
	want(t, b.must("user_groups_directories_list", `{"group":"Finance"}`), "Acme Microsoft 365")
}

// The user's own list is read to see that a directory is bound, and to end it.
func TestDirectoryBonds(t *testing.T) {
	b := newBench(t, sandboxOptions)
	bind := func(op string) string {
		return b.must("office365_associations_change", fmt.Sprintf(`{"directory":"Acme Microsoft 365","type":"user","object":"ada.king","op":%q}`, op))
	}
	want(t, bind("add"), string(Done))
	want(t, bind("add"), string(NoEffect))
	want(t, b.must("office365_users_list", `{"directory":"Acme Microsoft 365","filter":"name=ada.king"}`), "ada.king,direct")
	want(t, bind("remove"), string(Done))
}

// The login of Workday goes to Workday alone.
func TestWorkdayLoginStaysSecret(t *testing.T) {
	b := newBench(t, sandboxOptions)
	sent := ""
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(raw)))
			sent += string(raw)
		}
		return nil, nil
	}
	all := b.must("workday_create", `{"name":"Second","reportUrl":"https://wd.example/r","username":"isu","password":"wd-secret-1"}`)
	all += b.must("workday_auth_set", `{"workday":"Second","username":"isu","password":"wd-secret-1","dry_run":true}`)
	all += b.must("workday_auth_set", `{"workday":"Second","username":"isu","password":"wd-secret-1"}`) + b.audit.String()
	if strings.Contains(all, "wd-secret-1") || strings.Count(sent, `"password":"wd-secret-1"`) != 2 {
		t.Errorf("shown %s\nsent %s", all, sent)
	}
}

// What was not given stays, and the type that is in the path is in the body too.
func TestMergedUpdates(t *testing.T) {
	b := newBench(t, sandboxOptions)
	var body map[string]any
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPut {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(raw)))
			body = nil
			return nil, json.Unmarshal(raw, &body)
		}
		return nil, nil
	}
	mail := b.sandbox.Rows("customemails")[0]
	want(t, b.must("custom_emails_update", fmt.Sprintf(`{"email_type":%q,"button":""}`, mail["type"])), string(Done))
	if body["type"] != mail["type"] || body["subject"] != mail["subject"] || body["button"] != "" {
		t.Errorf("sent %v", body)
	}
	radius := b.sandbox.Rows("radius_servers")[0]
	text := b.must("radius_servers_update", `{"radius_server":"Office WiFi","mfa":"REQUIRED"}`)
	want(t, text, string(Done), "mfa")
	if secret, _ := radius["sharedSecret"].(string); secret == "" || body["sharedSecret"] != secret || strings.Contains(text, secret) {
		t.Errorf("sent %v, shown %s", body, text)
	}
}

// A logo goes as a form; what is no picture does not go at all.
func TestLogo(t *testing.T) {
	b := newBench(t, sandboxOptions)
	form := ""
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(raw)))
			form = r.Header.Get("Content-Type") + string(raw)
		}
		return nil, nil
	}
	want(t, b.must("applications_logo_set", `{"application":"Salesforce","image":"R0lGODlhAQABAAAAACwAAAAAAQABAAA="}`), string(Accepted), "image bytes=23")
	want(t, form, "multipart/form-data", `name="image"; filename="logo.gif"`, "GIF89a")
	for image, why := range map[string]string{"SGVsbG8=": "no PNG", "not base64!": "base64"} {
		form = ""
		if text, a := b.call("applications_logo_set", fmt.Sprintf(`{"application":"Salesforce","image":%q}`, image)); !a.IsError || !strings.Contains(text, why) || form != "" {
			t.Errorf("%s: %s, sent %q", image, text, form)
		}
	}
}
