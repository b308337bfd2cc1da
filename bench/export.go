package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	lateBy   = 50 * time.Millisecond // every request, as over a network
	abreast  = 6                     // requests at once of the bare client, as many as the server makes
	measured = 3                     // times
)

// export measures a list of all users that goes to a file: time beside a bare
// client that fetches the very same pages, and memory.
func (r *rig) export(ctx context.Context, res *results) error {
	dir := filepath.Join(r.b.dir, fmt.Sprintf("export-%d", r.users))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	s, err := r.serve(ctx, "--export-dir", dir)
	if err != nil {
		return err
	}
	defer s.close()
	if _, err := s.call(ctx, "users_list", arg{"limit": 1}); err != nil { // connections are open and names known in both
		return err
	}
	before := memory(s.cmd.Process.Pid, "VmRSS")
	r.proxy.slow(lateBy)
	defer r.proxy.slow(0)
	ratio, note := 1e9, ""
	var wrong error
	for range measured {
		r.proxy.forget()
		began := time.Now()
		a, err := s.call(ctx, "users_list", arg{"all": true, "export": "csv"})
		if err != nil {
			return err
		}
		ours := time.Since(began)
		if wrong = r.rightExport(dir, a); wrong != nil {
			break
		}
		pages := r.proxy.requests()
		took, err := r.bareFetch(ctx, pages)
		if err != nil {
			return err
		}
		if q := float64(ours) / float64(took); q < ratio {
			ratio, note = q, fmt.Sprintf("%v for %d requests; a bare client %v", ours.Round(time.Millisecond), len(pages), took.Round(time.Millisecond))
		}
	}
	t := target{Users: r.users, Name: "export of all users: time beside a bare client at 50 ms a request", Got: float64(int(ratio*100)) / 100, Most: 2, OK: wrong == nil && ratio <= 2, Why: note}
	if wrong != nil {
		t.Got, t.Why = 0, wrong.Error()
	}
	res.Targets = append(res.Targets, t)
	if runtime.GOOS != "linux" {
		return nil
	}
	peak, after := memory(s.cmd.Process.Pid, "VmHWM"), memory(s.cmd.Process.Pid, "VmRSS")
	res.Targets = append(res.Targets, target{Users: r.users, Name: "export of all users: peak memory (MiB)", Got: float64(peak >> 10), Most: peakMiB, OK: peak>>10 <= peakMiB,
		Why: fmt.Sprintf("%d MiB before, %d after", before>>10, after>>10)})
	return nil
}

// peakMiB bounds the memory of the server in an export, however long the list:
// what it takes at the start, its heap's slack, and a few pages.
const peakMiB = 48

// memory reads a line of /proc/PID/status, in KiB; 0 where there is none.
func memory(pid int, name string) int {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return n
		}
	}
	return 0
}

// rightExport: the newest file holds every user once.
func (r *rig) rightExport(dir string, a answer) error {
	if a.failed {
		return fmt.Errorf("%s", first(a.text))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no file in the folder (%w)", err)
	}
	slices.SortFunc(files, func(x, y string) int { return modified(x).Compare(modified(y)) })
	raw, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		return err
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, row[0])
	}
	want := texts(r.truth.users, "username")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the file has %d users, really %d, or others", len(got), len(want))
	}
	if !strings.Contains(a.text, fmt.Sprintf("exported %d rows", len(want))) {
		return fmt.Errorf("the answer says %q", first(a.text))
	}
	return nil
}

func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// bareFetch fetches the same pages through the same proxy, the first alone as
// it tells how many there are, the others side by side.
func (r *rig) bareFetch(ctx context.Context, pages []asked) (time.Duration, error) {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: abreast}}
	defer c.CloseIdleConnections()
	get := func(ctx context.Context, uri string) error {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.proxy.url+uri, nil)
		if err != nil {
			return err
		}
		q.Header.Set("x-api-key", sandboxKey)
		resp, err := c.Do(q)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	began := time.Now()
	for i, p := range pages {
		if p.method != http.MethodGet {
			return 0, fmt.Errorf("the export sent a %s to %s", p.method, p.path)
		}
		if i > 0 {
			break
		}
		if err := get(ctx, p.uri); err != nil {
			return 0, err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(abreast)
	for _, p := range pages[min(1, len(pages)):] {
		g.Go(func() error { return get(gctx, p.uri) })
	}
	err := g.Wait()
	return time.Since(began), err
}
