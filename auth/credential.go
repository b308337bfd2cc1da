package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
)

// Credential puts JumpCloud's proof of who we are on a request. It is safe for
// concurrent use, and printing it in any way shows String and no secret.
type Credential interface {
	// Sign sets the header on r, which must be a clone of the caller's request.
	// It obeys r's context. Its errors are *SignError or the context's own.
	Sign(r *http.Request) error
	// Renew is called after a 401 with the response's Request (or any request
	// that carries the refused header). True means: try once more.
	Renew(ctx context.Context, refused *http.Request) bool
	// Scope is an opaque id for cache keys: the same for the same credential as
	// long as the process lives, and different in the next process.
	Scope() string
	// String names the kind, such as "API key"; never any secret.
	String() string
}

// Reasons for which a request gets no credential; a *SignError wraps one of them.
var (
	ErrNoCredential = errors.New("no credential for JumpCloud is set")
	ErrNoSecret     = errors.New("the credential's secret cannot be read")
	ErrRefused      = errors.New("JumpCloud refuses the service account's id or secret")
	ErrNoToken      = errors.New("no token for the service account")
	ErrForeignHost  = errors.New("the request is not for a configured JumpCloud host")
)

// SignError says why a request was not signed. Nothing was sent to the API, so the
// call has certainly not been made. The text is ours: it holds no secret, no URL
// and nothing of an answer. Its methods are for code that does not import this
// package (jumpcloud.Unsent), also through *url.Error.
type SignError struct {
	Reason    error  // one of the Err values above, or the context's own
	Detail    string // more words, or ""
	temporary bool
}

func (e *SignError) Error() string {
	if e.Detail == "" {
		return e.Reason.Error()
	}
	return e.Reason.Error() + ": " + e.Detail
}

// Unwrap gives Reason to errors.Is.
func (e *SignError) Unwrap() error { return e.Reason }

// Temporary reports whether waiting may help: the token endpoint was busy, broken
// or out of reach, or the caller did not wait for it.
func (e *SignError) Temporary() bool { return e.temporary }

// NotSent is always true.
func (e *SignError) NotSent() bool { return true }

// Unauthorized reports that there is no credential to send the request with, and
// that trying again at once does not help.
func (e *SignError) Unauthorized() bool { return !e.temporary }

// Why is the reason without the detail, which is for operators.
func (e *SignError) Why() string { return e.Reason.Error() }

// noSecret turns the error of a Source into one that can be shown. The text of a
// Source that is not ours could hold anything and is left out.
func noSecret(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	out := &SignError{Reason: ErrNoSecret}
	if ours := sourceError(""); errors.As(err, &ours) {
		out.Detail = ours.Error()
	}
	return out
}

// processSalt makes fingerprints worthless outside this process.
var processSalt = sync.OnceValue(func() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
})

// fingerprint is a keyed hash of parts, 32 hex digits, that cannot be turned back.
func fingerprint(parts ...string) string {
	h := hmac.New(sha256.New, processSalt())
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p)))) // ("a","bc") is not ("ab","c")
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

const (
	apiKeyHeader = "X-Api-Key"
	bearerHeader = "Authorization"
)

type signedKey struct{}

// signedMark tells requests signed with different values apart without the value.
func signedMark(h http.Header) string {
	return fingerprint("signed", h.Get(apiKeyHeader), h.Get(bearerHeader))
}

// refusedMark is the mark of what a request was signed with, or "" when the request
// does not say: Pinned leaves the mark in the context of the response's Request.
func refusedMark(r *http.Request) string {
	if r == nil {
		return ""
	}
	if m, ok := r.Context().Value(signedKey{}).(string); ok {
		return m
	}
	if r.Header.Get(apiKeyHeader) == "" && r.Header.Get(bearerHeader) == "" {
		return ""
	}
	return signedMark(r.Header)
}
