package transport

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/jc-mcp/jc-mcp/tools"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a tools.Server whose tools show what the transport hands them.
type fake struct {
	started  chan string   // gets the name of each blocking call that begins
	stopped  chan string   // gets the name of each read that was cancelled
	release  chan struct{} // lets change_slow finish
	finished atomic.Int64  // changes that were made
	ended    atomic.Int64  // reads that were cancelled
	lists    atomic.Int64

	mu    sync.Mutex
	calls []tools.Call
	extra []tools.Listed
}

func newFake() *fake {
	return &fake{started: make(chan string, 4096), stopped: make(chan string, 4096), release: make(chan struct{})}
}

var fakeTools = []string{"ask", "change_quick", "change_slow", "echo", "fail", "panic", "progress", "read_slow", "structured"}

func (f *fake) List(context.Context) []tools.Listed {
	f.lists.Add(1)
	list := make([]tools.Listed, 0, len(fakeTools))
	for _, n := range fakeTools {
		list = append(list, tools.Listed{
			Name: n, Title: "The " + n, Description: "Does " + n + ".",
			InputSchema: json.RawMessage(`{"type":"object","properties":{"user":{"type":"string"}}}`),
			ReadOnly:    n == "echo", OpenWorld: true,
		})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(list, f.extra...)
}

func (f *fake) Instructions(context.Context) string { return "Find before you change." }

func (f *fake) last() tools.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[len(f.calls)-1]
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

func (f *fake) Call(ctx context.Context, c tools.Call) tools.Answer {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	switch c.Tool {
	case "ask":
		return f.ask(c)
	case "change_quick":
		f.finished.Add(1)
		return tools.Answer{Text: []string{"done"}}
	case "change_slow": // sent: nothing can take it back
		f.started <- c.Tool
		<-f.release
		f.finished.Add(1)
		return tools.Answer{Text: []string{"done, read back"}}
	case "read_slow":
		f.started <- c.Tool
		<-ctx.Done()
		f.ended.Add(1)
		f.stopped <- c.Tool
		return tools.Answer{Text: []string{"cancelled"}, IsError: true, Code: "timeout"}
	case "fail":
		return tools.Answer{Text: []string{"not_found: no such user"}, IsError: true, Code: "not_found"}
	case "panic":
		panic("a value that must not be shown")
	case "progress":
		return f.progress(c)
	case "structured":
		return tools.Answer{Text: []string{"a", "b"}, Structured: json.RawMessage(`{"n":9007199254740993}`)}
	default:
		return tools.Answer{Text: []string{string(c.Arguments)}}
	}
}

func (f *fake) progress(c tools.Call) tools.Answer {
	if c.Progress == nil {
		return tools.Answer{Text: []string{"no progress wanted"}}
	}
	for i := range 5 {
		c.Progress(i+1, 5, "page")
		c.Progress(i, 5, "a step back that must not be sent")
	}
	return tools.Answer{Text: []string{"5 pages"}}
}

func (f *fake) ask(c tools.Call) tools.Answer {
	switch {
	case !c.CanAsk:
		return tools.Answer{Text: []string{"needs_approval"}, IsError: true, Code: "needs_approval"}
	case c.Reply == nil:
		return tools.Answer{Ask: &tools.Ask{Question: "Erase MBP-7?", State: "sealed"}}
	case !c.Reply.Accepted || c.Reply.State != "sealed":
		return tools.Answer{Text: []string{"refused"}, IsError: true, Code: "denied"}
	default:
		f.finished.Add(1)
		return tools.Answer{Text: []string{"erased"}}
	}
}
