package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tiktoken-go/tokenizer"
)

// counter counts o200k tokens.
func counter() (func(string) int, error) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		return nil, err
	}
	return func(s string) int { n, _ := enc.Count(s); return n }, nil
}

// session is the server, running for one client that says yes to every question.
type session struct {
	r         *rig
	s         *mcp.ClientSession
	cmd       *exec.Cmd
	questions atomic.Int32
	desk      *desk // nil where there are no grants
}

// serve starts the server on a surface and greets it.
func (r *rig) serve(ctx context.Context, args ...string) (*session, error) {
	return r.serveUnder(ctx, "", args...)
}

// serveUnder starts it under grants, with their approver; "" for none.
func (r *rig) serveUnder(ctx context.Context, grants string, args ...string) (*session, error) {
	s := &session{r: r, cmd: exec.CommandContext(ctx, r.b.path, append([]string{"stdio"}, args...)...)}
	var err error
	var more []string
	if grants != "" {
		if s.desk, more, err = govern(grants); err != nil {
			return nil, err
		}
	}
	s.cmd.Env = environment(append(more, "JC_CONSOLE_URL="+r.proxy.url, "JC_API_KEY="+sandboxKey)...)
	s.s, err = mcp.NewClient(&mcp.Implementation{Name: "bench", Version: "1"}, &mcp.ClientOptions{
		ElicitationHandler: func(ctx context.Context, q *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			s.questions.Add(1)
			if s.desk != nil {
				if err := s.desk.approve(ctx, q.Params.Message); err != nil {
					return nil, err
				}
			}
			return &mcp.ElicitResult{Action: "accept"}, nil
		},
	}).Connect(ctx, &mcp.CommandTransport{Command: s.cmd}, nil)
	if err != nil {
		return nil, fmt.Errorf("the server does not answer: %w", err)
	}
	return s, nil
}

func (s *session) close() {
	_ = s.s.Close()
	if s.desk != nil {
		s.desk.remove()
	}
}

// listedTool is what a client puts into a model's context.
type listedTool struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	InputSchema any    `json:"input_schema"`
}

// takes reports whether the tool lists an argument.
func (t *listedTool) takes(argument string) bool {
	schema, _ := t.InputSchema.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	_, ok := properties[argument]
	return ok
}

// needs reports whether the tool cannot be called without arguments.
func (t *listedTool) needs() bool {
	schema, _ := t.InputSchema.(map[string]any)
	required, _ := schema["required"].([]any)
	return len(required) > 0
}

func (s *session) tools(ctx context.Context) (out []*listedTool, err error) {
	for t, err := range s.s.Tools(ctx, nil) {
		if err != nil {
			return nil, err
		}
		out = append(out, &listedTool{t.Name, t.Description, t.InputSchema})
	}
	return out, nil
}

// readTools notes what both surfaces list.
func (r *rig) readTools(ctx context.Context) error {
	r.all = map[string]*listedTool{}
	for _, surface := range []string{"core", "full"} {
		s, err := r.serve(ctx, "--surface", surface)
		if err != nil {
			return err
		}
		list, err := s.tools(ctx)
		s.close()
		if err != nil {
			return err
		}
		for _, t := range list {
			r.all[t.Name] = t
			if surface == "core" {
				r.core = append(r.core, t.Name)
			}
		}
	}
	return nil
}

// answer is what a model reads after a call.
type answer struct {
	call   string
	blocks []string
	text   string
	tokens int
	failed bool
}

// call makes a call and measures the answer.
func (s *session) call(ctx context.Context, tool string, args map[string]any) (answer, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return answer{}, err
	}
	a := answer{call: tool + " " + string(raw)}
	got, err := s.s.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return a, fmt.Errorf("%s: %w", a.call, err)
	}
	for _, c := range got.Content {
		text, ok := c.(*mcp.TextContent)
		if !ok {
			return a, fmt.Errorf("%s: answers a %T", a.call, c)
		}
		a.blocks = append(a.blocks, text.Text)
	}
	a.text, a.failed = strings.Join(a.blocks, "\n"), got.IsError
	a.tokens = s.r.count(a.text)
	if a.tokens > s.r.largest.tokens {
		s.r.largest = a
	}
	if why := a.silent(); why != "" {
		s.r.silent = append(s.r.silent, fmt.Sprintf("%s: %s", a.call, why))
	}
	return a, nil
}

var (
	totalsForm = regexp.MustCompile(`total (\d+)[^;\n]*; (\d+) shown(?: from (\d+) on)?`)
	valuesForm = regexp.MustCompile(`total \d+[^;\n]*; (\d+) values of`)
	plainForm  = regexp.MustCompile(`^# total \d+; \d+ shown`) // a row each: others group what they show
	moreForm   = regexp.MustCompile(`(?m)^# .*(more|cut)`)
)

// totals are the numbers of the head: how many there are, how many are shown.
func (a answer) totals() (total, shown int, ok bool) {
	m := totalsForm.FindStringSubmatch(a.text)
	if m == nil {
		return 0, 0, false
	}
	total, _ = strconv.Atoi(m[1])
	shown, _ = strconv.Atoi(m[2])
	return total, shown, true
}

// silent says how an answer shows less than there is without saying so; "" when it does not.
func (a answer) silent() string {
	rows, err := a.rows()
	if err != nil {
		return err.Error()
	}
	if m := valuesForm.FindStringSubmatch(a.text); m != nil {
		if n, _ := strconv.Atoi(m[1]); n > len(rows) && !moreForm.MatchString(a.last()) {
			return fmt.Sprintf("%d values, %d shown, and not said at the end", n, len(rows))
		}
		return ""
	}
	total, shown, ok := a.totals()
	if !ok {
		return ""
	}
	m := totalsForm.FindStringSubmatch(a.text)
	from, _ := strconv.Atoi(m[3])
	more := total-max(0, from-1)-shown > 0
	switch {
	case shown != len(rows) && plainForm.MatchString(a.text):
		return fmt.Sprintf("it says that %d rows are shown and shows %d", shown, len(rows))
	case more && !moreForm.MatchString(a.last()):
		return fmt.Sprintf("%d of %d are shown, and that is not said at the end", shown, total)
	case more && plainForm.MatchString(a.text) && !strings.Contains(a.blocks[0], "next=") && !strings.Contains(a.blocks[0], "cut"):
		return "the head does not say how to go on"
	}
	return ""
}

// last is the last line.
func (a answer) last() string { return a.text[strings.LastIndexByte(a.text, '\n')+1:] }

// rows are the lines of the CSV block without the names of the columns.
func (a answer) rows() ([][]string, error) {
	if len(a.blocks) < 2 || a.failed {
		return nil, nil
	}
	block := a.blocks[1]
	if strings.HasPrefix(block, "{") || strings.HasPrefix(block, "[") {
		return nil, nil
	}
	r := csv.NewReader(strings.NewReader(block))
	r.Comment, r.FieldsPerRecord = '#', -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[1:], nil
}

// column gives the values of a column by its name.
func (a answer) column(name string) ([]string, error) {
	rows, err := a.rows()
	if err != nil || rows == nil {
		return nil, err
	}
	head := strings.Split(strings.SplitN(a.blocks[1], "\n", 2)[0], ",")
	for i, h := range head {
		if h != name {
			continue
		}
		out := make([]string, len(rows))
		for j, row := range rows {
			if i >= len(row) {
				return nil, errors.New("a row is shorter than the head")
			}
			out[j] = row[i]
		}
		return out, nil
	}
	return nil, fmt.Errorf("there is no column %s in %v", name, head)
}
