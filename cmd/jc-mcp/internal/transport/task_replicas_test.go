package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// store is a shelf that several replicas share, in memory.
type store struct {
	mu      sync.Mutex
	gone    bool
	records map[string]storedRecord
	words   map[string][][]byte
}

type storedRecord struct {
	data  []byte
	until time.Time
}

func newStore() *store {
	return &store{records: map[string]storedRecord{}, words: map[string][][]byte{}}
}

func (s *store) reach(can bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = !can
}

// storeView is the store as one replica sees it, until it is cut off.
type storeView struct {
	*store
	cut bool // under store.mu
}

func (v *storeView) cutOff(cut bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cut = cut
}

var errStoreGone = errors.New("redis: a text that must not be shown")

func (v *storeView) enter() (func(), error) {
	v.mu.Lock()
	if v.gone || v.cut {
		v.mu.Unlock()
		return nil, errStoreGone
	}
	return v.mu.Unlock, nil
}

func (v *storeView) Put(_ context.Context, id string, record []byte, ttl time.Duration) error {
	leave, err := v.enter()
	if err != nil {
		return err
	}
	defer leave()
	v.records[id] = storedRecord{record, time.Now().Add(ttl)}
	return nil
}

func (v *storeView) Get(_ context.Context, id string) ([]byte, error) {
	leave, err := v.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if r := v.records[id]; time.Now().Before(r.until) {
		return r.data, nil
	}
	return nil, nil
}

func (v *storeView) Say(_ context.Context, id string, word []byte, _ time.Duration) error {
	leave, err := v.enter()
	if err != nil {
		return err
	}
	defer leave()
	v.words[id] = append(v.words[id], word)
	return nil
}

func (v *storeView) Heard(_ context.Context, id string) ([][]byte, error) {
	leave, err := v.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	words := v.words[id]
	delete(v.words, id)
	return words, nil
}

// sealed is the store as replicas with these keys use it, the newest first.
func sealed(t *testing.T, on Shelf, keys ...byte) *SealedShelf {
	t.Helper()
	var masters [][]byte
	for _, k := range keys {
		masters = append(masters, bytes.Repeat([]byte{k}, 32))
	}
	s, err := NewSealedShelf(on, masters)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type whoKey struct{}

// fleet are three replicas over one fake, and the store that they share.
type fleet struct {
	t     *testing.T
	f     *fake
	store *store
	views []*storeView
	sites []*site
}

// replicas runs a test with a fleet in virtual time.
func replicas(t *testing.T, run func(t *testing.T, x *fleet)) {
	synctest.Test(t, func(t *testing.T) {
		x := &fleet{t: t, f: newFake(), store: newStore()}
		for range 3 {
			v := &storeView{store: x.store}
			x.views = append(x.views, v)
			x.sites = append(x.sites, startPipes(t, x.f, Options{
				Replicated: true, Tasks: sealed(t, v, 2, 1),
				Wrap: func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, r.Header.Get("X-Who"))))
					})
				},
				Caller: func(ctx context.Context) string { who, _ := ctx.Value(whoKey{}).(string); return who },
			}))
		}
		run(t, x)
	})
}

// at asks one replica as ada; as asks it as somebody.
func (x *fleet) at(replica int, method, params string) msg {
	return x.as("ada", replica, method, params)
}

func (x *fleet) as(who string, replica int, method, params string) msg {
	x.t.Helper()
	_, m := x.sites[replica].post(with26("1", method, params, tasksAndAsk), func(q *http.Request) { q.Header.Set("X-Who", who) })
	if len(m) == 0 {
		x.t.Fatalf("%s: no answer", method)
	}
	return m[len(m)-1]
}

// start begins a call at replica 0 and gives the id of its task.
func (x *fleet) start(tool string) string {
	x.t.Helper()
	v := view(x.t, x.at(0, "tools/call", fmt.Sprintf(`"name":%q`, tool)))
	if v.ResultType != "task" || v.TaskID == "" {
		x.t.Fatalf("no handle: %+v", v)
	}
	return v.TaskID
}

func (x *fleet) get(replica int, id string) taskView {
	x.t.Helper()
	return view(x.t, x.at(replica, "tasks/get", fmt.Sprintf(`"taskId":%q`, id)))
}

func TestTaskSeenAtAnyReplica(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("long_walk")
		if v := x.get(1, id); v.Status != "working" || v.TTL != nil || v.Poll != pollMillis || v.ResultType != "complete" {
			t.Errorf("at the start: %+v", v)
		}
		pass(17 * time.Second)
		if v := x.get(2, id); v.Status != "working" || v.StatusMessage != "2 of 3: pages" {
			t.Errorf("on the way: %+v", v)
		}
		pass(10 * time.Second)
		here, there := x.at(0, "tasks/get", fmt.Sprintf(`"taskId":%q`, id)), x.at(1, "tasks/get", fmt.Sprintf(`"taskId":%q`, id))
		if v := view(t, there); v.Status != "completed" || !strings.Contains(string(v.Result), "3 pages") || here.raw != there.raw {
			t.Errorf("at the end, here %s, there %s", here.raw, there.raw)
		}
		pass(defaultTaskKeep)
		for i := range x.sites {
			if m := x.at(i, "tasks/get", fmt.Sprintf(`"taskId":%q`, id)); m.code() != -32602 {
				t.Errorf("kept for too long: %s", m.raw)
			}
		}
	})
}

