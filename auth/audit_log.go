package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// AuditOptions say how an audit is kept. The zero value signs no heads.
type AuditOptions struct {
	// KeyDir is the folder of the key that signs heads, which is made there, for this
	// user alone, if it is missing; "" signs none.
	KeyDir string
	// Heads takes a JSON line for each signed head, to be kept where nobody who can
	// change the file can change it; nil keeps them beside the file only.
	Heads io.Writer
	// HeadLines and HeadTime are after how many lines, and after how long at the
	// latest, a head is signed; 0 means 100, and a minute.
	HeadLines uint64
	HeadTime  time.Duration
	// RotateBytes is the size from which a file is put aside; 0 means 64 MiB, less never.
	RotateBytes int64
}

func (o AuditOptions) withDefaults() AuditOptions {
	if o.HeadLines == 0 {
		o.HeadLines = 100
	}
	if o.HeadTime == 0 {
		o.HeadTime = time.Minute
	}
	if o.RotateBytes == 0 {
		o.RotateBytes = 64 << 20
	}
	return o
}

// maxOwed is how many results of changes wait for a log that cannot be written.
const maxOwed = 1000

// AuditLog is an [Audit] and an [AuditReader] of a file or a stream. Lines of calls
// that run side by side go out in one write and share one fsync; those of reads do
// not wait for it.
//
// After a write that failed, Write fails, and Health says so, until one works again:
// each tries. That is safe because the chain goes on from the last whole line, and
// what was cut off is closed with a line end. The results of changes that could not be
// written follow then, and a line (resumed) that says how many are missing.
type AuditLog struct {
	o      AuditOptions
	run    string
	path   string // "" for a stream
	signer note.Signer

	queueMu sync.Mutex
	queue   []*entry

	writeErr, syncErr atomic.Pointer[auditError]
	written           atomic.Uint64 // writes that put something into the file
	failures          atomic.Uint64 // lines whose writer was told that they may not stand
	disk              flusher

	mu     sync.Mutex // one writes; all below
	out    io.Writer
	end    func() error // closes a stream that is ours
	closed bool
	head   chainHead
	torn   bool // what stands last has no line end
	memory auditMemory

	file     *os.File
	info     os.FileInfo
	size     int64 // up to where the head is known
	rotateAt int64
	carry    bool // the file is new and goes on where another ended
	lock     *os.File
	presence *os.File

	lost      int // lines that could not be written
	lostSince time.Time
	owed      []*entry // of these, the results of changes

	unsigned bool
	timer    *time.Timer // signs what has waited for HeadTime
}

// entry is a line on its way.
type entry struct {
	line Line
	body []byte // encoded
	out  []byte // with its place in the chain
	head chainHead
	end  int  // in the write
	late bool // owed

	done bool
	err  error
	gen  uint64
}

// NewAudit writes to w, one JSON object a line. What it was given it cannot read
// back; it is an [AuditReader] of what it remembers.
func NewAudit(w io.Writer) Audit { return newLog(w, AuditOptions{}) }

// NewAuditLog is NewAudit with options. Heads go to o.Heads only.
func NewAuditLog(w io.Writer, o AuditOptions) (*AuditLog, error) {
	a := newLog(w, o)
	return a, a.useKey()
}

func newLog(w io.Writer, o AuditOptions) *AuditLog {
	var id [4]byte
	_, _ = rand.Read(id[:])
	return &AuditLog{o: o.withDefaults(), run: hex.EncodeToString(id[:]), out: w, memory: auditMemory{from: time.Now()}}
}

// OpenAudit is OpenAuditLog without options.
func OpenAudit(path string) (Audit, io.Closer, error) {
	a, err := OpenAuditLog(path, AuditOptions{})
	if err != nil {
		return nil, nil, err
	}
	return a, a, nil
}

// OpenAuditLog appends to the file at path, which is made for this user alone if it is
// not there. Several processes may: what they write is one chain, kept by a lock in
// the folder path.d. Signed heads go to path.heads; files that were put aside are
// path.<number of their last line>. Close ends it; writing after that fails. What is
// no regular file is written as a stream.
func OpenAuditLog(path string, o AuditOptions) (*AuditLog, error) {
	a := newLog(nil, o)
	err := a.openAny(path)
	if err == nil {
		err = a.useKey()
	}
	if err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	return a, nil
}

// useKey loads the key, if heads are to be signed.
func (a *AuditLog) useKey() (err error) {
	if a.o.KeyDir != "" {
		a.signer, err = auditSigner(a.o.KeyDir)
	}
	return err
}

// Health is nil while lines can be written, else an [ErrAudit]: changes are refused
// then, and who answers reads should say so.
func (a *AuditLog) Health() error {
	for _, p := range []*atomic.Pointer[auditError]{&a.writeErr, &a.syncErr} {
		if err := p.Load(); err != nil {
			return err
		}
	}
	return nil
}

