// Command load measures the built server under load: calls a second, how long they
// take and what memory that needs, with OAuth, grants and an audit file, beside the
// bare sandbox that is sent the same requests, in one run. With -soak it runs for long
// and looks for growth. All three processes share the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// plan is what a run does.
type plan struct {
	callers []int
	rounds  int           // of each number of callers, by turns with the bare sandbox
	round   time.Duration // how long one takes
	soak    time.Duration // 0 is none
	sample  time.Duration // between two looks of the soak
	pace    int           // calls a second of the soak
	reads   bool          // only: no changes
	profile string        // where profiles of the server go; "" makes none
}

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes early must not leave processes behind
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := plan{callers: []int{1, 16, 64}}
	flag.IntVar(&p.rounds, "rounds", 3, "rounds for each number of callers, by turns with the bare sandbox")
	flag.DurationVar(&p.round, "round", 5*time.Second, "how long a round takes")
	flag.DurationVar(&p.soak, "soak", 0, "run for so long at a moderate pace instead, and look for growth")
	flag.IntVar(&p.pace, "pace", 300, "calls a second of the soak")
	flag.DurationVar(&p.sample, "sample", 10*time.Second, "between two looks of the soak")
	flag.StringVar(&p.profile, "profile", "", "write the server's profiles, pprof's, to files that begin so")
	flag.BoolVar(&p.reads, "reads", false, "only reads; else two calls of ten change something")
	only := flag.Int("callers", 0, "only this number of callers")
	flag.Parse()
	if *only > 0 {
		p.callers = []int{*only}
	}
	missed, err := p.run(ctx, os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	case missed > 0:
		fmt.Fprintf(os.Stderr, "load: %d aims missed\n", missed)
		os.Exit(1)
	}
}

// Aims of 64 callers, server, sandbox and client on two cores.
const (
	aimRate     = 2000.0
	aimResident = 150 << 20
)

// run does the plan and gives how many aims it missed. An error is a wrong answer, or
// that it could not be measured.
func (p *plan) run(ctx context.Context, out io.Writer) (missed int, err error) {
	mix := usual
	if p.reads {
		mix = readsOf(usual)
	}
	r, err := start(ctx, max(16, p.most()), mix, p.profile)
	if err != nil {
		return 0, err
	}
	defer r.close()
	if p.soak > 0 {
		missed, err = r.soak(ctx, p, out)
	} else {
		missed, err = r.measure(ctx, p, out)
	}
	if err != nil {
		return missed, err
	}
	return missed, r.judge(ctx, out)
}

func (p *plan) most() (n int) {
	for _, c := range p.callers {
		n = max(n, c)
	}
	return n
}

// measure has each number of callers call the server, and send the sandbox what the
// server would send it, by turns.
func (r *rig) measure(ctx context.Context, p *plan, out io.Writer) (missed int, err error) {
	if err := r.warm(ctx); err != nil {
		return 0, err
	}
	fmt.Fprintln(out, "callers   calls/s      p50      p99 | bare/s      p50      p99 | added p50  ratio | requests/call  server CPU/call  resident")
	for _, n := range p.callers {
		var served, bare sample
		before, err := r.look(ctx)
		if err != nil {
			return 0, err
		}
		for range p.rounds {
			if err := r.drive(ctx, n, p.round, 0, r.call, &served); err != nil {
				return 0, err
			}
			if err := r.drive(ctx, n, p.round, 0, r.bare, &bare); err != nil {
				return 0, err
			}
		}
		after, err := r.look(ctx)
		if err != nil {
			return 0, err
		}
		calls := float64(len(served.took))
		fmt.Fprintf(out, "%7d %9.0f %8s %8s | %6.0f %8s %8s | %9s  %5.2f | %13.2f  %15s  %5.1f MB\n", n,
			served.rate(), show(served.at(50)), show(served.at(99)), bare.rate(), show(bare.at(50)), show(bare.at(99)),
			show(served.at(50)-bare.at(50)), bare.rate()/served.rate(),
			(after.upstream-before.upstream)/calls, show(time.Duration((after.cpu-before.cpu)/calls*1e9)), float64(r.peak())/(1<<20))
		r.byTool(out)
		if n == 64 && served.rate() < aimRate {
			missed++
			fmt.Fprintf(out, "missed: %.0f calls a second at 64 callers, at least %.0f\n", served.rate(), aimRate)
		}
	}
	if peak := r.peak(); peak > aimResident {
		missed++
		fmt.Fprintf(out, "missed: %d MB resident at most, at most %d\n", peak>>20, aimResident>>20)
	}
	return missed, nil
}

// byTool says how long the calls of each tool took since it was last asked.
func (r *rig) byTool(out io.Writer) {
	for _, tool := range []string{"users_get", "users_list", "user_groups_list", "user_groups_members_change"} {
		var of sample
		for _, c := range r.callers {
			of.took = append(of.took, c.took[tool]...)
			delete(c.took, tool)
		}
		fmt.Fprintf(out, "        %-27s %7d: p50 %s, p99 %s\n", tool, len(of.took), show(of.at(50)), show(of.at(99)))
	}
}

func show(d time.Duration) string { return fmt.Sprintf("%.2fms", float64(d)/1e6) }
