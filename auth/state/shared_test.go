package state

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

func approvers(keys ...*Key) (list []auth.Approver) {
	for _, k := range keys {
		list = append(list, approver(k, "users_*"))
	}
	return list
}

func TestProcessesShareQuotas(t *testing.T) {
	d, _ := open(t)
	got := words(processes(t, 8, "meter", d.Path()))
	if got["true"] != 100 || got["false"] != 380 {
		t.Errorf("480 times 2 of 200 in an hour by 8 processes: %v", got)
	}
}

func TestProcessesUseOnce(t *testing.T) {
	d, _ := open(t)
	got := words(processes(t, 8, "once", d.Path()))
	if got["true"] != 10 || got["false"] != 310 {
		t.Errorf("10 ids used 32 times each: %v", got)
	}
}

func TestProcessesShareKeysAndSeals(t *testing.T) {
	d, _ := open(t)
	if got := words(processes(t, 8, "master", d.Path())); len(got) != 1 {
		t.Errorf("masters: %v", got)
	}
	s, err := d.Sealer()
	must(t, err)
	seal := s.Seal([]byte("bound"), time.Minute)
	if got := words(processes(t, 8, "seal", d.Path(), seal)); got["true"] != 1 || got["false"] != 31 {
		t.Errorf("a seal opened 32 times: %v", got)
	}
}

func TestApprovalIsTakenOnceByManyProcesses(t *testing.T) {
	d, _ := open(t)
	d.now = time.Now
	if got := words(processes(t, 8, "ask", d.Path())); len(got) != 1 {
		t.Fatalf("one request was put more than once: %v", got)
	}
	k := key(t, "it-lead")
	approved(t, d, plan(), k)
	if got := words(processes(t, 8, "take", d.Path(), k.Public())); got["true"] != 1 || got["false"] != 31 {
		t.Errorf("an approval taken 32 times: %v", got)
	}
}

