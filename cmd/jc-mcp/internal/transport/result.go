package transport

import (
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// codeRefused is this server's own code for a request that was understood and
// not served: the grant, JumpCloud or the network stand against it. data.code
// is one of jumpcloud.Code.
const codeRefused = -32001

// head is what every result carries since 2026-07-28, and none before.
type head struct {
	Meta       *resultMeta    `json:"_meta,omitempty"`
	ResultType mcp.ResultType `json:"resultType,omitempty"`
}

type resultMeta struct {
	Server mcp.Implementation `json:"io.modelcontextprotocol/serverInfo"`
}

// cacheableHead is that of a list or of something read.
type cacheableHead struct {
	head
	TTL   *int64         `json:"ttlMs,omitempty"`
	Scope mcp.CacheScope `json:"cacheScope,omitempty"`
}

func (x *exchange) head(kind mcp.ResultType) head {
	if !x.modern {
		return head{}
	}
	return head{&resultMeta{mcp.Implementation{Name: x.t.opt.Name, Version: x.t.opt.Version}}, kind}
}

// cacheable is a head with how long the client may keep the result, for itself only.
func (x *exchange) cacheable(millis int64) cacheableHead {
	if !x.modern {
		return cacheableHead{}
	}
	return cacheableHead{x.head(mcp.ResultTypeComplete), &millis, mcp.CacheScopePrivate}
}

// encoded is a result that this package writes itself.
func encoded(result any) reply {
	b, err := json.Marshal(result)
	if err != nil {
		return failed(mcp.INTERNAL_ERROR, "the result could not be encoded")
	}
	return reply{result: b}
}

// explained puts an error of the tools into one of the protocol. Nothing of a Go
// error's text gets out. unknown is the code for what does not exist.
func explained(err error, unknown int, uri string) reply {
	code, text := tools.Explain(err)
	data := map[string]any{"code": code}
	if uri != "" {
		data["uri"] = uri
	}
	number := codeRefused
	switch code {
	case jc.CodeNotFound:
		number = unknown
	case jc.CodeInvalidArgument, jc.CodeAmbiguous:
		number = mcp.INVALID_PARAMS
	case jc.CodeInternal:
		number = mcp.INTERNAL_ERROR
	}
	return reply{err: &rpcError{code: number, message: text, data: data}}
}
