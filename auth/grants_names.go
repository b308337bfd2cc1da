package auth

import (
	"path"
	"slices"
	"strings"
)

// kindsOf are the types of targets by the toolset whose objects they are. Only these
// toolsets can stand under `only` and `protect`: a name that nothing is ever compared
// with would protect nothing.
var kindsOf = map[string][]string{
	"access_requests":         {"access_request"},
	"active_directory":        {"active_directory"},
	"administrators":          {"administrator"},
	"alerts":                  {"alert", "alert_rule"},
	"apple_mdm":               {"apple_mdm"},
	"applications":            {"application"},
	"approval_flows":          {"approval_flow", "approval_request"},
	"authentication_policies": {"authentication_policy"},
	"commands":                {"command"},
	"device_groups":           {"system_group", "device_group"},
	"devices":                 {"system", "device", "apple_device", "google_device"},
	"google_emm":              {"google_enterprise"},
	"ip_lists":                {"ip_list"},
	"ldap_servers":            {"ldap_server"},
	"organizations":           {"organization", "provider_organization"},
	"password_policies":       {"password_policy"},
	"policies":                {"policy"},
	"policy_groups":           {"policy_group"},
	"radius_servers":          {"radius_server"},
	"roles":                   {"role"},
	"software_apps":           {"software_app"},
	"user_groups":             {"user_group"},
	"users":                   {"user"},
}

// GrantKinds are the types of targets by the toolset under which `only` and `protect` name them.
func GrantKinds() map[string][]string {
	out := map[string][]string{}
	for toolset, kinds := range kindsOf {
		out[toolset] = slices.Clone(kinds)
	}
	return out
}

// membersOf are the toolsets whose objects are members of groups of a toolset.
var membersOf = map[string]string{"user_groups": "users", "device_groups": "devices"}

// foldsCase are the toolsets whose objects go by names without case, as everywhere here.
var foldsCase = map[string]bool{"users": true, "devices": true}

// nounsOf is the type of a target in the words that people use.
var nounsOf = map[string]string{"system": "device", "system_group": "device group", "apple_device": "Apple device", "google_device": "Android device"}

// called is a target in words.
func (t Target) called() string {
	noun, ok := nounsOf[t.Type]
	if !ok {
		noun = strings.ReplaceAll(t.Type, "_", " ")
	}
	name := t.Name
	if name == "" {
		name = t.ID
	}
	if name == "" {
		return "a " + noun + " with no name"
	}
	return noun + " " + cut(name)
}

// cut keeps the text of others short in ours.
func cut(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// toolGlob matches a tool's name by a name or a glob.
func toolGlob(pattern, tool string) bool {
	hit, err := path.Match(pattern, tool)
	return err == nil && hit
}

func isGlob(s string) bool { return strings.ContainsAny(s, `*?[\`) }

// nameGlob matches an object's name: "*" is any letters, everything else is itself.
func nameGlob(pattern, name string, fold bool) bool {
	if fold {
		pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(name, p)
		if i < 0 {
			return false
		}
		name = name[i+len(p):]
	}
	return true
}

// names reports whether a pattern of the scope names the object: by its name, or by its id.
func (s scope) names(t Target, fold bool) bool {
	return slices.ContainsFunc(s.patterns, func(p string) bool {
		return t.Name != "" && nameGlob(p, t.Name, fold) || t.ID != "" && p == t.ID
	})
}

// holds reports whether t is an object of the scope's own toolset.
func (s scope) holds(t Target) bool { return slices.Contains(kindsOf[s.toolset], t.Type) }

// groups reports whether t could be a member of the scope's groups.
func (s scope) groups(t Target) bool {
	members, ok := membersOf[s.toolset]
	return ok && slices.Contains(kindsOf[members], t.Type)
}

// nearestName is the known word that a slip most likely meant; "" when none is near.
func nearestName(word string, known []string) string {
	word = strings.ToLower(word)
	best, cost, far := "", 1+len(word)/3, 0
	for _, k := range known {
		apart := edits(word, k)
		c := apart
		if len(word) >= 3 && strings.HasPrefix(k, word) {
			c = min(c, 1)
		}
		if c < cost || c == cost && (best == "" || apart < far) {
			best, cost, far = k, c, apart
		}
	}
	return best
}

// edits counts the letters to put in, take out or replace.
func edits(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			c := diagonal
			if a[i] != b[j] {
				c++
			}
			diagonal = row[j+1]
			row[j+1] = min(c, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
