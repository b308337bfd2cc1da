package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// finish cleans up what the steps left, and shows what came back.
func (j *runJob) finish(ctx context.Context, r *Reader, done []Result) (Answer, error) {
	unknown := false
	for i, role := range j.roles {
		if role.does == "run" && done[i].Outcome == Unknown && done[i].Err != nil {
			unknown = true
		}
	}
	if unknown && j.waits { // whether it runs can be seen by its results
		bound, cancel := context.WithTimeout(jc.WithFence(ctx, r.d.fence(r.trip.tool, nil)...), j.wait)
		j.poll(bound, r)
		cancel()
	}
	j.cleanUp(ctx, r, done)
	if !j.waits {
		a, err := r.d.report(ctx, r, j.reported(done))
		if names := j.left(); len(names) > 0 && err == nil {
			a.Text[0] += ". The temporary command stays until it is deleted: commands_delete command=" + strings.Join(names, ", ") + "."
		}
		return a, err
	}
	for i, role := range j.roles { // what did not come to run has nothing to show
		if res := &done[i]; (role.does == "make" || role.does == "run") && res.Outcome != Accepted && res.Outcome != Done && len(j.answered()) == 0 {
			a, err := r.d.report(ctx, r, j.reported(done))
			if err == nil {
				a.Text[0] += j.cleaned(done)
			}
			return a, err
		}
	}
	return j.show(ctx, r, done), nil
}

// cleanUp does the steps of cleaning up that were not sent because one before
// them failed. They were planned, granted and agreed to like all others.
func (j *runJob) cleanUp(ctx context.Context, r *Reader, done []Result) {
	if !j.waits {
		return
	}
	j.afterPoll()
	ctx, stop := context.WithTimeout(ctx, cleanupLeave)
	defer stop()
	for i, role := range j.roles {
		s := &j.steps[i]
		if role.does != "cancel" && role.does != "delete" || done[i].Outcome != NotSent {
			continue
		}
		if s.Skip != "" || role.does == "delete" && role.run.command.ID == "" || role.does == "cancel" && role.run.id == "" {
			done[i].Err = nil
			continue
		}
		action := s.Tool.action()
		action.Targets, action.Objects = s.Targets, 1
		if dec := r.d.o.Grants.Decide(ctx, r.trip.who, action); dec.Allow {
			done[i] = r.d.safely(ctx, r, s, dec)
		}
	}
	for i, role := range j.roles {
		if role.does == "cancel" {
			role.run.cancelled = done[i].Err == nil && done[i].Outcome == Accepted
		}
	}
}

// reported are the results of the steps that a reader cares for.
func (j *runJob) reported(done []Result) (out []Result) {
	for i, role := range j.roles {
		if role.does == "run" || role.does == "make" && done[i].Outcome != Done {
			done[i].Step.Line, _, _ = strings.Cut(done[i].Step.Line, "\n") // the script need not be repeated
			out = append(out, done[i])
		}
	}
	return out
}

// left are the temporary commands that are not removed.
func (j *runJob) left() (names []string) {
	for _, run := range j.runs {
		if run.made && run.command.ID != "" {
			names = append(names, argument(run.command.Name))
		}
	}
	return names
}

// cleaned says what became of the temporary commands.
func (j *runJob) cleaned(done []Result) string {
	var gone int
	var stay []string
	for i, role := range j.roles {
		if role.does != "delete" || role.run.command.ID == "" {
			continue
		}
		if done[i].Outcome == Done {
			gone++
			continue
		}
		stay = append(stay, argument(role.run.command.Name))
	}
	switch {
	case len(stay) > 0:
		return "; the temporary command could not be removed, do it with commands_delete command=" + strings.Join(stay, ", ")
	case gone > 0:
		return "; temporary command removed"
	}
	return ""
}

func (j *runJob) answered() (out []jc.Row) {
	for _, run := range j.runs {
		for _, row := range run.results {
			out = append(out, row)
		}
	}
	return out
}

// sameResult are the devices that gave the same.
type sameResult struct {
	exit, output, complaint string
	devices                 []string
}

