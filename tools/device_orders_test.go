package tools

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// ordersOf are the orders that the sandbox has for a device, by hostname.
func (b *bench) ordersOf(hostname string) (out []string) {
	b.t.Helper()
	id := b.found("devices", "hostname", hostname).Text("_id")
	for _, a := range b.sandbox.Rows("device_actions") {
		if a["system"] == id {
			out = append(out, a["command"].(string))
		}
	}
	return out
}

func TestDeviceOrdersTakeTheirWay(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct{ tool, args, host, order, way string }{
		{"devices_lock", `{"device":"LT-042"}`, "LT-042", "lock", "the JumpCloud agent"},
		{"devices_erase", `{"device":"C02XYZ"}`, "NB-117", "erase", "the JumpCloud agent"},
		{"devices_restart", `{"device":"db-01"}`, "db-01", "restart", "the JumpCloud agent"},
		{"devices_shutdown", `{"device":"web-01"}`, "web-01", "shutdown", "the JumpCloud agent"},
		{"devices_lock", `{"device":"MBP-031","pin":"493817"}`, "MBP-031", "lock", "Apple MDM"},
		{"devices_erase", `{"device":"MBP-032","pin":"493817"}`, "MBP-032", "erase", "Apple MDM"},
		{"devices_restart", `{"device":"MBP-032"}`, "MBP-032", "restart", "Apple MDM"},
		{"devices_lock", `{"device":"PX-001"}`, "PX-001", "lock", "Google EMM"},
		{"devices_restart", `{"device":"PX-001"}`, "PX-001", "restart", "Google EMM"},
		{"devices_erase", `{"device":"PX-002"}`, "PX-002", "erase", "Google EMM"},
	} {
		text := b.must(c.tool, c.args)
		orders := b.ordersOf(c.host)
		if len(orders) == 0 || orders[len(orders)-1] != c.order {
			t.Errorf("%s %s: the sandbox has %v", c.tool, c.args, orders)
		}
		for _, want := range []string{"accepted, not yet seen. ", c.host, "through " + c.way, "last seen 20", "when it next connects", "Change c-", "Check: devices_get device="} {
			if !strings.Contains(text, want) {
				t.Errorf("%s %s does not say %q: %s", c.tool, c.args, want, text)
			}
		}
		if n := realTokens(t, text); n > 120 {
			t.Errorf("%s: %d tokens", c.tool, n)
		}
	}
	if strings.Contains(b.audit.String(), "493817") {
		t.Error("a PIN is in the audit")
	}
	if text := b.must("devices_erase", `{"device":"PX-002"}`); !strings.Contains(text, "personal data stays") {
		t.Errorf("it is not said what erase means on Android: %s", text)
	}
}

func TestDeviceOrdersSayWhenNoneCan(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("apple_mdm_devices_unenrol", `{"device":"MBP-031"}`)
	before := len(b.sandbox.Rows("device_actions"))
	for _, c := range [][3]string{
		{"devices_lock", `{"device":"MBP-031","pin":"123456"}`, "not enrolled"},
		{"devices_lock", `{"device":"MBP-032"}`, "PIN of six digits"},
		{"devices_erase", `{"device":"MBP-032"}`, "PIN of six digits"},
		{"devices_lock", `{"device":"MBP-032","pin":"12"}`, "pin"},
		{"devices_lock", `{"device":"LT-042","pin":"123456"}`, "no Apple device"},
		{"devices_restart", `{"device":"PX-002"}`, "work profile only"},
		{"devices_shutdown", `{"device":"PX-001"}`, "no such order"},
		{"devices_lock", `{"device":"kiosk-lobby"}`, "2 devices are called"},
	} {
		text, a := b.call(c[0], c[1])
		if !a.IsError || !strings.Contains(text, c[2]) || !strings.Contains(text, "Nothing was changed") {
			t.Errorf("%s %s: %s", c[0], c[1], text)
		}
	}
	if n := len(b.sandbox.Rows("device_actions")); n != before {
		t.Errorf("%d orders were given", n-before)
	}
}

