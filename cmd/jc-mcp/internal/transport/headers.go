package transport

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jc-mcp/jc-mcp/tools"
)

// isModernPost says that body or header claims the stateless revision or a later one.
func isModernPost(h http.Header, m *message) bool {
	return m.modern() || mcp.IsModernProtocol(h.Get(mcp.HeaderProtocolVersion))
}

// checkHeaders holds the headers of a POST against its body: a gateway in front
// decides by the headers, this server by the body, and both must mean the same.
func checkHeaders(h http.Header, m *message) *rpcError {
	for _, name := range []string{mcp.HeaderProtocolVersion, mcp.HeaderMethod, mcp.HeaderName, mcp.HeaderSessionID} {
		if len(h.Values(name)) > 1 {
			return mismatch(name + " is sent twice")
		}
	}
	stated := h.Get(mcp.HeaderProtocolVersion)
	if !isModernPost(h, m) {
		if stated != "" && !isLegacy(stated) && m.method != "initialize" {
			return unsupported(stated)
		}
		return nil
	}
	if m.method == "" || m.id == nil {
		return nil // answers are refused, notifications carry no _meta
	}
	switch {
	case stated == "":
		return mismatch(mcp.HeaderProtocolVersion + " is missing")
	case m.version == "":
		return invalidParams("_meta needs " + mcp.MetaKeyProtocolVersion)
	case stated != m.version:
		return mismatch(fmt.Sprintf("%s says %.20q, _meta says %.20q", mcp.HeaderProtocolVersion, stated, m.version))
	case !known(m.version, revisions):
		return unsupported(m.version)
	}
	// Rebuilt from what was read, so that no member is judged that does not count.
	named := appendNamed(m)
	if err := mcp.ValidateStandardHeaders(h.Get, m.version, mcp.MCPMethod(m.method), named); err != nil {
		return &rpcError{code: mcp.HEADER_MISMATCH, message: fmt.Sprintf("%.200s", err.Error())}
	}
	return checkTaskHeader(h, m)
}

// checkTaskHeader holds Mcp-Name against taskId: the tasks extension routes by it,
// and mcp-go does not know the extension.
func checkTaskHeader(h http.Header, m *message) *rpcError {
	if !known(m.method, taskMethods) {
		return nil
	}
	if name, ok := mcp.DecodeHeaderValue(h.Get(mcp.HeaderName)); !ok || name != text(m.param("taskId")) {
		return mismatch(mcp.HeaderName + " must be the taskId of the body")
	}
	return nil
}

func appendNamed(m *message) []byte {
	b := []byte{'{'}
	for _, name := range []string{"name", "uri"} {
		if v := m.param(name); v != nil {
			b = appendMember(b, name, v)
		}
	}
	return append(b, '}')
}

// checkParamHeaders holds Mcp-Param-* headers against the arguments, where the
// schema of the tool says that an argument travels in one (x-mcp-header).
func (x *exchange) checkParamHeaders(tool tools.Listed) *rpcError {
	if !x.modern || x.header == nil || !bytes.Contains(tool.InputSchema, []byte(`"x-mcp-header"`)) {
		return nil
	}
	listed := toolOf(tool)
	params := append(appendMember([]byte{'{'}, "arguments", orEmpty(x.msg.param("arguments"))), '}')
	lookup := func(name string) (string, bool) {
		v := x.header.Values(name)
		if len(v) == 0 {
			return "", false
		}
		return strings.Join(v, ", "), true
	}
	if err := mcp.ValidateParamHeadersLookup(lookup, &listed, params); err != nil {
		return &rpcError{code: mcp.HEADER_MISMATCH, message: fmt.Sprintf("%.200s", err.Error())}
	}
	return nil
}

func orEmpty(object []byte) []byte {
	if object == nil {
		return []byte("{}")
	}
	return object
}

func mismatch(why string) *rpcError {
	return &rpcError{code: mcp.HEADER_MISMATCH, message: "header mismatch: " + why}
}

func unsupported(version string) *rpcError {
	return &rpcError{
		code:    mcp.UNSUPPORTED_PROTOCOL_VERSION,
		message: "unsupported protocol version",
		data:    mcp.UnsupportedProtocolVersionData{Supported: revisions, Requested: fmt.Sprintf("%.40s", version)},
	}
}
