// Command bench measures the built server: the tokens of its list and of its
// answers, whether they are right, and what they cost JumpCloud. It starts the
// product twice, as sandbox and as server, and drives the server over stdio as
// an agent's client would. Nothing that is measured is linked into it: truth is
// counted from the sandbox's own data.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// sizes are the numbers of users that everything has to hold at.
var sizes = []int{120, 10_000}

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes early must not leave the sandbox behind
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	readme := flag.Bool("readme", false, "write the tables into README.md and docs/measured.md")
	only := flag.String("job", "", "run this job alone and show its answers, such as W06")
	flag.Parse()
	missed, err := run(ctx, *readme, *only)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	case missed > 0:
		fmt.Fprintf(os.Stderr, "bench: %d targets missed\n", missed)
		os.Exit(1)
	}
}

// run measures all, writes the results and gives the number of targets missed.
func run(ctx context.Context, readme bool, only string) (int, error) {
	root, err := moduleRoot()
	if err != nil {
		return 0, err
	}
	b, err := build(ctx, root)
	if err != nil {
		return 0, err
	}
	defer b.remove()
	res := &results{}
	for _, users := range sizes {
		if err := b.measure(ctx, users, only, res); err != nil {
			return 0, fmt.Errorf("at %d users: %w", users, err)
		}
	}
	if only != "" {
		fmt.Fprintln(os.Stdout, res.sizeTable()+"\n"+res.jobTable())
		return res.missed(), nil
	}
	raw, err := json.MarshalIndent(res, "", "\t")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(root, "bench", "results.json"), append(raw, '\n'), 0o644); err != nil {
		return 0, err
	}
	fmt.Fprintln(os.Stdout, res.sizeTable()+"\n"+res.jobTable())
	if readme {
		err = res.publish(root)
	}
	return res.missed(), err
}

// measure does everything at one size.
func (b *binary) measure(ctx context.Context, users int, only string, res *results) error {
	r, err := b.rig(ctx, users)
	if err != nil {
		return err
	}
	defer r.close()
	if only == "" {
		if err := r.sizes(ctx, res); err != nil {
			return err
		}
		if err := r.export(ctx, res); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		if only != "" && j.id != only {
			continue
		}
		row, answers, err := r.do(ctx, j)
		if err != nil {
			return fmt.Errorf("%s: %w", j.id, err)
		}
		res.Jobs = append(res.Jobs, row)
		if only != "" {
			for _, a := range answers {
				fmt.Fprintf(os.Stdout, "--- %s at %d users, %d tokens\n%s\n", a.call, users, a.tokens, a.text)
			}
			for _, q := range r.proxy.requests() {
				fmt.Fprintf(os.Stdout, "> %s %s\n", q.method, q.uri)
			}
		}
	}
	res.look(r)
	return nil
}

// moduleRoot is the folder of go.mod, from the current one upwards.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the current folder")
		}
		dir = up
	}
}
