package sandbox

import "time"

// writeAll makes, changes and deletes one object of each type.
func (k *checker) writeAll() {
	k.writeUsers()
	k.writeGroups()
	k.writeCatalog()
	k.writeCommands()
	k.writeAccess()
	device := k.device("web-01")
	for _, verb := range []string{"lock", "restart", "shutdown", "erase"} {
		k.do(201, "POST", "/api/systems/"+device+"/command/builtin/"+verb, nil)
	}
	k.do(200, "PUT", "/api/systems/"+device, object{"displayName": "web one", "allowSshRootLogin": true})
	k.do(200, "DELETE", "/api/systems/"+device, nil)
	k.do(200, "PUT", "/api/organizations/"+k.org.orgID, object{"settings": object{"contactName": "Somebody"}})
}

func (k *checker) writeUsers() {
	id := k.do(200, "POST", "/api/systemusers", object{"username": "ana.lopez", "email": "ana.lopez@acme.example",
		"firstname": "Ana", "attributes": []any{object{"name": "badge", "value": "17"}}}).made(k.t, "_id")
	base := "/api/systemusers/" + id
	k.do(200, "PUT", base, object{"department": "Sales", "state": "SUSPENDED"})
	k.do(200, "POST", base+"/state/activate", object{})
	k.do(200, "POST", base+"/resetmfa", object{"exclusion": true, "exclusionUntil": testNow.Add(time.Hour)})
	k.do(200, "POST", base+"/expire", nil)
	k.do(200, "POST", base+"/unlock", nil)
	k.do(200, "GET", base, nil)
	k.do(204, "POST", "/api/v2/users/"+id+"/associations", object{"op": "add", "type": "system", "id": k.device("LT-042"),
		"attributes": object{"sudo": object{"enabled": true, "withoutPassword": false}}})
	k.do(204, "POST", "/api/v2/usergroups/"+k.group("VPN Users")+"/members", object{"op": "add", "type": "user", "id": id})
	k.do(200, "GET", "/api/v2/users/"+id+"/systems", nil)
	k.do(200, "DELETE", base, nil)
}

func (k *checker) writeGroups() {
	for _, path := range []string{"usergroups", "systemgroups", "policygroups"} {
		id := k.do(201, "POST", "/api/v2/"+path, object{"name": "New " + path}).made(k.t, "id")
		k.do(200, "PUT", "/api/v2/"+path+"/"+id, object{"name": "Newer " + path, "description": "d"})
		k.do(204, "DELETE", "/api/v2/"+path+"/"+id, nil)
	}
	k.do(204, "POST", "/api/v2/systemgroups/"+k.find("device_groups", "name", "Quarantine", "id")+"/members",
		object{"op": "add", "type": "system", "id": k.device("LT-042")})
	k.do(204, "POST", "/api/v2/applications/"+k.app("HubSpot")+"/associations",
		object{"op": "add", "type": "user_group", "id": k.group("Sales")})
	k.do(204, "POST", "/api/v2/radiusservers/"+k.find("radius_servers", "name", "Office WiFi", "_id")+"/associations",
		object{"op": "add", "type": "user_group", "id": k.group("Sales")})
}

func (k *checker) writeCatalog() {
	template := k.org.templates.order[0]
	field := template.m["configFields"].([]any)[0].(object)["id"]
	id := k.do(201, "POST", "/api/v2/policies", object{"name": "P", "template": object{"id": template.id},
		"values": []any{object{"configFieldID": field, "value": []any{5}}}}).made(k.t, "id")
	k.do(200, "PUT", "/api/v2/policies/"+id, object{"name": "P2"})
	k.do(204, "DELETE", "/api/v2/policies/"+id, nil)

	k.do(200, "PATCH", "/api/v2/ldapservers/"+k.org.ldap.order[0].id, object{"userLockoutAction": "remove"})

	id = k.do(201, "POST", "/api/v2/iplists", object{"name": "L", "ips": []any{"192.0.2.1"}}).made(k.t, "id")
	k.do(200, "PATCH", "/api/v2/iplists/"+id, object{"description": "d"})
	k.do(200, "PUT", "/api/v2/iplists/"+id, object{"name": "L", "ips": []any{"192.0.2.0/24"}})
	k.do(200, "DELETE", "/api/v2/iplists/"+id, nil)

	id = k.do(201, "POST", "/api/v2/softwareapps", object{"displayName": "S", "settings": []any{object{"packageId": "s", "packageManager": "CHOCOLATEY"}}}).made(k.t, "id")
	k.do(200, "PUT", "/api/v2/softwareapps/"+id, object{"displayName": "S2"})
	k.do(204, "DELETE", "/api/v2/softwareapps/"+id, nil)

	app := object{"name": "custom", "displayLabel": "Custom", "ssoUrl": "https://sso.example/custom",
		"config": object{"acsUrl": object{"type": "text", "value": "https://custom.example/acs"}}}
	id = k.do(200, "POST", "/api/applications", app).made(k.t, "_id")
	k.do(200, "PUT", "/api/applications/"+id, app)
	k.do(200, "DELETE", "/api/applications/"+id, nil)
}

func (k *checker) writeCommands() {
	body := object{"name": "Say", "command": "echo hello", "commandType": "linux", "user": "000000000000000000000000"}
	id := k.do(200, "POST", "/api/commands", body).made(k.t, "_id")
	k.do(200, "PUT", "/api/commands/"+id, body)
	run := k.do(200, "POST", "/api/runCommand", object{"_id": id, "systemIds": []any{k.device("LT-042")}}).made(k.t, "workflowInstanceId")
	k.do(204, "DELETE", "/api/v2/commandqueue/"+run, nil)
	k.do(200, "POST", "/api/command/trigger/rotate-logs", nil)
	k.do(200, "DELETE", "/api/commands/"+id, nil)
	k.do(200, "DELETE", "/api/commandresults/"+k.org.results.order[0].id, nil)
}

func (k *checker) writeAccess() {
	id := k.do(200, "POST", "/api/v2/accessrequests", object{"operationId": elevate, "requestorId": k.user("ada.king"),
		"resourceId": k.device("LT-042"), "resourceType": "device", "expiry": testNow.Add(time.Hour),
		"additionalAttributes": object{"sudo": object{"enabled": true, "withoutPassword": false}}}).made(k.t, "id")
	base := "/api/v2/accessrequests/" + id
	k.do(200, "GET", base, nil)
	k.do(200, "PUT", base, object{"expiry": testNow.Add(2 * time.Hour), "remarks": "longer"})
	k.do(200, "POST", base+"/revoke", nil)
}
