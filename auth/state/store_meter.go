package state

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/jc-mcp/jc-mcp/auth"
)

// A quota in the store is a list of "when how-many", the oldest first: the times in
// microseconds, which Lua can still tell apart.

func (t storeShelf) meterKey(key string) string { return t.key("meter/" + hashed(key)) }

func (t storeShelf) count(ctx context.Context, n int, quotas []auth.Quota, now time.Time) (*auth.Full, error) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	args := []any{now.UnixMicro(), n, maxCounts, mergedSpans}
	for _, q := range quotas {
		args = append(args, q.Window.Microseconds(), q.Limit)
	}
	full, err := countScript.Run(ctx, t.s.client, t.meterKeys(quotas), args...).Int64Slice()
	switch {
	case err != nil:
		return nil, storeError(err)
	case len(full) == 0:
		return nil, nil
	}
	return &auth.Full{Index: int(full[0]) - 1, Free: time.UnixMicro(full[1])}, nil
}

func (t storeShelf) uncount(ctx context.Context, n int, quotas []auth.Quota) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	_ = uncountScript.Run(ctx, t.s.client, t.meterKeys(quotas), n).Err() // else they stay charged
}

func (t storeShelf) meterKeys(quotas []auth.Quota) (out []string) {
	for _, q := range quotas {
		out = append(out, t.meterKey(q.Key))
	}
	return out
}

func (t storeShelf) forget(key string) {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	_ = t.s.client.Del(ctx, t.meterKey(key)).Err()
}

// countScript answers with nothing where it was counted, else with which quota has no
// room, from 1, and when it will have. What is past the window is dropped; a clock that
// was set back lets nothing end early; where there are too many entries those of a span
// are taken together at the latest time.
var countScript = redis.NewScript(`
local now, n, most, spans = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function read(key, window)
  local q = {at = {}, num = {}, sum = 0, old = 0}
  local live = false
  for _, e in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local a, c = string.match(e, '^(%d+) (%d+)$')
    a, c = tonumber(a), tonumber(c)
    if not live and now - a >= window then
      q.old = q.old + 1
    else
      live = true
      q.at[#q.at + 1], q.num[#q.num + 1], q.sum = a, c, q.sum + c
    end
  end
  return q
end
local function free(q, window, need)
  for i = 1, #q.at do
    need = need - q.num[i]
    if need <= 0 then return q.at[i] + window end
  end
  return now + window
end
local function put(key, at, num) redis.call('RPUSH', key, string.format('%.0f %d', at, num)) end
local function add(key, window, q)
  local when = now
  if #q.at > 0 and q.at[#q.at] > when then when = q.at[#q.at] end
  if q.old > 0 then redis.call('LTRIM', key, q.old, -1) end
  put(key, when, n)
  if #q.at + 1 > most then
    q.at[#q.at + 1], q.num[#q.num + 1] = when, n
    redis.call('DEL', key)
    local span = math.max(1, math.floor(window / spans))
    local last, sum = q.at[1], 0
    for i = 1, #q.at do
      if math.floor(q.at[i] / span) ~= math.floor(last / span) then
        put(key, last, sum)
        sum = 0
      end
      last, sum = q.at[i], sum + q.num[i]
    end
    put(key, last, sum)
  end
  redis.call('PEXPIRE', key, math.ceil(window / 1000) + 3600000)
end
local found = {}
for i, key in ipairs(KEYS) do
  local window, limit = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  local q = read(key, window)
  if q.sum + n > limit then return {i, free(q, window, q.sum + n - limit)} end
  found[i] = q
end
for i, key in ipairs(KEYS) do add(key, tonumber(ARGV[3 + 2 * i]), found[i]) end
return {}`)

var uncountScript = redis.NewScript(`
for _, key in ipairs(KEYS) do
  local n = tonumber(ARGV[1])
  while n > 0 do
    local e = redis.call('LINDEX', key, -1)
    if not e then break end
    local a, c = string.match(e, '^(%d+) (%d+)$')
    c = tonumber(c)
    if c > n then
      redis.call('LSET', key, -1, a .. ' ' .. string.format('%d', c - n))
      break
    end
    n = n - c
    redis.call('RPOP', key)
  end
end
return 1`)
