package auth

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// A key that an answer repeats is taken out, wherever reads happen to split it.
func TestRedact(t *testing.T) {
	const key = "jca_canary0123456789"
	body := strings.Repeat("x", 20000) + key + " and " + key + "!" + strings.Repeat("y", 20000) + key
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "halves": iotest.HalfReader, "with the error": iotest.DataErrReader,
	} {
		resp := &http.Response{Body: io.NopCloser(wrap(strings.NewReader(body)))}
		redact(resp, http.Header{"X-Api-Key": {key}})
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != strings.ReplaceAll(body, key, redactedMark) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	cut := errors.New("cut")
	resp := &http.Response{Body: io.NopCloser(io.MultiReader(strings.NewReader("ab"+key), iotest.ErrReader(cut)))}
	redact(resp, http.Header{"Authorization": {"Bearer " + key}})
	if got, err := io.ReadAll(resp.Body); !errors.Is(err, cut) || string(got) != "ab"+redactedMark {
		t.Errorf("%q, %v", got, err)
	}
}
