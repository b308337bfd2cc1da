package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// remoteGrants is a grant file whose agents come by these.
func remoteGrants(t *testing.T, who ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grants.yaml")
	text := "version: 1\nagents:\n  a:\n    who: [" + strings.Join(who, ", ") + "]\n    may: [{read: [users]}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func taken(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// Doctor looks at the ports, and at who may come, only where a server on http is meant.
func TestDoctorLooksAtPorts(t *testing.T) {
	_, hash := auth.NewToken()
	grants, busy := remoteGrants(t, "{token_sha256: "+hash+"}"), taken(t)
	up := httptest.NewServer(http.NotFoundHandler())
	defer up.Close()
	for _, c := range []struct {
		name, args string
		code       int
		words      []string
	}{
		{"loopback", "--addr 127.0.0.1:0", exitDone, []string{"ok   access         this machine only", "ok   port           127.0.0.1:0 is free"}},
		{"in use", "--addr " + busy, exitDone, []string{"note port           something listens on " + busy}},
		{"not of this machine", "--addr 203.0.113.7:80", exitFailed, []string{"fix  port           203.0.113.7:80"}},
		{"off loopback, open", "--addr :0", exitFailed, []string{"fix  access", "whoever reaches this server"}},
		{"in clear", "--addr :0 --grants " + grants, exitFailed, []string{"fix  access", "in clear"}},
		{"proxy", "--addr :0 --grants " + grants + " --behind-proxy 10.0.0.0/8 --host mcp.example.com --origin https://app.example.com", exitDone,
			[]string{"ok   access         callers from elsewhere are known by tokens of the grant file", "ok   proxies        only 10.0.0.0/8", "ok   origins        pages of https://app"}},
		{"wide proxy", "--addr :0 --grants " + grants + " --behind-proxy 0.0.0.0/1 --host mcp.example.com", exitDone, []string{"note proxies", "very many"}},
		{"sticky alone", "--addr 127.0.0.1:0 --sticky", exitFailed, []string{"fix  access", "--sticky"}},
		{"ops", "--ops-addr 127.0.0.1:0 --otlp-endpoint " + up.URL, exitDone, []string{"ok   ops port", "ok   traces"}},
		{"ops in use", "--ops-addr " + busy, exitDone, []string{"note ops port"}},
		{"ops on the same", "--addr 127.0.0.1:1 --ops-addr 127.0.0.1:1", exitFailed, []string{"fix  ops port"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			jcmcp(t, nil, append([]string{"doctor", "--sandbox", "--state-dir", filepath.Join(t.TempDir(), "state")}, strings.Fields(c.args)...)...).want(t, c.code, c.words...)
		})
	}
	if r := jcmcp(t, nil, "doctor", "--sandbox"); strings.Contains(r.out, " port ") {
		t.Errorf("nobody asked for a port:\n%s", r.out)
	}
}

// Doctor looks at certificate, key, names, end, and who issues client certificates.
func TestDoctorLooksAtCertificates(t *testing.T) {
	dir, ca := t.TempDir(), newAuthority(t)
	_, hash := auth.NewToken()
	grants := remoteGrants(t, "{token_sha256: "+hash+"}", "{san: agent.example.com}")
	soon, other := ca.server(), ca.server() // for an hour
	cert, key := ca.pair(dir, soon)
	_, foreign := ca.pair(t.TempDir(), other)
	long := filepath.Join(dir, "long.pem")
	ends := time.Now().Add(90 * day)
	if err := os.WriteFile(long, remade(t, ca, soon, []string{"mcp.example.com"}, ends), 0o600); err != nil {
		t.Fatal(err)
	}
	issuers := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(issuers, ca.pem(), 0o600); err != nil {
		t.Fatal(err)
	}
	examine := func(code int, cert, key, host string, words ...string) {
		t.Helper()
		jcmcp(t, nil, "doctor", "--sandbox", "--addr", ":0", "--grants", grants, "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", issuers, "--host", host,
			"--state-dir", filepath.Join(dir, "state")).want(t, code, words...)
	}
	examine(exitFailed, long, key, "mcp.example.com", "ok   tls            certificate and key", "ends on "+ends.UTC().Format(time.DateOnly),
		"ok   tls            the certificate names mcp.example.com", "fix  client ca", "tokens of the grant file, client certificates")
	examine(exitFailed, cert, key, "mcp.example.com", "fix  tls            the certificate ends on", "in 0 days", "does not name mcp.example.com", "it names 127.0.0.1")
	examine(exitFailed, cert, foreign, "127.0.0.1", "fix  tls            --tls-cert, --tls-key")
	if err := os.WriteFile(issuers, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: soon.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	examine(exitFailed, long, key, "mcp.example.com", "fix  client ca", "issues no certificates")
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(key, 0o644); err != nil { //nolint:gosec // that is what is tested
		t.Fatal(err)
	}
	examine(exitFailed, long, key, "mcp.example.com:8443", "fix  tls            every user of this machine can read the key")
}

// remade is a certificate for the same key with other names and another end.
func remade(t *testing.T, ca *authority, c tls.Certificate, names []string, ends time.Time) []byte {
	t.Helper()
	template := *c.Leaf
	template.DNSNames, template.NotAfter = names, ends
	der, err := x509.CreateCertificate(nil, &template, ca.cert, c.Leaf.PublicKey, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Doctor asks the issuer for its keys, and says what clients are told.
func TestDoctorAsksTheIssuer(t *testing.T) {
	is := newIssuer(t)
	none := httptest.NewServer(nil)
	defer none.Close()
	none.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{"kty": "oct", "k": "AAAA", "kid": "x"}}})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": none.URL, "jwks_uri": none.URL + "/keys"})
	})
	examine := func(url string, code int, words ...string) {
		t.Helper()
		jcmcp(t, nil, "doctor", "--sandbox", "--grants", remoteGrants(t, "{issuer: \""+url+"\", subject: s}"), "--oauth-issuer", url, "--oauth-audience", resource,
			"--state-dir", filepath.Join(t.TempDir(), "state"), "--addr", "127.0.0.1:0").want(t, code, words...)
	}
	examine(is.URL, exitDone, "ok   issuer         "+is.URL+" publishes 1 keys, for ES256", "ok   audience       tokens have to be made out to "+resource,
		"https://mcp.example.com/.well-known/oauth-protected-resource/mcp")
	examine(none.URL, exitFailed, "fix  issuer", "none is for RS256")
	is.down.Store(true)
	examine(is.URL, exitFailed, "fix  issuer", "letter by letter")
}

