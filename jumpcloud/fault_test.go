package jumpcloud

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is an upstream that keeps the truth: how often each effect was really
// done, by the unique name of the object it was done to. It knows nothing of the
// client.
type ledger struct {
	mu       sync.Mutex
	rng      *rand.Rand
	done     map[string]int // "POST 17" -> times
	injected map[string]int
	requests int
}

// faults in per mille of the requests. "before" and "after" mean the work.
var faults = []struct {
	name     string
	perMille int
}{
	{"429", 25}, {"429 Retry-After", 25}, {"429 Retry-After 0", 10}, {"500 before", 8}, {"503 before", 8}, {"502 after", 12}, {"504 HTML after", 6},
	{"reset before", 6}, {"reset after", 8}, {"closed after", 6}, {"cut after", 8}, {"hang before", 4}, {"hang after", 4},
	{"redirect before", 4}, {"redirect after", 4}, {"HTML before", 4}, {"HTML after", 4}, {"drip after", 3}, {"403", 4},
}

func (l *ledger) pick() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	n := l.rng.IntN(1000)
	for _, f := range faults {
		if n -= f.perMille; n < 0 {
			l.injected[f.name]++
			return f.name
		}
	}
	return ""
}

// work does what is asked; false when a DELETE finds nothing.
func (l *ledger) work(method, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if method == "DELETE" && l.done["DELETE "+name] > 0 {
		return false
	}
	l.done[method+" "+name]++
	return true
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	name := r.PathValue("name")
	fault := l.pick()
	what, when, _ := strings.Cut(fault, " ")
	found := true
	if fault == "" || strings.HasSuffix(fault, "after") {
		found = l.work(r.Method, name)
	}
	switch {
	case what == "429":
		if when != "" {
			w.Header().Set("Retry-After", map[string]string{"Retry-After": "7", "Retry-After 0": "0"}[when])
		}
		w.WriteHeader(429)
	case what == "500", what == "502", what == "503", what == "403":
		w.WriteHeader(map[string]int{"500": 500, "502": 502, "503": 503, "403": 403}[what])
		_, _ = io.WriteString(w, `{"message":"no"}`)
	case what == "504":
		w.WriteHeader(504)
		_, _ = io.WriteString(w, `<html>`)
	case what == "reset", what == "closed":
		abort(w, what == "reset")
	case what == "cut":
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"name":"`+name)
	case what == "hang":
		<-r.Context().Done()
	case what == "drip":
		_, _ = io.WriteString(w, `{"name":`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case what == "redirect":
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(302)
	case what == "HTML":
		_, _ = io.WriteString(w, "<html>sign in</html>")
	case !found:
		w.WriteHeader(404)
	case r.Method == "DELETE":
		w.WriteHeader(204)
	default:
		_, _ = fmt.Fprintf(w, `{"name":%q}`, name)
	}
}

// claim is what the client said of one call.
type claim struct {
	method, name string
	err          *Error
	read         string
	impatient    bool // its caller left early
	took         time.Duration
}

var faultyCalls = []Request{
	{Endpoint: At("GET /api/v2/things/{name}")},
	{Endpoint: At("POST /api/v2/things/{name}"), Effect: Once},
	{Endpoint: At("PUT /api/v2/things/{name}"), Effect: Idempotent},
	{Endpoint: At("DELETE /api/v2/things/{name}"), Effect: Idempotent},
}

// TestTruthUnderFaults makes 10,000 mixed calls against an upstream that fails in
// every way, and compares what the client said with what was really done.
func TestTruthUnderFaults(t *testing.T) {
	const calls, workers = 10_000, 64
	l := &ledger{rng: rand.New(rand.NewPCG(1, 2)), done: map[string]int{}, injected: map[string]int{}}
	mux := http.NewServeMux()
	mux.Handle("/api/v2/things/{name}", l)
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	up := serve(t, mux.ServeHTTP)
	c := dialled(t, up.URL, func(cfg *Config) {
		cfg.Concurrent, cfg.PerAgent, cfg.Budget = workers, workers, 4*time.Second
		cfg.pace = pace{base: 2 * time.Millisecond, cap: 20 * time.Millisecond, second: time.Millisecond, attempt: 400 * time.Millisecond, finish: 100 * time.Millisecond, margin: time.Millisecond}
	})
	claims := make([]claim, calls)
	next := make(chan int)
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for i := range next {
				claims[i] = faultyCall(c, i)
			}
		})
	}
	for i := range calls {
		next <- i
	}
	close(next)
	wg.Wait()
	took := time.Since(start)
	c.Close()
	up.Close() // every handler has ended: the ledger stands still
	judgeClaims(t, l, claims, took)
}

