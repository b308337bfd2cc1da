package auth

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

const (
	redactedMark = "[credential]"
	minRedacted  = 8 // bytes; nothing shorter is a credential, and short words stand everywhere
)

// redact takes the credential out of an answer that repeats it, as some errors do:
// only here is it known what that is, and behind here answers are shown.
func redact(resp *http.Response, signed http.Header) {
	var secrets [][]byte
	for _, name := range []string{apiKeyHeader, bearerHeader} {
		if v := strings.TrimPrefix(signed.Get(name), "Bearer "); len(v) >= minRedacted {
			secrets = append(secrets, []byte(v))
		}
	}
	if resp.Body == nil || resp.Body == http.NoBody || len(secrets) == 0 {
		return
	}
	r := &redactor{src: resp.Body, secrets: secrets, size: 8 << 10}
	if n := resp.ContentLength; n >= 0 && n < int64(r.size) {
		r.size = int(n) + 1 // so that one read sees the end, too
	}
	for _, s := range secrets {
		r.keep = max(r.keep, len(s)-1)
	}
	resp.Body, resp.ContentLength = r, -1
}

// redactor replaces the secrets in a stream. It holds back as many bytes as the
// beginning of a secret can have.
type redactor struct {
	src     io.ReadCloser
	secrets [][]byte
	keep    int
	size    int // of chunk
	chunk   []byte
	in, out []byte
	err     error
}

func (r *redactor) Read(p []byte) (int, error) {
	for len(r.out) == 0 && r.err == nil {
		if r.chunk == nil {
			r.chunk = make([]byte, r.size)
		}
		n, err := r.src.Read(r.chunk)
		r.in, r.err = append(r.in, r.chunk[:n]...), err
		for _, s := range r.secrets {
			if bytes.Contains(r.in, s) {
				r.in = bytes.ReplaceAll(r.in, s, []byte(redactedMark))
			}
		}
		ready := len(r.in)
		if err == nil {
			ready = max(0, ready-r.keep)
		}
		r.out, r.in = append(r.out, r.in[:ready]...), append([]byte(nil), r.in[ready:]...)
	}
	if len(r.out) == 0 {
		return 0, r.err
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *redactor) Close() error { return r.src.Close() }
