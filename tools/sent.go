package tools

// Part is one argument of a plain tool as it is sent: where it goes, and what the
// API calls it there.
type Part struct {
	Argument string
	API      string
	Place    string // path, query or body
}

// Parts are what a tool of one operation sends; nil for jobs, which send what they
// make of their arguments.
func (t *Tool) Parts() []Part {
	if t.job || len(t.Operations) == 0 {
		return nil
	}
	out := []Part{}
	for _, f := range fieldsOf(t.in) {
		if f.place != "-" {
			out = append(out, Part{f.name, f.api, f.place})
		}
	}
	return out
}

// Untyped reports whether only method and path of the tool's operation are published.
func (t *Tool) Untyped() bool { return t.untyped }
