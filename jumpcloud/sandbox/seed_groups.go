package sandbox

import (
	"fmt"
	"slices"
)

// groupNamed finds a seeded user group.
func (o *Org) groupNamed(name string) *doc { return o.userGroups.find("name", name) }

func (o *Org) addUserGroup(name, description string, in func(i int, u map[string]any) bool) {
	g := o.userGroups.add(newGroup("user_group", map[string]any{"id": o.id("user_group", len(o.userGroups.order)),
		"name": name, "description": description, "attributes": map[string]any{"sambaEnabled": false}}))
	for i, u := range o.users.order {
		if in(i, u.m) {
			o.graph.newMember(node{"user_group", g.id}, node{"user", u.id})
		}
	}
}

func (o *Org) seedUserGroups() {
	r := o.dice("user groups")
	named := func(names ...string) func(int, map[string]any) bool {
		return func(_ int, u map[string]any) bool { return slices.Contains(names, text(u["username"])) }
	}
	of := func(list ...string) func(int, map[string]any) bool {
		return func(_ int, u map[string]any) bool { return slices.Contains(list, text(u["department"])) }
	}
	o.addUserGroup("All Staff", "Everyone who works here", func(_ int, u map[string]any) bool { return u["employeeType"] == "Employee" })
	for _, d := range []string{"Engineering", "Sales", "Marketing", "Support", "Finance", "Human Resources", "IT", "Operations", "Legal", "Customer Success"} {
		o.addUserGroup(d, "Department "+d, of(d))
	}
	o.addUserGroup("VPN Users", "May use the VPN and the office WiFi", func(_ int, u map[string]any) bool {
		name := text(u["username"])
		return name == "liam.haddad" || name == "ada.king" || name != "bob.stone" && chance(r, 40)
	})
	o.addUserGroup("Contractors", "External people,\nwith an end date", func(_ int, u map[string]any) bool { return u["employeeType"] == "Contractor" })
	o.addUserGroup("All Revenue", "Sales, marketing and customer success", of("Sales", "Marketing", "Customer Success"))
	o.addUserGroup("On-Call", "Carries the pager", named("ada.king", "kim.lee", "ben.kurz"))
	o.addUserGroup("Server Admins", "Administrators of all servers", named("ada.king", "dana.weiss"))
	o.addUserGroup("Sales, EMEA", "A name with a comma", of("Sales, EMEA"))
	o.addUserGroup("Interns", "", func(int, map[string]any) bool { return false })
	for n := 1; n <= min(200, (o.opt.Users-120)/40); n++ {
		o.addUserGroup(fmt.Sprintf("Project %03d", n), "Members of one project", func(i int, _ map[string]any) bool { return i%97 == n%97 && chance(r, 50) })
	}
}

func (o *Org) addDeviceGroup(name, description string, in func(i int, d map[string]any) bool) {
	g := o.deviceGroups.add(newGroup("system_group", map[string]any{"id": o.id("system_group", len(o.deviceGroups.order)),
		"name": name, "description": description}))
	for i, d := range o.devices.order {
		if in(i, d.m) {
			o.graph.newMember(node{"system_group", g.id}, node{"system", d.id})
		}
	}
}

func (o *Org) seedDeviceGroups() {
	prefix := func(list ...string) func(int, map[string]any) bool {
		return func(_ int, d map[string]any) bool {
			host := text(d["hostname"])
			return slices.ContainsFunc(list, func(p string) bool { return len(host) >= len(p) && host[:len(p)] == p })
		}
	}
	family := func(name string) func(int, map[string]any) bool {
		return func(_ int, d map[string]any) bool { return d["osFamily"] == name }
	}
	o.addDeviceGroup("Laptops", "Portable devices of people", prefix("LT-", "NB-", "MBP-", "old-"))
	o.addDeviceGroup("Kiosks", "Screens in public places", prefix("kiosk-"))
	o.addDeviceGroup("Servers", "Machines without a person", prefix("srv-", "db-", "web-"))
	o.addDeviceGroup("Build Machines", "Continuous integration", prefix("build-"))
	o.addDeviceGroup("Macs", "", family("darwin"))
	o.addDeviceGroup("Windows", "", family("windows"))
	o.addDeviceGroup("Linux", "", family("linux"))
	o.addDeviceGroup("Quarantine", "Devices under investigation", func(int, map[string]any) bool { return false })
	for n := 1; n <= min(60, (o.opt.Users-120)/150); n++ {
		o.addDeviceGroup(fmt.Sprintf("Site %02d", n), "Devices of one site", func(i int, _ map[string]any) bool { return i%60 == n-1 })
	}
	sudo := map[string]any{"sudo": map[string]any{"enabled": true, "withoutPassword": false}}
	o.grant("Server Admins", "Servers", sudo)
	o.grant("Server Admins", "Build Machines", map[string]any{"sudo": map[string]any{"enabled": true, "withoutPassword": true}})
	o.grant("Engineering", "Build Machines", nil)
}

// grant binds a user group to a device group.
func (o *Org) grant(users, devices string, attrs map[string]any) {
	o.graph.newBond(node{"user_group", o.groupNamed(users).id},
		node{"system_group", o.deviceGroups.find("name", devices).id}, attrs)
}
