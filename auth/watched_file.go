package auth

import (
	"context"
	"crypto/sha256"
	"os"
	"time"
)

// WatchedFile is a file of settings that is read again when it changes.
type WatchedFile struct {
	Path string
	// Read reads it; its errors may be told.
	Read func(path string) ([]byte, error)
	// Take is given what was read, or why it could not be.
	Take func(data []byte, err error)
	// Known reports whether data with that sum is what was dealt with last.
	Known func(sum [sha256.Size]byte) bool

	seen seenFile
}

// seenFile is what was last seen of a file.
type seenFile struct {
	at      time.Time
	size    int64
	sum     [sha256.Size]byte
	settled bool // sum was dealt with
	gone    bool
}

// Watch reads the file again on SIGHUP (where there is one) and when it has changed,
// until ctx ends. It looks at each tick, by its own clock each second when tick is
// nil. A change counts when it looks the same at two ticks: a file that is being
// written could be valid and lack its last lines, where never stands.
func (f *WatchedFile) Watch(ctx context.Context, tick <-chan time.Time) {
	if tick == nil {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		tick = t.C
	}
	hangup, stop := hangups()
	defer stop()
	f.watch(ctx, tick, hangup)
}

func (f *WatchedFile) watch(ctx context.Context, tick <-chan time.Time, hangup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			f.Take(f.Read(f.Path))
			f.seen = seenFile{}
		case <-tick:
			f.look()
		}
	}
}

// look takes the file when it differs from what is in force and has come to rest.
func (f *WatchedFile) look() {
	w := &f.seen
	info, err := os.Stat(f.Path)
	if err == nil && w.settled && !w.gone && info.ModTime().Equal(w.at) && info.Size() == w.size && time.Since(w.at) > 3*time.Second {
		return // an older time stamp cannot hide a change any more
	}
	data, err := f.Read(f.Path)
	if err != nil {
		if w.gone && !w.settled {
			f.Take(nil, err)
			w.settled = true
		} else if !w.gone {
			*w = seenFile{gone: true}
		}
		return
	}
	sum := sha256.Sum256(data)
	if w.gone || sum != w.sum {
		*w = seenFile{sum: sum}
		return
	}
	if info != nil {
		w.at, w.size = info.ModTime(), info.Size()
	}
	if w.settled {
		return
	}
	w.settled = true
	if !f.Known(sum) {
		f.Take(data, nil)
	}
}
