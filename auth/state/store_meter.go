package state

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// A quota in the store is a list of "when how-many", the oldest first: the times in
// microseconds, which Lua can still tell apart.

func (t storeShelf) meterKey(key string) string { return t.key("meter/" + hashed(key)) }

func (t storeShelf) count(ctx context.Context, key string, n int, window time.Duration, limit int, now time.Time) (bool, time.Time, error) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	free, err := countScript.Run(ctx, t.s.client, []string{t.meterKey(key)},
		now.UnixMicro(), window.Microseconds(), n, limit, maxCounts, mergedSpans).Text()
	if err != nil {
		return false, time.Time{}, storeError(err)
	}
	if free == "" {
		return true, time.Time{}, nil
	}
	at, err := strconv.ParseInt(free, 10, 64)
	if err != nil {
		return false, time.Time{}, storeError(err)
	}
	return false, time.UnixMicro(at), nil
}

func (t storeShelf) uncount(ctx context.Context, key string, n int) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	_ = uncountScript.Run(ctx, t.s.client, []string{t.meterKey(key)}, n).Err() // else it stays charged
}

func (t storeShelf) forget(key string) {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	_ = t.s.client.Del(ctx, t.meterKey(key)).Err()
}

// countScript answers "" where it was counted, else when so much is free again. What is
// past the window is dropped; a clock that was set back lets nothing end early; where
// there are too many entries those of a span are taken together at the latest time.
var countScript = redis.NewScript(`
local now, window, n, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local most, spans = tonumber(ARGV[5]), tonumber(ARGV[6])
local at, num, sum = {}, {}, 0
local old, live = 0, false
for _, e in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local a, c = string.match(e, '^(%d+) (%d+)$')
  a, c = tonumber(a), tonumber(c)
  if not live and now - a >= window then
    old = old + 1
  else
    live = true
    at[#at + 1], num[#num + 1], sum = a, c, sum + c
  end
end
if sum + n > limit then
  local need = sum + n - limit
  for i = 1, #at do
    need = need - num[i]
    if need <= 0 then return string.format('%.0f', at[i] + window) end
  end
  return string.format('%.0f', now + window)
end
if #at > 0 and at[#at] > now then now = at[#at] end
if old > 0 then redis.call('LTRIM', KEYS[1], old, -1) end
redis.call('RPUSH', KEYS[1], string.format('%.0f %d', now, n))
if #at + 1 > most then
  at[#at + 1], num[#num + 1] = now, n
  redis.call('DEL', KEYS[1])
  local span = math.max(1, math.floor(window / spans))
  local last, sum = at[1], 0
  for i = 1, #at do
    if math.floor(at[i] / span) ~= math.floor(last / span) then
      redis.call('RPUSH', KEYS[1], string.format('%.0f %d', last, sum))
      sum = 0
    end
    last, sum = at[i], sum + num[i]
  end
  redis.call('RPUSH', KEYS[1], string.format('%.0f %d', last, sum))
end
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 3600000)
return ''`)

var uncountScript = redis.NewScript(`
local n = tonumber(ARGV[1])
while n > 0 do
  local e = redis.call('LINDEX', KEYS[1], -1)
  if not e then return 0 end
  local a, c = string.match(e, '^(%d+) (%d+)$')
  c = tonumber(c)
  if c > n then
    redis.call('LSET', KEYS[1], -1, a .. ' ' .. string.format('%d', c - n))
    return 1
  end
  n = n - c
  redis.call('RPOP', KEYS[1])
end
return 1`)
