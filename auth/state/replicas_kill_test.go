package state

import (
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// office is what the callers of the test below saw.
type office struct {
	mu       sync.Mutex
	done     map[string]int // effects, by the code of their approval
	slowest  time.Duration  // of the refusals because of the store
	refused  int
	odd      []error
	reads    atomic.Int64
	down     atomic.Bool  // the store is known to be gone
	downRead atomic.Int64 // reads meanwhile
	downDone atomic.Int64 // changes meanwhile
}

// until waits until it is so.
func (o *office) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; _ = sleep(background(), time.Millisecond) {
		o.mu.Lock()
		yes := so()
		o.mu.Unlock()
		if yes {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it does not come about that ", what)
		}
	}
}

// change is the part of the road that needs the store: kill switch, quota, approval.
func (o *office) change(d *Dir, r Request, by []auth.Approver) {
	start, down := time.Now(), o.down.Load()
	_, err := d.Halted(r.Agent, r.Tool)
	if err == nil {
		var ok bool
		ok, err = counted(d, "objects", 1, time.Hour, 1<<30)
		if err == nil && !ok {
			err = errors.New("the quota is used up")
		}
	}
	if err == nil {
		_, err = d.Take(background(), r, by)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.done[r.Code]++
		if down && o.down.Load() {
			o.downDone.Add(1)
		}
	case errors.Is(err, auth.ErrStore):
		o.refused++
		o.slowest = max(o.slowest, time.Since(start))
	case errors.Is(err, ErrUsed), errors.Is(err, ErrExpired), errors.Is(err, ErrNoRequest):
	default:
		o.odd = append(o.odd, err)
	}
}

// The store is killed and brought back under load, with its memory and without.
func TestReplicasOutliveTheStore(t *testing.T) {
	for name, memory := range map[string]bool{"that remembers": true, "that forgets": false} {
		t.Run("a store "+name, func(t *testing.T) { outlive(t, memory) })
	}
}

func outlive(t *testing.T, remembers bool) {
	r := startRedis(t)
	if remembers {
		r.kill(t)
		r.args = []string{"--appendonly", "yes", "--appendfsync", "always"}
		r.start(t)
	}
	all := replicas(t, 8, r.url(), 1)
	k := key(t, "it-lead")
	requests := asked(t, replicas(t, 1, r.url(), patient)[0], 120, k)
	o := &office{done: map[string]int{}}
	end := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 16 {
		d := all[i%len(all)]
		wg.Go(func() { // changes
			for n := i; ; n++ {
				select {
				case <-end:
					return
				default:
					o.change(d, requests[(n*7)%len(requests)], approvers(k))
					if o.down.Load() { // nobody calls again at once
						_ = sleep(background(), 2*time.Millisecond)
					}
				}
			}
		})
	}
	for _, d := range all { // reads
		l := d.Limiter("an organisation", 800)
		wg.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				wait, mine := l.Take(background(), false, time.Second)
				if _ = sleep(background(), wait); mine {
					o.reads.Add(1)
					if o.down.Load() {
						o.downRead.Add(1)
					}
				}
			}
		})
	}
	var still time.Duration // the longest time for which this process was kept waiting
	wg.Go(func() {
		for at := time.Now(); ; at = time.Now() {
			select {
			case <-end:
				return
			default:
			}
			_ = sleep(background(), time.Millisecond)
			still = max(still, time.Since(at))
		}
	})
	o.until(t, "approvals are used", func() bool { return len(o.done) > 0 })
	_ = sleep(background(), 300*time.Millisecond)
	r.kill(t)
	killed := time.Now()
	o.down.Store(true)
	_ = sleep(background(), 2*time.Second)
	o.until(t, "changes are refused", func() bool { return o.refused > 100 })
	o.down.Store(false)
	gone := time.Since(killed)
	r.start(t)
	back := time.Now()
	for _, d := range all {
		for d.store.Ping(background()) != nil {
			_ = sleep(background(), time.Millisecond)
		}
	}
	recovered := time.Since(back)
	_ = sleep(background(), 700*time.Millisecond)
	close(end)
	wg.Wait()

	twice := 0
	for _, n := range o.done {
		if n > 1 {
			twice++
		}
	}
	rate := float64(o.downRead.Load()) / gone.Seconds()
	t.Logf("killed for %v under load: %d of %d approvals used, %d twice; meanwhile %d changes done, %d refused (the slowest after %v, when nothing at all was done for %v), reads went on at %.0f a second of 800; all replicas reach it again %v after it is back",
		gone.Round(time.Millisecond), len(o.done), len(requests), twice, o.downDone.Load(), o.refused, o.slowest.Round(time.Millisecond), still.Round(time.Millisecond), rate, recovered.Round(time.Millisecond))
	if twice > 0 || o.downDone.Load() > 0 {
		t.Error("not as it has to be")
	}
	if rate < 100 || rate > 900 {
		t.Errorf("reads went on at %.0f a second of 800", rate)
	}
	if o.slowest > 2*time.Second+2*still { // the machine can have stood still twice
		t.Errorf("a refusal took %v", o.slowest)
	}
	for _, err := range o.odd {
		t.Errorf("another answer: %v", err)
	}
	// As before, without a restart of anybody.
	office := replicas(t, 1, r.url(), patient)[0]
	var after Request
	for i, d := range all {
		err := auth.ErrStore
		for end := time.Now().Add(time.Minute); errors.Is(err, auth.ErrStore) && time.Now().Before(end); {
			if i == 0 { // a new one each time: what got no answer may have been done
				fresh := plan()
				fresh.Agent = rand.Text()
				after = approved(t, office, fresh, k)
			}
			_, err = d.Take(background(), after, approvers(k))
		}
		if (i == 0) != (err == nil) || i > 0 && !errors.Is(err, ErrUsed) {
			t.Errorf("replica %d afterwards: %v", i, err)
		}
	}
}
