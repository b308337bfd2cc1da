package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

// TaskShelf holds the records of tasks, so that any server that shares the directory
// or the store can answer for them. Records and words are opaque and at most 1 MiB.
type TaskShelf interface {
	// Put keeps a record under id, in place of the one before, for ttl.
	Put(ctx context.Context, id string, record []byte, ttl time.Duration) error
	// Get gives the record; nil where there is none, or no longer.
	Get(ctx context.Context, id string) ([]byte, error)
	// Say leaves a word for the server that runs the task, for ttl.
	Say(ctx context.Context, id string, word []byte, ttl time.Duration) error
	// Heard takes all words that were left, in their order: each is given once.
	Heard(ctx context.Context, id string) ([][]byte, error)
}

// Tasks is the shelf of this directory, or of the store behind it.
func (d *Dir) Tasks() TaskShelf {
	if d.store != nil {
		return storeTasks{d.store}
	}
	return fileTasks{d}
}

// hashed is a name that nothing can be hidden in.
func hashed(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// fileTasks keeps HASH.task and HASH.words in the folder tasks.
type fileTasks struct{ d *Dir }

// timed is a record, or one word, on disk.
type timed struct {
	Until time.Time `json:"until"`
	Data  []byte    `json:"data"`
}

func (t fileTasks) path(id, kind string) string { return t.d.local.file("tasks", hashed(id)+"."+kind) }

func (t fileTasks) Put(_ context.Context, id string, record []byte, ttl time.Duration) error {
	t.d.sweep()
	return t.write(t.path(id, "task"), timed{t.d.now().Add(ttl).UTC().Round(0), record})
}

// write does not wait for the disk: with the machine its tasks are gone as well.
func (t fileTasks) write(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return errors.New("it is too long to be kept")
	}
	return replace(path, data, false)
}

func (t fileTasks) Get(_ context.Context, id string) ([]byte, error) {
	var r timed
	err := readJSON(t.path(id, "task"), &r)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !t.d.now().Before(r.Until) {
		return nil, nil
	}
	return r.Data, err
}

func (t fileTasks) Say(ctx context.Context, id string, word []byte, ttl time.Duration) error {
	unlock, err := t.d.local.lock(ctx, "tasks", "")
	if err != nil {
		return err
	}
	defer unlock()
	path := t.path(id, "words")
	var words []timed
	if err := readJSON(path, &words); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return t.write(path, append(words, timed{t.d.now().Add(ttl).UTC().Round(0), word}))
}

func (t fileTasks) Heard(ctx context.Context, id string) ([][]byte, error) {
	path := t.path(id, "words")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the usual case, without the lock
	}
	unlock, err := t.d.local.lock(ctx, "tasks", "")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var words []timed
	if err := readJSON(path, &words); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil { // before they are given: each is given once
		return nil, err
	}
	var out [][]byte
	for _, w := range words {
		if t.d.now().Before(w.Until) {
			out = append(out, w.Data)
		}
	}
	return out, nil
}

// staleTask reports whether a file of tasks/ is past its time.
func staleTask(path string, now time.Time) bool {
	var r timed
	if readJSON(path, &r) == nil {
		return !now.Before(r.Until)
	}
	var words []timed
	if readJSON(path, &words) == nil {
		return len(words) == 0 || !now.Before(words[len(words)-1].Until)
	}
	info, err := os.Lstat(path)
	return err == nil && now.Sub(info.ModTime()) > maxWait
}

// storeTasks keeps a string and a list for each task.
type storeTasks struct{ s *Store }

func (t storeTasks) key(id, kind string) string {
	return t.s.prefix + "task:" + hashed(id) + ":" + kind
}

func (t storeTasks) Put(ctx context.Context, id string, record []byte, ttl time.Duration) error {
	if len(record) > maxFile {
		return errors.New("it is too long to be kept")
	}
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	return storeError(t.s.client.Set(ctx, t.key(id, "record"), record, max(ttl, time.Millisecond)).Err())
}

func (t storeTasks) Get(ctx context.Context, id string) ([]byte, error) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	data, err := t.s.client.Get(ctx, t.key(id, "record")).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return data, storeError(err)
}

func (t storeTasks) Say(ctx context.Context, id string, word []byte, ttl time.Duration) error {
	if len(word) > maxFile {
		return errors.New("it is too long to be kept")
	}
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	return storeError(sayScript.Run(ctx, t.s.client, []string{t.key(id, "words")}, word, max(ttl, time.Millisecond).Milliseconds()).Err())
}

func (t storeTasks) Heard(ctx context.Context, id string) ([][]byte, error) {
	ctx, cancel := t.s.brief(ctx)
	defer cancel()
	words, err := heardScript.Run(ctx, t.s.client, []string{t.key(id, "words")}).StringSlice()
	if err != nil {
		return nil, storeError(err)
	}
	out := make([][]byte, len(words))
	for i, w := range words {
		out[i] = []byte(w)
	}
	return out, nil
}

var (
	sayScript = redis.NewScript(`
local n = redis.call('RPUSH', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return n`)
	heardScript = redis.NewScript(`
local words = redis.call('LRANGE', KEYS[1], 0, -1)
redis.call('DEL', KEYS[1])
return words`)
)
