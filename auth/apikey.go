package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"time"
)

// justRenewed is how long a value counts as new for a refused request that does not
// say what it was signed with.
const justRenewed = 5 * time.Second

type apiKey struct {
	src   Source
	scope string

	turn    chan struct{} // holds one element: whoever sent it reloads; waiting can be given up
	asked   time.Time     // guarded by turn: when a reload last brought nothing new
	changed time.Time     // guarded by turn: when a reload last brought another key
}

// APIKey is the credential of an administrator's API key. A source that can change
// (a file, a command) is read again when JumpCloud refuses the key.
func APIKey(src Source) Credential {
	scope := fingerprint("api key", rand.Text()) // a Source that is not ours: a scope for each use
	if s, ok := src.(*source); ok {
		scope = fingerprint("api key", s.id)
	}
	return &apiKey{src: src, scope: scope, turn: make(chan struct{}, 1)}
}

func (k *apiKey) String() string               { return "API key" }
func (k *apiKey) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, k.String()) }
func (k *apiKey) Scope() string                { return k.scope }
func (k *apiKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func (k *apiKey) Sign(r *http.Request) error {
	v, err := k.src.Get(r.Context())
	if err != nil {
		return noSecret(err)
	}
	if v == "" || !printable(v.Reveal()) {
		return &SignError{Reason: ErrNoSecret, Detail: "it is not one line of text"}
	}
	r.Header.Set(apiKeyHeader, v.Reveal())
	return nil
}

// replaced reports whether the key in place is another than the refused one.
func (k *apiKey) replaced(ctx context.Context, refused string) bool {
	v, err := k.src.Get(ctx)
	return err == nil && refused != "" && signedMark(http.Header{apiKeyHeader: {v.Reveal()}}) != refused
}

// Renew reads the source again, once for all calls refused with the same key.
func (k *apiKey) Renew(ctx context.Context, r *http.Request) bool {
	refused := refusedMark(r)
	if k.replaced(ctx, refused) {
		return true
	}
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-k.turn }()
	if k.replaced(ctx, refused) || refused == "" && time.Since(k.changed) < justRenewed {
		return true // another call has put it right while this one waited
	}
	if time.Since(k.asked) < failureMemory {
		return false
	}
	changed, err := k.src.Reload(ctx)
	if err != nil || !changed {
		if ctx.Err() == nil { // a caller that gave up does not keep the others from asking
			k.asked = time.Now()
		}
		return false
	}
	k.changed = time.Now()
	return true
}
