package sandbox

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// machine is what the seed decides about one device.
type machine struct {
	hostname, display, serial, family, owner string
	quiet                                    time.Duration // since last contact
	encrypted                                bool
	admin                                    bool // the owner is administrator
}

func fixedMachines() []machine {
	return []machine{
		{hostname: "LT-042", serial: "PF3LT042", family: "windows", owner: "ada.king", encrypted: true},
		{hostname: "NB-117", serial: "C02XYZ", family: "windows", owner: "bob.stone", encrypted: true, quiet: 26 * time.Hour},
		{hostname: "build-01", serial: "VM-BUILD-01", family: "linux", owner: "ada.king", encrypted: true, admin: true},
		{hostname: "kiosk-lobby", serial: "KSK-0001", family: "linux"},
		{hostname: "kiosk-lobby", serial: "KSK-0002", family: "linux", quiet: days(3)},
		{hostname: "kiosk-canteen", serial: "KSK-0003", family: "linux"},
		{hostname: "kiosk-gate", serial: "KSK-0004", family: "windows", encrypted: true},
		{hostname: "MBP-031", display: "Liam's MacBook, \"blue\"", serial: "FVFH031LQ05D", family: "darwin", owner: "liam.haddad", encrypted: true},
		{hostname: "MBP-032", serial: "FVFH032LQ05D", family: "darwin", owner: "maria.silva", encrypted: true},
		{hostname: "LT-043", display: "=cmd|' /C calc'!A0", serial: "PF3LT043", family: "windows", owner: "bob.li"},
		{hostname: "LT-044", serial: "PF3LT044", family: "windows", owner: "ben.kurz", encrypted: true, admin: true},
		{hostname: "old-laptop", serial: "PF0OLD", family: "windows", owner: "pat.gone", quiet: days(140)},
		{hostname: "db-01", serial: "VM-DB-01", family: "linux", encrypted: true},
		{hostname: "web-01", serial: "VM-WEB-01", family: "linux"},
	}
}

func (o *Org) seedDevices() {
	r := o.dice("devices")
	owned := map[string]bool{}
	list := fixedMachines()
	for _, m := range list {
		owned[m.owner] = true
	}
	total := max(1, o.opt.Users*5/4)
	for _, u := range o.users.order {
		if len(list) >= total {
			break
		}
		if name := text(u.m["username"]); !owned[name] && u.m["state"] != "STAGED" {
			list = append(list, randomMachine(r, len(list), name))
		}
	}
	for len(list) < total {
		list = append(list, randomMachine(r, len(list), ""))
	}
	byName := make(map[string]*doc, len(o.users.order))
	for _, u := range o.users.order {
		byName[text(u.m["username"])] = u
	}
	for i, m := range list[:total] {
		owner := byName[m.owner]
		d := o.devices.add(o.deviceDoc(r, i, m, owner))
		if owner == nil {
			continue
		}
		var attrs map[string]any
		if m.admin {
			attrs = map[string]any{"sudo": map[string]any{"enabled": true, "withoutPassword": false}}
		}
		o.graph.newBond(node{"user", owner.id}, node{"system", d.id}, attrs)
	}
}

func randomMachine(r *rand.Rand, n int, owner string) machine {
	m := machine{owner: owner, encrypted: chance(r, 84), admin: chance(r, 12), serial: fmt.Sprintf("SN%07d", 4_000_000+n*37)}
	switch roll := r.IntN(100); {
	case owner == "" && roll < 60:
		m.family, m.hostname = "linux", fmt.Sprintf("srv-%03d", n)
	case roll < 45:
		m.family, m.hostname = "windows", fmt.Sprintf("LT-%03d", 100+n)
	case roll < 85:
		m.family, m.hostname = "darwin", fmt.Sprintf("MBP-%03d", 100+n)
	default:
		m.family, m.hostname = "linux", fmt.Sprintf("ws-%03d", 100+n)
	}
	switch roll := r.IntN(100); {
	case roll < 76: // online
	case roll < 88:
		m.quiet = time.Hour + time.Duration(r.IntN(28*24))*time.Hour
	case roll < 95:
		m.quiet = days(31 + r.IntN(58))
	default:
		m.quiet = days(91 + r.IntN(200))
	}
	return m
}

