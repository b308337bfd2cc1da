package auth

import (
	"slices"
	"testing"
)

// What a credential has to be able to do is what all its agents have together, under
// whatever condition, in that organisation with that credential.
func TestGiven(t *testing.T) {
	r := parsed(t, `version: 1
agents:
  reader:
    who: [{local: stdio}]
    may: [{read: [users]}]
  desk:
    who: [{local: desk}]
    may:
      - write: [users]
        when: {days: mon, hours: "09:00-09:01", zone: UTC}
      - do: [users_delete]
    never: [users_delete]
`)
	var names []string
	for _, f := range r.Given(Place{}) {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, "users_list") || !slices.Contains(names, "users_update") {
		t.Errorf("too little: %v", names)
	}
	if slices.Contains(names, "users_delete") || slices.Contains(names, "devices_list") {
		t.Errorf("too much: %v", names)
	}
	if got := r.Given(Place{Org: "acme"}); got != nil {
		t.Errorf("nobody was given an organisation: %v", got)
	}
	if got := r.Given(Place{Org: "acme", Alone: true}); len(got) != len(names) {
		t.Errorf("the only organisation needs no name: %d of %d", len(got), len(names))
	}
}
