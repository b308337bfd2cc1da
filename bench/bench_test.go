package main

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBench is the part of the measurement that is quick: the small sandbox,
// every size and every job.
func TestBench(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	b, err := build(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer b.remove()
	res := &results{}
	if err := b.measure(t.Context(), sizes[0], "", res); err != nil {
		t.Fatal(err)
	}
	for _, x := range res.Targets {
		t.Logf("%-60s %s", x.Name, mark(x.OK, x.Why, number(x.Got)+" of "+number(x.Most)))
		if !x.OK {
			t.Errorf("%s: %s, at most %s: %s", x.Name, number(x.Got), number(x.Most), x.Why)
		}
	}
	for _, j := range res.Jobs {
		t.Logf("%s calls %d of %d, tokens %d of %d, requests %d of %d: %s %s", j.ID, j.Calls, j.MostCalls, j.Tokens, j.MostTokens, j.Upstream, j.MostUpstream, j.Verdict, j.Why)
		if j.Verdict != "ok" {
			t.Errorf("%s %s: %s: %s", j.ID, j.Request, j.Verdict, j.Why)
		}
	}
}

// The checks themselves can tell right from wrong.
func TestChecksFail(t *testing.T) {
	good := answer{text: "# total 2; 2 shown\nname,n\na,1\nb,2", blocks: []string{"# total 2; 2 shown", "name,n\na,1\nb,2"}}
	if err := good.exactly("name", []string{"a", "b"}); err != nil {
		t.Error(err)
	}
	if err := good.counted(map[string]int{"a": 1, "b": 2}); err != nil {
		t.Error(err)
	}
	if why := good.silent(); why != "" {
		t.Error(why)
	}
	for what, err := range map[string]error{
		"a wrong name":   good.exactly("name", []string{"a", "c"}),
		"a wrong total":  good.exactly("name", []string{"a", "b", "c"}),
		"no such column": good.exactly("x", []string{"a", "b"}),
		"a wrong count":  good.counted(map[string]int{"a": 1, "b": 3}),
		"a lost value":   good.counted(map[string]int{"a": 1, "b": 2, "c": 3}),
		"a part of it":   good.says("tota"),
		"not beside it":  good.saysNone("b"),
		"another number": good.saysCount(3),
	} {
		if err == nil {
			t.Errorf("%s passes", what)
		}
	}
	for _, cut := range []answer{
		{blocks: []string{"# total 9; 2 shown", "name\na\nb"}},
		{blocks: []string{"# total 2; 2 shown", "name\na"}},
		{blocks: []string{"# total 9; 3 values of x", "x,count\na,1"}},
	} {
		cut.text = cut.blocks[0] + "\n" + cut.blocks[1]
		if cut.silent() == "" {
			t.Errorf("a silent cut passes: %q", cut.text)
		}
	}
}
