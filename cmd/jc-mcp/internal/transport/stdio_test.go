package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStdioBothEras(t *testing.T) {
	f := newFake()
	w := startStdio(t, f, Options{Name: "jc-mcp", Version: "1.2.3"})

	w.send(initialize(revision2025, `{}`))
	m := w.recv()
	for _, want := range []string{`"protocolVersion":"2025-11-25"`, `"instructions":"Find before you change."`, `"name":"jc-mcp"`, `"version":"1.2.3"`, `"capabilities":{"prompts":{},"resources":{},"tools":{},"completions":{}}`} {
		if !strings.Contains(m.raw, want) {
			t.Errorf("initialize lacks %s: %s", want, m.raw)
		}
	}
	w.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, `{"jsonrpc":"2.0","id":"p","method":"ping"}`)
	if m = w.recv(); string(m.ID) != `"p"` || string(m.Result) != "{}" {
		t.Errorf("ping: %s", m.raw)
	}
	w.send(call25("1", "echo", `{"user":"ada"}`))
	if m = w.recv(); m.texts(t) != `{"user":"ada"}` || strings.Contains(m.raw, "resultType") {
		t.Errorf("2025 call: %s", m.raw)
	}

	w.send(`{"jsonrpc":"2.0","id":2,"method":"server/discover","params":{` + meta26(`{}`) + `}}`)
	m = w.recv()
	for _, want := range []string{`"supportedVersions":["2026-07-28","2025-11-25","2025-06-18"]`, `"instructions":"Find before you change."`, `"ttlMs":60000`, `"cacheScope":"private"`, `"capabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}},"prompts":{},"resources":{},"tools":{},"completions":{}}`} {
		if !strings.Contains(m.raw, want) {
			t.Errorf("discover lacks %s: %s", want, m.raw)
		}
	}
	w.send(call26("3", "echo", `null`)) // what Go clients send for no arguments
	if m = w.recv(); m.texts(t) != "" || f.last().Arguments != nil {
		t.Errorf("null arguments: %s", m.raw)
	}
	w.send(call26("3", "echo", `{"user":"ada"}`))
	if m = w.recv(); m.texts(t) != `{"user":"ada"}` || !strings.Contains(m.raw, `"resultType":"complete"`) || !strings.Contains(m.raw, "serverInfo") {
		t.Errorf("2026 call: %s", m.raw)
	}
	if rest := w.rest(); len(rest) != 0 {
		t.Errorf("unasked: %v", rest)
	}
}

func TestStdioNegotiates(t *testing.T) {
	for wanted, want := range map[string]string{
		"2025-06-18": "2025-06-18", "2025-11-25": "2025-11-25", "2026-07-28": "2025-11-25",
		"2024-11-05": "2025-11-25", "tomorrow": "2025-11-25", "": "2025-11-25",
	} {
		w := startStdio(t, newFake(), Options{})
		w.send(initialize(wanted, `{}`))
		if m := w.recv(); !strings.Contains(m.raw, `"protocolVersion":"`+want+`"`) {
			t.Errorf("%q: want %s: %s", wanted, want, m.raw)
		}
		w.rest()
	}
}

func TestStdioIsConcurrentAndKeepsIDs(t *testing.T) {
	f := newFake()
	w := startStdio(t, f, Options{})
	w.send(call26("1", "change_slow", `{}`))
	within(t, f.started, "the slow call")
	for _, id := range []string{`9007199254740993`, `-7`, `"a\"b"`, `""`} {
		w.send(call26(id, "echo", `{"n":9007199254740993}`))
		if m := w.recv(); string(m.ID) != id || m.texts(t) != `{"n":9007199254740993}` {
			t.Errorf("id %s: %s", id, m.raw)
		}
	}
	w.send(call26("1", "echo", `{}`))
	if m := w.recv(); m.code() != -32600 || string(m.ID) != "null" {
		t.Errorf("an id in use: %s", m.raw)
	}
	close(f.release)
	if m := w.recv(); string(m.ID) != "1" || m.texts(t) != "done, read back" {
		t.Errorf("the slow call: %s", m.raw)
	}
	w.send(call26("1", "echo", `{}`)) // free again
	if m := w.recv(); m.Error != nil {
		t.Errorf("an id used again: %s", m.raw)
	}
	w.rest()
}

