package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// GrantFileOptions say which file holds the rules, and what they are applied with.
type GrantFileOptions struct {
	Path string
	// LastGood is where the last file that was read without a mistake is copied to; ""
	// keeps none, and then a bad file stops the start.
	LastGood string
	Known    Registry
	EnforcerOptions
	// Told hears of each reload, good or bad, one after the other; may be nil.
	Told func(GrantEvent)
}

// GrantEvent is what became of a grant file.
type GrantEvent struct {
	// Err says what is wrong with the file; the rules did not change then.
	Err error
	// From and To are the versions before and after; From is "" at the start.
	From, To string
	// Changes say who gains and loses what; see [Rules.Diff].
	Changes []string
}

// GrantFile is the policy of a grant file, read again when it changes.
type GrantFile struct {
	*Enforcer
	o     GrantFileOptions
	stale atomic.Pointer[string]

	mu      sync.Mutex // one reload at a time
	refused [sha256.Size]byte
}

var errGrantFileSize = errors.New("it is no file of less than 1 MiB")

// OpenGrants reads the file. One with a mistake is replaced by the last good copy,
// for reads only ([GrantFile.Stale] says so); without such a copy it is an error.
func OpenGrants(o GrantFileOptions) (*GrantFile, error) {
	g := &GrantFile{o: o}
	data, err := readGrants(o.Path)
	var rules *Rules
	if err == nil {
		rules, err = ParseGrants(o.Path, data, o.Known)
	}
	if err == nil {
		g.Enforcer = Enforce(rules, o.EnforcerOptions)
		g.tell(GrantEvent{To: rules.version})
		g.keep(data)
		return g, nil
	}
	if o.LastGood == "" {
		return nil, err
	}
	last, lastErr := readGrants(o.LastGood)
	if lastErr != nil {
		return nil, err
	}
	if rules, lastErr = ParseGrants(o.Path, last, o.Known); lastErr != nil {
		return nil, err
	}
	g.Enforcer = Enforce(rules, o.EnforcerOptions)
	why := fmt.Sprintf("%s has a mistake (%s), so only reads go on, by its last good copy", rules.name, firstLine(err))
	g.rules.Store(&inForce{rules, why})
	g.refused = sha256.Sum256(data)
	g.stale.Store(&why)
	g.tell(GrantEvent{Err: err, To: rules.version})
	return g, nil
}

// Stale says, in a sentence for the answer to each change, that the rules in force are
// not those of the file, and why; "" when they are.
func (g *GrantFile) Stale() string {
	if s := g.stale.Load(); s != nil {
		return *s
	}
	return ""
}

// Reload reads the file now. Good rules replace the old ones at once and whole; a bad
// file changes nothing but [GrantFile.Stale].
func (g *GrantFile) Reload() error {
	data, err := readGrants(g.o.Path)
	return g.take(data, err)
}

func (g *GrantFile) take(data []byte, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.rules.Load()
	var rules *Rules
	if err == nil {
		rules, err = ParseGrants(g.o.Path, data, g.o.Known)
	}
	if err != nil {
		why := was.readsOnly
		if why == "" {
			why = fmt.Sprintf("%s has a mistake (%s), so the rules before it are in force", was.name, firstLine(err))
		}
		g.stale.Store(&why)
		g.refused = sha256.Sum256(data)
		g.tell(GrantEvent{Err: err, From: was.version, To: was.version})
		return err
	}
	changes, mended := rules.Diff(was.Rules), g.Stale() != ""
	g.rules.Store(&inForce{Rules: rules})
	g.stale.Store(nil)
	g.refused = [sha256.Size]byte{}
	if rules.version != was.version || mended {
		g.tell(GrantEvent{From: was.version, To: rules.version, Changes: changes})
	}
	g.keep(data)
	return nil
}

func (g *GrantFile) tell(e GrantEvent) {
	if g.o.Told != nil {
		g.o.Told(e)
	}
}

// Watch reads the file again on SIGHUP (where there is one) and when it has changed,
// until ctx ends; see [WatchedFile.Watch].
func (g *GrantFile) Watch(ctx context.Context, tick <-chan time.Time) { g.watched().Watch(ctx, tick) }

// watched is the file, to be looked at.
func (g *GrantFile) watched() *WatchedFile {
	return &WatchedFile{
		Path: g.o.Path, Read: readGrants, Known: g.inForce,
		Take: func(data []byte, err error) { _ = g.take(data, err) }, // told
	}
}

// inForce reports whether the file with that sum is what was dealt with last.
func (g *GrantFile) inForce(sum [sha256.Size]byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refused == sum {
		return true
	}
	return g.Stale() == "" && fmt.Sprintf("%x", sum[:6]) == g.Rules().version
}

func firstLine(err error) string {
	line, _, _ := bytes.Cut([]byte(err.Error()), []byte("\n"))
	return string(line)
}

// readGrants reads the file; its errors name it by its last part only.
func readGrants(path string) ([]byte, error) {
	name := filepath.Base(path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file", name)
	case err != nil:
		return nil, fmt.Errorf("%s: it cannot be read", name)
	case !info.Mode().IsRegular() || info.Size() > maxGrantBytes:
		return nil, fmt.Errorf("%s: %w", name, errGrantFileSize)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: it cannot be read", name)
	}
	return data, nil
}

// keep copies good rules to where the next start finds them.
func (g *GrantFile) keep(data []byte) {
	if g.o.LastGood == "" {
		return
	}
	if was, err := os.ReadFile(g.o.LastGood); err == nil && bytes.Equal(was, data) {
		return
	}
	if err := replaceFile(g.o.LastGood, data); err != nil {
		v := g.Rules().version
		g.tell(GrantEvent{Err: errors.New("the last good copy of the grant file could not be written"), From: v, To: v})
	}
}

// replaceFile writes a file for the owner only, whole or not at all.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".grants-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
