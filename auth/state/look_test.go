package state

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/jc-mcp/jc-mcp/auth"
)

// A look makes nothing, and finds what Open would refuse.
func TestLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if got, there, err := Look(path); got != path || there || err != nil {
		t.Errorf("nothing there: %s %t %v", got, there, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it made one")
	}
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
	if _, there, err := Look(path); !there || err != nil {
		t.Errorf("a good one: %t %v", there, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Look(file); err == nil {
		t.Error("a file was taken for a directory")
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(filepath.Join(path, "approvals"), 0o750); err != nil { //nolint:gosec // that is what is tested
		t.Fatal(err)
	}
	if _, _, err := Look(path); err == nil || !strings.Contains(err.Error(), "approvals") {
		t.Errorf("others may enter: %v", err)
	}
}

// A look at the pace takes no turn, and sees the same in a file and in the store.
func TestLookAtPace(t *testing.T) {
	m := miniredis.RunT(t)
	s, err := Connect(StoreOptions{URL: "redis://" + m.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	alone, err := Open(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := OpenShared(filepath.Join(t.TempDir(), "b"), s)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*Dir{"file": alone, "store": shared} {
		if p, err := d.Pace(background(), "org"); err != nil || p != (Pace{}) {
			t.Errorf("%s: nothing is known: %+v %v", name, p, err)
		}
		began := time.Now()
		end := began.Add(time.Minute)
		d.Limiter("org", 0).Limited(background(), end)
		late := time.Since(began) // so much later it can be, where the machine had other work between
		p, err := d.Pace(background(), "org")
		if err != nil || p.Held.Before(end.Add(-time.Second)) || p.Held.After(end.Add(time.Second+late)) || p.Rate < slowest {
			t.Errorf("%s: held until %s: %+v %v", name, end, p, err)
		}
		if p, _ := d.Pace(background(), "another"); p != (Pace{}) {
			t.Errorf("%s: another's: %+v", name, p)
		}
	}
	if seen, err := s.Look(background()); err != nil || seen.Took <= 0 || seen.Skew.Abs() > time.Second+seen.Took || seen.Replicas != 0 {
		t.Errorf("%+v %v", seen, err)
	}
	m.Close()
	if _, err := s.Look(background()); !errors.Is(err, auth.ErrStore) {
		t.Errorf("a store that is gone: %v", err)
	}
	if _, err := shared.Pace(background(), "org"); !errors.Is(err, auth.ErrStore) {
		t.Errorf("a store that is gone: %v", err)
	}
}

// A store that drops keys when it is full could forget that an approval was used.
func TestEvicts(t *testing.T) {
	for text, want := range map[string]string{
		"maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n":          "",
		"maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n":        "",
		"maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n":       "allkeys-lru",
		"# Memory\r\nmaxmemory_policy:volatile-lru\r\nmaxmemory:1": "volatile-lru",
		"": "",
	} {
		if got := evicts(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
