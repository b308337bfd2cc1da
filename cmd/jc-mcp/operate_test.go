package main

import (
	"net"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/ops"
)

func TestOperationIsChecked(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"http --sandbox --addr 127.0.0.1:0 --ops-addr 9090", exitUsage, ":9090"},
		{"http --sandbox --addr 127.0.0.1:0 --ops-addr " + taken.Addr().String(), exitFailed, "ops port"},
		{"http --sandbox --addr 127.0.0.1:0 --drain 5", exitUsage, "--drain"},
		{"http --sandbox --addr 127.0.0.1:0 --drain -1s", exitUsage, "--drain"},
		{"http --sandbox --addr 127.0.0.1:0 --drain 1h", exitUsage, "at most 5m"},
		{"stdio --sandbox --drain 5s", exitUsage, "drain"},
		{"stdio --sandbox --otlp-endpoint collector:4318", exitUsage, "http://host:4318"},
		{"healthcheck", exitUsage, "JC_OPS_ADDR"},
		{"healthcheck --ops-addr 9090", exitUsage, ":9090"},
		{"healthcheck now", exitUsage, "no argument"},
	} {
		jcmcp(t, nil, strings.Fields(c.args)...).want(t, c.code, c.says)
	}
	key := "https://collector.example.com?key=sesame-0123"
	if r := jcmcp(t, nil, "stdio", "--sandbox", "--otlp-endpoint", key); r.code != exitUsage || strings.Contains(r.err, "sesame") {
		t.Errorf("%d %s", r.code, r.err)
	}
}

// healthcheck finds the address where the server finds it.
func TestHealthcheck(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{"JC_OPS_ADDR=" + l.Addr().String()}
	_ = l.Close() // free, in all likelihood still when the server takes it
	serving(t, environ, func(string) {
		jcmcp(t, environ, "healthcheck").want(t, exitDone, "ready")
		jcmcp(t, environ, "healthcheck", "--live").want(t, exitDone, "alive")
	}, "http", "--sandbox", "--addr", "127.0.0.1:0").want(t, exitDone, "stopped")
	jcmcp(t, environ, "healthcheck").want(t, exitFailed, "nothing answers")
}

// Without a port and without traces nothing is watched: no call pays for it.
func TestNothingIsWatchedUnasked(t *testing.T) {
	o := operation{}
	if in, err := o.instruments(nil); in != nil || err != nil {
		t.Errorf("%v %v", in, err)
	}
	var none *ops.Instruments
	(&governed{}).watched(none, nil)
}
