package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// slowClock is a time that tests move.
type slowClock struct{ t atomic.Int64 }

func newSlowClock(t time.Time) *slowClock {
	c := &slowClock{}
	c.t.Store(t.UnixNano())
	return c
}
func (c *slowClock) now() time.Time       { return time.Unix(0, c.t.Load()).UTC() }
func (c *slowClock) pass(d time.Duration) { c.t.Add(int64(d)) }

func changeOf(t *testing.T, tool string, n int) Action {
	t.Helper()
	a := someTools().action(t, tool)
	for i := range n {
		a.Targets = append(a.Targets, user(fmt.Sprint(i)))
	}
	a.Objects = n
	return a
}

func TestSpend(t *testing.T) {
	clock := newSlowClock(office)
	e := Enforce(parsed(t, "ceiling: {writes_per_minute: 10}\n"+agent(
		"{do: [users_unlock], at_most: {per_call: 2, per_hour: 4}}", "{write: [users], at_most: {per_hour: 100}}")), EnforcerOptions{Now: clock.now})
	spend := func(n int, want bool, words string) func() {
		t.Helper()
		back, dec := e.Spend(t.Context(), someone, changeOf(t, "users_unlock", n))
		if dec.Allow != want || !strings.Contains(dec.Reason+" "+dec.Rule, words) || back == nil {
			t.Errorf("%d: %+v", n, dec)
		}
		return back
	}
	spend(2, true, "line 7")
	back := spend(2, true, "line 7")
	spend(1, false, "at most 4 objects an hour; there is room again at 2026-11-05 12:00:00Z grants.yaml line 7")
	back()
	back() // a second time gives nothing back
	clock.pass(10 * time.Second)
	spend(2, true, "line 7")
	spend(3, true, "line 8") // over per_call: the next line, whose quota is another
	spend(4, false, "a ceiling of 10 objects a minute for all agents; there is room again at 2026-11-05 11:01:00Z grants.yaml line 1")
	spend(3, true, "line 8")
	clock.pass(time.Minute)
	spend(11, false, "a ceiling of 10 objects a minute for all agents, and this changes 11")
	spend(1, false, "an hour")
	clock.pass(time.Hour)
	spend(3, true, "line 8")
	spend(2, true, "line 7") // 5 in this hour, of two quotas
	if _, dec := e.Spend(t.Context(), someone, someTools().action(t, "users_list")); !dec.Allow {
		t.Errorf("a read: %+v", dec)
	}
	if back, dec := e.Spend(t.Context(), someone, changeOf(t, "users_delete", 1)); dec.Allow || back == nil {
		t.Errorf("what is not granted: %+v", dec)
	}
}

// TestARefusedQuotaIsNotCharged: what the ceiling refuses is not counted against the line.
func TestARefusedQuotaIsNotCharged(t *testing.T) {
	clock := newSlowClock(office)
	e := Enforce(parsed(t, "ceiling: {writes_per_minute: 1}\n"+agent("{write: [users], at_most: {per_hour: 2}}")), EnforcerOptions{Now: clock.now})
	for i := range 5 {
		if _, dec := e.Spend(t.Context(), someone, changeOf(t, "users_update", 1)); dec.Allow != (i == 0) {
			t.Errorf("%d: %+v", i, dec)
		}
	}
	clock.pass(time.Minute)
	if _, dec := e.Spend(t.Context(), someone, changeOf(t, "users_update", 1)); !dec.Allow {
		t.Errorf("%+v", dec)
	}
}

type brokenMeter struct{}

func (brokenMeter) Add(context.Context, int, ...Quota) (*Full, error) { return nil, errDirectory }
func (brokenMeter) Back(context.Context, int, ...Quota)               {}

func TestAMeterThatFailsStopsChanges(t *testing.T) {
	e := Enforce(parsed(t, agent("{write: [users], at_most: {per_hour: 2}}")), EnforcerOptions{Meter: brokenMeter{}})
	if _, dec := e.Spend(t.Context(), someone, changeOf(t, "users_update", 1)); dec.Allow || !strings.Contains(dec.Reason, "cannot be counted") {
		t.Errorf("%+v", dec)
	}
	if _, dec := e.Spend(t.Context(), someone, someTools().action(t, "users_list")); !dec.Allow {
		t.Errorf("%+v", dec)
	}
}

func TestQuotasOfManyAtOnce(t *testing.T) {
	e := Enforce(parsed(t, "ceiling: {writes_per_day: 100}\n"+agent("{write: [users], at_most: {per_hour: 60}}")), EnforcerOptions{Now: at(office)})
	a := changeOf(t, "users_update", 3)
	var done atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if _, dec := e.Spend(context.Background(), someone, a); dec.Allow {
				done.Add(3)
			}
		})
	}
	if wg.Wait(); done.Load() != 60 {
		t.Errorf("%d objects, not 60", done.Load())
	}
}

