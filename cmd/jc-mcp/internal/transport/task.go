package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// The states of a task, in the words of the extension.
const (
	taskWorking   = "working"
	taskAsking    = "input_required"
	taskCompleted = "completed"
	taskFailed    = "failed"
	taskCancelled = "cancelled"
)

// pollMillis is how often a client should look at a task.
const pollMillis = 1000

// task is a call that may outlive its request. It starts as a call like any
// other; whichever comes first, its result or the handle, is what it becomes.
type task struct {
	id, owner string
	created   time.Time
	keep      time.Duration
	stop      context.CancelCauseFunc

	mu       sync.Mutex
	returned bool // the call was in time: its request gets the result
	handed   bool // the client has the handle
	halted   bool // somebody asked for its end
	status   string
	note     string
	updated  time.Time
	changes  int           // how often it was updated
	over     chan struct{} // closed when it has ended
	ended    time.Time     // zero until it has
	result   []byte
	fail     []byte
	asked    map[string]json.RawMessage // questions that are open
	answers  map[string]json.RawMessage
	answered chan struct{} // closed when none is open any more
}

// inTime says that the result goes to the request; false when the client was
// given the handle before.
func (k *task) inTime() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.returned = !k.handed
	return k.returned
}

// hand makes it a task, unless the call has returned.
func (k *task) hand() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.handed = !k.returned
	return k.handed
}

// tell keeps how far the call is.
func (k *task) tell(done, total int, text string) {
	note := fmt.Sprint(done)
	if total > 0 {
		note = fmt.Sprintf("%d of %d", done, total)
	}
	if text != "" {
		note += ": " + text
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.note = note
	k.changed()
}

// changed marks that something is not as it was; under k.mu.
func (k *task) changed() {
	k.updated = time.Now()
	k.changes++
}

// halt asks the call to end. What was already sent to JumpCloud still finishes.
func (k *task) halt() {
	k.mu.Lock()
	running := k.ended.IsZero()
	if running {
		k.halted, k.note = true, "asked to stop"
		k.changed()
	}
	k.mu.Unlock()
	if running {
		k.stop(errCancelled)
	}
}

// finish keeps what became of the call. A call that was asked to stop and still
// got through is completed, because it was.
func (k *task) finish(r reply, stopped bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changed()
	k.ended, k.note = k.updated, ""
	defer close(k.over)
	switch stopped = stopped || k.halted; {
	case r.err != nil && stopped:
		k.status, k.note = taskCancelled, r.err.message
	case r.err != nil:
		k.status, k.fail = taskFailed, r.err.encode()
	case stopped && string(member(r.result, "isError")) == "true":
		k.status, k.note = taskCancelled, firstText(r.result)
	default:
		k.status, k.result = taskCompleted, r.result
	}
}

// ask opens questions and waits until a client has answered them all. It gives
// nil when nobody will.
func (k *task) ask(ctx context.Context, ending <-chan struct{}, questions map[string]json.RawMessage) []byte {
	k.mu.Lock()
	k.status, k.note = taskAsking, ""
	k.changed()
	k.asked, k.answers = questions, map[string]json.RawMessage{}
	k.answered = make(chan struct{})
	answered := k.answered
	k.mu.Unlock()
	late := time.NewTimer(askWithin)
	defer late.Stop()
	select {
	case <-answered:
	case <-ctx.Done():
	case <-ending:
	case <-late.C:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	complete := len(k.asked) == 0
	k.status, k.asked = taskWorking, nil
	k.changed()
	if !complete {
		return nil
	}
	b, err := json.Marshal(k.answers)
	if err != nil {
		return nil
	}
	return b
}

// answer takes what a client says to open questions; the rest of it is passed over.
func (k *task) answer(responses []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.status != taskAsking || len(k.asked) == 0 {
		return
	}
	members(responses, func(key string, value []byte) {
		if _, open := k.asked[key]; open && isObject(value) {
			delete(k.asked, key)
			k.answers[key] = value
		}
	})
	k.changed()
	if len(k.asked) == 0 {
		k.status = taskWorking
		close(k.answered)
	}
}

// taskOut is a task as its client sees it. ttlMs is null while it runs: a task
// is never given up before its end.
type taskOut struct {
	head
	ID      string                     `json:"taskId"`
	Status  string                     `json:"status"`
	Note    string                     `json:"statusMessage,omitempty"`
	Created string                     `json:"createdAt"`
	Updated string                     `json:"lastUpdatedAt"`
	TTL     *int64                     `json:"ttlMs"`
	Poll    int                        `json:"pollIntervalMs"`
	Result  json.RawMessage            `json:"result,omitempty"`
	Fail    json.RawMessage            `json:"error,omitempty"`
	Asked   map[string]json.RawMessage `json:"inputRequests,omitempty"`
}

// handle is what tools/call answers in place of the result.
func (k *task) handle(h head) reply {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := k.out(h)
	out.Status = taskWorking
	return encoded(out)
}

// detailed is what tasks/get answers.
func (k *task) detailed(h head) reply {
	k.mu.Lock()
	defer k.mu.Unlock()
	return encoded(k.full(h))
}

func (k *task) full(h head) taskOut {
	out := k.out(h)
	out.Result, out.Fail = k.result, k.fail
	if k.asked != nil {
		out.Asked = maps.Clone(k.asked) // answers take from it
	}
	return out
}

func (k *task) out(h head) taskOut {
	out := taskOut{
		head: h, ID: k.id, Status: k.status, Note: k.note, Poll: pollMillis,
		Created: k.created.UTC().Format(time.RFC3339Nano),
		Updated: k.updated.UTC().Format(time.RFC3339Nano),
	}
	if !k.ended.IsZero() {
		ttl := (k.ended.Sub(k.created) + k.keep).Milliseconds()
		out.TTL = &ttl
	}
	return out
}

// questionsOf reads an input_required result: nil when r is none.
func questionsOf(r reply) (questions map[string]json.RawMessage, state string) {
	if r.err != nil || text(member(r.result, "resultType")) != string(mcp.ResultTypeInputRequired) {
		return nil, ""
	}
	requests := member(r.result, "inputRequests")
	if !isObject(requests) {
		return nil, ""
	}
	questions = map[string]json.RawMessage{}
	members(requests, func(key string, value []byte) { questions[key] = value })
	return questions, text(member(r.result, "requestState"))
}

// firstText is the first text block of a tool's result.
func firstText(result []byte) string {
	var r struct {
		Content []struct{ Text string }
	}
	if json.Unmarshal(result, &r) != nil || len(r.Content) == 0 {
		return ""
	}
	return r.Content[0].Text
}