func TestTaskAnsweredAtAnotherReplica(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("ask_late")
		pass(time.Minute)
		if v := x.get(1, id); v.Status != "input_required" || v.Requests["confirm"].Params.Message != "Erase MBP-7?" {
			t.Fatalf("not asked: %+v", v)
		}
		begin := time.Now()
		update := fmt.Sprintf(`"taskId":%q,"inputResponses":{"confirm":{"action":"accept"}}`, id)
		if m := x.at(2, "tasks/update", update); m.Error != nil {
			t.Fatal(m.raw)
		}
		if v := x.get(1, id); v.Status == "input_required" || time.Since(begin) > settleWithin {
			t.Errorf("still asked after %v: %+v", time.Since(begin), v)
		}
		pass(2 * time.Second)
		if v := x.get(1, id); v.Status != "completed" || !strings.Contains(string(v.Result), "erased") || x.f.finished.Load() != 1 {
			t.Errorf("%+v, %d changes", v, x.f.finished.Load())
		}
		if m := x.at(2, "tasks/update", update); m.Error != nil || x.f.finished.Load() != 1 {
			t.Errorf("answered again: %s", m.raw)
		}
	})
}

func TestTaskCancelledAtAnotherReplica(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("long_walk")
		if m := x.at(1, "tasks/cancel", fmt.Sprintf(`"taskId":%q`, id)); m.Error != nil {
			t.Fatal(m.raw)
		}
		pass(hearEvery)
		if v := x.get(2, id); v.Status != "cancelled" || x.f.ended.Load() != 1 {
			t.Errorf("%+v, %d ended", v, x.f.ended.Load())
		}
	})
}

// A handle of somebody else is answered as one that never was, byte by byte, at the
// replica that runs the task and at others, with the store and without.
func TestForeignTaskLooksUnknown(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("long_walk")
		ask := func(who string, replica int, method, id string) string {
			return x.as(who, replica, method, fmt.Sprintf(`"taskId":%q,"inputResponses":{}`, id)).raw
		}
		for _, can := range []bool{true, false} {
			x.store.reach(can)
			for _, method := range taskMethods {
				for replica := range x.sites {
					foreign, unknown := ask("eve", replica, method, id), ask("eve", replica, method, strings.Repeat("A", 26))
					if foreign != unknown || strings.Contains(foreign, `"result"`) || strings.Contains(foreign, "must not be shown") {
						t.Errorf("%s at %d: %s, and an unknown one %s", method, replica, foreign, unknown)
					}
				}
			}
		}
		x.store.reach(true)
		if got := ask("ada", 1, "tasks/get", "../x"); !strings.Contains(got, "unknown task") {
			t.Errorf("a handle of no form: %s", got)
		}
		pass(30 * time.Second)
		if v := x.get(1, id); v.Status != "completed" {
			t.Errorf("a stranger stopped it: %+v", v)
		}
	})
}

func TestTaskOfALostReplica(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id, asking := x.start("change_slow"), x.start("ask_late")
		pass(time.Minute)
		if v := x.get(1, asking); v.Status != "input_required" {
			t.Fatalf("not asked: %+v", v)
		}
		x.views[0].cutOff(true)
		pass(lease - beatEvery)
		if v := x.get(1, id); v.Status != "working" {
			t.Errorf("given up at once: %+v", v)
		}
		pass(beatEvery)
		v := x.get(1, id)
		if v.Status != "failed" || !strings.Contains(string(v.Error), "outcome unknown") || !strings.Contains(string(v.Error), "Read back") || v.Result != nil {
			t.Errorf("the replica is gone: %+v", v)
		}
		if v = x.get(2, asking); v.Status != "failed" || !strings.Contains(string(v.Error), "nothing was done") || v.Requests != nil {
			t.Errorf("the replica that asked is gone: %+v", v)
		}
		close(x.f.release)
		synctest.Wait()
		if x.f.finished.Load() != 1 {
			t.Error("the change did not finish")
		}
		x.views[0].cutOff(false) // it was cut off and not dead: what it knows counts
		pass(2 * hearEvery)
		if v = x.get(1, id); v.Status != "completed" || !strings.Contains(string(v.Result), "read back") {
			t.Errorf("the replica is back: %+v", v)
		}
	})
}

