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

// The lists that are kept.
const (
	kindTools byte = iota
	kindPrompts
	kindResources
	kindTemplates
)

// listCache keeps encoded results of lists by what they were made from.
// Encoding a long list costs a hundred times what copying it does.
type listCache struct {
	seed maphash.Seed
	mu   sync.Mutex
	kept map[listKey][]byte
}

type listKey struct {
	content uint64
	kind    byte
	modern  bool
}

func newListCache() *listCache {
	return &listCache{seed: maphash.MakeSeed(), kept: map[listKey][]byte{}}
}

// listTools answers tools/list.
func (t *Transport) listTools(ctx context.Context, x *exchange) reply {
	if bad := onePage(x, "tools"); bad != nil {
		return reply{err: bad}
	}
	list := t.server.List(ctx)
	return t.lists.through(t.lists.key(list, x.modern), func() reply {
		x.listed = make(map[string]server.ServerTool, len(list))
		for _, l := range list {
			x.listed[l.Name] = server.ServerTool{Tool: toolOf(l)}
		}
		return t.dispatch(ctx, x)
	})
}

// onePage refuses a cursor: every list here is one page, so none is ever ours.
func onePage(x *exchange, what string) *rpcError {
	if c := x.msg.param("cursor"); c != nil && string(c) != `""` {
		return invalidParams("unknown cursor: the list of " + what + " is one page")
	}
	return nil
}

// toolOf is a tool as mcp-go writes it: all four hints, no icons, an output schema
// only where answers have a structured copy.
func toolOf(l tools.Listed) mcp.Tool {
	schema := l.InputSchema
	if len(schema) == 0 {
		schema = json.RawMessage(`{"type":"object","additionalProperties":false}`)
	}
	tool := mcp.NewToolWithRawSchema(l.Name, l.Description, schema)
	tool.Title = l.Title
	tool.RawOutputSchema = l.OutputSchema
	tool.Annotations = mcp.ToolAnnotation{
		ReadOnlyHint:    &l.ReadOnly,
		DestructiveHint: &l.Destructive,
		IdempotentHint:  &l.Idempotent,
		OpenWorldHint:   &l.OpenWorld,
	}
	return tool
}

// key identifies a list of tools by all that clients see of it. Hashing is cheap beside
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
		h.WriteByte(0)
		h.Write(l.OutputSchema)
		h.WriteByte(bits(l.ReadOnly, l.Destructive, l.Idempotent, l.OpenWorld))
	}
	return listKey{h.Sum64(), kindTools, modern}
}

// keyOf identifies a list by the strings that visit writes.
func (c *listCache) keyOf(kind byte, modern bool, visit func(write func(...string))) listKey {
	var h maphash.Hash
	h.SetSeed(c.seed)
	visit(func(all ...string) {
		for _, s := range all {
			h.WriteString(s)
			h.WriteByte(0)
		}
	})
	return listKey{h.Sum64(), kind, modern}
}

// through gives the list of that key, made by build when it is not kept.
func (c *listCache) through(k listKey, build func() reply) reply {
	if b, ok := c.get(k); ok {
		return reply{result: b}
	}
	r := build()
	if r.err == nil {
		c.put(k, r.result)
	}
	return r
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
