package auth

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test binary is also the process that writes: see child.
const childVar = "JC_MCP_TEST_AUDIT"

// TestAuditChild is no test: other tests start it as a process of its own.
func TestAuditChild(t *testing.T) {
	how := os.Getenv(childVar)
	if how == "" {
		t.Skip("it is run by other tests")
	}
	kind, path, _ := strings.Cut(how, " ")
	o := AuditOptions{KeyDir: filepath.Join(filepath.Dir(path), "state"), RotateBytes: 200 << 10}
	if kind == "full" {
		limitFiles(t, 20<<10)
		o.KeyDir = ""
	}
	a, err := OpenAuditLog(path, o)
	if err != nil {
		t.Fatal(err)
	}
	change := func(worker, i int) bool {
		l := fullLine()
		l.Time, l.Phase, l.Call = time.Time{}, PhaseIntent, fmt.Sprint(os.Getpid(), "-", worker, "-", i)
		if err := a.Write(t.Context(), l); err != nil {
			if kind != "full" || !errors.Is(a.Health(), ErrAudit) {
				t.Errorf("%v, %v", err, a.Health())
			}
			return false
		}
		fmt.Printf("sent %s\n", l.Call) // this is the request to JumpCloud
		l.Phase = PhaseResult
		if err := a.Write(t.Context(), l); err != nil && kind != "full" {
			t.Error(err)
		}
		return true
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := 0; i < 50 || kind == "forever"; i++ {
				change(worker, i)
			}
		})
	}
	wg.Wait()
	if err := a.Close(); err != nil && kind != "full" {
		t.Error(err)
	}
}

// child is a process that writes the audit; "sent …" lines are what it did.
func child(t *testing.T, kind, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAuditChild$")
	cmd.Env = append(os.Environ(), childVar+"="+kind+" "+path)
	cmd.Stderr = os.Stderr
	return cmd
}

func calls(out []byte) map[string]bool {
	sent := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if call, ok := strings.CutPrefix(line, "sent "); ok && strings.HasSuffix(call, "\n") {
			sent[strings.TrimSpace(call)] = true
		}
	}
	return sent
}

