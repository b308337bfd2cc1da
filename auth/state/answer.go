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
	unlock, err := d.shelf.lock(ctx, "approvals", "")
	if err != nil {
		return err
	}
	defer unlock()
	f, err := requestOf(d.shelf, r.Code)
	if err != nil {
		return err
	}
	used, err := taken(d.shelf, f.Code)
	if err != nil {
		return err
	}
	run, err := d.shelf.run()
	if err != nil {
		return err
	}
	now := d.now().UTC().Round(0)
	switch {
	case len(r.raw) == 0 || !bytes.Equal(f.Shown, r.raw) || !f.Asked.Equal(r.Asked) || !f.Until.Equal(r.Until):
		return fmt.Errorf("request %s is not the one that was shown: look at it again", f.Code)
	case !now.Before(f.Until) || f.Run != run:
		return ErrExpired
	case used:
		return ErrUsed
	case yes && r.OtherThan != "" && same(r.OtherThan, key.name):
		return fmt.Errorf("%w: the agent acts for %s, so another person has to", ErrNotApprover, key.name)
	}
	old, text, err := answerOf(d.shelf, f.Code)
	if err == nil && old != nil && (!old.Yes || yes) {
		return fmt.Errorf("%w, by %s", ErrAnswered, old.Approver)
	}
	a := answerFile{Version: 1, Code: f.Code, Approver: key.name, Yes: yes, At: now}
	a.Signature = signature(key, &a, f)
	return put(d.shelf, approval(f.Code, "answer"), text, a, f.kept())
}

func signature(key *Key, a *answerFile, f requestFile) []byte {
	return ed25519.Sign(key.private(), a.message(f.Asked, f.Until, f.Shown))
}

// same compares the names of people.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// answerOf reads what a file says about a request, and its bytes; nil where nobody has
// answered. Of a damaged one there are only the bytes.
func answerOf(s reader, code string) (*answerFile, []byte, error) {
	text, err := s.read(approval(code, "answer"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var a answerFile
	if decode(text, &a) != nil || a.Version != 1 || a.Code != code || !approverName.MatchString(a.Approver) {
		return nil, text, errTorn
	}
	return &a, text, nil
}

// taken reports whether the yes was used, as far as people are told.
func taken(s reader, code string) (bool, error) {
	_, err := s.read(approval(code, "taken"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if errors.Is(err, errTorn) {
		err = nil
	}
	return true, err
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
	unlock, err := d.shelf.lock(ctx, "approvals", "")
	if err != nil {
		return Approval{}, err
	}
	defer unlock()
	f, err := d.askedFor(r, shown)
	if err != nil {
		return Approval{}, err
	}
	a, text, err := answerOf(d.shelf, f.Code)
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
		_, _ = d.shelf.swap(approval(f.Code, "answer"), text, nil, time.Time{})
	}
	if err != nil {
		return Approval{}, err
	}
	first, err := d.useOnce(f.Run, "approval "+f.Code+" "+stamp(f.Asked), f.Until)
	if err == nil && !first {
		err = ErrUsed
	}
	if err != nil {
		return Approval{}, err
	}
	// Only for people to see; the use is remembered already.
	_, _ = d.shelf.swap(approval(f.Code, "taken"), nil, []byte(stamp(d.now())), f.kept())
	return Approval{f.Code, by, a.At}, nil
}

// askedFor is the request that r has to be, where its approval could still be used.
func (d *Dir) askedFor(r Request, shown []byte) (f requestFile, err error) {
	if f, err = requestOf(d.shelf, r.Code); err != nil {
		return f, err
	}
	used, err := taken(d.shelf, f.Code)
	if err != nil {
		return f, err
	}
	run, err := d.shelf.run()
	switch {
	case err != nil:
		return f, err
	case !bytes.Equal(f.Shown, shown) || !f.Asked.Equal(r.Asked) || !f.Until.Equal(r.Until):
		return f, ErrMoved
	case used:
		return f, ErrUsed
	case !d.now().Before(f.Until) || f.Run != run:
		return f, ErrExpired
	}
	return f, nil
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
