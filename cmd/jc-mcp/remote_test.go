package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	neturl "net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// certificate makes one for 127.0.0.1.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key = write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return cert, key, pool
}

// tokenGrants is a grant file whose one agent has a token.
func tokenGrants(t *testing.T) (file, token string) {
	t.Helper()
	token, hash := auth.NewToken()
	return grantFile(t, "version: 1\nagents:\n  desk:\n    who: [{token_sha256: \""+hash+"\"}]\n    may: [{read: [users]}]\n"), token
}

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

// Off loopback a server starts only with tokens, TLS and names.
func TestOffLoopbackIsRefused(t *testing.T) {
	file, _ := tokenGrants(t)
	stdio := grantFile(t, "version: 1\nagents:\n  desk:\n    who: [{local: stdio}]\n    may: [{read: [users]}]\n")
	cert, key, _ := certificate(t)
	open := []string{"http", "--sandbox", "--addr", "0.0.0.0:0"}
	local := []string{"http", "--sandbox", "--addr", "127.0.0.1:0"}
	for _, c := range []struct {
		start []string
		args  []string
		say   string
	}{
		{open, nil, "not on loopback"},
		{open, nil, "grants token"},
		{open, []string{"--tls-cert", cert, "--tls-key", key, "--host", "a.example"}, "--grants"},
		{open, []string{"--grants", stdio, "--tls-cert", cert, "--tls-key", key, "--host", "a.example"}, "agents that it can know"},
		{open, []string{"--grants", file, "--host", "a.example"}, "--tls-cert and --tls-key, or --behind-proxy"},
		{open, []string{"--grants", file, "--tls-cert", cert, "--tls-key", key}, "--host"},
		{open, []string{"--grants", file, "--tls-cert", cert, "--host", "a.example"}, "belong together"},
		{open, []string{"--grants", file, "--tls-cert", cert, "--tls-key", cert, "--host", "a.example"}, "--tls-cert, --tls-key:"},
		{open, []string{"--grants", file, "--behind-proxy", "10.0.0.0/8", "--host", "https://a.example"}, "no URL"},
		{local, []string{"--behind-proxy", "10.0.0.0/8", "--host", "a.example"}, "--grants"},
		{local, []string{"--behind-proxy", "127.0.0.1", "--grants", file}, "--host"},
	} {
		state := []string{"--state-dir", filepath.Join(t.TempDir(), "state")}
		jcmcp(t, nil, append(append(append([]string{}, c.start...), c.args...), state...)...).want(t, exitUsage, c.say)
	}
}

