package transport

import (
	"encoding/json"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
)

// These are this server's own: the range below -32019 belongs to implementations.
const (
	codeBusy    = -32000
	codeLacking = -32003
	codeLost    = -32004
)

// rpcError is an error of the protocol, not of a tool.
type rpcError struct {
	code    int
	message string
	data    any
}

// reply is the answer to one request: a result or an error.
type reply struct {
	// result is encoded JSON; nil when there is an error.
	result []byte
	err    *rpcError
}

func failed(code int, message string) reply {
	return reply{err: &rpcError{code: code, message: message}}
}

// encode puts the reply on the wire form. id is the caller's own text, so that
// an integer that float64 cannot hold comes back as it was.
func (r reply) encode(id []byte) []byte {
	if len(id) == 0 {
		id = []byte("null")
	}
	if r.err != nil {
		return envelopeOf(id, `,"error":`, r.err.encode())
	}
	return envelopeOf(id, `,"result":`, r.result)
}

func (e *rpcError) encode() []byte {
	b, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}{e.code, e.message, e.data})
	if err != nil {
		return []byte(`{"code":-32603,"message":"internal error"}`)
	}
	return b
}

func envelopeOf(id []byte, member string, body []byte) []byte {
	b := make([]byte, 0, len(id)+len(body)+48)
	b = append(b, `{"jsonrpc":"2.0","id":`...)
	b = append(b, id...)
	b = append(b, member...)
	b = append(b, body...)
	return append(b, '}')
}

// notification encodes a message that wants no answer.
func notification(method string, params any) ([]byte, error) {
	return json.Marshal(struct {
		Version string `json:"jsonrpc"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", method, params})
}

// status is the HTTP status that goes with the reply. Revision 2026-07-28 ties
// codes to statuses; older clients take anything but 200 for a broken transport.
func (r reply) status(modern bool) int {
	if r.err == nil || !modern {
		return http.StatusOK
	}
	switch r.err.code {
	case mcp.METHOD_NOT_FOUND:
		return http.StatusNotFound
	case mcp.HEADER_MISMATCH, mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, mcp.UNSUPPORTED_PROTOCOL_VERSION,
		mcp.INVALID_REQUEST, mcp.INVALID_PARAMS, mcp.PARSE_ERROR:
		return http.StatusBadRequest
	case codeBusy:
		return http.StatusServiceUnavailable
	default:
		return http.StatusOK
	}
}
