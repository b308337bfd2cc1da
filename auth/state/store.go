package state

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/jc-mcp/jc-mcp/auth"
)

// How long a store may take. A call must not hang because the store does.
const (
	storeDial  = 200 * time.Millisecond
	storeReply = 100 * time.Millisecond
	storeWhole = 250 * time.Millisecond // of one command, with its connection
	storePool  = 32
	storeBeat  = 5 * time.Second // between two signs of life of a replica
	storeAlive = 4 * storeBeat   // after the last one it counts no longer
	minSealKey = 32              // bytes

	replicasKey = "replicas" // who gave a sign of life, when
)

// StoreOptions say where the shared store is and what is known to the replicas alone.
type StoreOptions struct {
	// URL is redis://[user@]host[:port][/database] or rediss://… for TLS, without a password.
	URL      string
	Password auth.Secret
	// SealKeys are what the replicas' approval seals are made with, base64 of 32 bytes
	// or more each; the first makes new ones, all open. They never go into the store.
	SealKeys []auth.Secret
	// Replica says that this process serves: it gives signs of life, so that the others
	// know how many share a limit. Commands of people do not.
	Replica bool
	// CAFile is a PEM file of certificates to trust beside the system's; "" is none.
	CAFile string

	// Slow is how many times as long as usual the store may take for an answer; 0 is
	// once. More is for tests, whose machine may have other work.
	Slow int

	prefix string // of all keys; tests keep apart by it
}

// Store is a connection to the Redis or Valkey that replicas share.
type Store struct {
	client  *redis.Client
	prefix  string
	id      string // of this replica
	whole   time.Duration
	masters [][]byte

	run      atomic.Pointer[string] // which run of the store this is, nil before the first; see [Store.greet]
	skew     atomic.Int64           // nanoseconds that the store's clock is ahead
	replicas atomic.Int64           // last counted; 0 is not known

	mu    sync.Mutex
	known stopsKnown

	end  context.CancelFunc
	done sync.WaitGroup
}

// stopsKnown are the lines of the kill switch as they were last seen, and in which run.
type stopsKnown struct {
	run  string
	text []byte
}

// CheckStoreURL says what is wrong with the URL of a store. It repeats nothing of it:
// there could be a password.
func CheckStoreURL(text string) error {
	_, err := storeAddress(text)
	return err
}

func storeAddress(text string) (*redis.Options, error) {
	bad := errors.New("a store is redis://host:port or rediss://host:port (TLS), with a user and the number of a database where that is needed: redis://user@host:6379/2")
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, bad
	}
	if _, given := u.User.Password(); given {
		return nil, errors.New("a password does not belong into the URL of the store: set JC_STORE_PASSWORD, JC_STORE_PASSWORD_FILE or JC_STORE_PASSWORD_CMD")
	}
	if base := strings.Trim(u.Path, "/"); base != "" {
		if _, err := strconv.ParseUint(base, 10, 8); err != nil {
			return nil, bad
		}
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, bad
	}
	return o, nil
}

// Connect makes a connection to the store. It does not wait for one: a store that is
// not there yet is one that is gone, see [auth.ErrStore]. Close ends it.
func Connect(o StoreOptions) (*Store, error) {
	opts, err := storeAddress(o.URL)
	if err != nil {
		return nil, err
	}
	if o.CAFile != "" && opts.TLSConfig != nil {
		if opts.TLSConfig.RootCAs, err = trusted(o.CAFile); err != nil {
			return nil, err
		}
	}
	s := &Store{prefix: "{jc-mcp}:" + o.prefix, id: newCode()}
	slower := func(d time.Duration) time.Duration { return time.Duration(max(1, o.Slow)) * d }
	s.whole = slower(storeWhole)
	for i, key := range o.SealKeys {
		master, err := sealMaster(key)
		if err != nil {
			return nil, fmt.Errorf("seal key %d: %w", i+1, err)
		}
		s.masters = append(s.masters, master)
	}
	opts.Password = o.Password.Reveal()
	opts.Protocol = 2
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = slower(storeDial), slower(storeReply), slower(storeReply)
	opts.PoolTimeout, opts.PoolSize = s.whole, storePool
	opts.MaxRetries, opts.DialerRetries = -1, 1 // a command that may have been done is not sent again
	opts.ContextTimeoutEnabled, opts.DisableIdentity = true, true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opts.OnConnect = s.greet
	redis.SetLogger(quiet{})
	s.client = redis.NewClient(opts)
	if o.Replica && len(s.masters) == 0 {
		return nil, errors.New("replicas that share a store share a seal key: set JC_SEAL_KEY (openssl rand -base64 32 makes one) to the same for all")
	}
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	if o.Replica {
		s.done.Go(func() { s.live(ctx) })
	}
	return s, nil
}

