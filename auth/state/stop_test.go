package state

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestStop(t *testing.T) {
	d, c := open(t)
	stopped := func(agent, tool string) string {
		t.Helper()
		why, yes := d.Stopped(agent, tool)
		if yes == (why == "") {
			t.Errorf("stopped %v because %q", yes, why)
		}
		return why
	}
	if why := stopped("a", "t"); why != "" {
		t.Fatal(why)
	}
	for _, s := range []Stop{{Agent: "helpdesk"}, {Tool: "users_delete"}, {}} {
		for _, want := range []bool{true, false} {
			fresh, err := d.Stop(s.Agent, s.Tool, "odd\nall \x1b[31m\u202efriday")
			must(t, err)
			if fresh != want {
				t.Errorf("%v fresh %v", s, fresh)
			}
		}
		at := c.now().Format(time.RFC3339)
		agent, tool := "other", "other"
		if s.Agent != "" {
			agent = s.Agent
		}
		if s.Tool != "" {
			tool = s.Tool
		}
		if why := stopped(agent, tool); !strings.Contains(why, "since "+at+": odd all [31mfriday") {
			t.Errorf("%v: %q", s, why)
		}
		if s != (Stop{}) {
			if why := stopped("other", "other"); why != "" {
				t.Errorf("%v stops others: %s", s, why)
			}
		}
		found, err := d.Resume(s.Agent, s.Tool)
		if again, _ := d.Resume(s.Agent, s.Tool); !found || again || err != nil {
			t.Errorf("%v: resumed %v, again %v, %v", s, found, again, err)
		}
		if why := stopped(agent, tool); why != "" {
			t.Errorf("after %v: %s", s, why)
		}
	}
	for _, s := range []Stop{{Agent: "a", Tool: "b"}, {Agent: "a b"}, {Tool: "x\ny"}} {
		if _, err := d.Stop(s.Agent, s.Tool, ""); err == nil {
			t.Errorf("%v was taken", s)
		}
	}
	// What one lifts leaves the others.
	_, _ = d.Stop("a", "", "one")
	_, _ = d.Stop("b", "", "two")
	_, _ = d.Resume("a", "")
	if stopped("a", "t") != "" || stopped("b", "t") == "" {
		t.Error("the wrong stop was lifted")
	}
}

func TestStopByHand(t *testing.T) {
	filesOnly(t)
	d, _ := open(t)
	for text, want := range map[string]string{
		"":                                     "all changes are stopped: the file STOP is there and names nothing",
		"# only a remark\n":                    "all changes are stopped: the file STOP is there and names nothing",
		"agent\n":                              "all changes are stopped: a line of the file STOP is not understood",
		"agent a/b\n":                          "all changes are stopped: a line of the file STOP is not understood",
		"\x00\xff":                             "all changes are stopped: a line of the file STOP is not understood",
		"agnet x\nagent y\n":                   "all changes are stopped: a line of the file STOP is not understood",
		"all we are at lunch":                  "all changes are stopped: we are at lunch",
		"agent x\ntool t no\n":                 "the tool t is stopped: no",
		"  tool   t  really no ":               "the tool t is stopped: really no",
		"agent x\ntool u\n":                    "",
		"agent me 2026-11-22T12:00:00+01:00\n": "changes by agent me are stopped since 2026-11-22T11:00:00Z",
	} {
		must(t, os.WriteFile(d.local.file("STOP"), []byte(text), 0o644))
		if why, _ := d.Stopped("me", "t"); why != want {
			t.Errorf("%q: %q, want %q", text, why, want)
		}
	}
	must(t, os.Remove(d.local.file("STOP")))
	must(t, os.Mkdir(d.local.file("STOP"), 0o700))
	if why, yes := d.Stopped("a", "t"); !yes || !strings.Contains(why, "cannot be read") {
		t.Errorf("unreadable: %q", why)
	}
	must(t, os.RemoveAll(d.Path()))
	if why, yes := d.Stopped("a", "t"); !yes || !strings.Contains(why, "gone") {
		t.Errorf("gone: %q", why)
	}
}

// Another process stops; this one sees it whenever it looks from then on.
func TestStopReachesOtherProcesses(t *testing.T) {
	filesOnly(t)
	d, _ := open(t)
	cmd := exec.Command(os.Args[0], d.Path())
	cmd.Env = append(os.Environ(), helperVar+"=stop")
	must(t, cmd.Start())
	defer func() { must(t, cmd.Wait()) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; <-tick.C {
		_, err := os.Stat(d.local.file("STOP"))
		if _, yes := d.Stopped("a", "t"); yes {
			return
		}
		if err == nil || time.Now().After(end) {
			t.Fatalf("not seen, and the file is there: %t", err == nil)
		}
	}
}

func TestBurstOfRefusals(t *testing.T) {
	d, c := open(t)
	refuse := func(n int) (stops int) {
		for range n {
			stopped, err := d.Refused(background(), "helpdesk")
			must(t, err)
			if stopped {
				stops++
			}
		}
		return stops
	}
	if refuse(9) != 0 {
		t.Error("stopped too early")
	}
	c.add(time.Minute)
	if refuse(9) != 0 {
		t.Error("those of the minute before were counted")
	}
	if n := refuse(5); n != 1 {
		t.Errorf("told %d times", n)
	}
	if why, yes := d.Stopped("helpdesk", "users_update"); !yes || !strings.Contains(why, "refused 10 times") {
		t.Error(why)
	}
	if _, yes := d.Stopped("auditor", "users_update"); yes {
		t.Error("another agent was stopped")
	}
	if _, err := d.Resume("helpdesk", ""); err != nil || refuse(9) != 0 || refuse(1) != 1 {
		t.Errorf("after resume it does not start anew (%v)", err)
	}
	if got := words(processes(t, 8, "refused", t.TempDir()+"/s")); got["true"] != 1 {
		t.Errorf("32 refusals in 8 processes stopped: %v", got)
	}
}
