package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// tenants knows to which of two organisations a word belongs, and judges what came out
// of a server of both. Nothing in this file imports what is tested: it reads what the
// organisations themselves hold, and counts what reached them.
type tenants struct {
	owner map[string]string // word -> the one organisation that holds it

	mu      sync.Mutex
	checked int
	crossed []string
	arrived map[string]int // "org METHOD path" of changes, as they reached an organisation
}

func newTenants() *tenants { return &tenants{owner: map[string]string{}, arrived: map[string]int{}} }

// canary is a word that only one organisation holds.
func canary(org string, n int) string { return fmt.Sprintf("canary%s%d", org, n) }

// plant writes canaries into an organisation, by its own API: the department of each
// user and the description of each group.
func (j *tenants) plant(org string, transport http.RoundTripper, documents map[string][]map[string]any) error {
	put := func(path string, body map[string]any) error {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		req, err := http.NewRequest(http.MethodPut, "https://console.jumpcloud.com"+path, bytes.NewReader(raw))
		if err != nil {
			return err
		}
		req.Header.Set("X-Api-Key", "sandbox-key")
		req.Header.Set("Content-Type", "application/json")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode > 299 {
			b, _ := io.ReadAll(resp.Body)
			return fmt.Errorf("%s: %d %s", path, resp.StatusCode, b)
		}
		return nil
	}
	for i, u := range documents["users"] {
		if err := put(fmt.Sprint("/api/systemusers/", u["_id"]), map[string]any{"department": canary(org, i)}); err != nil {
			return err
		}
	}
	for i, g := range documents["user_groups"] {
		if err := put(fmt.Sprint("/api/v2/usergroups/", g["id"]), map[string]any{"name": g["name"], "description": canary(org, 1000+i)}); err != nil {
			return err
		}
	}
	return nil
}

// know learns the ids and canaries of an organisation.
func (j *tenants) know(org string, documents map[string][]map[string]any) {
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			for _, e := range x {
				walk(e)
			}
		case []any:
			for _, e := range x {
				walk(e)
			}
		case string:
			if len(x) == 24 && strings.Trim(x, "0123456789abcdef") == "" || strings.HasPrefix(x, "canary") {
				if was, there := j.owner[x]; there && was != org {
					j.owner[x] = "" // both hold it: it tells nothing
				} else if !there {
					j.owner[x] = org
				}
			}
		}
	}
	for _, list := range documents {
		for _, d := range list {
			walk(d)
		}
	}
}

// words are the parts of a text that could be ids, canaries or marks.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// of is the organisation that a word belongs to; "" for none, or both.
func (j *tenants) of(word string) string {
	if rest, mark := strings.CutPrefix(word, "mark"); mark { // written by the calls themselves
		for _, org := range []string{"acme", "globex"} {
			if strings.HasPrefix(rest, org) {
				return org
			}
		}
	}
	return j.owner[word]
}

// judge looks for words of another organisation in what a call for org gave.
func (j *tenants) judge(org, what, text string) (own int) {
	var bad []string
	for _, w := range words(text) {
		switch j.of(w) {
		case "":
		case org:
			own++
		default:
			bad = append(bad, w)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.checked++
	if bad != nil {
		j.crossed = append(j.crossed, fmt.Sprintf("%s for %s: %s in %s", what, org, strings.Join(bad, " "), text))
	}
	return own
}

// cross notes a crossing that is no word.
func (j *tenants) cross(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.crossed = append(j.crossed, fmt.Sprintf(format, args...))
}

// gate counts the changes that reach an organisation, and whether what they carry is its own.
type gate struct {
	*tenants
	org  string
	next http.RoundTripper
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/search/") {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		g.judge(g.org, "a change that arrived at "+r.URL.Path, r.URL.Path+" "+string(body))
		g.mu.Lock()
		g.arrived[g.org+" "+r.Method+" "+lastWord(r.URL.Path)]++
		g.mu.Unlock()
	}
	return g.next.RoundTrip(r)
}

// lastWord is the last part of a path that is no id.
func lastWord(path string) string {
	parts := strings.Split(path, "/")
	if last := parts[len(parts)-1]; len(last) != 24 {
		return last
	}
	return parts[len(parts)-2]
}
