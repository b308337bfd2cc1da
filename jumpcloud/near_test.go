package jumpcloud

import "testing"

func TestSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		n    int
	}{{"", "", 0}, {"sales", "sales", 0}, {"salse", "sales", 1}, {"sale", "sales", 1}, {"saales", "sales", 1}, {"dna.weiss", "dana.weiss", 1}, {"kisoks", "kiosks", 1}, {"ab", "xy", 2}, {"ä", "a", 1}} {
		if n := slips(c.a, c.b, 9); n != c.n {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, n, c.n)
		}
	}
	if n := slips("a", "a very long name", 3); n != 4 {
		t.Errorf("%d", n)
	}
}

// What one slip leaves whole is asked for, wherever it is.
func TestTermsOfANearName(t *testing.T) {
	for given, whole := range map[string]string{"dna.weiss": "weiss", "lt--042": "042", "saesforce": "force", "kisoks": "ki", "adaking": "king"} {
		found := false
		for _, term := range append(halves(given), edges(given)...) {
			found = found || term == whole
		}
		if !found {
			t.Errorf("%s: %q is not asked for, only %q and %q", given, whole, halves(given), edges(given))
		}
	}
}