type system struct {
	os, version, arch, vendor, release string
	major, minor                       int
}

var systems = map[string][]system{
	"windows": {{"Windows", "10.0.26100", "x86_64", "Lenovo", "11 Pro", 10, 0}, {"Windows", "10.0.19045", "x86_64", "Dell Inc.", "10 Pro", 10, 0}},
	"darwin":  {{"Mac OS X", "15.1.1", "arm64", "Apple Inc.", "Sequoia", 15, 1}, {"Mac OS X", "14.7", "arm64", "Apple Inc.", "Sonoma", 14, 7}},
	"linux":   {{"Ubuntu", "24.04", "x86_64", "QEMU", "Noble Numbat", 24, 4}, {"Debian", "12", "x86_64", "QEMU", "Bookworm", 12, 0}},
}

func (o *Org) deviceDoc(r *rand.Rand, i int, m machine, owner *doc) map[string]any {
	s := pick(r, systems[m.family])
	online := m.quiet == 0
	contact := m.quiet
	if online {
		contact = time.Duration(30+r.IntN(240)) * time.Second
	}
	display := m.display
	if display == "" {
		display = m.hostname
	}
	primary := map[string]any{"id": nil}
	if owner != nil {
		primary["id"] = owner.id
	}
	builtins := []any{}
	if m.family != "darwin" {
		for _, verb := range []string{"erase", "lock", "restart", "shutdown"} {
			builtins = append(builtins, map[string]any{"name": verb, "type": "security"})
		}
	}
	failed := r.IntN(10) / 8
	return map[string]any{
		"_id": o.id("device", i), "organization": o.orgID, "hostname": m.hostname, "displayName": display,
		"serialNumber": m.serial, "os": s.os, "osFamily": m.family, "version": s.version, "arch": s.arch,
		"archFamily": "64-bit", "hwVendor": s.vendor, "templateName": m.family, "active": online,
		"lastContact": o.ago(contact), "created": o.ago(days(300 + r.IntN(500))), "agentVersion": "1.0.1089",
		"osVersionDetail": map[string]any{"osName": s.os, "version": s.version, "releaseName": s.release,
			"major": fmt.Sprint(s.major), "minor": fmt.Sprint(s.minor), "majorNumber": s.major, "minorNumber": s.minor,
			"distributionName": s.os},
		"fde":               map[string]any{"active": m.encrypted, "keyPresent": m.encrypted && m.family != "linux"},
		"mdm":               map[string]any{"vendor": mdmVendor(m.family), "dep": m.family == "darwin", "userApproved": m.family == "darwin"},
		"primarySystemUser": primary, "builtInCommands": builtins, "remoteIP": fmt.Sprintf("203.0.113.%d", 1+i%250),
		"networkInterfaces": []any{map[string]any{"name": "en0", "family": "IPv4", "internal": false,
			"address": fmt.Sprintf("10.%d.%d.%d", 20+i/62500, i/250%250, 2+i%250)}},
		"policyStats":    map[string]any{"total": 4, "success": 4 - failed, "failed": failed, "pending": 0, "duplicate": 0, "unsupportedOs": 0},
		"systemInsights": map[string]any{"state": "enabled"}, "systemTimezone": 60, "isPolicyBound": true,
		"allowMultiFactorAuthentication": false, "allowPublicKeyAuthentication": true, "allowSshPasswordAuthentication": m.family == "linux",
		"allowSshRootLogin": false, "sshRootEnabled": false, "modifySSHDConfig": false, "desktopCapable": owner != nil,
		"hasServiceAccount": false, "azureAdJoined": false, "description": "", "attributes": none,
		"connectionHistory": none, "sshdParams": none, "userMetrics": none,
	}
}

func mdmVendor(family string) string {
	if family == "darwin" {
		return "internal"
	}
	return "none"
}
