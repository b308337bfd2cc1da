package jumpcloud

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type thing struct {
	ID     string   `json:"id"`
	Name   string   `json:"displayName"`
	Size   int64    `json:"size"`
	Tags   []string `json:"tags"`
	Parent *thing   `json:"parent"`
	More   any      `json:"more"`
	base
}

type base struct {
	Created string `json:"created"`
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		into       func() any
		cause      string
	}{
		{"object", `{"id":"1","unknown":{"a":[1,2]}}`, into[thing], ""},
		{"only embedded", `{"created":"x"}`, into[thing], ""},
		{"empty object", `{}`, into[thing], ""},
		{"list", ` [ {"id":"1"} , {"id":"2"} ] `, into[[]thing], ""},
		{"empty list", `[]`, into[[]thing], ""},
		{"null inside", `{"id":"1","tags":null,"parent":null,"more":null}`, into[thing], ""},
		{"raw", `null`, into[json.RawMessage], ""},
		{"any", `null`, into[any], ""},
		{"map", `{"a":{"b":1}}`, into[map[string]any], ""},
		{"map with two spellings", `{"displayname":1,"displayName":2}`, into[map[string]any], ""},
		{"another spelling", `{"ID":"1"}`, into[thing], ""},
		{"escapes", `{"id":"a\"b\\","tags":["}","]",","]}`, into[thing], ""},
		{"empty", ``, into[thing], "empty answer"},
		{"spaces", "\n ", into[thing], "empty answer"},
		{"HTML", `<html>sign in</html>`, into[thing], "HTML instead of JSON"},
		{"cut", `{"id":"1"`, into[thing], "not JSON"},
		{"trailing value", `{"id":"1"}{"id":"2"}`, into[thing], "not JSON"},
		{"trailing word", `{"id":"1"} x`, into[thing], "not JSON"},
		{"null for a struct", `null`, into[thing], "null instead of an object"},
		{"null for a list", `null`, into[[]thing], "null instead of an object"},
		{"null for a map", `null`, into[map[string]any], "null instead of an object"},
		{"null row", `[{"id":"1"},null]`, into[[]thing], "null instead of an object"},
		{"null row of a map", `[null]`, into[[]map[string]any], "null instead of an object"},
		{"list for an object", `[]`, into[thing], "wrong type in the answer"},
		{"object for a list", `{"results":[]}`, into[[]thing], "wrong type in the answer"},
		{"string for a number", `{"size":"1"}`, into[thing], "wrong type in the answer"},
		{"number for a string", `{"id":1}`, into[thing], "wrong type in the answer"},
		{"fraction for an integer", `{"size":1.5}`, into[thing], "wrong type in the answer"},
		{"too large a number", `{"size":9223372036854775808}`, into[thing], "wrong type in the answer"},
		{"error body", `{"error":"not found"}`, into[thing], "an answer of another shape"},
		{"list of other objects", `[{"error":"x"}]`, into[[]thing], "an answer of another shape"},
		{"twice", `{"id":"1","id":"2"}`, into[thing], "a field given twice"},
		{"twice, escaped", `{"id":"1","\u0069d":"2"}`, into[thing], "a field given twice"},
		{"twice, by case", `{"id":"1","ID":"../../evil"}`, into[thing], "a field given twice"},
		{"twice, deep", `{"parent":{"more":{"a":1,"a":2}}}`, into[thing], "a field given twice"},
		{"twice in a map", `{"a":1,"a":2}`, into[map[string]any], "a field given twice"},
		{"twice in a list", `[{"id":"1","id":"2"}]`, into[[]thing], "a field given twice"},
		{"twice among many", `{"more":{` + many(60) + `,"k30":1}}`, into[thing], "a field given twice"},
		{"many", `{"more":{` + many(60) + `}}`, into[thing], ""},
		{"deep", strings.Repeat("[", 200000), into[any], "not JSON"},
		{"not a pointer", `{}`, func() any { return thing{} }, "nothing to decode into"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := (&Response{Status: 200, Body: []byte(tc.body)}).Decode(tc.into())
			if tc.cause == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e := asError(t, err); e == nil || e.Code != CodeUpstreamDown || e.Cause != tc.cause {
				t.Errorf("got %v, want %s", err, tc.cause)
			}
		})
	}
}

func into[T any]() any { return new(T) }

func many(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, `"k`+string(rune('0'+i/10))+string(rune('0'+i%10))+`":`+string(rune('0'+i%10)))
	}
	return strings.Join(parts, ",")
}

func TestDecodeKeepsBigNumbers(t *testing.T) {
	r := &Response{Body: []byte(`{"id":"1","size":9007199254740993,"more":{"n":9007199254740993}}`)}
	var got thing
	if err := r.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := thing{ID: "1", Size: 9007199254740993, More: map[string]any{"n": json.Number("9007199254740993")}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(thing{})); d != "" {
		t.Error(d)
	}
}

func TestDecodeAfterAWrite(t *testing.T) {
	err := (&Response{Status: 201, Body: []byte(`[]`), effect: Once, endpoint: create.Endpoint}).Decode(&thing{})
	if e := asError(t, err); e.Outcome != Unknown || e.Endpoint != create.Endpoint {
		t.Errorf("%+v: an unreadable answer to a write says nothing about the write", *e)
	}
}

// FuzzDecode: no panic, and nothing accepted that encoding/json refuses or reads otherwise.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{``, `null`, `{}`, `[]`, `{"id":"1"}`, `[{"id":"1","tags":["a"]}]`, `{"id":"1","ID":"2"}`, `{"a":1}x`, "\ufeff{}", `{"parent":{"parent":{"id":"\u0069"}}}`, `<html>`, `{"size":1e400}`, `"\\"`, `[1,2,[3,{"a":"]"}]]`, " \f0", "\u00a0{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []reflect.Type{reflect.TypeFor[thing](), reflect.TypeFor[[]thing](), reflect.TypeFor[map[string]any](), reflect.TypeFor[any](), reflect.TypeFor[*thing]()} {
			got, want := reflect.New(kind), reflect.New(kind)
			if err := (&Response{Body: b}).Decode(got.Interface()); err != nil {
				if strings.Contains(err.Error(), string(b)) && len(b) > 12 {
					t.Fatalf("the error repeats the body: %v", err)
				}
				continue
			}
			d := json.NewDecoder(strings.NewReader(string(b)))
			d.UseNumber()
			if err := d.Decode(want.Interface()); err != nil {
				t.Fatalf("%v: took %q", kind, b)
			}
			if !reflect.DeepEqual(got.Interface(), want.Interface()) {
				t.Fatalf("%v: %q read otherwise", kind, b)
			}
		}
	})
}

func BenchmarkDecodePage(b *testing.B) {
	row := `{"id":"65fa1c0e9d3b2a0001c4e7f1","displayName":"Ada King","size":12,"tags":["a","b"],"more":{"` + strings.Repeat("x", 20) + `":[1,2,3,{"a":true}]}},`
	body := []byte("[" + strings.TrimSuffix(strings.Repeat(row, 100), ",") + "]")
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var v []thing
			if err := (&Response{Body: body}).Decode(&v); err != nil || len(v) != 100 {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var v []thing
			if err := json.Unmarshal(body, &v); err != nil || len(v) != 100 {
				b.Fatal(err)
			}
		}
	})
}
