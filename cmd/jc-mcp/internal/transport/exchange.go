package transport

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jc-mcp/jc-mcp/tools"
)

// sink is where the messages of one request go. What is sent after the result,
// or after the request was cancelled, is dropped.
type sink interface {
	// send writes a notification, or a question of ours, before the result.
	send(b []byte)
	// comment keeps an idle stream open; it is nothing where there is no stream.
	comment()
}

// exchange is one request while it is being answered. It is the session that
// mcp-go sees: everything a call may know of its client is here.
type exchange struct {
	t    *Transport
	msg  *message
	peer *peer
	out  sink
	// modern is true for the stateless revision.
	modern bool
	// canAsk says that the client declared that it can ask a person.
	canAsk bool
	// ending is closed when the server stops: streams end, questions count as unanswered.
	ending <-chan struct{}
	// end is how the end of the server cancels the request.
	end *tie
	// changes says that the call may change something.
	changes bool
	// header is that of the POST, nil on stdio.
	header http.Header
	// listed is what mcp-go may see of the tools: all for tools/list, one for tools/call.
	listed map[string]server.ServerTool
	// tool is the name of the tool that is called, once it is known to be one.
	tool string
	// trace is the W3C traceparent that came with the request, "" for none.
	trace string
	// task is what the call becomes when it takes long; nil when it must not.
	task *task
	// outcome is the code of a tool's failure, for the log.
	outcome string
	// failure, when set by a handler, is answered in place of what mcp-go makes.
	failure *rpcError
	// answered, when set by a handler, is what the tool said: it is written in
	// place of what mcp-go makes, which encodes slowly.
	answered *tools.Answer

	progressed int // the last progress sent; it must grow
}

var (
	_ server.SessionWithTools       = (*exchange)(nil)
	_ server.SessionWithElicitation = (*exchange)(nil)
)

// newExchange prepares the request m of p. The capabilities of a modern request
// are its own; those of an older one were declared when the session began.
func (t *Transport) newExchange(m *message, p *peer, out sink, ending <-chan struct{}) *exchange {
	x := &exchange{t: t, msg: m, peer: p, out: out, modern: m.modern(), ending: ending, trace: m.traceparent(), progressed: -1}
	x.canAsk = declaresForm(x.capabilities())
	return x
}

// capabilities are those that the client declared for this request, as JSON; nil for none.
func (x *exchange) capabilities() []byte {
	if x.modern {
		return x.msg.metaValue(mcp.MetaKeyClientCapabilities)
	}
	return x.peer.declared()
}

// run answers the request and logs that it did.
func (x *exchange) run(ctx context.Context) reply {
	start := time.Now()
	r := x.shielded(ctx, x.route)
	x.logged(ctx, start, r)
	return r
}

func (x *exchange) route(ctx context.Context) reply {
	if bad := x.checkVersion(); bad != nil {
		return reply{err: bad}
	}
	if m, ok := x.t.methods[x.msg.method]; ok {
		return m(ctx, x)
	}
	return x.t.dispatch(ctx, x)
}

// shielded answers a panic too, and logs it without its value.
func (x *exchange) shielded(ctx context.Context, answer func(context.Context) reply) (r reply) {
	defer func() {
		if recover() != nil {
			x.t.opt.Log.ErrorContext(ctx, "a request panicked", "stack", string(debug.Stack()))
			r = failed(mcp.INTERNAL_ERROR, "internal error")
		}
	}()
	return answer(ctx)
}

// checkVersion refuses a revision that is not served, and a modern request
// without the capabilities that it must carry.
func (x *exchange) checkVersion() *rpcError {
	v := x.msg.version
	if v != "" && !known(v, revisions) {
		return &rpcError{
			code:    mcp.UNSUPPORTED_PROTOCOL_VERSION,
			message: "unsupported protocol version",
			data:    mcp.UnsupportedProtocolVersionData{Supported: revisions, Requested: v},
		}
	}
	if !x.modern {
		return nil
	}
	capabilities := x.msg.metaValue(mcp.MetaKeyClientCapabilities)
	if !isObject(capabilities) {
		return invalidParams("_meta needs the object " + mcp.MetaKeyClientCapabilities)
	}
	var bad *rpcError
	members(capabilities, func(key string, _ []byte) {
		bad = firstOf(bad, lookalike(key, capabilityNames))
	})
	return bad
}

// SessionID is empty: nothing of mcp-go is keyed by a session here.
func (x *exchange) SessionID() string { return "" }

// NotificationChannel is never read: what belongs to a request goes through its sink.
func (x *exchange) NotificationChannel() chan<- mcp.JSONRPCNotification { return nil }

// Initialize does nothing; sessions are kept by this package.
func (x *exchange) Initialize() {}

// Initialized is always true.
func (x *exchange) Initialized() bool { return true }

// GetSessionTools gives the tools that this request may see.
func (x *exchange) GetSessionTools() map[string]server.ServerTool { return x.listed }

// SetSessionTools does nothing: tools come from the tools.Server alone.
func (x *exchange) SetSessionTools(map[string]server.ServerTool) {}

// peer is the client at the other end: of stdio, of a session, or of one modern request.
type peer struct {
	mu sync.Mutex
	// version and capabilities are what initialize settled.
	version      string
	capabilities []byte
	// level and watched are what a client of a [Wide] server set.
	level   string
	watched map[string]bool
	// live are the requests in flight by key; pending our own questions by number.
	live    map[string]context.CancelCauseFunc
	pending map[int64]chan *message
	asked   int64
}

func newPeer() *peer {
	return &peer{watched: map[string]bool{}, live: map[string]context.CancelCauseFunc{}, pending: map[int64]chan *message{}}
}

// introduce keeps what initialize declared.
func (p *peer) introduce(version string, capabilities []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version, p.capabilities = version, capabilities
}

func (p *peer) declared() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.capabilities
}

func (p *peer) setLogLevel(level string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.level = level
}

func (p *peer) logLevel() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.level
}

// maxWatched bounds what one client may subscribe to.
const maxWatched = 1000

func (p *peer) watch(uri string, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !on {
		delete(p.watched, uri)
	} else if len(p.watched) < maxWatched {
		p.watched[uri] = true
	}
}

func (p *peer) revision() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// begin enters a request; false when its id is in use.
func (p *peer) begin(key string, cancel context.CancelCauseFunc) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, busy := p.live[key]; busy {
		return false
	}
	p.live[key] = cancel
	return true
}

func (p *peer) end(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, key)
}

// cancel ends the request that notifications/cancelled names, if it still runs.
func (p *peer) cancel(m *message) {
	p.mu.Lock()
	cancel := p.live[idKey(m.param("requestId"))]
	p.mu.Unlock()
	if cancel != nil {
		cancel(errCancelled)
	}
}

// cancelAll ends every request of the peer.
func (p *peer) cancelAll() {
	p.mu.Lock()
	live := slices.Collect(maps.Values(p.live))
	p.mu.Unlock()
	for _, cancel := range live {
		cancel(errCancelled)
	}
}

// ask enters a question of ours and gives its number.
func (p *peer) ask() (int64, <-chan *message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	ch := make(chan *message, 1)
	p.pending[p.asked] = ch
	return p.asked, ch
}

func (p *peer) forget(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, n)
}

// deliver hands the client's answer to who asked; nobody may have.
func (p *peer) deliver(m *message) {
	var n int64
	if json.Unmarshal(m.id, &n) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if ch := p.pending[n]; ch != nil {
		delete(p.pending, n)
		ch <- m // buffered, and one answer only
	}
}
