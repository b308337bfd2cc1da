package main

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// orgsFile is the file of organisations of a server, read again when it changes.
type orgsFile struct {
	s     *shell
	start *config // as the server started
	w     *wired
	serve *tools.Organizations
	log   *slog.Logger

	stale   atomic.Bool
	mu      sync.Mutex // one reload at a time
	refused [sha256.Size]byte
}

// followed is the file of organisations of a server; nil where there is none.
func (s *shell) followed(c *config, w *wired, log *slog.Logger) *orgsFile {
	several, ok := w.server.(*tools.Organizations)
	if !ok {
		return nil
	}
	f := &orgsFile{s: s, start: c, w: w, serve: several, log: log}
	w.orgs = f
	return f
}

// Stale says, in a sentence for the answer to each change, that the organisations that
// are served are not those of the file; "" when they are. What is wrong, which may name
// the place of a secret, is for the log alone.
func (f *orgsFile) Stale() string {
	if f == nil || !f.stale.Load() {
		return ""
	}
	return filepath.Base(f.start.orgsFile) + " has a mistake, which this server's log tells, so the organisations before it are served"
}

// watch follows the file until ctx ends.
func (f *orgsFile) watch(ctx context.Context) {
	if f != nil {
		f.file(ctx).Watch(ctx, nil)
	}
}

func (f *orgsFile) file(ctx context.Context) *auth.WatchedFile {
	return &auth.WatchedFile{
		Path: f.start.orgsFile, Read: readOrgsFile, Known: f.known,
		Take: func(data []byte, err error) { f.take(ctx, data, err) },
	}
}

// known reports whether the file with that sum is what was dealt with last.
func (f *orgsFile) known(sum [sha256.Size]byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused == sum || !f.stale.Load() && f.start.now().orgsSum == sum
}

// take serves the organisations of a good file, whole, from the next call on. A bad one
// changes nothing. Both are told.
func (f *orgsFile) take(ctx context.Context, data []byte, err error) {
	f.mu.Lock()
	changes, mended := []string(nil), f.stale.Load()
	if err == nil {
		changes, err = f.use(ctx, data)
	}
	f.stale.Store(err != nil)
	f.refused = [sha256.Size]byte{}
	if err != nil {
		f.refused = sha256.Sum256(data)
	}
	f.mu.Unlock()
	switch {
	case err != nil:
		f.log.ErrorContext(ctx, "the file of organisations has a mistake: those before it are served", "why", err.Error())
		f.tell(ctx, "the file of organisations has a mistake: those before it are served")
	case len(changes) > 0:
		f.log.InfoContext(ctx, "the organisations changed", "changes", strings.Join(changes, "; "))
		f.tell(ctx, "the organisations changed: "+strings.Join(changes, "; "))
	case mended:
		f.log.InfoContext(ctx, "the file of organisations is as it was before its mistake")
		f.tell(ctx, "the file of organisations is as it was before its mistake")
	}
	if err == nil && (len(changes) > 0 || mended) && f.w.grants != nil {
		_ = f.w.grants.Reload() // its names are checked against these organisations; told
	}
}

// use puts the organisations of a file in force, and says what is different.
func (f *orgsFile) use(ctx context.Context, data []byte) ([]string, error) {
	was, next := f.start.now(), *f.start
	next.warnings = nil
	if err := f.s.takeOrgs(ctx, &next, data); err != nil {
		return nil, err
	}
	links, err := next.connectAll(f.w.dir, f.w.links)
	if err != nil {
		return nil, err
	}
	changes := orgChanges(f.w.links, links, was.known, next.known)
	if len(changes) == 0 {
		f.start.latest.Store(&next)
		return nil, nil
	}
	if err := f.serve.Replace(f.w.places(&next, links)); err != nil {
		return nil, err
	}
	f.start.latest.Store(&next)
	for _, text := range next.warnings {
		f.log.WarnContext(ctx, text)
	}
	f.change(links)
	return changes, nil
}

// change keeps the links that are in use now. Calls that are under way keep the others
// until they end; what those hold are connections that idle, no more.
func (f *orgsFile) change(links []link) {
	watch := f.start.watch
	for _, old := range f.w.links {
		if !slices.ContainsFunc(links, old.named) {
			watch.Forget(old.name, old.credential)
		}
		if old.client != nil && !slices.ContainsFunc(links, old.same) {
			old.client.Close()
		}
	}
	for _, l := range links {
		watch.Credential(l.name, l.credential, l.signs)
	}
	f.w.links = links
}

func (f *orgsFile) tell(ctx context.Context, say string) {
	if err := f.w.audit.Write(context.WithoutCancel(ctx), auth.Line{Phase: auth.PhaseReload, Say: say}); err != nil {
		f.log.ErrorContext(ctx, "the audit line of a reload could not be written")
	}
}

// orgChanges says what is different in what is served, and in what a grant may name.
// No secret is told, nor where one is.
func orgChanges(was, now []link, knownBefore, knownNow []organization) (out []string) {
	for _, l := range now {
		i := slices.IndexFunc(was, l.named)
		switch {
		case i < 0:
			out = append(out, l.words()+" is new")
		case was[i].at() != l.at():
			out = append(out, l.words()+" is somewhere else: another region, id or URL")
		case !was[i].same(l):
			out = append(out, l.words()+" is reached with another login")
		case was[i].region != l.region:
			out = append(out, l.words()+" has another region")
		}
	}
	for _, l := range was {
		if !slices.ContainsFunc(now, l.named) {
			out = append(out, l.words()+" is gone")
		}
	}
	names := func(list []organization) []string {
		out := []string{}
		for _, o := range list {
			out = append(out, o.name)
			for _, c := range o.credentials {
				out = append(out, o.name+"/"+c.name)
			}
		}
		slices.Sort(out)
		return out
	}
	if len(out) == 0 && !slices.Equal(names(knownBefore), names(knownNow)) {
		out = append(out, "others than those served here")
	}
	return out
}

// named reports whether another link is that of the same name.
func (l link) named(other link) bool { return l.name == other.name && l.credential == other.credential }

// words are the link's names, for a log.
func (l link) words() string {
	if l.credential == "" {
		return l.name
	}
	return "credential " + l.credential + " of " + l.name
}
