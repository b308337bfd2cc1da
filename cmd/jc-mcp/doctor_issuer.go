package main

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// issuerWait bounds the question for the keys of the token issuer.
const issuerWait = 12 * time.Second

// issuer looks whether the keys of the token issuer can be had and used, and says what
// clients are told.
func (e *examination) issuer(ctx context.Context, s *sheet) {
	if e.config.remote.issuer == "" || len(e.config.remote.audiences) == 0 {
		return // that one is missing stands in the line about access
	}
	who, err := callersOf(e.config, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		s.fix("issuer", "%v", err)
		return
	}
	defer who.Close()
	ctx, cancel := context.WithTimeout(ctx, issuerWait)
	defer cancel()
	name := e.config.remote.issuer
	n, err := who.verifier.Probe(ctx)
	if err != nil {
		s.fix("issuer", "%s: %v; no token can be checked until they can. Is the address the iss of its tokens, letter by letter, and can this machine reach it?", name, err)
	} else if usable, err := who.verifier.Algorithms(ctx); err != nil || len(usable) == 0 {
		s.fix("issuer", "%s publishes %d keys, and none is for RS256, PS256, ES256 or EdDSA: no token will be taken", name, n)
	} else {
		s.ok("issuer", "%s publishes %d keys, for %s", name, n, strings.Join(usable, ", "))
	}
	s.ok("audience", "tokens have to be made out to %s", strings.Join(e.config.remote.audiences, " or "))
	s.ok("metadata", "clients read who issues tokens at %s", who.metadataURL)
}
