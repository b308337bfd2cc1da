package transport

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jc-mcp/jc-mcp/tools"
)

// maxLists bounds the encoded lists that are kept: one for each set of rights
// and era that is in use.
const maxLists = 64

// listCache keeps encoded results of tools/list by what they were made from.
// Encoding a long list costs a hundred times what copying it does.
type listCache struct {
	seed maphash.Seed
	mu   sync.Mutex
	kept map[listKey][]byte
}

type listKey struct {
	content uint64
	modern  bool
}

func newListCache() *listCache {
	return &listCache{seed: maphash.MakeSeed(), kept: map[listKey][]byte{}}
}

// listTools answers tools/list. The list is one page, so no cursor is ever
// ours.
func (t *Transport) listTools(ctx context.Context, x *exchange) reply {
	if c := x.msg.param("cursor"); c != nil && string(c) != `""` {
		return reply{err: invalidParams("unknown cursor: the list of tools is one page")}
	}
	list := t.server.List(ctx)
	key := t.lists.key(list, x.modern)
	if b, ok := t.lists.get(key); ok {
		return reply{result: b}
	}
	x.listed = make(map[string]server.ServerTool, len(list))
	for _, l := range list {
		x.listed[l.Name] = server.ServerTool{Tool: toolOf(l)}
	}
	r := t.dispatch(ctx, x)
	if r.err == nil {
		t.lists.put(key, r.result)
	}
	return r
}

// toolOf is a tool as mcp-go writes it: all four hints, no icons, no output schema.
func toolOf(l tools.Listed) mcp.Tool {
	schema := l.InputSchema
	if len(schema) == 0 {
		schema = json.RawMessage(`{"type":"object","additionalProperties":false}`)
	}
	tool := mcp.NewToolWithRawSchema(l.Name, l.Description, schema)
	tool.Title = l.Title
	tool.Annotations = mcp.ToolAnnotation{
		ReadOnlyHint:    &l.ReadOnly,
		DestructiveHint: &l.Destructive,
		IdempotentHint:  &l.Idempotent,
		OpenWorldHint:   &l.OpenWorld,
	}
	return tool
}

// key identifies a list by all that clients see of it. Hashing is cheap beside
// encoding, and it leaves no way for an old text to stay.
func (c *listCache) key(list []tools.Listed, modern bool) listKey {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, l := range list {
		for _, s := range [...]string{l.Name, l.Title, l.Description} {
			h.WriteString(s)
			h.WriteByte(0)
		}
		h.Write(l.InputSchema)
		h.WriteByte(bits(l.ReadOnly, l.Destructive, l.Idempotent, l.OpenWorld))
	}
	return listKey{h.Sum64(), modern}
}

func bits(flags ...bool) (b byte) {
	for _, f := range flags {
		b <<= 1
		if f {
			b |= 1
		}
	}
	return b
}

func (c *listCache) get(k listKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.kept[k]
	return b, ok
}

func (c *listCache) put(k listKey, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= maxLists {
		clear(c.kept)
	}
	c.kept[k] = b
}
