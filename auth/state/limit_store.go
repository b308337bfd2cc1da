package state

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// limiterRest is how long a store that did not answer is left alone.
const limiterRest = 500 * time.Millisecond

// storeLimiter keeps a pace in the store, by the store's clock. While the store is gone
// each replica goes on alone, at its share of the rate that was last in force.
type storeLimiter struct {
	s     *Store
	key   string
	set   float64
	alone ownPace
	rate  atomic.Int64 // last in force, thousandths of requests a second; 0 is none
	rest  atomic.Int64 // Unix nanoseconds; the store is left alone before
}

func (l *storeLimiter) Take(ctx context.Context, write bool, most time.Duration) (time.Duration, bool) {
	if got, ok := l.ask(ctx, paceTake, most.Microseconds(), flag(write)); ok {
		l.rate.Store(got[2])
		return time.Duration(got[0]) * time.Microsecond, got[1] == 1
	}
	return l.alone.take(l.share(), write, most)
}

func (l *storeLimiter) Limited(ctx context.Context, until time.Time) {
	if got, ok := l.ask(context.WithoutCancel(ctx), paceLimited, heldFor(until), 0); ok {
		l.rate.Store(got[2])
		return
	}
	l.alone.limited(l.share(), until)
}

// share is what this replica may send alone; 0 is anything, as long as no limit is known.
func (l *storeLimiter) share() float64 {
	rate := l.set
	if last := float64(l.rate.Load()) / 1000; last > 0 {
		rate = last
	}
	n := l.s.replicas.Load()
	if n < 1 {
		n = fewAlone
	}
	return rate / float64(n)
}

const (
	paceTake    = "take"
	paceLimited = "limited"
)

// ask runs the script; false where the store does not answer, or did not just now.
func (l *storeLimiter) ask(ctx context.Context, what string, amount int64, write int) ([]int64, bool) {
	now := time.Now().UnixNano()
	rest := l.rest.Load()
	if now < rest || rest != 0 && !l.rest.CompareAndSwap(rest, now+int64(limiterRest)) {
		return nil, false // one of them tries it again, the others go on
	}
	ctx, cancel := l.s.brief(ctx)
	defer cancel()
	got, err := paceScript.Run(ctx, l.s.client, []string{l.key, l.s.prefix + replicasKey}, what, amount, write,
		strconv.FormatFloat(l.set, 'g', -1, 64)).Int64Slice()
	if err != nil || len(got) != 4 {
		l.rest.Store(time.Now().UnixNano() + int64(limiterRest))
		return nil, false
	}
	l.s.replicas.Store(got[3])
	if rest != 0 {
		l.rest.Store(0)
	}
	return got, true
}

// paceScript is [pace] in Lua: tell, then take or limited. It answers the wait in
// microseconds, whether the turn was taken, thousandths of the rate in force, and how
// many replicas there are.
var paceScript = redis.NewScript(`
local what, amount, write, set = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local v = redis.call('HMGET', KEYS[1], 'turn', 'rate', 'sent', 'hold', 'cut', 'step', 'since', 'count', 'last')
for i = 1, 9 do v[i] = tonumber(v[i] or 0) or 0 end
local turn, rate, sent, hold, cut, step, since, count, last = v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]
local function inforce()
  if set > 0 and rate > 0 then return math.min(set, rate) end
  if set > 0 then return set end
  return rate
end
hold, cut, step = math.min(hold, now + 3600000000), math.min(cut, now), math.min(step, now)
if rate > 0 and now - step >= 1000000 then
  local n = math.floor((now - step) / 1000000)
  rate, step = rate + n * 0.1 * sent, step + n * 1000000
  local top = 2 * sent
  if set > 0 then top = set end
  if rate >= top then rate = 0 end
end
local all = now - since
if all < 0 or all >= 1000000 then
  last = 0
  if all >= 0 and all < 2000000 then last = count * 1000000 / all end
  since, count = now, 0
end
local wait, mine = 0, 0
if what == 'take' then
  if now < hold then
    wait = hold - now
  elseif inforce() == 0 then
    count, mine = count + 1, 1
  else
    local each = math.floor(1000000 / inforce())
    turn = math.min(math.max(turn, now), now + 2000000 + 2 * each)
    local ahead = 50000
    if write == '1' then ahead = ahead + 250000 end
    wait = math.max(0, turn - ahead - now)
    if wait <= amount then
      turn, count, mine = turn + each, count + 1, 1
    end
  end
else
  hold = math.max(hold, now + math.min(math.max(amount, 0), 3600000000))
  if cut == 0 or now - cut >= 5000000 then
    local was = math.max(last, count * 1000000 / math.max(now - since, 500000))
    if inforce() > 0 then was = math.min(was, inforce()) end
    local least = 5
    if set > 0 then least = math.min(least, set / 4) end
    was = math.max(was, 2 * least)
    rate, sent, cut, step, turn = was / 2, was, now, now, now
  end
end
local function whole(n) return string.format('%.0f', n) end
local function exact(n) return string.format('%.17g', n) end
redis.call('HSET', KEYS[1], 'turn', whole(turn), 'rate', exact(rate), 'sent', exact(sent), 'hold', whole(hold),
  'cut', whole(cut), 'step', whole(step), 'since', whole(since), 'count', whole(count), 'last', exact(last))
redis.call('PEXPIRE', KEYS[1], 7200000)
return {wait, mine, math.floor(inforce() * 1000), redis.call('ZCARD', KEYS[2])}`)
