package state

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

func change(id string, at time.Time) Change {
	return Change{
		ID: id, At: at, Agent: "helpdesk", Tool: "users_update", Say: "user ada: department A -> B",
		Targets: []auth.Target{{Type: "user", ID: "5f", Name: "ada"}},
		Before:  map[string]any{"n": json.Number("12345678901234567")}, After: map[string]any{"n": nil},
		Reverse: &Reverse{Tool: "users_update", Arguments: json.RawMessage(`{"user":"5f","department":"A"}`)},
	}
}

func TestJournalKeeps(t *testing.T) {
	d, c := open(t)
	if got, err := d.Changes(); got != nil || err != nil {
		t.Fatal(got, err)
	}
	want := []Change{change("c-1", c.now()), change("c-2", c.now())}
	want[1].Undoes = "c-1"
	for _, e := range want {
		must(t, d.Record(background(), e))
	}
	other := another(t, d.Path())
	got, err := other.Changes()
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Shared() {
		return
	}
	info, err := os.Stat(d.local.file(journalName))
	if must(t, err); info.Mode().Perm() != 0o600 {
		t.Errorf("its rights are %v", info.Mode())
	}
}

// A line that was cut is left out, and the next one is not lost with it.
func TestJournalTorn(t *testing.T) {
	filesOnly(t)
	d, c := open(t)
	must(t, d.Record(background(), change("c-1", c.now())))
	must(t, d.Record(background(), change("c-2", c.now())))
	info, err := os.Stat(d.local.file(journalName))
	must(t, err)
	must(t, os.Truncate(d.local.file(journalName), info.Size()-20))
	must(t, d.Record(background(), change("c-3", c.now())))
	f, err := os.OpenFile(d.local.file(journalName), os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = f.WriteString("{}\nnull\n\n" + strings.Repeat("x", 3*maxJournalLine) + "\n[1")
	must(t, err)
	must(t, f.Close())
	long := change("c-4", c.now())
	long.Before = map[string]any{"x": strings.Repeat("y", maxJournalLine)}
	must(t, d.Record(background(), long))
	got, err := d.Changes()
	must(t, err)
	if len(got) != 3 || got[0].ID != "c-1" || got[1].ID != "c-3" || got[2].ID != "c-4" || got[2].Reverse != nil {
		t.Errorf("%+v", got)
	}
	long.Say = strings.Repeat("y", maxJournalLine)
	if d.Record(background(), long) == nil {
		t.Error("a line that nobody can read was written")
	}
	must(t, os.Remove(d.local.file(journalName)))
	must(t, os.Mkdir(d.local.file(journalName), 0o700))
	if d.Record(background(), change("c-5", c.now())) == nil {
		t.Error("written into a folder")
	}
}

func TestJournalRetention(t *testing.T) {
	filesOnly(t)
	d, c := open(t)
	must(t, d.Record(background(), change("c-old", c.now())))
	c.add(keepChanges / 2)
	must(t, d.Record(background(), change("c-new", c.now())))
	c.add(keepChanges/2 + time.Minute)
	if got, _ := d.Changes(); len(got) != 1 || got[0].ID != "c-new" {
		t.Errorf("after a month: %+v", got)
	}
	must(t, d.Record(background(), change("c-3", c.now())))
	if raw := string(everything(t, d)); strings.Contains(raw, "c-old") || !strings.Contains(raw, "c-new") {
		t.Error("what is past its time is on the disk still")
	}
	var b strings.Builder
	for i := range maxJournal + 10 {
		line, err := journalLine(Change{ID: fmt.Sprint("c-", i), At: c.now(), Say: "x"})
		must(t, err)
		b.Write(line)
	}
	must(t, os.WriteFile(d.local.file(journalName), []byte(b.String()), 0o600))
	c.add(tidyEvery)
	must(t, d.Record(background(), change("c-last", c.now())))
	got, err := d.Changes()
	must(t, err)
	if len(got) != maxChanges || got[maxChanges-1].ID != "c-last" || strings.Count(string(everything(t, d)), "\n") != maxChanges+1 {
		t.Errorf("%d changes are kept", len(got))
	}
}

func TestProcessesShareTheJournal(t *testing.T) {
	d, _ := open(t)
	d.now = time.Now
	processes(t, 8, "journal", d.Path())
	got, err := d.Changes()
	must(t, err)
	ids := map[string]bool{}
	for _, c := range got {
		ids[c.ID] = true
	}
	if len(got) != 8*4*30 || len(ids) != len(got) {
		t.Errorf("%d changes, %d ids, of 8 processes with 4 threads that made 30 each", len(got), len(ids))
	}
}

func BenchmarkRecord(b *testing.B) {
	d, c := open(b)
	for b.Loop() {
		if err := d.Record(background(), change("c-1", c.now())); err != nil {
			b.Fatal(err)
		}
	}
}
