package transport

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

func TestOriginAndHost(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{Origins: []string{"https://app.example.com"}, Hosts: []string{"mcp.example.com"}})
	port := s.url[strings.LastIndex(s.url, ":") : len(s.url)-len("/mcp")]
	origin := func(o ...string) func(*http.Request) {
		return func(q *http.Request) { q.Header["Origin"] = o }
	}
	host := func(h string) func(*http.Request) { return func(q *http.Request) { q.Host = h } }
	for _, c := range []struct {
		name string
		edit func(*http.Request)
		want int
	}{
		{"no origin", nil, 200},
		{"allowed origin", origin("https://app.example.com"), 200},
		{"allowed origin, another case", origin("https://APP.example.com"), 200},
		{"page on loopback", origin("http://localhost:6274"), 200},
		{"page on v6 loopback", origin("http://[::1]:6274"), 200},
		{"host localhost", host("localhost" + port), 200},
		{"host v6", host("[::1]:80"), 200},
		{"allowed host", host("mcp.example.com"), 200},
		{"allowed host, any port", host("mcp.example.com:8443"), 200},

		{"foreign origin", origin("https://evil.example"), 403},
		{"null origin", origin("null"), 403},
		{"empty origin", origin(""), 403},
		{"two origins", origin("https://app.example.com", "https://evil.example"), 403},
		{"allowed origin as prefix", origin("https://app.example.com.evil.example"), 403},
		{"allowed origin, other scheme", origin("http://app.example.com"), 403},
		{"allowed origin, other port", origin("https://app.example.com:444"), 403},
		{"loopback as prefix", origin("http://localhost.evil.example"), 403},
		{"loopback as user", origin("http://localhost@evil.example"), 403},
		{"loopback address in a name", origin("http://127.0.0.1.nip.io"), 403},
		{"origin with a path", origin("http://localhost/x"), 403},
		{"file origin", origin("file://localhost"), 403},
		{"extension", origin("chrome-extension://localhost"), 403},
		{"any address as origin", origin("http://0.0.0.0:8080"), 403},
		{"rebinding host", host("evil.example" + port), 403},
		{"host with loopback as prefix", host("127.0.0.1.evil.example"), 403},
		{"host localhost as label", host("localhost.evil.example"), 403},
		{"trailing dot", host("localhost."), 403},
		{"any address", host("0.0.0.0" + port), 403},
		{"any v6 address", host("[::]" + port), 403},
		{"decimal address", host("2130706433"), 403},
		{"short address", host("127.1"), 403},
		{"mapped address", host("[::ffff:127.0.0.1]"), 403},
		{"allowed host as suffix", host("x.mcp.example.com"), 403},
		{"private address", host("192.168.1.10" + port), 403},
	} {
		before := f.count()
		status, _ := s.post(call26("1", "echo", `{}`), c.edit)
		if ran := f.count() - before; status != c.want || (ran == 1) != (c.want == 200) {
			t.Errorf("%s: %d, ran %d", c.name, status, ran)
		}
	}
}

func TestHostOffLoopback(t *testing.T) {
	s := startPipes(t, newFake(), Options{}) // an address that is not loopback
	for host, want := range map[string]int{"jc.test": 200, "localhost": 403, "127.0.0.1": 403} {
		status, _ := s.post(call26("1", "echo", `{}`), func(q *http.Request) { q.Host = host })
		if status != want {
			t.Errorf("%s: %d", host, status)
		}
	}
	status, _ := s.post(call26("1", "echo", `{}`), func(q *http.Request) { q.Header.Set("Origin", "http://localhost") })
	if status != 403 {
		t.Errorf("loopback origin from elsewhere: %d", status)
	}
}

func TestSmuggledEnvelopesAreRefusedOnHTTP(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	_, in := s.session(revision2025, `{}`)
	for name, body := range smuggled {
		edit := in
		if strings.Contains(body, revision2026) {
			edit = nil
		}
		if status, m := s.post(body, edit); status != 400 || len(m) != 1 || m[0].code() != -32600 {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	if f.count() != 0 {
		t.Errorf("%d tools ran", f.count())
	}
}

// zeros is a body of any length that needs no memory.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	for i := range p[:n] {
		p[i] = 'a'
	}
	z.left -= n
	return int(n), nil
}

func TestHugeBodies(t *testing.T) {
	s := startHTTP(t, newFake(), Options{})
	for name, length := range map[string]int64{"announced": 100 << 20, "chunked": -1} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		q, err := http.NewRequest(http.MethodPost, s.url, &zeros{100 << 20})
		if err != nil {
			t.Fatal(err)
		}
		q.ContentLength = length
		q.Header.Set("Content-Type", "application/json")
		r, err := s.c.Do(q)
		if err != nil { // the server may close while the client still writes
			t.Logf("%s: %v", name, err)
		} else {
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
			if r.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d", name, r.StatusCode)
			}
		}
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 8 {
			t.Errorf("%s: %d MiB allocated", name, used)
		}
	}
	big := call26("1", "echo", `{"user":"`+strings.Repeat("a", 1<<20-600)+`"}`)
	if status, m := s.post(big, nil); status != 200 || m[0].Error != nil {
		t.Errorf("a body under the cap: %d", status)
	}
	if status, m := s.post(big+strings.Repeat(" ", 1000), nil); status != 413 || m[0].code() != -32600 {
		t.Errorf("a body over the cap: %d", status)
	}
}
