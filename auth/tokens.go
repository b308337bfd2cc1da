package auth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/singleflight"
)

const (
	maxTokenLife     = time.Hour
	assumedTokenLife = 5 * time.Minute  // when the answer gives none, or nonsense
	fetchLimit       = 25 * time.Second // all attempts of one fetch, secrets read again included
	renewPause       = 15 * time.Second // between renewals that fail while the old token still serves
	maxTokenBytes    = 16 << 10
)

// token is one access token. It is not changed after it was made.
type token struct {
	access  *Secret // a pointer, so that printing a struct around it shows no text
	mark    string  // signedMark of a request that carries it
	got     time.Time
	life    time.Duration
	renewAt time.Duration // age from which it is renewed in the background
}

// age takes the larger of both clocks: the monotonic one stands still while a laptop
// sleeps, the other can be set back.
func (t *token) age(now time.Time) time.Duration {
	return max(now.Sub(t.got), now.Round(0).Sub(t.got.Round(0)))
}

func (t *token) fresh(now time.Time) bool  { return t != nil && t.age(now) < t.renewAt }
func (t *token) usable(now time.Time) bool { return t != nil && t.age(now) < t.life*95/100 }

// tokens keeps the token of one service account: one fetch for any number of
// callers, renewed before it ends, forgotten when the API refuses it.
type tokens struct {
	clientID string
	url      string
	secrets  []Source
	http     *http.Client
	flight   singleflight.Group

	mu     sync.Mutex
	now    *token
	good   int       // index of the secret that worked last
	failed error     // answer for everybody until the time below
	until  time.Time // end of failed
	quiet  time.Time // no renewal in the background before this
}

// get gives a token that can be used now. Waiting ends with ctx, whoever fetches.
func (s *tokens) get(ctx context.Context) (*token, error) {
	s.mu.Lock()
	now := time.Now()
	t, failed := s.now, s.failed
	quiet, bad := now.Before(s.quiet), now.Before(s.until)
	s.mu.Unlock()
	switch {
	case t.fresh(now):
		return t, nil
	case t.usable(now):
		if !quiet {
			s.flight.DoChan("", s.fetch) // its failure does not touch this call
		}
		return t, nil
	case bad:
		return nil, failed
	}
	select {
	case r := <-s.flight.DoChan("", s.fetch):
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*token), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// drop forgets the token a request with this mark was signed with. If another is in
// place already, nothing is lost. Without a mark a token a few seconds old counts as
// the replacement.
func (s *tokens) drop(mark string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.now == nil, mark != "" && mark != s.now.mark:
	case mark == "" && s.now.age(time.Now()) < justRenewed:
	default:
		s.now = nil
	}
}

// fetch runs once for all who wait, on a context of its own: the caller that
// happened to start it may leave without failing the rest.
func (s *tokens) fetch() (any, error) {
	s.mu.Lock()
	now, first := time.Now(), s.good
	if s.now.fresh(now) { // a caller that looked before the last fetch ended
		defer s.mu.Unlock()
		return s.now, nil
	}
	if !s.now.usable(now) && now.Before(s.until) {
		defer s.mu.Unlock()
		return nil, s.failed
	}
	s.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), fetchLimit)
	defer cancel()
	t, good, err := s.tryAll(ctx, first)

	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed, s.until = err, time.Now().Add(failureMemory)
		s.quiet = time.Now().Add(renewPause)
		return nil, err
	}
	s.now, s.good, s.until, s.quiet = t, good, time.Time{}, time.Time{}
	return t, nil
}

// tryAll asks with the secret that worked last, then with the others; when all were
// refused it reads the secrets again and asks with those that changed.
func (s *tokens) tryAll(ctx context.Context, first int) (*token, int, error) {
	order := make([]int, len(s.secrets))
	for i := range order {
		order[i] = (first + i) % len(s.secrets)
	}
	t, good, err := s.tryEach(ctx, order)
	if err == nil || !anotherMayHelp(err) {
		return t, good, err
	}
	var changed []int
	for _, i := range order {
		if ok, reloadErr := s.secrets[i].Reload(ctx); ok && reloadErr == nil {
			changed = append(changed, i)
		}
	}
	if len(changed) == 0 {
		return nil, 0, err
	}
	return s.tryEach(ctx, changed)
}

