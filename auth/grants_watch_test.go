package auth

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// grantFile is a grant file on disk, and what is told of it.
type grantFile struct {
	path, last string
	mu         sync.Mutex
	told       []GrantEvent
}

func newGrantFile(t *testing.T, text string) *grantFile {
	t.Helper()
	dir := t.TempDir()
	f := &grantFile{path: filepath.Join(dir, "grants.yaml"), last: filepath.Join(dir, "grants.last")}
	if text != "" {
		f.write(t, text)
	}
	return f
}

func (f *grantFile) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f *grantFile) open() (*GrantFile, error) {
	return OpenGrants(GrantFileOptions{Path: f.path, LastGood: f.last, Known: someTools(), Told: func(e GrantEvent) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.told = append(f.told, e)
	}})
}

// events are what was told since it was last asked for.
func (f *grantFile) events() []GrantEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.told
	f.told = nil
	return out
}

const (
	reader = "{read: [users]}"
	writer = "{write: [users]}"
)

func may(t *testing.T, p Policy, tool string) bool {
	t.Helper()
	return p.Decide(t.Context(), someone, someTools().action(t, tool)).Allow
}

// TestWatch: a change is taken when the file has come to rest; a bad one keeps the old
// rules and says so; SIGHUP takes it at once.
func TestWatch(t *testing.T) {
	f := newGrantFile(t, agent(reader))
	g, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	first := g.Rules().Version()
	if e := f.events(); len(e) != 1 || e[0].To != first || e[0].From != "" || e[0].Err != nil {
		t.Errorf("at the start: %+v", e)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hangup := make(chan os.Signal)
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		ended := make(chan struct{})
		go func() { g.watched().watch(ctx, ticks.C, hangup); close(ended) }()
		seconds := func(n int) { time.Sleep(time.Duration(n)*time.Second + time.Millisecond); synctest.Wait() }

		seconds(5)
		if e := f.events(); e != nil || may(t, g, "users_update") {
			t.Errorf("nothing has changed: %+v", e)
		}
		f.write(t, agent(writer))
		if seconds(1); may(t, g, "users_update") {
			t.Error("taken before it came to rest")
		}
		f.write(t, agent(writer, "{read: [devices]}")) // still being written
		if seconds(1); may(t, g, "users_update") {
			t.Error("taken before it came to rest")
		}
		seconds(2)
		e := f.events()
		if !may(t, g, "users_update") || !may(t, g, "devices_list") || g.Stale() != "" || len(e) != 1 || e[0].Err != nil || e[0].From != first ||
			strings.Join(e[0].Changes, "|") != "a gains devices_list, users_unlock, users_update" {
			t.Errorf("%+v", e)
		}
		f.write(t, agent("{red: [users]}"))
		seconds(10)
		if e = f.events(); len(e) != 1 || e[0].Err == nil || e[0].To != g.Rules().Version() || !may(t, g, "users_update") ||
			!strings.HasPrefix(g.Stale(), `grants.yaml has a mistake (grants.yaml:6: unknown key "red"`) {
			t.Errorf("a bad file: %+v, %q", e, g.Stale())
		}
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		seconds(10)
		if e = f.events(); len(e) != 1 || e[0].Err == nil || !strings.Contains(g.Stale(), "there is no such file") || !may(t, g, "users_update") {
			t.Errorf("no file: %+v, %q", e, g.Stale())
		}
		f.write(t, agent(writer, "{read: [devices]}")) // as it was
		seconds(3)
		if e = f.events(); len(e) != 1 || e[0].Err != nil || g.Stale() != "" {
			t.Errorf("good again: %+v, %q", e, g.Stale())
		}
		f.write(t, agent(reader))
		hangup <- os.Interrupt
		synctest.Wait()
		if e = f.events(); len(e) != 1 || may(t, g, "users_update") || e[0].Changes[0] != "a loses devices_list, users_unlock, users_update" {
			t.Errorf("SIGHUP: %+v", e)
		}
		if seconds(5); f.events() != nil {
			t.Error("told twice")
		}
		cancel()
		<-ended
	})
}

