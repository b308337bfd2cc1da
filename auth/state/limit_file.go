package state

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"sync"
	"time"
)

// fileLimiter keeps a pace in a small file that the servers of a user share. It is
// asked before each request, so the file is written in place and no disk is waited
// for; what cannot be read counts as nothing, and a file that cannot be had for a
// moment keeps nobody back: a limit is a courtesy.
type fileLimiter struct {
	path string
	set  float64

	mu     sync.Mutex // between those of this process, who need no lock of the file; all below
	file   *os.File   // kept open
	info   os.FileInfo
	looked time.Time // when that was the file at the path
}

const (
	limiterPatience = 20 * time.Millisecond
	limiterLook     = time.Second
)

func (l *fileLimiter) Take(ctx context.Context, write bool, most time.Duration) (wait time.Duration, mine bool) {
	mine = true
	l.with(ctx, func(p *pace) {
		w, ok := p.take(time.Now().UnixMicro(), l.set, most.Microseconds(), write)
		wait, mine = time.Duration(w)*time.Microsecond, ok
	})
	return wait, mine
}

func (l *fileLimiter) Limited(ctx context.Context, until time.Time) {
	l.with(ctx, func(p *pace) { p.limited(time.Now().UnixMicro(), l.set, heldFor(until)) })
}

// with has do change what is in the file.
func (l *fileLimiter) with(ctx context.Context, do func(*pace)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.open(time.Now())
	if f == nil || !lockSoon(ctx, f) {
		return
	}
	defer func() { _ = unlock(f) }()
	p := paceIn(f)
	do(&p)
	var raw [paceBytes]byte
	if n, err := binary.Encode(raw[:], binary.LittleEndian, &p); err == nil {
		_, _ = f.WriteAt(raw[:n], 0)
	}
}

// open gives the file, which others may have removed as one that nobody needs; nil
// where it cannot be had.
func (l *fileLimiter) open(now time.Time) *os.File {
	if l.file != nil && now.Sub(l.looked) < limiterLook {
		return l.file
	}
	if l.file != nil {
		if there, err := os.Stat(l.path); err == nil && os.SameFile(there, l.info) {
			l.looked = now
			return l.file
		}
		l.close()
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil
	}
	l.file, l.looked = f, now
	if l.info, err = f.Stat(); err != nil {
		l.close()
	}
	return l.file
}

func (l *fileLimiter) close() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// Close closes the file. Who asks again opens it again.
func (l *fileLimiter) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close()
	return nil
}

const paceBytes = 9 * 8

// check forgets what no server of ours wrote.
func (p *pace) check() {
	for _, v := range []float64{p.Rate, p.Sent, p.Count, p.Last} {
		if math.IsNaN(v) || v < 0 || v > 1e9 {
			*p = pace{}
			return
		}
	}
	for _, v := range []int64{p.Turn, p.Hold, p.Cut, p.Step, p.Since} {
		if v < 0 || v > 1<<52 {
			*p = pace{}
			return
		}
	}
}

func lockSoon(ctx context.Context, f *os.File) bool {
	if ok, err := tryLock(f); ok || err != nil {
		return ok
	}
	ctx, cancel := context.WithTimeout(ctx, limiterPatience)
	defer cancel()
	for {
		ok, err := tryLock(f)
		if ok {
			return true
		}
		if err != nil || sleep(ctx, 50*time.Microsecond) != nil {
			return false
		}
	}
}

// staleLimit reports whether nobody has asked for so long that nothing is left of it.
func staleLimit(path string, now time.Time) bool {
	info, err := os.Lstat(path)
	return err == nil && now.Sub(info.ModTime()) > 2*longHold
}
