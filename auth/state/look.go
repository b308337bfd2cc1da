package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Look checks a state directory ("" is [Default]) as [Open] does, and makes and changes
// nothing. path is where it is, and there whether it is there: Open makes it where not.
func Look(dir string) (path string, there bool, err error) {
	if dir == "" {
		if dir, err = Default(); err != nil {
			return "", false, err
		}
	}
	if path, err = filepath.Abs(dir); err != nil {
		return dir, false, fmt.Errorf("the state directory: %w", err)
	}
	for _, name := range append([]string{""}, append(folders[1:], "keys.json")...) {
		at := filepath.Join(path, name)
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == "":
			return path, false, nil
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return path, there, fmt.Errorf("the state directory: %w", err)
		case info.IsDir() == (name == "keys.json"):
			return path, there, fmt.Errorf("%s is not what belongs there", at)
		}
		there = true
		if err := checkOwner(at, info); err != nil {
			return path, true, err
		}
	}
	return path, there, nil
}

// Seen is what a look at the shared store shows.
type Seen struct {
	// Took is how long it took to answer, over a connection that was open.
	Took time.Duration
	// Skew is how far its clock is ahead of this machine's.
	Skew time.Duration
	// Replicas are the servers that gave a sign of life just now.
	Replicas int
	// Evicts is the policy by which it drops keys that are still in time when it is full
	// ("allkeys-lru"); "" where it drops none, or does not tell. What was used up could
	// be used again.
	Evicts string
}

// Look asks the store how it is, and changes nothing in it. An error is an [auth.ErrStore].
func (s *Store) Look(ctx context.Context) (out Seen, err error) {
	if err := s.Ping(ctx); err != nil { // the first command waits for the connection too
		return out, err
	}
	ctx, cancel := s.brief(ctx)
	defer cancel()
	start := time.Now()
	at, err := s.client.Time(ctx).Result()
	if err != nil {
		return out, storeError(err)
	}
	out.Took = time.Since(start)
	out.Skew = at.Sub(start.Add(out.Took / 2))
	alive := strconv.FormatInt(at.Add(-storeAlive).UnixMicro(), 10)
	n, err := s.client.ZCount(ctx, s.prefix+replicasKey, alive, "+inf").Result()
	if err != nil {
		return out, storeError(err)
	}
	out.Replicas = int(n)
	memory, err := s.client.Info(ctx, "memory").Result()
	if err == nil { // not every store tells
		out.Evicts = evicts(memory)
	}
	return out, nil
}

// evicts reads the policy of a store that has a limit to its memory.
func evicts(memory string) (policy string) {
	limited := false
	for line := range strings.Lines(memory) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "maxmemory":
			limited = value != "0"
		case "maxmemory_policy":
			policy = value
		}
	}
	if !limited || policy == "noeviction" {
		return ""
	}
	return policy
}

// Pace is what is known of the limit of an organisation and credential.
type Pace struct {
	// Held is until when JumpCloud wants to hear nothing; zero where it said nothing.
	Held time.Time
	// Rate is what is sent at most, in requests a second, as 429s taught; 0 is no limit.
	Rate float64
}

// Pace looks at what [Dir.Limiter] of that scope knows, without a turn being taken.
func (d *Dir) Pace(ctx context.Context, scope string) (out Pace, err error) {
	var p pace
	if d.store == nil {
		p = readPace(d.local.file("limits", hashed(scope)))
	} else if p, err = d.store.pace(ctx, scope); err != nil {
		return out, err
	}
	now := d.now()
	p.tell(now.UnixMicro(), 0)
	if p.Hold > now.UnixMicro() {
		out.Held = time.UnixMicro(p.Hold)
	}
	out.Rate = p.Rate
	return out, nil
}

// limitKey names the pace of a scope in the store.
func (s *Store) limitKey(scope string) string { return s.prefix + "limit:" + hashed(scope) }

// pace reads what the script of the limiter wrote.
func (s *Store) pace(ctx context.Context, scope string) (p pace, err error) {
	ctx, cancel := s.brief(ctx)
	defer cancel()
	said, err := s.client.HGetAll(ctx, s.limitKey(scope)).Result()
	if err != nil {
		return p, storeError(err)
	}
	for name, into := range map[string]*int64{"hold": &p.Hold, "cut": &p.Cut, "step": &p.Step, "turn": &p.Turn} {
		*into, _ = strconv.ParseInt(said[name], 10, 64) // what is not there is nothing
	}
	for name, into := range map[string]*float64{"rate": &p.Rate, "sent": &p.Sent} {
		*into, _ = strconv.ParseFloat(said[name], 64)
	}
	p.check()
	return p, nil
}

// readPace is the pace in a file; nothing where it cannot be read.
func readPace(path string) (p pace) {
	f, err := os.Open(path)
	if err != nil {
		return p
	}
	defer func() { _ = f.Close() }()
	return paceIn(f)
}

func paceIn(f io.ReaderAt) (p pace) {
	var raw [paceBytes + 1]byte
	if n, err := f.ReadAt(raw[:], 0); n == paceBytes && errors.Is(err, io.EOF) {
		_, _ = binary.Decode(raw[:paceBytes], binary.LittleEndian, &p)
		p.check()
	}
	return p
}
