package tools

import (
	"slices"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"
)

// TestSignatureTokens: five signatures are at most 150 tokens, whatever is asked.
func TestSignatureTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks all tools: the run without -short does")
	}
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	all := All()
	x := NewIndex(all)
	var queries []string
	for _, a := range wantedIn(t, "testdata/search_queries.jsonl") {
		queries = append(queries, a.Query)
	}
	for _, tool := range all { // each tool, and with it those that are most like it
		queries = append(queries, strings.ReplaceAll(tool.Name, "_", " "), tool.Doc)
	}
	var sums []int
	for _, q := range queries {
		hits := x.Search(q, 5)
		text := signatures(hits)
		ids, _, _ := enc.Encode(text)
		if len(hits) == 5 {
			sums = append(sums, len(ids))
		}
		if len(ids) > 30*len(hits) {
			t.Errorf("%q: %d tokens\n%s", q, len(ids), text)
		}
		if lines := strings.Split(text, "\n"); len(hits) > 0 && len(lines) != len(hits) {
			t.Errorf("%q: %d lines for %d hits", q, len(lines), len(hits))
		}
		for i, l := range strings.Split(text, "\n") {
			if len(hits) > 0 && !callable(hits[i], l) {
				t.Errorf("%q: %q leaves out what a call needs", q, l)
			}
		}
	}
	slices.Sort(sums)
	t.Logf("%d answers of five: p50 %d tokens, p90 %d, most %d", len(sums), sums[len(sums)/2], sums[len(sums)*9/10], sums[len(sums)-1])
	// The median was measured at 92 for signatures without descriptions.
	if p50 := sums[len(sums)/2]; p50 > 130 {
		t.Errorf("half of the answers are over %d tokens", p50)
	}
}

// callable: the line has the name, every required argument and the risk.
func callable(h Hit, l string) bool {
	args, _, _ := strings.Cut(l[strings.IndexByte(l, '(')+1:], ")")
	names := map[string]bool{}
	for a := range strings.SplitSeq(args, ", ") {
		name, _, _ := strings.Cut(a, "=")
		name, _, _ = strings.Cut(name, "{")
		name, _, _ = strings.Cut(name, ":")
		name, _, _ = strings.Cut(name, "?")
		names[strings.TrimSuffix(name, "[]")] = true
	}
	for _, r := range signatureOf(h.Tool, h.Preset).required {
		name, _, _ := strings.Cut(r.name, "=")
		if !names[name] {
			return false
		}
	}
	return strings.HasPrefix(l, h.Tool.Name)
}

func TestSignature(t *testing.T) {
	tools := map[string]*Tool{}
	for _, x := range All() {
		tools[x.Name] = x
	}
	whole := func(t *Tool, preset string) string {
		l := signatureOf(t, preset)
		return l.String()
	}
	for _, c := range []struct{ tool, preset, want string }{
		{"users_unlock", "", "users_unlock*(user) change: Unlock an account locked by failed sign-ins"},
		{"users_suspend", "", "users_suspend*(user, at?) change: "},
		{"users_list", "", "users_list*(): Find or count users"},
		{"users_delete", "", "users_delete(user) destroy: Delete a user for good, with all access"},
		{"user_groups_members_change", "", "user_groups_members_change*(group, add[]?, remove[]?"},
		{"users_update", "", "users_update*(user, email?, firstname?, lastname?, displayname?, department?, …) change: "},
		{"device_groups_associations_change", "", "device_groups_associations_change(group, op=add|remove|update, type="},
		{"system_insights_query", "table=programs", "system_insights_query*(table=programs, device?): programs installed on windows"},
		{"devices_fde_key_get", "", "devices_fde_key_get(device) reveal: "},
	} {
		x := tools[c.tool]
		if x == nil {
			t.Fatalf("%s is not declared", c.tool)
		}
		if got := whole(x, c.preset); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s\nnot %s…", got, c.want)
		}
	}
	for _, x := range tools { // what a body may hold is said to be open
		if s := whole(x, ""); x.untyped && slices.Contains(x.Schema.Names(), "body") && !strings.Contains(s, "untyped") {
			t.Errorf("%s does not say that its body is untyped", s)
		}
	}
	if s := string(tools["users_update"].Schema.Full()); !strings.Contains(s, `"required":["user"]`) || strings.Contains(s, "\n") {
		t.Errorf("the full schema is %s", s)
	}
}
