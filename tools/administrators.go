package tools

import (
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

const administratorLinks = "GET /api/v2/administrators/{administrator}/organizationlinks"

var administrators = Set{"administrators", "Which administrators may enter which organisations."}.Of(
	List[administratorAccount, jc.AdministratorLink]("administrators_organizations_list", administratorLinks,
		"List the organisations that an administrator may enter.", Takes("limit", "skip"),
		Columns("organization"), IDs("organization", jc.Organization{}.Kind())),
	List[organizationRef, jc.AdministratorLink]("administrators_of_organization_list", "GET /api/v2/organizations/{organization}/administratorlinks",
		"List the administrators who may enter an organisation, by id.", Takes("limit", "skip"), Columns("administrator")),
	Create[administratorLinkNew, jc.AdministratorLink]("administrators_organizations_add", "POST /api/v2/administrators/{administrator}/organizationlinks",
		"Let an administrator enter an organisation.", NoReadBack("administrators_organizations_list shows it"), Idempotent),
	Delete[administratorLink]("administrators_organizations_remove", "DELETE /api/v2/administrators/{administrator}/organizationlinks/{organization}",
		"Shut an administrator out of an organisation. Others keep their access.", ReadIn(administratorLinks, "organization")),
)
