package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// opened is the audit of a file, closed at the end.
func opened(t *testing.T, path string) Audit {
	t.Helper()
	a, c, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return a
}

func write(t *testing.T, a Audit, lines ...Line) {
	t.Helper()
	for _, l := range lines {
		if err := a.Write(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
}

// read gives the sentences of the lines as well.
func read(t *testing.T, a Audit, since time.Time, want func(Line) bool) (Record, string) {
	t.Helper()
	rec, err := a.(AuditReader).Lines(t.Context(), Wanted{Since: since, Keep: want})
	if err != nil {
		t.Fatal(err)
	}
	said := make([]string, len(rec.Lines))
	for i, l := range rec.Lines {
		said[i] = l.Say
	}
	return rec, strings.Join(said, " ")
}

func said(at time.Time, say string) Line {
	return Line{Time: at, Phase: PhaseResult, Say: say, Risk: "change"}
}

func TestAuditIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a := opened(t, path)
	full := fullLine()
	full.Time = noon.Add(-2*time.Hour + 120*time.Millisecond)
	write(t, a, full, said(noon.Add(-time.Hour), "early"), said(noon.Add(3*time.Minute), "third"), said(noon, "first"),
		Line{Time: noon.Add(time.Minute), Phase: PhaseIntent, Say: "second"}, Line{Time: noon.Add(4 * time.Minute), Phase: PhaseRefused, Say: "fourth", Risk: "read"})
	var got string
	rec, _ := read(t, a, full.Time.Truncate(time.Hour), func(l Line) bool { return l.Tool != "" })
	if d := cmp.Diff([]Line{full}, rec.Lines); d != "" || rec.Memory || rec.Unread != 0 {
		t.Errorf("%s %+v", d, rec)
	}
	later := opened(t, path) // another process
	if rec, got = read(t, later, noon, func(l Line) bool { return l.Tool == "" }); got != "first second third fourth" || !rec.From.Equal(noon) {
		t.Errorf("%q since %s", got, rec.From)
	}
	if rec, got = read(t, later, noon.Add(-90*24*time.Hour), func(l Line) bool { return l.Say == "early" }); got != "early" || !rec.From.Equal(full.Time) {
		t.Errorf("%q since %s: the file begins at %s", got, rec.From, full.Time)
	}
	if _, got = read(t, later, noon.Add(4*time.Minute).Add(900*time.Microsecond), func(Line) bool { return true }); !strings.HasSuffix(got, "fourth") {
		t.Errorf("%q: times are kept to the millisecond", got)
	}
	before := time.Now()
	if rec, got = read(t, opened(t, path+"2"), noon, nil); got != "" || rec.From.Before(before) {
		t.Errorf("an empty file gives %q since %s", got, rec.From)
	}
}

// What cannot be understood is passed over, and counted where it may be of the time asked for.
func TestAuditReadsPastWhatItDoesNotKnow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	line := func(at time.Time, say string) string {
		return fmt.Sprintf(`{"time":"%s","phase":"result","say":"%s"}`+"\n", at.Format(auditTime), say)
	}
	whole := `{"say":"no time, long ago"}` + "\n" + line(noon.Add(-time.Hour), "early") + // not of this time
		line(noon, "first") +
		`{"say":"to{"time":"2026-11-22T12:00:01.000Z","phase":"result","say":"after a torn one"}` + "\n" +
		"\n" + // nothing
		`{"time":"2026-11-22T12:00:02.000Z","phase":"head","sig":"x"}` + "\n" +
		`{"time":"2026-11-22T12:00:03.000Z","phase":"result","say":{"en":"x"}}` + "\n" +
		`{"v":2,"phase":"result","time":"2026-11-22T12:00:04Z","say":"second","prev":"abc","extra":[1]}` + "\n" + // another version, understood
		strings.Repeat("x", maxAuditLine+100_000) + "\n" + // longer than any
		line(noon.Add(time.Minute), "third "+strings.Repeat("é", 100_000)) + // longer than the buffer
		`{"time":"2026-11-22T12:00:09.000Z","phase":"result","say":"torn, or bei`
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	check := func(rec Record, err error) {
		t.Helper()
		var got string
		for _, l := range rec.Lines {
			got += l.Say[:min(len(l.Say), 6)] + ","
		}
		if err != nil || got != "first,second,third ," || rec.Unread != 4 || !rec.From.Equal(noon.Add(-time.Minute)) {
			t.Errorf("%q, %d unread, since %s: %v", got, rec.Unread, rec.From, err)
		}
		if last := rec.Lines[len(rec.Lines)-1].Say; len(last) != 6+200_000 {
			t.Errorf("a long line has %d bytes", len(last))
		}
	}
	check(scanAudit(t.Context(), f, Wanted{Since: noon.Add(-time.Minute)}))
	a := opened(t, path) // closes the torn line, which then is one more that is not understood
	rec, err := a.(AuditReader).Lines(t.Context(), Wanted{Since: noon.Add(-time.Minute)})
	if rec.Unread--; err != nil {
		t.Fatal(err)
	}
	check(rec, nil)
	if rec, _ := read(t, a, noon.Add(-2*time.Hour), nil); rec.Unread != 6 || !rec.From.Equal(noon.Add(-time.Hour)) {
		t.Errorf("%d unread since %s", rec.Unread, rec.From)
	}
}

