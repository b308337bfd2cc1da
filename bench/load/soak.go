package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// soak calls at a moderate pace and looks for growth.
func (r *rig) soak(ctx context.Context, p *plan, out io.Writer) (missed int, err error) {
	if err := r.warm(ctx); err != nil {
		return 0, err
	}
	var all sample
	var looks []look
	var at []float64
	begin := time.Now()
	fmt.Fprintln(out, "     at   calls/s      p50      p99  goroutines  descriptors   resident    next GC")
	for time.Since(begin) < p.soak {
		var s sample
		if err := r.drive(ctx, min(16, len(r.callers)), p.sample, p.pace, r.call, &s); err != nil {
			return 0, err
		}
		l, err := r.look(ctx)
		if err != nil {
			return 0, err
		}
		looks, at = append(looks, l), append(at, time.Since(begin).Seconds())
		fmt.Fprintf(out, "%7.0fs %9.0f %8s %8s %11.0f %12.0f %7.1f MB %7.1f MB\n", time.Since(begin).Seconds(), s.rate(), show(s.at(50)), show(s.at(99)),
			l.goroutines, l.descriptors, l.resident/(1<<20), l.heap/(1<<20))
		all.took, all.whole = append(all.took, s.took...), all.whole+s.whole
	}
	fmt.Fprintf(out, "%d calls, p50 %s, p99 %s\n", len(all.took), show(all.at(50)), show(all.at(99)))
	for _, g := range growths(at, looks) {
		word := "ok"
		if g.grows() {
			word = "GROWS"
			missed++
		}
		fmt.Fprintf(out, "%-12s %s from %.1f to %.1f over the second half, by the line that fits best; at most %.1f more\n", g.what, word, g.from, g.to, g.allowed)
	}
	return missed, nil
}

// steadyMB is how much memory may grow over the second half of a run: less than it goes
// up and down by itself in a run of seconds would say nothing.
const steadyMB = 10

// pool is how many connections the server keeps to the sandbox, each with two goroutines:
// one slow moment can open them all.
const pool = 16

// growth is the line that fits best to what was seen, in the second half of a run: the
// first fills caches and pools.
type growth struct {
	what              string
	from, to, allowed float64
}

func (g growth) grows() bool { return g.to-g.from > g.allowed }

func growths(at []float64, looks []look) []growth {
	half := len(looks) / 2
	at, looks = at[half:], looks[half:]
	const mb = 1 << 20
	kinds := []struct {
		what    string
		of      func(look) float64
		allowed float64 // more is growth
	}{
		{"goroutines", func(l look) float64 { return l.goroutines }, 2 * pool},
		{"descriptors", func(l look) float64 { return l.descriptors }, pool},
		{"resident MB", func(l look) float64 { return l.resident / mb }, steadyMB},
		// the heap goes up and down with every collection; where the next one begins follows
		// what was left by the last
		{"next GC MB", func(l look) float64 { return l.heap / mb }, steadyMB},
	}
	var out []growth
	for _, k := range kinds {
		var y []float64
		for _, l := range looks {
			y = append(y, k.of(l))
		}
		from, to := fit(at, y)
		out = append(out, growth{k.what, from, to, k.allowed})
	}
	return out
}

// fit gives the ends of the line of least squares.
func fit(x, y []float64) (from, to float64) {
	if len(x) == 0 {
		return 0, 0
	}
	n := float64(len(x))
	var mx, my, xy, xx float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
	}
	slope := 0.0
	if xx > 0 {
		slope = xy / xx
	}
	return my + slope*(x[0]-mx), my + slope*(x[len(x)-1]-mx)
}
