package state

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Key is what an approver proves himself with: one key that signs, and one that
// opens the secrets sent to him. It lies in a file of his own, sealed by a passphrase.
type Key struct {
	name string
	seed []byte // of the Ed25519 key
	open *ecdh.PrivateKey
}

// Public is what servers know of an approver's key.
type Public struct {
	sign ed25519.PublicKey
	seal *ecdh.PublicKey
}

const (
	publicPrefix  = "jca1_"
	publicCheck   = 4
	minPassphrase = 12
)

// ErrPassphrase is the answer to a wrong passphrase, and to a key file that was changed.
var ErrPassphrase = errors.New("the passphrase does not open this key")

var approverName = regexp.MustCompile(`^[A-Za-z0-9_.@-]{1,64}$`)

// NewKey makes the key of the approver with that name.
func NewKey(name string) (*Key, error) {
	if !approverName.MatchString(name) {
		return nil, errors.New("the name of an approver is up to 64 letters, digits and _ . @ -")
	}
	open, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	k := &Key{name: name, seed: make([]byte, ed25519.SeedSize), open: open}
	_, _ = rand.Read(k.seed)
	return k, nil
}

// Format keeps the key out of anything printed.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key of "+k.name) }

// Name is the approver's name, as the grant file has it.
func (k *Key) Name() string { return k.name }

func (k *Key) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.seed) }

// Public is the word for the grant file (approvers: NAME: {key: …}).
func (k *Key) Public() string {
	b := append([]byte{}, k.private().Public().(ed25519.PublicKey)...)
	b = append(b, k.open.PublicKey().Bytes()...)
	sum := sha256.Sum256(b)
	return publicPrefix + base64.RawURLEncoding.EncodeToString(append(b, sum[:publicCheck]...))
}

// ParsePublic reads what [Key.Public] made. A letter that was lost or changed is noticed.
func ParsePublic(text string) (p Public, err error) {
	bad := errors.New("it is no key of an approver; jc-mcp approver init prints one")
	word, ok := strings.CutPrefix(text, publicPrefix)
	b, err := base64.RawURLEncoding.Strict().DecodeString(word)
	if !ok || err != nil || len(b) != ed25519.PublicKeySize+32+publicCheck || strings.ContainsAny(word, "\r\n") {
		return p, bad
	}
	n := len(b) - publicCheck
	if sum := sha256.Sum256(b[:n]); !bytes.Equal(sum[:publicCheck], b[n:]) {
		return p, bad
	}
	p.sign = ed25519.PublicKey(b[:ed25519.PublicKeySize])
	if p.seal, err = ecdh.X25519().NewPublicKey(b[ed25519.PublicKeySize:n]); err != nil {
		return p, bad
	}
	return p, nil
}

// KeyPath is where the key of the approver with that name lies by default: his own
// configuration, not the state directory.
func KeyPath(name string) (string, error) {
	if !approverName.MatchString(name) {
		return "", errors.New("the name of an approver is up to 64 letters, digits and _ . @ -")
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for the key: %w", err)
	}
	return filepath.Join(config, "jc-mcp", "approver-"+name+".json"), nil
}

// KeyFiles are the keys of approvers in this user's configuration.
func KeyFiles() ([]string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("no place for keys: %w", err)
	}
	dir := filepath.Join(config, "jc-mcp")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the keys of approvers: %w", err)
	}
	var out []string
	for _, e := range entries {
		name, ours := strings.CutPrefix(e.Name(), "approver-")
		if name, ours2 := strings.CutSuffix(name, ".json"); ours && ours2 && approverName.MatchString(name) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// CheckPassphrase says what is wrong with a new passphrase.
func CheckPassphrase(pass []byte) error {
	if utf8.RuneCount(pass) < minPassphrase {
		return fmt.Errorf("a passphrase has %d letters or more; a few words that nobody would guess are best", minPassphrase)
	}
	return nil
}

// Save seals the key with a passphrase into a new file; an old one is never replaced.
func (k *Key) Save(path string, pass []byte) error {
	if err := CheckPassphrase(pass); err != nil {
		return err
	}
	data, err := k.seal(pass, strong)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the key file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the key file: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("the key file: %w", err)
	}
	return nil
}

// LoadKey opens the key in a file; [ErrPassphrase] where the passphrase is wrong. It
// takes a good part of a second and 64 MiB, by design.
func LoadKey(path string, pass []byte) (*Key, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("the key file: %w", err)
	}
	if err := checkOwner(path, info); err != nil {
		return nil, err
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("the key file: %w", err)
	}
	return openKey(data, pass)
}
