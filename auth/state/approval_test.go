package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jc-mcp/jc-mcp/auth"
)

func TestApproval(t *testing.T) {
	d, c := open(t)
	k := key(t, "it-lead")
	who := approvers(k)
	r, fresh, err := d.Ask(background(), plan())
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	if again, fresh, err := d.Ask(background(), plan()); err != nil || fresh || again.Code != r.Code || !again.Until.Equal(c.now().Add(defaultWait)) {
		t.Errorf("asked again: %v until %v, %v", again.Code, again.Until, err)
	}
	if _, err := d.Take(background(), r, who); !errors.Is(err, ErrPending) {
		t.Errorf("not answered: %v", err)
	}
	list, err := d.Pending()
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	want := r
	want.Before = map[string]any{"mfa": "on", "count": json.Number("12345678901234567")}
	if diff := cmp.Diff(Entry{Request: want, Status: Pending}, list[0], cmpopts.IgnoreUnexported(Request{})); diff != "" {
		t.Error(diff)
	}
	c.add(time.Minute)
	must(t, d.Approve(background(), list[0].Request, k))
	if e, err := d.Entry(strings.ToLower(r.Code[:4] + "-" + r.Code[4:])); err != nil || e.Status != Approved || e.By != "it-lead" || !e.At.Equal(c.now()) {
		t.Errorf("%+v, %v", e, err)
	}
	c.add(time.Minute)
	r, _, err = d.Ask(background(), plan()) // the agent repeats the call
	must(t, err)
	got, err := d.Take(background(), r, who)
	if err != nil || got.By.Name != "it-lead" || got.Code != r.Code {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := d.Take(background(), r, who); !errors.Is(err, ErrUsed) {
		t.Errorf("taken again: %v", err)
	}
	if e, _ := d.Entry(r.Code); e.Status != Used {
		t.Error(e.Status)
	}
	next, _, err := d.Ask(background(), plan())
	if err != nil || next.Code == r.Code {
		t.Errorf("the next call has the old request: %v", err)
	}
	if all, _ := d.Entries(); len(all) != 2 {
		t.Errorf("%d entries", len(all))
	}
}

// The taken mark and the memory of use hold each without the other.
func TestUsedApprovalStaysUsed(t *testing.T) {
	d, _ := open(t)
	k := key(t, "it-lead")
	r := approved(t, d, plan(), k)
	_, err := d.Take(background(), r, approvers(k))
	must(t, err)
	must(t, d.shelf.remove(approval(r.Code, "taken")))
	for name, dir := range map[string]func() *Dir{
		"same":    func() *Dir { return d },
		"another": func() *Dir { return another(t, d.Path()) },
	} {
		if _, err := dir().Take(background(), r, approvers(k)); !errors.Is(err, ErrUsed) {
			t.Errorf("%s process: %v", name, err)
		}
	}
	// An agent that takes all traces away gets no further in this process.
	must(t, os.RemoveAll(d.local.file("used")))
	must(t, os.Mkdir(d.local.file("used"), 0o700))
	if _, err := d.Take(background(), r, approvers(k)); !errors.Is(err, ErrUsed) {
		t.Errorf("without traces: %v", err)
	}
}

func TestApprovalFitsOneCallOnly(t *testing.T) {
	k := key(t, "it-lead")
	cases := map[string]func(*Request){
		"other arguments":     func(r *Request) { r.After = map[string]any{"mfa": "off"} },
		"other before":        func(r *Request) { r.Before["count"] = 1 },
		"one more target":     func(r *Request) { r.Targets = append(r.Targets, auth.Target{Type: "user", ID: "61"}) },
		"one target less":     func(r *Request) { r.Targets = r.Targets[:1] },
		"other target":        func(r *Request) { r.Targets[0].ID = "99" },
		"other tool":          func(r *Request) { r.Tool = "users_delete" },
		"other agent":         func(r *Request) { r.Agent = "auditor" },
		"other principal":     func(r *Request) { r.Principal = "bob" },
		"other grant, target": func(r *Request) { r.Bound = bytes.Repeat([]byte{1}, 32) },
		"other words":         func(r *Request) { r.Question += "." },
		"other risk":          func(r *Request) { r.Risk = "read" },
		"other person":        func(r *Request) { r.OtherThan = "someone" },
		"no bound":            func(r *Request) { r.Bound = nil },
	}
	for name, change := range cases {
		d, _ := open(t)
		r := approved(t, d, plan(), k)
		evil := plan()
		change(&evil)
		if asked, _, err := d.Ask(background(), evil); err == nil {
			if asked.Code == r.Code {
				t.Errorf("%s: it is the same request", name)
			}
			if _, err := d.Take(background(), asked, approvers(k)); !errors.Is(err, ErrPending) {
				t.Errorf("%s: %v", name, err)
			}
		}
		evil.Code, evil.Asked, evil.Until = r.Code, r.Asked, r.Until
		if _, err := d.Take(background(), evil, approvers(k)); err == nil {
			t.Errorf("%s: taken", name)
		}
		// The agent writes its own request over the approved one.
		shown, _ := evil.shown()
		must(t, d.overwrite(approval(r.Code, "request"), requestFile{1, r.Code, r.Asked, r.Until, shown, d.runNow()}))
		if _, err := d.Take(background(), evil, approvers(k)); err == nil {
			t.Errorf("%s, forged: taken", name)
		}
	}
}

func TestApprovalInTime(t *testing.T) {
	k := key(t, "it-lead")
	d, c := open(t)
	r := approved(t, d, plan(), k)
	c.add(defaultWait)
	if _, err := d.Take(background(), r, approvers(k)); !errors.Is(err, ErrExpired) {
		t.Errorf("late: %v", err)
	}
	if e, _ := d.Entry(r.Code); e.Status != Expired {
		t.Error(e.Status)
	}
	late := r
	late.Until = late.Until.Add(time.Hour) // the file is given more time, and the call with it
	shown, _ := r.shown()
	must(t, d.overwrite(approval(r.Code, "request"), requestFile{1, r.Code, r.Asked, late.Until, shown, d.runNow()}))
	if _, err := d.Take(background(), late, approvers(k)); !errors.Is(err, ErrForged) {
		t.Errorf("prolonged: %v", err)
	}
	if again, _, err := d.Ask(background(), plan()); err != nil || again.Code == r.Code {
		t.Errorf("a prolonged request was given back: %v", err)
	}
	r, _, err := d.Ask(background(), func() Request { p := plan(); p.Agent = "b"; p.Until = c.now().Add(90 * time.Hour); return p }())
	if err != nil || r.Until.Sub(c.now()) != maxWait {
		t.Errorf("until %v, %v", r.Until, err)
	}
	e, _ := d.Entry(r.Code)
	c.add(maxWait)
	if err := d.Approve(background(), e.Request, k); !errors.Is(err, ErrExpired) {
		t.Errorf("approved late: %v", err)
	}
}

func TestWhoMayApprove(t *testing.T) {
	k := key(t, "it-lead")
	other, impostor := key(t, "intern"), key(t, "it-lead")
	for name, c := range map[string]struct {
		by   *Key
		list []auth.Approver
		want error
	}{
		"not on the list":      {other, approvers(k), ErrNotApprover},
		"nobody on the list":   {k, nil, ErrNotApprover},
		"not for this tool":    {k, []auth.Approver{approver(k, "devices_*")}, ErrNotApprover},
		"the name of another":  {impostor, approvers(k), ErrForged},
		"no key in the grants": {k, []auth.Approver{{Name: "it-lead", Key: "AAAA", May: []string{"*"}}}, ErrNotApprover},
		"right":                {k, append(approvers(other), approvers(k)...), nil},
	} {
		d, _ := open(t)
		r := approved(t, d, plan(), c.by)
		if _, err := d.Take(background(), r, c.list); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == nil {
			continue
		}
		// What proved nothing does not stand in the way of who may.
		if _, err := d.Take(background(), r, approvers(k)); !errors.Is(err, ErrPending) {
			t.Errorf("%s: then %v", name, err)
		}
		e, _ := d.Entry(r.Code)
		must(t, d.Approve(background(), e.Request, k))
		if _, err := d.Take(background(), r, approvers(k)); err != nil {
			t.Errorf("%s: at last %v", name, err)
		}
	}
}

func TestOtherHuman(t *testing.T) {
	d, _ := open(t)
	self, other := key(t, "Ada"), key(t, "it-lead")
	p := plan()
	p.OtherThan = "ada"
	r, _, err := d.Ask(background(), p)
	must(t, err)
	e, _ := d.Entry(r.Code)
	if err := d.Approve(background(), e.Request, self); !errors.Is(err, ErrNotApprover) {
		t.Errorf("approved by the one it acts for: %v", err)
	}
	// Signed all the same, by another program.
	f, _ := requestOf(d.shelf, r.Code)
	must(t, d.overwrite(approval(r.Code, "answer"), sign(self, f, true, f.Asked)))
	if _, err := d.Take(background(), r, approvers(self, other)); !errors.Is(err, ErrNotApprover) {
		t.Errorf("taken: %v", err)
	}
	must(t, d.Approve(background(), e.Request, other))
	if _, err := d.Take(background(), r, approvers(self, other)); err != nil {
		t.Error(err)
	}
}

func TestRefuse(t *testing.T) {
	d, c := open(t)
	k, other := key(t, "it-lead"), key(t, "boss")
	r := approved(t, d, plan(), k)
	e, _ := d.Entry(r.Code)
	if err := d.Approve(background(), e.Request, other); !errors.Is(err, ErrAnswered) {
		t.Errorf("approved twice: %v", err)
	}
	must(t, d.Refuse(background(), e.Request, other)) // a no beats a yes that was not used
	if err := d.Approve(background(), e.Request, k); !errors.Is(err, ErrAnswered) {
		t.Errorf("approved after the no: %v", err)
	}
	again, _, err := d.Ask(background(), plan())
	must(t, err)
	if _, err := d.Take(background(), again, approvers(k, other)); again.Code != r.Code || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "boss") {
		t.Errorf("%v", err)
	}
	d2, _ := open(t)
	r, _, err = d2.Ask(background(), plan())
	must(t, err)
	e, _ = d2.Entry(r.Code)
	must(t, d2.Refuse(background(), e.Request, k))
	for range 2 { // and it stays a no
		if _, err := d2.Take(background(), r, approvers(k)); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "it-lead") {
			t.Error(err)
		}
	}
	c.add(defaultWait)
	if e, _ := d2.Entry(r.Code); e.Status != Refused {
		t.Error(e.Status)
	}
}

