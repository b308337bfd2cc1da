package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// maxRate is the highest rate there is, in requests a second; more is no limit.
const maxRate = 10_000

// sharing is what replicas have in common.
type sharing struct {
	store    string // URL; "" is none
	password auth.Secret
	sealKeys []auth.Secret
	rate     float64 // requests a second; 0 is anything until JumpCloud answers 429
	patience int     // of the shell
}

// storeSettings are the rows of sharing.
func storeSettings() []setting {
	return []setting{
		{env: "JC_STORE", flag: "store", group: governing, help: "Redis or Valkey that replicas share, redis://host:6379 or rediss:// (TLS); its password is JC_STORE_PASSWORD",
			read: func(c *config, v string) error { c.sharing.store = v; return state.CheckStoreURL(v) }},
		{env: "JC_RATE", flag: "rate", group: governing, help: "requests a second to the organisation, of all who share the store or the state directory (default: any, and less after JumpCloud answers 429)",
			read: func(c *config, v string) (err error) {
				if c.sharing.rate, err = strconv.ParseFloat(v, 64); err != nil || !(c.sharing.rate > 0 && c.sharing.rate <= maxRate) {
					return fmt.Errorf("a rate is a number of requests a second, above 0 and at most %d", maxRate)
				}
				return nil
			}},
		{env: "JC_STORE_PASSWORD", help: "password of the shared store"},
		{env: "JC_SEAL_KEY", help: "with --store: base64 of 32 bytes, the same for all replicas, that seals approvals"},
		{env: "JC_SEAL_KEY_2", help: "the one before, whose seals still open"},
	}
}

// readSharing reads the secrets of the store, and refuses what would do nothing.
func (s *shell) readSharing(ctx context.Context, c *config) error {
	c.sharing.patience = s.patience
	password, err := s.secretText(ctx, c, "JC_STORE_PASSWORD")
	if err != nil {
		return err
	}
	c.sharing.password = password
	for _, name := range []string{"JC_SEAL_KEY", "JC_SEAL_KEY_2"} {
		key, err := s.secretText(ctx, c, name)
		if err != nil {
			return err
		}
		if key != "" {
			c.sharing.sealKeys = append(c.sharing.sealKeys, key)
		}
	}
	if c.sharing.store == "" && (password != "" || len(c.sharing.sealKeys) > 0) {
		return usagef("JC_STORE_PASSWORD or JC_SEAL_KEY is set and no store: set --store, or unset them")
	}
	return nil
}

// secretText is a secret that is needed at the start; "" when it is not set.
func (s *shell) secretText(ctx context.Context, c *config, name string) (auth.Secret, error) {
	src, err := s.secret(ctx, c, name)
	if err != nil || src == nil {
		return "", err
	}
	text, err := src.Get(ctx)
	if err != nil {
		return "", usagef("%s: %v", name, err)
	}
	return text, nil
}

// connectStore makes the connection to the store; nil without one.
func (c *config) connectStore(replica bool) (*state.Store, error) {
	if c.sharing.store == "" {
		return nil, nil
	}
	store, err := state.Connect(state.StoreOptions{
		URL: c.sharing.store, Password: c.sharing.password, SealKeys: c.sharing.sealKeys, Replica: replica, CAFile: c.caFile, Slow: c.sharing.patience,
	})
	if err != nil {
		return nil, usagef("--store: %v", err)
	}
	return store, nil
}

// openShared opens the state directory of a server, with the store behind it where
// there is one. Without a grant file a directory that cannot be used is a warning, since
// all it then holds is the kill switch: nil is none. end closes what was opened.
func openShared(ctx context.Context, c *config, log *slog.Logger) (dir *state.Dir, end func(), err error) {
	store, err := c.connectStore(true)
	if err != nil {
		return nil, nil, err
	}
	end = func() {}
	if store == nil {
		dir, err = state.Open(c.stateDir)
	} else {
		end = func() { _ = store.Close() }
		if err := store.Ping(ctx); err != nil {
			log.WarnContext(ctx, "the shared store cannot be reached: reads go on, changes are refused until it can", "why", err.Error())
		}
		dir, err = state.OpenShared(c.stateDir, store)
	}
	switch {
	case err == nil:
		return dir, end, nil
	case c.grants != "" || c.stateDir != "" || store != nil:
		end()
		return nil, nil, usagef("state directory: %v", err)
	}
	log.WarnContext(ctx, "there is no state directory, so jc-mcp stop does not reach this server", "why", err.Error())
	return nil, end, nil
}

// stateFlags name what servers share, for the commands that only use that.
type stateFlags struct{ dir, store string }

func (f *stateFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "state-dir", "", "state directory of the servers (default: this user's) [JC_STATE_DIR]")
	cmd.Flags().StringVar(&f.store, "store", "", "the store that the servers share, where they do: redis://host:6379 [JC_STORE]")
}

// openState opens what the servers share; end closes it.
func (s *shell) openState(ctx context.Context, f stateFlags) (dir *state.Dir, end func(), err error) {
	c := &config{stateDir: f.dir, caFile: s.getenv("JC_CA_FILE")}
	if c.stateDir == "" {
		c.stateDir = s.getenv("JC_STATE_DIR")
	}
	c.sharing.patience = s.patience
	if c.sharing.store = f.store; f.store == "" {
		c.sharing.store = s.getenv("JC_STORE")
	}
	if c.sharing.store == "" {
		dir, err = state.Open(c.stateDir)
		return dir, func() {}, err
	}
	if c.sharing.password, err = s.secretText(ctx, c, "JC_STORE_PASSWORD"); err != nil {
		return nil, nil, asUsage(err)
	}
	store, err := c.connectStore(false)
	if err != nil {
		return nil, nil, err
	}
	end = func() { _ = store.Close() }
	if dir, err = state.OpenShared(c.stateDir, store); err != nil {
		end()
	}
	return dir, end, err
}
