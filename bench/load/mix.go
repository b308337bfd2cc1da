package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// job is a call as an agent makes it. {user} and {group} are the caller's own.
type job struct {
	tool, args, want string
	change           bool
}

// usual is what callers do, over and over: eight reads and two changes.
var usual = []job{
	{tool: "users_get", args: `{"user":"{user}"}`, want: "# user {user};"},
	{tool: "user_groups_list", args: `{"limit":10}`, want: "10 shown"},
	{tool: "users_get", args: `{"user":"{user}"}`, want: "# user {user};"},
	{tool: "users_list", args: `{"limit":10}`, want: "10 shown"},
	{tool: "user_groups_members_change", args: `{"group":"{group}","add":["{user}"]}`, want: "done, read back", change: true},
	{tool: "users_get", args: `{"user":"{user}"}`, want: "# user {user};"},
	{tool: "user_groups_list", args: `{"limit":10}`, want: "10 shown"},
	{tool: "users_get", args: `{"user":"{user}"}`, want: "# user {user};"},
	{tool: "users_list", args: `{"limit":10}`, want: "10 shown"},
	{tool: "user_groups_members_change", args: `{"group":"{group}","remove":["{user}"]}`, want: "done, read back", change: true},
}

// readsOf are the jobs of a mix that change nothing.
func readsOf(mix []job) []job {
	return slices.DeleteFunc(slices.Clone(mix), func(j job) bool { return j.change })
}

// caller is one agent, with a token, a connection, a user and a group of its own.
type caller struct {
	agent         string
	user, group   string // names
	userID, grpID string
	plainGroup    [2]string // name and id of the one that the bare sandbox is told to change
	token         string
	served, plain *line
	requests      [][]byte                   // to the server, one a job
	wants         []string                   // in its answers
	sent          [][][]byte                 // to the sandbox: what the server would send, by job
	next, bare    int                        // job of the mix
	took          map[string][]time.Duration // by tool
	changes       int                        // that were made, and read back
}

// call makes the next call of the mix.
func (r *rig) call(c *caller) error {
	i := c.next % len(r.mix)
	c.next++
	begin := time.Now()
	status, body, err := c.served.send(c.requests[i])
	if err != nil {
		return fmt.Errorf("%s: %w", r.mix[i].tool, err)
	}
	if status != http.StatusOK || !bytes.Contains(body, []byte(c.wants[i])) || bytes.Contains(body, []byte(`"isError":true`)) {
		return fmt.Errorf("%s: %d, and not %q: %.400s", r.mix[i].tool, status, c.wants[i], body)
	}
	c.took[r.mix[i].tool] = append(c.took[r.mix[i].tool], time.Since(begin))
	if r.mix[i].change {
		c.changes++
	}
	return nil
}

// bare sends the sandbox what the server would send it for the next call of the mix.
func (r *rig) bare(c *caller) error {
	i := c.bare % len(r.mix)
	c.bare++
	for _, q := range c.sent[i] {
		status, body, err := c.plain.send(q)
		if err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		if status >= http.StatusBadRequest {
			return fmt.Errorf("sandbox: %d to %.100q: %.200s", status, q, body)
		}
	}
	return nil
}

// prepare makes the caller's requests.
func (c *caller) prepare(host string, mix []job) {
	own := strings.NewReplacer("{user}", c.user, "{group}", c.group)
	for i, j := range mix {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
			`"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"load","version":"1"}}}}`, i+1, j.tool, own.Replace(j.args))
		c.requests = append(c.requests, fmt.Appendf(nil, "POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
			"Accept: application/json, text/event-stream\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: %s\r\nContent-Length: %d\r\n\r\n%s",
			host, c.token, j.tool, len(body), body))
		c.wants = append(c.wants, own.Replace(j.want))
	}
}

// recorder stands before the sandbox and notes what it is sent.
type recorder struct {
	*httptest.Server
	pool *http.Transport
	mu   sync.Mutex
	seen [][]byte
}

