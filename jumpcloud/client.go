// Package jumpcloud is a client for the JumpCloud API that sends nothing twice
// that must happen once, and says of every failure what is known about it.
package jumpcloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

// Request is one call of an operation.
type Request struct {
	Endpoint
	// Effect decides whether it may be sent again. The zero value is Safe, which
	// is refused for PUT, PATCH and DELETE.
	Effect Effect
	// Params fill the braces of the path.
	Params map[string]string
	Query  url.Values
	// Body is marshalled to JSON once and sent as bytes on each attempt; nil for none.
	Body any
	// Header adds headers such as x-unfiltered-total-count. Those that carry
	// credentials, choose an organization or make net/http replay are refused. An
	// Accept of another type than JSON takes the body as it comes.
	Header http.Header
}

// Response is an answer that says that the request was done.
type Response struct {
	// Status is 2xx, or 404 for a DELETE whose earlier attempt went unanswered.
	Status int
	Header http.Header
	// Body is the whole body. It is checked to be JSON for reads.
	Body []byte
	// Attempts is how often it was tried.
	Attempts int
	// Ambiguous: an earlier attempt may have done it already.
	Ambiguous bool

	endpoint Endpoint
	effect   Effect
}

// Config sets a client up; it is not changed afterwards.
type Config struct {
	// Hosts: Console is needed; Insights is Console when nil. https, or http on loopback.
	Hosts Hosts
	// Transport is already signed and pinned; nil makes one with NewTransport.
	Transport http.RoundTripper
	// Renew is called after a 401 with the request as it was sent. True says that
	// the credential is another one now, and the request is tried once more.
	Renew func(ctx context.Context, refused *http.Request) bool
	// OrgID goes into x-org-id; nothing else can set that header.
	OrgID     string
	UserAgent string
	// Scope names credential and organization without telling them; coalesced
	// reads never cross it.
	Scope string
	// Fenced refuses requests whose context has no fence.
	Fenced bool
	// MaxBody bounds an answer in bytes after decompression. Default 8 MiB.
	MaxBody int64
	// Concurrent and PerAgent bound what is sent at once. Defaults 16 and 8.
	Concurrent, PerAgent int
	// Attempts bounds how often one request is sent. Default 5.
	Attempts int
	// Limiter paces what is sent together with others; nil paces nothing.
	Limiter Limiter
	// Budget is the time for a call whose context has no deadline. Default 45 s.
	Budget time.Duration
	// Observe, when not nil, hears what is sent.
	Observe Observer

	pace pace // for tests; zero means the defaults
}

// Client sends requests. It is safe for use by many goroutines.
type Client struct {
	cfg     Config
	http    *http.Client
	rest    *resty.Client
	limits  *limits
	hold    hold
	hosts   circuits
	flights flights
	writes  atomic.Uint64 // moves when a write starts and ends, so that a read after it joins no read from before
}

// New checks the configuration and makes a client.
func New(cfg Config) (*Client, error) {
	cfg.MaxBody = cmp.Or(cfg.MaxBody, 8<<20)
	cfg.Concurrent = cmp.Or(cfg.Concurrent, 16)
	cfg.PerAgent = cmp.Or(cfg.PerAgent, 8)
	cfg.Attempts = cmp.Or(cfg.Attempts, 5)
	cfg.Budget = cmp.Or(cfg.Budget, 45*time.Second)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "jc-mcp")
	cfg.pace = cfg.pace.orDefaults()
	if cfg.MaxBody < 0 || cfg.MaxBody >= math.MaxInt32 || cfg.Concurrent < 0 || cfg.PerAgent < 0 || cfg.Attempts < 0 || cfg.Budget < 0 {
		return nil, errors.New("jumpcloud: a limit is out of range")
	}
	if cfg.Hosts.Console == nil {
		return nil, errors.New("jumpcloud: no console host")
	}
	cfg.Hosts.Insights = cmp.Or(cfg.Hosts.Insights, cfg.Hosts.Console)
	for _, u := range []**url.URL{&cfg.Hosts.Console, &cfg.Hosts.Insights} {
		base, err := ParseBase((*u).String())
		if err != nil {
			return nil, fmt.Errorf("jumpcloud: %w", err)
		}
		*u = base
	}
	for _, v := range []string{cfg.OrgID, cfg.UserAgent} {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, errors.New("jumpcloud: organization id and user agent are plain ASCII")
		}
	}
	if cfg.Transport == nil {
		t, err := NewTransport(TransportOptions{})
		if err != nil {
			return nil, err
		}
		cfg.Transport = t
	}
	c := &Client{cfg: cfg, limits: newLimits(cfg.Concurrent, cfg.PerAgent), hosts: newCircuits(&cfg)}
	c.flights.open = map[string]*flight{}
	c.http = &http.Client{
		Transport:     lastHop{cfg.Transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.rest = resty.NewWithClient(c.http).
		SetRetryCount(0).SetDebug(false).SetDisableWarn(true).SetLogger(silent{}).
		SetResponseBodyLimit(int(cfg.MaxBody))
	return c, nil
}

// Scope is the opaque name of the credential and organization this client is for.
func (c *Client) Scope() string { return c.cfg.Scope }

// Close drops idle connections, and what the limiter holds open between requests.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	if l, ok := c.cfg.Limiter.(io.Closer); ok {
		_ = l.Close()
	}
}

