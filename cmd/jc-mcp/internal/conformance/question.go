package conformance

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

// The capabilities that a client must declare to be asked.
const (
	eliciting = "elicitation"
	sampling  = "sampling"
	listing   = "roots"
)

// form asks a person to fill in fields.
func form(message, fields string) transport.Question {
	p, _ := json.Marshal(map[string]any{"message": message, "requestedSchema": json.RawMessage(fields)})
	return transport.Question{Method: "elicitation/create", Params: p}
}

func formWith(fields string) func(transport.Request) transport.Question {
	return func(transport.Request) transport.Question { return form("Please fill in the form", fields) }
}

// sample asks the client's model.
func sample(prompt string) transport.Question {
	p, _ := json.Marshal(map[string]any{
		"messages":  []block{{"role": "user", "content": textBlock(prompt)}},
		"maxTokens": 100,
	})
	return transport.Question{Method: "sampling/createMessage", Params: p}
}

func folders() transport.Question {
	return transport.Question{Method: "roots/list", Params: json.RawMessage(`{}`)}
}

// asks makes a fixture that puts one question and says what came back.
func (s *Server) asks(capability, key string, question func(transport.Request) transport.Question, say func(json.RawMessage) string) answer {
	return func(_ context.Context, r transport.Request) transport.Response {
		if !r.Client.Declares(capability) {
			return failure("this client does not declare " + capability)
		}
		in, ok := r.Inputs[key]
		if !ok || !isObject(in) {
			return transport.Response{Ask: map[string]transport.Question{key: question(r)}}
		}
		return blocks(textBlock(say(in)))
	}
}

// questionTools show requests that need input of the client, in one round and in several.
func (s *Server) questionTools() []fixture {
	const prefix = "test_input_required_result_"
	return []fixture{
		{name: prefix + "elicitation", about: "Asks for a name and greets.",
			answer: s.asks(eliciting, "user_name", formWith(nameFields), greeting)},
		{name: prefix + "sampling", about: "Asks the client's model.",
			answer: s.asks(sampling, "capital_question", func(transport.Request) transport.Question {
				return sample("What is the capital of France?")
			}, func(in json.RawMessage) string { return "The model says: " + string(in) })},
		{name: prefix + "list_roots", about: "Asks for the client's folders.",
			answer: s.asks(listing, "client_roots", func(transport.Request) transport.Question { return folders() },
				func(in json.RawMessage) string { return "The client's folders: " + string(in) })},
		{name: prefix + "request_state", about: "Asks, and checks the state that comes back.", answer: s.withState("state-ok")},
		{name: prefix + "tampered_state", about: "Asks, and refuses a state that was changed.", answer: s.withState("confirmed")},
		{name: prefix + "multiple_inputs", about: "Asks three things at once.", answer: s.threeAtOnce},
		{name: prefix + "multi_round", about: "Asks twice.", answer: s.twice},
		{name: prefix + "capabilities", about: "Asks only what the client can answer.", answer: s.whatItCan},
	}
}

func greeting(in json.RawMessage) string { return "Hello, " + field(in, "name") + "!" }

// field reads one field of a form that came back.
func field(in json.RawMessage, name string) string {
	_, content := replyOf(in)
	var fields map[string]any
	_ = json.Unmarshal(content, &fields)
	value, _ := fields[name].(string)
	return value
}

// withState asks for a yes with a sealed state.
func (s *Server) withState(done string) answer {
	return func(_ context.Context, r transport.Request) transport.Response {
		if r.State == "" {
			return transport.Response{
				Ask:   map[string]transport.Question{"confirm": form("Please confirm", okFields)},
				State: s.seal(r.Name, "1"),
			}
		}
		if _, ok := s.open(r.Name, r.State); !ok {
			return transport.Response{Refused: "requestState is not what this server gave"}
		}
		return blocks(textBlock(done))
	}
}

func (s *Server) threeAtOnce(_ context.Context, r transport.Request) transport.Response {
	ask := map[string]transport.Question{
		"user_name":    form("What is your name?", nameFields),
		"greeting":     sample("Generate a greeting"),
		"client_roots": folders(),
	}
	for key := range ask {
		if !isObject(r.Inputs[key]) {
			return transport.Response{Ask: ask, State: s.seal(r.Name, "1")}
		}
	}
	if _, ok := s.open(r.Name, r.State); !ok {
		return transport.Response{Refused: "requestState is not what this server gave"}
	}
	return blocks(textBlock(greeting(r.Inputs["user_name"])))
}

func (s *Server) twice(_ context.Context, r transport.Request) transport.Response {
	first := transport.Response{
		Ask:   map[string]transport.Question{"step1": form("Step 1: What is your name?", nameFields)},
		State: s.seal(r.Name, "step1"),
	}
	if r.State == "" {
		return first
	}
	at, ok := s.open(r.Name, r.State)
	step, name, _ := strings.Cut(at, "/")
	switch {
	case !ok:
		return transport.Response{Refused: "requestState is not what this server gave"}
	case step == "step1" && isObject(r.Inputs["step1"]):
		return transport.Response{
			Ask: map[string]transport.Question{"step2": form("Step 2: What is your favorite color?",
				`{"type":"object","properties":{"color":{"type":"string"}},"required":["color"]}`)},
			State: s.seal(r.Name, "step2/"+field(r.Inputs["step1"], "name")),
		}
	case step == "step2" && isObject(r.Inputs["step2"]):
		return blocks(textBlock(fmt.Sprintf("%s likes %s", name, field(r.Inputs["step2"], "color"))))
	}
	return first
}

func (s *Server) whatItCan(_ context.Context, r transport.Request) transport.Response {
	ask := map[string]transport.Question{}
	if r.Client.Declares(eliciting) {
		ask["user_name"] = form("What is your name?", nameFields)
	}
	if r.Client.Declares(sampling) {
		ask["greeting"] = sample("Generate a greeting")
	}
	for key := range ask {
		if !isObject(r.Inputs[key]) {
			return transport.Response{Ask: ask}
		}
	}
	return blocks(textBlock(fmt.Sprintf("%d answers", len(ask))))
}

// seal binds a state to the fixture that gave it.
func (s *Server) seal(name, state string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(state)) + "." + base64.RawURLEncoding.EncodeToString(s.mac(name, state))
}

// open gives the state back, if it is as it was sealed.
func (s *Server) open(name, sealed string) (string, bool) {
	body, mac, _ := strings.Cut(sealed, ".")
	state, err1 := base64.RawURLEncoding.DecodeString(body)
	sum, err2 := base64.RawURLEncoding.DecodeString(mac)
	if err1 != nil || err2 != nil || !hmac.Equal(sum, s.mac(name, string(state))) {
		return "", false
	}
	return string(state), true
}

func (s *Server) mac(name, state string) []byte {
	h := hmac.New(sha256.New, s.key)
	fmt.Fprintf(h, "%q %q", name, state)
	return h.Sum(nil)
}

func isObject(b json.RawMessage) bool { return len(b) > 0 && b[0] == '{' }
