package tools

import (
	"context"
	"net/http"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// fileOf asks for a secret that is a file of a media type.
func fileOf(t *Tool, media string) *Tool {
	return asking(t, func(req *jc.Request) { req.Header = http.Header{"Accept": {media}} })
}

// withBody sends an empty object where nothing was given: the API wants a body.
func withBody(t *Tool) *Tool {
	return asking(t, func(req *jc.Request) {
		if req.Body == nil {
			req.Body = map[string]any{}
		}
	})
}

// asking finishes the request of a tool that has one step.
func asking(t *Tool, finish func(*jc.Request)) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		finish(&p.Steps[0].Request)
		return nil
	})
}

// amended finishes the plans that the verb of a tool makes.
func amended(t *Tool, finish func(ctx context.Context, r *Reader, in any, p *Plan) error) *Tool {
	plan := t.plan
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		p, err := plan(ctx, r, in)
		if err == nil {
			err = finish(ctx, r, in, p)
		}
		if err != nil {
			return nil, err
		}
		return p, nil
	}
	return t
}