// While the store is away the call goes on and its own replica answers for it; the
// others say that they cannot, and take nothing for lost when the store is back.
func TestTaskWhileTheStoreIsAway(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("change_slow")
		x.store.reach(false)
		pass(2 * lease)
		for _, method := range taskMethods {
			m := x.at(1, method, fmt.Sprintf(`"taskId":%q,"inputResponses":{}`, id))
			if m.code() != codeBusy || !strings.Contains(m.raw, "the task itself goes on") || strings.Contains(m.raw, "must not be shown") {
				t.Errorf("%s: %s", method, m.raw)
			}
		}
		if v := x.get(0, id); v.Status != "working" {
			t.Errorf("at its own replica: %+v", v)
		}
		x.store.reach(true)
		if v := x.get(1, id); v.Status != "working" {
			t.Errorf("taken for lost: %+v", v)
		}
		x.store.reach(false)
		close(x.f.release)
		pass(time.Minute)
		x.store.reach(true)
		pass(2 * hearEvery)
		if v := x.get(2, id); v.Status != "completed" || x.f.finished.Load() != 1 {
			t.Errorf("ended while the store was away: %+v", v)
		}
		// A call that cannot be shown to the others is no task: its request waits.
		x.store.reach(false)
		if m := x.at(0, "tools/call", `"name":"long_walk"`); m.texts(t) != "3 pages" {
			t.Errorf("without a store: %s", m.raw)
		}
	})
}

// A store that was started anew and forgot all is told again at once.
func TestTaskAfterTheStoreForgot(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("long_walk")
		x.store.reach(false)
		pass(2 * hearEvery)
		x.store.mu.Lock()
		clear(x.store.records)
		x.store.mu.Unlock()
		x.store.reach(true)
		pass(hearEvery)
		if v := x.get(1, id); v.Status != "working" {
			t.Errorf("%+v", v)
		}
	})
}

// A replica that stops leaves the result of what it ran.
func TestTaskOfAStoppedReplica(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id := x.start("change_slow")
		time.AfterFunc(20*time.Second, func() { close(x.f.release) })
		if err := x.sites[0].wait(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if v := x.get(1, id); v.Status != "completed" || !strings.Contains(string(v.Result), "read back") {
			t.Errorf("%+v", v)
		}
	})
}

// What lies in the store shows nothing and obeys nobody but the task's owner: it cannot
// be read, moved to another task, changed or made up there.
func TestTasksAreSealedInTheStore(t *testing.T) {
	replicas(t, func(t *testing.T, x *fleet) {
		id, other := x.start("long_walk"), x.start("ask_late")
		pass(time.Minute)
		if v := x.get(1, other); v.Status != "input_required" {
			t.Fatalf("not asked: %+v", v)
		}
		x.store.mu.Lock()
		for name, r := range x.store.records {
			for _, word := range []string{"3 pages", "MBP-7", "ada", "completed", "Task", id} {
				if bytes.Contains(r.data, []byte(word)) {
					t.Errorf("%s shows %q: %q", name, word, r.data)
				}
			}
		}
		mine, theirs := x.store.records[recordName(id)], x.store.records[recordName(other)]
		put := func(name string, data []byte) {
			x.store.records[name] = storedRecord{data, mine.until}
		}
		x.store.mu.Unlock()
		changed := bytes.Clone(mine.data)
		changed[len(changed)/2] ^= 1
		plain := []byte(`{"Changes":9,"Over":true,"Task":{"taskId":"` + id + `","status":"completed"}}`)
		strange := sealed(t, x.views[0], 3).vault.Seal(plain, bound("record", id, "ada"))
		word := sealed(t, x.views[0], 2).vault.Seal(plain, bound("word", id, "ada"))
		for name, data := range map[string][]byte{"changed": changed, "of another task": theirs.data, "in clear": plain, "by another key": strange, "a word": word, "none": {}} {
			x.store.mu.Lock()
			put(recordName(id), data)
			x.store.mu.Unlock()
			if m := x.at(1, "tasks/get", fmt.Sprintf(`"taskId":%q`, id)); !strings.Contains(m.raw, "unknown task") {
				t.Errorf("a record %s is taken: %s", name, m.raw)
			}
		}
		x.store.mu.Lock()
		put(recordName(id), mine.data)
		old := sealed(t, x.views[0], 1).vault.Seal([]byte(`{"Over":true,"Task":{"taskId":"`+other+`","status":"failed","statusMessage":"of the old key"}}`), bound("record", other, "ada"))
		x.store.mu.Unlock()
		if v := x.get(1, id); v.Status != "completed" || !strings.Contains(string(v.Result), "3 pages") {
			t.Errorf("as it was: %+v", v)
		}
		yes := []byte(`{"Answers":{"confirm":{"action":"accept"}}}`)
		for _, w := range [][]byte{yes, sealed(t, x.views[0], 3).vault.Seal(yes, bound("word", other, "ada")), sealed(t, x.views[0], 2).vault.Seal(yes, bound("word", other, "eve"))} {
			if err := x.views[0].Say(t.Context(), recordName(other), w, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		pass(3 * hearEvery)
		if v := x.get(1, other); v.Status != "input_required" || x.f.finished.Load() != 0 {
			t.Errorf("somebody else said yes: %+v", v)
		}
		x.store.mu.Lock()
		put(recordName(other), old)
		x.store.mu.Unlock()
		if v := x.get(1, other); v.StatusMessage != "of the old key" {
			t.Errorf("the old key does not open: %+v", v)
		}
	})
	if _, err := NewSealedShelf(newStoreView(), [][]byte{{1}}); err == nil {
		t.Error("a short key is taken")
	}
}

func newStoreView() *storeView { return &storeView{store: newStore()} }
