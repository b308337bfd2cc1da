package tools

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	maxHandle    = 4096 // characters
	questionMark = 4    // bytes of a question's hash: it finds slips, the rights are checked at each call
)

// sealedPlaces carry the place in the handle, so that any replica opens it: when it
// expires, a mark of the question, skip, window, and what is left is After. Bound to
// its owner and tool. Without After it is 50 to 63 characters.
type sealedPlaces struct{ *auth.Vault }

func boundPlace(owner, tool string) string { return "place\x00" + tool + "\x00" + owner }

func markOf(question string) string {
	sum := sha256.Sum256([]byte(question))
	return string(sum[:questionMark])
}

func (s sealedPlaces) put(p place) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(time.Now().Add(cursorTTL).Unix()))
	b = append(b, markOf(p.question)...)
	b = binary.AppendUvarint(b, uint64(p.Skip))
	b = binary.AppendVarint(b, p.From)
	b = binary.AppendVarint(b, p.To-p.From)
	b = append(b, p.After...)
	return base64.RawURLEncoding.EncodeToString(s.Seal(b, boundPlace(p.owner, p.tool)))
}

// find leaves the mark of the question in the place of the question.
func (s sealedPlaces) find(handle, owner, tool string) (p place, ok bool) {
	if len(handle) > maxHandle {
		return p, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(handle)
	if err != nil {
		return p, false
	}
	b, ok := s.Open(sealed, boundPlace(owner, tool))
	if !ok || len(b) < 4+questionMark || time.Now().Unix() >= int64(binary.BigEndian.Uint32(b)) {
		return p, false
	}
	p.question, b = string(b[4:4+questionMark]), b[4+questionMark:]
	skip, n := binary.Uvarint(b)
	from, m := binary.Varint(b[max(n, 0):])
	if n <= 0 || m <= 0 {
		return p, false
	}
	span, l := binary.Varint(b[n+m:])
	if l <= 0 {
		return p, false
	}
	p.owner, p.tool = owner, tool
	p.Skip, p.From, p.To = int(skip), from, from+span
	if rest := b[n+m+l:]; len(rest) > 0 {
		p.After = rest
	}
	return p, true
}

func (sealedPlaces) same(p place, question string) bool { return p.question == markOf(question) }
