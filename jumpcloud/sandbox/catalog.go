package sandbox

import (
	"net/http"
	"net/netip"
	"strings"
)

func named(kind, field string) func(*doc) map[string]any {
	return func(d *doc) map[string]any {
		return map[string]any{"id": d.id, "type": kind, "name": d.m[field]}
	}
}

// patchLDAP changes what happens to the entries of locked users and of those
// with an expired password.
func (c *call) patchLDAP() *reply {
	d := c.ldap.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"userLockoutAction": "e:disable|remove", "userPasswordExpirationAction": "e:disable|remove"})
	if problem != "" {
		return c.bad(problem)
	}
	n := c.update(c.ldap, d, with(d.m, clean), "ldap_server_update", "directory", named("ldap_server", "name"))
	return okBytes(c.ldap.json(n, viewGet))
}

// ipListBody reads an IP list; whole means that the name is required.
func (c *call) ipListBody(whole bool, self string) (map[string]any, *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, bad
	}
	s := spec{"name": "s", "description": "s", "ips": "as"}
	if whole {
		s["name"] = "!s"
	}
	clean, problem := check(body, s)
	if problem != "" {
		return nil, c.bad(problem)
	}
	ips, _ := textList(clean["ips"])
	for _, ip := range ips {
		if !validRange(ip) {
			return nil, c.bad("ips: " + ip + " is neither an address, a range nor a CIDR")
		}
	}
	if d := c.ipLists.find("name", clean["name"]); clean["name"] != nil && d != nil && d.id != self {
		return nil, c.conflict("an IP list with this name already exists")
	}
	return clean, nil
}

// validRange takes 1.2.3.4, 1.2.3.0/24 and 1.2.3.4-1.2.3.9.
func validRange(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	low, high, isRange := strings.Cut(s, "-")
	a, err := netip.ParseAddr(low)
	if err != nil || !isRange {
		return err == nil
	}
	b, err := netip.ParseAddr(high)
	return err == nil && a.Compare(b) <= 0
}

func (c *call) createIPList() *reply {
	clean, rep := c.ipListBody(true, "")
	if rep != nil {
		return rep
	}
	d := c.ipLists.add(with(map[string]any{"id": c.newID("iplist"), "description": "", "ips": []any{}}, clean))
	c.logChange("iplist_create", "directory", named("ip_list", "name")(d), nil)
	return created(c.ipLists.json(d, viewGet))
}

// updateIPList changes what is sent (PATCH) or puts a whole list in place.
func updateIPList(whole bool) handler {
	return func(c *call) *reply {
		d := c.ipLists.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		clean, rep := c.ipListBody(whole, d.id)
		if rep != nil {
			return rep
		}
		m := with(d.m, clean)
		if whole {
			m = with(map[string]any{"id": d.id, "description": "", "ips": []any{}}, clean)
		}
		n := c.update(c.ipLists, d, m, "iplist_update", "directory", named("ip_list", "name"))
		return okBytes(c.ipLists.json(n, viewGet))
	}
}

func (c *call) deleteIPList() *reply {
	d := c.ipLists.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.ipLists.remove(d)
	c.logChange("iplist_delete", "directory", named("ip_list", "name")(d), nil)
	return removed(c.ipLists.json(d, viewGet))
}

func (c *call) softwareBody(id string) (map[string]any, *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, bad
	}
	clean, problem := check(body, spec{"displayName": "!s", "settings": "a"})
	if problem != "" {
		return nil, c.bad(problem)
	}
	list, _ := clean["settings"].([]any)
	for _, item := range list {
		setting, isObject := item.(map[string]any)
		if !isObject {
			return nil, c.bad("settings must be a list of objects")
		}
		_, problem := check(setting, spec{"packageId": "s", "packageManager": "s", "packageVersion": "s",
			"desiredState": "s", "autoUpdate": "b", "allowUpdateDelay": "b", "location": "s"})
		if problem != "" {
			return nil, c.bad("settings: " + problem)
		}
	}
	return with(map[string]any{"id": id, "settings": []any{}}, clean), nil
}

func (c *call) createSoftware() *reply {
	m, rep := c.softwareBody(c.newID("software"))
	if rep != nil {
		return rep
	}
	d := c.software.add(m)
	c.logChange("software_add", "software", named("software_app", "displayName")(d), nil)
	return created(c.software.json(d, viewGet))
}

func (c *call) replaceSoftware() *reply {
	d := c.software.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	m, rep := c.softwareBody(d.id)
	if rep != nil {
		return rep
	}
	n := c.update(c.software, d, m, "software_update", "software", named("software_app", "displayName"))
	return okBytes(c.software.json(n, viewGet))
}

func (c *call) deleteSoftware() *reply {
	d := c.software.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.software.remove(d)
	c.graph.forget(node{"software_app", d.id})
	c.logChange("software_remove", "software", named("software_app", "displayName")(d), nil)
	return empty(http.StatusNoContent)
}

// updateOrganization merges settings; inside, an object that is sent takes
// the place of the old one field by field.
func (c *call) updateOrganization() *reply {
	d := c.organizations.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"settings": "o"})
	if problem != "" {
		return c.bad(problem)
	}
	sent, _ := clean["settings"].(map[string]any)
	if _, problem := check(sent, spec{"contactEmail": "s", "contactName": "s", "name": "s", "logo": "s",
		"disableLdap": "b", "disableUM": "b", "disableGoogleLogin": "b", "passwordPolicy": "o", "userPortal": "o",
		"systemUserPasswordExpirationInDays": "i", "passwordCompliance": "e:custom|pci3|windows"}); problem != "" {
		return c.bad("settings." + problem)
	}
	settings, _ := d.m["settings"].(map[string]any)
	n := c.update(c.organizations, d, with(d.m, map[string]any{"settings": overlay(settings, sent)}),
		"organization_update", "directory", named("organization", "displayName"))
	return okBytes(c.organizations.json(n, viewGet))
}

func overlay(old, sent map[string]any) map[string]any {
	out := with(old, sent)
	for k, v := range sent {
		inner, isObject := v.(map[string]any)
		before, was := old[k].(map[string]any)
		if isObject && was {
			out[k] = overlay(before, inner)
		}
	}
	return out
}

// allDirectories lists every kind of directory with its type.
func (c *call) allDirectories() *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	all := newCollection("directories", "id")
	for _, kind := range []string{"active_directory", "g_suite", "ldap_server", "office_365"} {
		k, _ := kindOf(kind)
		for _, d := range k.pick(c.Org).order {
			name := text(d.m["name"])
			if name == "" {
				name = text(d.m["domain"])
			}
			all.add(map[string]any{"id": d.id, "type": kind, "name": name})
		}
	}
	docs, _ := c.rows(all, p)
	return c.counted(okBytes(joined(c.bodies(all, docs, p.fields, viewList))), len(all.order))
}

func (c *call) subscriptions() *reply {
	features := []any{}
	for _, f := range strings.Fields(`cloudDirectory deviceManagement directoryInsightsPremium jumpcloudGo ldap mdm mfa
		osPatchManagement radius remoteAccess sso systemInsights userLifecycle zeroTrust`) {
		features = append(features, map[string]any{"name": f})
	}
	return ok([]any{map[string]any{"productCode": "PLT-PLUS", "displayName": "Platform Plus", "annualPrice": 24.0,
		"listPrice": 27.0, "features": features}})
}