// Failures is how many lines could not be written when they were due.
func (a *AuditLog) Failures() uint64 { return a.failures.Load() }

// Run is the id of this process in its lines.
func (a *AuditLog) Run() string { return a.run }

// Write writes one line, and for all but those of reads waits until it is on the disk.
// It does not look at ctx: a client that hangs up cannot keep its call out of the record.
func (a *AuditLog) Write(_ context.Context, l Line) error {
	l.Run = a.run
	return a.write(l)
}

func (a *AuditLog) write(l Line) error {
	l.Seq = 0
	body, err := l.encode(time.Now())
	if err != nil {
		return &auditError{err}
	}
	e := &entry{line: l, body: body}
	a.queueMu.Lock()
	a.queue = append(a.queue, e)
	a.queueMu.Unlock()
	a.mu.Lock()
	if !e.done { // else whoever was before has taken it along
		a.queueMu.Lock()
		batch := a.queue
		a.queue = nil
		a.queueMu.Unlock()
		a.append(batch, false)
	}
	a.mu.Unlock()
	if e.err == nil && l.durable() {
		e.err = a.flush(e.gen)
	}
	if e.err != nil {
		a.failures.Add(1)
		return &auditError{e.err}
	}
	return nil
}

// append writes what waits, in one write. Each entry is done after it, with an error
// where its line is not whole in the log.
func (a *AuditLog) append(batch []*entry, rotate bool) {
	err := os.ErrClosed
	if !a.closed {
		var release func()
		if release, err = a.ready(batch, rotate); err == nil {
			before := a.head.seq
			err = a.put(append(a.preface(), batch...))
			a.signDue(before)
			release()
		}
	}
	for _, e := range batch {
		if e.done {
			continue
		}
		e.done, e.err = true, err
		if a.lost++; a.lost == 1 {
			a.lostSince = time.Now()
		}
		if e.line.Phase == PhaseResult && e.line.durable() && len(a.owed) < maxOwed {
			a.owed = append(a.owed, e)
		}
	}
	if err != nil {
		a.writeErr.Store(&auditError{err})
		return
	}
	a.writeErr.Store(nil)
}

// preface are the lines that have to stand before others: that a file goes on where
// another ended, and what could not be written before.
func (a *AuditLog) preface() (out []*entry) {
	if a.carry {
		out = append(out, a.own(PhaseRotate, fmt.Sprintf("this file goes on after line %d, with hash %s", a.head.seq, a.head.hash)))
	}
	if a.lost == 0 {
		return out
	}
	for _, e := range a.owed {
		out = append(out, &entry{line: e.line, body: e.body, late: true})
	}
	return append(out, a.own(PhaseResumed, fmt.Sprintf("the audit can be written again: %d lines since %s could not be; changes were refused, %d results of changes that were under way follow late",
		a.lost, a.lostSince.UTC().Format(time.RFC3339), len(a.owed))))
}

func (a *AuditLog) own(phase, say string) *entry {
	l := Line{Phase: phase, Say: say, Run: a.run}
	body, err := l.encode(time.Now())
	if err != nil {
		panic(err) // a phase of ours is known
	}
	return &entry{line: l, body: body}
}

// put seals lines and writes them.
func (a *AuditLog) put(lines []*entry) error {
	if len(lines) == 0 {
		return nil
	}
	var buf []byte
	if a.torn {
		buf = append(buf, '\n')
	}
	h := a.head
	for _, e := range lines {
		e.out, h = h.seal(e.body)
		buf = append(buf, e.out...)
		e.head, e.end = h, len(buf)
	}
	n, err := a.out.Write(buf)
	if err == nil && n != len(buf) {
		err = io.ErrShortWrite
	}
	if n > 0 {
		a.size += int64(n)
		a.torn = buf[n-1] != '\n'
		a.written.Add(1)
	}
	for _, e := range lines {
		if e.end > n {
			break
		}
		e.done, e.gen = true, a.written.Load()
		a.head, a.unsigned = e.head, true
		a.wrote(e)
	}
	return err
}

// wrote notes what a line that stands in the log has settled.
func (a *AuditLog) wrote(e *entry) {
	switch {
	case e.late:
		a.owed = a.owed[1:]
	case e.line.Phase == PhaseRotate:
		a.carry = false
	case e.line.Phase == PhaseResumed:
		a.lost, a.owed = 0, nil
	}
	a.memory.add(e.line, e.out)
}

// Close signs a head, and ends the log.
func (a *AuditLog) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	if a.lost > 0 {
		a.append(nil, false)
	}
	a.signNow()
	a.closed = true
	if a.timer != nil {
		a.timer.Stop()
	}
	return a.closeFiles()
}
