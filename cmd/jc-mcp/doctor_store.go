package main

import (
	"context"
	"errors"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

const (
	// slowStore is a share of what a server waits for the store: beyond it calls feel it.
	slowStore = 50 * time.Millisecond
	// storeSkew is what the store's clock may be off. Servers reckon with that of the store.
	storeSkew = 5 * time.Second
)

// store looks whether the shared store answers, how fast, by which clock, and who else
// uses it.
func (e *examination) store(ctx context.Context, s *sheet) {
	store, err := e.config.connectStore(false)
	if store == nil && err == nil {
		return
	}
	if len(e.config.sharing.sealKeys) == 0 {
		s.fix("store key", "JC_SEAL_KEY is not set: replicas that share a store share a seal key (openssl rand -base64 32 makes one)")
	} else if err == nil {
		s.ok("store key", "set (%d); approvals hold as long as all replicas have the same", len(e.config.sharing.sealKeys))
	}
	if err != nil {
		s.fix("store", "%v", err)
		return
	}
	defer func() { _ = store.Close() }()
	seen, err := store.Look(ctx)
	switch {
	case errors.Is(err, auth.ErrStore):
		s.fix("store", "%v: look at its address, its password (JC_STORE_PASSWORD) and whether it runs", err)
		return
	case err != nil:
		s.fix("store", "%v", err)
		return
	case seen.Took > slowStore:
		s.fix("store", "it answers after %s, and servers wait 100ms: put it nearer", seen.Took.Round(time.Millisecond))
	default:
		s.ok("store", "it answers after %s", seen.Took.Round(10*time.Microsecond))
	}
	if seen.Skew.Abs() > storeSkew {
		s.fix("store clock", "the store's clock is %s off from this machine's: set both", seen.Skew.Round(time.Second))
	} else {
		s.ok("store clock", "within %s of this machine's", storeSkew)
	}
	if seen.Evicts != "" {
		s.fix("store memory", "when it is full it drops what is still needed (maxmemory-policy %s): an approval could be used twice. Set noeviction", seen.Evicts)
	}
	if seen.Replicas == 0 {
		s.note("replicas", "no server uses the store now")
		return
	}
	s.ok("replicas", "%d use the store now", seen.Replicas)
}

// pace says where JumpCloud holds servers back, and how fast they may send.
func (e *examination) pace(ctx context.Context, s *sheet) {
	if rate := e.config.sharing.rate; rate > 0 {
		s.ok("rate", "at most %g requests a second to an organisation (--rate)", rate)
	}
	path, there, err := state.Look(e.config.stateDir)
	if err != nil {
		return // the line about the directory says it
	}
	dir, end, err := e.openDir(path, there)
	if dir == nil || err != nil {
		return
	}
	defer end()
	for i := range e.config.organizations {
		o := &e.config.organizations[i]
		for _, cred := range o.credentials {
			if o.sandbox != nil || !cred.Given() {
				continue
			}
			x := orgExamination{examination: e, org: o, cred: cred}
			s.at = x.called()
			p, err := dir.Pace(ctx, o.paced(cred))
			switch {
			case err != nil:
				return // the line about the store says it
			case !p.Held.IsZero():
				s.note("pace", "JumpCloud answered 429: all servers hold back until %s", p.Held.UTC().Format(time.RFC3339))
			case p.Rate > 0:
				s.note("pace", "servers send at most %.0f requests a second for now, as JumpCloud answered 429", p.Rate)
			}
		}
	}
}
