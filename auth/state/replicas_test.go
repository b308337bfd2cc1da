package state

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// replicas are n servers that share the store at url.
func replicas(t testing.TB, n int, url string, slow int) (out []*Dir) {
	t.Helper()
	for range n {
		s, err := Connect(StoreOptions{URL: url, SealKeys: seals(), Replica: true, Slow: slow})
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		d, err := OpenShared(memory(t)+"/s", s)
		must(t, err)
		out = append(out, d)
	}
	return out
}

// asked are n requests of as many agents, approved by k.
func asked(t testing.TB, d *Dir, n int, k *Key) (out []Request) {
	t.Helper()
	for i := range n {
		r := plan()
		r.Agent = fmt.Sprint("agent-", i)
		r.Until = time.Now().Add(time.Hour)
		out = append(out, approved(t, d, r, k))
	}
	return out
}

const (
	limitRate    = 400
	limitSeconds = 5
)

// limited is what one thread of a process sent, between which times in nanoseconds, and
// how many of them it lost: it slept for longer than it wanted to, or waited for the store.
type limited struct {
	sent               int
	began, ended, lost int64
}

// limitHelper sends what it may for a while, from one of many processes.
func limitHelper(d *Dir) string {
	l := d.Limiter("an organisation", limitRate)
	began, took := time.Now(), limitSeconds*time.Second
	got := limited{began: began.UnixNano(), ended: began.Add(took).UnixNano()}
	for time.Since(began) < took {
		at := time.Now()
		wait, mine := l.Take(background(), false, time.Second)
		if !mine {
			wait = max(wait-time.Second/2, min(wait, time.Second/4))
		}
		_ = sleep(background(), wait)
		got.lost += int64(time.Since(at) - wait)
		if mine && time.Since(began) < took {
			got.sent++
		}
	}
	return fmt.Sprintf("%d,%d,%d,%d", got.sent, got.began, got.ended, got.lost)
}

func TestReplicasShareOneLimit(t *testing.T) {
	r := startRedis(t)
	t.Setenv(storeVar, r.url())
	got := processes(t, 8, "limit", memory(t)+"/s")
	sum, all, threads := 0, []int{}, 0
	var first, last, lost int64
	for _, words := range got {
		mine := 0
		for _, w := range words {
			var l limited
			_, err := fmt.Sscanf(w, "%d,%d,%d,%d", &l.sent, &l.began, &l.ended, &l.lost)
			must(t, err)
			if mine, threads = mine+l.sent, threads+1; threads == 1 {
				first, last = l.began, l.ended
			}
			first, last, lost = min(first, l.began), max(last, l.ended), lost+l.lost
		}
		all = append(all, mine)
		sum += mine
	}
	// On a machine with other work they do not begin at once, and are not always there
	// to take their turns: no more than in all of the time, and no less than in theirs.
	most := limitRate * (time.Duration(last-first).Seconds() + burstAhead.Seconds())
	late := time.Duration(lost / int64(threads))
	least := limitRate * (limitSeconds - late.Seconds() + burstAhead.Seconds())
	off := func(want float64) float64 { return 100 * (float64(sum) - want) / want }
	t.Logf("8 processes sent %d in %d s at %d a second: %+.2f %% of %.0f, where each lost %v: %+.2f %%; each %v",
		sum, limitSeconds, limitRate, off(most), most, late.Round(time.Millisecond), off(least), all)
	if off(least) < -2 || off(most) > 2 {
		t.Error("not the limit")
	}
}

func TestReplicasUseApprovalsOnce(t *testing.T) {
	approvals, ways := 500, 32
	if testing.Short() {
		approvals = 60
	}
	all := replicas(t, 8, startRedis(t).url(), patient)
	k := key(t, "it-lead")
	requests := asked(t, all[0], approvals, k)
	start := time.Now()
	twice, never, other := 0, 0, 0
	for _, r := range requests {
		var won, odd atomic.Int32
		var wg sync.WaitGroup
		for i := range ways {
			wg.Go(func() {
				switch _, err := all[i%len(all)].Take(background(), r, approvers(k)); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ErrUsed):
					odd.Add(1)
				}
			})
		}
		wg.Wait()
		twice += max(0, int(won.Load())-1)
		never += max(0, 1-int(won.Load()))
		other += int(odd.Load())
	}
	t.Logf("%d approvals, each used %d-way over 8 replicas in %v: %d used twice, %d never, %d other answers", approvals, ways, time.Since(start).Round(time.Millisecond), twice, never, other)
	if twice+never+other != 0 {
		t.Error("not each exactly once")
	}
}

