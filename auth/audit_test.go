package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fullLine() Line {
	return Line{
		Time: time.Date(2026, 11, 22, 14, 0, 5, 120_000_000, time.FixedZone("", 3600)), Phase: PhaseResult,
		Say:   `helpdesk erased MBP-117 <C02XYZ>`,
		Agent: "helpdesk", Principal: "helpdesk (stdio)", Tool: "devices_erase", Risk: "destroy",
		Targets: []Target{{Type: "device", ID: "65fa1c", Name: "MBP-117"}},
		Method:  "POST", Path: "/api/systems/{device}/command/builtin/erase", Decision: "allow (no grant file)",
		Outcome: "accepted", Code: "timeout", Attempts: 2, MS: 183, Change: "c-8841", Call: "k7",
	}
}

func TestAuditLine(t *testing.T) {
	var buf bytes.Buffer
	a := NewAudit(&buf)
	if err := a.Write(t.Context(), fullLine()); err != nil {
		t.Fatal(err)
	}
	want := `{"time":"2026-11-22T13:00:05.120Z","phase":"result","say":"helpdesk erased MBP-117 <C02XYZ>","agent":"helpdesk",` +
		`"principal":"helpdesk (stdio)","tool":"devices_erase","risk":"destroy","targets":[{"type":"device","id":"65fa1c","name":"MBP-117"}],` +
		`"method":"POST","path":"/api/systems/{device}/command/builtin/erase","decision":"allow (no grant file)","outcome":"accepted",` +
		`"code":"timeout","attempts":2,"ms":183,"change":"c-8841","call":"k7","run":"` + a.(*AuditLog).Run() + `","seq":1,"prev":"` + strings.Repeat("0", 64) + `"`
	want += fmt.Sprintf(`,"hash":"%x"}`, sha256.Sum256([]byte(want))) + "\n"
	if d := cmp.Diff(want, buf.String()); d != "" {
		t.Error(d)
	}
	buf.Reset()
	before := time.Now().Truncate(time.Millisecond)
	if err := a.Write(t.Context(), Line{Phase: PhaseIntent, Say: "x"}); err != nil {
		t.Fatal(err)
	}
	var got struct{ Time time.Time }
	if err := json.Unmarshal(buf.Bytes(), &got); err != nil || got.Time.Before(before) || got.Time.After(time.Now()) {
		t.Errorf("%s: %v", buf.String(), err)
	}
	if err := a.Write(t.Context(), Line{Phase: "done"}); !errors.Is(err, ErrAudit) {
		t.Errorf("unknown phase: %v", err)
	}
	if err := a.Write(t.Context(), Line{Phase: PhaseRefused}); err != nil {
		t.Errorf("a line that could not be made broke the log: %v", err)
	}
}