// The request is swapped while a person reads it.
func TestWhatIsSignedIsWhatWasShown(t *testing.T) {
	d, _ := open(t)
	k := key(t, "it-lead")
	r, _, err := d.Ask(background(), plan())
	must(t, err)
	e, _ := d.Entry(r.Code)
	evil := plan()
	evil.Targets[0].ID = "99"
	shown, _ := evil.shown()
	must(t, d.overwrite(approval(r.Code, "request"), requestFile{1, r.Code, r.Asked, r.Until, shown, d.runNow()}))
	if err := d.Approve(background(), e.Request, k); err == nil || d.answerExists(r.Code) {
		t.Errorf("signed: %v", err)
	}
	if err := d.Approve(background(), r, k); err == nil {
		t.Error("signed what was never shown")
	}
	if err := d.Approve(background(), Request{Code: "ABCDEFGH"}, k); !errors.Is(err, ErrNoRequest) {
		t.Error(err)
	}
}

func (d *Dir) answerExists(code string) bool {
	a, _, err := answerOf(d.shelf, code)
	return a != nil || err != nil
}

func sign(k *Key, f requestFile, yes bool, at time.Time) answerFile {
	a := answerFile{Version: 1, Code: f.Code, Approver: k.name, Yes: yes, At: at}
	a.Signature = signature(k, &a, f)
	return a
}

