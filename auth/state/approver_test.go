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
	good, err := k.seal([]byte(passphrase), 1)
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
	for _, bad := range []string{`"iterations":0`, `"iterations":-1`, `"iterations":999999999`} {
		if _, err := openKey(bytes.Replace(good, []byte(`"iterations":1`), []byte(bad), 1), []byte(passphrase)); !errors.Is(err, errTorn) {
			t.Errorf("%s: %v", bad, err)
		}
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
