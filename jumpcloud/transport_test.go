package jumpcloud

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegionHosts(t *testing.T) {
	for region, want := range map[string][]string{
		"us": {"https://console.jumpcloud.com", "https://api.jumpcloud.com", "https://admin-oauth.id.jumpcloud.com"},
		"eu": {"https://console.eu.jumpcloud.com", "https://api.eu.jumpcloud.com", "https://admin-oauth.id.eu.jumpcloud.com"},
		"in": {"https://console.in.jumpcloud.com", "https://api.in.jumpcloud.com", "https://admin-oauth.id.in.jumpcloud.com"},
	} {
		h, err := RegionHosts(region)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, []string{h.Console.String(), h.Insights.String(), h.OAuth.String()}); d != "" {
			t.Error(d)
		}
	}
	if _, err := RegionHosts("us-east"); err == nil || !strings.Contains(err.Error(), "eu, in, us") {
		t.Errorf("%v", err)
	}
}

func TestParseBase(t *testing.T) {
	for in, want := range map[string]string{
		"https://console.jumpcloud.com":     "https://console.jumpcloud.com",
		"https://Console.JumpCloud.com:443": "https://console.jumpcloud.com",
		"https://h:8443/":                   "https://h:8443",
		"http://127.0.0.1:8080":             "http://127.0.0.1:8080",
		"http://127.9.9.9:80":               "http://127.9.9.9",
		"http://localhost:1":                "http://localhost:1",
		"http://[::1]:8080":                 "http://[::1]:8080",
		"https://[::1]":                     "https://[::1]",
	} {
		if u, err := ParseBase(in); err != nil || u.String() != want {
			t.Errorf("%s: %v %v", in, u, err)
		}
	}
	for _, bad := range []string{"", "console.jumpcloud.com", "https://", "https:", "http://console.jumpcloud.com", "http://10.0.0.1", "http://localhost.evil.com", "http://127.0.0.1.evil.com",
		"https://h/api", "https://h?x=1", "https://h?", "https://h#f", "https://user:pw@h", "https://user@h", "ftp://h", "file:///etc/passwd", "https:h", "https://h:", "https://:443", "https://h:99999x", "//h", "https://h /"} {
		if u, err := ParseBase(bad); err == nil {
			t.Errorf("%q gave %v", bad, u)
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
}

// TestRouting: each path goes to its host, and tokens are not fetched through Do.
func TestRouting(t *testing.T) {
	hosts, err := RegionHosts("eu")
	if err != nil {
		t.Fatal(err)
	}
	c, s := scripted(t, func(cfg *Config) { cfg.Hosts, cfg.OrgID, cfg.UserAgent = hosts, "65fa1c", "jc-mcp/1" }, status(200, ok))
	for _, e := range []string{"GET /api/systemusers", "POST /insights/directory/v1/events", "GET /api/v2/insights/x"} {
		if _, err := c.Do(context.Background(), Request{Endpoint: At(e), Query: url.Values{"q": {"a b&c"}}}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"https://console.eu.jumpcloud.com/api/systemusers?q=a+b%26c", "https://api.eu.jumpcloud.com/insights/directory/v1/events?q=a+b%26c", "https://console.eu.jumpcloud.com/api/v2/insights/x?q=a+b%26c"}
	for i, seen := range s.seen {
		if seen.url != want[i] {
			t.Errorf("sent to %s", seen.url)
		}
		if h := seen.header; h.Get("x-org-id") != "65fa1c" || h.Get("User-Agent") != "jc-mcp/1" || h.Get("Accept") != "application/json" {
			t.Errorf("headers %v", h)
		}
	}
	_, err = c.Do(context.Background(), Request{Endpoint: At("POST /oauth2/token"), Effect: Once})
	if e := asError(t, err); e == nil || e.Code != CodeDenied || s.count() != 3 {
		t.Errorf("%v", err)
	}
}

func TestMisuse(t *testing.T) {
	c, s := scripted(t, nil, status(200, ok))
	for name, req := range map[string]Request{
		"delete without an effect": {Endpoint: At("DELETE /api/x")},
		"put without an effect":    {Endpoint: At("PUT /api/x")},
		"unknown effect":           {Endpoint: At("POST /api/x"), Effect: 9},
		"body on a get":            {Endpoint: At("GET /api/x"), Body: 1},
		"body that is no JSON":     {Endpoint: At("POST /api/x"), Body: func() {}},
	} {
		_, err := c.Do(context.Background(), req)
		if e := asError(t, err); e == nil || e.Code != CodeInternal || e.Outcome != NotSent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.count() != 0 {
		t.Error("something was sent")
	}
	for name, cfg := range map[string]Config{
		"no host":    {},
		"plain http": {Hosts: consoleAt("http://console.jumpcloud.com")},
		"a path":     {Hosts: consoleAt("https://h/api")},
		"bad org":    {Hosts: consoleAt("https://h"), OrgID: "a\r\nx-api-key: b"},
		"bad limit":  {Hosts: consoleAt("https://h"), Attempts: -1},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	c2, err := New(Config{Hosts: consoleAt("https://h"), Scope: "s1"})
	if err != nil || c2.Scope() != "s1" {
		t.Errorf("%v", err)
	}
	c2.Close()
}

// TestOtherTypes: an operation that answers a file is asked for it, and its body is left alone.
func TestOtherTypes(t *testing.T) {
	c, s := scripted(t, nil, status(200, "%PDF-1.7", "Content-Type", "application/pdf"))
	req := read
	if _, err := c.Do(context.Background(), req); !IsCode(err, CodeUpstreamDown) {
		t.Errorf("a file for JSON: %v", err)
	}
	req.Header = http.Header{"Accept": {"application/pdf"}}
	resp, err := c.Do(context.Background(), req)
	if err != nil || string(resp.Body) != "%PDF-1.7" || s.seen[1].header.Get("Accept") != "application/pdf" {
		t.Errorf("%v", err)
	}
}

// TestSecondCallOpensNoConnection: also after a burst, and after an error answer.
func TestSecondCallOpensNoConnection(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PUT" {
			w.WriteHeader(403)
		}
		_, _ = io.WriteString(w, ok)
	})
	c := dialled(t, up.URL, nil)
	for range 5 {
		_, _ = c.Do(context.Background(), read)
		_, _ = c.Do(context.Background(), put)
	}
	if n := up.opened.Load(); n != 1 {
		t.Errorf("%d connections for ten calls in a row", n)
	}
}

func TestTransport(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, ok) }))
	up.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is wanted
	up.StartTLS()
	defer up.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: up.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ca := range []string{"", file} {
		tr, err := NewTransport(TransportOptions{CAFile: ca})
		if err != nil {
			t.Fatal(err)
		}
		if tr.Proxy != nil || tr.TLSClientConfig.MinVersion != tls.VersionTLS12 || tr.TLSClientConfig.InsecureSkipVerify {
			t.Error("the transport is open")
		}
		c := dialled(t, up.URL, func(cfg *Config) { cfg.Transport = tr })
		_, err = c.Do(context.Background(), create)
		if e := asError(t, err); (e == nil) != (ca != "") || e != nil && (e.Cause != "certificate not trusted" || e.Outcome != NotSent || e.Attempts != 1) {
			t.Errorf("CA file %q: %v", ca, err)
		}
	}
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]TransportOptions{
		"missing CA": {CAFile: file + "x"}, "empty CA": {CAFile: file},
		"proxy scheme": {Proxy: &url.URL{Scheme: "ftp", Host: "p"}}, "proxy host": {Proxy: &url.URL{Scheme: "http"}},
	} {
		if _, err := NewTransport(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestProxy: a configured proxy is used.
func TestProxy(t *testing.T) {
	asked := make(chan string, 8)
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusForbidden)
	})
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := NewTransport(TransportOptions{Proxy: u})
	if err != nil {
		t.Fatal(err)
	}
	c := dialled(t, "https://console.test", func(cfg *Config) { cfg.Transport, cfg.Attempts = tr, 2 })
	_, err = c.Do(context.Background(), create)
	if e := asError(t, err); e.Outcome != NotSent || e.Code != CodeUpstreamDown {
		t.Errorf("%+v", *e)
	}
	if got := <-asked; got != "CONNECT console.test:443" {
		t.Error(got)
	}
}
