package transport

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// replyTo is a client's answer to a question of the server.
func replyTo(id []byte, action string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":%q}}`, id, action)
}

const formOnly = `{"elicitation":{"form":{}}}`

var answers = []struct{ action, want string }{
	{"accept", "erased"}, {"decline", "refused"}, {"cancel", "refused"}, {"Accept", "refused"}, {"yes", "refused"},
}

func TestAskOnStdio2025(t *testing.T) {
	for _, version := range []string{revision2025, revision06} {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(initialize(version, `{"elicitation":{}}`))
		w.recv()
		for _, a := range answers {
			w.send(call25(`"c"`, "ask", `{"device":"MBP-7"}`))
			q := w.recv()
			if q.Method != "elicitation/create" || !strings.Contains(q.raw, `"message":"Erase MBP-7?"`) || !strings.Contains(q.raw, `"requestedSchema":{"type":"object","properties":{}}`) {
				t.Fatalf("question: %s", q.raw)
			}
			if strings.Contains(q.raw, `"mode"`) != (version == revision2025) || strings.Contains(q.raw, "sealed") {
				t.Errorf("%s: %s", version, q.raw)
			}
			w.send(replyTo(q.ID, a.action))
			if m := w.recv(); m.texts(t) != a.want || string(m.ID) != `"c"` {
				t.Errorf("%s: %s", a.action, m.raw)
			}
			if c := f.last(); string(c.Arguments) != `{"device":"MBP-7"}` || c.Reply == nil || c.Reply.State != "sealed" {
				t.Errorf("%s: the call repeated: %+v", a.action, c)
			}
		}
		w.send(call25("1", "ask", `{}`))
		q := w.recv()
		w.send(`{"jsonrpc":"2.0","id":12345,"result":{"action":"accept"}}`, // nobody asked
			fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-1,"message":"no window"}}`, q.ID))
		if m := w.recv(); m.texts(t) != "refused" {
			t.Errorf("a client that cannot ask after all: %s", m.raw)
		}
		w.rest()
	}
}

func TestAskOnHTTP2025(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	_, in := s.session(revision2025, formOnly)
	_, other := s.session(revision2025, formOnly)
	for i, a := range answers {
		r := s.do(http.MethodPost, call25(fmt.Sprint(i), "ask", `{}`), in)
		b := bufio.NewReader(r.Body)
		q := event(t, b)
		if q.Method != "elicitation/create" {
			t.Fatalf("question: %s", q.raw)
		}
		s.post(replyTo(q.ID, "accept"), other) // another session answers in vain
		if status, _ := s.post(replyTo(q.ID, a.action), in); status != 202 {
			t.Errorf("%s: answer: %d", a.action, status)
		}
		if m := event(t, b); m.texts(t) != a.want {
			t.Errorf("%s: %s", a.action, m.raw)
		}
		r.Body.Close()
	}
	if f.finished.Load() != 1 {
		t.Errorf("%d erased", f.finished.Load())
	}
}

// ask26 is the call repeated with what the person said.
func ask26(capabilities, action, state string) string {
	responses := ""
	if action != "" {
		responses = fmt.Sprintf(`"inputResponses":{"confirm":{"action":%q}},`, action)
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{},%s"requestState":%q,%s}}`,
		responses, state, meta26(capabilities))
}

func TestAsk2026(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	w := startStdio(t, f, Options{})
	for name, send := range map[string]func(string) msg{
		"http":  func(b string) msg { _, m := s.post(b, nil); return m[0] },
		"stdio": func(b string) msg { w.send(b); return w.recv() },
	} {
		first := strings.Replace(call26("1", "ask", `{}`), `Capabilities":{}`, `Capabilities":`+formOnly, 1)
		m := send(first)
		for _, want := range []string{`"resultType":"input_required"`, `"requestState":"sealed"`, `"confirm":{"method":"elicitation/create"`, `"mode":"form"`, `"message":"Erase MBP-7?"`, `"requestedSchema":{"type":"object","properties":{}}`} {
			if !strings.Contains(m.raw, want) {
				t.Errorf("%s: lacks %s: %s", name, want, m.raw)
			}
		}
		for _, a := range answers {
			if m = send(ask26(formOnly, a.action, "sealed")); m.texts(t) != a.want {
				t.Errorf("%s: %s: %s", name, a.action, m.raw)
			}
		}
		if m = send(ask26(formOnly, "accept", "another")); m.texts(t) != "refused" {
			t.Errorf("%s: another state: %s", name, m.raw)
		}
		if m = send(ask26(formOnly, "", "sealed")); !strings.Contains(m.raw, "input_required") {
			t.Errorf("%s: no answer: %s", name, m.raw)
		}
		for _, capabilities := range []string{`{}`, `{"elicitation":{"url":{}}}`, `{"sampling":{}}`} {
			m = send(ask26(capabilities, "accept", "sealed"))
			if c := f.last(); m.texts(t) != "needs_approval" || c.CanAsk || c.Reply != nil {
				t.Errorf("%s: %s: %s, %+v", name, capabilities, m.raw, c)
			}
		}
	}
	w.rest()
	if f.finished.Load() != 2 {
		t.Errorf("%d erased", f.finished.Load())
	}
}

func TestAskWithoutElicitation2025(t *testing.T) {
	f := newFake()
	w := startStdio(t, f, Options{})
	for _, capabilities := range []string{`{}`, `{"elicitation":{"url":{}}}`} {
		w.send(initialize(revision2025, capabilities))
		w.recv()
		// What only the stateless revision has must not pass for an answer here.
		w.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","inputResponses":{"confirm":{"action":"accept"}},"requestState":"sealed"}}`)
		if m := w.recv(); m.texts(t) != "needs_approval" || f.last().CanAsk || f.last().Reply != nil {
			t.Errorf("%s: %s", capabilities, m.raw)
		}
	}
	w.send(initialize(revision2025, formOnly))
	w.recv()
	w.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","inputResponses":{"confirm":{"action":"accept"}},"requestState":"sealed"}}`)
	q := w.recv()
	if q.Method != "elicitation/create" {
		t.Errorf("an answer before the question: %s", q.raw)
	}
	w.send(replyTo(q.ID, "decline"))
	w.recv()
	w.rest()
}

func TestAQuestionHoldsNoPlaceAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{Inflight: 1})
		w.send(initialize(revision2025, formOnly))
		w.recv()
		w.send(call25("1", "ask", `{}`))
		w.recv()
		w.send(call25("2", "echo", `{}`))
		if m := w.recv(); string(m.ID) != "2" || m.Error != nil {
			t.Errorf("beside a question: %s", m.raw)
		}
		start := time.Now()
		if m := w.recv(); m.texts(t) != "refused" || time.Since(start) != askWithin {
			t.Errorf("%s after %v", m.raw, time.Since(start))
		}
		w.send(call25("3", "echo", `{}`))
		if m := w.recv(); string(m.ID) != "3" || m.Error != nil {
			t.Errorf("afterwards: %s", m.raw)
		}
		w.rest()
	})
}

func TestQuestionsEndWithTheServerOrTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(initialize(revision2025, formOnly))
		w.recv()
		w.send(call25("1", "ask", `{}`), call25("2", "ask", `{}`))
		w.recv()
		w.recv()
		w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
		synctest.Wait()
		rest := w.rest()
		if len(rest) != 1 || string(rest[0].ID) != "2" || rest[0].texts(t) != "refused" {
			t.Errorf("%v", rest)
		}
	})
}
