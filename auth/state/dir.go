// Package state is what several servers of one user share, and what outlives
// them: a directory with the key ring of approvals, the memory of what was used
// up, quotas, the kill switch, requests that wait for a person, the answers, and
// secrets on their way to a person.
//
// # What it protects, and what it does not
//
// The directory belongs to one user of the operating system and is closed to all
// others. An agent that runs as the same user can read and change every file in
// it: it can drop requests, empty quotas, lift the kill switch, make seals with the
// key ring, and, once all servers have been started anew, have a yes that is still in
// time count again for the very call that it was given for. It cannot
// make an approval: that is a signature with a key that only opens with a person's
// passphrase; it covers everything that the person was shown, and a server
// compares that with what it is about to do, computed anew, never with what lies
// here. Which keys are approvers' says the grant file, which is not here: an agent that
// can write that one can name an approver of its own. Nor can it read a delivered secret: that is encrypted to the approver.
//
// Approvals are signed files and not messages to a socket: no process has to
// listen, so they work for servers on stdio that start and end with a client, for
// several servers at once, and over a restart.
//
// # Files
//
// All are 0600, replaced by renaming, and removed once they are past their time:
//
//	keys.json                  the key ring of approval seals, newest key first
//	STOP                       the kill switch: a line for each thing that is stopped
//	used/HASH                  an id that was used up, until when it is remembered
//	meter/HASH.quota           what was counted under one quota
//	changes.jsonl              the changes of the last 30 days, and what reverses them; appended to
//	approvals/CODE.request     what an agent asks for, as it is shown to a person
//	approvals/CODE.answer      the yes or no of a person, signed
//	approvals/CODE.taken       that the yes was used, when
//	approvals/CODE.N.secret    a secret, encrypted to the approver
//	limits/HASH                what is sent to an organisation, and its limit
//	tasks/HASH.task, .words    what is known of a task, and what was said to it
//	*.lock                     held while the others are changed
package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Dir is an open state directory, or one with a shared store behind it. It holds no
// file open and needs no closing; the store does.
type Dir struct {
	local *files // what is this server's own: keys, locks
	shelf shelf  // what is shared: local, or the store
	store *Store // nil without one
	now   func() time.Time

	mu    sync.Mutex
	swept time.Time            // when what is old was last looked for
	used  map[string]time.Time // ids used up by this process, whatever became of the shelf
}

const (
	lockPatience = 5 * time.Second // how long to wait for another process
	sweepEvery   = time.Minute     //
	tidyEvery    = time.Hour       //
	usedGrace    = 24 * time.Hour  // so much longer than asked a used id is remembered: clocks are set back
	keepAnswers  = 7 * 24 * time.Hour
	maxFile      = 1 << 20
)

// Default is the directory of this user: $XDG_STATE_HOME/jc-mcp where that is set,
// else the folder state in jc-mcp's folder of the user's configuration.
func Default() (string, error) {
	if home := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, "jc-mcp"), nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for the state directory (%w); name one with --state-dir", err)
	}
	return filepath.Join(config, "jc-mcp", "state"), nil
}

// Open opens the state directory, and makes it where it is missing; "" is [Default].
// One that belongs to somebody else, or that others may enter, is refused.
func Open(dir string) (*Dir, error) {
	if dir == "" {
		var err error
		if dir, err = Default(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("the state directory: %w", err)
	}
	local := &files{path: dir}
	d := &Dir{local: local, shelf: local, now: time.Now, used: map[string]time.Time{}}
	for _, sub := range folders {
		if err := private(filepath.Join(dir, sub)); err != nil {
			return nil, err
		}
	}
	d.sweep()
	return d, nil
}

// folders are those of the directory.
var folders = []string{"", "used", "meter", "approvals", "tasks", "limits"}

// OpenShared is [Open] with a store behind it: what replicas have to share lies there,
// and in the directory only what is this replica's own.
func OpenShared(dir string, s *Store) (*Dir, error) {
	d, err := Open(dir)
	if err != nil {
		return nil, err
	}
	d.shelf, d.store, d.now = storeShelf{s}, s, s.now
	return d, nil
}

// Shared reports whether a store is behind it.
func (d *Dir) Shared() bool { return d.store != nil }

// Reachable is nil where the store behind the directory answers, or where there is
// none; else it wraps [auth.ErrStore].
func (d *Dir) Reachable(ctx context.Context) error {
	if d.store == nil {
		return nil
	}
	return d.store.Ping(ctx)
}

// Path is the directory's absolute path.
func (d *Dir) Path() string { return d.local.path }

// private makes a folder that only this user may enter, or checks that it is one.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("the state directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("the state directory %s is no directory", dir)
	}
	return checkOwner(dir, info)
}

// errRights is the refusal of files that others could read or change.
var errRights = errors.New("others may read or change it")
