package jumpcloud

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// upstream is a server on loopback that counts its connections.
type upstream struct {
	*httptest.Server
	opened atomic.Int32
}

func serve(t testing.TB, h http.HandlerFunc) *upstream { return serveOn(t, "127.0.0.1:0", h) }

func serveOn(t testing.TB, addr string, h http.HandlerFunc) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("no second loopback address on this machine: %v", err)
	}
	u := &upstream{Server: httptest.NewUnstartedServer(h)}
	u.Listener.Close()
	u.Listener = l
	u.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			u.opened.Add(1)
		}
	}
	u.Start()
	t.Cleanup(u.Close)
	return u
}

// abort ends a connection with a reset, or quietly.
func abort(w http.ResponseWriter, rst bool) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok && rst {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}
