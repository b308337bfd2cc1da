package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// authority issues certificates for tests.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	last int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, last: 1}
	a.key, a.cert = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	return a
}

func (a *authority) make(template *x509.Certificate, by *authority) (*ecdsa.PrivateKey, *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.last++
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(a.last), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, cert
}

// issue makes a certificate of this authority, for tls.
func (a *authority) issue(template x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, cert := a.make(&template, a)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// server is one for 127.0.0.1.
func (a *authority) server() tls.Certificate {
	return a.issue(x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// pair writes a certificate and its key where a server reads them.
func (a *authority) pair(dir string, c tls.Certificate) (cert, key string) {
	a.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	a.write(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
	a.write(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return cert, key
}

func (a *authority) write(path string, data []byte) string {
	a.t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

var forClient = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}

// Client certificates make agents: those of our authority, made for clients, by their
// names; a token beside one decides.
func TestClientCertificates(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	is := newIssuer(t)
	dir := t.TempDir()
	cert, key := ours.pair(dir, ours.server())
	ca := ours.write(filepath.Join(dir, "ca.crt"), ours.pem())
	grants := oauthGrants(t, is.URL, `  robot:
    who: [{san: "spiffe://example.com/robot"}, {san: robot.example.com}]
    may: [{read: [users]}]`)
	spiffe := []*url.URL{{Scheme: "spiffe", Host: "example.com", Path: "/robot"}}
	r := serving(t, nil, func(at string) {
		with := func(c *tls.Certificate) *caller {
			conf := &tls.Config{RootCAs: ours.pool(), MinVersion: tls.VersionTLS12}
			if c != nil {
				conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c, nil }
			}
			return newCaller(t, at, &http.Transport{TLSClientConfig: conf})
		}
		robot := ours.issue(x509.Certificate{URIs: spiffe, ExtKeyUsage: forClient})
		with(&robot).call("", "users_list", `{"limit":1}`).want(t, 200, "# total")
		byHost := ours.issue(x509.Certificate{DNSNames: []string{"robot.example.com"}, ExtKeyUsage: forClient})
		with(&byHost).list().want(t, 200, `"users_list"`)
		with(nil).list().want(t, 401)
		stranger := ours.issue(x509.Certificate{DNSNames: []string{"other.example.com"}, ExtKeyUsage: forClient})
		stranger.Leaf.Subject.CommonName = "robot.example.com"
		with(&stranger).list().want(t, 403, "no agent of this server's grant file")

		// a token decides, and a bad one is not made good by a certificate
		with(&robot).call(is.token(t, "svc-bot", "jc:change:users", nil), "users_update", `{"user":"ben.kurz","dry_run":true,"department":"x"}`).want(t, 200, "DRY RUN")
		with(&robot).list("Bearer x").want(t, 401)
		sum := sha256.Sum256(robot.Certificate[0])
		bound := is.token(t, "svc-bot", "jc:read", map[string]any{"cnf": map[string]any{"x5t#S256": raw64(sum[:])}})
		with(&robot).list("Bearer "+bound).want(t, 200, `"users_list"`)
		with(&byHost).list("Bearer "+bound).want(t, 401, "bound to another")
		with(nil).list("Bearer "+bound).want(t, 401, "bound to another")

		for name, bad := range map[string]tls.Certificate{
			"of another authority": theirs.issue(x509.Certificate{URIs: spiffe, ExtKeyUsage: forClient}),
			"made for servers":     ours.issue(x509.Certificate{URIs: spiffe, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}),
			"made for nothing":     ours.issue(x509.Certificate{URIs: spiffe}),
			"made for code":        ours.issue(x509.Certificate{URIs: spiffe, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}),
		} {
			c := with(&bad)
			resp, err := c.client.Do(c.request("tools/list", "", ""))
			if err == nil {
				resp.Body.Close()
				t.Errorf("a certificate %s: %d", name, resp.StatusCode)
			}
		}
	}, oauthArgs(t, is.URL, grants, "--sandbox", "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", ca)...)
	r.want(t, exitDone, `"agent":"robot","principal":"spiffe://example.com/robot"`)
}

// New files are used by new connections, open ones go on, and bad files change nothing.
func TestCertificatesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		dir := t.TempDir()
		first, second := a.server(), a.server()
		cert, key := a.pair(dir, first)
		var log buffer
		conf, err := (&remoteAccess{certFile: cert, keyFile: key}).tls(slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		connect := func() (*tls.Conn, *x509.Certificate) {
			t.Helper()
			near, far := net.Pipe()
			srv := tls.Server(far, conf)
			go func() { _, _ = io.Copy(srv, srv); srv.Close() }()
			c := tls.Client(near, &tls.Config{RootCAs: a.pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
			if err := c.Handshake(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { near.Close() })
			return c, c.ConnectionState().PeerCertificates[0]
		}
		shows := func(want tls.Certificate, what string) {
			t.Helper()
			time.Sleep(certificatesEvery)
			if _, got := connect(); !got.Equal(want.Leaf) {
				t.Error(what)
			}
		}
		old, got := connect()
		if !got.Equal(first.Leaf) {
			t.Error("another certificate is shown")
		}
		a.write(cert, []byte("not yet written"))
		shows(first, "a bad certificate is used")
		shows(first, "a bad certificate is used")
		a.pair(dir, second)
		a.write(key, []byte("old"))
		shows(first, "a certificate without its key is used")
		if err := os.Remove(cert); err != nil {
			t.Fatal(err)
		}
		shows(first, "a missing certificate is used")
		a.pair(dir, second)
		shows(second, "the new certificate is not used")
		if _, err := old.Write([]byte("ping")); err != nil {
			t.Error("an open connection ended:", err)
		}
		if _, err := io.ReadFull(old, make([]byte, 4)); err != nil {
			t.Error("an open connection ended:", err)
		}
		if bad, good := strings.Count(log.String(), "are not good"), strings.Count(log.String(), "new connections use them"); bad != 3 || good != 1 {
			t.Errorf("%d errors and %d changes were told: %s", bad, good, log.String())
		}
	})
}

// Behind a proxy nobody else is answered, and what a proxy says of others is not believed.
func TestOnlyProxiesAreAnswered(t *testing.T) {
	file, token := tokenGrants(t)
	start := func(proxies string) []string {
		return []string{"http", "--sandbox", "--addr", "127.0.0.1:0", "--grants", file, "--state-dir", filepath.Join(t.TempDir(), "state"), "--host", "a.example", "--behind-proxy", proxies}
	}
	serving(t, nil, func(url string) {
		c := newCaller(t, url, nil)
		c.list("Bearer "+token).want(t, 403, "answers its proxies only")
		req := c.request("tools/list", "", "")
		for _, h := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} {
			req.Header.Set(h, "10.1.2.3")
		}
		req.Header.Set("Authorization", "Bearer "+token)
		c.do(req).want(t, 403, "answers its proxies only")
		c.get(metadataPath).want(t, 403)
	}, start("10.0.0.0/8,192.0.2.7")...).want(t, exitDone)
	serving(t, nil, func(url string) {
		c := newCaller(t, url, nil)
		c.list("Bearer "+token).want(t, 200, `"users_list"`)
		req := c.request("tools/list", "", "")
		req.Header.Set("X-Forwarded-Host", "a.example")
		req.Header.Set("Authorization", "Bearer "+token)
		req.Host = "evil.example"
		c.do(req).want(t, 403, "host not allowed")
	}, start("127.0.0.0/8")...).want(t, exitDone)
}

func TestProxyList(t *testing.T) {
	r := &remoteAccess{}
	var err error
	if r.proxies, err = proxyList("10.1.0.0/16, 192.0.2.7,2001:db8::/32 , ::ffff:198.51.100.1"); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"10.1.2.3:1": true, "10.2.0.1:1": false, "192.0.2.7:9": true, "192.0.2.8:9": false, "[2001:db8::1]:1": true, "[2001:db9::1]:1": false,
		"[::ffff:10.1.2.3]:1": true, "198.51.100.1:1": true, "[fe80::1%eth0]:1": false, "": false, "@": false, "pipe": false,
	} {
		if r.proxied(at) != want {
			t.Errorf("%s is answered: %v", at, !want)
		}
	}
	for v, say := range map[string]string{
		"true": "JC_BEHIND_PROXY=10.0.0.0/8", "false": "no longer taken", "1": "no longer taken", "proxy.example.com": "addresses",
		"0.0.0.0/0": "every address", "::/0": "every address", "10.0.0.0/8,": "empty", "10.0.0.0/33": "addresses", "::ffff:10.0.0.0/104": "IPv4",
	} {
		if _, err := proxyList(v); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: %v", v, err)
		}
	}
}

// Settings that mean nothing together stop the start.
func TestRemoteSettingsFit(t *testing.T) {
	is := newIssuer(t)
	file, _ := tokenGrants(t)
	issued := oauthGrants(t, is.URL)
	cert, key, _ := certificate(t)
	for _, c := range []struct {
		args []string
		say  string
	}{
		{[]string{"--oauth-issuer", is.URL, "--grants", issued}, "belong together"},
		{[]string{"--oauth-audience", resource, "--grants", issued}, "belong together"},
		{[]string{"--oauth-issuer", is.URL, "--oauth-audience", resource}, "takes --grants"},
		{[]string{"--oauth-issuer", is.URL, "--oauth-audience", resource, "--grants", file}, "no agent of the grant file comes from"},
		{[]string{"--oauth-issuer", is.URL + "/", "--oauth-audience", resource, "--grants", issued}, "same letters"},
		{[]string{"--oauth-issuer", "http://login.example.com", "--oauth-audience", resource, "--grants", issued}, "https, or http on loopback"},
		{[]string{"--oauth-issuer", is.URL, "--oauth-audience", "mcp", "--grants", issued}, "the URL that clients call this server by"},
		{[]string{"--tls-client-ca", cert, "--grants", file}, "takes --tls-cert"},
		{[]string{"--tls-client-ca", cert, "--tls-cert", cert, "--tls-key", key, "--grants", file}, "no agent of the grant file has a san"},
		{[]string{"--behind-proxy", "--grants", file}, "10.0.0.0/8"},
		{[]string{"--tls-client-ca", key, "--tls-cert", cert, "--tls-key", key, "--grants", file}, "--tls-client-ca: the file holds no certificate"},
		{[]string{"--addr", "0.0.0.0:0", "--host", "a.example", "--tls-cert", cert, "--tls-key", key, "--grants", issued}, "agents that it can know"},
	} {
		state := filepath.Join(t.TempDir(), "state")
		jcmcp(t, nil, append([]string{"http", "--sandbox", "--addr", "127.0.0.1:0", "--state-dir", state}, c.args...)...).want(t, exitUsage, c.say)
	}
	jcmcp(t, []string{"JC_BEHIND_PROXY=true"}, "http", "--sandbox").want(t, exitUsage, "JC_BEHIND_PROXY=10.0.0.0/8")
	serving(t, nil, func(url string) {
		newCaller(t, url, nil).list().want(t, 401)
	}, "http", "--sandbox", "--addr", "127.0.0.1:0", "--state-dir", filepath.Join(t.TempDir(), "state"), "--grants", issued).want(t, exitDone, "which is not --oauth-issuer")
}
