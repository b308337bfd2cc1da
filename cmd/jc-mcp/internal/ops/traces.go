package ops

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// traces makes a span of each call, under the one that came with it, and below it one
// of each attempt at JumpCloud. JumpCloud itself is told nothing of them: it would
// continue no trace, and has no need to know who works with whom.
type traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	parents  propagation.TraceContext
}

// CheckTraces says what is wrong with an address for traces; nil for nothing.
func CheckTraces(address string) error {
	_, err := tracesURL(address)
	return err
}

// tracesURL is the whole address: without a path, the usual one of OTLP is meant.
func tracesURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("traces go to http://host:4318 or https://host (OTLP over HTTP; keys for it go into OTEL_EXPORTER_OTLP_HEADERS)")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return u.String(), nil
}

func newTraces(o Options) (*traces, error) {
	address, err := tracesURL(o.Traces)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(address),
		otlptracehttp.WithProxy(func(*http.Request) (*url.URL, error) { return nil, nil })) // as for JumpCloud: none that the environment names
	if err != nil {
		return nil, errors.New("the exporter of traces cannot be made: are the variables OTEL_EXPORTER_OTLP_… right?")
	}
	about, err := resource.New(context.Background(), resource.WithFromEnv(),
		resource.WithAttributes(attribute.String("service.name", "jc-mcp"), attribute.String("service.version", o.Version)))
	if err != nil {
		return nil, errors.New("OTEL_RESOURCE_ATTRIBUTES cannot be read")
	}
	return newTracesTo(&quietExporter{SpanExporter: exporter, log: o.Log}, about), nil
}

func newTracesTo(to sdk.SpanExporter, about *resource.Resource) *traces {
	p := sdk.NewTracerProvider(sdk.WithBatcher(to), sdk.WithResource(about))
	return &traces{provider: p, tracer: p.Tracer("github.com/jc-mcp/jc-mcp")}
}

// quietExporter says in our log, once until it works again, that traces cannot be
// sent. The library would write the address to stderr, for each batch.
type quietExporter struct {
	sdk.SpanExporter
	log    *slog.Logger
	failed atomic.Bool
}

func (q *quietExporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := q.SpanExporter.ExportSpans(ctx, spans)
	if failed := err != nil; q.failed.Swap(failed) != failed {
		if failed {
			q.log.WarnContext(ctx, "traces cannot be sent: they are dropped until they can", "spans", len(spans))
		} else {
			q.log.InfoContext(ctx, "traces can be sent again")
		}
	}
	return nil
}

// call starts the span of a call. The function it gives ends it.
func (t *traces) call(ctx context.Context, traceparent, org string) (context.Context, func(tools.Observed)) {
	if traceparent != "" {
		ctx = t.parents.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	}
	ctx, span := t.tracer.Start(ctx, "tools/call", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(o tools.Observed) {
		tool := cmp.Or(o.Tool, unknownTool)
		span.SetName("tools/call " + tool)
		span.SetAttributes(attribute.String("mcp.method.name", "tools/call"), attribute.String("gen_ai.tool.name", tool),
			attribute.String("jc_mcp.risk", o.Risk.String()), attribute.String("jc_mcp.outcome", cmp.Or(o.Code, fine)), attribute.String("jc_mcp.agent", o.Agent))
		if org != "" {
			span.SetAttributes(attribute.String("jc_mcp.org", org))
		}
		if broken[jc.Code(o.Code)] {
			span.SetStatus(codes.Error, o.Code)
		}
		span.End()
	}
}

// broken are the codes of calls that failed, as opposed to those that were refused.
var broken = map[jc.Code]bool{
	jc.CodeUpstreamDown: true, jc.CodeTimeout: true, jc.CodeOutcomeUnknown: true, jc.CodeInternal: true, jc.CodeUnauthorized: true,
}

// attempt makes the span of a request that has ended.
func (t *traces) attempt(ctx context.Context, a jc.Attempt) {
	_, span := t.tracer.Start(ctx, a.Endpoint.Method+" "+a.Endpoint.Path, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.Start))
	if span.IsRecording() {
		span.SetAttributes(attribute.String("http.request.method", a.Endpoint.Method), attribute.String("url.template", a.Endpoint.Path),
			attribute.Int("http.request.resend_count", a.Number-1))
		if a.Status != 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", a.Status))
		}
		if a.Status == 0 || a.Status >= 400 {
			span.SetStatus(codes.Error, statusText(a.Status))
		}
	}
	span.End(trace.WithTimestamp(a.Start.Add(a.Took)))
}
