package tools

import (
	"regexp"
	"slices"
	"strings"
)

// fieldNames puts right how fields are named, and how conditions are written,
// in the arguments that lists share.
func (m *mender) fieldNames() {
	if len(m.known()) == 0 {
		return
	}
	for _, arg := range []string{"fields", "count_by", "sort", "field"} {
		s, ok := m.args[arg].(string)
		if !ok || s == "" {
			continue
		}
		names := m.names(arg, s)
		out := slices.Clone(names)
		for i, name := range names {
			bare, minus := strings.CutPrefix(name, "-")
			if out[i] = m.field(bare, arg); minus && arg == "sort" {
				out[i] = "-" + out[i]
			}
		}
		if !slices.Equal(out, names) {
			m.args[arg] = strings.Join(out, ",")
		}
	}
	if s, ok := m.args["filter"].(string); ok && s != "" {
		m.args["filter"] = m.filter(s)
	}
}

var direction = regexp.MustCompile(`(?i)^\s*-?([A-Za-z_][A-Za-z0-9_.]*)(?:\s+|:)(asc|desc)(?:ending)?\s*$`)

// names are those that an argument holds. "department desc" is "-department".
func (m *mender) names(arg, s string) []string {
	if arg == "fields" {
		return splitList(s)
	}
	if d := direction.FindStringSubmatch(s); arg == "sort" && d != nil {
		is := d[1]
		if strings.EqualFold(d[2], "desc") {
			is = "-" + is
		}
		m.args[arg] = is
		m.say(s, is)
		return []string{is}
	}
	return []string{s}
}

// known are the fields of the list; none where they depend on another argument.
func (m *mender) known() []string {
	if m.tool.Name == "system_insights_query" { // every table has fields of its own
		return nil
	}
	if m.tool.Toolset == "insights" {
		return eventFields
	}
	return m.tool.fieldNames()
}

// takes reports whether a name can stand for a field as it is.
func (m *mender) takes(name, arg string) bool {
	head, _, _ := strings.Cut(name, ".")
	return name == flagsColumn && arg == "fields" || arg == "filter" && name == groupField && m.tool.groups != nil || slices.Contains(m.known(), head) ||
		m.tool.kind != nil && m.tool.kind.Fact(name) != nil
}

// field is the field that a name means; the name itself where that is not plain.
func (m *mender) field(name, arg string) string {
	if is := wholeObjects[name]; is != "" && arg != "fields" && m.takes(is, arg) {
		m.say(name, is)
		return is
	}
	if m.takes(name, arg) {
		return name
	}
	head, rest, nested := strings.Cut(name, ".")
	is := ""
	for _, s := range fieldSynonyms[flatName(head)] {
		if m.takes(s, arg) {
			is = s
			break
		}
	}
	if is == "" {
		is = onlyNear(head, m.known())
		if m.tool.Toolset == "insights" && len(is) > len(head)+1 {
			return name // services have fields of their own, of which others may be the beginning
		}
	}
	if is == "" {
		return name
	}
	if nested {
		is += "." + rest
	}
	m.say(name, is)
	return is
}

// wholeObjects are fields that hold an object, which equals nothing that can be
// written: what is asked is the fact about it.
var wholeObjects = map[string]string{"mfa": "mfa_enrolled", "mfaEnrollment": "mfa_enrolled", "fde": "encrypted", "mdm": "mdm_vendor", "primarySystemUser": "user"}

// fieldSynonyms are what people call fields, best first; one counts where the list has it.
var fieldSynonyms = map[string][]string{
	"dept": {"department"}, "team": {"department"}, "role": {"jobTitle"}, "title": {"jobTitle"}, "job": {"jobTitle"}, "position": {"jobTitle"},
	"mail": {"email"}, "emailaddress": {"email"}, "login": {"username"}, "userid": {"username"},
	"givenname": {"firstname"}, "surname": {"lastname"}, "familyname": {"lastname"}, "fullname": {"name", "displayname"},
	"status": {"state"}, "office": {"location"}, "city": {"location"}, "boss": {"manager"},
	"mfa": {"mfa_enrolled"}, "2fa": {"mfa_enrolled"}, "mfaenabled": {"mfa_enrolled"}, "hasmfa": {"mfa_enrolled"}, "totp": {"totp_enabled", "mfa_enrolled"},
	"accountlocked": {"account_locked", "locked"}, "lockedout": {"locked"}, "issuspended": {"suspended"},
	"host": {"hostname"}, "computer": {"hostname"}, "computername": {"hostname"}, "devicename": {"hostname"},
	"serial": {"serial", "serialNumber"}, "serialnr": {"serial", "serialNumber"}, "sn": {"serial", "serialNumber"},
	"encryption": {"encrypted"}, "fdeactive": {"encrypted"}, "bitlocker": {"encrypted"}, "filevault": {"encrypted"}, "diskencryption": {"encrypted"},
	"lastseen": {"last_contact"}, "seen": {"last_contact"}, "lastcheckin": {"last_contact"}, "lastonline": {"last_contact"},
	"owner": {"user"}, "assigneduser": {"user"}, "primaryuser": {"user"}, "primarysystemuser": {"user"}, "platform": {"osFamily", "os"}, "operatingsystem": {"os"}, "osversion": {"version"},
	"mdm": {"mdm_vendor"}, "failedpolicies": {"policies_failed"}, "isonline": {"online"},
	"app": {"displayLabel"}, "label": {"displayLabel", "name"}, "displayname": {"displayName", "displayname"}, "usergroup": {"group"}, "groups": {"group"}, "memberof": {"group"},
	"createdat": {"created"}, "creationdate": {"created"},
	"time": {"timestamp"}, "date": {"timestamp"}, "when": {"timestamp"}, "event": {"event_type"}, "type": {"event_type"}, "eventname": {"event_type"},
	"actor": {"initiated_by"}, "who": {"initiated_by"}, "initiator": {"initiated_by"}, "by": {"initiated_by"}, "ip": {"client_ip"}, "ipaddress": {"client_ip"}, "sourceip": {"client_ip"},
	"target": {"resource"},
}

