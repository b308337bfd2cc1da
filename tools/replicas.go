package tools

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"
)

// Replicas are what several servers of one organisation share, so that each can
// go on with what another one began.
type Replicas struct {
	// Keys are at least 32 bytes each, the newest first: it seals, all of them open.
	Keys [][]byte
	// Shelf keeps the plans that jobs have made and that wait to be run.
	Shelf Shelf
}

// Shelf keeps records for a time.
type Shelf interface {
	// Put keeps record under id, in the place of what was there.
	Put(ctx context.Context, id string, record []byte, ttl time.Duration) error
	// Get gives it back; nil and no error when there is none any more.
	Get(ctx context.Context, id string) ([]byte, error)
}

// vault seals what leaves this process and comes back: nobody without a key can
// read, make or change it, nor use it for another purpose or owner (bound).
type vault struct{ keys []cipher.AEAD }

func newVault(masters [][]byte) (*vault, error) {
	v := &vault{}
	for _, m := range masters {
		if len(m) < 32 {
			return nil, errors.New("a key that replicas share needs at least 32 bytes")
		}
		key, err := hkdf.Key(sha256.New, m, nil, "jc-mcp handles of replicas v1", 32)
		if err != nil {
			return nil, fmt.Errorf("deriving the key of handles: %w", err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("the cipher of handles: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("the cipher of handles: %w", err)
		}
		v.keys = append(v.keys, aead)
	}
	if len(v.keys) == 0 {
		return nil, errors.New("replicas need a key that they share")
	}
	return v, nil
}

// Format keeps the keys out of anything printed.
func (v *vault) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "vault") }

func (v *vault) seal(plain []byte, bound string) []byte {
	aead := v.keys[0]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	return aead.Seal(nonce, nonce, plain, []byte(bound))
}

// open gives what was sealed for the same purpose and owner; ok is false for all else.
func (v *vault) open(sealed []byte, bound string) (plain []byte, ok bool) {
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
