package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	storeLock     = 5 * time.Second // a lock ends by itself, should its holder be killed
	storePatience = 2 * time.Second // then it goes on without: nothing relies on a lock
	storeBatch    = 64              // names read at once
	journalBatch  = 100             // lines read at once
)

// storeShelf is the store as a shelf. Every operation is one command or one script, so
// each happens as a whole or not at all; one that got no answer may have happened, and
// is an [auth.ErrStore].
type storeShelf struct{ s *Store }

func (t storeShelf) key(name string) string { return t.s.prefix + name }

// index is where the names of a folder stand, by when they end.
func (t storeShelf) index(name string) string {
	folder, _, _ := strings.Cut(name, "/")
	return t.s.prefix + "index:" + folder
}

func (t storeShelf) read(name string) ([]byte, error) {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	if name == stopFile {
		return t.s.stops(ctx)
	}
	return value(t.s.client.Get(ctx, t.key(name)).Bytes())
}

// value is what a GET came to.
func value(data []byte, err error) ([]byte, error) {
	switch {
	case errors.Is(err, redis.Nil):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, storeError(err)
	case len(data) > maxFile:
		return nil, errTorn
	}
	return data, nil
}

func (t storeShelf) list(folder string) ([]string, error) {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	names, err := listScript.Run(ctx, t.s.client, []string{t.s.prefix + "index:" + folder}).StringSlice()
	return names, storeError(err)
}

var listScript = redis.NewScript(`
local t = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', t[1] * 1000 + math.floor(t[2] / 1000))
return redis.call('ZRANGE', KEYS[1], 0, -1)`)

// snapshot reads all of a folder but the secrets, which are only counted.
func (t storeShelf) snapshot(folder string) (reader, error) {
	names, err := t.list(folder)
	if err != nil {
		return nil, err
	}
	seen := &snapshot{shelf: t, names: names, data: map[string][]byte{}}
	for len(names) > 0 {
		var keys, of []string
		for len(names) > 0 && len(keys) < storeBatch {
			if !strings.HasSuffix(names[0], ".secret") {
				of, keys = append(of, folder+"/"+names[0]), append(keys, t.key(folder+"/"+names[0]))
			}
			names = names[1:]
		}
		if len(keys) == 0 {
			break
		}
		if err := t.fetch(seen, of, keys); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (t storeShelf) fetch(seen *snapshot, names, keys []string) error {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	values, err := t.s.client.MGet(ctx, keys...).Result()
	if err != nil {
		return storeError(err)
	}
	for i, v := range values {
		if text, ok := v.(string); ok && len(text) <= maxFile {
			seen.data[names[i]] = []byte(text)
		}
	}
	return nil
}

// snapshot is a folder as it was.
type snapshot struct {
	shelf storeShelf
	names []string
	data  map[string][]byte
}

func (s *snapshot) list(string) ([]string, error) { return s.names, nil }

func (s *snapshot) read(name string) ([]byte, error) {
	if data, ok := s.data[name]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

func (t storeShelf) swap(name string, old, data []byte, until time.Time) (bool, error) {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	ttl, end := int64(0), "+inf"
	if !until.IsZero() {
		ttl = max(time.Second, until.Sub(t.s.now())).Milliseconds()
		end = fmt.Sprint(until.UnixMilli())
	}
	_, member, indexed := strings.Cut(name, "/")
	n, err := swapScript.Run(ctx, t.s.client, []string{t.key(name), t.index(name)},
		flag(old != nil), old, flag(data != nil), data, ttl, flag(indexed), member, end).Int()
	return n == 1, storeError(err)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// swapScript: whether there is an old one, and it; whether there is a new one, and it;
// how long it lives; whether it has a folder, its name there, and its end.
var swapScript = redis.NewScript(`
local now = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
  if now then return 0 end
elseif not now or now ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
  if ARGV[6] == '1' then redis.call('ZREM', KEYS[2], ARGV[7]) end
  return 1
end
if ARGV[5] == '0' then redis.call('SET', KEYS[1], ARGV[4])
else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
if ARGV[6] == '1' then
  redis.call('ZADD', KEYS[2], ARGV[8], ARGV[7])
  if ARGV[5] == '0' then redis.call('PERSIST', KEYS[2])
  elseif redis.call('PTTL', KEYS[2]) < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
end
return 1`)

func (t storeShelf) remove(name string) error {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	_, member, _ := strings.Cut(name, "/")
	n, err := removeScript.Run(ctx, t.s.client, []string{t.key(name), t.index(name)}, member).Int()
	if err == nil && n == 0 {
		return fs.ErrNotExist
	}
	return storeError(err)
}

var removeScript = redis.NewScript(`
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`)

func (t storeShelf) once(name string, until time.Time) (bool, error) {
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	keep := max(0, until.Sub(t.s.now())) + usedGrace
	err := t.s.client.SetArgs(ctx, t.key(name), stamp(until), redis.SetArgs{Mode: "NX", TTL: keep}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, storeError(err)
}

func (t storeShelf) lock(ctx context.Context, name, about string) (func(), error) {
	if about == "" {
		return func() {}, nil
	}
	key, token := t.key("lock:"+name+":"+hashed(about)), newCode()
	patience, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	for {
		got, err := t.tryLock(patience, key, token)
		switch {
		case got:
			return func() { t.unlock(ctx, key, token) }, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case patience.Err() != nil:
			return func() {}, nil
		case err != nil:
			return nil, err
		}
		_ = sleep(patience, time.Millisecond+rand.N(8*time.Millisecond))
	}
}

func (t storeShelf) tryLock(ctx context.Context, key, token string) (bool, error) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	err := t.s.client.SetArgs(ctx, key, token, redis.SetArgs{Mode: "NX", TTL: storeLock}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, storeError(err)
}

func (t storeShelf) unlock(ctx context.Context, key, token string) {
	ctx, cancel := t.s.brief(context.WithoutCancel(ctx))
	defer cancel()
	_ = unlockScript.Run(ctx, t.s.client, []string{key}, token).Err() // else it ends by itself
}

var unlockScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

func (t storeShelf) record(ctx context.Context, line []byte, _ time.Time) error {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	return storeError(recordScript.Run(ctx, t.s.client, []string{t.key("changes")}, line, maxChanges, keepChanges.Milliseconds()).Err())
}

var recordScript = redis.NewScript(`
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], '*', 'l', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`)

func (t storeShelf) changes(since time.Time) (kept []Change, err error) {
	from := "-"
	for {
		ctx, cancel := t.s.brief(context.Background())
		lines, err := t.s.client.XRangeN(ctx, t.key("changes"), from, "+", journalBatch).Result()
		cancel()
		if err != nil {
			return nil, storeError(err)
		}
		for _, l := range lines {
			text, _ := l.Values["l"].(string)
			var c Change
			if unmarshalChange([]byte(text), &c) == nil && c.ID != "" && c.At.After(since) {
				kept = append(kept, c)
			}
		}
		if len(lines) < journalBatch {
			return kept, nil
		}
		from = "(" + lines[len(lines)-1].ID
	}
}

func (t storeShelf) there() error { return nil }

func (t storeShelf) sweep(time.Time) {} // every name ends by itself

func (t storeShelf) run() (string, error) {
	if run := t.s.run.Load(); run != nil {
		return *run, nil
	}
	ctx, cancel := t.s.brief(context.Background())
	defer cancel()
	err := t.s.client.Ping(ctx).Err() // a connection learns it
	if run := t.s.run.Load(); run != nil {
		return *run, nil
	}
	if err == nil {
		err = auth.ErrStore
	}
	return "", storeError(err)
}
