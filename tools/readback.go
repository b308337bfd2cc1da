package tools

import jc "github.com/jc-mcp/jc-mcp/jumpcloud"

// AsSent gives an object as it is read the form in which it is sent, so that a
// merge sends nothing that the API refuses and a read-back compares like with like.
func AsSent(form func(jc.Row) jc.Row) Option { return func(t *Tool) { t.asSent = form } }

// sent is the row in the form of what is sent. An answer of which the shape is not
// published may hold the object under one key.
func (t *Tool) sent(row jc.Row, given map[string]any) jc.Row {
	if t.untyped {
		row = unwrapped(row, given)
	}
	if t.asSent != nil {
		return t.asSent(row)
	}
	return row
}

// unwrapped is the object under the only key of the row, where the row itself has
// none of the fields that were given and that object has.
func unwrapped(row jc.Row, given map[string]any) jc.Row {
	if len(row) != 1 {
		return row
	}
	for _, v := range row {
		inner, ok := v.(map[string]any)
		for name := range given {
			if _, there := row[name]; there {
				return row
			}
			if _, there := inner[name]; ok && there {
				return inner
			}
		}
	}
	return row
}
