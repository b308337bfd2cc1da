package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	orgsAtOnce = 8   // organisations that are read at the same time
	leastShare = 300 // tokens of one organisation, however many there are
)

// orgSection is what one organisation answered to a read for all.
type orgSection struct {
	org    string
	answer Answer
}

// callAll reads in every organisation of the caller. What fails in one is said there;
// the answer is an error only when all failed.
func (o *Organizations) callAll(ctx context.Context, t *Tool, c Call, mine []*Desk) Answer {
	budget := Budget
	if c.Patient {
		budget = PatientBudget
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	tell := c.oneByOne().Progress
	each := c
	each.Progress, each.tokens = nil, max(leastShare, (maxTokens-100)/len(mine)-20)
	sections := make([]orgSection, len(mine))
	var g errgroup.Group
	g.SetLimit(orgsAtOnce)
	ended := make(chan struct{}, len(mine))
	for i, d := range mine {
		g.Go(func() error {
			sections[i] = orgSection{d.o.Org, alone(d.Call(ctx, each), d.o.Org)}
			ended <- struct{}{}
			return nil
		})
	}
	for i := range mine {
		<-ended
		if tell != nil { // from this goroutine, as it is promised
			tell(i+1, len(mine), "organisations read")
		}
	}
	_ = g.Wait()
	return o.together(sections)
}

// alone turns a question to a person into words: only a call for one organisation can
// be asked about.
func alone(a Answer, org string) Answer {
	if a.Ask == nil {
		return a
	}
	return failed(jc.CodeNeedsApproval, "needs_approval. Nothing was sent. A person has to agree: make the call with org="+org)
}

// together makes one answer of all: a head of ours, then the blocks of each
// organisation, the first of which begins with its name. A cut is said where it was made.
func (o *Organizations) together(sections []orgSection) Answer {
	var bad []string
	for _, s := range sections {
		if s.answer.IsError {
			bad = append(bad, s.org+" ("+s.answer.Code+")")
		}
	}
	out := Answer{IsError: len(bad) == len(sections)}
	if out.IsError {
		out.Code = sections[0].answer.Code
	}
	head := fmt.Sprintf("# %d organisations, each in a section", len(sections))
	if len(bad) > 0 {
		head += "; failed: " + fewNames(bad)
	}
	cut := fitSections(sections, maxTokens-tokens(head)-100)
	if len(cut) > 0 {
		head += fmt.Sprintf("; cut at %d tokens, make the call with org= for: %s", maxTokens, fewNames(cut))
	}
	out.Text = []string{head}
	for _, s := range sections {
		out.Text = append(out.Text, s.text()...)
	}
	if o.front.o.Structured {
		out.Structured = structuredSections(head, sections)
	}
	return out
}

// text are the blocks of a section: what is of the directory stays in blocks of its own.
func (s *orgSection) text() []string {
	if len(s.answer.Text) == 0 {
		return nil
	}
	blocks := append([]string(nil), s.answer.Text...)
	blocks[0] = "## " + s.org + "\n" + blocks[0]
	return blocks
}

func (s *orgSection) size() (n int) {
	for _, b := range s.text() {
		n += tokens(b)
	}
	return n
}

// fitSections cuts sections, the largest first, until all fit into a number of tokens,
// and names those it cut: first to their head, then to a line.
func fitSections(sections []orgSection, room int) (cut []string) {
	total := 0
	for i := range sections {
		total += sections[i].size()
	}
	for total > room {
		largest, size := -1, 0
		for i := range sections {
			if n := sections[i].size(); len(sections[i].answer.Text) > 1 && n > size {
				largest, size = i, n
			}
		}
		if largest < 0 {
			break
		}
		s := &sections[largest]
		s.answer.Text = []string{s.answer.Text[0] + "\n# cut: the rows are left out here"}
		s.answer.columns, s.answer.rows, s.answer.Structured = nil, nil, nil
		cut = append(cut, s.org)
		total += s.size() - size
	}
	for i := len(sections) - 1; i >= 0 && total > room; i-- {
		s := &sections[i]
		total -= s.size()
		s.answer = Answer{IsError: s.answer.IsError, Code: s.answer.Code}
	}
	return cut
}

// severalOutput is the form of structured answers for callers with several
// organisations: that of one, or a section an organisation.
var severalOutput = json.RawMessage(strings.Replace(string(outputSchema), `},"required":["head"],"additionalProperties":false}`,
	`,"sections":{"type":"array","items":{"type":"object","properties":{"org":{"type":"string"},"answer":{"type":"object"}},"required":["org","answer"],"additionalProperties":false}}`+
		`},"required":["head"],"additionalProperties":false}`, 1))

func structuredSections(head string, sections []orgSection) json.RawMessage {
	type part struct {
		Org    string          `json:"org"`
		Answer json.RawMessage `json:"answer"`
	}
	out := struct {
		Head     string `json:"head"`
		Sections []part `json:"sections"`
	}{Head: strings.TrimPrefix(head, "# ")}
	for _, s := range sections {
		if len(s.answer.Text) > 0 && s.answer.Structured == nil {
			s.answer = structuredNow(s.answer)
		}
		if s.answer.Structured != nil {
			out.Sections = append(out.Sections, part{s.org, s.answer.Structured})
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return b
}

// structuredNow is the answer with its structured copy.
func structuredNow(a Answer) Answer {
	a.structure(time.Now())
	return a
}
