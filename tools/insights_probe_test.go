package tools
import "testing"
func TestProbeX(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, x := range All() { if x.Name == "insights_query" { t.Log(string(x.Schema.Listed)) } }
	for _, a := range []string{`{"last":"24h","filter":"success=false","count_by":"initiated_by"}`,`{"last":"90d","count_by":"initiated_by","limit":3}`,`{"last":"7d","interval":"day"}`,`{"last":"7d","count_by":"resource","limit":4}`,`{"last":"7d","count_by":"auth_method"}`,`{"last":"7d","limit":4}`,`{"last":"7d","count_by":"geoip"}`,`{"last":"7d","count_by":"user"}`} {
		b.wire.reset()
		text, _ := b.call("insights_query", a)
		t.Logf("%s %d %v\n%s", a, tokens(text), b.wire.seen, text)
	}
}
