package main

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLoad and TestSoak are the measurement, short: every answer is right, every change
// is in the sandbox and has both its audit lines, and nothing grows.
func TestLoad(t *testing.T) {
	p := plan{callers: []int{1, 8}, rounds: 1, round: time.Second}
	measureShort(t, &p, "p99", "the audit verifies")
}

func TestSoak(t *testing.T) {
	p := plan{soak: 20 * time.Second, sample: time.Second, pace: 100}
	if testing.Short() {
		p.soak = 5 * time.Second
	}
	measureShort(t, &p, "goroutines", "the audit verifies")
}

func measureShort(t *testing.T, p *plan, words ...string) {
	if runtime.GOOS != "linux" {
		t.Skip("memory and processor time are read from /proc")
	}
	var out strings.Builder
	missed, err := p.run(t.Context(), &out)
	t.Log("\n" + out.String())
	if err != nil || missed > 0 {
		t.Errorf("%d aims missed: %v", missed, err)
	}
	for _, w := range words {
		if !strings.Contains(out.String(), w) {
			t.Errorf("nothing of %q", w)
		}
	}
}

// TestGrowthIsSeen: what grows is told from what goes up and down.
func TestGrowthIsSeen(t *testing.T) {
	for _, c := range []struct {
		what  string
		of    func(i int) look
		grows string
	}{
		{"steady", func(i int) look {
			return look{goroutines: 80 + float64(i%7), descriptors: 90, heap: float64(20+i%10) * (1 << 20)}
		}, ""},
		{"a leak of goroutines", func(i int) look { return look{goroutines: 80 + 2*float64(i)} }, "goroutines"},
		{"of descriptors", func(i int) look { return look{descriptors: float64(i)} }, "descriptors"},
		{"of memory", func(i int) look { return look{heap: float64(i) * (1 << 20)} }, "next GC MB"},
		{"filled at first", func(i int) look { return look{goroutines: float64(min(i, 20))} }, ""},
	} {
		var at []float64
		var looks []look
		for i := range 60 {
			at, looks = append(at, float64(10*i)), append(looks, c.of(i))
		}
		grown := ""
		for _, g := range growths(at, looks) {
			if g.grows() {
				grown = g.what
			}
		}
		if grown != c.grows {
			t.Errorf("%s: %q grows, want %q", c.what, grown, c.grows)
		}
	}
}

// TestWrongAnswersAreSeen: a call that is not answered as it should be ends the run.
func TestWrongAnswersAreSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory and processor time are read from /proc")
	}
	r, err := start(t.Context(), 1, usual, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	c := r.callers[0]
	if err := r.call(c); err != nil {
		t.Fatal(err)
	}
	c.wants[1] = "something else"
	if err := r.call(c); err == nil {
		t.Error("a wrong answer passes")
	}
	c.changes++ // one that was never made
	var out strings.Builder
	if err := r.judge(t.Context(), &out); err == nil {
		t.Errorf("a change without lines passes: %s", out.String())
	}
}
