package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
)

// The chain. Each line is a JSON object of its own, readable by jq, and ends with
//
//	"seq":12,"prev":"<64 hex>","hash":"<64 hex>"}
//
// seq counts from 1 and goes on over rotated files. hash is the SHA-256 of the bytes
// of the line before `,"hash":"`; prev is the hash of the line before, 64 zeros for
// the first. So hash tells which line was changed, prev and seq what was removed,
// put in, swapped or repeated. Whoever can write the file can also reckon hashes:
// against him, and against a cut at the end, stand the signed heads (audit_heads.go).
//
// A line that a crash cut off is closed with a line end by whoever writes next, and
// is not of the chain: prev names the last whole line.

type digest [sha256.Size]byte

func (d digest) String() string { return hex.EncodeToString(d[:]) }

// chainHead is the last line of a chain; the zero value is that of an empty one.
type chainHead struct {
	seq  uint64
	hash digest
}

const (
	hashField = `,"hash":"`
	prevField = `,"prev":"`
	seqField  = `,"seq":`
	lineEnd   = "\"}\n"
	hexDigest = 2 * sha256.Size
	hashPart  = len(hashField) + hexDigest + len(lineEnd)
	prevPart  = len(prevField) + hexDigest + 1
)

// seal puts an encoded line behind h: the line as it is written, and the new head.
func (h chainHead) seal(encoded []byte) ([]byte, chainHead) {
	body := bytes.TrimSuffix(encoded, []byte("}\n"))
	out := make([]byte, 0, len(body)+len(seqField)+20+prevPart+hashPart)
	out = append(append(out, body...), seqField...)
	out = strconv.AppendUint(out, h.seq+1, 10)
	out = hex.AppendEncode(append(out, prevField...), h.hash[:])
	out = append(out, '"')
	next := chainHead{h.seq + 1, sha256.Sum256(out)}
	out = hex.AppendEncode(append(out, hashField...), next.hash[:])
	return append(out, lineEnd...), next
}

// link is what a line says of its place.
type link struct {
	chainHead
	prev digest
}

// unseal reads the place of a whole line, end included; ok is false when not every
// byte is as it was written.
func unseal(line []byte) (l link, ok bool) {
	if l, ok = stated(line); !ok {
		return l, false
	}
	return l, sha256.Sum256(line[:len(line)-hashPart]) == l.hash
}

// stated is what a line says, without a look at whether it is true.
func stated(line []byte) (l link, ok bool) {
	at := len(line) - hashPart
	if at < prevPart || !bytes.HasSuffix(line, []byte(lineEnd)) || !unhex(line[at:], hashField, &l.hash) {
		return l, false
	}
	body := line[:at-prevPart]
	if line[at-1] != '"' || !unhex(line[at-prevPart:], prevField, &l.prev) {
		return l, false
	}
	i := bytes.LastIndex(body, []byte(seqField))
	if i < 0 {
		return l, false
	}
	digits := string(body[i+len(seqField):])
	n, err := strconv.ParseUint(digits, 10, 64)
	l.seq = n
	return l, err == nil && n > 0 && strconv.FormatUint(n, 10) == digits
}

// unhex reads the digest behind a field's name, written as we write it.
func unhex(b []byte, field string, d *digest) bool {
	b, ok := bytes.CutPrefix(b, []byte(field))
	if !ok || len(b) < hexDigest {
		return false
	}
	if _, err := hex.Decode(d[:], b[:hexDigest]); err != nil {
		return false
	}
	return d.String() == string(b[:hexDigest])
}

// lastLink looks from the end of f, of size bytes, back to from for the last line of
// a chain. torn says that what stands last has no line end.
func lastLink(f io.ReaderAt, from, size int64) (l link, found, torn bool, err error) {
	if from >= size {
		return l, false, false, nil
	}
	for window := int64(64 << 10); ; window *= 8 {
		start := max(from, size-window)
		buf := make([]byte, size-start)
		if _, err := f.ReadAt(buf, start); err != nil && err != io.EOF {
			return l, false, false, err
		}
		torn = buf[len(buf)-1] != '\n'
		for rest := buf; len(rest) > 0; {
			i := bytes.LastIndexByte(rest[:len(rest)-1], '\n')
			if i < 0 && start > from { // its beginning is not in the window
				break
			}
			if l, ok := unseal(rest[i+1:]); ok {
				return l, true, torn, nil
			}
			rest = rest[:i+1]
		}
		if start == from {
			return l, false, torn, nil
		}
	}
}
