package tools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Reader is what a plan and the end of a job may use: it only reads, and only
// what follows from the tool's declaration.
type Reader struct {
	d    *Desk
	trip *trip
	dir  *finder

	mu      sync.Mutex
	changes map[*Step]string
	steps   int         // that were begun
	bound   atomic.Bool // what is shown asks which fields may be seen
	spares  atomic.Bool // and which objects
}

// number is the place of the step that begins now among those of the call, from 1.
func (r *Reader) number() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps++
	return r.steps
}

// Do makes a read. Whatever effect the request claims, it is sent as safe, and
// the fence lets only declared reads through.
func (r *Reader) Do(ctx context.Context, req jc.Request) (*jc.Response, error) {
	req.Effect = jc.Safe
	return r.d.o.Client.Do(ctx, req)
}

// Directory finds objects by id and name.
func (r *Reader) Directory() *jc.Directory { return r.dir.Directory }

// row reads one object of a kind; nil is any.
func (r *Reader) row(ctx context.Context, req jc.Request, k *jc.Kind) (jc.Row, error) {
	resp, err := r.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	var row jc.Row
	if err := resp.Decode(&row); err != nil {
		return nil, err
	}
	return row, k.Owns(row)
}

// walk reads a list, telling the caller's progress.
func (r *Reader) walk(ctx context.Context, req jc.Request, q jc.Query, want int) (jc.Rows, int, error) {
	var progress func(int, int)
	if p := r.trip.call.Progress; p != nil {
		progress = func(done, total int) { p(done, total, "rows read") }
	}
	return r.d.o.Client.Walk(ctx, req, q, want, progress)
}

// change is the id under which a step's change can be named later.
func (r *Reader) change(s *Step) string {
	if s.read != nil || s.Skip != "" {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes == nil {
		r.changes = map[*Step]string{}
	}
	if r.changes[s] == "" {
		r.changes[s] = newID("c-")
	}
	return r.changes[s]
}

// organizationsList is read once to name the organisation in answers.
var organizationsList = jc.At("GET /api/organizations")

// organization is the name that answers carry, read at the first need.
type organization struct {
	called  string // by the configuration, where there are several
	region  string
	sandbox bool

	mu    sync.Mutex
	known string
	retry time.Time
}

// name is "org Acme Inc us", with SANDBOX where it is one; of several "org acme (Acme
// Inc us)". When the name cannot
// be read the region alone is said, and it is tried again a minute later.
func (o *organization) name(ctx context.Context, d *Desk) string {
	tail := ""
	if o.region != "" {
		tail = " " + o.region
	}
	if o.sandbox {
		tail += " SANDBOX"
	}
	if o.called == "" {
		return "org" + o.read(ctx, d) + tail
	}
	return "org " + o.called + " (" + strings.TrimSpace(o.read(ctx, d)+tail) + ")"
}

func (o *organization) read(ctx context.Context, d *Desk) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known != "" || d.o.Client == nil || time.Now().Before(o.retry) {
		return o.known
	}
	ctx, cancel := context.WithTimeout(jc.WithFence(ctx, organizationsList), 5*time.Second)
	defer cancel()
	page, err := d.o.Client.Page(ctx, jc.Request{Endpoint: organizationsList}, jc.Query{Limit: 1, Fields: []string{"displayName"}})
	if err != nil || len(page.Rows) == 0 {
		o.retry = time.Now().Add(time.Minute)
		return ""
	}
	if name := strings.TrimSpace(clean(page.Rows[0].Text("displayName"))); name != "" {
		o.known = " " + plainName(name)
	}
	return o.known
}

// cap is how many tokens the answer may be.
func (r *Reader) cap() int {
	if n := r.trip.call.tokens; n > 0 {
		return n
	}
	return maxTokens
}

// room is what the cap leaves beside a number of tokens; of a small answer at least half.
func (r *Reader) room(beside int) int { return r.cap() - min(beside, r.cap()/2) }