// TestNothingPassesTheCeiling: whatever is asked in whatever order, by whichever agent,
// no call changes more objects than the ceiling, and in no window of a minute or a day
// are more changed than it says. What is given back was not changed.
func TestNothingPassesTheCeiling(t *testing.T) {
	tools := someTools()
	rapid.Check(t, func(t *rapid.T) {
		perCall, perMinute, perDay := rapid.IntRange(1, 9).Draw(t, "call"), rapid.IntRange(1, 20).Draw(t, "minute"), rapid.IntRange(1, 60).Draw(t, "day")
		hourly := rapid.IntRange(1, 30).Draw(t, "hour")
		rules, err := ParseGrants("g.yaml", []byte(fmt.Sprintf(`version: 1
ceiling: {objects_per_call: %d, writes_per_minute: %d, writes_per_day: %d}
agents:
  a: {who: [{local: a}], may: [{write: [users], at_most: {per_hour: %d}}, {do: [users_delete], approve: none}]}
  b: {who: [{local: b}], may: [{write: ["*"], at_most: {per_call: 4}}, {write: [devices]}]}
`, perCall, perMinute, perDay, hourly)), tools)
		if err != nil {
			t.Fatal(err)
		}
		clock := newSlowClock(office)
		e := Enforce(rules, EnforcerOptions{Now: clock.now})
		type change struct {
			at   time.Time
			n    int
			line bool // counts against the hourly quota
		}
		var done []change
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			clock.pass(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			if rapid.IntRange(0, 30).Draw(t, "pause") == 0 {
				clock.pass(23 * time.Hour)
			}
			f := tools[rapid.IntRange(0, len(tools)-1).Draw(t, "tool")]
			p := Principal{Agent: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "agent")}
			n := rapid.IntRange(1, 12).Draw(t, "objects")
			a := Action{Tool: f.Name, Toolset: f.Toolset, Risk: f.Risk, Targets: []Target{{"user", "1", "x"}}, Objects: n}
			if f.Toolset == carriers || f.Risk == Read || !e.Decide(context.Background(), p, a).Allow {
				continue
			}
			back, dec := e.Spend(context.Background(), p, a)
			switch {
			case !dec.Allow:
			case rapid.IntRange(0, 3).Draw(t, "fails") == 0:
				back()
			default:
				done = append(done, change{clock.now(), n, p.Agent == "a" && f.Risk == Change})
			}
		}
		for i, last := range done {
			minute, hour, day := 0, 0, 0
			for _, c := range done[:i+1] {
				if age := last.at.Sub(c.at); age < 24*time.Hour {
					day += c.n
					if age < time.Hour && c.line {
						hour += c.n
					}
					if age < time.Minute {
						minute += c.n
					}
				}
			}
			if last.n > perCall || minute > perMinute || day > perDay || hour > hourly {
				t.Fatalf("%d in a call (%d), %d a minute (%d), %d an hour (%d), %d a day (%d)", last.n, perCall, minute, perMinute, hour, hourly, day, perDay)
			}
		}
	})
}

func TestMeter(t *testing.T) {
	clock := newSlowClock(office)
	m, ctx := NewMeter(clock.now), t.Context()
	add := func(n int, want bool) time.Time {
		t.Helper()
		full, err := m.Add(ctx, n, Quota{"k", time.Minute, 5})
		if (full == nil) != want || err != nil {
			t.Errorf("%d: %v %v", n, full, err)
		}
		if full == nil {
			return time.Time{}
		}
		return full.Free
	}
	add(3, true)
	clock.pass(20 * time.Second)
	add(2, true)
	if retry := add(1, false); !retry.Equal(office.Add(time.Minute)) {
		t.Errorf("again at %v", retry)
	}
	if retry := add(4, false); !retry.Equal(office.Add(80 * time.Second)) {
		t.Errorf("again at %v", retry)
	}
	if retry := add(6, false); !retry.IsZero() {
		t.Errorf("never fits, and is told %v", retry)
	}
	m.Back(ctx, 1, Quota{Key: "k"})
	add(1, true)
	m.Back(ctx, 3, Quota{Key: "k"}) // of two entries
	add(4, false)
	add(3, true)
	clock.pass(-time.Hour) // a clock that is set back frees nothing
	add(1, false)
	clock.pass(time.Hour + 41*time.Second)
	add(3, false)
	add(2, true)
	m.Back(ctx, 100, Quota{Key: "k"})
	m.Back(ctx, 1, Quota{Key: "unknown"})
	if len(m.keys) != 0 {
		t.Errorf("%v is left", m.keys)
	}
}
