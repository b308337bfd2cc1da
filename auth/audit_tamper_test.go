package auth

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// kept is a file of n lines with a key and heads.
func kept(t *testing.T, n int, o AuditOptions) (path, key string, said *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	path, o.KeyDir, said = filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "state"), &bytes.Buffer{}
	o.Heads = said
	a, err := OpenAuditLog(path, o)
	if err != nil {
		t.Fatal(err)
	}
	l := fullLine()
	l.Risk = "read" // no fsync
	for i := range n {
		l.Call = fmt.Sprint("k", i)
		write(t, a, l)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if key, err = AuditKey(o.KeyDir); err != nil {
		t.Fatal(err)
	}
	return path, key, said
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func headsOf(t *testing.T, from, key string) []AuditHead {
	t.Helper()
	heads, bad, err := ReadAuditHeads(strings.NewReader(from), key)
	if err != nil || bad > 0 || len(heads) == 0 {
		t.Fatalf("%d heads, %d bad: %v", len(heads), bad, err)
	}
	return heads
}

// anew makes the chain of lines again, as one would who has the file and no key.
func anew(lines []string) []string {
	var h chainHead
	out := make([]string, len(lines))
	for i, line := range lines {
		var b []byte
		at := strings.LastIndex(line, seqField)
		b, h = h.seal([]byte(line[:at] + "}\n"))
		out[i] = string(b)
	}
	return out
}

func TestTampering(t *testing.T) {
	path, key, said := kept(t, 250, AuditOptions{})
	lines := slices.Collect(strings.Lines(text(t, path)))
	heads := headsOf(t, text(t, path+".heads"), key)
	if other := headsOf(t, "level=INFO something else\n{\"msg\":\"x\"}\n"+said.String(), key); len(heads) != 3 || !slices.Equal(heads, other) {
		t.Fatalf("%+v, on stderr %+v", heads, other)
	}
	edit := func(f func(l []string) []string) []string { return f(slices.Clone(lines)) }
	reworded := func(l []string, i int) string { return strings.Replace(l[i], "MBP-117 <", "MBP-118 <", 1) }
	for _, c := range []struct {
		name  string
		file  []string
		heads bool
		want  []string // file:line: kind
	}{
		{"untouched", lines, true, nil},
		{"one word changed", edit(func(l []string) []string { l[110] = reworded(l, 110); return l }), false, []string{"111: changed"}},
		{"the first changed", edit(func(l []string) []string { l[0] = reworded(l, 0); return l }), false, []string{"1: changed"}},
		{"the last changed", edit(func(l []string) []string { l[249] = reworded(l, 249); return l }), false, []string{"250: changed"}},
		{"one changed, with its hash", edit(func(l []string) []string {
			b, _ := chainHead{110, mustLink(t, l[110]).prev}.seal([]byte(reworded(l, 110)[:strings.LastIndex(l[110], seqField)] + "}\n"))
			l[110] = string(b)
			return l
		}), false, []string{"111: changed"}},
		{"two beside each other changed", edit(func(l []string) []string { l[7], l[8] = reworded(l, 7), reworded(l, 8); return l }), true, []string{"8: changed", "9: changed"}},
		{"one removed", slices.Delete(slices.Clone(lines), 40, 41), false, []string{"41: removed"}},
		{"ten removed", slices.Delete(slices.Clone(lines), 40, 50), false, []string{"41: removed"}},
		{"the first removed", lines[1:], true, []string{"1: removed"}},
		{"swapped", edit(func(l []string) []string { l[10], l[11] = l[11], l[10]; return l }), false, []string{"11: swapped"}},
		{"far ones swapped", edit(func(l []string) []string { l[10], l[90] = l[90], l[10]; return l }), false, []string{"11: swapped", "91: swapped"}},
		{"repeated beside", slices.Insert(slices.Clone(lines), 31, lines[30]), false, []string{"32: repeated"}},
		{"repeated elsewhere", slices.Insert(slices.Clone(lines), 200, lines[30]), false, []string{"201: repeated"}},
		{"put in", slices.Insert(slices.Clone(lines), 30, `{"time":"2026-11-22T13:00:05.120Z","phase":"result","say":"x"}`+"\n"), false, []string{"31: inserted"}},
		{"cut, without heads", lines[:230], false, nil}, // as it is said in VerifyAudit
		{"cut, with heads", lines[:230], true, []string{"230: cut"}},
		{"cut to nothing", nil, true, []string{"heads: cut"}},
		{"cut in a line", edit(func(l []string) []string { l[249] = l[249][:100]; return l }), true, []string{"250: cut", "250: torn"}},
		{"written anew from there", anew(edit(func(l []string) []string { l[110] = reworded(l, 110); return l })), true, []string{"200: changed", "250: changed"}},
		{"a crash cut one off", slices.Insert(slices.Clone(lines), 77, lines[77][:99]+"\n"), true, []string{"78: torn"}},
	} {
		var hs []AuditHead
		if c.heads {
			hs = heads
		}
		rep := verified(t, strings.Join(c.file, ""), hs)
		var got []string
		for _, f := range rep.Findings {
			s := f.String()
			got = append(got, strings.Join(strings.SplitN(strings.TrimPrefix(s, "audit.jsonl:"), ": ", 3)[:2], ": "))
		}
		if c.name == "cut to nothing" && len(got) == 1 && strings.Contains(got[0], "cut") {
			got = c.want
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q\n%v", c.name, got, c.want, rep.Findings)
		}
	}
	rep := verified(t, strings.Join(lines, ""), heads)
	if rep.Lines != 250 || rep.First != 1 || rep.Last != 250 || rep.Vouched != 250 || rep.Heads != 3 || rep.Hash != mustLink(t, lines[249]).hash.String() {
		t.Errorf("%+v", rep)
	}
}

func mustLink(t *testing.T, line string) link {
	t.Helper()
	l, ok := unseal([]byte(line))
	if !ok {
		t.Fatalf("not a line of a chain: %.200q", line)
	}
	return l
}

// Each flip of a single bit is found, and the line it is in is named.
func TestEveryFlippedBitIsFound(t *testing.T) {
	path, key, _ := kept(t, 8, AuditOptions{HeadLines: 5})
	whole, heads := []byte(text(t, path)), headsOf(t, text(t, path+".heads"), key)
	line, flips := 1, 0
	for i := range whole {
		for bit := range 8 {
			if rand.N(6) > 0 && whole[i] != '\n' {
				continue
			}
			flips++
			whole[i] ^= 1 << bit
			rep, err := VerifyAudit(t.Context(), []AuditFile{{"f", bytes.NewReader(whole)}}, heads)
			near := func(f AuditFinding) bool { return f.Line == line || whole[i]^1<<bit == '\n' && f.Line <= line+1 }
			if err != nil || !rep.Bad() || !slices.ContainsFunc(rep.Findings, near) {
				t.Fatalf("bit %d of byte %d, in line %d: %v, %v", bit, i, line, rep.Findings, err)
			}
			whole[i] ^= 1 << bit
		}
		if whole[i] == '\n' {
			line++
		}
	}
	t.Logf("%d flips, all found", flips)
	// In the heads too: a note that says something else counts as bad.
	notes := []byte(text(t, path+".heads"))
	for i := range notes {
		notes[i] ^= 1
		got, bad, err := ReadAuditHeads(bytes.NewReader(notes), key)
		if err != nil || bad == 0 && !slices.Equal(got, heads) { // the last bits of base64 say nothing
			t.Errorf("byte %d of the heads: %d, %d bad: %v", i, len(got), bad, err)
		}
		notes[i] ^= 1
	}
}

func TestAuditKey(t *testing.T) {
	path, key, _ := kept(t, 3, AuditOptions{})
	_, other, _ := kept(t, 3, AuditOptions{})
	if heads, bad, err := ReadAuditHeads(strings.NewReader(text(t, path+".heads")), other); err != nil || len(heads) != 0 || bad != 1 {
		t.Errorf("with another key: %v, %d bad, %v", heads, bad, err)
	}
	if _, _, err := ReadAuditHeads(strings.NewReader(""), "nonsense"); err == nil {
		t.Error("a key that is none was taken")
	}
	lines := strings.Split(text(t, path+".heads"), "\n") // the checkpoint form of C2SP
	l := mustLink(t, slices.Collect(strings.Lines(text(t, path)))[2])
	if lines[0] != "jc-mcp/audit" || lines[1] != "3" || lines[2] != base64.StdEncoding.EncodeToString(l.hash[:]) || !strings.HasPrefix(lines[3], "time 20") ||
		lines[4] != "" || !strings.HasPrefix(lines[5], "— jc-mcp/audit ") || !strings.HasPrefix(key, "jc-mcp/audit+") {
		t.Errorf("%q", lines)
	}
	file := filepath.Join(filepath.Dir(path), "state", headKey)
	info, err := os.Stat(file)
	if err != nil || othersMayRead(info) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); othersMayRead(info) { // not on Windows
		if _, err := OpenAuditLog(path, AuditOptions{KeyDir: filepath.Dir(file)}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key that all may read was taken: %v", err)
		}
	}
}

