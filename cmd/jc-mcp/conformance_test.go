package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The fixtures are served without a credential and without the product's tools,
// whatever the environment holds.
func TestConformanceServesFixturesOnly(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	up := make(chan string, 1)
	errs := &onLine{func(line string) {
		if m := loggedURL.FindStringSubmatch(line); m != nil {
			up <- m[1]
		}
	}}
	s := testShell([]string{"JC_API_KEY=hunter2", "JC_REGION=nowhere"}, strings.NewReader(""), io.Discard, errs)
	cmd := s.conformanceCommand()
	cmd.SetArgs([]string{"--addr", "127.0.0.1:0"})
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	var url string
	select {
	case url = <-up:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(soon):
		t.Fatal("it did not start")
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	q, _ := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	q.Header.Set("Mcp-Method", "tools/list")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(r.Body)
	r.Body.Close()
	if !bytes.Contains(b, []byte(`"test_simple_text"`)) || bytes.Contains(b, []byte("users_")) {
		t.Errorf("%d %.400s", r.StatusCode, b)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestConformanceIsHiddenAndOnLoopback(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "127.0.0.1"} {
		s := testShell(nil, strings.NewReader(""), io.Discard, io.Discard)
		cmd := s.conformanceCommand()
		cmd.SetArgs([]string{"--addr", addr})
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		var usage *usageError
		if err := cmd.ExecuteContext(t.Context()); !cmd.Hidden || !errors.As(err, &usage) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
