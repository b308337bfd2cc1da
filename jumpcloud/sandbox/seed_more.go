package sandbox

import "fmt"

// seedMore adds what came later. It runs after everything else and rolls its
// own dice, so that the documents of the first seeds stay as they were.
func (o *Org) seedMore() {
	o.seedCloudDirectories()
	o.seedPolicyGroups()
	o.seedKeysAndPhones()
	o.seedApple()
	o.seedPolicyStats()
	o.seedAlerts()
	o.seedAndroid()
	o.seedBonds()
}

func (o *Org) seedCloudDirectories() {
	suite := o.gsuites.add(map[string]any{"id": o.id("g_suite", 0), "name": "Acme Google Workspace", "groupsEnabled": false,
		"userLockoutAction": "suspend", "userPasswordExpirationAction": "maintain",
		"defaultDomain": map[string]any{"id": o.id("g_suite_domain", 0), "domain": "acme.example"}})
	office := o.office365s.add(map[string]any{"id": o.id("office_365", 0), "name": "Acme Microsoft 365", "groupsEnabled": false,
		"userLockoutAction": "suspend", "userPasswordExpirationAction": "maintain",
		"defaultDomain": map[string]any{"id": o.id("office_365_domain", 0), "domain": "acme.example"}})
	o.graph.newBond(node{"g_suite", suite.id}, node{"user_group", o.groupNamed("All Staff").id}, nil)
	o.graph.newBond(node{"office_365", office.id}, node{"user_group", o.groupNamed("Finance").id}, nil)
	o.graph.newBond(node{"active_directory", o.directories.order[0].id}, node{"user_group", o.groupNamed("IT").id}, nil)
}

// seedPolicyGroups adds a group that gives the build machines a policy which
// they have through Linux as well, and one that is bound to nothing.
func (o *Org) seedPolicyGroups() {
	for i, g := range []struct{ name, policies, devices string }{
		{"Server Baseline", "Disable Root SSH (linux)", "Build Machines"}, {"Mac Preview", "FileVault 2 (darwin)", ""},
	} {
		d := o.policyGroups.add(newGroup("policy_group", map[string]any{"id": o.id("policy_group", i), "name": g.name}))
		o.graph.newMember(node{"policy_group", d.id}, node{"policy", o.policies.find("name", g.policies).id})
		if g.devices != "" {
			o.graph.newBond(node{"policy_group", d.id}, node{"system_group", o.deviceGroups.find("name", g.devices).id}, nil)
		}
	}
}

// seedKeysAndPhones gives two engineers SSH keys and every seventh person who
// is not one of the fixed a phone for push.
func (o *Org) seedKeysAndPhones() {
	for i, k := range []struct{ user, name string }{{"ada.king", "laptop"}, {"ada.king", "build"}, {"dana.weiss", "emergency"}} {
		u := o.users.find("username", k.user)
		if u == nil {
			continue
		}
		keys, _ := u.m["ssh_keys"].([]any)
		key := map[string]any{"_id": o.id("ssh_key", i), "name": k.name, "create_date": o.ago(days(40 + 90*i)),
			"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + o.id("ssh_public", i) + " " + k.user}
		o.users.replace(u, with(u.m, map[string]any{"ssh_keys": append(keys[:len(keys):len(keys)], key)}))
	}
	phones := []struct{ make, model, os, version string }{{"Apple", "iPhone 15", "iOS", "18.1"}, {"Google", "Pixel 8", "Android", "15"},
		{"samsung", "Galaxy S24", "Android", "14"}}
	for i, u := range append([]*doc(nil), o.users.order...) {
		if i < len(fixedPeople()) || i%7 != 3 || u.m["totp_enabled"] != true {
			continue
		}
		p := phones[i%len(phones)]
		o.pushEndpoints.add(map[string]any{"id": o.id("push_endpoint", i), "user": u.id, "name": fmt.Sprintf("%s of %s", p.model, u.m["firstname"]),
			"state": "active", "enrollmentDate": o.ago(days(30 + i%300)), "lastUsedDate": o.ago(days(i % 20)),
			"device": map[string]any{"appVersion": "2.1.4", "make": p.make, "model": p.model, "os": p.os, "osVersion": p.version, "uvEnabled": i%2 == 0}})
		o.pushStatus(u.id, "ENROLLED")
	}
}

// seedBonds binds what the generic collections will hold: their ids are known
// before they are made.
func (o *Org) seedBonds() {
	staff, contractors := node{"user_group", o.groupNamed("All Staff").id}, node{"user_group", o.groupNamed("Contractors").id}
	o.graph.newBond(node{"idp_routing_policy", o.seedID("identity-provider/policies", 0)}, contractors, nil)
	o.graph.newBond(node{"idp_routing_policy", o.seedID("identity-provider/policies", 2)}, staff, nil)
	for i := range 2 {
		o.graph.newBond(node{"health_rule", o.seedID("healthmonitoring/rules", i)}, node{"system_group", o.deviceGroups.order[i].id}, nil)
	}
	o.graph.newBond(node{"password_manager_item", o.seedID("passwordmanageritems", 0)}, node{"user_group", o.groupNamed("IT").id}, nil)
	o.graph.newBond(node{"password_manager_item", o.seedID("passwordmanageritems", 0)}, node{"user", o.users.order[0].id}, nil)
	it := node{"user_group", o.groupNamed("IT").id}
	o.graph.newBond(node{"policy", o.policies.order[0].id}, it, nil)
	o.graph.newBond(node{"policy_group", o.policyGroups.order[0].id}, it, nil)
	o.graph.newBond(node{"radius_server", o.radius.order[0].id}, node{"system_group", o.deviceGroups.find("name", "Macs").id}, nil)
}

// seedID is the id of the n-th seed of a generic collection.
func (o *Org) seedID(path string, n int) string {
	k := &maker{o: o, place: path, n: n}
	return k.id("id", "id")
}
