package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestKeyNeverShows runs the server with a key that nobody else has, against an
// upstream that repeats the key in every kind of error, and looks for the key in
// every byte that comes out.
func TestKeyNeverShows(t *testing.T) {
	t.Parallel()
	const canary = "jca_CANARY0f3b9e71d2c84a56"
	var seen atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("X-Api-Key")
		if key == canary {
			seen.Add(1)
		}
		echo(w, r, int(seen.Load()), key)
	}))
	defer up.Close()
	log := filepath.Join(t.TempDir(), "audit")
	w := startWire(t, []string{"JC_API_KEY=" + canary, "JC_CONSOLE_URL=" + up.URL, "JC_AUDIT_LOG=" + log, "JC_LOG_LEVEL=debug"}, "--confirm", "never")
	calls := []struct {
		tool string
		args map[string]any
	}{
		{"users_list", map[string]any{}}, {"users_list", map[string]any{"search": "a"}}, {"users_get", map[string]any{"user": "ana"}},
		{"users_get", map[string]any{"user": idOf("ana")}}, {"user_groups_create", map[string]any{"name": "Sales"}},
		{"devices_erase", map[string]any{"device": "MBP-1"}}, {"insights_query", map[string]any{"last": "1h"}},
		{"users_list", map[string]any{"cursor": "zzz"}}, {"users_update", map[string]any{"user": idOf("ana"), "department": "Sales"}},
	}
	n := 0
	for range 3 {
		for _, c := range calls {
			n++
			w.send(callTool(n, c.tool, c.args))
			if m := w.next(); m.Result == nil || m.text() == "" {
				t.Errorf("%s: %s", c.tool, m.raw)
			} else if strings.Contains(strings.ToLower(m.text()), "<html") {
				t.Errorf("%s shows markup: %s", c.tool, m.text())
			}
		}
	}
	w.stop()
	if seen.Load() < int64(n)/2 {
		t.Errorf("the key reached the upstream %d times in %d calls: this test tests nothing", seen.Load(), n)
	}
	audit, err := os.ReadFile(log)
	if err != nil || len(audit) == 0 {
		t.Fatalf("audit: %d bytes, %v", len(audit), err)
	}
	for where, text := range map[string]string{"stdout": w.out.String(), "stderr": w.errs.String(), "the audit log": string(audit)} {
		for form, s := range map[string]string{
			"as it is": canary, "its middle": "CANARY0f3b9e71", "in base64": base64.StdEncoding.EncodeToString([]byte(canary))[:24],
		} {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("the key (%s) is in %s: …%q…", form, where, text[max(0, i-200):min(len(text), i+80)])
			}
		}
		if strings.Contains(text, up.URL) {
			t.Errorf("the upstream's address is in %s", where)
		}
	}
}

// echo answers with the key in every place where servers repeat what they got.
func echo(w http.ResponseWriter, r *http.Request, n int, key string) {
	text := fmt.Sprintf("the key %s was refused for %s", key, r.URL)
	switch n % 8 {
	case 0:
		w.WriteHeader(401)
		_, _ = fmt.Fprintf(w, `{"message":%q,"error":%q}`, text, key)
	case 1:
		w.WriteHeader(403)
		_, _ = fmt.Fprintf(w, "<html><body>%s</body></html>", text)
	case 2:
		w.WriteHeader(400)
		_, _ = fmt.Fprintf(w, `{"code":3,"message":"bad","details":[{"message":%q}]}`, text)
	case 3:
		w.Header().Set("Location", "/login?key="+url.QueryEscape(key))
		w.WriteHeader(302)
	case 4:
		_, _ = fmt.Fprintf(w, "<html>sign in as %s</html>", key)
	case 5:
		_, _ = fmt.Fprintf(w, `{"results":[{"username":%q`, key) // cut
	case 6:
		w.WriteHeader(409)
		_, _ = io.WriteString(w, key)
	default:
		w.WriteHeader(404)
		_, _ = fmt.Fprintf(w, `{"error":{"message":%q}}`, key)
	}
}