func (s *tokens) tryEach(ctx context.Context, order []int) (*token, int, error) {
	var refused error
	for _, i := range order {
		t, err := s.ask(ctx, s.secrets[i])
		if err == nil {
			return t, i, nil
		}
		if !anotherMayHelp(err) {
			return nil, 0, err // busy or out of reach: the other secret would fare no better
		}
		// A refusal says more than a secret that could not be read.
		if refused == nil || errors.Is(err, ErrRefused) {
			refused = err
		}
	}
	return nil, 0, refused
}

func anotherMayHelp(err error) bool { return errors.Is(err, ErrRefused) || errors.Is(err, ErrNoSecret) }

// ask makes one request to the token endpoint.
func (s *tokens) ask(ctx context.Context, src Source) (*token, error) {
	secret, err := src.Get(ctx)
	if err != nil {
		if err = noSecret(err); !errors.Is(err, ErrNoSecret) {
			err = &SignError{Reason: ErrNoToken, Detail: "reading the client secret took too long", temporary: true}
		}
		return nil, err
	}
	conf := clientcredentials.Config{
		ClientID:     s.clientID,
		ClientSecret: secret.Reveal(),
		TokenURL:     s.url,
		Scopes:       []string{"api"},
		AuthStyle:    oauth2.AuthStyleInHeader, // guessing would send the secret twice
	}
	start := time.Now()
	answer, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, s.http))
	if err != nil {
		return nil, tokenError(err)
	}
	return newToken(answer, start)
}

// newToken checks the answer. Its life counts from before the request was sent.
func newToken(answer *oauth2.Token, start time.Time) (*token, error) {
	access := answer.AccessToken
	if !strings.EqualFold(answer.Type(), "Bearer") || len(access) > maxTokenBytes ||
		strings.ContainsFunc(access, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, &SignError{Reason: ErrNoToken, Detail: "the token endpoint gave one that cannot be used"}
	}
	life := time.Until(answer.Expiry)
	if answer.Expiry.IsZero() || life <= 0 {
		life = assumedTokenLife
	}
	life = min(life, maxTokenLife)
	t := &token{access: new(Secret), got: start, life: life}
	*t.access = Secret(access)
	t.mark = signedMark(http.Header{bearerHeader: {"Bearer " + access}})
	t.renewAt = life*80/100 + rand.N(life*5/100+1) // processes started together do not renew together
	return t, nil
}

// refusals are the codes of RFC 6749; any other word from the endpoint is not repeated.
var refusals = map[string]bool{
	"invalid_request": true, "invalid_client": true, "invalid_grant": true,
	"unauthorized_client": true, "unsupported_grant_type": true, "invalid_scope": true,
}

// tokenError puts a failed token request in our words. The errors of oauth2 and
// net/http hold the answer's body and the address, so none of their text is used.
func tokenError(err error) error {
	var answered *oauth2.RetrieveError
	var timeout net.Error
	switch {
	case errors.As(err, &answered) && answered.Response != nil:
		return tokenStatusError(answered.Response.StatusCode, answered.ErrorCode)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &SignError{Reason: ErrNoToken, Detail: "the token endpoint did not answer in time", temporary: true}
	case errors.As(err, &timeout): // *url.Error: no answer at all
		return &SignError{Reason: ErrNoToken, Detail: "the token endpoint cannot be reached", temporary: true}
	}
	return &SignError{Reason: ErrNoToken, Detail: "the token endpoint answered something else"}
}

func tokenStatusError(status int, code string) error {
	detail := fmt.Sprintf("HTTP %d", status)
	if refusals[code] {
		detail += " " + code
	}
	switch {
	case status == 400, status == 401, status < 300: // some endpoints refuse with 200 and an error code
		return &SignError{Reason: ErrRefused, Detail: detail}
	case status < 400:
		detail = "the token endpoint answers with a redirect: is the address right?"
	case status == 404:
		detail = "there is no token endpoint at the address: is the region right?"
	default:
		detail = "the token endpoint answers " + detail
	}
	return &SignError{Reason: ErrNoToken, Detail: detail, temporary: status == 429 || status >= 500}
}