func TestTheSizeAndTimeOfAFileDoNotHideAChange(t *testing.T) {
	f := newGrantFile(t, agent(reader))
	g, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.path)
	if err != nil {
		t.Fatal(err)
	}
	w := g.watched()
	for range 3 {
		w.look()
	}
	f.write(t, strings.Replace(agent(reader), reader, `{do: ["user*"]}`, 1)) // as long
	if err := os.Chtimes(f.path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.look()
	}
	if !may(t, g, "users_update") {
		t.Error("the change was not seen")
	}
}

// TestABadFileAtTheStart: the last good copy serves, for reads only, until the file is right.
func TestABadFileAtTheStart(t *testing.T) {
	f := newGrantFile(t, agent(writer))
	if _, err := f.open(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.last); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the copy: %v %v", info, err)
	}
	f.write(t, "version: 1\nagents: oops\n")
	f.events()
	g, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	if e := f.events(); len(e) != 1 || e[0].Err == nil {
		t.Errorf("%+v", e)
	}
	w := g.watched()
	for range 3 {
		w.look()
	}
	if e := f.events(); e != nil {
		t.Errorf("the same mistake is told again: %+v", e)
	}
	d := g.Decide(t.Context(), someone, someTools().action(t, "users_update"))
	if !may(t, g, "users_list") || d.Allow || d.Reason != g.Stale() || !strings.Contains(d.Reason, "only reads go on") {
		t.Errorf("%+v, stale %q", d, g.Stale())
	}
	if back, d := g.Spend(t.Context(), someone, changeOf(t, "users_update", 1)); d.Allow || back == nil {
		t.Errorf("%+v", d)
	}
	if err := g.Reload(); err == nil || may(t, g, "users_update") || !strings.Contains(g.Stale(), "only reads go on") {
		t.Errorf("a bad file again: %v, %q", err, g.Stale())
	}
	f.write(t, agent(writer))
	if err := g.Reload(); err != nil || !may(t, g, "users_update") || g.Stale() != "" {
		t.Errorf("the file is right again: %v, %q", err, g.Stale())
	}

	f.write(t, "version: 1\nagents: oops\n")
	if err := os.Remove(f.last); err != nil {
		t.Fatal(err)
	}
	if _, err := f.open(); err == nil || !strings.Contains(err.Error(), "grants.yaml:2: agents is key: value pairs here") {
		t.Errorf("with no copy: %v", err)
	}
	if err := os.WriteFile(f.last, []byte("worse"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.open(); err == nil {
		t.Error("a bad copy serves")
	}
}

func TestNoGrantFile(t *testing.T) {
	f := newGrantFile(t, "")
	if _, err := f.open(); err == nil || err.Error() != "grants.yaml: there is no such file" {
		t.Error(err)
	}
	if err := os.Mkdir(f.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := f.open(); err == nil || !strings.Contains(err.Error(), "no file of less than 1 MiB") {
		t.Error(err)
	}
}

// TestACopyThatCannotBeWrittenIsTold, and the rules are in force all the same.
func TestACopyThatCannotBeWrittenIsTold(t *testing.T) {
	f := newGrantFile(t, agent(writer))
	f.last = filepath.Join(filepath.Dir(f.path), "missing", "grants.last")
	g, err := f.open()
	if err != nil || !may(t, g, "users_update") {
		t.Fatal(err)
	}
	if e := f.events(); len(e) != 2 || e[1].Err == nil {
		t.Errorf("%+v", e)
	}
}

func TestDecisionsDuringReloads(t *testing.T) {
	f := newGrantFile(t, agent(reader))
	g, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	tools := someTools()
	list, update := tools.action(t, "users_list"), tools.action(t, "users_update")
	writes := parsed(t, agent(writer)).Version()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !g.Decide(context.Background(), someone, list).Allow {
					t.Error("a read was refused during a reload")
					return
				}
				if d := g.Decide(context.Background(), someone, update); d.Allow != (d.Version == writes) {
					t.Errorf("half of two rules: %+v", d)
					return
				}
			}
		})
	}
	for i := range 50 {
		f.write(t, agent([]string{reader, writer}[i%2]))
		if err := g.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}
