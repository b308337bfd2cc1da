package state

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

type failures struct {
	mu   sync.Mutex
	list []string
}

func (f *failures) hear(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, err.Error())
}
func (f *failures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.list, "; ")
}

func note(t *testing.T) Note {
	t.Helper()
	d, _ := open(t)
	r, _, err := d.Ask(background(), plan())
	must(t, err)
	return NoteOf(r)
}

func TestNoteHoldsNoValues(t *testing.T) {
	data, err := json.Marshal(note(t))
	must(t, err)
	if s := string(data); strings.Contains(s, "12345678901234567") || strings.Contains(s, "cannot be undone") || strings.Contains(s, "5f") || !strings.Contains(s, "user ada") {
		t.Error(s)
	}
}

func TestNotifyCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	t.Setenv("JC_API_KEY", "CANARY")
	t.Setenv("OTHER", "kept")
	out := filepath.Join(t.TempDir(), "out")
	var f failures
	n := NewNotifier(auth.Notify{Command: []string{"sh", "-c", `cat > "$0"; env >> "$0"`, out}}, f.hear)
	want := note(t)
	n.Tell(want)
	n.Close(background())
	data, err := os.ReadFile(out)
	must(t, err)
	line, env, _ := strings.Cut(string(data), "\n")
	var got Note
	must(t, json.Unmarshal([]byte(line), &got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(env, "CANARY") || !strings.Contains(env, "OTHER=kept") || f.String() != "" {
		t.Errorf("%s %s", env, &f)
	}
	n.Tell(want) // after Close: nothing
}

func TestNotifyNeverBlocks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	var f failures
	n := NewNotifier(auth.Notify{Command: []string{"sleep", "60"}}, f.hear)
	began := time.Now()
	for range maxTelling + 3 {
		n.Tell(Note{Event: "x"})
	}
	ctx, cancel := context.WithTimeout(background(), 50*time.Millisecond)
	defer cancel()
	n.Close(ctx)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	if got := strings.Count(f.String(), "dropped"); got != 3 {
		t.Errorf("%d dropped: %s", got, &f)
	}
}

func TestNotifyWebhook(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, r.Method+" "+r.URL.Path+" "+string(data))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer srv.Close()
	for _, c := range []struct {
		status int
		err    string
	}{{200, ""}, {302, "notify: the webhook answered 302"}, {500, "notify: the webhook answered 500"}} {
		var f failures
		mu.Lock()
		bodies, status = nil, c.status
		mu.Unlock()
		n := NewNotifier(auth.Notify{Webhook: srv.URL + "/hook/SECRET"}, f.hear)
		n.Tell(Note{Event: "agent_stopped", Agent: "helpdesk"})
		n.Close(background())
		if len(bodies) != 1 || !strings.HasPrefix(bodies[0], `POST /hook/SECRET {"event":"agent_stopped"`) || f.String() != c.err {
			t.Errorf("%d: %q, %s", c.status, bodies, &f)
		}
	}
	var f failures
	srv.Close()
	n := NewNotifier(auth.Notify{Webhook: srv.URL + "/hook/SECRET"}, f.hear)
	n.Tell(Note{})
	n.Close(background())
	if s := f.String(); s == "" || strings.Contains(s, "SECRET") {
		t.Errorf("%q", s)
	}
	NewNotifier(auth.Notify{}, nil).Tell(Note{}) // not at all
}
