package auth

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type fakeClock struct{ t atomic.Int64 } // Unix milliseconds

func newClock() *fakeClock {
	c := &fakeClock{}
	c.t.Store(time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC).UnixMilli())
	return c
}
func (c *fakeClock) now() time.Time      { return time.UnixMilli(c.t.Load()) }
func (c *fakeClock) add(d time.Duration) { c.t.Add(d.Milliseconds()) }

func newTestSealer(t testing.TB, fill byte, c *fakeClock) *Sealer {
	t.Helper()
	s, err := NewSealer(bytes.Repeat([]byte{fill}, 32), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var plan = []byte(`{"principal":"helpdesk","tool":"devices_erase","targets":["a","b"]}`)

func TestSealOpensOnce(t *testing.T) {
	s := newTestSealer(t, 1, newClock())
	seal := s.Seal(plan, time.Minute)
	for i, want := range []error{nil, ErrSealUsed, ErrSealUsed} {
		if err := s.Open(seal, plan); !errors.Is(err, want) {
			t.Errorf("use %d: %v", i+1, err)
		}
	}
	// What was done has changed the target: "used" is the truth, not "moved".
	if err := s.Open(seal, []byte("other")); !errors.Is(err, ErrSealUsed) {
		t.Errorf("other content after use: %v", err)
	}
	if a, b := s.Seal(plan, time.Minute), s.Seal(plan, time.Minute); a == b {
		t.Error("two approvals of one plan are the same")
	}
}

func TestSealOfOtherContent(t *testing.T) {
	s := newTestSealer(t, 1, newClock())
	seal := s.Seal(plan, time.Minute)
	for _, other := range [][]byte{[]byte("x"), append(bytes.Clone(plan), ' '), plan[1:], bytes.Replace(plan, []byte("b"), []byte("c"), 1)} {
		if err := s.Open(seal, other); !errors.Is(err, ErrSealMoved) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if err := s.Open(seal, plan); err != nil {
		t.Errorf("a wrong content used the seal up: %v", err)
	}
	if err := s.Open(s.Seal(nil, time.Minute), nil); !errors.Is(err, ErrSealInvalid) {
		t.Errorf("an approval of nothing: %v", err)
	}
}

func TestSealExpires(t *testing.T) {
	c := newClock()
	s := newTestSealer(t, 1, c)
	seal, late, long, never := s.Seal(plan, time.Minute), s.Seal(plan, time.Minute), s.Seal(plan, 1000*time.Hour), s.Seal(plan, -time.Second)
	if err := s.Open(never, plan); !errors.Is(err, ErrSealExpired) {
		t.Errorf("no time at all: %v", err)
	}
	c.add(time.Minute - time.Millisecond)
	if err := s.Open(seal, plan); err != nil {
		t.Errorf("in time: %v", err)
	}
	c.add(time.Millisecond)
	for _, content := range [][]byte{plan, []byte("other")} {
		if err := s.Open(late, content); !errors.Is(err, ErrSealExpired) {
			t.Errorf("too late: %v", err)
		}
	}
	c.add(maxSealTTL)
	if err := s.Open(long, plan); !errors.Is(err, ErrSealExpired) {
		t.Errorf("after a day: %v", err)
	}
}

func TestSealCannotBeChanged(t *testing.T) {
	c := newClock()
	s := newTestSealer(t, 1, c)
	seal := s.Seal(plan, time.Minute)
	tried := 0
	refuse := func(what, forged string) {
		t.Helper()
		tried++
		if err := s.Open(forged, plan); !errors.Is(err, ErrSealInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range seal { // every bit of the text
		for bit := byte(1); bit != 0; bit <<= 1 {
			b := []byte(seal)
			b[i] ^= bit
			refuse("text", string(b))
		}
	}
	raw, _ := base64.RawURLEncoding.DecodeString(seal)
	for i := range raw { // and of what it stands for
		for bit := byte(1); bit != 0; bit <<= 1 {
			b := bytes.Clone(raw)
			b[i] ^= bit
			refuse("bytes", base64.RawURLEncoding.EncodeToString(b))
		}
	}
	for i := range seal {
		refuse("cut", seal[:i])
		refuse("line end", seal[:i]+"\n"+seal[i:]) // encoding/base64 passes over it
		refuse("line end in place", seal[:i]+"\n"+seal[i+1:])
	}
	for _, x := range []string{"", "=", seal + "=", seal + seal, seal + "A", " " + seal, strings.Repeat("A", len(seal)), strings.Repeat("A", 1<<20)} {
		refuse("other text", x)
	}
	refuse("another key", newTestSealer(t, 2, c).Seal(plan, time.Minute))
	random, err := NewSealer(nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	refuse("a random key", random.Seal(plan, time.Minute))
	if err := newTestSealer(t, 1, c).Open(seal, plan); err != nil {
		t.Errorf("the same master in another process: %v", err)
	}
	if err := s.Open(seal, plan); err != nil {
		t.Errorf("the forgeries used the seal up: %v", err)
	}
	t.Logf("%d forgeries refused", tried)
}

func TestSealSaysNothingOfItsContent(t *testing.T) {
	s := newTestSealer(t, 1, newClock())
	if a, b := s.Seal([]byte("x"), time.Minute), s.Seal(bytes.Repeat([]byte("long "), 10_000), time.Minute); len(a) != len(b) || len(a) > 200 {
		t.Errorf("lengths %d and %d", len(a), len(b))
	}
}

func TestOneOfManyUsesWins(t *testing.T) {
	s := newTestSealer(t, 1, newClock())
	for range 200 {
		seal := s.Seal(plan, time.Minute)
		var won, used atomic.Int64
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				switch err := s.Open(seal, plan); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrSealUsed):
					used.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || used.Load() != 31 {
			t.Fatalf("%d won, %d were told that it is used", won.Load(), used.Load())
		}
	}
}

func TestUsedSealsAreForgottenSafely(t *testing.T) {
	c := newClock()
	s := newTestSealer(t, 1, c)
	s.limit = 100
	var used []string
	open := func(n int, ttl time.Duration) {
		for range n {
			seal := s.Seal(plan, ttl)
			if err := s.Open(seal, plan); err != nil {
				t.Fatal(err)
			}
			used = append(used, seal)
		}
	}
	open(100, time.Minute)
	c.add(2 * time.Minute)
	open(1, time.Hour) // makes room: all others have expired
	if len(s.used) != 1 {
		t.Errorf("%d are remembered", len(s.used))
	}
	c.add(-2 * time.Minute) // a clock set back must not open them again
	for _, seal := range used[:100] {
		if err := s.Open(seal, plan); !errors.Is(err, ErrSealExpired) {
			t.Fatalf("forgotten seal: %v", err)
		}
	}
	c.add(2 * time.Minute)
	for i := range 300 { // more in use than can be remembered: the first to expire go
		open(1, time.Hour+time.Duration(i)*time.Second)
	}
	if len(s.used) > s.limit {
		t.Errorf("%d are remembered", len(s.used))
	}
	for i, seal := range used {
		if err := s.Open(seal, plan); err == nil {
			t.Fatalf("seal %d opened twice", i)
		}
	}
	if err := s.Open(s.Seal(plan, 12*time.Hour), plan); err != nil {
		t.Errorf("a new seal: %v", err)
	}
}

func TestNewSealerRefusesAShortMaster(t *testing.T) {
	for _, n := range []int{0, 1, 31} {
		if _, err := NewSealer(make([]byte, n), nil); err == nil {
			t.Errorf("%d bytes", n)
		}
	}
	s, err := NewSealer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(s.Seal(plan, time.Minute), plan); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprintf("%+v", s); got != "approval sealer" {
		t.Error(got)
	}
}

func FuzzSealOpen(f *testing.F) {
	c := newClock()
	s := newTestSealer(f, 1, c)
	f.Add("")
	f.Add(s.Seal([]byte("other"), time.Minute))
	f.Add(newTestSealer(f, 2, c).Seal(plan, time.Minute))
	f.Fuzz(func(t *testing.T, state string) {
		if err := s.Open(state, plan); err == nil {
			t.Fatal("opened")
		}
	})
}
