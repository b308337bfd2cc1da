package transport

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// tasksExtension is SEP-2663: a client that declares it may get a handle for a
// call that takes long, asks after it, answers its questions and cancels it.
const tasksExtension = "io.modelcontextprotocol/tasks"

var taskMethods = []string{"tasks/get", "tasks/update", "tasks/cancel"}

// maxTasks bounds the calls of such clients that run, and the results kept for them.
const maxTasks = 1000

var errNobody = errors.New("nobody answered the question; nothing was done")

// tasks are the calls that clients hold a handle of.
type tasks struct {
	keep time.Duration

	mu      sync.Mutex
	all     map[string]*task
	calling int // calls that may become one
}

func newTasks(keep time.Duration) *tasks {
	return &tasks{keep: keep, all: map[string]*task{}}
}

// reserve makes room for a call that may become a task; nil when there is none.
// The oldest result goes before a new call has to wait for its own.
func (s *tasks) reserve(owner string) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all)+s.calling >= maxTasks && !s.dropOldest() {
		return nil
	}
	s.calling++
	now := time.Now()
	return &task{id: rand.Text(), owner: owner, created: now, updated: now, keep: s.keep, status: taskWorking, over: make(chan struct{})}
}

// give returns the room of a call that did not become one.
func (s *tasks) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calling--
}

// enter takes in a call that becomes a task; false when it has returned. The
// task can be found from then on, so before the client learns its id.
func (s *tasks) enter(k *task) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !k.hand() {
		return false
	}
	s.calling--
	s.all[k.id] = k
	return true
}

// end keeps what became of the task for a while.
func (s *tasks) end(k *task, r reply, stopped bool) {
	k.finish(r, stopped)
	time.AfterFunc(s.keep, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, k.id)
	})
}

func (s *tasks) dropOldest() bool {
	var oldest *task
	var since time.Time
	for _, k := range s.all {
		k.mu.Lock()
		ended := k.ended
		k.mu.Unlock()
		if !ended.IsZero() && (oldest == nil || ended.Before(since)) {
			oldest, since = k, ended
		}
	}
	if oldest != nil {
		delete(s.all, oldest.id)
	}
	return oldest != nil
}

// find gives the task of that id if it is owner's.
func (s *tasks) find(id, owner string) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.all[id]; k != nil && k.owner == owner {
		return k
	}
	return nil
}

// worked is what a call gave while its request was still waiting.
type worked struct {
	reply   reply
	outcome string
}

// callPatiently runs a call that becomes the task k when it takes longer than
// TaskAfter. Until then the request's end is the call's; after it only
// tasks/cancel and the end of the server are.
func (t *Transport) callPatiently(ctx context.Context, x *exchange, k *task) reply {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	k.stop = cancel
	unhook := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	d := t.lifeOf(ctx)
	done := make(chan worked, 1)
	y := *x // the request logs and answers while the call goes on
	y.task = k
	d.running.Go(func() {
		defer cancel(nil)
		end := d.tie(cancel)
		defer end.loose()
		if y.changes {
			end.outlast()
		}
		defer t.slots.give()
		t.work(work, &y, k, done)
	})
	after := time.NewTimer(t.opt.TaskAfter)
	defer after.Stop()
	var w worked
	for waiting := true; waiting; {
		waiting = false
		select {
		case w = <-done:
		case <-ctx.Done():
			w = <-done
		case <-after.C:
			shelved, err := t.shelve(ctx, k)
			if err != nil { // nobody else could answer for it: the request goes on
				after.Reset(t.opt.TaskAfter)
				waiting = true
				continue
			}
			if unhook() && t.tasks.enter(k) {
				if shelved != nil {
					d.running.Go(func() { shelved.run(context.WithoutCancel(ctx), d.ending) })
				}
				x.outcome = "task"
				return k.handle(x.head("task"))
			}
			w = <-done
		}
	}
	unhook()
	t.tasks.give()
	x.outcome = w.outcome
	return w.reply
}

// shelve puts a call that is about to become a task where other replicas find it,
// if there is such a place.
func (t *Transport) shelve(ctx context.Context, k *task) (*keeper, error) {
	if t.opt.Tasks == nil {
		return nil, nil
	}
	s := &keeper{shelf: t.opt.Tasks, k: k}
	return s, s.save(ctx)
}

// work runs the call to its end, through the questions that it asks as a task.
func (t *Transport) work(ctx context.Context, x *exchange, k *task, done chan<- worked) {
	for start := time.Now(); ; {
		r := x.shielded(ctx, func(ctx context.Context) reply { return t.dispatch(ctx, x) })
		if k.inTime() {
			done <- worked{r, x.outcome}
			return
		}
		questions, state := questionsOf(r)
		if questions == nil {
			x.logged(ctx, start, r)
			t.tasks.end(k, r, context.Cause(ctx) != nil)
			return
		}
		t.slots.give() // a call that waits for a person leaves its place to others
		answers := k.ask(ctx, x.ending, questions)
		t.slots.retake()
		if answers == nil {
			r = failed(mcp.REQUEST_INTERRUPTED, errNobody.Error())
			x.logged(ctx, start, r)
			t.tasks.end(k, r, true)
			return
		}
		x.msg = x.msg.answering(answers, state)
	}
}

// ownTask finds the task that the request names, if it is the caller's.
func (t *Transport) ownTask(ctx context.Context, x *exchange) (c claimed, bad *rpcError) {
	if !x.modern {
		return c, &rpcError{code: mcp.METHOD_NOT_FOUND, message: x.msg.method + " needs protocol version " + revision2026}
	}
	if !declaresTasks(x.capabilities()) {
		return c, missingCapability(map[string]any{"extensions": map[string]any{tasksExtension: struct{}{}}})
	}
	id := text(x.msg.param("taskId"))
	if id == "" {
		return c, invalidParams("taskId must be the id of a task")
	}
	return t.claim(ctx, id)
}

func missingCapability(required any) *rpcError {
	return &rpcError{
		code:    mcp.MISSING_REQUIRED_CLIENT_CAPABILITY,
		message: "the request needs a capability that the client did not declare",
		data:    map[string]any{"requiredCapabilities": required},
	}
}

// getTask answers tasks/get.
func (t *Transport) getTask(ctx context.Context, x *exchange) reply {
	c, bad := t.ownTask(ctx, x)
	if bad != nil {
		return reply{err: bad}
	}
	return t.detailed(ctx, c, x.head(mcp.ResultTypeComplete))
}

// updateTask answers tasks/update: what a person said to a task's questions.
func (t *Transport) updateTask(ctx context.Context, x *exchange) reply {
	c, bad := t.ownTask(ctx, x)
	if bad != nil {
		return reply{err: bad}
	}
	responses := x.msg.param("inputResponses")
	if !isObject(responses) {
		return reply{err: invalidParams("inputResponses must be an object")}
	}
	if c.local != nil {
		c.local.answer(responses)
	} else if bad := t.say(ctx, c, taskWord{Answers: responses}); bad != nil {
		return reply{err: bad}
	}
	return encoded(x.head(mcp.ResultTypeComplete))
}

// cancelTask answers tasks/cancel. A task that has ended stays as it is.
func (t *Transport) cancelTask(ctx context.Context, x *exchange) reply {
	c, bad := t.ownTask(ctx, x)
	if bad != nil {
		return reply{err: bad}
	}
	if c.local != nil {
		c.local.halt()
	} else if bad := t.say(ctx, c, taskWord{Cancel: true}); bad != nil {
		return reply{err: bad}
	}
	return encoded(x.head(mcp.ResultTypeComplete))
}
