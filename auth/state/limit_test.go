package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// The limit in Lua is the limit in Go.
func TestStoreLimiterLikeInMemory(t *testing.T) {
	m := miniredis.RunT(t)
	s, err := Connect(StoreOptions{URL: "redis://" + m.Addr(), Slow: 50})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	for _, set := range []float64{0, 0.5, 3, 40} {
		r := rand.New(rand.NewPCG(1, uint64(set*10)))
		l := &storeLimiter{s: s, key: fmt.Sprint("limit ", set), set: set}
		var p pace
		now := time.UnixMicro(time.Now().UnixMicro())
		for i := range 3000 {
			now = now.Add(time.Duration(r.IntN([]int{2000, 300_000, 2_000_000}[r.IntN(3)])) * time.Microsecond)
			if i%500 == 499 {
				now = now.Add(-20 * time.Second)
			}
			m.SetTime(now)
			var got []int64
			var ok bool
			var wait int64
			var mine bool
			if r.IntN(20) == 0 {
				hold := int64(r.IntN(3) * 700_000)
				got, ok = l.ask(background(), paceLimited, hold, 0)
				p.limited(now.UnixMicro(), set, hold)
			} else {
				most, write := int64(r.IntN(1_000_000)), r.IntN(2)
				got, ok = l.ask(background(), paceTake, most, write)
				wait, mine = p.take(now.UnixMicro(), set, most, write == 1)
			}
			want := []int64{wait, int64(flag(mine)), int64(p.rate(set) * 1000)}
			if !ok || got[0] != want[0] || got[1] != want[1] || math.Abs(float64(got[2]-want[2])) > 1 {
				t.Fatalf("set %v, step %d: %v %v, want %v of %+v", set, i, got, ok, want, p)
			}
		}
	}
}

// send plays n seconds of callers who send whatever they may, each second in 20 ms steps.
func play(p *pace, set float64, from int64, seconds int, callers int) (sent []int) {
	free := make([]int64, callers)
	for sec := range seconds {
		n := 0
		for at := from + int64(sec)*1e6; at < from+int64(sec+1)*1e6; at += 20_000 {
			for i := range free {
				if free[i] > at {
					continue
				}
				if wait, mine := p.take(at, set, 1e6, false); mine {
					n++
					free[i] = at + wait + 50_000
				} else {
					free[i] = at + wait
				}
			}
		}
		sent = append(sent, n)
	}
	return sent
}

// Nothing is limited until a 429; then half, and step by step more, until nothing again.
func TestLimitIsLearned(t *testing.T) {
	var p pace
	start := time.Now().UnixMicro()
	if sent := play(&p, 0, start, 3, 8); sent[2] < 100 {
		t.Fatalf("limited from the start: %v", sent)
	}
	at := start + 3e6
	for range 5 { // those of one moment are one
		p.limited(at, 0, 0)
	}
	before := p.Sent
	if p.Rate != before/2 || before < 100 {
		t.Errorf("%v of %v", p.Rate, before)
	}
	sent := play(&p, 0, at, 20, 8)
	t.Logf("%.0f a second were sent; after the 429: %v", before, sent)
	if float64(sent[1]) > 0.7*before || sent[4] < sent[1] || p.Rate != 0 {
		t.Errorf("it does not recover step by step: %+v", p)
	}
	p.limited(at+20e6, 0, 2e6)
	if wait, mine := p.take(at+20e6, 0, 1e6, true); mine || wait != 2e6 {
		t.Errorf("held back %d, %v", wait, mine)
	}
}

