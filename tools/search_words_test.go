package tools

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"Who's in the user_groups?":     {"who", "in", "the", "user", "groups"},
		"don't wipe LT-042":             {"dont", "wipe", "lt", "042"},
		"somebody's two-factor":         {"somebody", "two", "factor"},
		"clearActivationLock/osVersion": {"clear", "activation", "lock", "os", "version"},
		"":                              nil,
	} {
		if diff := cmp.Diff(want, splitWords(text, true)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if got := splitWords("FileVault on macOS", false); !slices.Equal(got, []string{"filevault", "on", "macos"}) {
		t.Errorf("a query is cut at capitals: %v", got)
	}
}

// Only what nothing knows is put right, and what is known stays as it was said.
func TestSpelling(t *testing.T) {
	x := NewIndex(All())
	for text, want := range map[string]string{
		"unlok user acount":        "unlock user account",
		"delte a gruop":            "delete a group",
		"ssupend a user":           "suspend a user",
		"extnsions":                "extensions",
		"usergroups":               "usergroups",
		"clearpasscode":            "clear passcode",
		"salesforce":               "salesforce",
		"zyxwvut":                  "zyxwvut",
		"adm alice to a group":     "add alice to a group",
		"firewall on windows":      "firewall on windows",
		"loca accounts":            "local accounts",
		"remotely lock the mac":    "remotely lock the mac",
		"conditonal acces polices": "conditional access policies",
	} {
		words, _ := x.correct(text)
		var got []string
		for _, w := range words {
			got = append(got, w.raw)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%q is read as %q, want %q", text, g, want)
		}
	}
}

func TestIntents(t *testing.T) {
	x := NewIndex(All())
	for text, want := range map[string]intent{
		"list all users":                  toRead,
		"who can sign in to jira":         toRead,
		"how do I delete a user":          toRemove,
		"please create a policy":          toCreate,
		"can you reboot this machine":     toAct,
		"saved reports":                   0,
		"password policy of a user":       0,
		"users without mfa":               toRead,
		"they lost the phone, wipe it":    toAct,
		"rename a group":                  toUpdate,
		"assign an app to a group":        toLink,
		"our domains, which are verified": toRead,
		"is filevault on":                 toRead,
	} {
		if got := x.read(text).want; got != want {
			t.Errorf("%q wants %06b, want %06b", text, got, want)
		}
	}
}

func TestHeads(t *testing.T) {
	x := NewIndex(All())
	has := func(part map[int]float64, stem string) bool { return part[x.terms[stem]] >= 0.7 }
	for text, want := range map[string][2]string{
		"policies on a device group":           {"polici", "devicegroup"},
		"groups a computer belongs to":         {"group", "devic"},
		"what apps can a user open":            {"applic", "user"},
		"who can log in to a device":           {"user", "devic"},
		"status of an application":             {"applic", ""},
		"devices that have filevault":          {"devic", ""},
		"groups allowed to use the vpn server": {"group", ""},
	} {
		q := x.read(text)
		if !has(q.head, want[0]) || want[1] != "" && !has(q.owner, want[1]) {
			t.Errorf("%q: head %v, owner %v; want %v", text, q.head, q.owner, want)
		}
	}
}

// The tables are read as they are meant: a slip in them would be silent.
func TestLexicon(t *testing.T) {
	v := newVocabulary()
	l := readLexicon(v)
	x := NewIndex(All())
	for line := range tableLines(lexiconCanon) {
		if left, right, ok := strings.Cut(line, " = "); !ok || left == "" || right == "" || strings.Contains(right, ",") {
			t.Errorf("canon: %q", line)
		}
	}
	for line := range tableLines(lexiconVerbs) {
		if kind, _, ok := strings.Cut(line, ": "); !ok || intentNames[kind] == 0 {
			t.Errorf("verbs: %.30q", line)
		}
	}
	for line := range tableLines(lexiconConcepts) {
		left, right, ok := strings.Cut(line, " > ")
		if !ok || strings.Contains(right, ",") || strings.Contains(right, ">") || strings.HasSuffix(left, ",") {
			t.Errorf("concepts: %q", line)
		}
		alive := false
		for w := range strings.FieldsSeq(right) {
			name, _, _ := strings.Cut(w, "*")
			_, there := x.terms[stemOf(name)]
			alive = alive || there
			if !there && name != "+" {
				t.Logf("dead: %s in %q", name, line)
			}
		}
		if !alive {
			t.Errorf("no tool says what this line leads to: %q", line)
		}
	}
	for _, part := range l.parts {
		for _, p := range part {
			for _, a := range p {
				if a.stem == "" || a.weight <= 0 || a.weight > 1 {
					t.Errorf("concepts: %q counts %v", a.stem, a.weight)
				}
			}
		}
	}
}
