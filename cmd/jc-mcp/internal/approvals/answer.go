package approvals

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// Wrong passphrases within a minute, all approvers together.
const (
	maxWrong    = 5
	wrongWindow = time.Minute
)

// here is where a person acts, in audit lines.
const here = "on the page"

// tries counts wrong passphrases.
type tries struct {
	mu    sync.Mutex // held while a key is opened: one at a time, since that is work
	wrong []time.Time
}

// refusal is why the page does not do something, in words for the person.
type refusal struct {
	status int
	say    string
}

func (r *refusal) Error() string { return r.say }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// open opens the key of the approver that the form names. What was typed is in no
// error and no log line: a passphrase is also typed into the wrong field.
func (p *Page) open(r *http.Request) (*state.Key, auth.Approver, error) {
	name, pass := r.PostForm.Get("approver"), r.PostForm.Get("passphrase")
	if pass == "" {
		return nil, auth.Approver{}, refuse(http.StatusUnprocessableEntity, "Nothing was done: type the passphrase of your key.")
	}
	p.tries.mu.Lock()
	defer p.tries.mu.Unlock()
	now := time.Now()
	for len(p.tries.wrong) > 0 && now.Sub(p.tries.wrong[0]) >= wrongWindow {
		p.tries.wrong = p.tries.wrong[1:]
	}
	if len(p.tries.wrong) >= maxWrong {
		p.o.Log.WarnContext(r.Context(), "approvals page: too many wrong passphrases")
		return nil, auth.Approver{}, refuse(http.StatusTooManyRequests,
			"Nothing was done: there were %d wrong passphrases within a minute. Wait a minute, or use jc-mcp approve on a terminal.", maxWrong)
	}
	for _, a := range p.o.Approvers() {
		if a.Name == name {
			key, err := p.openAs(a, []byte(pass))
			if errors.Is(err, state.ErrPassphrase) {
				p.tries.wrong = append(p.tries.wrong, now)
				p.o.Log.WarnContext(r.Context(), "approvals page: a wrong passphrase", "approver", a.Name)
				err = refuse(http.StatusForbidden, "Nothing was done: that passphrase does not open the key of %s.", a.Name)
			}
			return key, a, err
		}
	}
	p.tries.wrong = append(p.tries.wrong, now)
	return nil, auth.Approver{}, refuse(http.StatusForbidden, "Nothing was done: the grant file names no such approver.")
}

// openAs opens the key of an approver, and takes none but the one the grants name.
func (p *Page) openAs(a auth.Approver, pass []byte) (*state.Key, error) {
	path, err := state.KeyPath(a.Name)
	if err != nil {
		return nil, refuse(http.StatusConflict, "Nothing was done: %s cannot have a key here.", a.Name)
	}
	key, err := p.o.openKey(path, pass)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse(http.StatusConflict, "Nothing was done: the key of %s is not on this machine. It has to be where the server runs, as the user that it runs as.", a.Name)
	case errors.Is(err, state.ErrPassphrase):
		return nil, err
	case err != nil:
		p.o.Log.Warn("approvals page: a key cannot be used", "approver", a.Name, "why", err.Error())
		return nil, refuse(http.StatusConflict, "Nothing was done: the key file of %s cannot be used.", a.Name)
	case key.Public() != a.Key || key.Name() != a.Name:
		return nil, refuse(http.StatusConflict, "Nothing was done: the key on this machine is not the one that the grant file names for %s.", a.Name)
	}
	return key, nil
}

// answer takes the form of one request: approve, refuse or reveal.
func (p *Page) answer(w http.ResponseWriter, r *http.Request) {
	e, err := p.o.Dir.Entry(r.PathValue("code"))
	if err != nil {
		p.fail(w, r, http.StatusNotFound, "There is no such request. Those of more than seven days ago are gone.")
		return
	}
	if r.PostForm.Get("do") == "reveal" {
		p.reveal(w, r, e)
		return
	}
	if err := p.reply(r, e); err != nil {
		p.showEntry(w, r, e.Code, p.notDone(r, err))
		return
	}
	http.Redirect(w, r, Path+"/"+e.Code, http.StatusSeeOther)
}