// Doctor looks at the store: answer, clock, seal key, who uses it, who is held back.
func TestDoctorLooksAtTheStore(t *testing.T) {
	m := miniredis.RunT(t)
	key, url := strings.Repeat("A", 43)+"=", "redis://"+m.Addr()
	up := jumpcloud(t, nil)
	environ := []string{"JC_API_KEY=k", "JC_CONSOLE_URL=" + up.URL, "JC_SEAL_KEY=" + key}
	stateDir := filepath.Join(t.TempDir(), "state")
	examine := func(environ []string, code int, words ...string) {
		t.Helper()
		jcmcp(t, environ, "doctor", "--store", url, "--state-dir", stateDir, "--rate", "20").want(t, code, words...)
		if _, err := os.Stat(stateDir); err == nil {
			t.Error("it made a state directory")
		}
	}
	examine(environ, exitDone, "ok   store key      set (1)", "ok   store          it answers after", "ok   store clock", "note replicas       no server", "ok   stop", "ok   rate           at most 20")
	examine(environ[:2], exitFailed, "fix  store key", "JC_SEAL_KEY")

	store, err := state.Connect(state.StoreOptions{URL: url, SealKeys: []auth.Secret{auth.Secret(key)}, Slow: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	dir, err := state.OpenShared(filepath.Join(t.TempDir(), "replica"), store)
	if err != nil {
		t.Fatal(err)
	}
	base, err := jc.ParseBase(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := &organization{hosts: jc.Hosts{Console: base}}
	l := dir.Limiter(o.paced(credential{Login: auth.Login{APIKey: auth.Value("k")}}), 0)
	examine(environ, exitDone, "ok   stop")
	l.Limited(t.Context(), time.Now().Add(10*time.Minute))
	examine(environ, exitDone, "note pace           JumpCloud answered 429: all servers hold back until")
	if _, err := dir.Stop("", "", "drill"); err != nil {
		t.Fatal(err)
	}
	examine(environ, exitDone, "note stop           stopped: all", "drill")

	if _, err := m.ZAdd("{jc-mcp}:replicas", float64(time.Now().UnixMicro()), "one"); err != nil {
		t.Fatal(err)
	}
	examine(environ, exitDone, "ok   replicas       1 use")
	m.SetTime(time.Now().Add(-time.Hour))
	examine(environ, exitFailed, "fix  store clock", "1h0m")
	m.Close()
	examine(environ, exitFailed, "fix  store          ", "fix  stop           the kill switch cannot be read")
}

// Without a store, what 429s taught stands in the state directory; the next process
// finds it there.
func TestDoctorFindsWhatHoldsServersBack(t *testing.T) {
	up := jumpcloud(t, nil)
	path := filepath.Join(t.TempDir(), "state")
	dir, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	base, err := jc.ParseBase(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := &organization{hosts: jc.Hosts{Console: base}}
	dir.Limiter(o.paced(credential{Login: auth.Login{APIKey: auth.Value("k")}}), 0).Limited(t.Context(), time.Time{})
	environ := []string{"JC_API_KEY=k", "JC_CONSOLE_URL=" + up.URL}
	r := jcmcp(t, environ, "doctor", "--state-dir", path)
	r.want(t, exitDone)
	if !regexp.MustCompile(`note pace           servers send at most \d+ requests a second for now`).MatchString(r.out) { // 5, and a second later 6
		t.Error(r.out)
	}
	environ[0] = "JC_API_KEY=another"
	if r := jcmcp(t, environ, "doctor", "--state-dir", path); strings.Contains(r.out, "pace") {
		t.Errorf("the pace of another key:\n%s", r.out)
	}
}
