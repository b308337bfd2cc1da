package state

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func background() context.Context { return context.Background() }

func walk(t testing.TB, d *Dir, f func(path string, info os.FileInfo)) {
	t.Helper()
	must(t, filepath.Walk(d.Path(), func(path string, info fs.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			f(path, info)
		}
		return err
	}))
}

func TestOpenRefusesWhatOthersCanReach(t *testing.T) {
	filesOnly(t)
	if runtime.GOOS == "windows" {
		t.Skip("rights are the access list's there")
	}
	for _, mode := range []os.FileMode{0o701, 0o710, 0o720, 0o755, 0o777} {
		dir := filepath.Join(t.TempDir(), "s")
		must(t, os.Mkdir(dir, 0o700))
		must(t, os.Chmod(dir, mode))
		if _, err := Open(dir); !errors.Is(err, errRights) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/real", 0o700))
	must(t, os.Symlink(dir+"/real", dir+"/link"))
	if _, err := Open(dir + "/link"); err == nil {
		t.Error("a symbolic link was followed")
	}
	must(t, os.WriteFile(dir+"/file", nil, 0o600))
	if _, err := Open(dir + "/file"); err == nil {
		t.Error("a file was taken for a directory")
	}
	if os.Geteuid() == 0 {
		must(t, os.Mkdir(dir+"/theirs", 0o700))
		must(t, os.Chown(dir+"/theirs", 4242, 4242))
		if _, err := Open(dir + "/theirs"); !errors.Is(err, errRights) || !strings.Contains(err.Error(), "4242") {
			t.Errorf("another user's: %v", err)
		}
	}
}

func TestFilesAreClosedToOthers(t *testing.T) {
	filesOnly(t)
	if runtime.GOOS == "windows" {
		t.Skip("rights are the access list's there")
	}
	d, _ := open(t)
	k := key(t, "it-lead")
	r := approved(t, d, plan(), k)
	_, err := d.Take(background(), r, approvers(k))
	must(t, err)
	must(t, d.Deliver(background(), r.Code, approver(k, "*"), []byte("s"), 0))
	_, err = d.Master()
	must(t, err)
	_, err = d.Stop("", "", "")
	must(t, err)
	_, err = counted(d, "k", 1, time.Hour, 2)
	must(t, err)
	n := 0
	walk(t, d, func(path string, info os.FileInfo) {
		n++
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %o", path, info.Mode().Perm())
		}
	})
	if n < 9 {
		t.Errorf("only %d files", n)
	}
	must(t, os.Chmod(d.local.file("keys.json"), 0o640))
	if _, err := d.Master(); !errors.Is(err, errRights) {
		t.Errorf("a key ring that the group can read: %v", err)
	}
}

func TestDefault(t *testing.T) {
	filesOnly(t)
	home := t.TempDir()
	t.Setenv("XDG_STATE_HOME", home)
	d, err := Open("")
	must(t, err)
	if d.Path() != filepath.Join(home, "jc-mcp") {
		t.Error(d.Path())
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	if got, err := Default(); err != nil || !strings.HasSuffix(got, filepath.Join("jc-mcp", "state")) {
		t.Error(got, err)
	}
}

func TestLockGivesUp(t *testing.T) {
	d, _ := open(t)
	unlock, err := d.shelf.lock(background(), "approvals", plan().Agent)
	must(t, err)
	ctx, cancel := context.WithCancel(background())
	cancel()
	if _, _, err := d.Ask(ctx, plan()); !errors.Is(err, context.Canceled) {
		t.Errorf("asked while another has the lock: %v", err)
	}
	unlock()
	if _, _, err := d.Ask(background(), plan()); err != nil {
		t.Error(err)
	}
}

func TestSweep(t *testing.T) {
	filesOnly(t)
	d, c := open(t)
	k := key(t, "it-lead")
	r := approved(t, d, plan(), k)
	_, err := d.Take(background(), r, approvers(k))
	must(t, err)
	must(t, d.Deliver(background(), r.Code, approver(k, "*"), []byte("s"), time.Minute))
	must(t, os.WriteFile(d.local.file("approvals", tempMark+"old"), nil, 0o600))
	c.add(2 * time.Hour)
	_, err = d.Entries()
	must(t, err)
	left := func() (names []string) {
		walk(t, d, func(path string, _ os.FileInfo) { names = append(names, filepath.Base(path)) })
		return names
	}
	if got := strings.Join(left(), " "); strings.Contains(got, "secret") || strings.Contains(got, tempMark) || !strings.Contains(got, "request") {
		t.Errorf("after two hours: %s", got)
	}
	c.add(8 * 24 * time.Hour)
	for range 2 { // what belongs to a request goes after it
		c.add(2 * time.Minute)
		_, err = d.Entries()
		must(t, err)
	}
	c.add(9 * 24 * time.Hour)
	_, err = d.Entries()
	must(t, err)
	if got := left(); len(got) != 1 || got[0] != "approvals.lock" {
		t.Errorf("at last: %s", got)
	}
}