// fetch is one request; token "" is none.
func fetch(t *testing.T, pool *x509.CertPool, method, url, host, token string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}}}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(initialize))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodGet {
		req.Body, req.ContentLength = nil, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if host != "" {
		req.Host = host
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// With all of that it serves by TLS, to who has a token, under its names, and has no page.
func TestOffLoopback(t *testing.T) {
	file, token := tokenGrants(t)
	cert, key, pool := certificate(t)
	r := serving(t, nil, func(url string) {
		_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/mcp"))
		if err != nil {
			t.Fatal(url, err)
		}
		base := "https://127.0.0.1:" + port
		for _, c := range []struct {
			method, path, host, token string
			want                      int
		}{
			{"POST", "/mcp", "a.example", token, 200},
			{"POST", "/mcp", "a.example:8443", token, 200},
			{"POST", "/mcp", "a.example", "", 401},
			{"POST", "/mcp", "a.example", "jcmcp_wrong", 401},
			{"POST", "/mcp", "b.example", token, 403},
			{"GET", "/approvals", "", token, 404},
			{"GET", "/approvals", "a.example", "", 401},
		} {
			if got, body := fetch(t, pool, c.method, base+c.path, c.host, c.token); got != c.want {
				t.Errorf("%v: %d %s", c, got, body)
			}
		}
	}, "http", "--sandbox", "--addr", "0.0.0.0:0", "--grants", file, "--state-dir", filepath.Join(t.TempDir(), "state"), "--host", "a.example", "--tls-cert", cert, "--tls-key", key)
	r.want(t, exitDone)
	if strings.Contains(r.err, token) {
		t.Error("the token is in the log")
	}
}

// On loopback the page stands beside /mcp behind the same guard, and needs no token;
// behind a proxy there is none.
func TestApprovalsPageIsServed(t *testing.T) {
	file, token := tokenGrants(t)
	serving(t, nil, func(url string) {
		page := strings.TrimSuffix(url, "/mcp") + "/approvals"
		if status, body := fetch(t, nil, "GET", page, "", ""); status != 200 || !strings.Contains(body, "<h1>Approvals</h1>") {
			t.Errorf("%d %s", status, body)
		}
		if status, body := fetch(t, nil, "GET", page, "evil.example", ""); status != 403 || !strings.Contains(body, "host not allowed") {
			t.Errorf("%d %s", status, body)
		}
		if status, body := fetch(t, nil, "GET", page, "a.example", ""); status != 403 || !strings.Contains(body, "this machine only") {
			t.Errorf("%d %s", status, body)
		}
		if status, body := fetch(t, nil, "POST", page+"/switch", "", ""); status != 403 {
			t.Errorf("%d %s", status, body)
		}
		if status, _ := fetch(t, nil, "POST", url, "", ""); status != 401 {
			t.Errorf("/mcp without a token: %d", status)
		}
	}, "http", "--sandbox", "--addr", "127.0.0.1:0", "--grants", file, "--state-dir", filepath.Join(t.TempDir(), "state"), "--host", "a.example").want(t, exitDone, "/approvals")
	serving(t, nil, func(url string) {
		if status, _ := fetch(t, nil, "GET", strings.TrimSuffix(url, "/mcp")+"/approvals", "", token); status != 404 {
			t.Errorf("behind a proxy: %d", status)
		}
		if status, body := fetch(t, nil, "POST", url, "a.example", token); status != 200 {
			t.Errorf("%d %s", status, body)
		}
	}, "http", "--sandbox", "--addr", "127.0.0.1:0", "--grants", file, "--state-dir", filepath.Join(t.TempDir(), "state"), "--host", "a.example", "--behind-proxy", "127.0.0.1,10.0.0.0/8").want(t, exitDone)
}

// An agent asks over HTTP, a person approves on the page, and the agent's next call runs.
func TestApprovedOnThePage(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	key, err := state.NewKey("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	path, err := state.KeyPath("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Save(path, []byte(testPassphrase)); err != nil {
		t.Fatal(err)
	}
	token, hash := auth.NewToken()
	file := grantFile(t, "version: 1\nagents:\n  desk:\n    who: [{token_sha256: \""+hash+"\"}]\n    may: [{read: [users]}, {do: [users_reset_mfa], approve: human}]\n"+
		"approvers:\n  it-lead: {key: \""+key.Public()+"\", may: [users_reset_mfa]}\n")
	got := serving(t, nil, func(url string) {
		call := agent(t, url, token)
		text := call("users_reset_mfa", `{"user":"ben.kurz"}`)
		m := regexp.MustCompile("jc-mcp approve ([0-9A-Z]{8})").FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("nobody is asked: %s", text)
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		person := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
		page := strings.TrimSuffix(url, "/mcp") + "/approvals/" + m[1]
		body := answerOf(t)(person.Get(page))
		form := neturl.Values{"do": {"approve"}, "approver": {"it-lead"}, "passphrase": {testPassphrase}}
		for _, f := range regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			form.Set(f[1], f[2])
		}
		if body = answerOf(t)(person.PostForm(page, form)); !strings.Contains(body, "It is approved") {
			t.Fatal(body)
		}
		if text = call("users_reset_mfa", `{"user":"ben.kurz"}`); strings.Contains(text, "needs_approval") || !strings.Contains(text, "ben.kurz") || strings.Contains(text, `"isError":true`) {
			t.Errorf("approved, and answered %s", text)
		}
		if body = answerOf(t)(person.Get(page)); !strings.Contains(body, "It is used") {
			t.Error(body)
		}
	}, "http", "--sandbox", "--addr", "127.0.0.1:0", "--grants", file, "--state-dir", filepath.Join(home, "state"))
	got.want(t, exitDone, `"phase":"approved"`, `"approver":"it-lead"`)
	if strings.Contains(got.err, testPassphrase) || strings.Contains(got.err, token) {
		t.Error("a passphrase or a token is in the log")
	}
}

// answerOf gives the body of an answer that is 200.
func answerOf(t *testing.T) func(*http.Response, error) string {
	return func(resp *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp.StatusCode, err, string(body))
		}
		return string(body)
	}
}

// agent opens a session, and gives what calls a tool in it.
func agent(t *testing.T, url, token string) func(tool, args string) string {
	t.Helper()
	session, client := "", &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	send := func(body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		req.Header.Set("Authorization", "Bearer "+token)
		if session != "" {
			req.Header.Set("Mcp-Session-Id", session)
			req.Header.Set("MCP-Protocol-Version", "2025-11-25")
		}
		resp, err := client.Do(req)
		if err == nil && session == "" {
			session = resp.Header.Get("Mcp-Session-Id")
		}
		return answerOf(t)(resp, err)
	}
	send(initialize)
	return func(tool, args string) string {
		t.Helper()
		return send(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + args + `}}`)
	}
}