func newRecorder(to string) (*recorder, error) {
	target, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	rec := &recorder{pool: &http.Transport{}}
	forward := &httputil.ReverseProxy{Transport: rec.pool, Rewrite: func(q *httputil.ProxyRequest) { q.SetURL(target) }}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", q.Method, q.URL.RequestURI(), target.Host)
		for _, name := range []string{"X-Api-Key", "X-Org-Id", "Accept", "Content-Type"} {
			if v := q.Header.Get(name); v != "" {
				fmt.Fprintf(&b, "%s: %s\r\n", name, v)
			}
		}
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
		rec.mu.Lock()
		rec.seen = append(rec.seen, b.Bytes())
		rec.mu.Unlock()
		q.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, q)
	}))
	return rec, nil
}

func (rec *recorder) close() {
	rec.Close()
	rec.pool.CloseIdleConnections()
}

// take gives what was sent since it was last asked.
func (rec *recorder) take() [][]byte {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	seen := rec.seen
	rec.seen = nil
	return seen
}

// record has a second server, behind a recorder, do the mix for the first caller, and
// makes of what it sent what each caller sends to the bare sandbox.
func (r *rig) record(ctx context.Context) error {
	rec, err := newRecorder(r.sandbox.logged["url"])
	if err != nil {
		return err
	}
	defer rec.close()
	p, err := r.serve(ctx, rec.URL, "recorded")
	if err != nil {
		return err
	}
	defer p.end()
	first := *r.callers[0]
	if first.served, err = dial(ctx, host(p.logged["url"])); err != nil {
		return err
	}
	defer func() { _ = first.served.conn.Close() }()
	for range r.mix { // what a server learns once
		if err := r.call(&first); err != nil {
			return err
		}
	}
	rec.take()
	for range r.mix {
		if err := r.call(&first); err != nil {
			return err
		}
		seen := rec.take()
		for _, c := range r.callers {
			own := strings.NewReplacer(first.userID, c.userID, first.grpID, c.plainGroup[1],
				first.user, c.user, url.QueryEscape(first.group), url.QueryEscape(c.plainGroup[0]))
			var sent [][]byte
			for _, q := range seen {
				head, body, _ := strings.Cut(string(q), "\r\n\r\n")
				body = own.Replace(body)
				head = head[:strings.LastIndex(head, "Content-Length:")]
				sent = append(sent, fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", own.Replace(head), len(body), body))
			}
			c.sent = append(c.sent, sent)
		}
	}
	return nil
}

// directory gives each caller the name and id of a user, and groups of its own.
func (r *rig) directory(ctx context.Context) error {
	var users struct {
		Results []struct {
			ID       string `json:"_id"`
			Username string
		}
	}
	if err := r.ask(ctx, http.MethodGet, fmt.Sprintf("/api/systemusers?limit=100&sort=username&skip=%d", 0), nil, &users); err != nil {
		return err
	}
	if len(users.Results) < len(r.callers) {
		return fmt.Errorf("%d users for %d callers", len(users.Results), len(r.callers))
	}
	for i, c := range r.callers {
		var group, plain struct{ ID, Name string }
		if err := r.ask(ctx, http.MethodPost, "/api/v2/usergroups", map[string]string{"name": fmt.Sprintf("load-%03d", i)}, &group); err != nil {
			return err
		}
		if err := r.ask(ctx, http.MethodPost, "/api/v2/usergroups", map[string]string{"name": fmt.Sprintf("bare-%03d", i)}, &plain); err != nil {
			return err
		}
		c.user, c.userID, c.group, c.grpID = users.Results[i].Username, users.Results[i].ID, group.Name, group.ID
		c.plainGroup = [2]string{plain.Name, plain.ID}
	}
	return nil
}

// ask asks the sandbox itself.
func (r *rig) ask(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, method, r.sandbox.logged["url"]+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	q.Header.Set("x-api-key", "sandbox-key")
	q.Header.Set("Content-Type", "application/json")
	resp, err := r.http.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("sandbox: %s %s: %s", method, path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