func TestReplicasShareQuotas(t *testing.T) {
	all := replicas(t, 8, startRedis(t).url(), patient)
	var yes, no atomic.Int32
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for range 50 {
				ok, err := counted(all[i%len(all)], "writes", 1, time.Hour, 1000)
				if err != nil {
					t.Error(err)
				}
				if ok {
					yes.Add(1)
				} else {
					no.Add(1)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("1600 changes against a quota of 1000 over 8 replicas: %d allowed, %d refused", yes.Load(), no.Load())
	if yes.Load() != 1000 {
		t.Error("not exact")
	}
}

func TestReplicasObeyTheKillSwitch(t *testing.T) {
	all := replicas(t, 8, startRedis(t).url(), patient)
	var thrown atomic.Bool
	var ready, wg sync.WaitGroup
	for _, d := range all[1:] {
		ready.Add(1)
		wg.Go(func() {
			for first := true; ; first = false {
				after := thrown.Load()
				why, err := d.Halted("helpdesk", "users_delete")
				if err != nil {
					t.Error(err)
					return
				}
				if first {
					ready.Done()
				}
				if why != "" {
					return
				}
				if after {
					t.Error("asked after the switch was thrown, and not stopped")
					return
				}
			}
		})
	}
	ready.Wait()
	at := time.Now()
	_, err := all[0].Stop("helpdesk", "", "a test")
	must(t, err)
	thrown.Store(true)
	wg.Wait()
	t.Logf("the last of 7 replicas obeyed %v after the switch was thrown", time.Since(at))
}

// A store that lost what was used up, and kept what was approved.
func TestStoreThatForgets(t *testing.T) {
	r := startRedis(t)
	all := replicas(t, 2, r.url(), patient)
	k := key(t, "it-lead")
	request := approved(t, all[0], plan(), k)
	sealer, err := all[0].Sealer()
	must(t, err)
	seal := sealer.Seal([]byte("bound"), time.Hour)
	_, err = all[0].Stop("auditor", "", "a test")
	must(t, err)
	must(t, all[0].store.client.Save(background()).Err())
	_, err = all[0].Take(background(), request, approvers(k))
	must(t, err)
	must(t, sealer.Open(seal, []byte("bound")))
	_, err = all[1].Resume("auditor", "")
	must(t, err)
	_, err = all[1].Stop("helpdesk", "", "after what was saved")
	must(t, err)
	if why, err := all[1].Halted("helpdesk", "x"); why == "" || err != nil {
		t.Fatal(why, err)
	}
	r.kill(t)
	r.start(t)
	other := all[1]
	if e, err := other.Entry(request.Code); err != nil || e.Status != Expired {
		t.Errorf("it is %q, %v", e.Status, err)
	}
	if _, err := other.Take(background(), request, approvers(k)); !errors.Is(err, ErrExpired) {
		t.Errorf("used in another run of the store: %v", err)
	}
	s2, err := other.Sealer()
	must(t, err)
	if err := s2.Open(seal, []byte("bound")); !errors.Is(err, auth.ErrSealMoved) {
		t.Errorf("the seal: %v", err)
	}
	anew, fresh, err := other.Ask(background(), plan())
	if err != nil || !fresh || anew.Code == request.Code {
		t.Errorf("asked anew: %v, %v", fresh, err)
	}
}

// A store without memory: the kill switch holds all the same.
func TestStoreIsToldOfStopsAgain(t *testing.T) {
	r := startRedis(t)
	all := replicas(t, 2, r.url(), patient)
	_, err := all[0].Stop("helpdesk", "", "a test")
	must(t, err)
	if why, err := all[1].Halted("helpdesk", "x"); why == "" || err != nil {
		t.Fatal(why, err)
	}
	r.kill(t)
	if _, err := all[1].Halted("helpdesk", "x"); !errors.Is(err, auth.ErrStore) {
		t.Errorf("gone: %v", err)
	}
	r.start(t)
	if why, err := all[1].Halted("helpdesk", "x"); why == "" || err != nil {
		t.Errorf("a restart resumed it: %q, %v", why, err)
	}
	found, err := all[0].Resume("helpdesk", "")
	if why, err2 := all[1].Halted("helpdesk", "x"); !found || err != nil || why != "" || err2 != nil {
		t.Errorf("resumed %v, %v; still stopped: %q, %v", found, err, why, err2)
	}
}
