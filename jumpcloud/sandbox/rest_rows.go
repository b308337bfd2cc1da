package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// seedTies tie what is made up to what the organisation has.
var seedTies = map[string]func(o *Org, n int, m map[string]any){
	"administrators":              tieAdmin,
	"providers/{}/administrators": tieAdmin,
	"providers/{}/organizations": func(o *Org, n int, m map[string]any) {
		if n == 0 {
			m["id"] = o.orgID
		}
	},
	"gsuites/{}/import/jumpcloudusers": tieUser, "password-vault/users": tieUser, "passwordmanager/users": tieUser,
}

// tieAdmin makes the first administrator the one whose key the caller has.
func tieAdmin(o *Org, n int, m map[string]any) {
	if n > 0 {
		return
	}
	m["email"], m["firstname"], m["lastname"] = "it-lead@acme.example", "Dana", "Weiss"
	for _, key := range []string{"_id", "id"} {
		if m[key] != nil {
			m[key] = o.adminID
		}
	}
}

// tieUser gives somebody of the password manager the id of the directory.
func tieUser(o *Org, _ int, m map[string]any) {
	if d := o.users.find("username", m["username"]); d != nil {
		m["id"] = d.id
	}
}

// restRows is Rows for what the generic operations keep.
func (o *Org) restRows(name string) []map[string]any {
	if name == "acts" {
		if o.rest.acts == nil {
			return []map[string]any{}
		}
		return copies(o.rest.acts)
	}
	if m := o.rest.single[name]; m != nil {
		return []map[string]any{deepCopy(m).(map[string]any)}
	}
	if realAt(name) == nil && !o.hasOwners(name) {
		return nil
	}
	if c := o.collectionAt(name); c != nil {
		return copies(c)
	}
	return nil
}

// hasOwners says whether the ids in a path name things that are there.
func (o *Org) hasOwners(name string) bool {
	rows := theRestTable().fit(name)
	if rows == nil {
		return o.rest.collections[name] != nil
	}
	parts := strings.Split(name, "/")
	for i, part := range rows.parts {
		if part != "{}" {
			continue
		}
		if c := o.collectionAt(strings.Join(parts[:i], "/")); c != nil && c.get(parts[i]) == nil {
			return false
		}
	}
	return true
}

// countedShows are the pages that count what other lists show.
var countedShows map[string]func(o *Org) map[string]any

func init() {
	countedShows = map[string]func(o *Org) map[string]any{
		"healthmonitoring/rules-stats": func(o *Org) map[string]any {
			return o.tally("healthmonitoring/rules", "status", map[string]string{"ENABLED": "enabled", "DISABLED": "disabled"})
		},
		"feature-settings": featureSettings,
		"identityrisk/stats": func(o *Org) map[string]any {
			return o.tally("identityrisk/identities", "riskLevel", map[string]string{"HIGH": "high", "MEDIUM": "medium", "LOW": "low"})
		},
		"password-manager": func(o *Org) map[string]any {
			return map[string]any{"enabled": true, "userCount": o.size("passwordmanager/users")}
		},
		"passwordmanager/overview": func(o *Org) map[string]any {
			return map[string]any{"users": o.size("passwordmanager/users"), "items": o.size("passwordmanager/items"),
				"sharedFolders": o.size("passwordmanager/sharedfolders")}
		},
		"password-vault/dashboard-overview": func(o *Org) map[string]any {
			return map[string]any{"credentials": o.size("password-vault/credentials"), "folders": o.size("password-vault/folders"),
				"users": o.size("password-vault/users")}
		},
	}
}

func (o *Org) size(path string) int { return len(o.collectionAt(path).order) }

// tally counts the documents of a collection by the values of a field.
func (o *Org) tally(path, field string, names map[string]string) map[string]any {
	out := map[string]any{"total": o.size(path)}
	for _, name := range names {
		out[name] = 0
	}
	for _, d := range o.collectionAt(path).order {
		if name := names[text(d.m[field])]; name != "" {
			out[name] = out[name].(int) + 1
		}
	}
	return out
}

// featureSettings shows two settings that were there and all that were set.
func featureSettings(o *Org) map[string]any {
	type place struct{ feature, setting string }
	values := map[place]any{{"userPortal", "showDevices"}: true, {"deviceManagement", "autoEnrol"}: false}
	for path, m := range o.rest.single {
		parts := strings.Split(path, "/")
		if parts[0] != "feature-settings" || len(parts) != 3 {
			continue
		}
		var v any = m
		if set, has := m["value"]; has {
			v = set
		}
		values[place{parts[1], parts[2]}] = v
	}
	list := []any{}
	for _, at := range slices.SortedFunc(maps.Keys(values), func(a, b place) int {
		return strings.Compare(a.feature+"/"+a.setting, b.feature+"/"+b.setting)
	}) {
		list = append(list, map[string]any{"featureName": at.feature, "settingName": at.setting, "value": values[at]})
	}
	return map[string]any{"settings": list}
}
