package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type application struct {
	Application jc.Ref[jc.Application] `json:"application" in:"path" jsonschema:"required"`
}

type applicationNew struct {
	Name   string     `json:"name" jsonschema:"required,minLength=1"`
	Config *appConfig `json:"config" jsonschema:"required"`
	SSOURL string     `json:"ssoUrl" jsonschema:"required,format=uri"`
	applicationFields
}

type applicationEdit struct {
	application
	Name   string     `json:"name,omitempty" rare:"true" jsonschema:"minLength=1"`
	Config *appConfig `json:"config,omitempty"`
	SSOURL string     `json:"ssoUrl,omitempty" jsonschema:"format=uri"`
	applicationFields
}

// applicationFields are what both take beside. Ids and dates that the API sets
// itself (_id, organization, created) are not among them.
type applicationFields struct {
	DisplayLabel       *string          `json:"displayLabel,omitempty" jsonschema:"description=What users see."`
	DisplayName        *string          `json:"displayName,omitempty" rare:"true"`
	Description        *string          `json:"description,omitempty" rare:"true" jsonschema:"maxLength=256"`
	Active             *bool            `json:"active,omitempty"`
	Beta               *bool            `json:"beta,omitempty" rare:"true"`
	Color              string           `json:"color,omitempty" rare:"true" jsonschema:"enum=#202D38,enum=#005466,enum=#3E8696,enum=#006CAC,enum=#0617AC,enum=#7C6ADA,enum=#D5779D,enum=#9E2F00,enum=#FFB000,enum=#58C469,enum=#57C49F,enum=#FF6C03"`
	LearnMore          *string          `json:"learnMore,omitempty" rare:"true"`
	ParentApp          *string          `json:"parentApp,omitempty" rare:"true"`
	Logo               *appLogo         `json:"logo,omitempty" rare:"true"`
	SSO                *appSSO          `json:"sso,omitempty" rare:"true"`
	DatabaseAttributes []map[string]any `json:"databaseAttributes,omitzero" rare:"true"`
}

type appLogo struct {
	Color string `json:"color,omitempty" jsonschema:"enum=#202D38,enum=#005466,enum=#3E8696,enum=#006CAC,enum=#0617AC,enum=#7C6ADA,enum=#D5779D,enum=#9E2F00,enum=#FFB000,enum=#58C469,enum=#57C49F,enum=#FF6C03"`
	URL   string `json:"url,omitempty"`
}

type appSSO struct {
	Type                string `json:"type,omitempty"`
	Hidden              *bool  `json:"hidden,omitempty"`
	JIT                 *bool  `json:"jit,omitempty"`
	Beta                *bool  `json:"beta,omitempty"`
	IDPCertExpirationAt string `json:"idpCertExpirationAt,omitempty" jsonschema:"format=date-time"`
}

type applicationAssociation struct {
	application
	association
}

const applicationEdges = "POST /api/v2/applications/{application}/associations"

var applications = Set{"applications", "SSO applications and who may use them."}.Of(
	List[None, jc.Application]("applications_list", "GET /api/applications",
		"Find SSO applications.", Core, Columns("displayLabel", "type", "flags")),
	shaped(Get[application, jc.Application]("applications_get", "GET /api/applications/{application}",
		"Show one SSO application with its settings, without certificates and logo."), applicationShown),
	Create[applicationNew, jc.Application]("applications_create", "POST /api/applications",
		"Create an SSO application; name and config as application_templates_get shows them, values filled in."),
	nested(Change[applicationEdit, jc.Application]("applications_update", "PUT /api/applications/{application}",
		"Change an SSO application. What is not given stays, inside config too.", Merge),
		"sso.idpCertificateUpdatedAt", "sso.idpPrivateKeyUpdatedAt", "sso.spCertificateUpdatedAt"),
	Delete[application]("applications_delete", "DELETE /api/applications/{application}",
		"Delete an SSO application. Nobody can sign in to it any more."),
	explained(List[application, jc.Access]("applications_users_list", "GET /api/v2/applications/{application}/users",
		"List the users who reach an application, directly or through groups.",
		Rows(asReached), Columns("name", via), Names("name", "type", jc.User{}.Kind(), jc.UserGroup{}.Kind()))),
	explained(List[application, jc.Access]("applications_user_groups_list", "GET /api/v2/applications/{application}/usergroups",
		"List the user groups that reach an application.",
		Rows(asReached), Columns("name", via), Names("name", "type", jc.UserGroup{}.Kind()))),
	Job("applications_associations_change", "Give a user or user group access to an application, or take it away.",
		associating(applicationEdges),
		func(ctx context.Context, r *Reader, in *applicationAssociation) (*Plan, error) {
			return in.associate(ctx, r, in.Application.Found(), applicationEdges)
		}),
)

// applicationShown is an application that fits into an answer: settings by name
// and value, and of certificates, keys and pictures only that they are there.
func applicationShown(row jc.Row) jc.Row {
	out := maps.Clone(row)
	if config, ok := row["config"].(map[string]any); ok {
		short := map[string]any{}
		for name, v := range config {
			field, ok := v.(map[string]any)
			switch value, sent := field["value"]; {
			case !ok:
				short[name] = v
			case !sent:
			case isSecret(name, value) && !isEmpty(value):
				short[name+"_set"] = true // the name alone would have it dropped
			default:
				short[name] = lengthOf(value)
			}
		}
		out["config"] = short
	}
	if logo, ok := row["logo"].(map[string]any); ok {
		logo = maps.Clone(logo)
		logo["url"] = lengthOf(logo["url"])
		out["logo"] = logo
	}
	return out
}

// lengthOf stands for text that is too long to be read in an answer.
func lengthOf(v any) any {
	s, ok := v.(string)
	if ok && len(s) > maxRunes {
		return fmt.Sprintf("set (%d characters)", len(s))
	}
	if list, ok := v.([]any); ok {
		if b, err := json.Marshal(list); err == nil && len(b) > 4*maxRunes {
			return fmt.Sprintf("%d entries", len(list))
		}
	}
	return v
}
