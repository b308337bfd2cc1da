package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// drained is one change that is asked for while the server is told to end.
type drained struct {
	tool   string
	args   map[string]any
	effect string // its name in the ledger
	trace  string // by which its audit lines are found

	answered bool // by the server; else the connection was refused, or ended
	text     string
	late     bool // asked for after the signal
}

// TestNothingIsLostAtTheEnd sends SIGTERM into 64 callers' changes, several times: each
// change is done once and answered, or surely not done; and each that was begun has
// both its audit lines.
func TestNothingIsLostAtTheEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	rounds, changes := 5, 1000
	if testing.Short() || raced {
		rounds, changes = 2, 250
	}
	for round := range rounds {
		drain := []string{"0s", "100ms"}[round%2]
		t.Run(fmt.Sprintf("round %d, drain %s", round+1, drain), func(t *testing.T) {
			endUnderLoad(t, uint64(round), changes, drain)
		})
	}
}

func endUnderLoad(t *testing.T, round uint64, changes int, drain string) {
	rng := rand.New(rand.NewPCG(20261122, round))
	u := newUpstream(round)
	all := drainedChanges(u, 4*changes) // more than these where the signal is slow to arrive
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait(r.Context(), time.Duration(rand.IntN(20))*time.Millisecond) // as over a network
		u.ServeHTTP(w, r)
	}))
	defer up.Close()
	log := filepath.Join(t.TempDir(), "audit")
	p, url := serveHTTP(t, []string{"JC_CONSOLE_URL=" + up.URL, "JC_API_KEY=some-key", "JC_AUDIT_LOG=" + log, "JC_CONFIRM=never",
		"JC_DRAIN=" + drain, "JC_STATE_DIR=" + filepath.Join(t.TempDir(), "state")}, "--surface", "full")

	signalAt := int64(changes/10 + rng.IntN(changes/2))
	var answered, took atomic.Int64
	var closed atomic.Bool // somebody found that the server has gone
	signalled := make(chan struct{})
	var once sync.Once
	next := make(chan *drained)
	var wg sync.WaitGroup
	for range 64 {
		client := ownClient(t)
		wg.Go(func() {
			for d := range next {
				select {
				case <-signalled:
					d.late = true
				default:
				}
				d.ask(t, client, url)
				if !d.answered {
					closed.Store(true)
				}
				if d.answered && answered.Add(1) == signalAt {
					once.Do(func() { took.Store(time.Now().UnixNano()); p.terminate(); close(signalled) })
				}
			}
		})
	}
	for i := range all {
		if i >= changes && closed.Load() {
			all = all[:i]
			break
		}
		next <- &all[i]
	}
	close(next)
	wg.Wait()
	if code := p.exit(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	judgeDrained(t, u, all, auditOf(t, log), time.Since(time.Unix(0, took.Load())))
}

// drainedChanges are changes of four kinds, each of an object of its own.
func drainedChanges(u *upstream, n int) []drained {
	all := make([]drained, n)
	u.addUser("ana", "Sales")
	for i := range all {
		d, name := &all[i], fmt.Sprint("grp-", i)
		d.trace = fmt.Sprintf("%032x", i+1)
		if i%4 != 0 {
			u.addGroup(name)
		}
		switch i % 4 {
		case 0:
			d.tool, d.args, d.effect = "user_groups_create", map[string]any{"name": name}, "create "+name
		case 1:
			text := fmt.Sprint("text-", i)
			d.tool, d.args, d.effect = "user_groups_update", map[string]any{"group": idOf(name), "description": text}, "update "+text
		case 2:
			d.tool, d.args, d.effect = "user_groups_delete", map[string]any{"group": idOf(name)}, "delete "+name
		case 3:
			d.tool, d.args, d.effect = "user_groups_members_change", map[string]any{"group": idOf(name), "add": []string{"ana"}}, "add ana>"+name
		}
	}
	return all
}

