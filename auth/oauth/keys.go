package oauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How often the issuer is asked.
const (
	// keyGuard is the time between two fetches for the sake of a key that is not
	// known: whoever sends tokens with made-up kids causes no more than that.
	keyGuard = 30 * time.Second
	// keyAge is when known keys are read again, so that a withdrawn one goes.
	keyAge = 15 * time.Minute
	// keyLast is how long they count while the issuer cannot be reached.
	keyLast = 24 * time.Hour
	// emptyGuard is the time between two tries while there is no key at all.
	emptyGuard = 5 * time.Second
	// fetchWait bounds one fetch of metadata and keys.
	fetchWait = 10 * time.Second
	maxKeys   = 200
)

// keySet is what an issuer published.
type keySet struct {
	byID map[string][]jose.JSONWebKey
	at   time.Time
}

// keys are the current keys of an issuer.
type keys struct {
	o       Options
	source  *source
	life    context.Context // of fetches: they go on when a caller leaves, since others wait for them
	end     context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	set     *keySet       // nil before the first
	tried   time.Time     // the last fetch, whatever it brought
	failure error         // of the last fetch
	flying  chan struct{} // closed when the fetch under way is done; nil when there is none
}

func newKeys(o Options) *keys {
	k := &keys{o: o, source: newSource(o)}
	k.life, k.end = context.WithCancel(context.Background())
	return k
}

// close ends the fetch under way.
func (k *keys) close() {
	k.mu.Lock()
	k.end()
	k.mu.Unlock()
	k.running.Wait()
}

// current are keys that may be used, fetched when there are none yet.
func (k *keys) current(ctx context.Context) (*keySet, error) {
	return k.get(ctx, func(*keySet) bool { return true })
}

// having are keys among which is one of that name.
func (k *keys) having(ctx context.Context, kid string) (*keySet, error) {
	set, err := k.get(ctx, func(s *keySet) bool { return s.byID[kid] != nil })
	if err == nil && set.byID[kid] == nil {
		return nil, Refused("the token is signed with a key that its issuer does not publish")
	}
	return set, err
}

// get gives the keys, and asks the issuer before if they do not do or are old, unless
// it was asked a moment ago. Callers that need nothing new never wait for a fetch.
func (k *keys) get(ctx context.Context, does func(*keySet) bool) (*keySet, error) {
	for {
		k.mu.Lock()
		now, set := time.Now(), k.set
		if set != nil && now.Sub(set.at) > keyLast {
			set = nil
		}
		fits := set != nil && does(set)
		fresh := fits && now.Sub(set.at) < keyAge
		guard := keyGuard
		if set == nil {
			guard = emptyGuard
		}
		switch {
		case k.life.Err() != nil:
			k.mu.Unlock()
			return nil, noKeys(context.Canceled)
		case fresh, fits && k.flying != nil, set != nil && k.flying == nil && now.Sub(k.tried) < guard:
			k.mu.Unlock()
			return set, nil
		case k.flying != nil:
			wait := k.flying
			k.mu.Unlock()
			select {
			case <-wait:
			case <-ctx.Done():
				return nil, noKeys(ctx.Err())
			}
		case set == nil && !k.tried.IsZero() && now.Sub(k.tried) < guard:
			err := k.failure
			k.mu.Unlock()
			return nil, noKeys(err)
		default:
			done := make(chan struct{})
			k.flying, k.tried = done, now
			k.running.Go(func() { k.fetch(done) })
			k.mu.Unlock()
		}
	}
}

// fetch asks the issuer.
func (k *keys) fetch(done chan struct{}) {
	ctx, cancel := context.WithTimeout(k.life, fetchWait)
	defer cancel()
	set, err := k.source.fetch(ctx)
	if err != nil && k.life.Err() == nil {
		k.o.Log.WarnContext(ctx, "the keys of the token issuer could not be read", "issuer", k.o.Issuer, "why", err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure = err; err == nil {
		k.set = set
	}
	k.flying = nil
	close(done)
}

// readKeys reads a JWK set. Keys that are of no use here are passed over.
func readKeys(text []byte) (*keySet, error) {
	var doc struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &doc); err != nil || doc.Keys == nil {
		return nil, errors.New("what it publishes is no set of keys")
	}
	if len(doc.Keys) > maxKeys {
		return nil, errors.New("it publishes too many keys")
	}
	set := &keySet{byID: map[string][]jose.JSONWebKey{}, at: time.Now()}
	for _, raw := range doc.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.KeyID == "" || !key.IsPublic() || key.Use != "" && key.Use != "sig" || key.Certificates != nil && !key.Valid() {
			continue
		}
		set.byID[key.KeyID] = append(set.byID[key.KeyID], key)
	}
	return set, nil
}

// verify checks the signature, and gives the payload.
func (s *keySet) verify(raw string, h header) ([]byte, error) {
	const wrong = Refused("the token's signature is wrong")
	jws, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, malformed
	}
	fitting := 0
	for _, key := range s.byID[h.kid] {
		if !fits(key, h.alg) {
			continue
		}
		fitting++
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	if fitting == 0 {
		return nil, Refused("the token's key is not made for its algorithm")
	}
	return nil, wrong
}

// fits reports whether a key is made for an algorithm.
func fits(k jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	if k.Algorithm != "" && k.Algorithm != string(alg) {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return (alg == jose.RS256 || alg == jose.PS256) && key.N.BitLen() >= 2048 && key.N.BitLen() <= 8192
	case *ecdsa.PublicKey:
		return alg == jose.ES256 && key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}