func TestStdioProgressBeforeResult(t *testing.T) {
	w := startStdio(t, newFake(), Options{})
	for i := range 200 {
		w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"progress","_meta":{"progressToken":"t%d"}}}`, i, i))
		for p := range 5 {
			m := w.recv()
			want := fmt.Sprintf(`{"progressToken":"t%d","progress":%d,"total":5,"message":"page"}`, i, p+1)
			if m.Method != "notifications/progress" || string(m.Params) != want {
				t.Fatalf("call %d, message %d: %s", i, p, m.raw)
			}
		}
		if m := w.recv(); m.texts(t) != "5 pages" {
			t.Fatalf("call %d: %s", i, m.raw)
		}
	}
	w.send(call26("1", "progress", `{}`))
	if m := w.recv(); m.texts(t) != "no progress wanted" {
		t.Errorf("without a token: %s", m.raw)
	}
	w.rest()
}

func TestStdioNothingAfterCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(call26("1", "read_slow", `{}`), call26(`"x"`, "change_slow", `{}`))
		<-f.started
		<-f.started
		w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}`)
		synctest.Wait()
		if f.ended.Load() != 1 {
			t.Error("the read was not cancelled")
		}
		close(f.release)
		synctest.Wait()
		if f.finished.Load() != 1 {
			t.Error("the change that was sent did not finish")
		}
		w.send(`{"jsonrpc":"2.0","id":2,"method":"ping"}`)
		if m := w.recv(); string(m.ID) != "2" {
			t.Errorf("written after the cancel: %s", m.raw)
		}
		if rest := w.rest(); len(rest) != 0 {
			t.Errorf("written after the cancel: %v", rest)
		}
	})
}

func TestStdioSeveralListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startStdio(t, newFake(), Options{})
		listen := `{"jsonrpc":"2.0","id":%s,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + meta26(`{}`) + `}}`
		for _, id := range []string{"1", `"b"`, "3"} {
			w.send(fmt.Sprintf(listen, id))
			m := w.recv()
			if m.Method != "notifications/subscriptions/acknowledged" ||
				!strings.Contains(string(m.Params), `"io.modelcontextprotocol/subscriptionId":`+id) ||
				!strings.Contains(string(m.Params), `"notifications":{}`) {
				t.Errorf("listen %s: %s", id, m.raw)
			}
		}
		w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"b"}}`)
		synctest.Wait()
		rest := w.rest()
		if len(rest) != 2 {
			t.Fatalf("want the results of 1 and 3: %v", rest)
		}
		for _, m := range rest {
			if id := string(m.ID); (id != "1" && id != "3") || !strings.Contains(m.raw, `"io.modelcontextprotocol/subscriptionId":`+id) || !strings.Contains(m.raw, `"resultType":"complete"`) {
				t.Errorf("end of a listen: %s", m.raw)
			}
		}
	})
}

func TestStdioRefusesAndLivesOn(t *testing.T) {
	w := startStdio(t, newFake(), Options{MaxLine: 1 << 12})
	for _, c := range []struct {
		name, line string
		code       int
		id         string
	}{
		{"cut", `{"jsonrpc":"2.0","id":1,`, -32700, "null"},
		{"text", `hello`, -32700, "null"},
		{"not UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\xff\"}", -32700, "null"},
		{"too long", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"name":"` + strings.Repeat("a", 1<<16) + `"}}`, -32700, "null"},
		{"null id", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, -32600, "null"},
		{"fraction", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, -32600, "null"},
		{"exponent", `{"jsonrpc":"2.0","id":1e0,"method":"ping"}`, -32600, "null"},
		{"object id", `{"jsonrpc":"2.0","id":{},"method":"ping"}`, -32600, "null"},
		{"bool id", `{"jsonrpc":"2.0","id":true,"method":"ping"}`, -32600, "null"},
		{"batch", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, -32600, "null"},
		{"version", `{"jsonrpc":"1.0","id":1,"method":"ping"}`, -32600, "1"},
		{"no method", `{"jsonrpc":"2.0","id":1}`, -32600, "1"},
		{"params array", `{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`, -32602, "1"},
		{"unknown method", `{"jsonrpc":"2.0","id":1,"method":"tools/run"}`, -32601, "1"},
		{"unknown tool", call26("1", "users_nuke", `{}`), -32602, "1"},
		{"no tool", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`, -32602, "1"},
		{"arguments array", call26("1", "echo", `[1]`), -32602, "1"},
		{"arguments string", call26("1", "echo", `"{}"`), -32602, "1"},
		{"arguments number", call26("1", "echo", `7`), -32602, "1"},
		{"cursor", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"abc"}}`, -32602, "1"},
		{"uri number", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":7}}`, -32602, "1"},
		{"no prompt", `{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{}}`, -32602, "1"},
		{"state number", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","requestState":7,` + meta26(formOnly) + `}}`, -32602, "1"},
		{"responses array", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","inputResponses":[],` + meta26(formOnly) + `}}`, -32602, "1"},
		{"capabilities number", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":7,"capabilities":7,"clientInfo":[]}}`, -32602, "1"},
		{"sampling", `{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}`, -32601, "1"},
		{"roots", `{"jsonrpc":"2.0","id":1,"method":"roots/list","params":{}}`, -32601, "1"},
		{"logging", `{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"info"}}`, -32601, "1"},
		{"ping in 2026", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{` + meta26(`{}`) + `}}`, -32601, "1"},
		{"listen in 2025", `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}`, -32601, "1"},
		{"future version", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2031-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}`, -32022, "1"},
		{"no capabilities", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, -32602, "1"},
		{"panic", call26("1", "panic", `{}`), -32603, "1"},
	} {
		w.send(c.line)
		if m := w.recv(); m.code() != c.code || string(m.ID) != c.id {
			t.Errorf("%s: want %d for id %s: %s", c.name, c.code, c.id, m.raw)
		} else if strings.Contains(m.raw, "must not be shown") || strings.Contains(m.raw, "json:") || strings.Contains(m.raw, "Go ") {
			t.Errorf("%s: the value of a panic or the text of a Go error is shown: %s", c.name, m.raw)
		}
	}
	w.send(call26("1", "ecoh", `{}`))
	if m := w.recv(); !strings.Contains(m.raw, `unknown tool: \"ecoh\"; did you mean \"echo\"?`) {
		t.Errorf("a slip: %s", m.raw)
	}
	w.send(call26("2", "echo", `{"a":1}`))
	if m := w.recv(); m.texts(t) != `{"a":1}` {
		t.Errorf("afterwards: %s", m.raw)
	}
	w.rest()
}

func TestStdioEndOfInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(call26("1", "read_slow", `{}`), call26("2", "change_slow", `{}`))
		<-f.started
		<-f.started
		start := time.Now()
		w.in.Close()
		synctest.Wait()
		select {
		case err := <-w.done:
			t.Fatalf("Stdio left a change in flight: %v", err)
		default:
		}
		go func() {
			<-time.After(20 * time.Second) // the change takes its time
			close(f.release)
		}()
		rest := w.rest()
		if f.ended.Load() != 1 || f.finished.Load() != 1 {
			t.Errorf("reads cancelled %d, changes finished %d", f.ended.Load(), f.finished.Load())
		}
		if len(rest) != 2 || string(rest[1].ID) != "2" || rest[1].texts(t) != "done, read back" {
			t.Errorf("answers at the end: %v", rest)
		}
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestStdioAnswersWhatWasPiped(t *testing.T) {
	var out bytes.Buffer
	in := initialize(revision2025, `{}`) + "\n\n  \n" + call25("1", "echo", `{}`) // no newline at the end
	if err := New(newFake(), Options{}).Stdio(t.Context(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), `"jsonrpc"`); got != 2 {
		t.Errorf("want two answers: %s", out.String())
	}
}

func TestStdioEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(call26("1", "change_slow", `{}`))
		<-f.started
		w.stop()
		start := time.Now()
		m := make(chan msg, 1)
		go func() {
			time.AfterFunc(5*time.Second, func() { close(f.release) })
			m <- w.recv()
		}()
		if err := <-w.done; err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if got := <-m; got.texts(t) != "done, read back" {
			t.Errorf("the change: %s", got.raw)
		}
	})
}

func TestStdioGivesUpOnACallThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(call26("1", "change_slow", `{}`))
		<-f.started
		start := time.Now()
		w.in.Close()
		if err := <-w.done; !errors.Is(err, errUnfinished) || time.Since(start) != stdioGrace+finishWithin {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		w.outr.Close()
		close(f.release)
	})
}

func TestStdioEndsWhenNobodyReads(t *testing.T) {
	pr, pw := io.Pipe()
	pr.Close()
	in, inw := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- New(newFake(), Options{}).Stdio(context.Background(), in, pw) }()
	_, _ = io.WriteString(inw, "hello\n")
	if err := within(t, done, "the end"); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
	inw.Close()
}

func TestStdioBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{Inflight: 2})
		for i := range 2 + 32 {
			w.send(call26(fmt.Sprint(i), "change_slow", `{}`))
		}
		synctest.Wait()
		if len(f.started) != 2 {
			t.Errorf("%d run", len(f.started))
		}
		w.send(call26("99", "echo", `{}`))
		if m := w.recv(); m.code() != codeBusy || !strings.Contains(m.raw, "2 calls run and 32 wait") || !strings.Contains(m.raw, "nothing was done") {
			t.Errorf("busy: %s", m.raw)
		}
		w.send(`{"jsonrpc":"2.0","id":"p","method":"ping"}`)
		if m := w.recv(); string(m.ID) != `"p"` {
			t.Errorf("ping while busy: %s", m.raw)
		}
		close(f.release)
		if rest := w.rest(); len(rest) != 34 || f.finished.Load() != 34 {
			t.Errorf("%d answers, %d changes", len(rest), f.finished.Load())
		}
	})
}
