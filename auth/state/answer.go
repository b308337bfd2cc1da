package state

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// answerFile is CODE.answer: what a person said, and his signature of it.
type answerFile struct {
	Version   int       `json:"version"`
	Code      string    `json:"code"`
	Approver  string    `json:"approver"`
	Yes       bool      `json:"yes"`
	At        time.Time `json:"at"`
	Signature []byte    `json:"signature"`
}

// message is what is signed: the answer, who gives it, and all of what he was shown.
// No line of it can hold a line break, so there is one reading of it.
func (a *answerFile) message(asked, until time.Time, shown []byte) []byte {
	word := "no"
	if a.Yes {
		word = "yes"
	}
	sum := sha256.Sum256(shown)
	return []byte(strings.Join([]string{
		"jc-mcp approval v1", word, a.Code, a.Approver, stamp(a.At), stamp(asked), stamp(until), hex.EncodeToString(sum[:]),
	}, "\n"))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Approve signs a request, which has to be what [Dir.Entry] or [Dir.Entries] gave and
// the person has seen: one that changed since is not signed.
func (d *Dir) Approve(ctx context.Context, shown Request, key *Key) error {
	return d.reply(ctx, shown, key, true)
}

// Refuse is the no of a person. It also takes back a yes that was not used yet.
func (d *Dir) Refuse(ctx context.Context, shown Request, key *Key) error {
	return d.reply(ctx, shown, key, false)
}

func (d *Dir) reply(ctx context.Context, r Request, key *Key, yes bool) error {
	unlock, err := d.lock(ctx, "approvals")
	if err != nil {
		return err
	}
	defer unlock()
	f, err := d.requestOf(r.Code)
	if err != nil {
		return err
	}
	now := d.now().UTC().Round(0)
	switch {
	case len(r.raw) == 0 || !bytes.Equal(f.Shown, r.raw) || !f.Asked.Equal(r.Asked) || !f.Until.Equal(r.Until):
		return fmt.Errorf("request %s is not the one that was shown: look at it again", f.Code)
	case !now.Before(f.Until):
		return ErrExpired
	case d.taken(f.Code):
		return ErrUsed
	case yes && r.OtherThan != "" && same(r.OtherThan, key.name):
		return fmt.Errorf("%w: the agent acts for %s, so another person has to", ErrNotApprover, key.name)
	}
	if old, err := d.answer(f.Code); err == nil && old != nil && (!old.Yes || yes) {
		return fmt.Errorf("%w, by %s", ErrAnswered, old.Approver)
	}
	a := answerFile{Version: 1, Code: f.Code, Approver: key.name, Yes: yes, At: now}
	a.Signature = signature(key, &a, f)
	return writeJSON(d.approval(f.Code, "answer"), a)
}

func signature(key *Key, a *answerFile, f requestFile) []byte {
	return ed25519.Sign(key.private(), a.message(f.Asked, f.Until, f.Shown))
}

// same compares the names of people.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// answer reads what a file says about a request; nil where nobody has answered.
func (d *Dir) answer(code string) (*answerFile, error) {
	var a answerFile
	err := readJSON(d.approval(code, "answer"), &a)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case a.Version != 1 || a.Code != code || !approverName.MatchString(a.Approver):
		return nil, errTorn
	}
	return &a, nil
}

func (d *Dir) taken(code string) bool {
	_, err := os.Lstat(d.approval(code, "taken"))
	return !errors.Is(err, fs.ErrNotExist)
}

// Approval is a proven yes that was used up for a call.
type Approval struct {
	Code string
	By   auth.Approver
	At   time.Time // when he said it
}

// Take uses up the approval of r, which has to be what [Dir.Ask] just gave back for
// the call at hand: the signature must fit it, and not merely what lies in the
// directory. approvers are those of the grants in force. Of any number of calls, in
// all processes, at most one gets an approval; all others, one of the errors above.
//
// An answer that proves nothing is removed, so that a true one can follow it.
func (d *Dir) Take(ctx context.Context, r Request, approvers []auth.Approver) (Approval, error) {
	shown, err := r.shown()
	if err != nil {
		return Approval{}, err
	}
	unlock, err := d.lock(ctx, "approvals")
	if err != nil {
		return Approval{}, err
	}
	defer unlock()
	f, err := d.requestOf(r.Code)
	switch {
	case err != nil:
		return Approval{}, err
	case !bytes.Equal(f.Shown, shown) || !f.Asked.Equal(r.Asked) || !f.Until.Equal(r.Until):
		return Approval{}, ErrMoved
	case d.taken(f.Code):
		return Approval{}, ErrUsed
	case !d.now().Before(f.Until):
		return Approval{}, ErrExpired
	}
	a, err := d.answer(f.Code)
	if err == nil && a == nil {
		return Approval{}, ErrPending
	}
	if errors.Is(err, errTorn) {
		err = ErrForged
	}
	by := auth.Approver{}
	if err == nil {
		by, err = prove(a, f, r, approvers)
	}
	if errors.Is(err, ErrForged) || errors.Is(err, ErrNotApprover) {
		_ = os.Remove(d.approval(f.Code, "answer"))
	}
	if err != nil {
		return Approval{}, err
	}
	first, err := d.UseOnce("approval "+f.Code+" "+stamp(f.Asked), f.Until)
	if err == nil && !first {
		err = ErrUsed
	}
	if err != nil {
		return Approval{}, err
	}
	// Only for people to see; the use is remembered already.
	_ = write(d.approval(f.Code, "taken"), []byte(stamp(d.now())))
	return Approval{f.Code, by, a.At}, nil
}

// prove checks who answered, and that he said yes to exactly this.
func prove(a *answerFile, f requestFile, r Request, approvers []auth.Approver) (by auth.Approver, err error) {
	found := false
	for _, p := range approvers {
		if p.Name == a.Approver {
			by, found = p, true
		}
	}
	if !found || !by.MayApprove(r.Tool) {
		return by, fmt.Errorf("%w: %s", ErrNotApprover, a.Approver)
	}
	public, err := ParsePublic(by.Key)
	if err != nil {
		return by, fmt.Errorf("%w: the grant file has no key of %s", ErrNotApprover, by.Name)
	}
	if !ed25519.Verify(public.sign, a.message(f.Asked, f.Until, f.Shown), a.Signature) {
		return by, ErrForged
	}
	switch {
	case !a.Yes:
		return by, fmt.Errorf("%w by %s", ErrRefused, by.Name)
	case r.OtherThan != "" && same(r.OtherThan, by.Name):
		return by, fmt.Errorf("%w: the agent acts for %s, so another person has to", ErrNotApprover, by.Name)
	case a.At.Before(f.Asked) || !a.At.Before(f.Until):
		return by, ErrExpired
	}
	return by, nil
}
