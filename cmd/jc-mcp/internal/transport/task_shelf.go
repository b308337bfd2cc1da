package transport

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Shelf is where replicas keep the tasks that they run, so that each can answer for
// all. It is quick, or fails quickly.
type Shelf interface {
	// Put keeps a record for ttl, in the place of what was there.
	Put(ctx context.Context, id string, record []byte, ttl time.Duration) error
	// Get gives it back; nil and no error when there is none any more.
	Get(ctx context.Context, id string) ([]byte, error)
	// Say leaves a word for the replica that runs the task; Heard takes all words
	// that were left, each once.
	Say(ctx context.Context, id string, word []byte, ttl time.Duration) error
	Heard(ctx context.Context, id string) ([][]byte, error)
}

const (
	// hearEvery is how often the replica that runs a task looks for words, and
	// writes down what has changed.
	hearEvery = time.Second
	// beatEvery is how often it says that it is there; without a beat for lease
	// the task counts as lost.
	beatEvery = 10 * time.Second
	lease     = 30 * time.Second
	// keepOpen is how long the record of a task outlives the last beat.
	keepOpen = time.Hour
	// settleWithin is how long another replica waits for a word to be heard, or for
	// a beat that is missing: the store may have been away.
	settleWithin = 3 * time.Second
	settleEvery  = 250 * time.Millisecond
)

// SealedShelf keeps on a [Shelf] what nobody without the key of the replicas can read,
// make or change: results and a person's answers lie there for minutes, and whoever
// reaches the store could else read them, or say yes.
type SealedShelf struct {
	on    Shelf
	vault *auth.Vault
}

// NewSealedShelf seals what lies on a shelf with keys that the replicas share, at least
// 32 bytes each, the newest first: it seals, all of them open.
func NewSealedShelf(on Shelf, masters [][]byte) (*SealedShelf, error) {
	v, err := auth.NewVault("jc-mcp tasks of replicas v1", masters)
	return &SealedShelf{on, v}, err
}

// bound is what a record or a word is good for: a task, and who asked for it.
func bound(kind, id, owner string) string { return kind + "\x00" + id + "\x00" + owner }

// put keeps a record of the owner's task.
func (s *SealedShelf) put(ctx context.Context, id, owner string, record []byte, ttl time.Duration) error {
	return s.on.Put(ctx, recordName(id), s.vault.Seal(record, bound("record", id, owner)), ttl)
}

// get gives it back; nil when there is none, or none that was put there for the owner.
func (s *SealedShelf) get(ctx context.Context, id, owner string) ([]byte, error) {
	sealed, err := s.on.Get(ctx, recordName(id))
	if err != nil {
		return nil, err
	}
	record, _ := s.vault.Open(sealed, bound("record", id, owner))
	return record, nil
}

// say leaves a word for the replica that runs the owner's task.
func (s *SealedShelf) say(ctx context.Context, id, owner string, word []byte) error {
	return s.on.Say(ctx, recordName(id), s.vault.Seal(word, bound("word", id, owner)), keepOpen)
}

// heard takes the words that were left by who asked for the task.
func (s *SealedShelf) heard(ctx context.Context, id, owner string) (words [][]byte, err error) {
	sealed, err := s.on.Heard(ctx, recordName(id))
	for _, w := range sealed {
		if word, ok := s.vault.Open(w, bound("word", id, owner)); ok {
			words = append(words, word)
		}
	}
	return words, err
}

// beat says that the replica that runs a task is there; beating asks. There is nothing
// to read in it.
func (s *SealedShelf) beat(ctx context.Context, id string) error {
	return s.on.Put(ctx, leaseName(id), []byte{'1'}, lease)
}

func (s *SealedShelf) beating(ctx context.Context, id string) (bool, error) {
	beat, err := s.on.Get(ctx, leaseName(id))
	return beat != nil, err
}

// taskRecord is a task as it lies on the shelf.
type taskRecord struct {
	Owner   string `json:"-"` // it is sealed for the owner
	Changes int    // how often it was updated
	Over    bool
	Task    taskOut
}

// taskWord is what a client said to another replica than the one that runs the task.
type taskWord struct {
	Cancel  bool            `json:",omitempty"`
	Answers json.RawMessage `json:",omitempty"`
}

// record is the task for the shelf.
func (k *task) record() (r taskRecord, ttl time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r = taskRecord{Owner: k.owner, Changes: k.changes, Over: !k.ended.IsZero(), Task: k.full(head{})}
	if r.Over {
		return r, k.keep
	}
	return r, keepOpen
}

// heed does what a word says.
func (k *task) heed(word []byte) {
	var w taskWord
	switch err := json.Unmarshal(word, &w); {
	case err != nil: // not of ours
	case w.Cancel:
		k.halt()
	case isObject(w.Answers):
		k.answer(w.Answers)
	}
}

func recordName(id string) string { return "task " + id }
func leaseName(id string) string  { return "lease " + id }

// keeper keeps one task on the shelf, and hears what clients say elsewhere.
type keeper struct {
	shelf   *SealedShelf
	k       *task
	written int       // changes in the record on the shelf
	beaten  time.Time // last beat; zero when one is due
}

// save writes the record and the beat. At the end only the record is left to say it.
func (s *keeper) save(ctx context.Context) error {
	r, ttl := s.k.record()
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.beaten = time.Time{}
	if !r.Over {
		if err := s.shelf.beat(ctx, s.k.id); err != nil {
			return err
		}
	}
	if err := s.shelf.put(ctx, s.k.id, s.k.owner, b, ttl); err != nil {
		return err
	}
	s.written, s.beaten = r.Changes, time.Now()
	return nil
}

// tend does what is due while the task is open.
func (s *keeper) tend(ctx context.Context) {
	words, err := s.shelf.heard(ctx, s.k.id, s.k.owner)
	for _, w := range words {
		s.k.heed(w)
	}
	if err != nil {
		s.beaten = time.Time{}
		return
	}
	s.k.mu.Lock()
	changed := s.k.changes != s.written
	s.k.mu.Unlock()
	if changed || time.Since(s.beaten) >= beatEvery {
		_ = s.save(ctx) // it is tried again at the next turn
	}
}

// run keeps the task until its end is on the shelf, or nobody could ask for it any
// more. Once the server ends, there is little time left for a store that is away.
func (s *keeper) run(ctx context.Context, ending <-chan struct{}) {
	every := time.NewTicker(hearEvery)
	defer every.Stop()
	for open := true; open; {
		select {
		case <-s.k.over:
			open = false
		case <-every.C:
			s.tend(ctx)
		}
	}
	given := time.NewTimer(s.k.keep)
	defer given.Stop()
	for s.save(ctx) != nil {
		select {
		case <-every.C:
		case <-given.C:
			return
		case <-ending:
			given.Reset(settleWithin)
			ending = nil
		}
	}
}
