package tools

import (
	"context"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Replicas are what several servers of one organisation share, so that each can
// go on with what another one began.
type Replicas struct {
	// Keys are at least 32 bytes each, the newest first: it seals, all of them open.
	Keys [][]byte
	// Shelf keeps the plans that jobs have made and that wait to be run.
	Shelf Shelf
}

// Shelf keeps records for a time.
type Shelf interface {
	// Put keeps record under id, in the place of what was there.
	Put(ctx context.Context, id string, record []byte, ttl time.Duration) error
	// Get gives it back; nil and no error when there is none any more.
	Get(ctx context.Context, id string) ([]byte, error)
}

// newVault is what seals the handles that replicas share.
func newVault(masters [][]byte) (*auth.Vault, error) {
	return auth.NewVault("jc-mcp handles of replicas v1", masters)
}
