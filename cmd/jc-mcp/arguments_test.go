package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const sampleSchema = `{"type":"object","properties":{
	"name":{"type":"string"},"limit":{"type":"integer"},"ratio":{"type":"number"},"on":{"type":"boolean"},
	"tags":{"type":"array","items":{"type":"string"}},"ports":{"type":"array","items":{"type":"integer"}},
	"people":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}}}},
	"sudo":{"type":"object","properties":{"enabled":{"type":"boolean"},"deep":{"type":"object","properties":{"n":{"type":"integer"}}}}},
	"free":{"type":"object"},"either":{"anyOf":[{"type":"string"},{"type":"integer"}]},
	"maybe":{"type":["integer","null"]},"any":{},"dotted.name":{"type":"integer"}}}`

func TestParseArguments(t *testing.T) {
	for _, c := range []struct{ words, stdin, want string }{
		{"", "", `{}`},
		{"name=x", "", `{"name":"x"}`},
		{"name=", "", `{"name":""}`},
		{"name=a=b,c=d", "", `{"name":"a=b,c=d"}`},
		{"name=5", "", `{"name":"5"}`},
		{"name=true", "", `{"name":"true"}`},
		{"limit=5", "", `{"limit":5}`},
		{"limit=-5", "", `{"limit":-5}`},
		{"limit=12345678901234567890", "", `{"limit":12345678901234567890}`},
		{"limit=05", "", `{"limit":"05"}`},
		{"limit=abc", "", `{"limit":"abc"}`}, // refused on the road, in the words that all callers get
		{"ratio=1.5e3", "", `{"ratio":1.5e3}`},
		{"ratio=7", "", `{"ratio":7}`},
		{"on=true", "", `{"on":true}`},
		{"on=yes", "", `{"on":"yes"}`},
		{"tags=a", "", `{"tags":["a"]}`},
		{"tags=a,b", "", `{"tags":["a,b"]}`},
		{"tags=a tags=b", "", `{"tags":["a","b"]}`},
		{`tags:=["a","b"]`, "", `{"tags":["a","b"]}`},
		{`tags:="a" tags=b`, "", `{"tags":["a","b"]}`},
		{"ports=80 ports=443", "", `{"ports":[80,443]}`},
		{`people:={"name":"a"} people:={"name":"b"}`, "", `{"people":[{"name":"a"},{"name":"b"}]}`},
		{"sudo.enabled=true", "", `{"sudo":{"enabled":true}}`},
		{"sudo.enabled=true sudo.deep.n=3", "", `{"sudo":{"deep":{"n":3},"enabled":true}}`},
		{"free.a.b=1", "", `{"free":{"a":{"b":"1"}}}`},
		{"free.a:=1", "", `{"free":{"a":1}}`},
		{`sudo:={"enabled":false}`, "", `{"sudo":{"enabled":false}}`},
		{"either=5", "", `{"either":"5"}`},
		{"maybe=5", "", `{"maybe":5}`},
		{"maybe:=null", "", `{"maybe":null}`},
		{"any=5", "", `{"any":"5"}`},
		{"dotted.name=5", "", `{"dotted.name":5}`},
		{"unknown=1", "", `{"unknown":"1"}`},
		{"unknown=1 unknown=2", "", `{"unknown":["1","2"]}`},
		{"-", `{"limit":5,"big":12345678901234567890}`, `{"big":12345678901234567890,"limit":5}`},
		{"limit=6 -", `{"limit":5,"name":"x"}`, `{"limit":6,"name":"x"}`},
		{"- tags=z", `{"tags":["a"]}`, `{"tags":["z"]}`},
		{"- sudo.enabled=true", `{"sudo":{"deep":{"n":1},"enabled":false}}`, `{"sudo":{"deep":{"n":1},"enabled":true}}`},
	} {
		got, err := parseArguments(strings.Fields(c.words), json.RawMessage(sampleSchema), strings.NewReader(c.stdin))
		if err != nil || string(got) != c.want {
			t.Errorf("%q < %q: %s, %v; want %s", c.words, c.stdin, got, err, c.want)
		}
	}
}

func TestParseArgumentsRefuses(t *testing.T) {
	for _, c := range []struct{ words, stdin, say string }{
		{"name", "", "key=value"},
		{"=x", "", "key=value"},
		{":=1", "", "key=value"},
		{"--", "", "key=value"},
		{"limit=1 limit=2", "", "limit is given twice"},
		{"name:=x", "", "name:= takes JSON"},
		{"name:=", "", "name:= takes JSON"},
		{"limit:=1,2", "", "limit:= takes JSON"},
		{"sudo=x", "", "sudo:=JSON"},
		{"people=x", "", "people:=JSON"},
		{"people.name=x", "", "list of objects"},
		{"sudo.=x", "", "beside a dot"},
		{".x=x", "", "beside a dot"},
		{"sudo..x=1", "", "beside a dot"},
		{"any=1 any.x=2", "", "as a value and as an object"},
		{`tags:={} any=1 - -`, `{}`, "given once"},
		{"-", `[1]`, "no object"},
		{"-", ``, "one JSON object"},
		{"-", `{} {}`, "one JSON object"},
		{"-", `{"a":`, "one JSON object"},
		{"-", strings.Repeat(" ", maxStdin+1), "1 MiB"},
	} {
		got, err := parseArguments(strings.Fields(c.words), json.RawMessage(sampleSchema), strings.NewReader(c.stdin))
		if _, usage := err.(*usageError); !usage || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%q < %.20q: %s, %v; want a usage error that says %q", c.words, c.stdin, got, err, c.say)
		}
	}
}
