package tools

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A key that the API does not read by itself is read back in the list, and what
// is still listed is not called deleted.
func TestReadInList(t *testing.T) {
	for name, kept := range map[string]bool{"deleted": false, "kept": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, sandboxOptions)
			b.must("users_ssh_keys_create", `{"user":"ada.king","name":"work","public_key":"ssh-ed25519 AAAA"}`)
			if kept {
				b.refusing(http.StatusOK, func(r *http.Request) bool { return r.Method == http.MethodDelete })
			}
			text, _ := b.call("users_ssh_keys_delete", `{"user":"ada.king","ssh_key":"work"}`)
			want := string(Done)
			if kept {
				want = string(Accepted)
			}
			if !strings.HasPrefix(text, want) {
				t.Errorf("got %s, want %s", text, want)
			}
			if text, _ := b.call("users_ssh_keys_delete", `{"user":"ada.king","ssh_key":"work"}`); !kept && !strings.Contains(text, "no SSH key is called") {
				t.Errorf("deleted twice: %s", text)
			}
		})
	}
}

// What a PUT makes anew is not missed for being absent before.
func TestUpsert(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("google_emm_gcep_delete", `{}`)
	b.refusing(http.StatusNotFound, func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/gcep/")
	})
	if text, a := b.call("google_emm_gcep_update", `{"body":{"enabled":true}}`); a.IsError || !strings.HasPrefix(text, string(Accepted)) {
		t.Errorf("got %s", text)
	}
}

// Names that are near are offered for objects inside others too.
func TestNearNameInside(t *testing.T) {
	b := newBench(t, sandboxOptions)
	phone := b.sandbox.Rows("push_endpoints")[0]
	args := fmt.Sprintf(`{"user":%q,"push_endpoint":%q}`, phone["user"], phone["name"].(string)+"x")
	if text, _ := b.call("push_verification_endpoints_get", args); !strings.Contains(text, phone["name"].(string)+`"`) {
		t.Errorf("the near name is not offered: %s", text)
	}
}