func TestLimitThatIsSet(t *testing.T) {
	var p pace
	start := time.Now().UnixMicro()
	sum := 0
	for _, n := range play(&p, 40, start, 20, 64) {
		sum += n
	}
	if sum < 795 || sum > 860 { // those of the last second are given out already
		t.Errorf("%d of 800", sum)
	}
	p.limited(start+20e6, 40, 0)
	if p.Rate != 20 {
		t.Errorf("%v after a 429 at 40", p.Rate)
	}
	// Reads that wait keep no write waiting as long.
	p = pace{}
	for range 40 {
		_, _ = p.take(start, 40, 1e6, false)
	}
	read, _ := p.take(start, 40, 0, false)
	write, _ := p.take(start, 40, 0, true)
	if read-write < 240_000 {
		t.Errorf("a read waits %d µs, a write %d", read, write)
	}
}

func TestServersShareALimit(t *testing.T) {
	filesOnly(t)
	d, _ := open(t)
	a, b := d.Limiter("org", 10), another(t, d.Path()).Limiter("org", 10)
	n, began := 0, time.Now()
	for i := range 40 {
		if _, mine := []Limiter{a, b}[i%2].Take(background(), false, 900*time.Millisecond); mine {
			n++
		}
	}
	if more := int(time.Since(began) / (100 * time.Millisecond)); n < 9 || n > 12+more {
		t.Errorf("%d turns of the next second at 10 a second, and %d more while they were taken", n, more)
	}
	if _, mine := d.Limiter("another org", 10).Take(background(), false, 0); !mine {
		t.Error("another organisation waits")
	}
	until := time.Now().Add(time.Hour / 2)
	b.Limited(background(), until)
	if wait, mine := a.Take(background(), true, time.Second); mine || wait < time.Until(until)-time.Second {
		t.Errorf("held back %v, %v", wait, mine)
	}
	path := d.local.file("limits", hashed("org"))
	for _, bad := range []string{"", "x", strings.Repeat("\xff", paceBytes), strings.Repeat("x", 1000)} {
		must(t, os.WriteFile(path, []byte(bad), 0o600))
		if _, mine := a.Take(background(), true, time.Second); !mine {
			t.Errorf("%.10q holds back", bad)
		}
	}
	f, err := os.Open(path)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	if ok, err := tryLock(f); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, mine := b.Take(background(), true, time.Second); !mine { // a process that was stopped has it
		t.Error("a lock keeps it back")
	}
}

func BenchmarkFileLimiter(b *testing.B) {
	d, _ := open(b)
	l := d.Limiter("org", 0)
	for b.Loop() {
		_, _ = l.Take(context.Background(), false, time.Second)
	}
}

func BenchmarkStoreLimiter(b *testing.B) {
	r := startRedis(b)
	s, err := Connect(StoreOptions{URL: r.url(), SealKeys: seals()})
	must(b, err)
	defer func() { must(b, s.Close()) }()
	d, err := OpenShared(b.TempDir()+"/s", s)
	must(b, err)
	l := d.Limiter("org", 0)
	for b.Loop() {
		_, _ = l.Take(context.Background(), false, time.Second)
	}
}

// A limiter keeps its file open, and sees that another has taken its place.
func TestLimiterFindsItsFileAgain(t *testing.T) {
	filesOnly(t)
	synctest.Test(t, func(t *testing.T) {
		d, _ := open(t)
		one, other := d.Limiter("org", 10), d.Limiter("org", 10)
		take := func(l Limiter, want bool) {
			t.Helper()
			if _, mine := l.Take(background(), false, 0); mine != want {
				t.Errorf("mine: %v", mine)
			}
		}
		take(one, true)
		take(one, false)
		take(other, false) // the turn is gone for both
		must(t, os.Remove(one.(*fileLimiter).path))
		take(other, false)
		time.Sleep(limiterLook)
		other.Limited(background(), time.Now().Add(time.Minute)) // into the new one
		take(one, false)
		must(t, one.(io.Closer).Close())
		take(one, false) // open again
		time.Sleep(time.Minute)
		take(one, true)
		must(t, errors.Join(one.(io.Closer).Close(), other.(io.Closer).Close(), one.(io.Closer).Close()))
	})
}
