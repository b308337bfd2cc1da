package tools

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Query sets: one of others, three of ours, each written before the engine was
// asked. What they showed at first sight is the honest figure for new questions:
// @1, @5, @10 were 73, 94, 99 for the first (the tables were written after it), 68,
// 90, 95 for the second, 56, 85, 88 for the third. The tables were then extended for
// what was missing in general.
const (
	sharedQueries = "../../shared/jumpcloud/search_queries.jsonl"
	ownQueries    = "testdata/search_queries.jsonl"
	secondQueries = "testdata/search_queries_second.jsonl"
	thirdQueries  = "testdata/search_queries_third.jsonl"
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
		t.Skipf("the queries are not here: %v", err)
	}
	defer f.Close()
	var out []wanted
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var w wanted
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			t.Fatal(err)
		}
		for i, g := range w.Gold {
			w.Gold[i] = plainOperation(g)
		}
		out = append(out, w)
	}
	return out
}

var braces = regexp.MustCompile(`\{[^}]*\}`)

// plainOperation is an operation with all braces alike.
func plainOperation(s string) string {
	return strings.Replace(braces.ReplaceAllString(s, "{}"), " /v1/", " /insights/directory/v1/", 1)
}

// rank is the place of the first hit that serves the query; 0 for none.
func (w wanted) rank(hits []Hit) int {
	for i, h := range hits {
		for _, e := range h.Operations {
			if slices.Contains(w.Gold, plainOperation(e.String())) {
				return i + 1
			}
		}
	}
	return 0
}

// recall is how many queries had a serving hit among the first 1, 5 and 10.
type recall struct{ n, one, five, ten int }

func (r *recall) add(rank int) {
	r.n++
	for _, c := range []struct {
		most int
		of   *int
	}{{1, &r.one}, {5, &r.five}, {10, &r.ten}} {
		if rank > 0 && rank <= c.most {
			*c.of++
		}
	}
}

// percent of the queries, at 1, 5 and 10.
func (r recall) percent() [3]float64 {
	n := float64(max(r.n, 1)) / 100
	return [3]float64{float64(r.one) / n, float64(r.five) / n, float64(r.ten) / n}
}

func (r recall) String() string {
	p := r.percent()
	return fmt.Sprintf("%d queries: @1 %.1f %%, @5 %.1f %%, @10 %.1f %%", r.n, p[0], p[1], p[2])
}

// edited is a query with one slip of the fingers: a letter too many, too few, wrong, or swapped.
func edited(q string, r *rand.Rand) string {
	b := []byte(q)
	var at []int
	for i, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			at = append(at, i)
		}
	}
	i, c := at[r.IntN(len(at))], byte('a'+r.IntN(26))
	switch r.IntN(4) {
	case 0:
		b[i] = c
	case 1:
		b = slices.Delete(b, i, i+1)
	case 2:
		b = slices.Insert(b, i, c)
	default:
		if i+1 < len(b) && b[i+1] != ' ' {
			b[i], b[i+1] = b[i+1], b[i]
		} else {
			b[i] = c
		}
	}
	return string(b)
}

// slip is how much of a gate has to hold when each query has a slip.
const slip = 0.98

func TestSearchRecall(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks all tools: the run without -short does")
	}
	all := All()
	x := NewIndex(all)
	declared := map[string]bool{}
	for _, tool := range all {
		for _, e := range tool.Operations {
			declared[plainOperation(e.String())] = true
		}
	}
	for _, set := range []struct {
		path  string
		gates [3]float64
	}{
		{sharedQueries, [3]float64{75, 97, 99}},
		{ownQueries, [3]float64{77, 96, 98}},
		{secondQueries, [3]float64{72, 94, 97}},
		{thirdQueries, [3]float64{65, 90, 94}},
	} {
		t.Run(set.path, func(t *testing.T) {
			var clean, slipped recall
			list := wantedIn(t, set.path)
			answerable := slices.DeleteFunc(slices.Clone(list), func(w wanted) bool {
				return !slices.ContainsFunc(w.Gold, func(g string) bool { return declared[g] })
			})
			if n := len(list) - len(answerable); n > 0 {
				t.Logf("%d queries ask for what no tool declares", n) // that all is declared is another test's matter
			}
			for _, w := range answerable {
				rank := w.rank(x.Search(w.Query, 10))
				clean.add(rank)
				if rank != 1 {
					t.Logf("rank %d: %q", rank, w.Query)
				}
			}
			for seed := range uint64(5) {
				r := rand.New(rand.NewPCG(seed, 7))
				for _, w := range answerable {
					slipped.add(w.rank(x.Search(edited(w.Query, r), 10)))
				}
			}
			t.Logf("clean: %v", clean)
			t.Logf("with a slip: %v", slipped)
			for i, gate := range set.gates {
				if got := clean.percent()[i]; got < gate {
					t.Errorf("recall@%d is %.1f %%; at least %.0f %%", []int{1, 5, 10}[i], got, gate)
				}
				if got := slipped.percent()[i]; got < slip*gate {
					t.Errorf("with a slip recall@%d is %.1f %%; at least %.1f %%", []int{1, 5, 10}[i], got, slip*gate)
				}
			}
		})
	}
}

