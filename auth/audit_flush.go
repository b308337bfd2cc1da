package auth

import (
	"os"
	"runtime"
	"sync"
)

// flusher lets those who wait for the disk at the same time share one fsync. One of
// them leads a round; all of a round go on at its end, together.
type flusher struct {
	mu    sync.Mutex
	file  *os.File      // nil: a stream, which has none
	round chan struct{} // of the fsync that is under way, closed at its end
	done  uint64        // writes that are on the disk
	// After an fsync that failed nobody knows what became of these writes, whatever
	// the next one says.
	lostFrom, lostTo uint64
	err              error
}

// flush waits until this write is on the disk.
func (a *AuditLog) flush(gen uint64) error {
	d := &a.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		switch {
		case gen > d.lostFrom && gen <= d.lostTo:
			return d.err
		case d.file == nil || gen <= d.done:
			return nil
		case d.round == nil:
			a.lead()
		default:
			d.wait()
		}
	}
}

// wait waits for the end of the round, with mu held before and after.
func (d *flusher) wait() {
	round := d.round
	d.mu.Unlock()
	<-round
	d.mu.Lock()
}

// lead is a round: an fsync of all that is written by now. mu is held before and after.
func (a *AuditLog) lead() {
	d, round := &a.disk, make(chan struct{})
	d.round = round
	file := d.file
	d.mu.Unlock()
	runtime.Gosched() // those who are about to write come along; at once where there are none
	upTo := a.written.Load()
	err := file.Sync()
	d.mu.Lock()
	d.round = nil
	close(round)
	if err != nil {
		d.lostFrom, d.lostTo, d.err = d.done, upTo, err
		a.syncErr.Store(&auditError{err})
		return
	}
	d.done = upTo
	a.syncErr.Store(nil)
}

// swap makes f the file that is flushed, and ends the one before.
func (a *AuditLog) swap(f *os.File) (err error) {
	d := &a.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.round != nil {
		d.wait()
	}
	if d.file != nil {
		if d.done < a.written.Load() {
			a.lead()
			if d.done < a.written.Load() {
				err = d.err
			}
		}
		_ = d.file.Close()
	}
	d.file = f
	return err
}
