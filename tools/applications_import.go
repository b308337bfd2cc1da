package tools

import (
	"context"
	"encoding/base64"
	"net/http"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type applicationImport struct {
	application
	Operations   []string `json:"operations,omitzero" jsonschema:"enum=users.create,enum=users.update"`
	Query        string   `json:"queryString,omitempty" jsonschema:"description=The application's own filter of its users."`
	Reactivation *bool    `json:"allowUserReactivation,omitempty"`
}

type applicationImportFind struct {
	application
	Search string `json:"search_users,omitempty" in:"query" api:"filter"`
	Query  string `json:"query,omitempty" in:"query" rare:"true"`
}

type applicationLogo struct {
	application
	Image string `json:"image" in:"-" jsonschema:"required,minLength=1,description=Picture in base64."`
}

const (
	applicationV2At   = "/api/v2/applications/{application}"
	applicationTaken  = "JumpCloud took the import and works on it; new users appear in users_list"
	applicationLogoIn = "applications_get shows whether there is a logo"
)

// applicationsImports is what applications have beside sign-in: users who come
// from them, and a picture.
var applicationsImports = Set{Name: "applications"}.Of(
	shaped(Get[application, jc.Application]("applications_details_get", "GET "+applicationV2At,
		"Show one SSO application as the newer API (v2) has it, without certificates and logo."), applicationShown),
	List[applicationImportFind, jc.ImportUser]("applications_import_users_list", "GET "+applicationV2At+"/import/users",
		"List the users of an application who can be imported into JumpCloud.", Takes("limit", "skip"),
		Columns("email", "firstname", "lastname", "department", "id")),
	takesJob(Act[applicationImport, None]("applications_import", "POST "+applicationV2At+"/import/jobs",
		"Import users from an application (SCIM, custom API): new ones are created, known ones updated, suspended ones reactivated unless allowUserReactivation is false.", NoReadBack(applicationTaken))),
	sendsPicture(Act[applicationLogo, None]("applications_logo_set", "POST "+applicationV2At+"/logo",
		"Upload the logo (picture) that users see at an application.", Idempotent, NoReadBack(applicationLogoIn))),
	Delete[application]("applications_logo_delete", "DELETE "+applicationV2At+"/logo",
		"Delete the logo of an application. Users see the usual one.", NoReadBack(applicationLogoIn)),
)

type logo struct {
	Logo string `json:"logo" in:"path" jsonschema:"required,minLength=1"`
}

var logos = Set{"logos", "Logo images."}.Of(
	Download[logo]("logos_get", "GET /api/v2/logos/{logo}", anyMedia,
		"Download a logo image by its id."),
)

// takesJob shows the id of the job that an act started.
func takesJob(t *Tool) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		p.Steps[0].Verify = jobTaken(t.noBack)
		return nil
	})
}

// pictures are the types of image that consoles take, by what their bytes say.
var pictures = map[string]string{"image/png": "logo.png", "image/jpeg": "logo.jpg", "image/gif": "logo.gif"}

// sendsPicture sends a picture as a form. The plan says how large it is, not what is in it.
func sendsPicture(t *Tool) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, in any, p *Plan) error {
		data, err := base64.StdEncoding.DecodeString(in.(*applicationLogo).Image)
		if err != nil {
			return invalid("image", "it is not base64")
		}
		file, known := pictures[http.DetectContentType(data)]
		if !known {
			return invalid("image", "it is no PNG, JPEG or GIF")
		}
		s := &p.Steps[0]
		s.Request.Body = jc.Upload{Field: "image", File: file, Data: data}
		s.After = map[string]any{"image bytes": len(data)}
		return nil
	})
}
