package tools

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// wanted is a query with the operations that would serve it.
type wanted struct {
	Query string
	Gold  []string
	Kind  string
}

func wantedIn(t testing.TB, path string) []wanted {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("%v: the queries are not here", err)
	}
	defer f.Close()
	var out []wanted
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		var a wanted
		if err := json.Unmarshal(sc.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		for i, g := range a.Gold {
			a.Gold[i] = plainOperation(g)
		}
		out = append(out, a)
	}
	return out
}

// rank is the place of the first hit that serves the query; 0 for none.
func (a wanted) rank(hits []Hit) int {
	for i, h := range hits {
		for _, e := range h.Operations {
			for _, g := range a.Gold {
				if plainOperation(e.String()) == g {
					return i + 1
				}
			}
		}
	}
	return 0
}

type recall struct{ n, one, five, ten int }

func (r *recall) add(rank int) {
	r.n++
	if rank == 0 {
		return
	}
	if rank <= 1 {
		r.one++
	}
	if rank <= 5 {
		r.five++
	}
	if rank <= 10 {
		r.ten++
	}
}

func (r recall) String() string {
	p := func(k int) float64 { return 100 * float64(k) / float64(max(r.n, 1)) }
	return fmt.Sprintf("%d queries: @1 %.1f %%, @5 %.1f %%, @10 %.1f %%", r.n, p(r.one), p(r.five), p(r.ten))
}

func edited(q string, r *rand.Rand) string {
	b := []byte(q)
	var at []int
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			at = append(at, i)
		}
	}
	i := at[r.IntN(len(at))]
	c := byte('a' + r.IntN(26))
	switch r.IntN(4) {
	case 0:
		b[i] = c
	case 1:
		b = append(b[:i], b[i+1:]...)
	case 2:
		b = append(b[:i], append([]byte{c}, b[i:]...)...)
	default:
		if i+1 < len(b) && b[i+1] != ' ' {
			b[i], b[i+1] = b[i+1], b[i]
		} else {
			b[i] = c
		}
	}
	return string(b)
}

func TestSearchTune(t *testing.T) {
	all := withPseudo(All())
	start := time.Now()
	x := NewIndex(all)
	t.Logf("%d tools, %d documents, built in %v", len(all), len(x.documents), time.Since(start))
	show := os.Getenv("SHOW")
	for _, set := range []string{"/work/shared/jumpcloud/search_queries.jsonl", "testdata/search_queries.jsonl", "testdata/search_queries_second.jsonl"} {
		list := wantedIn(t, set)
		var r, dev, test, typo recall
		begin := time.Now()
		for i, a := range list {
			hits := x.Search(a.Query, 10)
			rank := a.rank(hits)
			r.add(rank)
			h := &dev
			if i%2 == 1 {
				h = &test
			}
			h.add(rank)
			shown := strings.Contains(set, "shared") && strings.Contains(show, "s") || strings.Contains(set, "queries.jsonl") && i%2 == 0 && strings.Contains(show, "d") || strings.Contains(set, "second") && i%2 == 0 && strings.Contains(show, "b")
			if shown && rank != 1 && (rank == 0 || rank > 5 || strings.Contains(show, "1")) {
				t.Logf("  %d %q want %v", rank, a.Query, a.Gold)
				for _, h := range hits[:min(5, len(hits))] {
					t.Logf("        %.2f %s %s", h.Score, h.Tool.Name, h.Preset)
				}
			}
		}
		each := time.Since(begin) / time.Duration(len(list))
		for seed := range uint64(5) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			for _, a := range list {
				clean := a.Query
				a.Query = edited(a.Query, rnd)
				rank := a.rank(x.Search(a.Query, 10))
				typo.add(rank)
				if was := a.rank(x.Search(clean, 10)); strings.Contains(show, "t") && rank != was && (rank != 1 || was != 1) && strings.Contains(set, "shared") && (was == 1 || rank > 5 || rank == 0) {
					ws, _ := x.correct(a.Query)
					t.Logf("   edit %d -> %d %q %v", was, rank, a.Query, ws)
				}
			}
		}
		t.Logf("%s %v; %v each\n   dev %v\n   test %v\n   edited %v", set, r, each, dev, test, typo)
	}
}

func TestSearchWhy(t *testing.T) {
	q := os.Getenv("WHY")
	if q == "" {
		t.Skip()
	}
	x := NewIndex(withPseudo(All()))
	names := make([]string, len(x.postings))
	for s, i := range x.terms {
		names[i] = s
	}
	r := x.read(q)
	t.Logf("want %b prefer %b single %v", r.want, r.prefer, r.single)
	for _, g := range r.groups {
		s := ""
		for _, a := range g.alternatives {
			s += fmt.Sprintf(" %s*%.2f(%.1f)", names[a.term], a.weight, x.rarity[a.term])
		}
		t.Logf("group %.2f:%s", g.share, s)
	}
	for h, w := range r.head {
		t.Logf("head %s %.2f", names[h], w)
	}
	for _, h := range x.Search(q, 8) {
		t.Logf("%.2f %s %s", h.Score, h.Tool.Name, h.Preset)
	}
}
