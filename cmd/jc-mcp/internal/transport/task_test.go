package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	tasksOnly   = `{"extensions":{"io.modelcontextprotocol/tasks":{}}}`
	tasksAndAsk = `{"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}`
)

// with26 is a request of the stateless revision from a client with capabilities.
func with26(id, method, params, capabilities string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s,%s}}`, id, method, params, meta26(capabilities))
}

// taskView is a task as tests read it.
type taskView struct {
	ResultType, TaskID, Status, StatusMessage, CreatedAt, LastUpdatedAt string

	TTL      *int64 `json:"ttlMs"`
	Poll     int    `json:"pollIntervalMs"`
	Result   json.RawMessage
	Error    json.RawMessage
	Requests map[string]struct {
		Method string
		Params struct{ Message string }
	} `json:"inputRequests"`
	State *string `json:"requestState"`
}

// tasker is a client that knows tasks, on stdio.
type tasker struct {
	*wire
	n int
}

func (c *tasker) ask(method, params, capabilities string) msg {
	c.t.Helper()
	c.n++
	c.send(with26(fmt.Sprint(c.n), method, params, capabilities))
	m := c.recv()
	if string(m.ID) != fmt.Sprint(c.n) {
		c.t.Fatalf("want the answer %d: %s", c.n, m.raw)
	}
	return m
}

func view(t *testing.T, m msg) (v taskView) {
	t.Helper()
	if err := json.Unmarshal(m.Result, &v); err != nil {
		t.Fatalf("no task: %s", m.raw)
	}
	return v
}

// start calls a tool and wants a handle.
func (c *tasker) start(tool, capabilities string) taskView {
	c.t.Helper()
	v := view(c.t, c.ask("tools/call", fmt.Sprintf(`"name":%q`, tool), capabilities))
	if v.ResultType != "task" || v.TaskID == "" || v.Status != "working" || v.TTL != nil || v.Poll != pollMillis || v.Result != nil || v.State != nil {
		c.t.Fatalf("no handle: %+v", v)
	}
	return v
}

func (c *tasker) get(id string) taskView {
	c.t.Helper()
	return view(c.t, c.ask("tasks/get", fmt.Sprintf(`"taskId":%q`, id), tasksOnly))
}

func TestTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := &tasker{wire: startStdio(t, f, Options{})}
		if m := c.ask("tools/call", `"name":"echo"`, tasksOnly); m.texts(t) != "" || !f.last().Patient {
			t.Errorf("a short call: %s", m.raw)
		}
		start := time.Now()
		k := c.start("long_walk", tasksOnly)
		if took := time.Since(start); took != defaultTaskAfter || !f.last().Patient {
			t.Errorf("handle after %v, patient %v", took, f.last().Patient)
		}
		if v := c.get(k.TaskID); v.ResultType != "complete" || v.Status != "working" || v.StatusMessage != "" || v.CreatedAt != k.CreatedAt {
			t.Errorf("at the start: %+v", v)
		}
		pass(16 * time.Second)
		if v := c.get(k.TaskID); v.Status != "working" || v.StatusMessage != "2 of 3: pages" || v.LastUpdatedAt == k.LastUpdatedAt {
			t.Errorf("on the way: %+v", v)
		}
		pass(10 * time.Second)
		v := c.get(k.TaskID)
		if v.Status != "completed" || !strings.Contains(string(v.Result), `"text":"3 pages"`) || v.Error != nil || v.TTL == nil || *v.TTL != (30*time.Second+defaultTaskKeep).Milliseconds() {
			t.Errorf("at the end: %+v", v)
		}
		if m := c.ask("tasks/cancel", fmt.Sprintf(`"taskId":%q`, k.TaskID), tasksOnly); m.Error != nil || c.get(k.TaskID).Status != "completed" {
			t.Errorf("cancelled after the end: %s", m.raw)
		}
		pass(defaultTaskKeep - 2*time.Second)
		if v := c.get(k.TaskID); v.Status != "completed" {
			t.Errorf("shortly before it goes: %+v", v)
		}
		pass(2 * time.Second)
		if m := c.ask("tasks/get", fmt.Sprintf(`"taskId":%q`, k.TaskID), tasksOnly); m.code() != -32602 {
			t.Errorf("kept for too long: %s", m.raw)
		}
		c.rest()
	})
}

// Who did not declare the extension waits, is not patient, and gets the result.
func TestNoTaskForWhoDoesNotKnowThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := &tasker{wire: startStdio(t, f, Options{})}
		for _, capabilities := range []string{`{}`, `{"tasks":{}}`, `{"extensions":{}}`, `{"extensions":{"io.modelcontextprotocol/ui":{}}}`} {
			if m := c.ask("tools/call", `"name":"long_walk"`, capabilities); m.texts(t) != "3 pages" || f.last().Patient {
				t.Errorf("%s: %s", capabilities, m.raw)
			}
			for _, method := range taskMethods {
				m := c.ask(method, `"taskId":"x","inputResponses":{}`, capabilities)
				if m.code() != -32021 || string(m.Error.Data) != `{"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}` {
					t.Errorf("%s %s: %s", capabilities, method, m.raw)
				}
			}
		}
		c.send(initialize(revision2025, tasksOnly))
		c.recv()
		c.send(call25("1", "long_walk", `{}`))
		if m := c.recv(); m.texts(t) != "3 pages" || f.last().Patient {
			t.Errorf("2025: %s", m.raw)
		}
		c.send(`{"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":"x"}}`)
		if m := c.recv(); m.code() != -32601 {
			t.Errorf("2025 tasks/get: %s", m.raw)
		}
		c.rest()
	})
}

func TestTaskCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := &tasker{wire: startStdio(t, f, Options{})}
		cancel := func(id string) {
			m := c.ask("tasks/cancel", fmt.Sprintf(`"taskId":%q`, id), tasksOnly)
			if v := view(t, m); v.ResultType != "complete" || v.TaskID != "" || v.Status != "" {
				t.Errorf("cancel: %s", m.raw)
			}
			synctest.Wait()
		}
		k := c.start("long_walk", tasksOnly)
		pass(10 * time.Second)
		cancel(k.TaskID)
		if v := c.get(k.TaskID); v.Status != "cancelled" || v.StatusMessage != "cancelled after 1 pages" || v.Result != nil {
			t.Errorf("a read: %+v", v)
		}

		k = c.start("change_slow", tasksOnly)
		cancel(k.TaskID)
		if v := c.get(k.TaskID); v.Status != "working" || v.StatusMessage != "asked to stop" {
			t.Errorf("a change that was sent: %+v", v)
		}
		close(f.release)
		synctest.Wait()
		if v := c.get(k.TaskID); v.Status != "completed" || !strings.Contains(string(v.Result), "done, read back") || f.finished.Load() != 1 {
			t.Errorf("a change that was sent got through: %+v", v)
		}

		k = c.start("panic_late", tasksOnly)
		pass(time.Hour / 50)
		if v := c.get(k.TaskID); v.Status != "failed" || !strings.Contains(string(v.Error), `"code":-32603`) || v.Result != nil {
			t.Errorf("a panic: %+v", v)
		}
		c.rest()
	})
}

// Until the handle is out the request's end is the call's.
func TestACallThatMayBecomeATaskIsCancelledAsACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := &tasker{wire: startStdio(t, f, Options{})}
		c.send(with26("1", "tools/call", `"name":"read_slow"`, tasksOnly))
		<-f.started
		c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
		<-f.stopped
		if rest := c.rest(); len(rest) != 0 {
			t.Errorf("after a cancel: %v", rest)
		}

		s := startPipes(t, f, Options{})
		ctx, stop := context.WithCancel(t.Context())
		body := with26("1", "tools/call", `"name":"read_slow"`, tasksOnly)
		q, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(body))
		setHeaders(q, body)
		go func() {
			if r, err := s.c.Do(q); err == nil {
				r.Body.Close()
			}
		}()
		<-f.started
		stop()
		<-f.stopped
		synctest.Wait()
		if s.tr.tasks.calling != 0 || len(s.tr.tasks.all) != 0 || len(s.tr.slots.held) != 0 {
			t.Errorf("left: %d calling, %d tasks, %d slots", s.tr.tasks.calling, len(s.tr.tasks.all), len(s.tr.slots.held))
		}
	})
}

func TestTaskAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := &tasker{wire: startStdio(t, f, Options{Inflight: 1})}
		if m := c.ask("tools/call", `"name":"ask"`, tasksAndAsk); view(t, m).ResultType != "input_required" {
			t.Errorf("a question in time: %s", m.raw)
		}
		update := func(id, responses string) {
			m := c.ask("tasks/update", fmt.Sprintf(`"taskId":%q,"inputResponses":%s`, id, responses), tasksOnly)
			if v := view(t, m); v.ResultType != "complete" || v.Status != "" {
				t.Errorf("update: %s", m.raw)
			}
			synctest.Wait()
		}
		for answer, want := range map[string]string{"accept": "erased", "decline": "refused"} {
			k := c.start("ask_late", tasksAndAsk)
			pass(time.Minute)
			v := c.get(k.TaskID)
			if v.Status != "input_required" || v.Requests["confirm"].Method != "elicitation/create" || v.Requests["confirm"].Params.Message != "Erase MBP-7?" || v.State != nil {
				t.Errorf("asks: %+v", v)
			}
			if m := c.ask("tools/call", `"name":"echo"`, `{}`); m.Error != nil {
				t.Errorf("a task that asks holds a place: %s", m.raw)
			}
			update(k.TaskID, `{"other":{"action":"accept"},"confirm":7}`)
			if v := c.get(k.TaskID); v.Status != "input_required" {
				t.Errorf("after an answer to something else: %+v", v)
			}
			update(k.TaskID, `{"confirm":{"action":"`+answer+`"}}`)
			if v := c.get(k.TaskID); v.Status != "completed" || !strings.Contains(string(v.Result), want) {
				t.Errorf("%s: %+v", answer, v)
			}
			update(k.TaskID, `{"confirm":{"action":"accept"}}`) // too late
			if call := f.last(); call.Reply == nil || call.Reply.State != "sealed" || f.finished.Load() > 1 {
				t.Errorf("the call repeated: %+v", call)
			}
		}
		k := c.start("ask_late", tasksAndAsk)
		pass(time.Minute + askWithin)
		if v := c.get(k.TaskID); v.Status != "cancelled" || !strings.Contains(v.StatusMessage, "nobody answered") {
			t.Errorf("nobody answered: %+v", v)
		}
		k = c.start("ask_late", tasksAndAsk)
		pass(time.Minute)
		c.ask("tasks/cancel", fmt.Sprintf(`"taskId":%q`, k.TaskID), tasksOnly)
		synctest.Wait()
		if v := c.get(k.TaskID); v.Status != "cancelled" || v.Requests != nil || f.finished.Load() != 1 {
			t.Errorf("cancelled while it asked: %+v", v)
		}
		k = c.start("ask_late", tasksOnly) // who cannot be asked is not
		pass(time.Minute)
		if v := c.get(k.TaskID); v.Status != "completed" || !strings.Contains(string(v.Result), "needs_approval") {
			t.Errorf("without elicitation: %+v", v)
		}
		c.rest()
	})
}

func TestTasksBelongToTheirCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type who struct{}
		s := startPipes(t, newFake(), Options{
			Caller: func(ctx context.Context) string { name, _ := ctx.Value(who{}).(string); return name },
			Wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), who{}, r.Header.Get("X-Who"))))
				})
			},
		})
		as := func(name string) func(*http.Request) {
			return func(q *http.Request) { q.Header.Set("X-Who", name) }
		}
		_, m := s.post(with26("1", "tools/call", `"name":"long_walk"`, tasksOnly), as("ada"))
		id := view(t, m[0]).TaskID
		_, unknown := s.post(with26("1", "tasks/get", `"taskId":"x"`, tasksOnly), as("ada"))
		for _, method := range taskMethods {
			body := with26("1", method, fmt.Sprintf(`"taskId":%q,"inputResponses":{}`, id), tasksOnly)
			if status, m := s.post(body, as("bob")); status != 400 || m[0].code() != -32602 || m[0].raw != unknown[0].raw {
				t.Errorf("%s of another: %d %s", method, status, m[0].raw)
			}
		}
		body := with26("1", "tasks/get", fmt.Sprintf(`"taskId":%q`, id), tasksOnly)
		if status, m := s.post(body, as("ada")); status != 200 || view(t, m[0]).Status != "working" {
			t.Errorf("one's own: %d %s", status, m[0].raw)
		}
		for _, name := range []string{"", "x", "=?base64?!?="} {
			status, m := s.post(body, func(q *http.Request) {
				as("ada")(q)
				q.Header.Set("Mcp-Name", name)
			})
			if status != 400 || m[0].code() != -32020 {
				t.Errorf("Mcp-Name %q: %d %s", name, status, m[0].raw)
			}
		}
	})
}

