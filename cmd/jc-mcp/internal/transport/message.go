package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
)

// message is one JSON-RPC message, read once and strictly. What goes on to
// mcp-go is written anew from it ([message.canonical]), so nothing reads a
// member that was not read here.
type message struct {
	// id is the id as it stood, nil for a notification.
	id []byte
	// method is empty for an answer to a question of ours.
	method string
	// params holds the known members of params, in their order.
	params []param
	// result and fail are those of an answer.
	result, fail []byte
	// meta holds the known members of params._meta.
	meta []param
	// version is the revision stated in meta, "" when none is.
	version string
}

type param struct {
	name  string
	value []byte
}

var (
	envelopeNames = []string{"jsonrpc", "id", "method", "params", "result", "error"}

	paramNames = []string{
		"name", "arguments", "_meta", "uri", "cursor", "ref", "argument", "context", "level",
		"inputResponses", "requestState", "notifications", "requestId", "reason", "task", "taskId",
		"protocolVersion", "capabilities", "clientInfo", "progressToken", "progress", "total", "message",
	}

	metaNames = []string{
		"progressToken", mcp.MetaKeyProtocolVersion, mcp.MetaKeyClientInfo,
		mcp.MetaKeyClientCapabilities, mcp.MetaKeyLogLevel, mcp.MetaKeySubscriptionID,
		"traceparent", "tracestate", "baggage",
	}

	// engineMetaNames are those of metaNames that mcp-go decides by.
	engineMetaNames = []string{mcp.MetaKeyProtocolVersion, mcp.MetaKeyClientCapabilities}

	capabilityNames = []string{"elicitation", "sampling", "roots", "tasks", "extensions", "experimental"}
)

// protocolNames are the names above, to be found by their bytes.
var protocolNames = func() map[string]string {
	all := map[string]string{}
	for _, names := range [][]string{envelopeNames, paramNames, metaNames, capabilityNames} {
		for _, n := range names {
			all[n] = n
		}
	}
	return all
}()

// parse reads one message. On an error the message holds what is needed to
// answer: its id where that could be read.
func parse(b []byte) (*message, *rpcError) {
	m := &message{}
	b = bytes.TrimSpace(b)
	if !utf8.Valid(b) || !json.Valid(b) {
		return m, &rpcError{code: mcp.PARSE_ERROR, message: "not a JSON text in UTF-8"}
	}
	if b[0] == '[' {
		return m, invalid("batches are not part of the protocol: send one message at a time")
	}
	if b[0] != '{' {
		return m, invalid("a message is a JSON object")
	}
	if _, err := unambiguous(b, 0, 0); err != nil {
		return m, invalid(err.Error())
	}
	params, err := m.readEnvelope(b)
	if err != nil {
		return m, err
	}
	if params == nil || string(params) == "null" {
		return m, nil
	}
	return m, m.readParams(params)
}

func invalid(why string) *rpcError {
	return &rpcError{code: mcp.INVALID_REQUEST, message: "invalid request: " + why}
}

func invalidParams(why string) *rpcError {
	return &rpcError{code: mcp.INVALID_PARAMS, message: "invalid params: " + why}
}

func (m *message) readEnvelope(b []byte) (params []byte, bad *rpcError) {
	var version, id, method []byte
	members(b, func(key string, value []byte) {
		switch key {
		case "jsonrpc":
			version = value
		case "id":
			id = value
		case "method":
			method = value
		case "params":
			params = value
		case "result":
			m.result = value
		case "error":
			m.fail = value
		default:
			bad = firstOf(bad, lookalike(key, envelopeNames))
		}
	})
	if id != nil {
		if !validID(id) {
			return nil, invalid("id must be a string or an integer")
		}
		m.id = id
	}
	switch {
	case bad != nil:
		return nil, bad
	case text(version) != "2.0":
		return nil, invalid(`jsonrpc must be "2.0"`)
	case method == nil && m.id == nil:
		return nil, invalid("method is missing")
	case method == nil:
		if (m.result == nil) == (m.fail == nil) {
			return nil, invalid("neither a method nor one of result and error")
		}
		return nil, nil
	case text(method) == "":
		return nil, invalid("method must be a string")
	case m.result != nil || m.fail != nil:
		return nil, invalid("a method and a result in one message")
	}
	m.method = text(method)
	return params, nil
}