// show groups the devices by what they gave. Output is the devices' text: it
// stands in blocks of its own, every line marked.
func (j *runJob) show(ctx context.Context, r *Reader, done []Result) Answer {
	var all []jc.Object
	for _, run := range j.runs {
		all = append(all, run.devices...)
	}
	label := map[string]string{}
	for i, name := range labels(all) {
		label[all[i].ID] = name
	}
	groups, answered := j.grouped(label)
	head := []string{fmt.Sprintf("ran on %d of %d devices in %s", answered, len(all), waited(j.took))}
	if len(groups) > 1 {
		head = append(head, fmt.Sprintf("%d different results", len(groups)))
	}
	head = append(head, j.open(label)...)
	if j.skipped != "" {
		head = append(head, j.skipped)
	}
	if j.capped {
		head = append(head, fmt.Sprintf("waited %s, the most while a client waits", mostWait))
	}
	var changes []string
	for i, role := range j.roles {
		if role.does == "run" && done[i].Outcome != NotSent && done[i].Outcome != NoEffect {
			changes = append(changes, r.change(done[i].Step))
		}
	}
	head = append(head, "change "+strings.Join(changes, " "))
	text := "# " + strings.Join(head, "; ") + j.cleaned(done) + "; " + r.orgName(ctx)
	a := Answer{Text: []string{text}}
	a.Text = append(a.Text, resultBlocks(groups)...)
	return a
}

func waited(d time.Duration) string {
	return fmt.Sprintf("%d s", int((d+time.Second/2)/time.Second))
}

func (j *runJob) grouped(label map[string]string) (groups []*sameResult, answered int) {
	exit := jc.CommandResult{}.Kind().Fact("exit_code")
	byKey := map[string]*sameResult{}
	for _, run := range j.runs {
		for _, d := range run.devices {
			row := run.results[d.ID]
			if row == nil {
				continue
			}
			answered++
			code := unread
			if v, known := exit.Of(row); known {
				code = cell(v)
			}
			g := &sameResult{exit: code, output: strings.TrimRight(row.Text("response.data.output"), "\r\n "), complaint: strings.TrimSpace(row.Text("response.error"))}
			key := g.exit + "\x00" + g.output + "\x00" + g.complaint
			if byKey[key] == nil {
				byKey[key] = g
				groups = append(groups, g)
			}
			byKey[key].devices = append(byKey[key].devices, label[d.ID])
		}
	}
	slices.SortStableFunc(groups, func(a, b *sameResult) int {
		return cmp.Or(cmp.Compare(len(b.devices), len(a.devices)), strings.Compare(a.exit, b.exit))
	})
	return groups, answered
}

// open says which devices have not answered, why, and what will become of it.
func (j *runJob) open(label map[string]string) (out []string) {
	for _, run := range j.runs {
		var away, silent []string
		for _, d := range run.missing() {
			if on, known := d.Row.Bool("active"); known && !on {
				away = append(away, label[d.ID])
			} else {
				silent = append(silent, label[d.ID])
			}
		}
		end := "still queued: see commands_results_list command=" + argument(run.command.Name)
		switch {
		case run.made && run.cancelled:
			end = "taken out of the queue"
		case run.made:
			end = "may still run"
		}
		if len(away) > 0 {
			out = append(out, "offline: "+someOf(away)+" ("+end+")")
		}
		if len(silent) > 0 {
			why := "no answer yet: "
			if run.lastErr != nil {
				why = "results could not be read (" + failure(run.lastErr, false).Code + "): "
			}
			out = append(out, why+someOf(silent)+" ("+end+")")
		}
	}
	return out
}

// resultBlocks are lines of a table where every output is short, else a block each.
func resultBlocks(groups []*sameResult) (blocks []string) {
	short := !slices.ContainsFunc(groups, func(g *sameResult) bool {
		return strings.Contains(g.output, "\n") || len(g.output) > maxRunes || g.complaint != ""
	})
	if len(groups) == 0 {
		return nil
	}
	if short {
		t := table{columns: []string{"exit", "count", "devices", "output"}}
		for _, g := range groups {
			t.rows = append(t.rows, []string{g.exit, fmt.Sprint(len(g.devices)), someOf(g.devices), cell(g.output)})
		}
		shown := t.fit(maxOutput)
		body := t.csv(shown)
		if shown < len(t.rows) {
			body += fmt.Sprintf("\n# %d more results are not shown", len(t.rows)-shown)
		}
		return []string{body}
	}
	budget := maxOutput
	for i, g := range groups {
		title := fmt.Sprintf("exit %s on %d: %s", g.exit, len(g.devices), someOf(g.devices))
		block := foreignLines(title, g.output, budget)
		if block == "" {
			block = "# " + title + ", no output"
		}
		if g.complaint != "" {
			block += "\n" + foreignLines("error", g.complaint, budget)
		}
		if budget -= tokens(block); budget < 0 {
			return append(blocks, fmt.Sprintf("# %d more results are not shown", len(groups)-i))
		}
		blocks = append(blocks, block)
	}
	return blocks
}