func trusted(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificates to trust: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("certificates to trust: there is none in the file")
	}
	return pool, nil
}

// Close ends the connection and what runs for it.
func (s *Store) Close() error {
	s.end()
	s.done.Wait()
	return s.client.Close()
}

// Format keeps address and password out of anything printed.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "shared store") }

// quiet keeps the client from writing to stderr: its lines carry the address.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// Ping reports whether the store answers: nil, or an [auth.ErrStore].
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.brief(ctx)
	defer cancel()
	return storeError(s.client.Ping(ctx).Err())
}

// sealMaster is the key that seals are made with. It is derived, so that any text of
// enough length is as good as another.
func sealMaster(key auth.Secret) ([]byte, error) {
	text := strings.TrimRight(strings.TrimSpace(key.Reveal()), "=")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		raw, err = base64.RawURLEncoding.DecodeString(text)
	}
	if err != nil || len(raw) < minSealKey {
		return nil, fmt.Errorf("it is base64 of %d bytes or more (openssl rand -base64 %d makes one)", minSealKey, minSealKey)
	}
	return hkdf.Key(sha256.New, raw, nil, "jc-mcp approval seals v1", masterBytes)
}

// greet is run on each new connection before anything else: it learns which run of
// the store answers, and its time. A store that was started anew may have forgotten
// what was used up, so approvals hold only in the run in which they were asked for.
// No command can reach a new run before this.
func (s *Store) greet(ctx context.Context, c *redis.Conn) error {
	before := time.Now()
	at, err := c.Time(ctx).Result()
	if err != nil {
		return err
	}
	s.skew.Store(int64(at.Sub(before.Add(time.Since(before) / 2))))
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		if _, said := errors.AsType[redis.Error](err); said { // it tells nobody
			s.run.CompareAndSwap(nil, new(string))
			return nil
		}
		return err
	}
	for line := range strings.Lines(info) {
		if id, ok := strings.CutPrefix(line, "run_id:"); ok {
			id = strings.TrimSpace(id)
			s.run.Store(&id)
		}
	}
	return nil
}

// now is the time by the store's clock, as far as this replica knows it.
func (s *Store) now() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }

// live gives signs of life until ctx ends, and counts those of all.
func (s *Store) live(ctx context.Context) {
	for {
		s.beat(ctx)
		_, _ = s.stops(ctx) // to know them, should the store forget
		if sleep(ctx, storeBeat) != nil {
			ctx, cancel := s.brief(context.Background())
			defer cancel()
			_ = s.client.ZRem(ctx, s.prefix+replicasKey, s.id).Err()
			return
		}
	}
}

func (s *Store) beat(ctx context.Context) {
	ctx, cancel := s.brief(ctx)
	defer cancel()
	before := time.Now()
	got, err := beatScript.Run(ctx, s.client, []string{s.prefix + replicasKey}, s.id, storeAlive.Microseconds()).Int64Slice()
	if err != nil || len(got) != 2 {
		return
	}
	s.skew.Store(int64(time.UnixMicro(got[1]).Sub(before.Add(time.Since(before) / 2))))
	s.replicas.Store(got[0])
}

// stops reads the kill switch. A store that was started anew and has forgotten it is
// told again, so that nothing is resumed by a restart.
func (s *Store) stops(ctx context.Context) ([]byte, error) {
	key := s.prefix + stopFile
	text, err := value(s.client.Get(ctx, key).Bytes())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	run := ""
	if r := s.run.Load(); r != nil {
		run = *r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.known.text != nil && s.known.run != run {
		if err := s.client.SetNX(ctx, key, s.known.text, 0).Err(); err != nil {
			return nil, storeError(err)
		}
		text, err = s.known.text, nil
	}
	s.known = stopsKnown{run, text}
	return text, err
}

// beatScript notes a replica, forgets the silent ones, and gives their number and the time.
var beatScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], 600000)
return {redis.call('ZCARD', KEYS[1]), now}
`)

// brief bounds one command.
func (s *Store) brief(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.whole)
}

// storeError hides what the client or the store said: it can hold an address. What the
// store answers begins with a word that helps an operator.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	if said, ok := errors.AsType[redis.Error](err); ok {
		word, _, _ := strings.Cut(said.Error(), " ")
		if word != "" && len(word) < 16 && strings.ToUpper(word) == word && stopName.MatchString(word) {
			return fmt.Errorf("%w (it answers %s)", auth.ErrStore, word)
		}
	}
	return auth.ErrStore
}