func (m *message) readParams(params []byte) (bad *rpcError) {
	if !isObject(params) {
		return invalidParams("params must be an object")
	}
	m.params = make([]param, 0, 4)
	members(params, func(key string, value []byte) {
		if string(value) == "null" && known(key, paramNames) {
			return // Go clients write an absent map so
		}
		if known(key, paramNames) {
			m.params = append(m.params, param{key, value})
		} else {
			bad = firstOf(bad, lookalike(key, paramNames))
		}
	})
	if bad != nil {
		return bad
	}
	meta := m.param("_meta")
	if meta == nil {
		return nil
	}
	if !isObject(meta) {
		return invalidParams("_meta must be an object")
	}
	m.meta = make([]param, 0, 4)
	members(meta, func(key string, value []byte) {
		if known(key, metaNames) {
			m.meta = append(m.meta, param{key, value})
		} else {
			bad = firstOf(bad, lookalike(key, metaNames))
		}
	})
	m.version = text(m.metaValue(mcp.MetaKeyProtocolVersion))
	return bad
}

// param gives one of params, nil when absent.
func (m *message) param(name string) []byte { return valueOf(m.params, name) }

// metaValue gives one of the known members of params._meta, nil when absent.
func (m *message) metaValue(name string) []byte { return valueOf(m.meta, name) }

func valueOf(all []param, name string) []byte {
	for _, p := range all {
		if p.name == name {
			return p.value
		}
	}
	return nil
}

// modern says that the request is of the stateless revision or claims a later one.
func (m *message) modern() bool { return mcp.IsModernProtocol(m.version) }

// key names the request among those in flight: 7 and "7" differ, "a" and "\u0061" do not.
func (m *message) key() string { return idKey(m.id) }

func idKey(id []byte) string {
	if isString(id) {
		return `"` + unquote(id)
	}
	return string(id)
}

// declaresForm says whether client capabilities hold elicitation in form mode.
// An empty object means form: 2025-06-18 knows no modes.
func declaresForm(capabilities []byte) bool {
	e := member(capabilities, "elicitation")
	if !isObject(e) {
		return false
	}
	form, url := member(e, "form"), member(e, "url")
	return isObject(form) || (form == nil && url == nil)
}

// declaresTasks says whether client capabilities hold the tasks extension.
func declaresTasks(capabilities []byte) bool {
	return member(member(capabilities, "extensions"), tasksExtension) != nil
}

// answering is the request again, with answers to what its result asked for.
func (m *message) answering(answers []byte, state string) *message {
	again := *m
	again.params = nil
	for _, p := range m.params {
		if p.name != "inputResponses" && p.name != "requestState" {
			again.params = append(again.params, p)
		}
	}
	again.params = append(again.params, param{"inputResponses", answers})
	if state != "" {
		again.params = append(again.params, param{"requestState", quote(state)})
	}
	return &again
}

// canonical writes the request for mcp-go: known members only, each once.
// Arguments stay here, they reach the tool as they were sent, and of _meta only
// what mcp-go decides by travels: it decodes the whole text several times. drop
// names further params that must not travel on; version, when not empty, takes
// the place of protocolVersion in params.
func (m *message) canonical(version string, drop ...string) []byte {
	b := make([]byte, 0, 512)
	b = append(b, `{"jsonrpc":"2.0","id":1,"method":`...)
	b = append(b, quote(m.method)...)
	b = append(b, `,"params":{`...)
	for _, p := range m.params {
		switch {
		case p.name == "_meta":
			b = m.appendMeta(b)
		case p.name == "arguments" && m.method == "tools/call", p.name == "task", known(p.name, drop),
			p.name == "protocolVersion" && version != "":
		default:
			b = appendMember(b, p.name, p.value)
		}
	}
	if version != "" {
		b = appendMember(b, "protocolVersion", quote(version))
	}
	return append(b, '}', '}')
}

// appendMeta writes _meta for mcp-go, if there is anything in it for it.
func (m *message) appendMeta(b []byte) []byte {
	inner := []byte{'{'}
	for _, name := range engineMetaNames {
		if v := m.metaValue(name); v != nil {
			inner = appendMember(inner, name, v)
		}
	}
	if len(inner) == 1 {
		return b
	}
	return appendMember(b, "_meta", append(inner, '}'))
}

func appendMember(b []byte, name string, value []byte) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return append(b, value...)
}

func quote(s string) []byte {
	b, _ := json.Marshal(s) // a string always encodes
	return b
}

// validID takes strings and integers. null would be a request that nobody can
// answer, 1.5 and 1e0 read differently in different languages.
func validID(id []byte) bool {
	if isString(id) {
		return true
	}
	digits := bytes.TrimPrefix(id, []byte("-"))
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(digits) > 0
}

func known(name string, names []string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// lookalike refuses a member that some decoders take for a known one: another
// case, or a letter that folds to the same (paramſ, \u212A for K).
func lookalike(key string, names []string) *rpcError {
	for _, n := range names {
		if key != n && strings.EqualFold(key, n) {
			return invalid(fmt.Sprintf("a member that only looks like %q", n))
		}
	}
	return nil
}

func firstOf(a, b *rpcError) *rpcError {
	if a != nil {
		return a
	}
	return b
}
