package state

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// keyFile is an approver's key on disk. All of it but Sealed is bound to Sealed.
type keyFile struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	Public  string `json:"public"`
	hardening
	Salt   []byte `json:"salt"`
	Sealed []byte `json:"sealed"` // nonce, then AES-256-GCM of the two private keys
}

// hardening is how much work a guess at the passphrase costs. Version 1 of the file
// has pbkdf2-sha512 and no memory or threads, which then are not written either: what
// is bound to the seal of an old file stays what it was.
type hardening struct {
	KDF        string `json:"kdf"`
	Iterations int    `json:"iterations"`
	MemoryKiB  int    `json:"memory_kib,omitempty"`
	Threads    int    `json:"threads,omitempty"`
}

const (
	kdfOld = "pbkdf2-sha512" // of version 1
	kdfNow = "argon2id"      // of version 2

	// What a file may ask for: it is not trusted before it is open.
	maxPBKDF2    = 20_000_000
	maxPasses    = 64
	maxMemoryKiB = 1 << 20
	maxThreads   = 16
)

// strong is what new keys are sealed with: the second recommendation of RFC 9106,
// with more passes. 64 MiB for each guess keep graphics cards from making many at once.
var strong = hardening{KDF: kdfNow, Iterations: 6, MemoryKiB: 64 << 10, Threads: 4}

// version of the file that holds it; 0 where no file may.
func (h hardening) version() int {
	switch {
	case h.KDF == kdfOld && h.Iterations >= 1 && h.Iterations <= maxPBKDF2 && h.MemoryKiB == 0 && h.Threads == 0:
		return 1
	case h.KDF == kdfNow && h.Iterations >= 1 && h.Iterations <= maxPasses && h.Threads >= 1 && h.Threads <= maxThreads &&
		h.MemoryKiB >= 8*h.Threads && h.MemoryKiB <= maxMemoryKiB && h.Iterations*h.MemoryKiB <= 8*maxMemoryKiB:
		return 2
	}
	return 0
}

// key makes the key that seals from the passphrase.
func (h hardening) key(pass, salt []byte) ([]byte, error) {
	switch h.version() {
	case 1:
		return pbkdf2.Key(sha512.New, string(pass), salt, h.Iterations, 32)
	case 2:
		return argon2.IDKey(pass, salt, uint32(h.Iterations), uint32(h.MemoryKiB), uint8(h.Threads), 32), nil
	}
	return nil, errTorn
}

func (k *Key) seal(pass []byte, h hardening) ([]byte, error) {
	f := keyFile{Version: h.version(), Name: k.name, Public: k.Public(), hardening: h, Salt: make([]byte, 16)}
	_, _ = rand.Read(f.Salt)
	aead, bound, err := f.cipher(pass)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	f.Sealed = aead.Seal(nonce, nonce, append(append([]byte{}, k.seed...), k.open.Bytes()...), bound)
	return json.Marshal(f)
}

func openKey(data, pass []byte) (*Key, error) {
	var f keyFile
	if err := decode(data, &f); err != nil {
		return nil, fmt.Errorf("the key file: %w", err)
	}
	if f.version() == 0 || f.Version != f.version() || !approverName.MatchString(f.Name) {
		return nil, fmt.Errorf("the key file: %w", errTorn)
	}
	aead, bound, err := f.cipher(pass)
	if err != nil {
		return nil, err
	}
	if len(f.Sealed) < aead.NonceSize() {
		return nil, ErrPassphrase
	}
	plain, err := aead.Open(nil, f.Sealed[:aead.NonceSize()], f.Sealed[aead.NonceSize():], bound)
	if err != nil || len(plain) != ed25519.SeedSize+32 {
		return nil, ErrPassphrase
	}
	open, err := ecdh.X25519().NewPrivateKey(plain[ed25519.SeedSize:])
	if err != nil {
		return nil, ErrPassphrase
	}
	return &Key{name: f.Name, seed: plain[:ed25519.SeedSize], open: open}, nil
}

// cipher is made from the passphrase; bound is the file without what it seals.
func (f keyFile) cipher(pass []byte) (aead cipher.AEAD, bound []byte, err error) {
	f.Sealed = nil
	if bound, err = json.Marshal(f); err != nil {
		return nil, nil, err
	}
	key, err := f.key(pass, f.Salt)
	if err != nil {
		return nil, nil, errors.Join(errors.New("the key file"), err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err = cipher.NewGCM(block)
	return aead, bound, err
}
