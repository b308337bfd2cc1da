package tools

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// What a plan makes up (a name, a time counted from now) has to be the same when
// the call comes back with a person's yes, because the yes is for the plan that was
// shown. It travels with the question and back, so that any replica can go on.

// steady is what a plan makes up: fresh, or what it was when the person was asked.
// That came through the client, or lies with the request, so fits has to hold it
// against what fresh could have been; what was altered within that no longer fits the
// seal, or what the person signed.
func (tr *trip) steady(name, fresh string, fits func(before string) bool) string {
	before := ""
	if tr.call.Reply != nil {
		before = notesIn(tr.call.Reply.State)[name]
	}
	if before == "" && tr.earlier != nil {
		before = tr.earlier()[name]
	}
	if before != "" && fits(before) {
		fresh = before
	}
	if tr.notes == nil {
		tr.notes = map[string]string{}
	}
	tr.notes[name] = fresh
	return fresh
}

// earlierNotes are what the plan of this very call made up when a person was asked for
// it before; nil where nobody was, and for a dry run.
func (d *Desk) earlierNotes(tr *trip) map[string]string {
	if d.o.People.Dir == nil || tr.args.dry {
		return nil
	}
	notes, err := d.o.People.Dir.Noted(tr.hash())
	if err != nil { // then it is another plan, and asked for anew
		d.o.Log.Error("requests for people cannot be read", "tool", tr.tool.Name)
	}
	return notes
}

// hash names the call: who makes it, where, with which arguments.
func (tr *trip) hash() []byte {
	var args any
	_ = exact(tr.call.Arguments, &args) // they were decoded before; the order of names is left behind
	b, err := json.Marshal([]any{tr.owner(), tr.tool.Name, args, tr.reason})
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(b)
	return sum[:]
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
