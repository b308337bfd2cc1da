package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// line is one kept connection. It writes requests that are ready and reads answers:
// a client that costs little, since it runs beside what it measures.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	body bytes.Buffer
}

func dial(ctx context.Context, host string) (*line, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &line{conn: c, in: bufio.NewReader(c)}, nil
}

// send sends a request and gives the answer, which is good until the next one.
func (l *line) send(request []byte) (status int, body []byte, err error) {
	if err := l.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, nil, err
	}
	if _, err := l.conn.Write(request); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	l.body.Reset()
	_, err = io.Copy(&l.body, resp.Body)
	return resp.StatusCode, l.body.Bytes(), err
}

// sample are calls that were made, and in what time.
type sample struct {
	took   []time.Duration
	whole  time.Duration
	sorted bool
}

func (s *sample) rate() float64 { return float64(len(s.took)) / s.whole.Seconds() }

// at is a percentile.
func (s *sample) at(percent int) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	if !s.sorted {
		slices.Sort(s.took)
		s.sorted = true
	}
	return s.took[(len(s.took)-1)*percent/100]
}

// drive has n callers make calls for a while, one after the other, and adds what they
// took. pace is how many a second they make together; 0 is as many as they can.
func (r *rig) drive(ctx context.Context, n int, d time.Duration, pace int, call func(*caller) error, into *sample) error {
	begin := time.Now()
	ctx, stop := context.WithDeadline(ctx, begin.Add(d))
	defer stop()
	took := make([][]time.Duration, n)
	errs := make([]error, n)
	var turn atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				if pace > 0 {
					at := begin.Add(time.Duration(turn.Add(1)) * time.Second / time.Duration(pace))
					if !wait(ctx, time.Until(at)) {
						return
					}
				}
				start := time.Now()
				if err := call(r.callers[i]); err != nil {
					errs[i] = fmt.Errorf("caller %d: %w", i, err)
					stop()
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	into.whole += time.Since(begin)
	into.took, into.sorted = append(into.took, slices.Concat(took...)...), false
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
