// Package transport serves a [tools.Server] to MCP clients, over stdio and
// over streamable HTTP, in the revisions 2025-06-18, 2025-11-25 and 2026-07-28.
//
// It is the only package that knows mcp-go. That library reads one message and
// makes its answer (server.MCPServer.HandleMessage); all that lies around it is
// here: reading and bounding messages, refusing envelopes that two readers
// could read differently, sessions, cancelling, the order of what is written,
// questions to a person, and the end of the process.
//
// A message goes parse -> (stdio | HTTP guard) -> exchange -> method -> engine,
// where an exchange is one request and the sink its answer goes to. A feature
// of the protocol is a file that fills the method table and the engine's
// options: calls and lists of tools, prompts, resources, completions, tasks. A
// call that takes long becomes a task for clients that know what one is.
//
// A [Wide] server, which the conformance fixtures are and the product is not,
// may use forms of the protocol beyond [tools.Server].
package transport

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"github.com/jc-mcp/jc-mcp/tools"
)

// The protocol revisions that are served, newest first.
const (
	revision2026 = "2026-07-28" // stateless
	revision2025 = "2025-11-25" // initialize and a session
	revision06   = "2025-06-18" // the same, older
)

// What a caller gets when Options leaves a bound at zero.
const (
	defaultMaxBody    = 1 << 20
	defaultMaxLine    = 4 << 20
	defaultInflight   = 64
	defaultSessionTTL = 10 * time.Minute
	defaultKeepAlive  = 15 * time.Second
	defaultTaskAfter  = 5 * time.Second
	defaultTaskKeep   = 10 * time.Minute
)

// Options says how to serve. The zero value serves loopback only, with the
// bounds named at each field.
type Options struct {
	// Name and Version are what the server calls itself.
	Name, Version string
	// Log takes what happens; it never gets arguments, bodies or answers. nil drops it.
	Log *slog.Logger
	// Wrap, when not nil, goes around everything behind the check of Host and
	// Origin: who is calling is found out there and put into the context.
	Wrap func(http.Handler) http.Handler
	// Caller names who is calling, from what Wrap put into the context. Sessions
	// and tasks answer only the caller who opened them. nil: one caller.
	Caller func(context.Context) string
	// Replicated says that the next request of a client may reach another server.
	// 2025 clients then get no session over HTTP, and no question: what needs one
	// answers that a person must approve. 2026 clients need none.
	Replicated bool
	// Lacking gives the challenge (RFC 6750, for WWW-Authenticate) where the
	// caller's token does not cover a call of the tool name with arguments, or a
	// read of the resource at the address name (arguments nil); "" where it does,
	// and for names it does not know. Over HTTP only. nil: every token covers all.
	Lacking func(ctx context.Context, name string, arguments json.RawMessage) (challenge string)
	// Origins and Hosts are allowed beside loopback: "https://app.example.com",
	// "mcp.example.com" or "mcp.example.com:8443". Pages of allowed origins may read
	// the answers (CORS).
	Origins, Hosts []string
	// MaxBody bounds an HTTP body in bytes (1 MiB), MaxLine a line of stdio (4 MiB).
	MaxBody, MaxLine int64
	// Inflight is how many tool calls run at once (64). Sixteen times as many
	// may wait; the next is told that the server is busy.
	Inflight int
	// SessionTTL is how long the session of a 2025 client may be idle (10 minutes).
	SessionTTL time.Duration
	// KeepAlive is how often an open stream gets a comment (15 s).
	KeepAlive time.Duration
	// TaskAfter is how long a call may take before a client that knows the tasks
	// extension gets a handle in place of the result (5 s); TaskKeep is how long
	// the result is kept for it (10 minutes).
	TaskAfter, TaskKeep time.Duration
	// Tasks is where replicas keep the tasks that they run; nil for one server
	// alone, which keeps them in memory.
	Tasks *SealedShelf
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Caller == nil {
		o.Caller = func(context.Context) string { return "" }
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.MaxLine <= 0 {
		o.MaxLine = defaultMaxLine
	}
	if o.Inflight <= 0 {
		o.Inflight = defaultInflight
	}
	if o.SessionTTL <= 0 {
		o.SessionTTL = defaultSessionTTL
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = defaultKeepAlive
	}
	if o.TaskAfter <= 0 {
		o.TaskAfter = defaultTaskAfter
	}
	if o.TaskKeep <= 0 {
		o.TaskKeep = defaultTaskKeep
	}
	return o
}

// Transport serves one [tools.Server]. It is safe for concurrent use; stdio and
// any number of listeners may be served at once.
type Transport struct {
	server   tools.Server
	wide     Wide // nil unless server is one
	opt      Options
	engine   *server.MCPServer
	methods  map[string]method
	lists    *listCache
	slots    *slots
	listens  *slots
	sessions *sessions
	tasks    *tasks
	forever  *life // for requests of a handler that Serve does not run
	handler  http.Handler
}

// method answers one request itself, without or before the engine.
type method func(ctx context.Context, x *exchange) reply

// New makes a transport for s. It starts nothing.
func New(s tools.Server, o Options) *Transport {
	o = o.withDefaults()
	t := &Transport{
		server:   s,
		opt:      o,
		lists:    newListCache(),
		slots:    newSlots(o.Inflight, 16*o.Inflight),
		listens:  newSlots(maxListens, 0),
		sessions: newSessions(o.SessionTTL),
		tasks:    newTasks(o.TaskKeep),
	}
	t.forever, _ = newLife(context.Background())
	t.wide, _ = s.(Wide)
	t.engine = t.newEngine()
	t.methods = map[string]method{
		"tools/list":               t.listTools,
		"tools/call":               t.callTool,
		"prompts/list":             t.listPrompts,
		"prompts/get":              t.getPrompt,
		"resources/list":           t.listResources,
		"resources/templates/list": t.listTemplates,
		"resources/read":           t.readResource,
		"completion/complete":      t.complete,
		"tasks/get":                t.getTask,
		"tasks/update":             t.updateTask,
		"tasks/cancel":             t.cancelTask,
		"subscriptions/listen":     t.listen,
	}
	if t.wide != nil {
		t.addWide()
	}
	t.handler = t.newHandler()
	return t
}
