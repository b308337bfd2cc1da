package sandbox

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
)

// seededApp is one SSO application: the name of its template, how it is
// labelled, and who may use it.
type seededApp struct {
	name, label string
	groups      []string
	users       []string
}

func seededApps() []seededApp {
	return []seededApp{
		{"salesforce", "Salesforce", []string{"Sales", "All Revenue"}, []string{"bob.stone", "vic.marsh"}},
		{"hubspot", "HubSpot", []string{"Marketing"}, nil},
		{"github", "GitHub", []string{"Engineering"}, []string{"con.tractor"}},
		{"slack", "Slack", []string{"All Staff", "Contractors"}, nil},
		{"zoom", "Zoom", []string{"All Staff"}, nil},
		{"jira", "Jira", []string{"Engineering", "Support"}, nil},
		{"confluence", "Confluence", []string{"All Staff"}, nil},
		{"aws", "AWS Production", []string{"Server Admins"}, nil},
		{"aws", "AWS Staging", []string{"Engineering"}, nil},
		{"datadog", "Datadog", []string{"Engineering", "IT"}, nil},
		{"pagerduty", "PagerDuty", []string{"On-Call"}, nil},
		{"figma", "Figma", []string{"Marketing"}, []string{"kim.lee"}},
		{"notion", "Notion", []string{"All Staff"}, nil},
		{"zendesk", "Zendesk", []string{"Support"}, nil},
		{"workday", "Workday", []string{"Human Resources"}, []string{"maria.silva"}},
		{"netsuite", "NetSuite", []string{"Finance"}, nil},
		{"docusign", "DocuSign", []string{"Legal", "Sales"}, nil},
		{"dropbox", "Dropbox", []string{"Contractors"}, nil},
		{"tableau", "Tableau", []string{"All Revenue", "Finance"}, nil},
		{"1password", "1Password", []string{"IT"}, []string{"ada.king"}},
	}
}

func (o *Org) seedApplications() {
	r := o.dice("applications")
	made := map[string]bool{}
	for i, a := range seededApps() {
		if !made[a.name] {
			made[a.name] = true
			o.appTemplates.add(o.templateDoc(len(o.appTemplates.order), a))
		}
		d := o.applications.add(o.applicationDoc(r, i, a))
		for _, g := range a.groups {
			o.graph.newBond(node{"application", d.id}, node{"user_group", o.groupNamed(g).id}, nil)
		}
		for _, name := range a.users {
			if u := o.users.find("username", name); u != nil {
				o.graph.newBond(node{"application", d.id}, node{"user", u.id}, nil)
			}
		}
	}
	for i, name := range []string{"asana", "box", "miro", "monday", "okta", "snowflake"} {
		o.appTemplates.add(o.templateDoc(1000+i, seededApp{name: name, label: strings.ToUpper(name[:1]) + name[1:]}))
	}
}

// block is base64 text that looks like a certificate or a picture.
func block(r *rand.Rand, bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

func field(kind, label string, position int, value any) map[string]any {
	return map[string]any{"type": kind, "label": label, "position": position, "readOnly": false, "required": true,
		"visible": true, "value": value}
}

func (o *Org) applicationDoc(r *rand.Rand, i int, a seededApp) map[string]any {
	size := 1500
	if o.traps["huge-applications"] {
		size = 50_000 // three of these and their base64 make 200 KB
	}
	host := "https://" + a.name + ".example/saml"
	pem := func(kind string) string {
		return "-----BEGIN " + kind + "-----\n" + block(r, size) + "\n-----END " + kind + "-----\n"
	}
	return map[string]any{
		"_id": o.id("application", i), "organization": o.orgID, "name": a.name, "displayName": displayOf(a),
		"displayLabel": a.label, "description": "Single sign-on to " + a.label, "active": true, "beta": false,
		"color": "#006CAC", "created": o.ago(days(400 - i*7)), "learnMore": "https://" + a.name + ".example/help",
		"ssoUrl": "https://sso.jumpcloud.example/saml2/" + a.name,
		"sso": map[string]any{"type": "saml", "beta": false, "hidden": false, "jit": false,
			"idpCertificateUpdatedAt": o.ago(days(380 - i*7)), "idpCertExpirationAt": o.ago(-days(60 + i*30))},
		"logo": map[string]any{"color": "#006CAC", "url": "data:image/png;base64," + block(r, size)},
		"config": map[string]any{
			"acsUrl":               field("text", "ACS URL", 1, host+"/acs"),
			"spEntityId":           field("text", "SP entity id", 2, host),
			"idpEntityId":          field("text", "IdP entity id", 3, "JumpCloud-"+a.name),
			"idpCertificate":       field("file", "IdP certificate", 4, pem("CERTIFICATE")),
			"idpPrivateKey":        field("file", "IdP private key", 5, ""),
			"spCertificate":        field("file", "SP certificate", 6, pem("CERTIFICATE")),
			"signAssertion":        field("boolean", "Sign assertion", 7, true),
			"includeGroups":        field("boolean", "Include groups", 8, i%3 == 0),
			"idpInitUrl":           field("text", "IdP URL", 9, "https://sso.jumpcloud.example/saml2/"+a.name),
			"overrideNameIdFormat": field("text", "NameID format", 10, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
		},
	}
}

func displayOf(a seededApp) string {
	if a.name == "aws" {
		return "Amazon Web Services"
	}
	return a.label
}

func (o *Org) templateDoc(i int, a seededApp) map[string]any {
	return map[string]any{
		"_id": o.id("application_template", i), "name": a.name, "displayName": displayOf(a), "displayLabel": displayOf(a),
		"active": true, "beta": false, "color": "#202D38", "isConfigured": a.groups != nil, "keywords": []any{a.name, "saml"},
		"learnMore": "https://" + a.name + ".example/help", "ssoUrl": "https://sso.jumpcloud.example/saml2/" + a.name,
		"logo": map[string]any{"url": "https://cdn.example/logos/" + a.name + ".svg"},
		"sso":  map[string]any{"type": "saml", "beta": false, "hidden": false, "jit": true},
		"config": map[string]any{
			"acsUrl":     field("text", "ACS URL", 1, "https://"+a.name+".example/saml/acs"),
			"spEntityId": field("text", "SP entity id", 2, ""),
		},
	}
}
