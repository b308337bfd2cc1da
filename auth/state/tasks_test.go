package state

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTasks(t *testing.T) {
	d, c := open(t)
	s := d.Tasks()
	ctx := background()
	if got, err := s.Get(ctx, "a/../b"); got != nil || err != nil {
		t.Errorf("unknown: %q, %v", got, err)
	}
	must(t, s.Put(ctx, "a/../b", []byte("one"), time.Hour))
	must(t, s.Put(ctx, "a/../b", []byte("two\x00"), time.Hour))
	must(t, s.Put(ctx, "c", []byte("three"), time.Second))
	if got, err := s.Get(ctx, "a/../b"); string(got) != "two\x00" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.Put(ctx, "big", make([]byte, maxFile+1), time.Hour); err == nil {
		t.Error("more than 1 MiB was kept")
	}
	for _, w := range []string{"cancel", "", "answer\n"} {
		must(t, s.Say(ctx, "c", []byte(w), time.Hour))
	}
	heard, err := s.Heard(ctx, "c")
	must(t, err)
	if diff := cmp.Diff([]string{"cancel", "", "answer\n"}, texts(heard)); diff != "" {
		t.Error(diff)
	}
	if again, err := s.Heard(ctx, "c"); len(again) != 0 || err != nil {
		t.Errorf("heard twice: %q, %v", again, err)
	}
	if d.Shared() {
		return // its own clock: see TestStoreForgetsTasks
	}
	c.add(time.Minute)
	if got, err := s.Get(ctx, "c"); got != nil || err != nil {
		t.Errorf("past its time: %q, %v", got, err)
	}
}

func texts(words [][]byte) (out []string) {
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}

func TestWordsAreHeardOnceByMany(t *testing.T) {
	d, _ := open(t)
	var mu sync.Mutex
	got := map[string]int{}
	var wg sync.WaitGroup
	hear := func() {
		words, err := d.Tasks().Heard(background(), "a")
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, w := range words {
			got[string(w)]++
		}
	}
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				if err := d.Tasks().Say(background(), "a", fmt.Append(nil, i, ".", j), time.Hour); err != nil {
					t.Error(err)
				}
				hear()
			}
		})
	}
	wg.Wait()
	hear()
	if len(got) != 160 {
		t.Errorf("%d of 160 words were heard", len(got))
	}
	for w, n := range got {
		if n != 1 {
			t.Errorf("%s was heard %d times", w, n)
		}
	}
}