// TestAuditHasNoPlaceForSecrets is the list of all that a line may hold: a new field
// has to be added here by someone who has thought about it.
func TestAuditHasNoPlaceForSecrets(t *testing.T) {
	fields := func(v any) (out []string) {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			out = append(out, f.Name+" "+f.Type.String()+" "+f.Tag.Get("json"))
		}
		return out
	}
	want := []string{
		"Time time.Time time", "Phase string phase", "Say string say", "Agent string agent,omitempty", "Principal string principal,omitempty",
		"Approver string approver,omitempty", "Request string request,omitempty", "Org string org,omitempty", "Reason string reason,omitempty",
		"Tool string tool,omitempty", "Risk string risk,omitempty", "Targets []auth.Target targets,omitempty", "Method string method,omitempty",
		"Path string path,omitempty", "Decision string decision,omitempty", "Version string version,omitempty", "Outcome string outcome,omitempty", "Code string code,omitempty",
		"Attempts int attempts,omitempty", "MS int64 ms,omitempty", "Change string change,omitempty", "Trace string trace,omitempty", "Call string call,omitempty",
		"Step int step,omitempty", "Run string run,omitempty", "Seq uint64 seq,omitempty",
	}
	if d := cmp.Diff(want, fields(Line{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Type string type", "ID string id,omitempty", "Name string name,omitempty"}, fields(Target{})); d != "" {
		t.Error(d)
	}
}

func TestHostileNamesStayInTheirLine(t *testing.T) {
	name := "a\nb\r\u2028c\x1b[31m\u202ed\u200be\x7f\u009b\u00adf\U000e0041g\"h\\é漢😀\xff"
	var buf bytes.Buffer
	l := Line{Phase: PhaseResult, Say: "changed " + name, Targets: []Target{{Type: "user", Name: name + strings.Repeat("é", 10_000)}}}
	if err := NewAudit(&buf).Write(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	out := buf.String()
	if strings.Count(out, "\n") != 1 || strings.ContainsAny(out, "\r\u2028\x1b\u202e\u200b\x7f\u009b\u00ad\U000e0041") {
		t.Errorf("%q", out)
	}
	if !strings.Contains(out, "é漢😀") {
		t.Error("what can be read was escaped as well")
	}
	var got Line
	if err := json.Unmarshal(buf.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := "changed " + strings.ToValidUTF8(name, "\ufffd"); got.Say != want {
		t.Errorf("%q, want %q", got.Say, want)
	}
	if r := []rune(got.Targets[0].Name); len(r) != maxAuditText+1 || r[len(r)-1] != '…' {
		t.Errorf("%d runes", len(r))
	}
	buf.Reset()
	if err := NewAudit(&buf).Write(t.Context(), Line{Phase: PhaseResult, Say: strings.Repeat("x", 10_000)}); err != nil || buf.Len() > maxAuditText+300 {
		t.Errorf("%d bytes, %v", buf.Len(), err)
	}
	if strings.HasPrefix(l.Targets[0].Name, "…") || len([]rune(l.Targets[0].Name)) < 10_000 {
		t.Error("the caller's line was changed")
	}
}

// Every text is cut, whichever field it stands in.
func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	l := Line{Targets: []Target{{Type: long, ID: long, Name: long}}}
	v := reflect.ValueOf(&l).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString(long)
		}
	}
	l.Phase, l.Run = PhaseResult, "" // of a closed list; set when it is written
	b, err := l.encode(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	texts := 0
	var check func(string, any)
	check = func(name string, v any) {
		switch x := v.(type) {
		case string:
			if texts++; len([]rune(x)) > maxAuditText+1 {
				t.Errorf("%s: %d letters", name, len([]rune(x)))
			}
		case []any:
			for name, v := range x[0].(map[string]any) {
				check(name, v)
			}
		}
	}
	for name, v := range got {
		check(name, v)
	}
	if texts < 20 {
		t.Errorf("%d texts in the line", texts)
	}
}

// disk takes a number of bytes and is then full.
type disk struct {
	bytes.Buffer
	left  int
	short bool // says nothing when it is
}

func (d *disk) Write(p []byte) (int, error) {
	if len(p) <= d.left {
		d.left -= len(p)
		return d.Buffer.Write(p)
	}
	n, _ := d.Buffer.Write(p[:d.left])
	d.left = 0
	if d.short {
		return n, nil
	}
	return n, &os.PathError{Op: "write", Path: "/secret/place", Err: syscall.ENOSPC}
}

// While a line cannot be written none is said to be, and Health says so. With room
// again the torn line is closed, results of changes that were under way follow, and a
// line says how many are missing.
func TestAFullDisk(t *testing.T) {
	for _, short := range []bool{false, true} {
		d := &disk{left: 1000, short: short}
		a := newLog(d, AuditOptions{})
		good := 0
		for i := range 10 {
			l := Line{Phase: PhaseIntent, Say: strings.Repeat("x", 20), Risk: "change"}
			if i == 8 {
				l.Phase, l.Say = PhaseResult, "was under way"
			}
			err := a.Write(t.Context(), l)
			if err == nil {
				if good++; good != i+1 || a.Health() != nil {
					t.Errorf("line %d was written after one that failed; %v", i, a.Health())
				}
				continue
			}
			cause := error(syscall.ENOSPC)
			if short {
				cause = io.ErrShortWrite
			}
			if !errors.Is(err, ErrAudit) || !errors.Is(err, cause) || strings.Contains(err.Error(), "/") || !errors.Is(a.Health(), cause) {
				t.Errorf("%v, %v", err, a.Health())
			}
		}
		if whole := strings.Count(d.String(), "\n"); whole != good || good == 0 || good == 10 {
			t.Errorf("%d lines said to be written, %d are", good, whole)
		}
		d.left = 1 << 20
		if err := errors.Join(a.Write(t.Context(), Line{Phase: PhaseIntent, Say: "after"}), a.Health()); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(d.String(), "\n")[good+1:]
		if len(lines) != 4 || !strings.Contains(lines[0], "was under way") || !strings.Contains(lines[2], "after") ||
			!strings.Contains(lines[1], fmt.Sprintf(`"phase":"resumed","say":"the audit can be written again: %d lines since`, 10-good)) {
			t.Errorf("%q", lines)
		}
		if rep := verified(t, d.String(), nil); rep.Bad() || len(rep.Findings) != 1 || rep.Findings[0].Line != good+1 {
			t.Errorf("%+v", rep.Findings)
		}
	}
}

// A change waits for the disk, and is refused where that fails; a read does not wait.
func TestChangesWaitForTheDisk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("what cannot be flushed is something else there")
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a := opened(t, path).(*AuditLog)
	write(t, a, fullLine())
	r, w, err := os.Pipe() // has no disk: fsync fails
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	good := a.disk.file
	a.disk.file = w
	looked := fullLine()
	looked.Risk = "read"
	if err := errors.Join(a.Write(t.Context(), looked), a.Health()); err != nil {
		t.Errorf("a read: %v", err)
	}
	if err := a.Write(t.Context(), fullLine()); !errors.Is(err, ErrAudit) || !errors.Is(a.Health(), ErrAudit) {
		t.Errorf("a change: %v, %v", err, a.Health())
	}
	lost := a.written.Load()
	write(t, a, looked)
	if a.Health() == nil {
		t.Error("a line of a read says nothing about the disk")
	}
	a.disk.file = good
	write(t, a, fullLine())
	if a.Health() != nil || a.flush(lost) == nil {
		t.Errorf("%v; what an fsync lost is never said to be there: %v", a.Health(), a.flush(lost))
	}
	if rep := verified(t, text(t, path), nil); len(rep.Findings) > 0 || rep.Lines != 5 {
		t.Errorf("%+v", rep)
	}
}

