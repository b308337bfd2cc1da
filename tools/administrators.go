package tools

import (
	"context"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type administratorLink struct {
	administratorAccount
	Organization jc.Ref[jc.Organization] `json:"organization" in:"path" jsonschema:"required"`
}

type administratorLinkNew struct {
	administratorAccount
	Organization jc.Ref[jc.Organization] `json:"organization" jsonschema:"required"`
}

const (
	administratorLinks = "GET /api/v2/administrators/{administrator}/organizationlinks"
	linkAdministrator  = "POST /api/v2/administrators/{administrator}/organizationlinks"
)

var administrators = Set{"administrators", "Which administrators may enter which organisations."}.Of(
	List[administratorAccount, jc.AdministratorLink]("administrators_organizations_list", administratorLinks,
		"List the organisations that an administrator may enter.", Takes("limit", "skip"),
		Columns("organization"), IDs("organization", jc.Organization{}.Kind())),
	List[organizationRef, jc.AdministratorLink]("administrators_of_organization_list", "GET /api/v2/organizations/{organization}/administratorlinks",
		"List the administrators who may enter an organisation, by id.", Takes("limit", "skip"), Columns("administrator")),
	Job("administrators_organizations_add", "Let an administrator enter an organisation.",
		Uses{Own: []string{linkAdministrator}, Reads: []string{administratorLinks}, Risk: auth.Change, Effect: jc.Idempotent}, planLink, Grave),
	Delete[administratorLink]("administrators_organizations_remove", "DELETE /api/v2/administrators/{administrator}/organizationlinks/{organization}",
		"Shut an administrator out of an organisation. Others keep their access.", ReadIn(administratorLinks, "organization")),
)

// planLink makes the link, unless it is there. It has no id of its own: that it is
// there is what the list of the administrator's organisations shows.
func planLink(ctx context.Context, r *Reader, in *administratorLinkNew) (*Plan, error) {
	org := in.Organization.Found()
	params := map[string]string{"administrator": in.Administrator}
	linked := func(ctx context.Context, r *Reader) (bool, error) {
		rows, _, err := r.walk(ctx, jc.Request{Endpoint: jc.At(administratorLinks), Params: params}, jc.Query{Takes: []string{"limit", "skip"}}, 0)
		return slices.ContainsFunc(rows.Rows, func(row jc.Row) bool { return row.Text("organization") == org.ID }), err
	}
	there, err := linked(ctx, r)
	if err != nil {
		return nil, err
	}
	step := Step{
		Request: jc.Request{Endpoint: jc.At(linkAdministrator), Effect: jc.Idempotent, Params: params, Body: map[string]any{"organization": org.ID}},
		Targets: []auth.Target{{Type: "administrator", ID: in.Administrator}, targetOf(org)},
		Line:    "let administrator " + in.Administrator + " enter " + describe(targetOf(org)),
	}
	if there {
		step.Skip = "may enter it already"
	}
	step.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		if now, err := linked(ctx, r); err != nil || !now {
			return Seen{Outcome: Accepted}, err
		}
		return Seen{Outcome: Done}, nil
	}
	return &Plan{Steps: []Step{step}}, nil
}
