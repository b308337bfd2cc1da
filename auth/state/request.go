package state

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	defaultWait = 5 * time.Minute
	maxWait     = 24 * time.Hour
	maxRequest  = 512 << 10 // bytes of one, as JSON
	// An agent must not be able to bury the request that a person should see.
	maxPendingAgent = 20
	maxPending      = 200
)

// Request is what an agent asks a person for. All of it up to OtherThan is what the
// person is shown and signs; nothing in it may be a secret.
type Request struct {
	Org       string         `json:"org,omitempty"` // the organisation, where there are several
	Agent     string         `json:"agent"`
	Principal string         `json:"principal"`
	Tool      string         `json:"tool"`
	Risk      string         `json:"risk"`
	Question  string         `json:"question"`         // the whole plan in words
	Before    map[string]any `json:"before,omitempty"` // secrets as "set"
	After     map[string]any `json:"after,omitempty"`
	Targets   []auth.Target  `json:"targets,omitempty"`
	// Bound is the hash of all that the approval covers: who, tool, plan, what was seen
	// of the targets, version of the grants.
	Bound []byte `json:"bound"`
	// Call is the hash of the call as it came, and Notes what its plan made up (a name, a
	// time counted from now), so that the same call, repeated, makes the same plan: see
	// [Dir.Noted]. Of a call whose plan makes nothing up both are empty.
	Call  []byte            `json:"call,omitempty"`
	Notes map[string]string `json:"notes,omitempty"`
	// OtherThan is the person that the agent acts for, where another one has to agree;
	// the name of an approver.
	OtherThan string `json:"other_than,omitempty"`

	// Code names the request and proves nothing; [Dir.Ask] makes it.
	Code string `json:"-"`
	// Asked is set by [Dir.Ask], and so is Until, the last moment, where it is zero:
	// five minutes on. It is a day on at most.
	Asked, Until time.Time `json:"-"`

	raw []byte // as it stands in the file, where it was read from there: what is signed
}

// requestFile is CODE.request. Shown is the request exactly as it is signed.
type requestFile struct {
	Version int             `json:"version"`
	Code    string          `json:"code"`
	Asked   time.Time       `json:"asked"`
	Until   time.Time       `json:"until"`
	Shown   json.RawMessage `json:"shown"`
	// Run is that of the store in which it was asked: in another one nobody knows
	// whether its approval was used. It is "" in a directory.
	Run string `json:"run,omitempty"`
}

// kept is how long a request and what belongs to it can be looked at.
func (f *requestFile) kept() time.Time { return f.Until.Add(keepAnswers) }

// What becomes of a request.
var (
	ErrNoRequest   = errors.New("there is no such request")
	ErrTooMany     = errors.New("too many requests wait for a person already")
	ErrPending     = errors.New("nobody has answered yet")
	ErrExpired     = errors.New("it was not answered or not used in time")
	ErrRefused     = errors.New("it was refused")
	ErrUsed        = errors.New("the approval has been used already")
	ErrMoved       = errors.New("what was approved is not what this call would do now")
	ErrNotApprover = errors.New("who signed may not approve this")
	ErrForged      = errors.New("the signature is not the approver's")
	ErrAnswered    = errors.New("it has been answered already")
)

// Codes have no letters that are taken for others: no 0 and O, 1, I, L and U.
const (
	codeLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength  = 8
)

func newCode() string {
	code := make([]byte, 0, codeLength)
	var b [1]byte
	for len(code) < codeLength {
		_, _ = rand.Read(b[:])
		if n := int(b[0]); n < 256-256%len(codeLetters) { // each letter as likely
			code = append(code, codeLetters[n%len(codeLetters)])
		}
	}
	return string(code)
}

// ParseCode reads a code as a person types it: in small letters, with spaces or hyphens.
func ParseCode(s string) (string, error) {
	code := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
	if len(code) != codeLength || strings.Trim(code, codeLetters) != "" {
		return "", fmt.Errorf("%q is no code of a request: it has %d letters and digits", clean(s), codeLength)
	}
	return code, nil
}

