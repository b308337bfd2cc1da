package state

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// Limiter paces what is sent to an organisation by all who share the directory or the
// store. It is jumpcloud.Limiter.
type Limiter interface {
	// Take asks for a turn to send one request. mine: it is the caller's, after wait,
	// which is at most most. Else nothing was taken, and it is worth asking again after
	// wait. A write comes a little before reads that wait.
	Take(ctx context.Context, write bool, most time.Duration) (wait time.Duration, mine bool)
	// Limited says that JumpCloud answered 429, and until when it wants to hear nothing;
	// zero where it named no time.
	Limited(ctx context.Context, until time.Time)
}

// How a limit is learned from 429s, and given up again.
const (
	cutEvery   = 5 * time.Second // the many answers of one moment are one event
	stepEvery  = time.Second
	stepShare  = 0.1 // of what was being sent when it was learned, each step
	slowest    = 5.0 // requests a second: nothing slower is learned
	burstAhead = 50 * time.Millisecond
	writeAhead = 250 * time.Millisecond
	countEvery = time.Second
	longHold   = time.Hour
	fewAlone   = 8 // so many share, where that is not known
)

// pace is what is known of the limit of one organisation and credential. Times are
// Unix microseconds and rates requests a second. The store has the same in Lua:
// a change of one is a change of both, and a test holds them together.
type pace struct {
	Turn  int64   // when all turns that were given are over
	Rate  float64 // what was learned; 0 is nothing
	Sent  float64 // what was being sent when it was learned
	Hold  int64   // nothing is sent before
	Cut   int64   // when it was learned
	Step  int64   // when it last went up
	Since int64   // start of the time in which is counted
	Count float64 // turns since then
	Last  float64 // turns a second in the time before
}

// rate is the one in force; 0 is none. set is what the operator allows, 0 for anything.
func (p *pace) rate(set float64) float64 {
	if set > 0 && p.Rate > 0 {
		return min(set, p.Rate)
	}
	return cmp.Or(set, p.Rate)
}

// tell brings what is known up to now. A clock that was set back must not hold for long.
func (p *pace) tell(now int64, set float64) {
	p.Hold = min(p.Hold, now+longHold.Microseconds())
	p.Cut, p.Step = min(p.Cut, now), min(p.Step, now)
	if step := stepEvery.Microseconds(); p.Rate > 0 && now-p.Step >= step {
		n := (now - p.Step) / step
		p.Rate += float64(n) * stepShare * p.Sent
		p.Step += n * step
		top := 2 * p.Sent
		if set > 0 {
			top = set
		}
		if p.Rate >= top {
			p.Rate = 0
		}
	}
	if all := now - p.Since; all < 0 || all >= countEvery.Microseconds() {
		p.Last = 0
		if all >= 0 && all < 2*countEvery.Microseconds() {
			p.Last = p.Count * 1e6 / float64(all)
		}
		p.Since, p.Count = now, 0
	}
}

func (p *pace) take(now int64, set float64, most int64, write bool) (wait int64, mine bool) {
	p.tell(now, set)
	if now < p.Hold {
		return p.Hold - now, false
	}
	rate := p.rate(set)
	if rate == 0 {
		p.Count++
		return 0, true
	}
	each := int64(1e6 / rate)
	p.Turn = min(max(p.Turn, now), now+2e6+2*each)
	ahead := burstAhead.Microseconds()
	if write {
		ahead += writeAhead.Microseconds()
	}
	if wait = max(0, p.Turn-ahead-now); wait > most {
		return wait, false
	}
	p.Turn += each
	p.Count++
	return wait, true
}

// limited learns from a 429; wait is what it asks for.
func (p *pace) limited(now int64, set float64, wait int64) {
	p.tell(now, set)
	p.Hold = max(p.Hold, now+min(max(wait, 0), longHold.Microseconds()))
	if p.Cut != 0 && now-p.Cut < cutEvery.Microseconds() {
		return
	}
	sent := max(p.Last, p.Count*1e6/float64(max(now-p.Since, countEvery.Microseconds()/2)))
	if rate := p.rate(set); rate > 0 {
		sent = min(sent, rate)
	}
	least := slowest
	if set > 0 {
		least = min(least, set/4)
	}
	sent = max(sent, 2*least)
	p.Rate, p.Sent, p.Cut, p.Step, p.Turn = sent/2, sent, now, now, now
}

// ownPace is a limit that one process keeps for itself.
type ownPace struct {
	mu sync.Mutex
	p  pace
}

func (o *ownPace) take(set float64, write bool, most time.Duration) (time.Duration, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	wait, mine := o.p.take(time.Now().UnixMicro(), set, most.Microseconds(), write)
	return time.Duration(wait) * time.Microsecond, mine
}

func (o *ownPace) limited(set float64, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.p.limited(time.Now().UnixMicro(), set, heldFor(until))
}

// heldFor is how long JumpCloud wants to hear nothing, in microseconds.
func heldFor(until time.Time) int64 {
	if until.IsZero() {
		return 0
	}
	return max(0, time.Until(until).Microseconds())
}

// Limiter gives the limiter of an organisation and credential, which scope names
// without telling them. rate is what the operator allows, in requests a second; 0 is
// anything until JumpCloud answers 429.
func (d *Dir) Limiter(scope string, rate float64) Limiter {
	if d.store != nil {
		return &storeLimiter{s: d.store, key: d.store.limitKey(scope), set: rate}
	}
	return &fileLimiter{path: d.local.file("limits", hashed(scope)), set: rate}
}
