package tools

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"sort"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

var pseudoSets = [][2]string{
	{"/api/application-templates", "application_templates"}, {"/api/applications", "applications"}, {"/api/command", "commands"}, {"/api/files", "commands"}, {"/api/runCommand", "commands"},
	{"/api/organizations", "organizations"}, {"/api/radiusservers", "radius_servers"}, {"/api/search/systemusers", "users"}, {"/api/search/systems", "devices"}, {"/api/search/org", "organizations"}, {"/api/search/comm", "commands"},
	{"/api/systemusers", "users"}, {"/api/systems", "devices"}, {"/api/users", "users"}, {"/api/v2/accessrequests", "access_requests"}, {"/api/v2/activedirectories", "active_directory"}, {"/api/v2/administrators", "administrators"},
	{"/api/v2/alerts", "alerts"}, {"/api/v2/healthmonitoring", "alerts"}, {"/api/v2/software/catalog", "app_catalog"}, {"/api/v2/applemdms", "apple_mdm"}, {"/api/v2/applications", "applications"},
	{"/api/v2/approv", "approval_flows"}, {"/api/v2/userapproval", "approval_flows"}, {"/api/v2/assets", "assets"}, {"/api/v2/authn", "authentication_policies"}, {"/api/v2/bulk", "bulk_users"}, {"/api/v2/cases", "organizations"},
	{"/api/v2/command", "commands"}, {"/api/v2/queuedcommand", "commands"}, {"/api/v2/custom", "custom_emails"}, {"/api/v2/devices", "devices"}, {"/api/v2/directories", "directories"}, {"/api/v2/duo", "duo"}, {"/api/v2/feature", "organizations"},
	{"/api/v2/gcep", "google_workspace"}, {"/api/v2/google-emm", "google_emm"}, {"/api/v2/groups", "groups"}, {"/api/v2/gsuites", "google_workspace"}, {"/api/v2/identity-provider", "identity_provider"}, {"/api/v2/identityrisk", "identity_risk"},
	{"/api/v2/integrations", "providers"}, {"/api/v2/iplists", "ip_lists"}, {"/api/v2/ldapservers", "ldap_servers"}, {"/api/v2/logos", "logos"}, {"/api/v2/microsoft", "microsoft_mdm"}, {"/api/v2/notifications", "notifications"},
	{"/api/v2/object", "object_storage"}, {"/api/v2/office365s", "office365"}, {"/api/v2/organizations", "organizations"}, {"/api/v2/password-manager", "password_manager"}, {"/api/v2/passwordmanager", "password_manager"}, {"/api/v2/password-vault", "password_vault"},
	{"/api/v2/passwordpolicies", "password_policies"}, {"/api/v2/policies", "policies"}, {"/api/v2/policyresults", "policies"}, {"/api/v2/policygroups", "policy_groups"}, {"/api/v2/policytemplates", "policy_templates"}, {"/api/v2/privileged", "privileged_access"},
	{"/api/v2/providers", "providers"}, {"/api/v2/push", "push_verification"}, {"/api/v2/radiusservers", "radius_servers"}, {"/api/v2/reports", "reports"}, {"/insights/directory/v1/reports", "reports"}, {"/insights", "insights"}, {"/api/v2/roles", "roles"},
	{"/api/v2/saas", "saas_management"}, {"/api/v2/sample", "organizations"}, {"/api/v2/saved", "saved_views"}, {"/api/v2/systems/views", "saved_views"}, {"/api/v2/scope", "roles"}, {"/api/v2/service-accounts", "service_accounts"}, {"/api/v2/softwareapps", "software_apps"},
	{"/api/v2/subscriptions", "organizations"}, {"/api/v2/sudo", "access_requests"}, {"/api/v2/systemgroups", "device_groups"}, {"/api/v2/systems", "devices"}, {"/api/v2/usergroups", "user_groups"}, {"/api/v2/users", "users"}, {"/api/v2/workdays", "workday"}, {"/api/v2/workflows", "workflows"},
}

var braces = regexp.MustCompile(`\{[^}]*\}`)

func plainOperation(s string) string {
	s = braces.ReplaceAllString(s, "{}")
	return strings.Replace(s, " /v1/", " /insights/directory/v1/", 1)
}

var pseudoNoise = regexp.MustCompile(`(?i)^this endpoint (is|provides)?( used)?( for| to)?( getting| performing)?`)

