package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// hours are the times at which a line holds, by the clock of a zone.
type hours struct {
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day; to is not within, and may lie on the next day
	zone     *time.Location
	text     string
}

func (h *hours) String() string { return h.text }

// at reports whether t is within. Hours that pass midnight belong to the day on which they began.
func (h *hours) at(t time.Time) bool {
	t = t.In(h.zone)
	minute, day := t.Hour()*60+t.Minute(), t.Weekday()
	if h.from < h.to {
		return h.days[day] && minute >= h.from && minute < h.to
	}
	return h.days[day] && minute >= h.from || h.days[(day+6)%7] && minute < h.to
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseDays reads "mon-fri" or "mon,wed,fri".
func parseDays(s string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(s, ",") {
		from, to, span := strings.Cut(strings.TrimSpace(part), "-")
		a := slices.Index(weekdays, from)
		b := a
		if span {
			b = slices.Index(weekdays, to)
		}
		if a < 0 || b < 0 {
			return days, fmt.Errorf("%q are no days: write mon-fri, or mon,wed,fri", cut(s))
		}
		for d := a; ; d = (d + 1) % 7 {
			if days[d] {
				return days, fmt.Errorf("days %q: %s stands twice", cut(s), weekdays[d])
			}
			if days[d] = true; d == b {
				break
			}
		}
	}
	return days, nil
}

// parseHours reads "08:00-18:00"; 24:00 is the end of a day.
func parseHours(s string) (from, to int, err error) {
	a, b, ok := strings.Cut(s, "-")
	from, err1 := parseMinute(strings.TrimSpace(a))
	to, err2 := parseMinute(strings.TrimSpace(b))
	switch {
	case !ok || err1 != nil || err2 != nil || from == 24*60:
		return 0, 0, fmt.Errorf(`%q are no hours: write "08:00-18:00"`, cut(s))
	case from == to:
		return 0, 0, fmt.Errorf("hours %q begin when they end: leave them out for the whole day", cut(s))
	}
	return from, to, nil
}

func parseMinute(s string) (int, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, errors.New("not hh:mm")
	}
	return t.Hour()*60 + t.Minute(), nil
}

// parseZone reads the name of a time zone. The server's own is none: the file must
// mean the same everywhere.
func parseZone(s string) (*time.Location, error) {
	if s == "" || s == "Local" {
		return nil, fmt.Errorf("%q is no time zone: write one such as Europe/Berlin, or UTC", s)
	}
	zone, err := time.LoadLocation(s)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone that is known here: write one such as Europe/Berlin, or UTC", cut(s))
	}
	return zone, nil
}
