package sandbox

import "fmt"

// seedApple enrols every Mac in the one MDM configuration.
func (o *Org) seedApple() {
	o.appleMDMs.add(map[string]any{"id": o.id("apple_mdm", 0), "organization": o.orgID, "name": "Acme MDM",
		"apnsCertExpiry": o.ago(-days(210)), "apnsPushTopic": "com.apple.mgmt.External.acme", "appleCertCreatorAppleID": "it-lead@acme.example",
		"appleCertSerialNumber": "4F2A91", "depAccessTokenExpiry": o.ago(-days(150)), "depServerTokenState": "valid",
		"allowMobileUserEnrollment": true, "defaultSystemGroupID": o.deviceGroups.find("name", "Macs").id})
	for i, d := range o.devices.order {
		if d.m["osFamily"] != "darwin" {
			continue
		}
		mark := o.id("apple_device", i)
		o.appleDevices.add(map[string]any{"id": mark, "serialNumber": d.m["serialNumber"], "createdAt": d.m["created"],
			"udid":     fmt.Sprintf("00008112-%s", mark[:16]),
			"enrolled": true, "depRegistered": true, "hasActivationLockBypassCodes": true, "osVersion": d.m["version"],
			"deviceInformation": map[string]any{"deviceName": d.m["displayName"], "modelName": "MacBook Pro", "isSupervised": true,
				"deviceCapacity": 494.38, "availableDeviceCapacity": 120 + i%300, "activationLockAllowedWhileSupervised": false,
				"wifiMac": fmt.Sprintf("a4:83:e7:%s:%s:%s", mark[0:2], mark[2:4], mark[4:6])},
			"securityInfo": map[string]any{"enrolledViaDep": true, "isActivationLockManageable": true, "isUserEnrollment": false,
				"passcodePresent": true, "userApprovedEnrollment": true}})
	}
}

type phone struct {
	hostname, brand, model, version, owner string
	workProfile                            bool
	quiet                                  int // days since the last contact
}

// seedAndroid adds a handful of Android devices. They are devices of the
// organisation too, tied to Google's record by mdm.internal.deviceId, which a
// public client reads (O). They come after all others: nothing that was
// seeded by place or dice moves.
func (o *Org) seedAndroid() {
	enterprise := o.emmEnterprises.add(map[string]any{"objectId": o.id("emm_enterprise", 0), "organizationObjectId": o.orgID,
		"name": "enterprises/LC02acme", "displayName": "Acme Inc", "contactEmail": "it-lead@acme.example",
		"allowDeviceEnrollment": true, "createdAt": o.ago(days(500)), "deviceGroupId": o.deviceGroups.find("name", "Quarantine").id})
	phones := []phone{
		{"PX-001", "Google", "Pixel 8", "15", "maria.silva", false, 0}, {"PX-002", "Google", "Pixel 7a", "14", "leo.fox", true, 0},
		{"SM-003", "samsung", "Galaxy S24", "14", "dana.weiss", false, 0}, {"SM-004", "samsung", "Galaxy Tab A9", "13", "", false, 12},
		{"XC-005", "samsung", "Galaxy XCover 6", "14", "bob.stone", true, 45},
	}
	for i, p := range phones[:min(len(phones), o.opt.Users/20)] {
		d := o.devices.add(o.phoneDoc(i, p))
		o.emmDevices.add(o.emmDoc(i, p, d, enterprise.m))
		if u := o.users.find("username", p.owner); u != nil {
			o.graph.newBond(node{"user", u.id}, node{"system", d.id}, nil)
		}
	}
}

func (o *Org) phoneDoc(i int, p phone) map[string]any {
	primary := map[string]any{"id": nil}
	if u := o.users.find("username", p.owner); u != nil {
		primary["id"] = u.id
	}
	contact := days(p.quiet) + 90e9
	return map[string]any{
		"_id": o.id("android", i), "organization": o.orgID, "hostname": p.hostname, "displayName": p.hostname + " " + p.model,
		"serialNumber": fmt.Sprintf("R5C%07d", 1_200_345+i*771), "os": "Android", "osFamily": "android", "version": p.version,
		"arch": "aarch64", "archFamily": "64-bit", "hwVendor": p.brand, "templateName": "android", "active": p.quiet == 0,
		"lastContact": o.ago(contact), "created": o.ago(days(200 + i*30)), "agentVersion": "",
		"osVersionDetail":   map[string]any{"osName": "Android", "version": p.version, "major": p.version, "distributionName": "Android"},
		"fde":               map[string]any{"active": true, "keyPresent": false},
		"mdm":               map[string]any{"vendor": "internal", "dep": false, "internal": map[string]any{"deviceId": o.id("emm_device", i)}},
		"primarySystemUser": primary, "builtInCommands": none, "remoteIP": "", "networkInterfaces": none,
		"systemInsights": map[string]any{"state": "disabled"}, "isPolicyBound": false, "description": "", "attributes": none,
		"connectionHistory": none, "sshdParams": none, "userMetrics": none, "hasServiceAccount": false,
		"allowMultiFactorAuthentication": false, "allowPublicKeyAuthentication": false, "allowSshPasswordAuthentication": false,
		"allowSshRootLogin": false, "sshRootEnabled": false, "modifySSHDConfig": false, "desktopCapable": false, "azureAdJoined": false,
	}
}

func (o *Org) emmDoc(i int, p phone, d *doc, enterprise map[string]any) map[string]any {
	mode, ownership, kind := "DEVICE_OWNER", "COMPANY_OWNED", "FULLY_MANAGED"
	if p.workProfile {
		mode, ownership, kind = "PROFILE_OWNER", "PERSONALLY_OWNED", "WORK_PROFILE"
	}
	return map[string]any{
		"deviceId": o.id("emm_device", i), "name": fmt.Sprintf("%s/devices/3%08x", enterprise["name"], 40_000+i),
		"deviceInformation": map[string]any{
			"hardwareInfo": map[string]any{"brand": p.brand, "manufacturer": p.brand, "model": p.model, "serialNumber": d.m["serialNumber"]},
			"softwareInfo": map[string]any{"androidVersion": p.version, "securityPatchLevel": "2026-10-05", "primaryLanguageCode": "en-GB"},
			"memoryInfo":   map[string]any{"totalInternalStorage": 128_000_000_000, "totalRam": 8_000_000_000},
			"networkInfo":  map[string]any{"imei": fmt.Sprintf("35824005%07d", 1111+i), "wifiMacAddress": "02:00:00:00:00:0" + fmt.Sprint(i)},
			"emmEnrollmentInfo": map[string]any{"managementMode": mode, "ownership": ownership, "enrollmentType": kind,
				"enrollmentTime": d.m["created"], "policyName": "default", "appliedPolicyName": "default", "appliedPolicyVersion": 3},
			"deviceStateInfo": map[string]any{"deviceState": "ACTIVE", "appliedDeviceState": "ACTIVE", "policyCompliant": i != 3,
				"lastStatusReportTime": d.m["lastContact"], "lastPolicySyncTime": d.m["lastContact"],
				"securityPosture": map[string]any{"devicePosture": "SECURE"},
				"deviceSettings": map[string]any{"isDeviceSecure": true, "isEncrypted": true, "encryptionStatus": "ACTIVE_PER_USER",
					"adbEnabled": false, "developmentSettingsEnabled": i == 3, "unknownSourcesEnabled": false, "verifyAppsEnabled": true}},
		},
	}
}