func faultyCall(c *Client, i int) claim {
	rng := rand.New(rand.NewPCG(3, uint64(i)))
	r := faultyCalls[[]int{0, 0, 0, 0, 0, 0, 1, 1, 2, 3}[i%10]]
	k := claim{method: r.Method, name: fmt.Sprint("n", i)}
	r.Params = map[string]string{"name": k.name}
	if r.Method == "POST" || r.Method == "PUT" {
		r.Body = map[string]string{"name": k.name}
	}
	ctx := context.Background()
	if rng.IntN(50) == 0 {
		k.impatient = true
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rng.IntN(4000))*time.Microsecond)
		defer cancel()
	}
	start := time.Now()
	resp, err := c.Do(ctx, r)
	k.took = time.Since(start)
	var got struct {
		Name string `json:"name"`
	}
	if err == nil && r.Method == "GET" {
		err = resp.Decode(&got)
		k.read = got.Name
	}
	if err != nil {
		k.err = err.(*Error)
	}
	return k
}

func judgeClaims(t *testing.T, l *ledger, claims []claim, took time.Duration) {
	var wrongReads, duplicated, falseDone, falseNotDone, reads, readsAnswered, creates, createsUnknown, unknownDone, unknownNot, retriesUsed int
	times := make([]time.Duration, 0, len(claims))
	for _, k := range claims {
		times = append(times, k.took)
		done := l.done[k.method+" "+k.name]
		if k.method == "GET" {
			if !k.impatient {
				reads++
			}
			if k.err == nil {
				if !k.impatient {
					readsAnswered++
				}
				if k.read != k.name {
					wrongReads++
				}
			}
			continue
		}
		if k.method == "POST" {
			creates++
			if done > 1 {
				duplicated++
			}
		}
		switch {
		case k.err == nil:
			if done == 0 {
				falseDone++
				t.Errorf("%s %s: said done", k.method, k.name)
			}
		case k.err.Outcome == Unknown:
			if k.err.Code != CodeOutcomeUnknown {
				t.Errorf("unknown, but %s", k.err.Code)
			}
			if k.method == "POST" {
				createsUnknown++
			}
			if done > 0 {
				unknownDone++
			} else {
				unknownNot++
			}
		case done > 0:
			falseNotDone++
			t.Errorf("%s %s: said %s, done %d: %+v", k.method, k.name, k.err.Outcome, done, *k.err)
		}
		if k.err != nil && k.err.Attempts > 1 {
			retriesUsed++
		}
	}
	slices.Sort(times)
	at := func(p int) time.Duration { return times[len(times)*p/100].Round(10 * time.Microsecond) }
	t.Logf("%d calls, %d requests in %v; p50 %v p95 %v p99 %v max %v", len(claims), l.requests, took.Round(time.Millisecond), at(50), at(95), at(99), times[len(times)-1].Round(time.Millisecond))
	t.Logf("wrong reads %d, duplicated creates %d, false done %d, false not done %d", wrongReads, duplicated, falseDone, falseNotDone)
	t.Logf("reads answered %d of %d; creates unknown %d of %d; unknown and done %d, unknown and not %d; failed after retries %d", readsAnswered, reads, createsUnknown, creates, unknownDone, unknownNot, retriesUsed)
	for _, f := range faults {
		t.Logf("injected %-18s %d", f.name, l.injected[f.name])
		if l.injected[f.name] < 10 {
			t.Errorf("%s hardly happened", f.name)
		}
	}
	if wrongReads+duplicated+falseDone+falseNotDone != 0 {
		t.Error("the client said what is not so")
	}
	if readsAnswered < reads*95/100 || createsUnknown > creates*20/100 { // being right by failing always is no art
		t.Error("too little was answered")
	}
	if unknownDone == 0 || unknownNot == 0 {
		t.Error("the faults after writing were not seen")
	}
}
