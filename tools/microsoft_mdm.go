package tools

import (
	"context"
	"net/http"
)

type microsoftPackage struct {
	Request map[string]any `json:"request,omitempty" in:"-"`
}

// Body sends what was given as the whole body; which fields it has is not published.
func (p *microsoftPackage) Body(body map[string]any) error {
	for name, v := range p.Request {
		body[name] = v
	}
	return nil
}

var microsoftMDM = Set{"microsoft_mdm", "Windows device management by MDM."}.Of(
	fileOf(Secret[microsoftPackage]("microsoft_mdm_configuration_create", "POST /api/v2/microsoft-mdm/configuration-files",
		"Make the provisioning package files for bulk enrolment of Windows devices in MDM (PPKG)."), "application/zip"),
)

// fileOf asks for a secret that is a file of a media type.
func fileOf(t *Tool, media string) *Tool {
	inner := t.plan
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		p, err := inner(ctx, r, in)
		if err != nil {
			return nil, err
		}
		req := &p.Steps[0].Request
		req.Header = http.Header{"Accept": {media}}
		if req.Method == "POST" && req.Body == nil {
			req.Body = map[string]any{}
		}
		return p, nil
	}
	return t
}