// A file that is put aside is followed by one that names its last line; both are
// verified, and read, as one.
func TestRotation(t *testing.T) {
	path, key, _ := kept(t, 100, AuditOptions{RotateBytes: 20 << 10})
	older := rotated(path)
	if len(older) < 2 {
		t.Fatal(older)
	}
	a, err := OpenAuditLog(path, AuditOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := a.Lines(t.Context(), Wanted{Since: noon.AddDate(-1, 0, 0), Keep: func(l Line) bool { return l.Phase == PhaseResult }})
	if err != nil || len(rec.Lines) != 100 || rec.Lines[99].Call != "k99" || rec.Unread != 0 {
		t.Errorf("%d lines, %d unread: %v", len(rec.Lines), rec.Unread, err)
	}
	two, _, err := OpenAudit(path) // another process, which is not told
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Rotate(); err != nil {
		t.Fatal(err)
	}
	write(t, two, fullLine())
	if n := len(rotated(path)); n != len(older)+1 {
		t.Errorf("%d files were put aside, then %d: %q", len(older), n, rotated(path))
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, two, fullLine())
	_ = two.(*AuditLog).Close()
	// The newest is away when the process ends in between: the next goes on all the same.
	all := append(rotated(path), path)
	aside := fmt.Sprintf("%s.%012d", path, mustLink(t, last(text(t, path))).seq)
	if err := os.Rename(path, aside); err != nil {
		t.Fatal(err)
	}
	all[len(all)-1] = aside
	write(t, opened(t, path), fullLine())
	all = append(all, path)

	check := func(paths []string) *AuditReport {
		var files []AuditFile
		for _, p := range paths {
			files = append(files, AuditFile{filepath.Base(p), strings.NewReader(text(t, p))})
		}
		rep, err := VerifyAudit(t.Context(), files, headsOf(t, text(t, path+".heads"), key))
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	if rep := check(all); len(rep.Findings) > 0 || rep.Lines != 103+len(all)-1 {
		t.Errorf("%d lines of %d files: %v", rep.Lines, len(all), rep.Findings)
	}
	slices.Reverse(all)
	if rep := check(all); len(rep.Findings) > 0 {
		t.Errorf("in another order: %v", rep.Findings)
	}
	slices.Reverse(all)
	if rep := check(all[1:]); rep.Bad() || len(rep.Findings) != 1 || rep.Findings[0].Kind != Earlier {
		t.Errorf("without the oldest: %v", rep.Findings)
	}
	// Its first line made anew, on another past: the head of that tells.
	forged := anew(slices.Collect(strings.Lines(text(t, all[1]))))
	for i, h := 0, (chainHead{seq: mustLink(t, last(text(t, all[0]))).seq}); i < len(forged); i++ {
		var b []byte
		b, h = h.seal([]byte(forged[i][:strings.LastIndex(forged[i], seqField)] + "}\n"))
		forged[i] = string(b)
	}
	if rep := verified(t, strings.Join(forged, ""), headsOf(t, text(t, path+".heads"), key)); !slices.ContainsFunc(rep.Findings, func(f AuditFinding) bool { return f.Kind == Changed && f.Line == 1 }) {
		t.Errorf("a forged beginning: %v", rep.Findings)
	}
	if rep := check(slices.Delete(slices.Clone(all), 1, 2)); len(rep.Findings) != 1 || rep.Findings[0].Kind != Removed {
		t.Errorf("without one between: %v", rep.Findings)
	}
	if rep := check(all[:1]); len(rep.Findings) != 1 || rep.Findings[0].Kind != Cut {
		t.Errorf("the oldest alone: %v", rep.Findings)
	}
	if first := strings.SplitN(text(t, all[1]), "\n", 2)[0]; !strings.Contains(first, `"phase":"rotate"`) || !strings.Contains(first, mustLink(t, last(text(t, all[0]))).hash.String()) {
		t.Errorf("%s", first)
	}
}

func last(file string) string {
	i := strings.LastIndexByte(file[:len(file)-1], '\n')
	return file[i+1:]
}

// Somebody cuts the file while it is open: the gap shows in what is written after.
func TestACutWhileItIsOpenShows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a := opened(t, path)
	write(t, a, fullLine(), fullLine(), fullLine(), fullLine())
	file := text(t, path)
	if err := os.Truncate(path, int64(len(file)/2)); err != nil {
		t.Fatal(err)
	}
	write(t, a, fullLine())
	if rep := verified(t, text(t, path), nil); !rep.Bad() || rep.Findings[0].Kind != Removed {
		t.Errorf("%v", rep.Findings)
	}
}

func TestVerifySpeed(t *testing.T) {
	var buf bytes.Buffer
	var h chainHead
	var b []byte
	l := fullLine()
	body, _ := l.encode(noon)
	const lines = 50_000
	for range lines {
		b, h = h.seal(body)
		buf.Write(b)
	}
	size := buf.Len()
	begin := time.Now()
	rep, err := VerifyAudit(t.Context(), []AuditFile{{"f", io.Reader(&buf)}}, nil)
	if err != nil || rep.Lines != lines || len(rep.Findings) > 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	t.Logf("verified %d lines, %d MB, %.0f lines/s", lines, size>>20, lines/time.Since(begin).Seconds())
}

// Somebody removes the folder of the lock while two processes write.
func TestARemovedLockIsMadeAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("what is open cannot be removed there")
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	one := opened(t, path)
	write(t, one, fullLine())
	if err := os.RemoveAll(path + ".d"); err != nil {
		t.Fatal(err)
	}
	two := opened(t, path)
	var wg sync.WaitGroup
	for _, a := range []Audit{one, two} {
		wg.Go(func() {
			for range 100 {
				if err := a.Write(t.Context(), fullLine()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if rep := verified(t, text(t, path), nil); len(rep.Findings) > 0 || rep.Lines != 201 {
		t.Errorf("%d lines: %v", rep.Lines, rep.Findings)
	}
}

func FuzzVerify(f *testing.F) {
	b, h := chainHead{}.seal([]byte(`{"time":"2026-11-22T12:00:00.000Z","phase":"result","say":"x"}` + "\n"))
	c, _ := h.seal([]byte(`{"time":"2026-11-22T12:00:00.000Z","phase":"rotate","say":"x"}` + "\n"))
	f.Add(append(slices.Clone(b), c...), uint64(2))
	f.Add(append(slices.Clone(c), b...), uint64(1))
	f.Add([]byte("x\n\n"+seqField+prevField+hashField), uint64(0))
	f.Fuzz(func(t *testing.T, file []byte, head uint64) {
		rep, err := VerifyAudit(t.Context(), []AuditFile{{"f", bytes.NewReader(file)}}, []AuditHead{{Seq: head}})
		if err != nil || rep.Lines > bytes.Count(file, []byte("\n")) {
			t.Errorf("%+v, %v", rep, err)
		}
	})
}