// Ask puts r before a person, and gives it back with its code and times. The same
// request is put once: while it waits, is approved and not used, or was refused and is
// still in time, Ask gives that one back. [Dir.Take] says what became of it. fresh is
// true where it was put just now, for whoever tells people.
func (d *Dir) Ask(ctx context.Context, r Request) (asked Request, fresh bool, err error) {
	d.sweep()
	shown, err := r.shown()
	if err != nil {
		return r, false, err
	}
	unlock, err := d.shelf.lock(ctx, "approvals", r.Agent)
	if err != nil {
		return r, false, err
	}
	defer unlock()
	now := d.now().UTC().Round(0)
	if r.Until.IsZero() {
		r.Until = now.Add(defaultWait)
	}
	run, err := d.shelf.run()
	if err != nil {
		return r, false, err
	}
	seen, err := d.shelf.snapshot(approvalFolder)
	if err != nil {
		return r, false, err
	}
	requests, err := requestsOf(seen)
	if err != nil {
		return r, false, err
	}
	mine, all := 0, 0
	for _, f := range requests {
		if used, _ := taken(seen, f.Code); used || !now.Before(f.Until) || f.Run != run {
			continue
		}
		old, err := f.request()
		if err != nil {
			continue
		}
		// One that ends later than asked for now was not made by these rules.
		if bytes.Equal(f.Shown, shown) && !f.Until.After(r.Until) {
			r.Code, r.Asked, r.Until = f.Code, f.Asked, f.Until
			return r, false, nil
		}
		if a, _, _ := answerOf(seen, f.Code); a != nil {
			continue
		}
		all++
		if old.Agent == r.Agent {
			mine++
		}
	}
	if mine >= maxPendingAgent || all >= maxPending {
		return r, false, ErrTooMany
	}
	r.Code, r.Asked = newCode(), now
	if end := now.Add(maxWait); r.Until.After(end) {
		r.Until = end
	}
	r.Until = r.Until.UTC().Round(0)
	if !now.Before(r.Until) {
		return r, false, ErrExpired
	}
	f := requestFile{1, r.Code, r.Asked, r.Until, shown, run}
	err = put(d.shelf, approval(r.Code, "request"), nil, f, f.kept())
	return r, err == nil, err
}

// Noted are the notes of the latest request for a call that can still be answered or
// used; nil where there is none.
func (d *Dir) Noted(call []byte) (map[string]string, error) {
	seen, err := d.shelf.snapshot(approvalFolder)
	if err != nil {
		return nil, err
	}
	requests, err := requestsOf(seen)
	if err != nil {
		return nil, err
	}
	for _, f := range slices.Backward(requests) {
		if used, _ := taken(seen, f.Code); used || !d.now().Before(f.Until) {
			continue
		}
		if r, err := f.request(); err == nil && len(call) > 0 && bytes.Equal(r.Call, call) {
			return r.Notes, nil
		}
	}
	return nil, nil
}

// shown is the request as it is signed.
func (r Request) shown() ([]byte, error) {
	if len(r.Bound) < 16 {
		return nil, errors.New("a request is bound to the hash of what it covers")
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("the request cannot be written down: %w", err)
	}
	if len(data) > maxRequest {
		return nil, errors.New("the request is too long for a person to read: make it of fewer objects")
	}
	return data, nil
}

// request is what a person is shown.
func (f *requestFile) request() (r Request, err error) {
	dec := json.NewDecoder(bytes.NewReader(f.Shown))
	dec.UseNumber() // people see numbers as they are
	if err = dec.Decode(&r); err != nil {
		return r, errTorn
	}
	r.Code, r.Asked, r.Until, r.raw = f.Code, f.Asked, f.Until, f.Shown
	return r, nil
}

const approvalFolder = "approvals"

func approval(code, kind string) string { return approvalFolder + "/" + code + "." + kind }

