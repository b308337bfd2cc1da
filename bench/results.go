package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// results are what bench/results.json holds.
type results struct {
	Targets []target `json:"targets"`
	Jobs    []done   `json:"jobs"`
}

// target is a measured size and what it may be.
type target struct {
	Users int     `json:"users"`
	Name  string  `json:"name"`
	Got   float64 `json:"got"`
	Most  float64 `json:"most"`
	OK    bool    `json:"ok"`
	// Why says what is wrong beside the number, or what it was measured on.
	Why string `json:"why,omitempty"`
}

// done is a job that was tried.
type done struct {
	ID           string   `json:"job"`
	Request      string   `json:"request"`
	Users        int      `json:"users"`
	Calls        int      `json:"calls"`
	MostCalls    int      `json:"most_calls"`
	Tokens       int      `json:"tokens"`
	MostTokens   int      `json:"most_tokens"`
	Upstream     int      `json:"upstream"`
	MostUpstream int      `json:"most_upstream"`
	Right        bool     `json:"right"`
	Verdict      string   `json:"verdict"` // ok, miss or missing
	Why          string   `json:"why,omitempty"`
	Made         []string `json:"made"` // the calls
}

func (r *results) add(users int, name string, got, most int, err error) {
	t := target{Users: users, Name: name, Got: float64(got), Most: float64(most), OK: got <= most && err == nil}
	if err != nil {
		t.Why = err.Error()
	}
	r.Targets = append(r.Targets, t)
}

// look adds what can only be told after everything else: the largest answer, and silent cuts.
func (r *results) look(g *rig) {
	r.add(g.users, "largest answer (tokens)", g.largest.tokens, 6000, nil)
	r.Targets[len(r.Targets)-1].Why = g.largest.call
	var err error
	if len(g.silent) > 0 {
		err = fmt.Errorf("%s", strings.Join(g.silent, "; "))
	}
	r.add(g.users, "silent cuts", len(g.silent), 0, err)
}

func (r *results) missed() (n int) {
	for _, t := range r.Targets {
		if !t.OK {
			n++
		}
	}
	for _, j := range r.Jobs {
		if j.Verdict != "ok" {
			n++
		}
	}
	return n
}

const measuredBy = "Measured by `go run ./bench` over stdio against the sandbox, with o200k tokens; every answer is checked against the sandbox's own data.\n\n"

// table has a row for each name and a column for each number of users.
type table struct {
	users []int
	names []string
	cells map[string]map[int]string
}

func (t *table) put(name string, users int, cell string) {
	if t.cells == nil {
		t.cells = map[string]map[int]string{}
	}
	if t.cells[name] == nil {
		t.cells[name] = map[int]string{}
		t.names = append(t.names, name)
	}
	if !slices.Contains(t.users, users) {
		t.users = append(t.users, users)
	}
	t.cells[name][users] = cell
}

// markdown is the table for people; what heads its first column.
func (t *table) markdown(what string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |", what)
	for _, n := range t.users {
		fmt.Fprintf(&b, " %d users |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(t.users)) + "\n")
	for _, name := range t.names {
		fmt.Fprintf(&b, "| %s |", name)
		for _, n := range t.users {
			fmt.Fprintf(&b, " %s |", t.cells[name][n])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// sizeTable is the table of what was measured and what it may be at most.
func (r *results) sizeTable() string {
	var t table
	for _, x := range r.Targets {
		t.put(x.Name, x.Users, mark(x.OK, x.Why, fmt.Sprintf("%s of %s", number(x.Got), number(x.Most))))
	}
	return t.markdown("what, and at most")
}

// jobTable is the table of what people ask for and what it took.
func (r *results) jobTable() string {
	var t table
	for _, j := range r.Jobs {
		cell := "missing: " + j.Why
		if j.Verdict != "missing" {
			cell = mark(j.Verdict == "ok", j.Why, fmt.Sprintf("%d of %d, %d of %d, %d of %d", j.Calls, j.MostCalls, j.Tokens, j.MostTokens, j.Upstream, j.MostUpstream))
		}
		t.put(j.ID+" "+j.Request, j.Users, cell)
	}
	return t.markdown("job: calls, tokens, requests to JumpCloud, of at most")
}

// mark marks the cell of a target that was missed.
func mark(ok bool, why, cell string) string {
	if ok {
		return cell
	}
	return cell + " **missed** " + strings.NewReplacer("|", "\\|", "\n", " ").Replace(why)
}

func number(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.2f", f), ".00") }

const beginMark, endMark = "<!-- bench -->", "<!-- /bench -->"

// publish puts the tables where people look: sizes into the README, all into docs/measured.md.
func (r *results) publish(root string) error {
	all := "# What was measured\n\n" + measuredBy + r.sizeTable() + "\n" + r.jobTable()
	if err := os.WriteFile(filepath.Join(root, "docs", "measured.md"), []byte(all), 0o644); err != nil {
		return err
	}
	return between(filepath.Join(root, "README.md"), measuredBy+r.sizeTable()+"\nWhat each of the jobs took that agents are asked for most: [docs/measured.md](docs/measured.md).\n")
}

// between replaces what stands between the marks.
func between(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(old, []byte(beginMark))
	_, tail, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the marks %s and %s", path, beginMark, endMark)
	}
	return os.WriteFile(path, slices.Concat(head, []byte(beginMark+"\n"+text+endMark), tail), 0o644)
}