// TestSearchFindsEveryTool: whoever says what a declaration says finds it.
func TestSearchFindsEveryTool(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks all tools: the run without -short does")
	}
	all := All()
	x := NewIndex(all)
	at := func(query string, tool *Tool) int {
		hits := x.Search(query, 20)
		return 1 + slices.IndexFunc(hits, func(h Hit) bool { return h.Tool == tool })
	}
	var byName, byDoc recall
	for _, tool := range all {
		if tool.Toolset == "api" {
			continue
		}
		for _, by := range []struct {
			query string
			r     *recall
		}{{strings.ReplaceAll(tool.Name, "_", " "), &byName}, {tool.Doc, &byDoc}} {
			rank := at(by.query, tool)
			by.r.add(rank)
			if rank == 0 || rank > 10 {
				t.Logf("%s is at %d for %q", tool.Name, rank, by.query)
			}
		}
	}
	t.Logf("by name: %v", byName)
	t.Logf("by description: %v", byDoc)
	if byName.percent()[2] < 99 || byDoc.percent()[2] < 98 {
		t.Error("some tools are not found by their own words")
	}
	if hits := x.Search("find tools and call them through api search", 10); slices.ContainsFunc(hits, func(h Hit) bool { return h.Tool.Toolset == "api" }) {
		t.Error("search finds itself")
	}
}

// Each table of System Insights is a hit of its own.
func TestSearchVariants(t *testing.T) {
	x := NewIndex(All())
	for query, table := range map[string]string{
		"programs installed on windows": "programs", "chrome extensions": "chrome_extensions", "uptime": "uptime", "tpm": "tpm_info",
		"local accounts on a machine": "users", "logged in users": "logged_in_users", "battery health": "battery",
	} {
		h := x.Search(query, 1)[0]
		if h.Tool.Name != "system_insights_query" || h.Preset != "table="+table || len(h.Operations) != 1 || h.Operations[0].String() != "GET /api/v2/systeminsights/"+table {
			t.Errorf("%q finds %s %s %v", query, h.Tool.Name, h.Preset, h.Operations)
		}
	}
	words := tableWords()
	for _, v := range tableVariants() {
		if words[v.name] == "" {
			t.Errorf("table %s has no words", v.name)
		}
		delete(words, v.name)
	}
	if len(words) > 0 {
		t.Errorf("words of tables that are none: %v", words)
	}
}

func TestSearchAmong(t *testing.T) {
	x := NewIndex(All())
	hits := x.SearchAmong("delete a user", 10, func(t *Tool) bool { return t.Risk == auth.Read })
	if len(hits) == 0 {
		t.Error("nothing is found among what is read")
	}
	for _, h := range hits {
		if h.Tool.Risk != auth.Read {
			t.Errorf("%s may not be found", h.Tool.Name)
		}
	}
	if hits := x.SearchAmong("delete a user", 10, func(*Tool) bool { return false }); len(hits) != 0 {
		t.Errorf("%d hits where none may be", len(hits))
	}
	for _, n := range []int{0, 1, 7} {
		if got := len(x.Search("users", n)); got != n {
			t.Errorf("limit %d gives %d", n, got)
		}
	}
	for _, nothing := range []string{"", "   ", "?!", "the of and", "xqzwv kjhgfd", strings.Repeat("z", 5000), "\xff\xfe", "日本語"} {
		if hits := x.Search(nothing, 5); len(hits) != 0 {
			t.Errorf("%.20q finds %s", nothing, hits[0].Tool.Name)
		}
	}
}

// The same is found every time, by all who ask at once, and whatever the order of the tools.
func TestSearchIsDeterministic(t *testing.T) {
	all := All()
	x := NewIndex(all)
	other := slices.Clone(all)
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	y := NewIndex(other)
	names := func(hits []Hit) (out []string) {
		for _, h := range hits {
			out = append(out, fmt.Sprintf("%s %s %.9f", h.Tool.Name, h.Preset, h.Score))
		}
		return out
	}
	list := wantedIn(t, ownQueries)
	want := make([][]string, len(list))
	for i, w := range list {
		want[i] = names(x.Search(w.Query, 10))
		if diff := cmp.Diff(want[i], names(y.Search(w.Query, 10))); diff != "" {
			t.Fatalf("%q depends on the order of the tools\n%s", w.Query, diff)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, w := range list {
				if !slices.Equal(names(x.Search(w.Query, 10)), want[i]) {
					t.Errorf("%q is answered in another way", w.Query)
				}
			}
		})
	}
	wg.Wait()
}

// Times are printed; what is held is generous, and the best of some runs.
func TestSearchIsFast(t *testing.T) {
	all := All()
	list := wantedIn(t, ownQueries)
	build, each := time.Hour, time.Hour
	for range 5 {
		start := time.Now()
		x := NewIndex(all)
		build = min(build, time.Since(start))
		start = time.Now()
		for _, w := range list {
			x.Search(w.Query, 5)
		}
		each = min(each, time.Since(start)/time.Duration(len(list)))
	}
	t.Logf("%d tools: built in %v, a query in %v", len(all), build, each)
	if !raced && (build > 100*time.Millisecond || each > time.Millisecond) {
		t.Errorf("built in %v, a query in %v; at most 100 ms and 1 ms", build, each)
	}
}
