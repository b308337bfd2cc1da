package transport

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// claimed is a task of the caller: one that runs or ran here, or the record of one
// that another replica runs.
type claimed struct {
	id     string
	local  *task
	record *taskRecord
}

// claim finds the caller's task. One of another caller is as unknown as one that
// never was: an id is a name and proves nothing.
func (t *Transport) claim(ctx context.Context, id string) (c claimed, bad *rpcError) {
	unknown := invalidParams("unknown task: it never was, or its result was kept long enough")
	owner := t.opt.Caller(ctx)
	c = claimed{id: id, local: t.tasks.find(id, owner)}
	if c.local != nil {
		return c, nil
	}
	if t.opt.Tasks == nil || !taskID(id) {
		return c, unknown
	}
	r, bad := t.recordOf(ctx, id, owner)
	if bad != nil {
		return c, bad
	}
	if r == nil {
		return c, unknown
	}
	c.record = r
	return c, nil
}

// taskID says that id has the form of rand.Text.
func taskID(id string) bool {
	if len(id) != 26 {
		return false
	}
	for _, c := range id {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// recordOf reads a record from the shelf; nil when the owner has none there.
func (t *Transport) recordOf(ctx context.Context, id, owner string) (*taskRecord, *rpcError) {
	b, err := t.opt.Tasks.get(ctx, id, owner)
	if err != nil {
		return nil, t.shelfGone()
	}
	r := taskRecord{Owner: owner}
	if b == nil || json.Unmarshal(b, &r) != nil {
		return nil, nil
	}
	return &r, nil
}

// shelfGone is the answer about a task that this replica cannot look up.
func (t *Transport) shelfGone() *rpcError {
	return t.busy("the store that replicas share cannot be reached; the task itself goes on").err
}

// detailed is what tasks/get answers.
func (t *Transport) detailed(ctx context.Context, c claimed, h head) reply {
	if c.local != nil {
		return c.local.detailed(h)
	}
	r := c.record
	if !r.Over {
		now, alive, bad := t.beating(ctx, c.id, r)
		if bad != nil {
			return reply{err: bad}
		}
		if r = now; !alive {
			return r.lost(h)
		}
	}
	r.Task.head = h
	return encoded(r.Task)
}

// beating says whether the replica that runs the task is there. It waits a little
// for a beat that is missing, because the store may have been away.
func (t *Transport) beating(ctx context.Context, id string, r *taskRecord) (*taskRecord, bool, *rpcError) {
	for end := time.Now().Add(settleWithin); ; {
		beats, err := t.opt.Tasks.beating(ctx, id)
		if err != nil {
			return r, false, t.shelfGone()
		}
		if beats {
			return r, true, nil
		}
		if !time.Now().Before(end) {
			return r, false, nil
		}
		if bad := settle(ctx); bad != nil {
			return r, false, bad
		}
		now, bad := t.recordOf(ctx, id, r.Owner)
		if bad != nil {
			return r, false, bad
		}
		if now != nil && now.Over {
			return now, true, nil
		}
	}
}

// lost is a task whose replica is gone. Where a person was being asked, nothing had
// been sent.
func (r *taskRecord) lost(h head) reply {
	why := "outcome unknown: the replica that ran it is gone. Read back what is there before repeating the call"
	if r.Task.Status == taskAsking {
		why = "nothing was done: the replica that waited for the answer is gone. Make the call again"
	}
	out := r.Task
	out.head, out.Status, out.Note, out.Asked = h, taskFailed, why, nil
	out.Fail = (&rpcError{code: codeLost, message: why}).encode()
	return encoded(out)
}

// say passes a word on to the replica that runs the task, and waits until the task
// shows it, so that the client's next look does.
func (t *Transport) say(ctx context.Context, c claimed, w taskWord) *rpcError {
	if c.record.Over || w.Answers != nil && c.record.Task.Status != taskAsking {
		return nil
	}
	b, err := json.Marshal(w)
	if err != nil {
		return &rpcError{code: mcp.INTERNAL_ERROR, message: "internal error"}
	}
	if err := t.opt.Tasks.say(ctx, c.id, c.record.Owner, b); err != nil {
		return t.shelfGone()
	}
	for end := time.Now().Add(settleWithin); time.Now().Before(end); {
		if bad := settle(ctx); bad != nil {
			return bad
		}
		now, bad := t.recordOf(ctx, c.id, c.record.Owner)
		if bad != nil || now == nil || now.Changes != c.record.Changes {
			return nil // it was said, and will be heard
		}
	}
	return nil
}

// settle waits a moment for another replica.
func settle(ctx context.Context) *rpcError {
	wait := time.NewTimer(settleEvery)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return &rpcError{code: mcp.REQUEST_INTERRUPTED, message: context.Cause(ctx).Error()}
	}
}