func TestNoBitCanBeChanged(t *testing.T) {
	d, _ := open(t)
	k := key(t, "it-lead")
	r := approved(t, d, plan(), k)
	who := approvers(k)
	tried := 0
	for _, kind := range []string{"answer", "request"} {
		path := approval(r.Code, kind)
		good, err := d.shelf.read(path)
		must(t, err)
		answer, err := d.shelf.read(approval(r.Code, "answer"))
		must(t, err)
		for i := range good {
			for bit := byte(1); bit != 0; bit <<= 1 {
				bad := bytes.Clone(good)
				bad[i] ^= bit
				must(t, d.lay(approval(r.Code, "answer"), answer)) // what proves nothing is removed
				must(t, d.lay(path, bad))
				tried++
				if _, err := d.Take(background(), r, who); err == nil {
					t.Fatalf("%s with bit %d of byte %d changed was taken: %s", kind, bit, i, bad)
				}
			}
		}
		must(t, d.lay(path, good))
	}
	if _, err := d.Take(background(), r, who); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	t.Logf("%d bits changed, 0 taken", tried)
}

// An agent cannot bury a request that a person should see.
func TestTooManyRequests(t *testing.T) {
	d, c := open(t)
	ask := func(agent string, n int) error {
		p := plan()
		p.Agent, p.Question = agent, fmt.Sprint(n)
		_, _, err := d.Ask(background(), p)
		return err
	}
	for i := range maxPendingAgent {
		must(t, ask("a", i))
	}
	if err := ask("a", 99); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	if err := ask("a", 0); err != nil {
		t.Errorf("the old one: %v", err)
	}
	if err := ask("b", 0); err != nil {
		t.Errorf("another agent: %v", err)
	}
	c.add(defaultWait)
	if err := ask("a", 99); err != nil {
		t.Errorf("once they are over: %v", err)
	}
	p := plan()
	p.Question = strings.Repeat("x", maxRequest)
	if _, _, err := d.Ask(background(), p); err == nil {
		t.Error("no person reads that")
	}
}

