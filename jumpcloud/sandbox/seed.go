package sandbox

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// seed fills the collections. Each area has dice of its own, so that a change
// in one leaves the others as they were.
func (o *Org) seed() {
	o.orgID = derive(o.opt.Seed, "organization", 0)
	o.adminID = derive(o.opt.Seed, "admin", 0)
	o.seedOrganization()
	o.seedPeople()
	o.seedDevices()
	o.seedUserGroups()
	o.seedDeviceGroups()
	o.seedApplications()
	o.seedPolicies()
	o.seedCommands()
	o.seedServers()
	o.seedSoftware()
	o.seedAccess()
	past := &past{people: slices.Clone(o.users.order), machines: slices.Clone(o.devices.order),
		apps: slices.Clone(o.applications.order), groups: slices.Clone(o.userGroups.order), granted: o.granted}
	o.seedMore()
	o.log = newEventLog(func() []event { return o.history(past) })
}

func (o *Org) dice(area string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(area))
	return rand.New(rand.NewPCG(o.opt.Seed, h.Sum64()))
}

func (o *Org) id(kind string, n int) string { return derive(o.opt.Seed, kind, uint64(n)) }

// ago gives a date before the start, as v1 writes it.
func (o *Org) ago(d time.Duration) string { return stamp(o.base.Add(-d)) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true p times in a hundred.
func chance(r *rand.Rand, p int) bool { return r.IntN(100) < p }

func (o *Org) seedOrganization() {
	o.organizations.add(map[string]any{
		"_id": o.orgID, "displayName": "Acme Inc", "created": o.ago(days(1200)), "logoUrl": "",
		"hasCreditCard": true, "provider": "", "accessRestriction": "", "lastSfdcSyncStatus": map[string]any{},
		"entitlement": map[string]any{"billingModel": "CONTRACT", "isManuallyBilled": true, "maxUserQuantity": 20000,
			"entitlementProducts": []any{map[string]any{"name": "Platform Plus", "productCode": "PLT-PLUS", "maxUserCount": 20000}}},
		"settings": map[string]any{
			"name": "Acme Inc", "contactName": "Dana Weiss", "contactEmail": "it-lead@acme.example",
			"disableLdap": false, "disableUM": false, "requireAdminMFA": true, "maxSystemUsers": 20000,
			"passwordCompliance": "custom", "systemUserPasswordExpirationInDays": 90, "systemUsersCanEdit": true,
			"passwordPolicy": map[string]any{"enableMinLength": true, "minLength": 12, "needsLowercase": true,
				"needsUppercase": true, "needsNumeric": true, "needsSymbolic": false, "enableMaxLoginAttempts": true,
				"maxLoginAttempts": 6, "enablePasswordExpirationInDays": true, "passwordExpirationInDays": 90,
				"enableLockoutTimeInSeconds": false, "lockoutTimeInSeconds": 900},
			"userPortal": map[string]any{"idleSessionDurationMinutes": 60},
			"features": map[string]any{"directoryInsights": map[string]any{"enabled": true},
				"systemInsights": map[string]any{"enabled": true, "enableNewDarwin": true, "enableNewLinux": true, "enableNewWindows": true}},
		},
	})
}