// orgName is how answers name the organisation.
func (r *Reader) orgName(ctx context.Context) string { return r.d.org.name(ctx, r.d) }

// report is the usual answer of a change.
func (d *Desk) report(ctx context.Context, r *Reader, done []Result) (Answer, error) {
	if len(done) == 1 {
		return d.reportOne(ctx, r, done[0]), nil
	}
	return d.reportMany(ctx, r, done), nil
}

func (d *Desk) reportOne(ctx context.Context, r *Reader, res Result) Answer {
	s := res.Step
	if res.Err != nil && res.Outcome != Unknown {
		return failure(res.Err, true)
	}
	var b strings.Builder
	b.WriteString(string(res.Outcome))
	if res.Outcome == NoEffect {
		fmt.Fprintf(&b, ": %s. %s (%s).", res.Note, stepLine(s), d.org.name(ctx, d))
		return Answer{Text: []string{b.String()}}
	}
	deed := fmt.Sprintf("%s (%s), change %s.", stepLine(s), d.org.name(ctx, d), orDash(r.change(s)))
	fmt.Fprintf(&b, ". %s", deed)
	if res.Note != "" {
		b.WriteString(" " + sentence(upper(clean(res.Note))))
	}
	a := Answer{Text: []string{b.String()}}
	if res.Outcome == Unknown {
		a.IsError, a.Code = true, string(jc.CodeOutcomeUnknown)
		a.Text[0] = "outcome_unknown. It was sent and no answer came; whether it happened is not known. Look before you repeat it. " + upper(deed)
	}
	return a
}

// reportMany has a line a step when they did not all end alike.
func (d *Desk) reportMany(ctx context.Context, r *Reader, done []Result) Answer {
	counts := map[Outcome]int{}
	for _, res := range done {
		counts[res.Outcome]++
	}
	var head []string
	bad := 0
	for _, o := range []Outcome{Done, Accepted, NoEffect, Failed, Unknown, NotSent} {
		if counts[o] > 0 {
			head = append(head, fmt.Sprintf("%d %s", counts[o], o))
		}
		if o == Failed || o == Unknown || o == NotSent {
			bad += counts[o]
		}
	}
	text := fmt.Sprintf("%s: %s (%s)", headline(counts, len(done)), strings.Join(head, ", "), d.org.name(ctx, d))
	t := table{columns: []string{"target", "result", "change"}}
	ids := map[string]bool{}
	for i := range done {
		if id := r.change(done[i].Step); id != "" {
			ids[id] = true
		}
	}
	if len(ids) == 1 { // of all steps together
		t.columns = t.columns[:2]
		text += ", change " + slices.Collect(maps.Keys(ids))[0]
	}
	text += "."
	for i := range done {
		res := &done[i]
		result := string(res.Outcome)
		if res.Note != "" {
			result += ": " + res.Note
		}
		if res.Err != nil {
			result += ": " + strings.SplitN(failure(res.Err, false).Text[0], "\n", 2)[0]
		}
		t.rows = append(t.rows, []string{stepLine(res.Step), result, orDash(r.change(res.Step))}[:len(t.columns)])
	}
	a := Answer{Text: []string{text, t.csv(len(t.rows))}}
	a.show(&t, len(t.rows))
	if bad > 0 {
		a.IsError, a.Code = true, codeOf(done)
		if counts[NotSent] > 0 {
			a.Text[0] += " Repeat the same call: what is done is skipped."
		}
	}
	return a
}

func headline(counts map[Outcome]int, n int) string {
	if good := counts[Done] + counts[Accepted] + counts[NoEffect]; good < n && good > 0 {
		return fmt.Sprintf("partly done, %d of %d", good, n)
	} else if good == 0 {
		return "nothing is known to be done"
	}
	return "done"
}

func codeOf(done []Result) string {
	for _, res := range done {
		if res.Outcome == Unknown {
			return string(jc.CodeOutcomeUnknown)
		}
	}
	for _, res := range done {
		if res.Err != nil {
			return failure(res.Err, false).Code
		}
	}
	return string(jc.CodeInternal)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