func TestDamagedRequestsAreLeftOut(t *testing.T) {
	d, _ := open(t)
	r, _, err := d.Ask(background(), plan())
	must(t, err)
	for i, text := range []string{"", "{", "null", `{"version":1}`, `{"version":2,"code":"BBBBBBBB"}`} {
		must(t, d.lay(approval(fmt.Sprintf("BBBBBBB%d", i+2), "request"), []byte(text)))
	}
	must(t, d.lay("approvals/what.request", nil))
	if list, err := d.Entries(); err != nil || len(list) != 1 || list[0].Code != r.Code {
		t.Error(list, err)
	}
	if _, err := d.Entry("BBBBBBB2"); !errors.Is(err, errTorn) {
		t.Error(err)
	}
	for _, code := range []string{"", "../../x", "ABCDEFG", "ABCDEFGO", "ABCDEFG\x00"} {
		if _, err := d.Entry(code); err == nil {
			t.Errorf("%q was taken for a code", code)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	d, _ := open(b)
	k := key(b, "it-lead")
	for b.Loop() {
		r := approved(b, d, plan(), k)
		if _, err := d.Take(context.Background(), r, approvers(k)); err != nil {
			b.Fatal(err)
		}
		_ = d.shelf.remove(approval(r.Code, "request"))
	}
}

// A signature is good for the word that was said, at the time when it was said.
func TestSignatureCoversTheAnswer(t *testing.T) {
	d, c := open(t)
	k := key(t, "it-lead")
	r, _, err := d.Ask(background(), plan())
	must(t, err)
	f, err := requestOf(d.shelf, r.Code)
	must(t, err)
	for name, test := range map[string]struct {
		answer func() answerFile
		want   error
	}{
		"a no made a yes":    {func() answerFile { a := sign(k, f, false, c.now()); a.Yes = true; return a }, ErrForged},
		"given another time": {func() answerFile { a := sign(k, f, true, c.now()); a.At = a.At.Add(1); return a }, ErrForged},
		"signed for another": {func() answerFile {
			g := f
			g.Code = "ABCDEFGH"
			a := sign(k, g, true, c.now())
			a.Code = f.Code
			return a
		}, ErrForged},
		"signed by the other": {func() answerFile { a := sign(key(t, "boss"), f, true, c.now()); a.Approver = "it-lead"; return a }, ErrForged},
		"without signature":   {func() answerFile { a := sign(k, f, true, c.now()); a.Signature = nil; return a }, ErrForged},
		"before it was asked": {func() answerFile { return sign(k, f, true, f.Asked.Add(-1)) }, ErrExpired},
		"after its end":       {func() answerFile { return sign(k, f, true, f.Until) }, ErrExpired},
	} {
		must(t, d.overwrite(approval(r.Code, "answer"), test.answer()))
		if _, err := d.Take(background(), r, approvers(k)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, d.overwrite(approval(r.Code, "answer"), sign(k, f, true, c.now())))
	if _, err := d.Take(background(), r, approvers(k)); err != nil {
		t.Error(err)
	}
}
