package schemas

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	known := []string{"department", "username", "email", "limit", "mfa_enrolled", "password_expired"}
	for in, out := range map[string]string{
		"departmnt": "department", "dept": "department", "Department": "department", "user_name": "username", "usrname": "username",
		"mial": "email", "emial": "email", "lmit": "limit", "mfaEnrolled": "mfa_enrolled", "zzz": "", "": "", "passwordexpire": "password_expired",
	} {
		if got := Nearest(in, known); got != out {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, out)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"unlock", "unlock", 0}, {"unlok", "unlock", 1}, {"gruop", "group", 1}, {"sers", "users", 1}, {"asuspend", "suspend", 1},
		{"poilcy", "policy", 1}, {"dviec", "device", 2}, {"abc", "xyz", 3}, {"", "ab", 2}, {"straße", "strase", 1},
	} {
		if got := Edits(c.a, c.b, 3); got != c.want {
			t.Errorf("%q to %q: %d edits, want %d", c.a, c.b, got, c.want)
		}
		if got := Edits(c.b, c.a, 3); got != c.want {
			t.Errorf("%q to %q: %d edits, want %d", c.b, c.a, got, c.want)
		}
	}
	if got := Edits("completely", "different", 2); got <= 2 {
		t.Errorf("over the limit gives %d", got)
	}
}

// What is cut off before counting, and where counting ends early, changes nothing.
func TestEditsAsDefined(t *testing.T) {
	var edits func(a, b string) int
	edits = func(a, b string) int {
		if a == "" || b == "" {
			return len(a) + len(b)
		}
		n := min(edits(a[1:], b), edits(a, b[1:])) + 1
		if a[0] == b[0] {
			return min(n, edits(a[1:], b[1:]))
		}
		n = min(n, edits(a[1:], b[1:])+1)
		if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
			n = min(n, edits(a[2:], b[2:])+1)
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching("[abc]{0,6}")
		a, b, most := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(0, 7).Draw(t, "most")
		if got, want := Edits(a, b, most), edits(a, b); got != want && (want <= most || got <= most) {
			t.Fatalf("%d, by definition %d", got, want)
		}
	})
}

func TestEditsOfLongWords(t *testing.T) {
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		a, b string
		near bool
	}{{long + "sales", long + "slaes", true}, {long, strings.Repeat("y", 200), false}} {
		if got := Edits(c.a, c.b, 100); got <= 100 != c.near {
			t.Errorf("%.5s… to %.5s…: %d edits", c.a, c.b, got)
		}
	}
	if got := Nearest(long, []string{"limit"}); got != "" {
		t.Errorf("a word like no other is taken for %s", got)
	}
}
