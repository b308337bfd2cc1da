// Package oauth verifies the access tokens of one issuer, for a resource server of
// OAuth 2.1: JWTs that are signed with a key of the issuer and made out to this server.
// It knows nothing of grants; see [Token] for what it finds out.
//
// What it takes is narrow on purpose: four algorithms, a key named by kid that the
// issuer publishes, no header that brings a key along, and no token that could be
// the ID token of somebody's sign-in. [Verifier.Verify] has the rules.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Bounds.
const (
	// MaxToken is how long a token may be, in bytes.
	MaxToken = 16 << 10
	// leeway is what the issuer's clock and ours may differ by.
	leeway = 30 * time.Second
	// maxLife is how long a token may be good for: it cannot be taken back here.
	maxLife = 24 * time.Hour
)

// Options say whose tokens are taken.
type Options struct {
	// Issuer is the `iss` of its tokens, and where its metadata is: https, or http on loopback.
	Issuer string
	// Audiences are the names of this server, one of which has to be in `aud`.
	Audiences []string
	// Transport reaches the issuer; it is given to nobody else.
	Transport http.RoundTripper
	// Log hears when the issuer's keys cannot be had.
	Log *slog.Logger
}

// Token is what a verified token says.
type Token struct {
	Issuer, Subject string
	// Client is the client that the token was given to; "" when it does not say.
	Client string
	// Scopes are parted by spaces.
	Scopes string
	// Expires is when it ends.
	Expires time.Time
	// Certificate is the SHA-256 (base64url, of its DER) of the client certificate that
	// the token is bound to (RFC 8705); "" for one that whoever has it may use. The
	// caller checks it.
	Certificate string
}

// Refused is why a token is not taken, in words that hold nothing of it.
type Refused string

func (r Refused) Error() string { return string(r) }

// ErrNoKeys is told while no key of the issuer could be had: the token may be good.
var ErrNoKeys = errors.New("the keys of the issuer cannot be had now")

// Verifier verifies tokens. It is safe for concurrent use; Close ends what it started.
type Verifier struct {
	o    Options
	keys *keys
	seen *seen
}

// New makes a verifier. The issuer is not asked for anything before the first token.
func New(o Options) (*Verifier, error) {
	if err := CheckURL(o.Issuer); err != nil {
		return nil, err
	}
	if len(o.Audiences) == 0 || slices.Contains(o.Audiences, "") {
		return nil, errors.New("tokens need an audience: the URL of this server")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Verifier{o: o, keys: newKeys(o), seen: newSeen()}, nil
}

// Close gives up what is being asked of the issuer, and waits for that.
func (v *Verifier) Close() {
	v.keys.close()
	v.keys.source.client.CloseIdleConnections()
}

// CheckURL says what is wrong with the URL of an issuer, or of a server that takes its tokens.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("it is a URL as tokens have it, such as https://login.example.com")
	}
	if !secure(u) {
		return errors.New("it is https, or http on loopback")
	}
	return nil
}

// secure reports whether what is read there can be trusted to come from there.
func secure(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Probe asks the issuer for its keys, unless they are known. It is for checks: tokens
// are verified without it.
func (v *Verifier) Probe(ctx context.Context) (known int, err error) {
	set, err := v.keys.current(ctx)
	if err != nil {
		return 0, err
	}
	return len(set.byID), nil
}

// Algorithms are those that some key of the issuer is made for, of the ones that are
// taken, sorted; none where every key is of another kind. It asks for the keys as
// [Verifier.Probe] does.
func (v *Verifier) Algorithms(ctx context.Context) ([]string, error) {
	set, err := v.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, alg := range algorithms {
		for _, keys := range set.byID {
			if slices.ContainsFunc(keys, func(k jose.JSONWebKey) bool { return fits(k, alg) }) {
				out = append(out, string(alg))
				break
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// Verify checks a token. The error is a [Refused], or wraps [ErrNoKeys].
//
// It is taken when it is a compact JWS of at most [MaxToken] bytes, signed by RS256,
// PS256, ES256 or EdDSA with the published key that its kid names and that is made for
// that algorithm; its header brings no key along (jwk, jku, x5c, x5u), no crit, and no
// name twice; its issuer is ours and one audience too; it has sub, iat and exp, is in
// force with 30 s of leeway, and was made for a day at most. Its typ is at+jwt (RFC 9068).
// JWT, or none, is taken as well because Entra ID, Okta and Keycloak write that, if
// the token has a scope and nothing that ID, refresh or logout tokens have.
//
// What was found good is remembered, by the token's SHA-256, for a minute.
func (v *Verifier) Verify(ctx context.Context, raw string) (Token, error) {
	if len(raw) > MaxToken {
		return Token{}, Refused("the token is too long")
	}
	now := time.Now()
	sum := sumOf(raw)
	if t, ok := v.seen.get(sum, now); ok {
		return t, nil
	}
	h, err := readHeader(raw)
	if err != nil {
		return Token{}, err
	}
	set, err := v.keys.having(ctx, h.kid)
	if err != nil {
		return Token{}, err
	}
	payload, err := set.verify(raw, h)
	if err != nil {
		return Token{}, err
	}
	t, err := v.claims(payload, h, time.Now())
	if err != nil {
		return Token{}, err
	}
	v.seen.put(sum, t, now)
	return t, nil
}

// noKeys wraps why keys could not be had; it is for logs and checks, not for callers.
func noKeys(err error) error { return fmt.Errorf("%w: %w", ErrNoKeys, err) }
