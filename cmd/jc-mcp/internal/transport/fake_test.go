package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// TestMain serves instead of testing where a test started this binary for that.
func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		serveAlone()
		return
	}
	goleak.VerifyTestMain(m)
}

// fake is a tools.Server whose tools show what the transport hands them.
type fake struct {
	started  chan string   // gets the name of each blocking call that begins
	stopped  chan string   // gets the name of each read that was cancelled
	release  chan struct{} // lets change_slow finish
	finished atomic.Int64  // changes that were made
	ended    atomic.Int64  // reads that were cancelled
	lists    atomic.Int64

	mu      sync.Mutex
	calls   []tools.Call
	extra   []tools.Listed
	prompts []tools.Prompt
}

func newFake() *fake {
	return &fake{started: make(chan string, 4096), stopped: make(chan string, 4096), release: make(chan struct{})}
}

var fakeTools = []string{"ask", "ask_late", "brief", "change_quick", "change_slow", "echo", "fail", "long_walk", "panic", "panic_late", "progress", "read_slow", "structured"}

func (f *fake) List(context.Context) []tools.Listed {
	f.lists.Add(1)
	list := make([]tools.Listed, 0, len(fakeTools))
	for _, n := range fakeTools {
		list = append(list, tools.Listed{
			Name: n, Title: "The " + n, Description: "Does " + n + ".",
			InputSchema: json.RawMessage(`{"type":"object","properties":{"user":{"type":"string"}}}`),
			ReadOnly:    n == "echo" || n == "read_slow", OpenWorld: true,
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
	case "ask_late":
		if c.Reply == nil {
			f.wait(ctx, time.Minute)
		}
		return f.ask(c)
	case "panic_late":
		f.wait(ctx, time.Minute)
		panic("a value that must not be shown")
	case "long_walk":
		return f.walk(ctx, c)
	case "brief":
		f.wait(ctx, 500*time.Microsecond)
		return tools.Answer{Text: []string{string(c.Arguments)}}
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

// wait takes d, or less when the call is cancelled.
func (f *fake) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// walk reads a page every 10 s, three of them.
func (f *fake) walk(ctx context.Context, c tools.Call) tools.Answer {
	for i := range 3 {
		if !f.wait(ctx, 10*time.Second) {
			f.ended.Add(1)
			return tools.Answer{Text: []string{fmt.Sprintf("cancelled after %d pages", i)}, IsError: true, Code: "timeout"}
		}
		if c.Progress != nil {
			c.Progress(i+1, 3, "pages")
		}
	}
	return tools.Answer{Text: []string{"3 pages"}}
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

func (f *fake) Prompts(context.Context) []tools.Prompt {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]tools.Prompt{{
		Name: "offboard", Title: "Offboard", Description: "Takes everything away.",
		Arguments: []tools.PromptArgument{{Name: "user", Description: "Who.", Required: true}, {Name: "note"}},
	}}, f.prompts...)
}

func (f *fake) Prompt(_ context.Context, name string, args map[string]string) (string, error) {
	switch {
	case name != "offboard":
		return "", errors.New("a text that must not be shown")
	case args["user"] == "":
		return "", &tools.Refusal{Code: jc.CodeInvalidArgument, Text: "user is missing"}
	}
	return "Offboard " + args["user"] + args["note"], nil
}

func (f *fake) Resources(context.Context) []tools.Resource {
	return []tools.Resource{{URI: "jumpcloud://organization", Name: "organization", Title: "Organisation", Description: "Counts.", MIMEType: "application/json"}}
}

func (f *fake) Templates(context.Context) []tools.Template {
	return []tools.Template{{URITemplate: "jumpcloud://users/{user}", Name: "user", Title: "User", Description: "One user.", MIMEType: "application/json"}}
}

func (f *fake) Read(ctx context.Context, uri string) (tools.Content, error) {
	switch uri {
	case "jumpcloud://organization":
		return tools.Content{URI: uri, MIMEType: "application/json", Text: `{"users":120}`}, nil
	case "jumpcloud://users/secret":
		return tools.Content{}, &tools.Refusal{Code: jc.CodeDenied, Text: "this grant does not allow it"}
	case "jumpcloud://users/broken":
		return tools.Content{}, errors.New("a text that must not be shown")
	case "jumpcloud://users/slow":
		f.started <- uri
		<-ctx.Done()
		return tools.Content{}, ctx.Err()
	}
	return tools.Content{}, &tools.Refusal{Code: jc.CodeNotFound, Text: "there is no such user"}
}

func (f *fake) Complete(_ context.Context, c tools.Completing) (tools.Completion, error) {
	if c.Value == "!" {
		return tools.Completion{}, &tools.Refusal{Code: jc.CodeRateLimited, Text: "later"}
	}
	if c.Argument != "user" {
		return tools.Completion{Total: -1}, nil
	}
	values := slices.Repeat([]string{"ada"}, 150)
	if strings.HasPrefix(c.Value, "ad") {
		values = values[:2]
	}
	return tools.Completion{Values: values, Total: len(values)}, nil
}
