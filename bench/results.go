package main

import (
	"bytes"
	"fmt"
	"os"
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

// markdown is the table for people.
func (r *results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured by `go run ./bench` over stdio against the sandbox, with o200k tokens; every answer is checked against the sandbox's own data.\n\n")
	fmt.Fprintf(&b, "| what | users | measured | at most | |\n|---|--:|--:|--:|---|\n")
	for _, t := range r.Targets {
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s |\n", t.Name, t.Users, number(t.Got), number(t.Most), mark(t.OK, t.Why))
	}
	fmt.Fprintf(&b, "\n| job | users | calls | tokens | requests to JumpCloud | |\n|---|--:|--:|--:|--:|---|\n")
	for _, j := range r.Jobs {
		if j.Verdict == "missing" {
			fmt.Fprintf(&b, "| %s %s | %d | | | | missing: %s |\n", j.ID, j.Request, j.Users, j.Why)
			continue
		}
		fmt.Fprintf(&b, "| %s %s | %d | %d of %d | %d of %d | %d of %d | %s |\n", j.ID, j.Request, j.Users,
			j.Calls, j.MostCalls, j.Tokens, j.MostTokens, j.Upstream, j.MostUpstream, mark(j.Verdict == "ok", j.Why))
	}
	return b.String()
}

func number(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.2f", f), ".00") }

func mark(ok bool, why string) string {
	if ok {
		return "ok"
	}
	why = strings.NewReplacer("|", "\\|", "\n", " ").Replace(why)
	return strings.TrimSuffix("miss: "+why, ": ")
}

const beginMark, endMark = "<!-- bench -->", "<!-- /bench -->"

// intoReadme replaces what stands between the marks.
func intoReadme(path, table string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(old, []byte(beginMark))
	_, tail, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the marks %s and %s", path, beginMark, endMark)
	}
	text := string(head) + beginMark + "\n" + table + endMark + string(tail)
	return os.WriteFile(path, []byte(text), 0o644)
}
