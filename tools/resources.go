package tools

import (
	"context"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Explain puts an error into words for a client.
func Explain(err error) (code jc.Code, text string) {
	a := failure(err, false)
	return jc.Code(a.Code), a.Text[0]
}

// Resources are what can be read at a fixed address, sorted by address.
func (d *Desk) Resources(ctx context.Context) []Resource { return nil }

// Templates are the addresses with a variable, sorted.
func (d *Desk) Templates(ctx context.Context) []Template { return nil }

// Read reads a resource.
func (d *Desk) Read(ctx context.Context, uri string) (Content, error) {
	return Content{}, &Refusal{jc.CodeNotFound, "there is nothing at " + clip(uri)}
}