func (p *Page) reply(r *http.Request, e state.Entry) error {
	do := r.PostForm.Get("do")
	switch {
	case do != "approve" && do != "refuse":
		return refuse(http.StatusUnprocessableEntity, "Nothing was done: choose approve or refuse.")
	case r.PostForm.Get("shown") != p.shown(e):
		return refuse(http.StatusConflict, "Nothing was done: the request is not the one that this page showed. Look at it again.")
	case e.Status == state.Expired:
		return refuse(http.StatusConflict, "Nothing was done: the time for request %s is over.", e.Code)
	case e.Status == state.Used:
		return refuse(http.StatusConflict, "Nothing was done: request %s was approved already by %s, and used.", e.Code, plain(e.By))
	case e.Status == state.Refused, e.Status == state.Approved && do == "approve":
		return refuse(http.StatusConflict, "Nothing was done: request %s is already answered: %s by %s.", e.Code, e.Status, plain(e.By))
	}
	key, who, err := p.open(r)
	if err != nil {
		return err
	}
	if !who.MayApprove(e.Tool) {
		return refuse(http.StatusForbidden, "Nothing was done: the grant file does not let %s answer for %s.", who.Name, plain(e.Tool))
	}
	phase, sign := auth.PhaseApproved, p.o.Dir.Approve
	if do == "refuse" {
		phase, sign = auth.PhaseDeclined, p.o.Dir.Refuse
	}
	if err = sign(r.Context(), e.Request, key); err == nil {
		_ = p.audit(r.Context(), e.Answered(phase, who.Name, here)) // the answer stays: without an audit no change follows it
	}
	return err
}

// reveal puts secrets into the answer to the form, which no browser keeps.
func (p *Page) reveal(w http.ResponseWriter, r *http.Request, e state.Entry) {
	key, who, err := p.open(r)
	var secrets [][]byte
	if err == nil {
		secrets, err = p.o.Dir.Reveal(r.Context(), e.Code, key)
	}
	if err == nil && p.audit(r.Context(), e.Answered(auth.PhaseShown, who.Name, here)) != nil {
		err = refuse(http.StatusInternalServerError, "It is not shown, and gone: the audit log of the server cannot be written. Have the agent ask again when it can.")
	}
	if err != nil {
		p.showEntry(w, r, e.Code, p.notDone(r, err))
		return
	}
	v := p.view(w, r, "Secrets of request "+e.Code)
	for _, s := range secrets {
		v.Secrets = append(v.Secrets, plain(string(s)))
	}
	p.render(w, "secrets", http.StatusOK, v)
}

// throwSwitch stops or resumes changes.
func (p *Page) throwSwitch(w http.ResponseWriter, r *http.Request) {
	do := r.PostForm.Get("do")
	kind, name, _ := strings.Cut(r.PostForm.Get("what"), " ")
	var s state.Stop
	var err error
	switch {
	case kind == "all" && name == "":
	case kind == "agent" && name != "":
		s.Agent = name
	case kind == "tool" && name != "":
		s.Tool = name
	default:
		err = refuse(http.StatusUnprocessableEntity, "Nothing was done: choose what to stop or to resume.")
	}
	if do != "stop" && do != "resume" {
		err = refuse(http.StatusUnprocessableEntity, "Nothing was done: choose stop or resume.")
	}
	var who auth.Approver
	if err == nil {
		_, who, err = p.open(r)
	}
	if err == nil && do == "stop" {
		s.Why = strings.TrimSpace(r.PostForm.Get("why"))
		_, err = p.o.Dir.Stop(s.Agent, s.Tool, strings.TrimSpace("by "+who.Name+" "+here+". "+s.Why))
	} else if err == nil {
		var found bool
		if found, err = p.o.Dir.Resume(s.Agent, s.Tool); err == nil && !found {
			err = refuse(http.StatusConflict, "Nothing was done: that was not stopped.")
		}
	}
	if err != nil {
		p.switchPage(w, r, p.notDone(r, err))
		return
	}
	l := s.Thrown(who.Name, here, do == "resume")
	l.Approver = who.Name
	_ = p.audit(r.Context(), l) // a stop that cannot be written down is a stop
	http.Redirect(w, r, Path+"/switch", http.StatusSeeOther)
}

// notDone puts an error into words. Those of the state directory are for people already,
// where they are known.
func (p *Page) notDone(r *http.Request, err error) *refusal {
	var say *refusal
	if errors.As(err, &say) {
		return say
	}
	for _, known := range []error{state.ErrExpired, state.ErrUsed, state.ErrAnswered, state.ErrNotApprover, state.ErrNoSecret, state.ErrNotForYou} {
		if errors.Is(err, known) {
			return &refusal{http.StatusConflict, "Nothing was done: " + plain(err.Error()) + "."}
		}
	}
	p.o.Log.ErrorContext(r.Context(), "approvals page: it could not be done", "why", err.Error())
	return &refusal{http.StatusInternalServerError, "It could not be done; the log of the server says why. Look at the request again."}
}

// shown is the mark of all that the page shows of a request, for its form.
func (p *Page) shown(e state.Entry) string {
	data, err := json.Marshal(e.Request)
	if err != nil {
		return rand.Text() // fits nothing
	}
	return p.mark("shown", e.Code, e.Asked.Format(time.RFC3339Nano), e.Until.Format(time.RFC3339Nano), string(data))
}
