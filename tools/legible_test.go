package tools

import (
	"fmt"
	"strings"
	"testing"
)

// asked is how many requests went by.
func (w *wire) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

// What is true or false is found however the word is written, and a word that is
// neither is refused: it would meet no row, and an empty list would be read as "none".
func TestYesOrNoInFilters(t *testing.T) {
	b := newBench(t, sandboxOptions)
	total := func(tool, filter string) string {
		head, _, _ := strings.Cut(b.must(tool, fmt.Sprintf(`{"filter":%q,"limit":1}`, filter)), ";")
		return head
	}
	for tool, pair := range map[string][2]string{
		"users_list":            {"suspended=true", "suspended=True"},   // answered here
		"devices_list":          {"encrypted=false", "encrypted=FALSE"}, // answered here
		"commands_results_list": {"failed=true", "failed=True"},
		"policies_results_list": {"failed=true", "failed=TRUE"},
	} {
		if plain, other := total(tool, pair[0]), total(tool, pair[1]); plain != other || strings.HasSuffix(plain, " 0") {
			t.Errorf("%s: %s gives %q, %s gives %q", tool, pair[0], plain, pair[1], other)
		}
	}
	if plain, other := total("users_list", "activated=true"), total("users_list", "activated=True"); plain != other || strings.HasSuffix(plain, " 0") {
		t.Errorf("a field that the API filters: %q and %q", plain, other)
	}
	for _, filter := range []string{"suspended=maybe", "activated=sometimes", "mfa_enrolled!=enrolled", "suspended=true|perhaps"} {
		sent := b.wire.asked()
		text, _ := b.call("users_list", fmt.Sprintf(`{"filter":%q}`, filter))
		want(t, text, "invalid_argument. filter: ", "is true or false, not ")
		if b.wire.asked() != sent {
			t.Errorf("%s: something was sent", filter)
		}
	}
}

// A state that no user has is refused as well, and other words for one are understood.
func TestStatesInFilters(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, filter := range []string{"state=LOCKED", "state!=gone", "state=ACTIVATED|locked"} {
		text, _ := b.call("users_list", fmt.Sprintf(`{"filter":%q}`, filter))
		want(t, text, "invalid_argument. filter: state is STAGED or ACTIVATED or SUSPENDED, not ")
	}
	for _, filter := range []string{"state=suspended", "state=disabled", "state=", "state!=STAGED|SUSPENDED"} {
		b.must("users_list", fmt.Sprintf(`{"filter":%q}`, filter))
	}
}

// So it is of events, which are asked for in another way.
func TestYesOrNoOfEvents(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text, _ := b.call("insights_query", `{"filter":"success=denied"}`)
	want(t, text, "invalid_argument. filter: success is true or false, not \"denied\"")
}

// What can be no name is refused before anything is sent.
func TestNamesThatCannotBe(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for given, why := range map[string]string{
		`" "`:                     "user: must not be empty",
		`"\t"`:                    "user: must not be empty",
		`"ada\u0000.king"`:        "user: holds a control character; give the name or id of a user as it is shown",
		`"ada.king\nbob.stone"`:   "user: holds a control character",
		`"ada.king\u202e"`:        "user: holds a control character",
		`"ada.king\u001b[2J"`:     "user: holds a control character",
		`"\u2067ada.king\u2069x"`: "user: holds a control character",
	} {
		for _, tool := range []string{"users_get", "users_update"} {
			sent := b.wire.asked()
			text, _ := b.call(tool, `{"user":`+given+`}`)
			want(t, text, "invalid_argument. "+why)
			if b.wire.asked() != sent {
				t.Errorf("%s %s: something was sent", tool, given)
			}
		}
	}
	text, _ := b.call("users_get", `{"user":"ada.king\u200b"}`)
	want(t, text, "not_found.", `no user is called "ada.king", with the characters in it that do not show; there is "ada.king"`)
}

// Arguments of a carried tool that stand in the wrong place: the answer says the right one.
func TestMisplacedArguments(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range [][3]string{
		{"api_read", `{"tool":"users_get","user":"ada.king"}`, `what the tool takes goes into arguments, "user" too: arguments: {"name": value}`},
		{"api_change", `{"tool":"users_unlock","arguments":{},"user":"ada.king"}`, `goes into arguments, "user" too`},
		{"api_read", `{"tool":"users_get","arguments":"{\"user\":\"ada.king\"}"}`, "arguments: must be an object, not text"},
		{"api_read", `{"tool":5}`, "tool: must be string"},
		{"api_read", `{"user":"ada.king"}`, "invalid_argument. "},
	} {
		text, _ := b.call(c[0], c[1])
		want(t, text, "invalid_argument. ", c[2])
	}
}

// A change of nothing names what could be changed, not all of it.
func TestNothingToChangeIsShort(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text, _ := b.call("users_update", `{"user":"ada.king"}`)
	want(t, text, "nothing to change was given; it takes email, firstname", " more. Nothing was changed.")
	if n := tokens(text); n > 120 {
		t.Errorf("%d tokens", n)
	}
}
