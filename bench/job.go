package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// job is something an administrator asks, with the calls that a good agent
// makes for it and what they may cost. It is data: a job whose tool is not
// there yet is reported as missing and runs as soon as it is.
type job struct {
	id, request string
	calls       int    // at most
	tokens      int    // of all answers, at most
	perRow      int    // tokens more for each row of the answer
	fanOut      int    // requests to JumpCloud beyond 3 + ceil(rows/100)
	grants      string // the grant file that it is done under; "" for none
	before      way    // what was done before; not measured
	ways        []way
	rows        func(*rig) int // rows that the answer needs; nil for the users
	answered    func(*rig) int // rows of the answer, for perRow
	right       func(context.Context, *rig, *session, []answer) error
}

// way is one way of doing a job: the first whose tools and arguments are there is taken.
type way []step

// step is a call.
type step struct {
	tool string
	args func(*rig, []answer) map[string]any
}

// with is a call with arguments that are known beforehand.
func with(tool string, args map[string]any) step {
	return step{tool, func(*rig, []answer) map[string]any { return args }}
}

// there says what is missing for a way; "" when nothing is.
func (r *rig) there(w way) string {
	for _, s := range w {
		t := r.all[s.tool]
		if t == nil {
			return "there is no " + s.tool
		}
		for name := range s.args(r, nil) {
			if !t.takes(name) {
				return s.tool + " takes no " + name
			}
		}
	}
	return ""
}

// tokensAtMost is the budget on the sandbox of 120 users. At other sizes there
// is more to show: the cap of an answer holds for each call, and counts may not grow.
func (j *job) tokensAtMost(r *rig, calls int) int {
	n := j.tokens
	if j.perRow > 0 {
		n += j.perRow * j.answered(r)
		return min(n, 6000)
	}
	if r.users > sizes[0] && j.answered != nil {
		return 6000 * calls
	}
	return n
}

// do runs a job in a session of its own, so that nothing is cached.
func (r *rig) do(ctx context.Context, j job) (done, []answer, error) {
	rows := r.users
	if j.rows != nil {
		rows = j.rows(r)
	}
	d := done{ID: j.id, Request: j.request, Users: r.users, MostCalls: j.calls, MostUpstream: 3 + (rows+99)/100 + j.fanOut}
	var chosen way
	for _, w := range j.ways {
		why := r.there(w)
		if why == "" {
			chosen = w
			break
		}
		d.Why = strings.TrimPrefix(d.Why+"; "+why, "; ")
	}
	if chosen == nil {
		d.Verdict = "missing"
		d.MostTokens = j.tokensAtMost(r, j.calls)
		return d, nil, nil
	}
	d.Why = ""
	var args []string
	for _, s := range chosen {
		if !slices.Contains(r.core, s.tool) {
			args = []string{"--surface", "full"}
			d.Why = s.tool + " is not on the core surface"
		}
	}
	s, err := r.serveUnder(ctx, j.grants, args...)
	if err != nil {
		return d, nil, err
	}
	defer s.close()
	var earlier, answers []answer
	for _, step := range j.before {
		a, err := s.call(ctx, step.tool, step.args(r, earlier))
		if err == nil && a.failed {
			err = fmt.Errorf("%s: %s", a.call, first(a.text))
		}
		if err != nil {
			return d, nil, err
		}
		earlier = append(earlier, a)
	}
	r.proxy.forget()
	for _, step := range chosen {
		a, err := s.call(ctx, step.tool, step.args(r, slices.Concat(earlier, answers)))
		if err != nil {
			return d, answers, err
		}
		answers = append(answers, a)
		d.Made = append(d.Made, a.call)
		d.Tokens += a.tokens
	}
	d.Calls, d.Upstream = len(answers), len(r.proxy.requests())
	d.MostTokens = j.tokensAtMost(r, len(answers))
	d.judge(j.right(ctx, r, s, answers), answers)
	return d, answers, nil
}

// judge says whether it was right and within its budgets.
func (d *done) judge(wrong error, answers []answer) {
	var why []string
	d.Right = wrong == nil
	for _, a := range answers {
		if a.failed {
			d.Right, wrong = false, fmt.Errorf("%s", first(a.text))
			break
		}
	}
	if !d.Right {
		why = append(why, "wrong: "+wrong.Error())
	}
	for _, b := range []struct {
		what      string
		got, most int
	}{{"calls", d.Calls, d.MostCalls}, {"tokens", d.Tokens, d.MostTokens}, {"requests", d.Upstream, d.MostUpstream}} {
		if b.got > b.most {
			why = append(why, fmt.Sprintf("%d %s, at most %d", b.got, b.what, b.most))
		}
	}
	d.Verdict = "ok"
	if len(why) > 0 {
		d.Verdict = "miss"
		d.Why = strings.Join(why, "; ")
	}
}
