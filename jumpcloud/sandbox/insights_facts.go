package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fact gives what a placeholder of insights_tables.txt stands for on one
// device; roll is a number of the row's own.
func (r reporter) fact(name string, roll uint64) string {
	m := r.d.m
	switch name {
	case "hostname":
		return text(m["hostname"])
	case "display":
		return text(m["displayName"])
	case "serial":
		return text(m["serialNumber"])
	case "version", "arch":
		return text(m[name])
	case "vendor":
		return text(m["hwVendor"])
	case "osname":
		return text(m["os"])
	case "major", "minor":
		return text(lookup(m, "osVersionDetail."+name))
	case "release":
		return text(lookup(m, "osVersionDetail.releaseName"))
	case "id12":
		return r.d.id[:12]
	case "rlo":
		return "\u202e"
	case "user":
		return r.person()
	case "uid":
		return strconv.Itoa(501 + int(r.seed%7))
	case "ip":
		return r.address()
	case "mac":
		return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", byte(r.seed), byte(r.seed>>8), byte(r.seed>>16), byte(r.seed>>24), byte(r.seed>>32))
	}
	if s, known := r.familyFact(name); known {
		return s
	}
	return r.rolled(name, roll)
}

func (r reporter) person() string {
	if u := r.org.users.get(text(lookup(r.d.m, "primarySystemUser.id"))); u != nil {
		return text(u.m["username"])
	}
	return "local"
}

func (r reporter) address() string {
	if list, _ := r.d.m["networkInterfaces"].([]any); len(list) > 0 {
		return text(list[0].(map[string]any)["address"])
	}
	return "10.20.0.1"
}

// familyWords depend on the operating system only: Windows, macOS, Linux.
var familyWords = map[string][3]string{
	"platform":   {"windows", "darwin", "debian"},
	"build":      {"26100", "24B91", ""},
	"kernel":     {"10.0.26100.2314", "24.1.0", "6.8.0-48-generic"},
	"kernelpath": {`C:\Windows\System32\ntoskrnl.exe`, "/System/Library/Kernels/kernel", "/boot/vmlinuz-6.8.0-48-generic"},
	"root":       {"C:", "disk3s1s1", "sda2"},
	"fs":         {"NTFS", "apfs", "ext4"},
	"shell":      {`C:\Windows\System32\cmd.exe`, "/bin/zsh", "/bin/bash"},
	"homes":      {`C:\Users\`, "/Users/", "/home/"},
	"admins":     {"Administrators", "admin", "sudo"},
	"admingid":   {"544", "80", "27"},
	"root.user":  {"Administrator", "root", "root"},
	"root.uid":   {"500", "0", "0"},
	"root.home":  {`C:\Users\Administrator`, "/var/root", "/root"},
	"root.real":  {"true", "false", "false"},
	"model":      {"20W0", "MacBookPro18,3", "Standard PC (Q35)"},
	"cpu":        {"Intel(R) Core(TM) Ultra 7 165U", "Apple M3 Pro", "AMD EPYC 7543"},
	"cpusub":     {"-1", "ARM64E", "79"},
	"agentpath":  {`C:\Program Files\JumpCloud\tray.exe`, "/Applications/Jumpcloud.app", "/opt/jc/bin/tray"},
	"slackpath":  {`C:\Program Files\Slack\slack.exe`, "/Applications/Slack.app", "/usr/bin/slack"},
}

func (r reporter) familyFact(name string) (string, bool) {
	column := slices.Index([]string{"windows", "darwin", "linux"}, text(r.d.m["osFamily"]))
	if name == "home" {
		return familyWords["homes"][column] + r.person(), true
	}
	words, known := familyWords[name]
	return words[column], known
}

// rolled are facts with a number behind the word: hex8 is eight digits,
// epoch30 and ahead30 are seconds within thirty days before and after, date30
// and day30 the same as a date.
func (r reporter) rolled(name string, roll uint64) string {
	base := r.org.base
	word := strings.TrimRight(name, "0123456789")
	n, _ := strconv.Atoi(name[len(word):])
	switch word {
	case "hex":
		return (fmt.Sprintf("%016x", roll) + fmt.Sprintf("%016x", mix(roll, 1)))[:n]
	case "epoch":
		return strconv.FormatInt(base.Unix()-int64(roll%uint64(n*86400)), 10)
	case "ahead":
		return strconv.FormatInt(base.Unix()+int64(roll%uint64(n*86400)), 10)
	case "date":
		return stamp(base.Add(-time.Duration(roll%uint64(n*86400)) * time.Second))
	case "day":
		return base.Add(-days(int(roll % uint64(n)))).Format("20060102")
	}
	// How long the device is up: one figure in five columns.
	up := 300 + mix(r.seed, 0x0b)%(35*86400)
	if r.is("server") {
		up += mix(r.seed, 0x0c) % (200 * 86400)
	}
	switch name {
	case "up.d":
		return strconv.FormatUint(up/86400, 10)
	case "up.h":
		return strconv.FormatUint(up/3600%24, 10)
	case "up.m":
		return strconv.FormatUint(up/60%60, 10)
	case "up.s":
		return strconv.FormatUint(up%60, 10)
	case "up.t":
		return strconv.FormatUint(up, 10)
	}
	panic("sandbox: insights: unknown word " + name)
}