// record verifies the whole record at path, and gives its lines by phase and call.
func record(t *testing.T, path string) (*AuditReport, map[string]map[string]int) {
	t.Helper()
	heads, key := []AuditHead(nil), ""
	if b, err := os.ReadFile(path + ".heads"); err == nil {
		if key, err = AuditKey(filepath.Join(filepath.Dir(path), "state")); err != nil {
			t.Fatal(err)
		}
		heads = headsOf(t, string(b), key)
	}
	var files []AuditFile
	seen := map[string]map[string]int{}
	for _, p := range append(rotated(path), path) {
		file := text(t, p)
		files = append(files, AuditFile{filepath.Base(p), strings.NewReader(file)})
		_, err := scanAudit(t.Context(), strings.NewReader(file), Wanted{Keep: func(l Line) bool {
			if seen[l.Phase] == nil {
				seen[l.Phase] = map[string]int{}
			}
			seen[l.Phase][l.Call]++
			return false
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	rep, err := VerifyAudit(t.Context(), files, heads)
	if err != nil {
		t.Fatal(err)
	}
	return rep, seen
}

// Eight processes of eight goroutines write one chain, over several files.
func TestEightProcessesWriteOneChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var wg sync.WaitGroup
	begin := time.Now()
	var mu sync.Mutex
	sent := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			out, err := child(t, "all", path).Output()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			for c := range calls(out) {
				sent[c] = true
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	rep, seen := record(t, path)
	files := len(rotated(path)) + 1
	if len(rep.Findings) > 0 || len(sent) != 8*8*50 || rep.Lines != 2*len(sent)+files-1 || rep.Vouched != rep.Last || files < 3 {
		t.Errorf("%d sent, %d lines in %d files, vouched up to %d: %v", len(sent), rep.Lines, files, rep.Vouched, rep.Findings)
	}
	for c := range sent {
		if seen[PhaseIntent][c] != 1 || seen[PhaseResult][c] != 1 {
			t.Errorf("call %s has %d intents, %d results", c, seen[PhaseIntent][c], seen[PhaseResult][c])
		}
	}
	if left, _ := filepath.Glob(path + ".d/run-*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	t.Logf("%d lines, each on the disk before the next step, by 8 processes into %d files: %.0f lines/s, %d heads", rep.Lines, files, float64(rep.Lines)/took.Seconds(), rep.Heads)
}

// A process that is killed under load leaves a record that verifies. Each change
// that went out has its intent; the next start names those without a result.
func TestKilledUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var sent = map[string]bool{}
	for range 3 {
		cmd := child(t, "forever", path)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		in := bufio.NewReader(pipe)
		for n := 0; ; n++ {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			out.WriteString(line)
			if n == 200 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		for c := range calls(out.Bytes()) {
			sent[c] = true
		}
	}
	_, before := record(t, path)
	want := map[string]int{}
	for c, n := range before[PhaseIntent] {
		if before[PhaseResult][c] == 0 {
			want[c] = n
		}
	}
	live, err := OpenAuditLog(path, AuditOptions{}) // runs on: what it began is not unknown
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	l := fullLine()
	l.Phase, l.Call = PhaseIntent, "live"
	write(t, live, l)
	a := opened(t, path).(*AuditLog)
	unknown, err := a.Start(t.Context(), Line{Say: "started"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, u := range unknown {
		got[u.Call]++
		if u.Phase != PhaseUnknown || u.Outcome != "unknown" || len(u.Targets) != 1 || !strings.HasPrefix(u.Say, "outcome unknown, the process ended: helpdesk erased") {
			t.Errorf("%+v", u)
		}
	}
	if d := cmp.Diff(want, got); d != "" || len(got) == 0 {
		t.Errorf("%d are unknown: %s", len(got), d)
	}
	again, err := opened(t, path).(*AuditLog).Start(t.Context(), Line{Say: "started"})
	if err != nil || len(again) > 0 {
		t.Errorf("named twice: %v, %v", again, err)
	}
	rep, seen := record(t, path)
	if rep.Bad() || seen[PhaseStart][""] != 2 {
		t.Errorf("%v, %v", rep.Findings, seen[PhaseStart])
	}
	for c := range sent {
		if seen[PhaseIntent][c] != 1 || seen[PhaseResult][c]+seen[PhaseUnknown][c] != 1 {
			t.Errorf("%s went out: %d intents, %d results, %d unknown", c, seen[PhaseIntent][c], seen[PhaseResult][c], seen[PhaseUnknown][c])
		}
	}
	t.Logf("3 processes killed, %d changes sent, each has its intent; %d unknown named; %d torn lines; %d lines verify", len(sent), len(got), len(rep.Findings), rep.Lines)
}

// Of a call of several steps those are unknown that have no result, whatever came
// back in which order; reads and what another process did are not.
func TestUnknownStepsOfOneCall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a, err := OpenAuditLog(path, AuditOptions{})
	if err != nil {
		t.Fatal(err)
	}
	line := func(phase, risk, id, name string, step int) Line {
		return Line{Phase: phase, Say: name, Risk: risk, Tool: "users_lock", Call: "k", Step: step, Targets: []Target{{Type: "user", ID: id, Name: name}}}
	}
	write(t, a,
		line(PhaseIntent, "change", "1", "ana", 0), line(PhaseIntent, "change", "2", "bob", 0), line(PhaseIntent, "change", "", "new", 0),
		line(PhaseIntent, "change", "9", "same", 1), line(PhaseIntent, "change", "9", "same", 2), line(PhaseIntent, "read", "3", "read", 0),
		line(PhaseResult, "change", "7", "new", 0), line(PhaseResult, "change", "2", "bob", 0), line(PhaseResult, "change", "9", "same", 1))
	a.lost, a.owed = 1, []*entry{{}} // so that it leaves as one that was killed
	a.closed = true
	if err := a.closeFiles(); err != nil {
		t.Fatal(err)
	}
	unknown, err := opened(t, path).(*AuditLog).Start(t.Context(), Line{Say: "started"})
	if err != nil || len(unknown) != 2 || !strings.HasSuffix(unknown[0].Say, ": ana") || unknown[1].Step != 2 {
		t.Errorf("%+v, %v", unknown, err)
	}
}

// On a full disk nothing is sent that has no whole intent line.
func TestFullFileChangesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("limits of file sizes are set on Linux only")
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	out, err := child(t, "full", path).Output()
	rep, seen := record(t, path)
	sent := calls(out)
	if err != nil || rep.Bad() || len(sent) == 0 || len(sent) == 400 {
		t.Errorf("%d sent, %v: %v", len(sent), rep.Findings, err)
	}
	for c := range sent {
		if seen[PhaseIntent][c] != 1 {
			t.Errorf("%s was sent without a line", c)
		}
	}
	t.Logf("%d of 400 changes fit, 0 were sent without a line; %d lines", len(sent), rep.Lines)
}

// The same on a file system that is really full, and has room again.
func TestFullFileSystem(t *testing.T) {
	dir := smallDisk(t, 96<<10)
	path := filepath.Join(dir, "audit.jsonl")
	a, err := OpenAuditLog(path, AuditOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	l := fullLine()
	l.Phase = PhaseIntent
	written := 0
	for range 1000 {
		if a.Write(t.Context(), l) == nil {
			if written++; a.Health() != nil {
				t.Fatal(a.Health())
			}
		} else if a.Health() == nil {
			t.Fatal("it is not said")
		}
	}
	if written == 0 || written == 1000 {
		t.Fatalf("%d of 1000 lines", written)
	}
	if rep, seen := record(t, path); rep.Bad() || seen[PhaseIntent]["k7"] != written {
		t.Errorf("%d said to be written, %d are: %v", written, seen[PhaseIntent]["k7"], rep.Findings)
	}
	growDisk(t, dir, 1<<20)
	if err := errors.Join(a.Write(t.Context(), l), a.Health()); err != nil {
		t.Error(err)
	}
	if rep, seen := record(t, path); rep.Bad() || seen[PhaseIntent]["k7"] != written+1 || seen[PhaseResumed][""] != 1 {
		t.Errorf("%v, %v", rep.Findings, seen)
	}
	t.Logf("%d of 1000 changes had a line and could be sent, the others were refused; with room again it goes on", written)
}

// Heads come after a number of lines, after a time, and at the end.
func TestHeadsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said lockedBuffer
		a, err := OpenAuditLog(filepath.Join(t.TempDir(), "a"), AuditOptions{KeyDir: t.TempDir(), Heads: &said, HeadLines: 10})
		if err != nil {
			t.Fatal(err)
		}
		heads := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if n := strings.Count(said.String(), `"audit head"`); n != want {
				t.Errorf("%s: %d heads, want %d", when, n, want)
			}
		}
		write(t, a, fullLine())
		time.Sleep(59 * time.Second)
		heads("before a minute", 0)
		time.Sleep(2 * time.Second)
		heads("after a minute", 1)
		time.Sleep(time.Hour)
		heads("with nothing new", 1)
		for range 9 {
			write(t, a, fullLine())
		}
		heads("after ten lines", 2)
		write(t, a, fullLine())
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		heads("at the end", 3)
		time.Sleep(time.Hour)
		heads("after the end", 3)
	})
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// How fast it is: changes, which are on the disk before they go out, and reads.
func TestAuditSpeed(t *testing.T) {
	for _, c := range []struct {
		what           string
		workers, lines int
		risk           string
	}{{"reads", 1, 3000, "read"}, {"reads", 64, 200, "read"}, {"changes", 1, 100, "change"}, {"changes", 64, 50, "change"}} {
		a, err := OpenAuditLog(filepath.Join(t.TempDir(), "a"), AuditOptions{KeyDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		l := fullLine()
		l.Risk = c.risk
		var wg sync.WaitGroup
		var failed atomic.Int64
		begin := time.Now()
		for range c.workers {
			wg.Go(func() {
				for range c.lines {
					if a.Write(t.Context(), l) != nil {
						failed.Add(1)
					}
				}
			})
		}
		wg.Wait()
		took := time.Since(begin)
		if err := a.Close(); err != nil || failed.Load() > 0 {
			t.Error(err, failed.Load())
		}
		t.Logf("%s, %d at once: %s lines/s", c.what, c.workers, strconv.Itoa(int(float64(c.workers*c.lines)/took.Seconds())))
	}
}