var (
	wordAnd      = regexp.MustCompile(`(?i)\s+(?:and|&&)\s+([A-Za-z_][A-Za-z0-9_.]*\s*(?:!=|=|~|<|>))`)
	colonForm    = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*:\s*([^:]*?)\s*$`)
	twiceForm    = regexp.MustCompile(`^(\s*[A-Za-z_][A-Za-z0-9_.]*\s*)==(.*)$`)
	singleQuotes = regexp.MustCompile(`([=~|]\s*)'([^'"]*)'`)
	ageWords     = regexp.MustCompile(`(?i)^([0-9]{1,5})\s*(min|minute|hour|day|week)s?$`)
)

// filter puts the conditions of a filter right, one by one.
func (m *mender) filter(s string) string {
	if !strings.Contains(s, `"`) {
		if is := wordAnd.ReplaceAllString(s, ", $1"); is != s {
			m.say("and between conditions", "a comma")
			s = is
		}
	}
	if is := singleQuotes.ReplaceAllString(s, `$1"$2"`); is != s && !strings.Contains(s, `"`) {
		m.say("single quotes", "double ones")
		s = is
	}
	parts := splitOutsideQuotes(s, ',')
	changed := false
	for i, part := range parts {
		if is := m.clause(part); is != part {
			parts[i], changed = is, true
		}
	}
	if !changed {
		return s
	}
	return strings.TrimSpace(strings.Join(parts, ","))
}

// clause puts one condition right: its operator, its field, its value.
func (m *mender) clause(part string) string {
	if x := twiceForm.FindStringSubmatch(part); x != nil && !strings.HasPrefix(x[2], "=") {
		m.say("==", "=")
		part = x[1] + "=" + x[2]
	}
	x := clauseForm.FindStringSubmatch(part)
	if x == nil {
		if y := colonForm.FindStringSubmatch(part); y != nil && m.takes(m.quietField(y[1]), "filter") {
			x = []string{part, y[1], "=", y[2]}
			m.say(part, y[1]+"="+y[2])
		}
	}
	if x == nil {
		return part
	}
	field := m.field(x[1], "filter")
	values := splitOutsideQuotes(x[3], '|')
	same := field == x[1] && x[0] == part && clauseForm.MatchString(part)
	for i, v := range values {
		if is := m.filterValue(field, x[2], strings.TrimSpace(v)); is != strings.TrimSpace(v) {
			values[i], same = is, false
		}
	}
	if same {
		return part
	}
	return " " + field + x[2] + strings.Join(values, "|")
}

// quietField is field without a word about it.
func (m *mender) quietField(name string) string {
	n := len(m.said)
	is := m.field(name, "filter")
	m.said = m.said[:n]
	return is
}

// filterValue puts a value right whose form is known: words of a closed list, yes
// and no, ages in words.
func (m *mender) filterValue(field, op, v string) string {
	is := v
	switch op {
	case "<", ">":
		if a := ageWords.FindStringSubmatch(is); a != nil {
			is = a[1] + strings.ToLower(a[2][:1])
		}
	case "=", "!=":
		if words := m.words(field); words != nil && !slices.Contains(words, is) && is != "" {
			if near := onlyNear(is, words); near != "" {
				is = near
			} else if w := wordSynonyms[flatName(is)]; slices.Contains(words, w) {
				is = w
			}
		}
		if m.tool.yesNo(field) {
			if w, ok := truths[strings.ToLower(is)]; ok {
				is = w
			}
		}
	}
	if is != v {
		m.say(v, is)
	}
	return is
}

// words are the values that a field can have, where the list is closed and
// compared with case.
func (m *mender) words(field string) []string {
	if m.tool.kind == nil {
		return nil
	}
	return fieldWords[m.tool.kind.Type+"."+field]
}

// yesNo reports whether a field is true or false: one of ours, or of the API.
func (t *Tool) yesNo(field string) bool {
	if t.kind == nil {
		return field == "success" // of events
	}
	if f := t.kind.Fact(field); f != nil {
		return f.Bool || f.Flag != ""
	}
	return t.boolean[field]
}

var truths = map[string]string{"true": "true", "yes": "true", "on": "true", "1": "true", "false": "false", "no": "false", "off": "false", "0": "false"}

var userStates = []string{"STAGED", "ACTIVATED", "SUSPENDED"}

var fieldWords = map[string][]string{
	"user.state":      userStates,
	"system.osFamily": {"darwin", "linux", "windows"},
}

var wordSynonyms = map[string]string{"active": "ACTIVATED", "enabled": "ACTIVATED", "disabled": "SUSPENDED", "pending": "STAGED", "mac": "darwin", "macos": "darwin", "osx": "darwin", "ubuntu": "linux", "win": "windows"}

// oneEdit reports whether one letter more, less, other or swapped makes a word of another.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == "" {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	x, y := a[i:], b[i:]
	if len(a) < len(b) {
		return x == y[1:]
	}
	return x == "" || x[1:] == y[1:] || len(x) > 1 && x[0] == y[1] && x[1] == y[0] && x[2:] == y[2:]
}
