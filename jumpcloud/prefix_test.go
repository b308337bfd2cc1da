package jumpcloud_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

func startingNames(t *testing.T, d *jc.Directory, k *jc.Kind, prefix string, limit int) ([]string, bool) {
	t.Helper()
	found, more, err := d.Starting(t.Context(), k, prefix, limit)
	if err != nil {
		t.Fatalf("%s %q: %v", k.Noun, prefix, err)
	}
	var names []string
	for _, o := range found {
		if o.ID == "" || o.Kind != k {
			t.Errorf("%+v", o)
		}
		names = append(names, o.Name)
	}
	return names, more
}

// Groups cannot be searched by a beginning: a sorted page from it on finds them.
func TestStartingAmongManyGroups(t *testing.T) {
	c, _, n := overSandbox(t, sandbox.Options{})
	d := jc.NewDirectory(c)
	k := jc.UserGroup{}.Kind()
	create := func(name string) {
		if _, err := c.Do(t.Context(), jc.Request{Endpoint: jc.At("POST /api/v2/usergroups"), Effect: jc.Once, Body: map[string]any{"name": name}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 120 {
		create(fmt.Sprintf("A quiz %03d", i))
	}
	create("Quiz, teams")
	create("quiz/b")
	n.Store(0)
	names, more := startingNames(t, d, k, "quiz", 100)
	if want := []string{"Quiz, teams", "quiz/b"}; !slices.Equal(names, want) || !more {
		t.Errorf("found %q, more %v", names, more)
	}
	if n.Load() > 4 {
		t.Errorf("%d requests", n.Load())
	}
	if names, more = startingNames(t, d, k, "Quiz, t", 100); !slices.Equal(names, []string{"Quiz, teams"}) {
		t.Errorf("with a comma: %q, more %v", names, more)
	}
	if names, more = startingNames(t, d, k, "a QUIZ", 100); len(names) != 100 || !more || names[0] != "A quiz 000" {
		t.Errorf("%d names from %q, more %v", len(names), names[:1], more)
	}
	if names, more = startingNames(t, d, k, "a quiz 00", 3); len(names) != 3 || !more {
		t.Errorf("limit 3: %q, more %v", names, more)
	}
	if names, more = startingNames(t, d, k, "no such group", 100); len(names) != 0 || more {
		t.Errorf("%q, more %v", names, more)
	}
}

// Every kind that has names can be asked; the others give none.
func TestStartingKinds(t *testing.T) {
	c, org, _ := overSandbox(t, sandbox.Options{})
	d := jc.NewDirectory(c)
	for _, k := range []*jc.Kind{jc.Device{}.Kind(), jc.Application{}.Kind(), jc.Policy{}.Kind(), jc.Command{}.Kind(), jc.DeviceGroup{}.Kind()} {
		names, _ := startingNames(t, d, k, "", 100)
		if len(names) == 0 {
			t.Errorf("no %s", k.Noun)
			continue
		}
		low := strings.ToLower(names[len(names)/2])
		if same, _ := startingNames(t, d, k, low, 100); !slices.Contains(same, names[len(names)/2]) {
			t.Errorf("%s %q: %q", k.Noun, low, same)
		}
	}
	if names, more := startingNames(t, d, jc.CommandResult{}.Kind(), "", 100); len(names) != 0 || more {
		t.Errorf("command results: %q", names)
	}
	serial := org.Snapshot()["devices"][5]["serialNumber"].(string)
	if names, _ := startingNames(t, d, jc.Device{}.Kind(), strings.ToLower(serial), 100); !slices.Contains(names, serial) {
		t.Errorf("a serial number: %q", names)
	}
}

// refusing answers 400 where a text is compared, as an API might that cannot.
type refusing struct{ next http.RoundTripper }

func (f refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body.Close()
		if bytes.Contains(b, []byte("$gte")) {
			return &http.Response{StatusCode: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message":"unknown operator"}`))}, nil
		}
		r = r.Clone(r.Context())
		r.Header.Set("x-api-key", "sandbox-key")
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	return f.next.RoundTrip(r)
}

func TestStartingWithoutComparison(t *testing.T) {
	org, err := sandbox.New(sandbox.Options{Users: 1000})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := jc.RegionHosts("us")
	if err != nil {
		t.Fatal(err)
	}
	c, err := jc.New(jc.Config{Hosts: hosts, Transport: refusing{org.Transport()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	names, more := startingNames(t, jc.NewDirectory(c), jc.User{}.Kind(), "a", 100)
	if len(names) == 0 || !more {
		t.Errorf("%d names, more %v", len(names), more)
	}
}