func TestSealsOutliveKeysAndProcesses(t *testing.T) {
	filesOnly(t)
	d, c := open(t)
	s, err := d.Sealer()
	must(t, err)
	old := s.Seal([]byte("bound"), time.Hour)
	must(t, d.Rotate())
	other := another(t, d.Path())
	other.now = c.now
	s2, err := other.Sealer()
	must(t, err)
	if err := s2.Open(old, []byte("else")); !errors.Is(err, auth.ErrSealMoved) {
		t.Errorf("for something else: %v", err)
	}
	if err := s2.Open(old, []byte("bound")); err != nil {
		t.Errorf("by another process after a rotation: %v", err)
	}
	if err := s.Open(old, []byte("bound")); !errors.Is(err, auth.ErrSealUsed) {
		t.Errorf("again: %v", err)
	}
	fresh := s.Seal([]byte("bound"), time.Minute)
	c.add(time.Minute)
	if err := s.Open(fresh, []byte("bound")); !errors.Is(err, auth.ErrSealExpired) {
		t.Errorf("late: %v", err)
	}
	if err := s.Open("rubbish", []byte("bound")); !errors.Is(err, auth.ErrSealInvalid) {
		t.Errorf("rubbish: %v", err)
	}
	for range maxKeys {
		must(t, d.Rotate())
	}
	if keys, err := d.Masters(); err != nil || len(keys) != maxKeys {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestDamagedKeyRingIsNotReplaced(t *testing.T) {
	filesOnly(t)
	d, _ := open(t)
	_, err := d.Master()
	must(t, err)
	data, err := os.ReadFile(d.local.file("keys.json"))
	must(t, err)
	for _, bad := range [][]byte{nil, data[:len(data)/2], []byte(`{"version":1,"keys":[]}`), bytes.Replace(data, []byte("keys"), []byte("Keys"), 1)} {
		must(t, os.WriteFile(d.local.file("keys.json"), bad, 0o600))
		if _, err := d.Master(); !errors.Is(err, errTorn) {
			t.Errorf("%q: %v", bad, err)
		}
		if err := d.Rotate(); !errors.Is(err, errTorn) {
			t.Errorf("%q rotated: %v", bad, err)
		}
		if now, _ := os.ReadFile(d.local.file("keys.json")); !bytes.Equal(now, bad) {
			t.Error("it was replaced")
		}
	}
}

func TestUseOnceRemembers(t *testing.T) {
	filesOnly(t)
	d, c := open(t)
	until := c.now().Add(time.Hour)
	if ok, err := d.UseOnce("a", until); !ok || err != nil {
		t.Fatal(ok, err)
	}
	// The file is taken away: the process knows it still.
	must(t, os.RemoveAll(d.local.file("used")))
	must(t, os.Mkdir(d.local.file("used"), 0o700))
	if ok, _ := d.UseOnce("a", until); ok {
		t.Error("used twice without its file")
	}
	for name, ok := range map[string]bool{"": false, "late": false} {
		if got, _ := d.UseOnce(name, c.now()); got != ok {
			t.Errorf("%q at its end: %v", name, got)
		}
	}
	if ok, err := d.UseOnce("torn", until); !ok || err != nil {
		t.Fatal(ok, err)
	}
	walk(t, d, func(path string, _ os.FileInfo) {
		if len(path) > 64 {
			_ = os.Truncate(path, 3)
		}
	})
	other := another(t, d.Path())
	if ok, _ := other.UseOnce("torn", until); ok {
		t.Error("a torn file let it be used twice")
	}
	must(t, os.RemoveAll(d.local.file("used")))
	if ok, err := d.UseOnce("b", until); ok || err == nil {
		t.Error("used without being remembered")
	}
}

// counted counts under one quota; false where that has no room.
func counted(d *Dir, key string, n int, window time.Duration, limit int) (bool, error) {
	full, err := d.Meter().Add(background(), n, auth.Quota{Key: key, Window: window, Limit: limit})
	return full == nil && err == nil, err
}

// The meter of the directory is the meter of one process, kept on disk.
func TestMeterLikeInMemory(t *testing.T) {
	d, c := open(t)
	want := auth.NewMeter(c.now)
	r := rand.New(rand.NewPCG(1, 2))
	all := []auth.Quota{{Key: "a", Window: time.Minute, Limit: 20}, {Key: "b", Window: 10 * time.Minute, Limit: 60}, {Key: "c", Window: time.Minute, Limit: 15}}
	some := 0
	for i := range 600 {
		c.add(time.Duration(r.IntN(3000)) * time.Millisecond)
		if i%20 == 0 { // the clock is set back
			c.add(-90 * time.Second)
		}
		if i%50 == 0 { // a restart
			next := another(t, d.Path())
			next.now = c.now
			d = next
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		quotas, n := all[:1+r.IntN(len(all))], r.IntN(7)
		if r.IntN(5) == 0 {
			d.Meter().Back(background(), n, quotas...)
			want.Back(background(), n, quotas...)
			continue
		}
		full, err := d.Meter().Add(background(), n, quotas...)
		must(t, err)
		full2, _ := want.Add(background(), n, quotas...)
		if (full == nil) != (full2 == nil) || full != nil && (full.Index != full2.Index || !full.Free.Equal(full2.Free)) {
			t.Fatalf("step %d: %v, want %v", i, full, full2)
		}
		if full != nil && full.Index > 0 {
			some++
		}
	}
	if some == 0 {
		t.Error("never was one full and those before it not")
	}
}

func TestMeterDamage(t *testing.T) {
	filesOnly(t)
	d, c := open(t)
	add := func(n int) bool {
		ok, err := counted(d, "k", n, time.Minute, 3)
		must(t, err)
		return ok
	}
	if !add(2) {
		t.Fatal("refused at once")
	}
	whole := func(of counts) string { return string(of.encode()) }
	good := whole(counts{key: "k", window: time.Minute, list: []count{{c.now().UnixNano(), 1}}})
	flipped := []byte(good)
	flipped[quotaHead+8] ^= 2 // three instead of one, without its CRC
	for _, bad := range []string{"", "{", good[:len(good)-1], good + " ", string(flipped), "jcq2" + good[4:],
		whole(counts{key: "k", window: time.Minute, list: []count{{1, -5}}}), whole(counts{key: "k", window: -1}),
		whole(counts{key: "k", window: time.Minute, list: []count{{1, quotaMost + 1}}})} {
		must(t, os.WriteFile(d.local.meterFile("k"), []byte(bad), 0o600))
		must(t, os.Chtimes(d.local.meterFile("k"), c.now(), c.now()))
		if add(1) {
			t.Errorf("%q freed the quota", bad)
		}
		c.add(time.Minute)
		if !add(3) {
			t.Errorf("%q blocks it for ever", bad)
		}
	}
	if _, err := counted(d, "k", -1, time.Minute, 3); err == nil {
		t.Error("counted down")
	}
}

// What cannot be counted under one quota is counted under none.
func TestMeterIsAllOrNothing(t *testing.T) {
	filesOnly(t)
	d, _ := open(t)
	a, bad := auth.Quota{Key: "a", Window: time.Minute, Limit: 3}, auth.Quota{Key: "bad", Window: time.Minute, Limit: 3}
	must(t, os.Mkdir(d.local.meterFile("bad"), 0o700))
	if _, err := d.Meter().Add(background(), 2, a, bad); err == nil {
		t.Fatal("counted in a folder")
	}
	if ok, err := counted(d, "a", 3, time.Minute, 3); !ok || err != nil {
		t.Errorf("the other kept what was not counted: %v", err)
	}
	for _, had := range []string{"", "what was there, whatever that is, and longer than what is written over it, as it is longer than a hundred bytes"} {
		path := d.local.meterFile("undone")
		o := &quotaFile{path: path, counts: counts{key: "undone", window: time.Minute}}
		if had != "" {
			o.had = []byte(had)
			must(t, os.WriteFile(path, o.had, 0o600))
		}
		must(t, o.save())
		o.restore()
		if now, err := os.ReadFile(path); string(now) != had || had == "" && err == nil {
			t.Errorf("%q after it was undone, and was %q", now, had)
		}
	}
}

// TestBusyQuotaEnds: where more is counted than is kept apart, it still ends in time.
func TestBusyQuotaEnds(t *testing.T) {
	d, c := open(t)
	const inWindow = 8 * maxCounts
	const most = inWindow + 2*inWindow/mergedSpans
	for i := range 3 * inWindow {
		ok, err := counted(d, "k", 1, time.Minute, most)
		must(t, err)
		if !ok {
			t.Fatalf("refused at %d, and it is %v", i, c.now())
		}
		c.add(time.Minute / inWindow)
	}
	ok, err := counted(d, "k", most-inWindow+2, time.Minute, most)
	must(t, err)
	if ok {
		t.Error("more than the limit was allowed within a window")
	}
}

func TestMeterMergesAndTidies(t *testing.T) {
	filesOnly(t)
	const window = 3 * maxCounts
	var list []count
	for i := range 3 * maxCounts {
		list = merge(append(list, count{int64(i), 1}), window)
	}
	sum := 0
	for i, e := range list {
		if sum += int(e.n); e.n > window/mergedSpans {
			t.Errorf("%d are counted as one, at %d", e.n, e.at)
		}
		if i > 0 && e.at < list[i-1].at {
			t.Fatal("out of order")
		}
	}
	if len(list) > maxCounts || sum != 3*maxCounts || list[0].at < list[0].n-1 {
		t.Errorf("%d entries, sum %d, first %v", len(list), sum, list[0])
	}
	d, c := open(t)
	for _, k := range []string{"a", "b"} {
		_, err := counted(d, k, 1, time.Minute, 3)
		must(t, err)
	}
	c.add(2 * tidyEvery)
	_, err := counted(d, "c", 1, time.Minute, 3)
	must(t, err)
	if files, _ := os.ReadDir(d.local.file("meter")); len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
}

func BenchmarkMeter(b *testing.B) {
	d, _ := open(b)
	for b.Loop() {
		_, _ = counted(d, "k", 1, time.Hour, 1<<30)
	}
}

func BenchmarkStopped(b *testing.B) {
	d, _ := open(b)
	for b.Loop() {
		d.Stopped("a", "b")
	}
}

// Who comes second to an empty ring takes the key of who was first.
func TestFirstKeyIsMadeOnce(t *testing.T) {
	filesOnly(t)
	d, _ := open(t)
	first, err := d.Master()
	must(t, err)
	r, err := d.addKey(func(r ring) bool { return len(r.Keys) == 0 })
	if err != nil || len(r.Keys) != 1 || !bytes.Equal(r.Keys[0].Key, first) {
		t.Errorf("%d keys, %v", len(r.Keys), err)
	}
}
