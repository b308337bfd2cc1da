package auth

import (
	"slices"
	"strings"
	"testing"
)

// The end of a record is verified without what is before it, and signed heads hold for it.
func TestVerifyAuditEnd(t *testing.T) {
	path, key, _ := kept(t, 250, AuditOptions{})
	lines := slices.Collect(strings.Lines(text(t, path)))
	heads := headsOf(t, text(t, path+".heads"), key)
	changed := slices.Clone(lines)
	changed[240] = strings.Replace(changed[240], "MBP-117 <", "MBP-118 <", 1)
	for _, c := range []struct {
		name  string
		lines []string
		bad   bool
	}{
		{"from the middle", lines[120:], false},
		{"all", lines, false},
		{"the last", lines[249:], false},
		{"changed", changed[120:], true},
		{"removed", slices.Delete(slices.Clone(lines), 200, 201)[120:], true},
		{"cut", lines[120:230], true},
		{"none", nil, true},
	} {
		rep, err := VerifyAuditEnd(t.Context(), AuditFile{Name: "a", Data: strings.NewReader(strings.Join(c.lines, ""))}, heads)
		if err != nil || rep.Bad() != c.bad {
			t.Errorf("%s: %+v %v", c.name, rep.Findings, err)
		}
	}
}