// requestOf reads the request with a code.
func requestOf(s reader, code string) (f requestFile, err error) {
	if code, err = ParseCode(code); err != nil {
		return f, err
	}
	err = readValue(s, approval(code, "request"), &f)
	if errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("%w: %s", ErrNoRequest, code)
	}
	if err == nil && (f.Version != 1 || f.Code != code) {
		err = fmt.Errorf("%s.request: %w", code, errTorn)
	}
	return f, err
}

// requestsOf are all that can be read, the oldest first. Damaged ones count for nothing.
func requestsOf(s reader) ([]requestFile, error) {
	names, err := s.list(approvalFolder)
	if err != nil {
		return nil, fmt.Errorf("the requests: %w", err)
	}
	var out []requestFile
	for _, name := range names {
		code, ok := strings.CutSuffix(name, ".request")
		if !ok {
			continue
		}
		if f, err := requestOf(s, code); err == nil {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b requestFile) int {
		return cmp.Or(a.Asked.Compare(b.Asked), strings.Compare(a.Code, b.Code))
	})
	return out, nil
}

// Status is where a request stands.
type Status string

// Where a request can stand. Approved and refused are what a file says, not yet proven.
const (
	Pending  Status = "pending"
	Approved Status = "approved"
	Refused  Status = "refused"
	Expired  Status = "expired" // not answered, or approved and not used in time
	Used     Status = "used"
)

// Entry is a request and what became of it, for people to look at. It proves nothing:
// only [Dir.Take] checks the signature.
type Entry struct {
	Request
	Status Status
	By     string    // who answered
	At     time.Time // when
	// Secrets is how many secrets wait for who approved; see [Dir.Reveal].
	Secrets int
}

// Entries are all requests of the last seven days, the oldest first.
func (d *Dir) Entries() ([]Entry, error) {
	d.sweep()
	seen, err := d.shelf.snapshot(approvalFolder)
	if err != nil {
		return nil, err
	}
	requests, err := requestsOf(seen)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(requests))
	for _, f := range requests {
		if e, err := d.entry(seen, f); err == nil {
			out = append(out, e)
		}
	}
	return out, nil
}

// Pending are the requests that wait for an answer, the oldest first.
func (d *Dir) Pending() ([]Entry, error) {
	all, err := d.Entries()
	return slices.DeleteFunc(all, func(e Entry) bool { return e.Status != Pending }), err
}

// Entry is the request with that code; [ErrNoRequest] where there is none.
func (d *Dir) Entry(code string) (Entry, error) {
	f, err := requestOf(d.shelf, code)
	if err != nil {
		return Entry{}, err
	}
	return d.entry(d.shelf, f)
}

func (d *Dir) entry(s reader, f requestFile) (e Entry, err error) {
	if e.Request, err = f.request(); err != nil {
		return e, err
	}
	waiting, err := secrets(s, f.Code)
	if err != nil {
		return e, err
	}
	e.Secrets = len(waiting)
	used, err := taken(s, f.Code)
	if err != nil {
		return e, err
	}
	run, err := d.shelf.run()
	if err != nil {
		return e, err
	}
	a, _, _ := answerOf(s, f.Code)
	if a != nil {
		e.By, e.At = a.Approver, a.At
	}
	late := !d.now().Before(f.Until) || f.Run != run
	switch {
	case used:
		e.Status = Used
	case a != nil && !a.Yes:
		e.Status = Refused
	case late:
		e.Status = Expired
	case a != nil:
		e.Status = Approved
	default:
		e.Status = Pending
	}
	return e, nil
}

// staleApproval reports whether a file of approvals/ is past its time: secrets at
// once, all others after a week.
func staleApproval(path string, now time.Time) bool {
	if strings.HasSuffix(path, ".secret") {
		var s secretFile
		if readJSON(path, &s) == nil {
			return !now.Before(s.Until)
		}
	}
	code, _, _ := strings.Cut(filepath.Base(path), ".")
	var f requestFile
	err := readJSON(filepath.Join(filepath.Dir(path), code+".request"), &f)
	if err == nil {
		return now.After(f.Until.Add(keepAnswers))
	}
	info, err := os.Lstat(path) // the request is gone or damaged
	return err == nil && now.Sub(info.ModTime()) > keepAnswers+maxWait
}
