package sandbox

import (
	"regexp"
	"strings"
)

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// what names the type of thing that an operation is about, for events:
// duo_application for duo/accounts/{}/applications.
func (r *restCall) what() string {
	var words []string
	for _, part := range r.op.parts {
		if !isID(part) && part != "api" {
			words = append(words, singular(strings.ReplaceAll(spoken(part), " ", "_")))
		}
	}
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	return notWord.ReplaceAllString(strings.Join(words, "_"), "_")
}

// verb is the last word of an action.
func (r *restCall) verb() string {
	if r.op.method == "DELETE" {
		return "delete"
	}
	return "request"
}

func (r *restCall) event(verb string) string { return r.what() + "_" + verb }

// service is the part of the product that writes the event.
func (r *restCall) service() string {
	switch head, _, _ := strings.Cut(r.op.path, "/"); head {
	case "applemdms", "google-emm", "microsoft-mdm":
		return "mdm"
	case "alerts", "healthmonitoring":
		return "alerts"
	case "assets":
		return "asset_management"
	case "approvalflows", "approvalflowrequest", "approvalflowsettings", "sudoactivesessions", "userapprovalrequest":
		return "access_management"
	case "notifications":
		return "notifications"
	case "object-storage":
		return "object_storage"
	case "password-vault", "passwordmanager", "privileged-access":
		return "password_manager"
	case "reports":
		return "reports"
	case "saas-management":
		return "saas_app_management"
	case "software", "softwareapps":
		return "software"
	case "systems":
		return "systems"
	}
	return "directory"
}

func (r *restCall) resource(c *collection, d *doc) map[string]any {
	m := map[string]any{"id": d.id, "type": r.what()}
	if name := calledName(d.m); name != "" {
		m["name"] = name
	}
	return m
}
