package tools

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// What a plan makes up (a name, a time counted from now) has to be the same when
// the call comes back with a person's yes, because the yes is for the plan that was
// shown. It travels with the question and back, so that any replica can go on.

// steady is what a plan makes up: fresh, or what it was when the person was asked.
// That came through the client, so fits has to hold it against what fresh could
// have been; what was altered within that no longer fits the seal.
func (tr *trip) steady(name, fresh string, fits func(before string) bool) string {
	if tr.call.Reply != nil {
		if before := notesIn(tr.call.Reply.State)[name]; before != "" && fits(before) {
			fresh = before
		}
	}
	if tr.notes == nil {
		tr.notes = map[string]string{}
	}
	tr.notes[name] = fresh
	return fresh
}

// noted puts the notes of the call beside a seal.
func (tr *trip) noted(seal string) string {
	if len(tr.notes) == 0 || seal == "" {
		return seal
	}
	b, err := json.Marshal(tr.notes)
	if err != nil { // strings always encode
		return seal
	}
	return seal + "." + base64.RawURLEncoding.EncodeToString(b)
}

// sealIn is the seal without the notes.
func sealIn(state string) string {
	seal, _, _ := strings.Cut(state, ".")
	return seal
}

func notesIn(state string) (notes map[string]string) {
	_, text, _ := strings.Cut(state, ".")
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &notes) != nil {
		return nil
	}
	return notes
}
