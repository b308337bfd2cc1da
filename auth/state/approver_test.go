package state

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const passphrase = "correct horse battery"

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "approver-it-lead.json")
	k := key(t, "it-lead")
	if err := k.Save(path, []byte("short")); err == nil {
		t.Error("a short passphrase was taken")
	}
	must(t, k.Save(path, []byte(passphrase)))
	if err := key(t, "it-lead").Save(path, []byte(passphrase)); err == nil {
		t.Error("a key was replaced")
	}
	got, err := LoadKey(path, []byte(passphrase))
	if err != nil || got.Name() != "it-lead" || got.Public() != k.Public() || !bytes.Equal(got.seed, k.seed) || !got.open.Equal(k.open) {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := LoadKey(path, []byte(passphrase+" ")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	data, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(data, k.seed) || bytes.Contains(data, []byte(passphrase)) {
		t.Error("it is in clear")
	}
	if out := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.ReplaceAll(out, "key of it-lead", "") != "   " {
		t.Errorf("printed: %s", out)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
	must(t, os.Chmod(path, 0o644))
	if _, err := LoadKey(path, []byte(passphrase)); !errors.Is(err, errRights) {
		t.Errorf("a key that others can read: %v", err)
	}
}

func TestKeyFileCannotBeChanged(t *testing.T) {
	k := key(t, "it-lead")
	good, err := k.seal([]byte(passphrase), weak)
	must(t, err)
	if _, err := openKey(good, []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for bit := byte(1); bit != 0; bit <<= 1 {
			bad := bytes.Clone(good)
			bad[i] ^= bit
			if _, err := openKey(bad, []byte(passphrase)); err == nil {
				t.Fatalf("byte %d: %s", i, bad)
			}
		}
	}
	for _, bad := range [][2]string{
		{`"iterations":1`, `"iterations":0`}, {`"iterations":1`, `"iterations":-1`}, {`"iterations":1`, `"iterations":999999999`},
		{`"memory_kib":8`, `"memory_kib":7`}, {`"memory_kib":8`, `"memory_kib":99999999`},
		{`"threads":1`, `"threads":256`}, {`,"threads":1`, ``}, {kdfNow, kdfOld}, {`"version":2`, `"version":1`},
	} {
		changed := bytes.Replace(good, []byte(bad[0]), []byte(bad[1]), 1)
		if bytes.Equal(changed, good) {
			t.Fatalf("%s is not in %s", bad[0], good)
		}
		if _, err := openKey(changed, []byte(passphrase)); !errors.Is(err, errTorn) {
			t.Errorf("%s: %v", bad[1], err)
		}
	}
}

// weak costs nothing, so that a test can open many.
var weak = hardening{KDF: kdfNow, Iterations: 1, MemoryKiB: 8, Threads: 1}

// A key that was sealed by the first release, with fewer iterations than it had.
const oldKeyFile = `{"version":1,"name":"it-lead","public":"jca1_LiDWMU02l8UennjwEkojVH-Qc1x0e20NjAimFdB2hFCrqG0Pu72fJo4jd4k-YRzqbzQaJZ5HfNmoOeQKX25GIle97gY","kdf":"pbkdf2-sha512","iterations":1000,"salt":"NgtdGAae1ayW6aLD2+XTnQ==","sealed":"zTi5VrfmdARkAzLAkQMlKxVXIM7yA9YxWsiHOiH9OVbjwwxXsje8lY7NRu80Y6OhLM/DOCsMN18I8kMyjcXAqHlURJ0IQODRFyYx0sS3SloSflMCJgVUSX9X/jU="}`

func TestAnOldKeyFileOpens(t *testing.T) {
	k, err := openKey([]byte(oldKeyFile), []byte(passphrase))
	if err != nil || k.Name() != "it-lead" || !strings.Contains(oldKeyFile, k.Public()) {
		t.Fatalf("%v, %v", k, err)
	}
	if _, err := openKey([]byte(oldKeyFile), []byte(passphrase+"!")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	fewer := strings.Replace(oldKeyFile, `"iterations":1000`, `"iterations":999`, 1)
	if _, err := openKey([]byte(fewer), []byte(passphrase)); !errors.Is(err, ErrPassphrase) {
		t.Errorf("with fewer iterations: %v", err)
	}
}

// A new key costs a guess 64 MiB and about what it cost before in time.
func TestNewKeysAreHard(t *testing.T) {
	k := key(t, "it-lead")
	start := time.Now()
	b, err := k.seal([]byte(passphrase), strong)
	took := time.Since(start)
	must(t, err)
	for _, want := range []string{`"version":2`, `"kdf":"argon2id"`, `"memory_kib":65536`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	t.Logf("argon2id, %d passes over %d MiB in %d threads: %v", strong.Iterations, strong.MemoryKiB>>10, strong.Threads, took.Round(time.Millisecond))
	if took < 20*time.Millisecond {
		t.Errorf("a guess takes only %v", took)
	}
}

func TestPublicKey(t *testing.T) {
	k := key(t, "it-lead")
	text := k.Public()
	if _, err := ParsePublic(text); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for bit := byte(1); bit != 0; bit <<= 1 {
			bad := []byte(text)
			bad[i] ^= bit
			if _, err := ParsePublic(string(bad)); err == nil {
				t.Fatalf("byte %d: %s", i, bad)
			}
		}
	}
	for _, bad := range []string{"", publicPrefix, text + "A", text + "\n", " " + text} {
		if _, err := ParsePublic(bad); err == nil {
			t.Errorf("%q", bad)
		}
	}
}

func TestApproverNames(t *testing.T) {
	for _, name := range []string{"", "a b", "../x", "a\nyes", strings.Repeat("a", 65)} {
		if _, err := NewKey(name); err == nil {
			t.Errorf("%q", name)
		}
		if _, err := KeyPath(name); err == nil {
			t.Errorf("%q", name)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	if path, err := KeyPath("ada@example.com"); err != nil || filepath.Base(path) != "approver-ada@example.com.json" {
		t.Error(path, err)
	}
}
