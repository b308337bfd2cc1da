package ops

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

const (
	aTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	aParent = "00f067aa0ba902b7"
)

func TestSpans(t *testing.T) {
	kept := tracetest.NewInMemoryExporter()
	in, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	in.traces = newTracesTo(kept, nil)
	defer in.Close()
	calls, up := in.Calls("acme"), in.Upstream("acme", "")
	ctx, end := calls.Begin(t.Context(), "00-"+aTrace+"-"+aParent+"-01")
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	list := jc.At("GET /api/v2/usergroups/{group}")
	up.Sent(ctx, jc.Attempt{Endpoint: list, Status: 503, Number: 1, Start: start, Took: time.Second})
	up.Sent(ctx, jc.Attempt{Endpoint: list, Status: 200, Number: 2, Start: start.Add(2 * time.Second), Took: time.Second})
	end(tools.Observed{Tool: "user_groups_get", Risk: auth.Read, Agent: "helpdesk", Code: "timeout"})
	_, alone := calls.Begin(t.Context(), "")
	alone(tools.Observed{Agent: "helpdesk", Code: "not_found"})
	_, unsampled := calls.Begin(t.Context(), "00-"+aTrace+"-"+aParent+"-00")
	unsampled(tools.Observed{Tool: "users_list"})
	if err := in.traces.provider.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := kept.GetSpans()
	if len(spans) != 4 {
		t.Fatalf("%d spans", len(spans))
	}
	call := spans[2]
	if call.Name != "tools/call user_groups_get" || call.SpanContext.TraceID().String() != aTrace || call.Parent.SpanID().String() != aParent || !call.Parent.IsRemote() ||
		call.Status.Description != "timeout" {
		t.Errorf("the call: %+v", call)
	}
	attributes := map[string]string{}
	for _, a := range call.Attributes {
		attributes[string(a.Key)] = a.Value.String()
	}
	if d := cmp.Diff(map[string]string{"mcp.method.name": "tools/call", "gen_ai.tool.name": "user_groups_get", "jc_mcp.risk": "read",
		"jc_mcp.outcome": "timeout", "jc_mcp.agent": "helpdesk", "jc_mcp.org": "acme"}, attributes); d != "" {
		t.Error(d)
	}
	for i, attempt := range spans[:2] {
		if attempt.Name != "GET /api/v2/usergroups/{group}" || attempt.Parent.SpanID() != call.SpanContext.SpanID() ||
			attempt.SpanContext.TraceID() != call.SpanContext.TraceID() || attempt.EndTime.Sub(attempt.StartTime) != time.Second {
			t.Errorf("attempt %d: %+v", i, attempt)
		}
	}
	if first := spans[3]; first.Parent.IsValid() || first.Name != "tools/call unknown" || first.Status.Description != "" {
		t.Errorf("without a parent: %+v", first)
	}
}

// TestTracesOverHTTP sends to a collector: what waits at the end is sent, and when the
// collector is away our log says so once, without its address.
func TestTracesOverHTTP(t *testing.T) {
	var mu sync.Mutex
	var got bytes.Buffer
	down := false
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			w.WriteHeader(400)
			return
		}
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		got.WriteString(r.URL.Path + "\n")
		_, _ = io.Copy(&got, body)
	}))
	defer collector.Close()
	var log bytes.Buffer
	o := Options{Version: "1.2.3", Traces: collector.URL, Log: slog.New(slog.NewTextHandler(&log, nil))}
	one := func(in *Instruments) {
		_, end := in.Calls("").Begin(context.Background(), "")
		end(tools.Observed{Tool: "users_list", Agent: "helpdesk"})
	}
	in, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	one(in)
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"/v1/traces\n", "tools/call users_list", "jc-mcp", "1.2.3", "helpdesk"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("the collector got no %q", want)
		}
	}
	down = true
	if in, err = New(o); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		one(in)
		_ = in.traces.provider.ForceFlush(t.Context())
	}
	_ = in.Close()
	if text := log.String(); strings.Count(text, "traces cannot be sent") != 1 || strings.Contains(text, "127.0.0.1") {
		t.Errorf("log: %s", text)
	}
}

func TestTracesURL(t *testing.T) {
	for given, want := range map[string]string{
		"http://collector:4318": "http://collector:4318/v1/traces", "https://c.example.com/": "https://c.example.com/v1/traces",
		"https://c.example.com/otel/v1/traces": "https://c.example.com/otel/v1/traces",
		"collector:4318":                       "", "": "", "http://": "", "https://user:word@c.example.com": "", "https://c.example.com?key=1": "", "grpc://c:4317": "",
	} {
		got, err := tracesURL(given)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q %v", given, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "word") {
			t.Errorf("%q: the error repeats it: %v", given, err)
		}
	}
}
