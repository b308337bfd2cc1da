package auth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A head is a signed note in the form of a C2SP checkpoint: the origin, the number of
// lines, the hash of the last one in base64, a line with the time, and the signature.
const (
	headOrigin = "jc-mcp/audit"
	headKey    = "audit.key" // in the state directory, as note.GenerateKey gives it
)

// AuditHead is what a signed head says: line Seq had this hash.
type AuditHead struct {
	Seq  uint64
	Hash [32]byte
	Time time.Time
}

// auditSigner is the key in dir, made if it is not there.
func auditSigner(dir string) (note.Signer, error) {
	path := filepath.Join(dir, headKey)
	secret, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(dir, path); err != nil {
			return nil, fmt.Errorf("making the key of the audit: %w", err)
		}
		secret, err = readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the audit: %w", err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, errors.New("the key of the audit has not the form of a key")
	}
	return signer, nil
}

func readKey(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if othersMayRead(info) {
		return "", fmt.Errorf("%s may be read by other users: chmod 600", path)
	}
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// makeKey makes the key whole before it has its name: of processes that start at the
// same time one wins.
func makeKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	secret, _, err := note.GenerateKey(rand.Reader, headOrigin)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".audit-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(secret + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// AuditKey is the public key that belongs to the key in dir, in the form of a note's
// verifier key ("jc-mcp/audit+1a2b3c4d+…"). fs.ErrNotExist where there is none.
func AuditKey(dir string) (string, error) {
	secret, err := readKey(filepath.Join(dir, headKey))
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(secret, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("the key of the audit has not the form of a key")
	}
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", errors.New("the key of the audit has not the form of a key")
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}

// signDue signs a head when a round number of lines was passed since before, by
// whichever process; else it sees to it that one is signed in time.
func (a *AuditLog) signDue(before uint64) {
	switch {
	case a.signer == nil || !a.unsigned:
	case before/a.o.HeadLines < a.head.seq/a.o.HeadLines:
		a.signHead()
	case a.timer == nil:
		a.timer = time.AfterFunc(a.o.HeadTime, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.timer = nil
			if !a.closed {
				a.signNow()
			}
		})
	}
}

// signNow signs a head of what is in the file now.
func (a *AuditLog) signNow() {
	if a.signer == nil || !a.unsigned {
		return
	}
	if release, err := a.ready(nil, false); err == nil {
		a.signHead()
		release()
	}
}

// signHead writes a head. One that cannot be written stops nothing: lines are whole
// without it, the next says as much, and the line for o.Heads tells of it.
func (a *AuditLog) signHead() {
	if a.signer == nil || !a.unsigned {
		return
	}
	a.unsigned = false
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	now := time.Now().UTC().Format(time.RFC3339)
	text := fmt.Sprintf("%s\n%d\n%s\ntime %s\n", headOrigin, a.head.seq, base64.StdEncoding.EncodeToString(a.head.hash[:]), now)
	signed, err := note.Sign(&note.Note{Text: text}, a.signer)
	if err == nil && a.path != "" {
		err = appendTo(a.path+".heads", append(signed, '\n'))
	}
	if a.o.Heads == nil {
		return
	}
	said := struct {
		Time  string `json:"time"`
		Level string `json:"level"`
		Msg   string `json:"msg"`
		Seq   uint64 `json:"seq"`
		Note  string `json:"note"`
		Error string `json:"error,omitempty"`
	}{now, "INFO", "audit head", a.head.seq, string(signed), ""}
	if err != nil {
		said.Level, said.Error = "WARN", "the file of the heads cannot be written"
	}
	if line, err := json.Marshal(said); err == nil {
		_, _ = a.o.Heads.Write(append(line, '\n'))
	}
}

func appendTo(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// ReadAuditHeads reads signed heads: notes one after the other, as they stand in
// FILE.heads, and the JSON lines that were said on stderr, among whatever else. key is
// the public key. bad counts notes that are not signed by it or have not their form.
func ReadAuditHeads(r io.Reader, key string) (heads []AuditHead, bad int, err error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return nil, 0, errors.New("the public key has not the form of one: jc-mcp/audit+…")
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, err
	}
	take := func(signed []byte) {
		h, err := readHead(signed, verifier)
		if err != nil {
			bad++
			return
		}
		heads = append(heads, h)
	}
	var open []byte // a note whose signature has not come yet
	for line := range bytes.Lines(b) {
		var said struct{ Msg, Note string }
		signature := bytes.HasPrefix(line, []byte("— "))
		switch {
		case string(line) == headOrigin+"\n":
			if len(open) > 0 {
				bad++ // it never came
			}
			open = bytes.Clone(line)
		case len(open) == 0 && signature:
			bad++ // of what?
		case len(open) == 0:
			if json.Unmarshal(line, &said) == nil && said.Msg == "audit head" {
				take([]byte(said.Note))
			}
		default:
			if open = append(open, line...); signature {
				take(open)
				open = nil
			}
		}
	}
	if len(open) > 0 {
		bad++
	}
	return heads, bad, nil
}

func readHead(signed []byte, verifier note.Verifier) (h AuditHead, err error) {
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return h, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != headOrigin {
		return h, errors.New("no head of an audit")
	}
	h.Seq, err = strconv.ParseUint(lines[1], 10, 64)
	hash, berr := base64.StdEncoding.DecodeString(lines[2])
	if err = errors.Join(err, berr); err != nil || len(hash) != len(h.Hash) {
		return h, errors.New("no head of an audit")
	}
	copy(h.Hash[:], hash)
	if at, ok := strings.CutPrefix(lines[3], "time "); ok {
		h.Time, _ = time.Parse(time.RFC3339, at)
	}
	return h, nil
}
