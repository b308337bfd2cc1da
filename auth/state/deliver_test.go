package state

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

func TestDeliver(t *testing.T) {
	d, c := open(t)
	k, other := key(t, "it-lead"), key(t, "boss")
	r := approved(t, d, plan(), k)
	to := approver(k, "*")
	canary := []byte("CANARY-recovery-key-4711")
	must(t, d.Deliver(background(), r.Code, to, canary, 0))
	must(t, d.Deliver(background(), r.Code, to, []byte("second"), time.Hour))
	if bytes.Contains(everything(t, d), canary) {
		t.Error("the secret is on disk in clear")
	}
	if e, _ := d.Entry(r.Code); e.Secrets != 2 {
		t.Errorf("%d secrets", e.Secrets)
	}
	if _, err := d.Reveal(background(), r.Code, other); !errors.Is(err, ErrNotForYou) {
		t.Errorf("opened by another: %v", err)
	}
	got, err := d.Reveal(background(), r.Code, k)
	if err != nil || len(got) != 2 || !bytes.Equal(got[0], canary) || string(got[1]) != "second" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := d.Reveal(background(), r.Code, k); !errors.Is(err, ErrNoSecret) {
		t.Errorf("shown twice: %v", err)
	}
	must(t, d.Deliver(background(), r.Code, to, canary, time.Minute))
	c.add(time.Minute)
	if got, err := d.Reveal(background(), r.Code, k); !errors.Is(err, ErrNoSecret) {
		t.Errorf("after its time: %q, %v", got, err)
	}
	for name, err := range map[string]error{
		"nothing":  d.Deliver(background(), r.Code, to, nil, 0),
		"too long": d.Deliver(background(), r.Code, to, make([]byte, maxSecret+1), 0),
		"no key":   d.Deliver(background(), r.Code, auth.Approver{Name: "x"}, canary, 0),
		"no code":  d.Deliver(background(), "..", to, canary, 0),
	} {
		if err == nil || bytes.Contains([]byte(err.Error()), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretCannotBeChangedOrMoved(t *testing.T) {
	d, _ := open(t)
	k := key(t, "it-lead")
	must(t, d.Deliver(background(), "ABCDEFGH", approver(k, "*"), []byte("secret"), 0))
	path := approval("ABCDEFGH", "1.secret")
	good, err := d.shelf.read(path)
	must(t, err)
	for i := range good {
		for bit := byte(1); bit != 0; bit <<= 1 {
			bad := bytes.Clone(good)
			bad[i] ^= bit
			must(t, d.lay(path, bad))
			if got, err := d.Reveal(background(), "ABCDEFGH", k); err == nil {
				t.Fatalf("byte %d: %q", i, got)
			}
		}
	}
	must(t, d.lay(approval("ABCDEFGJ", "1.secret"), bytes.Replace(good, []byte("ABCDEFGH"), []byte("ABCDEFGJ"), 1)))
	if got, err := d.Reveal(background(), "ABCDEFGJ", k); err == nil {
		t.Errorf("under another code: %q", got)
	}
}

func TestSecretIsShownOnceToMany(t *testing.T) {
	d, _ := open(t)
	k := key(t, "it-lead")
	must(t, d.Deliver(background(), "ABCDEFGH", approver(k, "*"), []byte("secret"), 0))
	var shown atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, err := d.Reveal(background(), "ABCDEFGH", k); err == nil {
				shown.Add(1)
			}
		})
	}
	wg.Wait()
	if shown.Load() != 1 {
		t.Errorf("shown %d times", shown.Load())
	}
}