// What is passed over undecoded is whole: torn lines count, whatever they spoke of.
func TestAuditOfOneTarget(t *testing.T) {
	line := func(say, target string) string {
		b, err := Line{Time: noon, Phase: PhaseResult, Say: say, Targets: []Target{{Type: "user", ID: "1"}, {Type: target, ID: "2"}}, Call: "k"}.encode(noon)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	file := line("other", "device") + line("wanted", "access_request") +
		line("torn and run into", "device")[:70] + line("another", "device") +
		line("torn", "device")[:90] + "\n" +
		`{"v":2,` + line("of another form", "device")[1:] + `{"v":2,` + line("wanted in it", "access_request")[1:] +
		line(`speaks of "type":"access_request"`, "device")
	rec, err := scanAudit(t.Context(), strings.NewReader(file), Wanted{Since: noon, Target: "access_request"})
	if err != nil || len(rec.Lines) != 2 || rec.Lines[0].Say != "wanted" || rec.Lines[1].Say != "wanted in it" || rec.Unread != 2 {
		t.Errorf("%+v: %v", rec, err)
	}
}

// A long record is not held in memory: of 400,000 lines, 165 MB, a few kilobytes
// are, and the lines with one type of target are found without decoding the others.
func TestALargeAuditIsStreamed(t *testing.T) {
	const lines, rare = 400_000, 1000
	var forms [2][]byte
	for i, target := range []string{"device", "access_request"} {
		l := fullLine()
		l.Time, l.Targets[0].Type, l.Say = noon, target, `access_request "type":"access_request"`
		forms[i], _ = l.encode(noon)
	}
	n := 0
	r := &repeat{next: func() []byte {
		if n == lines {
			return nil
		}
		if n++; n%rare == 0 {
			return forms[1]
		}
		return forms[0]
	}}
	kept := 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	rec, err := scanAudit(t.Context(), r, Wanted{Since: noon, Target: "access_request", Keep: func(Line) bool { kept++; return kept%2 == 0 }})
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	if err != nil || kept != lines/rare || len(rec.Lines) != kept/2 || !rec.From.Equal(noon) || rec.Unread != 0 {
		t.Errorf("%d looked at, %d kept since %s, %d unread: %v", kept, len(rec.Lines), rec.From, rec.Unread, err)
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 8<<20 {
		t.Errorf("%d MB allocated", spent>>20)
	}
	t.Logf("%d MB in %s, %d KB allocated", r.read>>20, took, (after.TotalAlloc-before.TotalAlloc)>>10)
}

// Of more than a Record holds it has the newest, and says from when on.
func TestAuditRecordIsCut(t *testing.T) {
	l := fullLine()
	n := 0
	r := &repeat{next: func() []byte {
		if n++; n > 3*MaxRecord {
			return nil
		}
		l.Time = noon.Add(time.Duration(n^1) * time.Second) // pairs stand in the wrong order
		b, _ := l.encode(noon)
		return b
	}}
	rec, err := scanAudit(t.Context(), r, Wanted{Since: noon})
	if err != nil || len(rec.Lines) != MaxRecord || !rec.From.Equal(rec.Lines[0].Time) {
		t.Fatalf("%d lines since %s: %v", len(rec.Lines), rec.From, err)
	}
	for i, l := range rec.Lines[:MaxRecord-1] {
		if !l.Time.Before(rec.Lines[i+1].Time) {
			t.Fatalf("line %d is of %s, the next of %s", i, l.Time, rec.Lines[i+1].Time)
		}
	}
	if last := rec.Lines[MaxRecord-1].Time; last.Before(noon.Add(3 * MaxRecord * time.Second)) {
		t.Errorf("the last is of %s", last)
	}
}

// repeat gives lines as they are asked for.
type repeat struct {
	next func() []byte
	rest []byte
	read int
}

func (r *repeat) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.rest = r.next(); r.rest == nil {
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	r.read += n
	return n, nil
}

// Whoever reads while others write sees whole lines, each of them.
func TestAuditIsReadWhileItGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	one, two := opened(t, path), opened(t, path)
	var wg sync.WaitGroup
	for _, a := range []Audit{one, two} {
		for range 2 {
			wg.Go(func() {
				for i := range 200 {
					l := fullLine()
					l.Time = time.Time{}
					l.Say = strings.Repeat("é", i*10)
					if err := a.Write(t.Context(), l); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	read := func() int {
		rec, err := two.(AuditReader).Lines(t.Context(), Wanted{Since: noon.AddDate(-1, 0, 0)})
		if err != nil || rec.Unread > 0 || rec.Memory {
			t.Errorf("%d lines, %d unread: %v", len(rec.Lines), rec.Unread, err)
		}
		return len(rec.Lines)
	}
	written := make(chan struct{})
	go func() { wg.Wait(); close(written) }()
	for seen, open := 0, true; open && !t.Failed(); {
		select {
		case <-written:
			open = false
		default:
		}
		now := read()
		if now < seen {
			t.Fatalf("%d lines, and %d before", now, seen)
		}
		seen = now
	}
	wg.Wait()
	if n := read(); n != 800 {
		t.Errorf("%d lines", n)
	}
}

// Without a file, results of changes are remembered, and it is said from when on.
func TestAuditRemembersChanges(t *testing.T) {
	var buf bytes.Buffer
	started := time.Now()
	a := NewAudit(&buf)
	write(t, a, said(started.Add(time.Minute), "changed"), Line{Phase: PhaseResult, Say: "read", Risk: "read"},
		Line{Phase: PhaseIntent, Say: "intent", Risk: "change"}, Line{Phase: PhaseRefused, Say: "refused", Risk: "change"})
	rec, got := read(t, a, started.Add(-time.Hour), nil)
	if got != "changed" || !rec.Memory || rec.From.Before(started) || rec.From.After(time.Now()) {
		t.Errorf("%q since %s", got, rec.From)
	}
	if rec, got = read(t, a, started.Add(2*time.Minute), nil); got != "" || !rec.From.Equal(started.Add(2*time.Minute)) {
		t.Errorf("%q since %s", got, rec.From)
	}
	first := started.Truncate(time.Millisecond)
	for i := range 3000 {
		write(t, a, said(first.Add(time.Duration(i)*time.Second), strings.Repeat("x", 2000)))
	}
	rec, _ = read(t, a, started.Add(-time.Hour), nil)
	held := len(rec.Lines)
	if held < 500 || held > maxAuditMemory/2000 || !rec.Lines[held-1].Time.Equal(first.Add(2999*time.Second)) {
		t.Errorf("%d lines are held, the last of %s", held, rec.Lines[held-1].Time)
	}
	if lost := first.Add(time.Duration(3000-held-1) * time.Second); !rec.From.Equal(lost) {
		t.Errorf("said to begin at %s; the last that was dropped is of %s", rec.From, lost)
	}
	d := &disk{left: 10}
	a = NewAudit(d)
	_ = a.Write(t.Context(), said(noon, "lost"))
	if _, got := read(t, a, noon, nil); got != "" {
		t.Errorf("what was not written is remembered: %q", got)
	}
}

// A file that cannot be read is an error, with what is remembered beside it.
func TestUnreadableAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a, c, err := OpenAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, a, said(time.Now(), "changed"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rec, err := a.(AuditReader).Lines(ctx, Wanted{Since: noon}); !errors.Is(err, context.Canceled) || errors.Is(err, ErrAuditUnread) || len(rec.Lines) > 0 {
		t.Errorf("%+v, %v", rec, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	rec, err := a.(AuditReader).Lines(t.Context(), Wanted{Since: time.Now().Add(-time.Hour)})
	if !errors.Is(err, ErrAuditUnread) || !errors.Is(err, os.ErrClosed) || strings.Contains(err.Error(), path) || !rec.Memory || len(rec.Lines) != 1 {
		t.Errorf("%+v, %v", rec, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	// Lines of a file that has been put into the place of ours are not ours.
	path += "2"
	a = opened(t, path)
	write(t, a, said(noon, "mine"))
	if err := errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, []byte(`{"time":"2026-11-22T12:00:00.000Z","phase":"result","say":"foreign"}`+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, got := read(t, a, noon, nil); got != "mine" {
		t.Errorf("%q", got)
	}
}

func TestAuditThatIsNoFileIsRemembered(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/null is not everywhere")
	}
	a := opened(t, "/dev/null")
	write(t, a, said(time.Now(), "changed"))
	if rec, got := read(t, a, noon.AddDate(-1, 0, 0), nil); got != "changed" || !rec.Memory {
		t.Errorf("%q %+v", got, rec)
	}
}

func FuzzAuditIsRead(f *testing.F) {
	b, err := fullLine().encode(noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(append(b[:len(b):len(b)], b...))
	f.Add([]byte(`{"time":"2026-11-22T12:00:00.000Z"` + "\n\n{}\nnull\n[1]\n"))
	f.Add(append([]byte(`{"time":"`), b...))
	f.Fuzz(func(t *testing.T, file []byte) {
		rec, err := scanAudit(t.Context(), bytes.NewReader(file), Wanted{})
		if lines := bytes.Count(file, []byte("\n")); err != nil || len(rec.Lines)+rec.Unread > lines {
			t.Errorf("%d lines and %d unread of %d: %v", len(rec.Lines), rec.Unread, lines, err)
		}
		typed, err := scanAudit(t.Context(), bytes.NewReader(file), Wanted{Target: "device"})
		if err != nil || len(typed.Lines) > len(rec.Lines) {
			t.Errorf("%d lines, with a target %d: %v", len(rec.Lines), len(typed.Lines), err)
		}
	})
}
