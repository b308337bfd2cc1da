package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Vault seals what leaves this process and comes back, such as what replicas keep for
// each other: nobody without a key can read, make or change it, nor use it for another
// purpose or owner (bound).
type Vault struct{ keys []cipher.AEAD }

// NewVault derives its keys for a purpose from masters, at least 32 bytes each, the
// newest first: it seals, all of them open.
func NewVault(purpose string, masters [][]byte) (*Vault, error) {
	v := &Vault{}
	for _, m := range masters {
		if len(m) < 32 {
			return nil, errors.New("a key that replicas share needs at least 32 bytes")
		}
		key, err := hkdf.Key(sha256.New, m, nil, purpose, 32)
		if err != nil {
			return nil, fmt.Errorf("deriving the key of what replicas share: %w", err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("the cipher of what replicas share: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("the cipher of what replicas share: %w", err)
		}
		v.keys = append(v.keys, aead)
	}
	if len(v.keys) == 0 {
		return nil, errors.New("replicas need a key that they share")
	}
	return v, nil
}

// Format keeps the keys out of anything printed.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "vault") }

// Seal seals plain for a purpose and owner.
func (v *Vault) Seal(plain []byte, bound string) []byte {
	aead := v.keys[0]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return aead.Seal(nonce, nonce, plain, []byte(bound))
}

// Open gives what was sealed for the same purpose and owner; ok is false for all else.
func (v *Vault) Open(sealed []byte, bound string) (plain []byte, ok bool) {
	for _, aead := range v.keys {
		if len(sealed) < aead.NonceSize() {
			return nil, false
		}
		nonce, rest := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
		if plain, err := aead.Open(nil, nonce, rest, []byte(bound)); err == nil {
			return plain, true
		}
	}
	return nil, false
}
