package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	tellTimeout = 10 * time.Second
	maxTelling  = 8 // at once; more are dropped and logged
)

// Note is what people are told: that a request waits, or that something was stopped.
// Nothing of the objects but their names is in it, and never a secret.
type Note struct {
	Event string    `json:"event"` // "approval_asked", "agent_stopped"
	Say   string    `json:"say"`   // one sentence
	Code  string    `json:"code,omitempty"`
	Org   string    `json:"org,omitempty"`
	Agent string    `json:"agent,omitempty"`
	Tool  string    `json:"tool,omitempty"`
	Risk  string    `json:"risk,omitempty"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"`
	// Targets are types and names, at most 20 of them.
	Targets []string `json:"targets,omitempty"`
}

// NoteOf tells of a request: who, what, on whom, until when.
func NoteOf(r Request) Note {
	n := Note{Event: "approval_asked", Code: r.Code, Org: r.Org, Agent: r.Agent, Tool: r.Tool, Risk: r.Risk, At: r.Asked, Until: r.Until}
	for i, t := range r.Targets {
		if i == 20 {
			break
		}
		n.Targets = append(n.Targets, clean(t.Type+" "+t.Name))
	}
	where := ""
	if r.Org != "" {
		where = " in " + r.Org
	}
	n.Say = fmt.Sprintf("Agent %s asks for %s on %d objects%s, until %s. To see all of it and answer: jc-mcp approve %s",
		r.Agent, r.Tool, len(r.Targets), where, r.Until.UTC().Format(time.RFC3339), r.Code)
	return n
}

// Notifier tells people, by a command or a webhook, beside the call and never in its way.
type Notifier struct {
	how    auth.Notify
	client *http.Client
	failed func(error)

	slots chan struct{}
	wg    sync.WaitGroup
	stop  context.CancelFunc
	ctx   context.Context
}

// NewNotifier tells as the grant file says; failed hears what went wrong, and may be
// nil. Without a command and a webhook it does nothing. Close ends it.
func NewNotifier(how auth.Notify, failed func(error)) *Notifier {
	if failed == nil {
		failed = func(error) {}
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Notifier{
		how: how, failed: failed, ctx: ctx, stop: stop,
		slots: make(chan struct{}, maxTelling),
		client: &http.Client{
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
			// What is told goes where the file says and nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Tell begins to tell and comes back at once.
func (n *Notifier) Tell(note Note) {
	if n.how.Webhook == "" && len(n.how.Command) == 0 || n.ctx.Err() != nil {
		return
	}
	data, err := json.Marshal(note)
	if err != nil {
		n.failed(fmt.Errorf("notify: %w", err))
		return
	}
	select {
	case n.slots <- struct{}{}:
	default:
		n.failed(fmt.Errorf("notify: too much to tell at once, dropped %s %s", note.Event, note.Code))
		return
	}
	n.wg.Go(func() {
		defer func() { <-n.slots }()
		ctx, cancel := context.WithTimeout(n.ctx, tellTimeout)
		defer cancel()
		tell := n.run
		if n.how.Webhook != "" {
			tell = n.post
		}
		if err := tell(ctx, data); err != nil {
			n.failed(fmt.Errorf("notify: %w", err))
		}
	})
}

// Close waits until all is told, for as long as ctx lasts. Tell must not be called any more.
func (n *Notifier) Close(ctx context.Context) {
	defer context.AfterFunc(ctx, n.stop)()
	n.wg.Wait()
	n.stop()
}

// run gives the note to a command on its standard input. The command gets the
// environment without this program's own variables, some of which are credentials.
func (n *Notifier) run(ctx context.Context, data []byte) error {
	cmd := exec.CommandContext(ctx, n.how.Command[0], n.how.Command[1:]...)
	cmd.Stdin = bytes.NewReader(append(data, '\n'))
	cmd.WaitDelay = time.Second
	cmd.Env = []string{} // nil would be all of it
	for _, v := range os.Environ() {
		if !strings.HasPrefix(strings.ToUpper(v), "JC_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("command %s: %w", n.how.Command[0], err)
	}
	return nil
}

// post sends the note to the webhook. Its address may hold a secret and is in no error.
func (n *Notifier) post(ctx context.Context, data []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.how.Webhook, bytes.NewReader(data))
	if err != nil {
		return errors.New("the webhook is no address")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.client.Do(req)
	if err != nil {
		return errors.New("the webhook cannot be reached")
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered %d", resp.StatusCode)
	}
	return nil
}
