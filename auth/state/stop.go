package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Stop is a line of the kill switch. Without agent and tool it stops all changes.
type Stop struct {
	Agent, Tool string    // at most one of them
	At          time.Time // zero where a person wrote the line without a time
	Why         string
}

// what is how a line begins.
func (s Stop) what() string {
	switch {
	case s.Agent != "":
		return "agent " + s.Agent
	case s.Tool != "":
		return "tool " + s.Tool
	}
	return "all"
}

// String is the line in the file.
func (s Stop) String() string {
	line := s.what()
	if !s.At.IsZero() {
		line += " " + s.At.UTC().Format(time.RFC3339)
	}
	if s.Why != "" {
		line += " " + s.Why
	}
	return line
}

const (
	stopFile = "STOP"
	maxEdits = 20 // of the kill switch, until one of them was the only one at its moment
)

const stopHead = `# Changes stop while a line here says so: "all", "agent NAME" or "tool NAME".
# jc-mcp stop and jc-mcp resume write this file; it can be edited by hand as well.
# An empty file, and one with a line that is none of these, stops all changes.
`

// stopName keeps what is stopped on one line, in one word.
var stopName = regexp.MustCompile(`^[A-Za-z0-9_.@-]{1,128}$`)

// Stopped reports whether changes by agent with tool are stopped, and why, in words
// to be put before an agent. It looks at the file at each call, so a stop holds from
// the moment when it is written. A switch that cannot be read stops.
func (d *Dir) Stopped(agent, tool string) (why string, stopped bool) {
	why, err := d.Halted(agent, tool)
	if err != nil {
		why = "the kill switch cannot be read (" + err.Error() + "), so nothing is changed"
	}
	return why, why != ""
}

// Halted is [Dir.Stopped] for whoever tells a stop ("" is none) from a switch that
// cannot be read: an [auth.ErrStore] where that is because of the store.
func (d *Dir) Halted(agent, tool string) (why string, err error) {
	list, err := d.Stops()
	if err != nil {
		return "", err
	}
	for _, s := range list {
		if s.Agent != "" && s.Agent != agent || s.Tool != "" && s.Tool != tool {
			continue
		}
		switch {
		case s.Agent != "":
			why = "changes by agent " + s.Agent + " are stopped"
		case s.Tool != "":
			why = "the tool " + s.Tool + " is stopped"
		default:
			why = "all changes are stopped"
		}
		if !s.At.IsZero() {
			why += " since " + s.At.UTC().Format(time.RFC3339)
		}
		if s.Why != "" {
			why += ": " + s.Why
		}
		return why, nil
	}
	return "", nil
}

// Stops are all lines of the kill switch; none while nothing is stopped.
func (d *Dir) Stops() ([]Stop, error) {
	list, _, err := d.readStops()
	return list, err
}

// readStops gives the lines, and the bytes that they stand in: nil where there are none.
func (d *Dir) readStops() ([]Stop, []byte, error) {
	data, err := d.shelf.read(stopFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, d.shelf.there() // with the shelf the switch is gone as well
	}
	if err != nil {
		return nil, nil, err
	}
	if data == nil {
		data = []byte{}
	}
	return parseStops(string(data)), data, nil
}

// parseStops never fails: what is not understood stops everything.
func parseStops(text string) (list []Stop) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line == "" {
			continue
		}
		list = append(list, parseStop(line))
	}
	if len(list) == 0 {
		return []Stop{{Why: "the file STOP is there and names nothing"}}
	}
	return list
}

// parseStop reads "agent helpdesk 2026-11-22T12:00:00Z why".
func parseStop(line string) (s Stop) {
	words := strings.Fields(line)
	what := words[0]
	words = words[1:]
	switch {
	case what == "all":
	case (what == "agent" || what == "tool") && len(words) > 0 && stopName.MatchString(words[0]):
		if what == "agent" {
			s.Agent = words[0]
		} else {
			s.Tool = words[0]
		}
		words = words[1:]
	default:
		return Stop{Why: "a line of the file STOP is not understood"}
	}
	if len(words) > 0 {
		if at, err := time.Parse(time.RFC3339, words[0]); err == nil {
			s.At, words = at, words[1:]
		}
	}
	s.Why = clean(strings.Join(words, " "))
	return s
}

// Stop stops all changes (both names empty), those of an agent, or a tool, in all
// processes at once; what is under way finishes. fresh is false when it was stopped
// already: then the first reason stays.
func (d *Dir) Stop(agent, tool, why string) (fresh bool, err error) {
	s, err := newStop(agent, tool)
	if err != nil {
		return false, err
	}
	s.At, s.Why = d.now(), clean(why)
	err = d.editStops(func(list []Stop) []Stop {
		fresh = !slices.ContainsFunc(list, func(o Stop) bool { return o.what() == s.what() })
		if fresh {
			list = append(list, s)
		}
		return list
	})
	return fresh, err
}

// Resume takes back one stop: that of all changes (both names empty), of an agent or
// of a tool. found is false when there was none.
func (d *Dir) Resume(agent, tool string) (found bool, err error) {
	s, err := newStop(agent, tool)
	if err != nil {
		return false, err
	}
	err = d.editStops(func(list []Stop) []Stop {
		n := len(list)
		list = slices.DeleteFunc(list, func(o Stop) bool { return o.what() == s.what() })
		found = len(list) < n
		return list
	})
	if err == nil && found && agent != "" { // it starts with a clean slate
		d.shelf.forget(refusedKey(agent))
	}
	return found, err
}

func newStop(agent, tool string) (Stop, error) {
	s := Stop{Agent: agent, Tool: tool}
	if agent != "" && tool != "" {
		return s, errors.New("stop an agent or a tool, one at a time")
	}
	if name := agent + tool; name != "" && !stopName.MatchString(name) {
		return s, fmt.Errorf("%q is no name of an agent or a tool", name)
	}
	return s, nil
}

// editStops calls edit, again where somebody else was faster.
func (d *Dir) editStops(edit func([]Stop) []Stop) error {
	unlock, err := d.shelf.lock(context.Background(), "stop", "")
	if err != nil {
		return err
	}
	defer unlock()
	for range maxEdits {
		list, old, err := d.readStops()
		if err != nil {
			return err
		}
		ok, err := d.shelf.swap(stopFile, old, stopText(edit(list)), time.Time{})
		if err != nil {
			return fmt.Errorf("the kill switch: %w", err)
		}
		if ok {
			return nil
		}
	}
	return errMoving
}

// stopText is the file with these lines; nil is none.
func stopText(list []Stop) []byte {
	if len(list) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString(stopHead)
	for _, s := range list {
		b.WriteString(s.String())
		b.WriteString("\n")
	}
	return []byte(b.String())
}

// A burst of refusals is an agent that tries doors.
const (
	burst       = 10
	burstWindow = time.Minute
)

func refusedKey(agent string) string { return "refusals of " + agent }

// Refused counts a refusal of agent, in all processes together. The tenth within a
// minute stops its changes until somebody resumes it; stopped is true at that one,
// for whoever tells people.
func (d *Dir) Refused(ctx context.Context, agent string) (stopped bool, err error) {
	if agent == "" {
		return false, nil
	}
	full, err := d.Meter().Add(ctx, 1, auth.Quota{Key: refusedKey(agent), Window: burstWindow, Limit: burst - 1})
	if err != nil || full == nil {
		return false, err
	}
	return d.Stop(agent, "", fmt.Sprintf("it was refused %d times in a minute", burst))
}