// The person who is asked sees what the device is, whose, and when it was seen.
func TestDeviceOrdersAsk(t *testing.T) {
	b := newBench(t, sandboxOptions, confirming(auth.ConfirmDestroy))
	args := `{"device":"MBP-032","pin":"493817"}`
	q := b.ask("devices_erase", args)
	for _, want := range []string{"erase device MBP-032 (serial FVFH032LQ05D", "serial FVFH032LQ05D", "user maria.silva", "encrypted", "through Apple MDM", "last seen 20", "cannot be undone"} {
		if !strings.Contains(q.Question, want) {
			t.Errorf("the question does not say %q: %s", want, q.Question)
		}
	}
	if strings.Contains(q.Question, "493817") || len(b.ordersOf("MBP-032")) > 0 {
		t.Errorf("it shows the PIN, or was sent: %s", q.Question)
	}
	if text, a := b.agree("devices_erase", args, q); a.IsError || len(b.ordersOf("MBP-032")) != 1 {
		t.Error(text)
	}
	if text := b.must("devices_erase", `{"device":"C02XYZ","dry_run":true}`); !strings.HasPrefix(text, "DRY RUN. Nothing was sent") || !strings.Contains(text, "user bob.stone") {
		t.Error(text)
	}
}

func TestDeviceOrderLosesItsAnswer(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method != "POST" || !strings.Contains(r.URL.Path, "builtin") {
			return nil, nil
		}
		resp, err := b.wire.next.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, io.ErrUnexpectedEOF
	}
	text, a := b.call("devices_erase", `{"device":"LT-042"}`)
	if a.Code != "outcome_unknown" || len(b.wire.writes()) != 1 {
		t.Errorf("%v: %s", b.wire.writes(), text)
	}
}

// Where mdm.internal is not told, an Android device is found by its serial number.
func TestAndroidBySerial(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/api/search/systems" {
			return nil, nil
		}
		resp, err := b.wire.next.RoundTrip(r)
		if err != nil {
			return resp, err
		}
		var page map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
			return nil, err
		}
		for _, d := range page["results"].([]any) {
			delete(d.(map[string]any), "mdm")
		}
		raw, _ := json.Marshal(page)
		resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(string(raw))), int64(len(raw))
		return resp, nil
	}
	b.must("devices_lock", `{"device":"SM-003"}`)
	if orders := b.ordersOf("SM-003"); len(orders) != 1 {
		t.Errorf("%v", orders)
	}
}

func TestAppleAndGoogleTools(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range [][3]string{
		{"apple_mdm_list", `{}`, "Acme MDM,20"},
		{"apple_mdm_devices_list", `{"mdm":"Acme MDM","filter":"serialNumber=FVFH031LQ05D"}`, "# total 1; "},
		{"apple_mdm_devices_get", `{"device":"MBP-031"}`, `"serialNumber":"FVFH031LQ05D"`},
		{"apple_mdm_clear_activation_lock", `{"device":"MBP-031"}`, "accepted, not yet seen. clear the activation lock of MBP-031"},
		{"apple_mdm_refresh_activation_lock", `{"device":"MBP-031"}`, "accepted"},
		{"apple_mdm_refresh_os_updates", `{"device":"MBP-031"}`, "accepted"},
		{"apple_mdm_schedule_os_update", `{"device":"MBP-031","product_key":"MSU_15.2","install_action":"INSTALL_ASAP"}`, "update to MSU_15.2"},
		{"apple_mdm_devices_unenrol", `{"device":"MBP-031"}`, "done, read back"},
		{"google_emm_enterprises_list", `{}`, "Acme Inc,enterprises/"},
		{"google_emm_devices_list", `{"enterprise":"Acme Inc"}`, "# total 5; "},
		{"google_emm_devices_get", `{"device":"PX-001"}`, `"model":"Pixel 8"`},
	} {
		if text := b.must(c[0], c[1]); !strings.Contains(text, c[2]) {
			t.Errorf("%s %s does not say %q: %s", c[0], c[1], c[2], text)
		}
	}
	for _, c := range [][2]string{{"apple_mdm_devices_get", `{"device":"LT-042"}`}, {"google_emm_devices_get", `{"device":"LT-042"}`}} {
		if text, a := b.call(c[0], c[1]); a.Code != "not_found" {
			t.Errorf("%s: %s", c[0], text)
		}
	}
}

func TestFamilyOf(t *testing.T) {
	for _, c := range [][3]string{
		{"windows", "Windows", "windows"}, {"darwin", "Mac OS X", "darwin"}, {"linux", "Ubuntu", "linux"}, {"android", "Android", "android"},
		{"", "Mac OS X", "darwin"}, {"", "Windows", "windows"}, {"", "Ubuntu", "linux"}, {"", "iOS", "ios"}, {"iPadOS", "", "ios"},
		{"", "Android", "android"}, {"", "", ""}, {"chromeos", "Chrome OS", "chromeos"},
	} {
		if got := familyOf(jc.Row{"osFamily": c[0], "os": c[1]}); got != c[2] {
			t.Errorf("%v is %q", c, got)
		}
	}
}
