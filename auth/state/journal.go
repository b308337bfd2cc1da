package state

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// What the journal keeps. A change that takes more than maxJournalLine is kept
// without what reverses it.
const (
	keepChanges    = 30 * 24 * time.Hour
	maxChanges     = 5000
	maxJournalLine = 64 << 10
	maxJournal     = 2 * maxChanges // lines after which the file is written anew
	tidyAppends    = 500            // lines of this process after which that is looked at
	journalName    = "changes.jsonl"
)

// Change is a change that was made through a server: an entry of the journal. Nothing
// in it is a secret: who writes an entry sees to that.
type Change struct {
	ID        string        `json:"id"`
	At        time.Time     `json:"at"`
	Org       string        `json:"org,omitempty"` // the organisation, where there are several
	Agent     string        `json:"agent"`
	Principal string        `json:"principal,omitempty"`
	Tool      string        `json:"tool"`
	Targets   []auth.Target `json:"targets,omitempty"`
	Say       string        `json:"say"`
	Reason    string        `json:"reason,omitempty"` // as the caller gave it
	// Before and After are the fields that the change set, by the API's names.
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
	// Reverse is the call that takes the change back; nil where none is known.
	Reverse *Reverse `json:"reverse,omitempty"`
	// Undoes is the id of the change that this one took back.
	Undoes string `json:"undoes,omitempty"`
}

// Reverse is a call of a tool, as a caller would make it.
type Reverse struct {
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
}

// Record writes a change into the journal. It does not wait for the disk: what was
// recorded last can be lost with the machine's power.
func (d *Dir) Record(ctx context.Context, c Change) error {
	line, err := journalLine(c)
	if err != nil {
		return err
	}
	return d.shelf.record(ctx, line, d.now())
}

func (s *files) record(ctx context.Context, line []byte, now time.Time) error {
	unlock, err := s.lock(ctx, "changes", "")
	if err != nil {
		return err
	}
	defer unlock()
	s.tidyJournal(now)
	f, err := os.OpenFile(s.file(journalName), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the journal of changes: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("the journal of changes: %w", errTorn)
	}
	if last := make([]byte, 1); info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = append([]byte{'\n'}, line...) // after one that was cut
		}
	}
	if _, err := f.Write(line); err != nil {
		return fmt.Errorf("the journal of changes: %w", err)
	}
	return f.Close()
}

func journalLine(c Change) ([]byte, error) {
	line, err := json.Marshal(c)
	if err == nil && len(line) >= maxJournalLine {
		c.Before, c.After, c.Reverse = nil, nil, nil
		if len(c.Targets) > 1 {
			c.Targets = c.Targets[:1]
		}
		if line, err = json.Marshal(c); err == nil && len(line) >= maxJournalLine {
			err = errors.New("it is too long")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the journal of changes: %w", err)
	}
	return append(line, '\n'), nil
}

// Changes are those of the journal, the oldest first: of the last 30 days, at most
// 5,000. Damaged lines are left out.
func (d *Dir) Changes() ([]Change, error) {
	return d.shelf.changes(d.now().Add(-keepChanges))
}

func (s *files) changes(since time.Time) ([]Change, error) {
	all, _, err := s.readJournal(since)
	return all, err
}

// readJournal gives the changes that are kept and how many lines the file has.
func (s *files) readJournal(since time.Time) (kept []Change, lines int, err error) {
	f, err := os.Open(s.file(journalName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("the journal of changes: %w", err)
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReaderSize(f, maxJournalLine)
	for {
		line, err := r.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) { // none of ours is so long
			_, err = r.ReadSlice('\n')
		}
		var c Change
		if lines++; !long && unmarshalChange(line, &c) == nil && c.ID != "" && c.At.After(since) {
			kept = append(kept, c)
		}
		if err != nil {
			break // its end, or what cannot be read after it
		}
	}
	if len(kept) > maxChanges {
		kept = kept[len(kept)-maxChanges:]
	}
	return kept, lines, nil
}

// unmarshalChange keeps numbers as they were written.
func unmarshalChange(line []byte, c *Change) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	return dec.Decode(c)
}

// longJournal reports whether there are so many lines that most are not kept. All who
// change something wait meanwhile, so they are counted and not read.
func (s *files) longJournal() bool {
	data, err := os.ReadFile(s.file(journalName))
	return err == nil && bytes.Count(data, []byte{'\n'}) > maxJournal
}

// tidyJournal writes the journal anew, once in a while, with what is kept alone. It
// is called with the lock held.
func (s *files) tidyJournal(now time.Time) {
	s.mu.Lock()
	s.recorded++
	long := s.recorded >= tidyAppends
	due := now.Sub(s.journalTidied) >= tidyEvery || now.Before(s.journalTidied)
	if long || due {
		s.recorded = 0
	}
	if due {
		s.journalTidied = now
	}
	s.mu.Unlock()
	if !due && (!long || !s.longJournal()) {
		return
	}
	kept, lines, err := s.readJournal(now.Add(-keepChanges))
	if err != nil || lines <= maxJournal && lines <= len(kept)+1 {
		return
	}
	var b bytes.Buffer
	for _, c := range kept {
		if line, err := journalLine(c); err == nil {
			b.Write(line)
		}
	}
	_ = replace(s.file(journalName), b.Bytes(), true) // later, where it cannot be now
}
