package state

import (
	"encoding/json"
	"os"
	"testing"
)

// What lies in the directory can be anything; readers refuse it and go on.
func FuzzFiles(f *testing.F) {
	filesOnly(f)
	d, _ := open(f)
	k := key(f, "it-lead")
	r := approved(f, d, plan(), k)
	must(f, d.Deliver(background(), r.Code, approver(k, "*"), []byte("s"), 0))
	_, err := d.Master()
	must(f, err)
	var paths []string
	walk(f, d, func(path string, info os.FileInfo) {
		if info.Size() > 0 {
			data, err := os.ReadFile(path)
			must(f, err)
			f.Add(data)
			paths = append(paths, path)
		}
	})
	sealed, err := k.seal([]byte(passphrase), weak)
	must(f, err)
	f.Add(sealed)
	f.Add([]byte(stopHead + "agent a 2026-11-22T12:00:00Z why\nall\n"))
	good := map[string]string{}
	for _, p := range paths {
		data, _ := os.ReadFile(p)
		good[p] = string(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var fr requestFile
		var a answerFile
		var s secretFile
		var m counts
		var kr ring
		for _, v := range []any{&fr, &a, &s, &m, &kr} {
			if decode(data, v) == nil {
				if again, _ := json.Marshal(v); string(again) != string(data) {
					t.Fatalf("two texts for one value: %q", data)
				}
			}
		}
		if list := parseStops(string(data)); len(list) == 0 {
			t.Fatalf("%q stops nothing", data)
		}
		if len(data) < 4096 {
			if _, err := openKey(data, []byte("wrong")); err == nil {
				t.Fatalf("%q opens", data)
			}
		}
		for _, p := range paths {
			must(t, os.WriteFile(p, data, 0o600))
			if _, err := d.Entries(); err != nil {
				t.Fatalf("%s is %q: %v", p, data, err)
			}
			signed := p == d.local.at(approval(r.Code, "answer")) || p == d.local.at(approval(r.Code, "request"))
			if signed && string(data) != good[p] {
				if _, err := d.Take(background(), r, approvers(k)); err == nil {
					t.Fatalf("taken with %q", data)
				}
			}
			must(t, os.WriteFile(p, []byte(good[p]), 0o600))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("ABCD-EFGH", key(f, "a").Public())
	f.Fuzz(func(t *testing.T, code, public string) {
		if got, err := ParseCode(code); err == nil {
			if again, err := ParseCode(got); err != nil || again != got || len(got) != codeLength {
				t.Fatalf("%q is %q is %q", code, got, again)
			}
		}
		_, _ = ParsePublic(public)
	})
}