// Do sends a request and waits for its end: it is the one function that sends.
// The error is always an *Error. A response is only given for what was done.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	k, e := c.prepare(ctx, r)
	if e != nil {
		return nil, e
	}
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now().Add(c.cfg.Budget)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	k.deadline = func() time.Time { return until }
	var resp *Response
	if k.effect == Safe {
		resp, e = c.shared(ctx, k)
	} else {
		c.writes.Add(1)
		resp, e = c.run(ctx, k)
		c.writes.Add(1)
	}
	if e != nil {
		return nil, e // as an interface: a nil *Error must not become a non-nil error
	}
	return resp, nil
}

// call is a request that is ready to be sent.
type call struct {
	endpoint Endpoint
	effect   Effect
	url      string
	body     []byte
	header   http.Header
	raw      bool // another type than JSON was asked for
	agent    string
	insights bool // it goes to the host of Directory Insights
	circuit  *circuit
	deadline func() time.Time
}

func (c *Client) prepare(ctx context.Context, r Request) (*call, *Error) {
	refuse := func(code Code, cause string) (*call, *Error) {
		return nil, &Error{Code: code, Endpoint: r.Endpoint, Cause: cause}
	}
	if !inside(ctx, r.Endpoint, c.cfg.Fenced) {
		return refuse(CodeDenied, "not among the operations of this call")
	}
	if r.Effect > Once || r.Effect == Safe && (r.Method == "PUT" || r.Method == "PATCH" || r.Method == "DELETE") {
		return refuse(CodeInternal, "a write was declared safe")
	}
	path, err := r.Fill(r.Params)
	if err != nil {
		return refuse(CodeInvalidArgument, err.Error()) // ours: names the brace, not the value
	}
	host := c.cfg.Hosts.serve(path)
	if host == nil {
		return refuse(CodeDenied, "tokens are not fetched this way")
	}
	k := &call{endpoint: r.Endpoint, effect: r.Effect, agent: agentOf(ctx), header: http.Header{}, insights: host == c.cfg.Hosts.Insights}
	k.circuit = c.hosts.of(k.insights, k.effect)
	for name, values := range r.Header {
		if name = http.CanonicalHeaderKey(name); reserved[name] {
			return refuse(CodeInternal, "a header that callers may not set")
		}
		k.header[name] = append([]string(nil), values...)
	}
	k.raw = k.header.Get("Accept") != "" && !strings.Contains(k.header.Get("Accept"), "json")
	if k.header.Get("Accept") == "" {
		k.header.Set("Accept", "application/json")
	}
	k.header.Set("User-Agent", c.cfg.UserAgent)
	if c.cfg.OrgID != "" {
		k.header.Set("X-Org-Id", c.cfg.OrgID)
	}
	if r.Body != nil {
		if r.Method == "GET" || r.Method == "HEAD" {
			return refuse(CodeInternal, "a body on a "+r.Method)
		}
		if _, stream := r.Body.(io.Reader); stream {
			return refuse(CodeInternal, "a body that can be read only once")
		}
		var media string
		if k.body, media, err = encoded(r.Body); err != nil {
			return refuse(CodeInternal, "a body that is not JSON")
		}
		k.header.Set("Content-Type", media)
	}
	k.url = host.Scheme + "://" + host.Host + path
	if len(r.Query) > 0 {
		k.url += "?" + r.Query.Encode()
	}
	return k, nil
}

// Upload is a body that is sent as one file of a form (multipart/form-data).
type Upload struct {
	// Field is the name of the form's field, File that of the file.
	Field, File string
	Data        []byte
}

// Blob is a body that is sent as it is, of a media type that is not JSON.
type Blob struct {
	Media string
	Data  []byte
}

// encoded is a body as it is sent, and its media type.
func encoded(body any) (raw []byte, media string, err error) {
	if blob, plain := body.(Blob); plain {
		return blob.Data, blob.Media, nil
	}
	up, form := body.(Upload)
	if !form {
		raw, err = json.Marshal(body)
		return raw, "application/json", err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(up.Field, up.File)
	if err == nil {
		_, err = part.Write(up.Data)
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return b.Bytes(), w.FormDataContentType(), err
}

// reserved headers carry credentials, choose the organization, or change how
// net/http sends: with an Idempotency-Key it replays POSTs by itself.
var reserved = map[string]bool{
	"X-Api-Key": true, "Authorization": true, "Proxy-Authorization": true, "Cookie": true, "X-Org-Id": true,
	"Idempotency-Key": true, "X-Idempotency-Key": true, "Host": true, "Content-Type": true, "Content-Length": true,
	"Transfer-Encoding": true, "Connection": true, "Accept-Encoding": true, "User-Agent": true, "Expect": true,
}

// lastHop takes the target from redirects: net/http would parse it before it
// asks whether to follow, and turn an answer into an error when it cannot.
type lastHop struct{ next http.RoundTripper }

func (l lastHop) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err == nil && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Header.Del("Location")
	}
	return resp, err
}

func (l lastHop) CloseIdleConnections() {
	if c, ok := l.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// silent keeps resty from writing anywhere: its lines carry URLs and headers.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