func TestACancelledCallerStillLeavesALine(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var buf bytes.Buffer
	if err := NewAudit(&buf).Write(ctx, fullLine()); err != nil || buf.Len() == 0 {
		t.Errorf("%v, %d bytes", err, buf.Len())
	}
}

// countedWrites fails the test when a line comes in pieces or two writes at once.
type countedWrites struct {
	t     *testing.T
	mu    sync.Mutex
	lines int
}

func (w *countedWrites) Write(p []byte) (int, error) {
	if !w.mu.TryLock() {
		w.t.Error("two writes at once")
		return len(p), nil
	}
	defer w.mu.Unlock()
	for line := range bytes.Lines(p) {
		if !json.Valid(line) || line[len(line)-1] != '\n' {
			w.t.Errorf("not a whole line: %.200q", line)
		}
		w.lines++
	}
	return len(p), nil
}

func TestConcurrentLinesAreWhole(t *testing.T) {
	w := &countedWrites{t: t}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	one, c1, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c1.Close()
	two, c2, err := OpenAudit(path) // another process with the same file
	if err != nil {
		t.Fatal(err)
	}
	defer c2.Close()
	mem := NewAudit(w)
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for i := range 50 {
				l := fullLine()
				l.Call = fmt.Sprint(g, "-", i)
				l.Say = strings.Repeat("é", i*20)
				file := one
				if g%2 == 0 {
					file = two
				}
				if err := errors.Join(mem.Write(t.Context(), l), file.Write(t.Context(), l)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]bool{}
	for line := range bytes.Lines(b) {
		var l Line
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		calls[l.Call] = true
	}
	if w.lines != 1600 || len(calls) != 1600 {
		t.Errorf("%d lines in memory, %d in the file", w.lines, len(calls))
	}
}

func TestOpenAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte("{\"say\":\"first\"}\n{\"say\":\"to"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // the torn line is closed once
		a, c, err := OpenAudit(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Write(t.Context(), Line{Phase: PhaseIntent, Say: fmt.Sprint("open ", i)}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		if err := a.Write(t.Context(), fullLine()); !errors.Is(err, ErrAudit) || !errors.Is(err, os.ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
	}
	b, _ := os.ReadFile(path)
	lines := strings.Split(string(b), "\n")
	if len(lines) != 5 || lines[1] != `{"say":"to` || !strings.Contains(lines[2], "open 0") || !strings.Contains(lines[3], "open 1") || lines[4] != "" {
		t.Errorf("%q", lines)
	}
}

func TestOpenAuditMakesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	_, c, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	for _, bad := range []string{t.TempDir(), filepath.Join(path, "x"), filepath.Join(t.TempDir(), "no", "x")} {
		if a, c, err := OpenAudit(bad); err == nil || a != nil || c != nil {
			t.Errorf("%s opened: %v", bad, err)
		}
	}
}

func TestAFullDeviceIsNoticed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	a, c, err := OpenAudit("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if err := a.Write(t.Context(), fullLine()); !errors.Is(err, ErrAudit) || !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
	}
}