var renames = strings.NewReplacer("systemusers", "users", "systemgroups", "device_groups", "systems", "devices", "usergroups", "user_groups", "softwareapps", "software_apps", "memberof", "groups",
	"ldapservers", "ldap_servers", "radiusservers", "radius_servers", "gsuites", "google_workspaces", "pushendpoints", "push_endpoints", "translationrules", "translation_rules", "iplists", "ip_lists", "policygroups", "policy_groups", "-", "_")

func snake(s string) string {
	s = regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(s, "${1}_$2")
	return strings.ToLower(renames.Replace(s))
}

// withPseudo adds a made-up tool for every operation that nobody declares yet.
func withPseudo(all []*Tool) []*Tool {
	f, err := os.Open("/work/shared/jumpcloud/operations.jsonl")
	if err != nil {
		return all
	}
	defer f.Close()
	declared := map[string]bool{}
	names := map[string]bool{}
	for _, t := range all {
		names[t.Name] = true
		if len(t.Operations) == 1 || t.variants != nil {
			for _, e := range t.Operations {
				declared[plainOperation(e.String())] = true
			}
		}
		if t.Risk == auth.Read && len(t.Operations) > 0 {
			declared[plainOperation(t.Operations[0].String())] = true
		}
		if t.search != nil {
			declared[plainOperation(t.search.String())] = true
		}
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var o struct {
			Method, Path, Title string
			Params              []struct{ Name string }
			Body                any
		}
		if json.Unmarshal(sc.Bytes(), &o) != nil || declared[plainOperation(o.Method+" "+o.Path)] {
			continue
		}
		t := &Tool{Operations: []jc.Endpoint{{Method: o.Method, Path: o.Path}}}
		pre := ""
		for _, p := range pseudoSets {
			if strings.HasPrefix(o.Path, p[0]) {
				pre, t.Toolset = p[0], p[1]
				break
			}
		}
		_ = pre
		var segs []string
		for _, s := range strings.Split(o.Path, "/") {
			if s != "" && s != "api" && s != "v2" && s != "insights" && s != "directory" && s != "v1" && s != "search" && s[0] != '{' {
				segs = append(segs, snake(s))
			}
		}
		if len(segs) > 0 {
			segs = segs[1:]
		}
		tail := strings.HasSuffix(o.Path, "}")
		verb := map[string]string{"GET": "list", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}[o.Method]
		if o.Method == "GET" && tail {
			verb = "get"
		}
		low := strings.ToLower(o.Title)
		if o.Method == "POST" && (strings.HasSuffix(o.Path, "associations") || strings.HasSuffix(o.Path, "members")) {
			verb = "change"
		} else if o.Method == "POST" && !strings.Contains(low, "creat") && !strings.Contains(low, "add") {
			verb = ""
		}
		t.Name = t.Toolset + "_" + strings.Join(append(segs, verb), "_")
		t.Name = strings.TrimSuffix(strings.ReplaceAll(t.Name, "__", "_"), "_")
		for names[t.Name] {
			t.Name += "2"
		}
		names[t.Name] = true
		title, _, _ := strings.Cut(o.Title, "\n")
		t.Doc = strings.TrimSpace(pseudoNoise.ReplaceAllString(title, "")) + "."
		t.Risk = map[string]auth.Risk{"GET": auth.Read, "DELETE": auth.Destroy}[o.Method]
		if o.Method != "GET" && o.Method != "DELETE" {
			t.Risk = auth.Change
			if strings.HasPrefix(o.Path, "/insights") || strings.HasPrefix(o.Path, "/api/search") || strings.Contains(o.Path, "policy-evaluations") || strings.Contains(o.Path, "timeline") || strings.Contains(o.Path, "directoryinsights") {
				t.Risk = auth.Read
			}
		}
		props := map[string]any{}
		for _, p := range o.Params {
			props[p.Name] = map[string]any{"type": "string"}
		}
		if m, ok := o.Body.(map[string]any); ok {
			for k := range m {
				props[strings.TrimSuffix(k, "!")] = map[string]any{"type": "string"}
			}
		}
		raw, _ := json.Marshal(map[string]any{"type": "object", "properties": props})
		t.Schema = &schemas.Schema{Full: raw, Listed: raw}
		all = append(all, t)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}
