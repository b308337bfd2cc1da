package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	r := jcmcp(t, nil, "search", "unlock", "a", "user")
	r.want(t, exitDone, "users_unlock*(user) change: ")
	if lines := strings.Split(strings.TrimSpace(r.out), "\n"); len(lines) != 5 || !strings.HasPrefix(lines[0], "users_unlock") {
		t.Errorf("not five lines, the best first:\n%s", r.out)
	}
	if one := jcmcp(t, nil, "search", "--limit", "1", "unlock a user"); strings.Count(one.out, "\n") != 1 || !strings.HasPrefix(r.out, "users_unlock*(user)") {
		t.Errorf("--limit 1 gives %q", one.out)
	}
	if again := jcmcp(t, nil, "search", "unlock", "a", "user"); again.out != r.out {
		t.Error("not the same twice")
	}
}

func TestSearchJSON(t *testing.T) {
	r := jcmcp(t, nil, "search", "--json", "--limit", "10", "windows programs installed")
	r.want(t, exitDone)
	var hits []map[string]any
	if err := json.Unmarshal([]byte(r.out), &hits); err != nil || len(hits) != 10 {
		t.Fatalf("%v: %s", err, r.out)
	}
	best := hits[0]
	if best["tool"] != "system_insights_query" || !slices.Equal(texts(best["operations"]), []string{"GET /api/v2/systeminsights/programs"}) {
		t.Errorf("%v", best)
	}
	if args, _ := best["arguments"].(map[string]any); args["table"] != "programs" {
		t.Errorf("the table is not said: %v", best)
	}
	before := best["score"].(float64)
	for _, h := range hits {
		for key := range h {
			if !slices.Contains([]string{"tool", "operations", "score", "arguments"}, key) {
				t.Errorf("key %q", key)
			}
		}
		for _, op := range texts(h["operations"]) {
			if !regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) /(api|insights)/`).MatchString(op) {
				t.Errorf("operation %q", op)
			}
		}
		score := h["score"].(float64)
		if score <= 0 || score > before {
			t.Errorf("%v after %v", score, before)
		}
		before = score
	}
	jcmcp(t, nil, "search", "--json", "zzzzqqqqxxxx").want(t, exitDone, "[]")
}

func texts(v any) (out []string) {
	list, _ := v.([]any)
	for _, e := range list {
		out = append(out, e.(string))
	}
	return out
}

func TestSearchWrongUsage(t *testing.T) {
	for _, args := range [][]string{{}, {""}, {"  "}, {"--json"}} {
		jcmcp(t, nil, append([]string{"search"}, args...)...).want(t, exitUsage, "usage: jc-mcp search WORDS…")
	}
	jcmcp(t, nil, "search", "--limit", "0", "users").want(t, exitUsage, "--limit 0: at least 1")
	jcmcp(t, nil, "search", "--limit", "x", "users").want(t, exitUsage, "--limit")
	jcmcp(t, nil, "search", "--surface", "full", "users").want(t, exitUsage, "--surface")
	jcmcp(t, nil, "search", "zzzzqqqqxxxx").want(t, exitFailed, "no tool fits")
}