// What was in flight as a task is waited for, like a call.
func TestShutdownWaitsForTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{})
		for _, tool := range []string{"change_slow", "read_slow", "ask_late"} {
			_, m := s.post(with26("1", "tools/call", fmt.Sprintf(`"name":%q`, tool), tasksAndAsk), nil)
			if view(t, m[0]).ResultType != "task" {
				t.Fatalf("%s: %s", tool, m[0].raw)
			}
		}
		pass(time.Minute)
		start := time.Now()
		time.AfterFunc(20*time.Second, func() { close(f.release) })
		if err := s.wait(); err != nil || time.Since(start) != 20*time.Second || f.finished.Load() != 1 || f.ended.Load() != 1 {
			t.Errorf("%v after %v, %d changes, %d reads", err, time.Since(start), f.finished.Load(), f.ended.Load())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := &tasker{wire: startStdio(t, f, Options{})}
		c.start("change_slow", tasksOnly)
		c.start("read_slow", tasksOnly)
		start := time.Now()
		time.AfterFunc(20*time.Second, func() { close(f.release) })
		c.rest()
		if took := time.Since(start); took != 20*time.Second || f.finished.Load() != 1 || f.ended.Load() != 1 {
			t.Errorf("stdio: after %v, %d changes, %d reads", took, f.finished.Load(), f.ended.Load())
		}
	})
}

// TestTasksUnderLoad lets calls end just when they would become tasks: each
// gives its result once, to its request or to tasks/get, and leaves nothing.
func TestTasksUnderLoad(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{TaskAfter: 500 * time.Microsecond, Inflight: 8})
	var asTask, direct atomic.Int64
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 50 {
				arguments := fmt.Sprintf(`"name":"brief","arguments":{"user":"%d-%d"}`, w, i)
				_, m := s.post(with26("1", "tools/call", arguments, tasksOnly), nil)
				got := string(m[0].Result)
				if v := view(t, m[0]); v.ResultType == "task" {
					asTask.Add(1)
					for v.Status == "working" {
						_, m = s.post(with26("1", "tasks/get", fmt.Sprintf(`"taskId":%q`, v.TaskID), tasksOnly), nil)
						next := view(t, m[0])
						v.Status, got = next.Status, string(next.Result)
					}
				} else {
					direct.Add(1)
				}
				if want := fmt.Sprintf(`\"%d-%d\"`, w, i); !strings.Contains(got, want) {
					t.Errorf("want %s: %s", want, got)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d as tasks, %d at once", asTask.Load(), direct.Load())
	if err := s.wait(); err != nil {
		t.Error(err)
	}
	if n := len(s.tr.tasks.all); int64(n) != asTask.Load() || s.tr.tasks.calling != 0 || len(s.tr.slots.held) != 0 || f.count() != 800 {
		t.Errorf("%d tasks kept of %d, %d calling, %d slots held, %d calls", n, asTask.Load(), s.tr.tasks.calling, len(s.tr.slots.held), f.count())
	}
}

func TestTasksAreBounded(t *testing.T) {
	s := newTasks(time.Minute)
	var first *task
	for i := range maxTasks {
		k := s.reserve("")
		if first == nil {
			first = k
		}
		k.stop = func(error) {}
		if !s.enter(k) {
			t.Fatal("not a task")
		}
		if i > 0 {
			continue
		}
		s.end(k, reply{result: []byte(`{}`)}, false)
	}
	k := s.reserve("")
	if k == nil || s.find(first.id, "") != nil || len(s.all) != maxTasks-1 {
		t.Errorf("the oldest result did not go: %d tasks", len(s.all))
	}
	if s.reserve("") != nil {
		t.Error("room beside calls that all run")
	}
	s.give()
	if s.reserve("") == nil {
		t.Error("no room after a call has gone")
	}
}

func TestCallsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c := &tasker{wire: startStdio(t, newFake(), Options{Log: log})}
		trace := `"_meta":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`
		for _, step := range []struct{ send, want string }{
			{`"name":"echo",` + trace, `"method":"tools/call","ms":0,"outcome":"ok","tool":"echo","trace":"4bf92f3577b34da6a3ce929d0e0e4736"}`},
			{`"name":"fail"`, `"outcome":"not_found","tool":"fail"}`},
			{`"name":"hunter2"`, `"method":"tools/call","ms":0,"outcome":"refused","code":-32602}`},
		} {
			logged.Reset()
			c.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{` + step.send + `}}`)
			c.recv()
			synctest.Wait()
			if got := logged.String(); !strings.Contains(got, `"level":"DEBUG","msg":"answered"`) || !strings.Contains(got, step.want) || strings.Contains(got, "hunter2") {
				t.Errorf("want %s: %s", step.want, got)
			}
		}
		logged.Reset()
		c.start("long_walk", tasksOnly)
		pass(time.Minute)
		synctest.Wait()
		if got := logged.String(); !strings.Contains(got, `"ms":5000,"outcome":"task","tool":"long_walk"`) || !strings.Contains(got, `"ms":30000,"outcome":"ok","tool":"long_walk"`) {
			t.Errorf("a task: %s", got)
		}
		c.rest()
	})
}
