package tools

import (
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// variant is one use of a tool whose operations differ by an argument, found by
// search as if it were a tool of its own.
type variant struct {
	preset     string        // "table=programs"
	operations []jc.Endpoint // those of this use
	name       string        // what it is about, as words of a name
	words      string        // other words for it
	fields     string        // what its rows hold
}

// tableVariants are the tables of System Insights, each found by itself.
func tableVariants() []variant {
	tables := jc.InsightTables()
	words := tableWords()
	out := make([]variant, len(tables))
	for i := range tables {
		t := &tables[i]
		out[i] = variant{
			preset: "table=" + t.Name, operations: []jc.Endpoint{t.At()},
			name: t.Name, words: words[t.Name], fields: t.Fields,
		}
	}
	return out
}

// tableWords are what the tables hold, since the names are osquery's.
func tableWords() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(tableText) {
		if name, words, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			out[name] = words
		}
	}
	return out
}

const tableText = `
alf: application layer firewall of macs, on or off, stealth mode
alf_exceptions: applications let through the firewall of macs
alf_explicit_auths: processes explicitly authorized by the firewall of macs
appcompat_shims: windows application compatibility shims, persistence
apps: applications installed on macs, macos software, programs
authorized_keys: ssh keys authorized on servers, who may log in by key
azure_instance_metadata: azure virtual machines, region, size, cloud instance
azure_instance_tags: tags of azure virtual machines, cloud instance
battery: battery health of laptops, charge cycles, capacity
bitlocker_info: bitlocker encryption of windows drives, protection
browser_plugins: browser plugins on macs, extensions
certificates: certificates installed on devices, trusted authorities, expired, keychain
chassis_info: chassis, case of the machine, manufacturer, laptop or desktop, serial
chrome_extensions: extensions of chrome and edge browsers, addons installed
connectivity: internet connection of windows, network connectivity, disconnected
crashes: application crashes on macs, crash reports
cups_destinations: printers on macs and linux, print queues
disk_encryption: filevault and luks encryption of disks on macs and linux, encrypted or not
disk_info: physical disks and drives on windows, hard drive model, size, serial
dns_resolvers: dns servers and resolvers configured
etc_hosts: hosts file entries
firefox_addons: addons and extensions of firefox browsers installed
groups: local groups on the machine
ie_extensions: extensions of internet explorer
interface_addresses: ip addresses of network interfaces
interface_details: mac addresses of network interfaces, network adapters, cards
kernel_info: kernel version, boot arguments
launchd: launch daemons and agents of macs, background services at startup
linux_packages: packages installed on linux, deb, rpm, software, programs
logged_in_users: users logged in right now, sessions
logical_drives: drives and volumes of windows, free disk space, file system
managed_policies: configuration profiles and managed preferences in force on macs
mounts: mounted file systems, volumes, disk space
os_version: operating system version, build, platform of devices
patches: windows updates installed, hotfix, missing patches, kb
programs: programs installed on windows, software, applications
python_packages: python packages installed, pip
safari_extensions: extensions of safari browsers
scheduled_tasks: scheduled tasks of windows, task scheduler
secureboot: secure boot on or off, uefi
services: services of windows, running, start type
shadow: password hashes and age of local accounts on linux, password expiry
shared_folders: folders shared by macs, file sharing
shared_resources: shares of windows, network shares, folders
sharing_preferences: sharing of macs, remote login, remote management, screen sharing
sip_config: system integrity protection of macs
startup_items: programs that start at login or boot, autostart
system_controls: sysctl kernel parameters
system_info: hardware of the machine, cpu, processor, memory, ram, model, serial
tpm_info: trusted platform module, tpm chip version
uptime: time since last boot, reboot, running since
usb_devices: usb devices plugged in, removable sticks
user_groups: local accounts and the local groups they are in, admin membership
user_ssh_keys: private ssh keys of local accounts, encrypted or not
userassist: programs a person started on windows, last executed, execution history
users: localaccount, accounts on the machine, local administrators
wifi_networks: wifi networks known to macs, wireless, ssid
wifi_status: wifi network connected to right now, wireless signal
windows_security_center: security health of windows, antivirus, firewall, defender status
windows_security_products: antivirus and firewall securityproduct on windows, defender, signatures
`
