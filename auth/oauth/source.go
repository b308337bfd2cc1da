package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Bounds of what is read from an issuer.
const (
	maxDocument = 512 << 10
	// placeAge is when the issuer's metadata are read again.
	placeAge = time.Hour
)

// source reads an issuer's metadata and keys. One fetch runs at a time.
type source struct {
	issuer string
	client *http.Client

	mu     sync.Mutex
	place  string // of the keys
	placed time.Time
}

func newSource(o Options) *source {
	return &source{issuer: o.Issuer, client: &http.Client{
		Transport: o.Transport, Timeout: fetchWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// fetch reads the keys, and before that where they are, when that is not known or old.
func (s *source) fetch(ctx context.Context) (*keySet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.place == "" || time.Since(s.placed) >= placeAge {
		place, err := s.find(ctx)
		if err != nil && s.place == "" {
			return nil, err
		}
		if err == nil {
			s.place, s.placed = place, time.Now()
		}
	}
	text, err := s.read(ctx, s.place)
	if err != nil {
		s.placed = time.Time{} // they may have moved
		return nil, fmt.Errorf("its keys: %w", err)
	}
	return readKeys(text)
}

// find reads where the keys are: from the metadata of an authorization server (RFC
// 8414), else from those of OpenID Connect.
func (s *source) find(ctx context.Context) (place string, err error) {
	for _, at := range metadataPlaces(s.issuer) {
		var text []byte
		if text, err = s.read(ctx, at); err != nil {
			continue
		}
		if place, err = s.keysOf(text); err == nil {
			return place, nil
		}
	}
	return "", fmt.Errorf("its metadata: %w", err)
}

func (s *source) keysOf(text []byte) (string, error) {
	var doc struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if json.Unmarshal(text, &doc) != nil {
		return "", errors.New("they are no JSON object")
	}
	if doc.Issuer != s.issuer {
		return "", errors.New("they are those of another issuer")
	}
	u, err := url.Parse(doc.Keys)
	if err != nil || u.Host == "" || u.User != nil || !secure(u) {
		return "", errors.New("they name no https address of keys")
	}
	return doc.Keys, nil
}

// metadataPlaces are where an issuer's metadata can be.
func metadataPlaces(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil // it was checked
	}
	path := strings.TrimSuffix(u.Path, "/")
	at := func(p string) string { return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: p}).String() }
	out := []string{at("/.well-known/oauth-authorization-server" + path)}
	if path != "" {
		out = append(out, at("/.well-known/openid-configuration"+path))
	}
	return append(out, at(path+"/.well-known/openid-configuration"))
}

// read gets a document. Its errors name no address: that is the operator's.
func (s *source) read(ctx context.Context, at string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, errors.New("the address is none")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, errors.New("the answer broke off")
	}
	if len(text) > maxDocument {
		return nil, errors.New("the answer is too long")
	}
	return text, nil
}