// ask makes the call; what becomes of the connection is part of the result.
func (d *drained) ask(t *testing.T, c *http.Client, url string) {
	body := request(1, "tools/call", map[string]any{"name": d.tool, "arguments": d.args})
	body = strings.Replace(body, `"_meta":{`, `"_meta":{"traceparent":"00-`+d.trace+`-00f067aa0ba902b7-01",`, 1)
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	for k, v := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": revisions[1], "Mcp-Method": "tools/call", "Mcp-Name": d.tool} {
		q.Header.Set(k, v)
	}
	resp, err := c.Do(q)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return
	}
	d.answered, d.text = true, string(raw)
}

// said is what an answer says of the change: "done", "not done", or "unknown".
func (d *drained) said() string {
	switch {
	case strings.Contains(d.text, "done, read back") || strings.Contains(d.text, "accepted, not yet seen"):
		return "done"
	case strings.Contains(d.text, "outcome_unknown") || strings.Contains(d.text, "not known"):
		return "unknown"
	}
	return "not done"
}

// audited are the lines of one change.
type audited struct{ intents, results int }

// auditOf counts the lines of changes by their trace, also in files that were put aside,
// and sees that the file ends as it should.
func auditOf(t *testing.T, file string) map[string]audited {
	t.Helper()
	files, err := filepath.Glob(file + ".[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var all []io.Reader
	for _, name := range append(files, file) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all = append(all, f)
	}
	out, last := map[string]audited{}, ""
	for s := bufio.NewScanner(io.MultiReader(all...)); s.Scan(); {
		var l struct{ Phase, Risk, Trace string }
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Errorf("a line of the audit is broken: %s", s.Text())
		}
		a := out[l.Trace]
		switch {
		case l.Phase == "intent" && l.Risk != "read":
			a.intents++
		case l.Phase == "result" && l.Risk != "read":
			a.results++
		}
		out[l.Trace], last = a, l.Phase
	}
	if last != "stop" {
		t.Errorf("the audit ends with %q: it was not ended", last)
	}
	return out
}

func judgeDrained(t *testing.T, u *upstream, all []drained, lines map[string]audited, took time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var done, refused, unanswered, lost, doubled, unfounded, silent, halfAudited, unknown, late int
	for _, d := range all {
		n, a := u.done[d.effect], lines[d.trace]
		if n > 1 {
			doubled++
		}
		if a.intents != a.results || n > 0 && a.intents != 1 || d.said() == "done" && d.answered && a.results != 1 {
			halfAudited++
			t.Errorf("%s: done %d times, %d intents, %d results: %.300s", d.effect, n, a.intents, a.results, d.text)
		}
		switch said := d.said(); {
		case !d.answered && n > 0: // done, and nobody was told
			silent++
		case !d.answered:
			unanswered++
		case said == "done" && n == 0:
			lost++
			t.Errorf("%s: said done: %.300s", d.effect, d.text)
		case said == "done":
			done++
			if d.late {
				late++
			}
		case said == "unknown":
			unknown++
		case n > 0:
			unfounded++
			t.Errorf("%s: said not done: %.300s", d.effect, d.text)
		default:
			refused++
		}
	}
	t.Logf("%d changes, SIGTERM while 64 callers ask: %d done and answered (%d of them asked for after the signal), %d answered and not done, %d refused by a closed port; ended %v after the signal",
		len(all), done, late, refused, unanswered, took.Round(time.Millisecond))
	t.Logf("lost %d, doubled %d, done without an answer %d, falsely not done %d, unknown %d, without both audit lines %d",
		lost, doubled, silent, unfounded, unknown, halfAudited)
	if lost+doubled+silent+unfounded+unknown+halfAudited != 0 {
		t.Error("the end lost something")
	}
	if done == 0 || unanswered == 0 {
		t.Error("the signal did not come in the middle")
	}
	if len(u.unknown) > 0 {
		t.Errorf("the upstream does not know %q", u.unknown)
	}
}
