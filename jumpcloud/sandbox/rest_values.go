package sandbox

import (
	"encoding/base64"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// secretMark begins every secret that the sandbox makes up, so that a test can
// look for one where none may be.
const secretMark = "sbx-secret-"

func (o *Org) secret(of string) string { return secretMark + derive(o.opt.Seed, "secret/"+of, 0)[:16] }

// maker makes up plausible values, the same for the same place in each run.
type maker struct {
	o      *Org
	place  string // what the values belong to
	n      int    // which of its seeds
	names  []string
	owners []string // ids in the path, outermost first
	under  string   // the field whose object is being made
	last   string   // names the seeds of a collection whose id is a choice from the end
}

func (k *maker) roll(field string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.place + "/" + k.under + field + "/" + strconv.Itoa(k.n)))
	return mix(k.o.opt.Seed, h.Sum64())
}

// person and device are who and what a seed is about; neighbours differ.
func (k *maker) person() *doc { return k.one(k.o.users) }
func (k *maker) device() *doc { return k.one(k.o.devices) }

func (k *maker) one(c *collection) *doc {
	if len(c.order) == 0 {
		return &doc{m: map[string]any{}}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(k.place))
	return c.order[(int(h.Sum32()%9973)+k.n)%len(c.order)]
}

// value makes one up for a field.
func (k *maker) value(field string, s *shape) any {
	roll := k.roll(field)
	switch s.kind {
	case "object":
		m := make(map[string]any, len(s.fields))
		inner := *k
		inner.under = k.under + field + "."
		for _, f := range s.fields {
			m[f.name] = inner.value(f.name, f.is)
		}
		return m
	case "list":
		inner := *k
		inner.under = k.under + field + "[]."
		return []any{inner.value(singular(field), s.item)}
	case "enum":
		return k.choice(field, s.options)
	case "b":
		return roll%2 == 0 && !slices.ContainsFunc([]string{"archiv", "delet", "suspend", "disable", "builtin"},
			func(no string) bool { return strings.Contains(strings.ToLower(field), no) })
	case "i", "n":
		return k.number(field, s.kind, roll)
	case "t":
		return k.date(field, roll)
	case "d":
		return k.o.base.AddDate(0, 0, -k.n).Format(time.DateOnly)
	case "o":
		return map[string]any{}
	case "id", "uuid":
		return k.id(field, s.kind)
	case "sec":
		return k.o.secret(k.place + "/" + k.under + field + strconv.Itoa(k.n))
	case "y":
		if strings.HasSuffix(strings.ToLower(field), "id") {
			return k.id(field, "id")
		}
		return base64.StdEncoding.EncodeToString([]byte("sandbox " + field))
	}
	return k.text(field)
}

// choice takes the options in turn; those that mean nothing last.
func (k *maker) choice(field string, options []string) string {
	var said []string
	for _, s := range options {
		if l := strings.ToLower(s); !strings.Contains(l, "unspecified") && l != "unknown" && l != "unset" {
			said = append(said, s)
		}
	}
	if len(said) == 0 {
		said = options
	}
	if field == k.last && k.under == "" {
		return said[len(said)-1-k.n%len(said)]
	}
	return said[k.n%len(said)]
}

func (k *maker) number(field, kind string, roll uint64) any {
	switch {
	case field == "id" || strings.HasSuffix(field, "Id"):
		return 1001 + k.n
	case field == "position" || field == "precedence":
		return k.n + 1
	case kind == "n" && strings.HasPrefix(field, "cost"):
		return 12.5 * float64(k.n+1)
	}
	return int(1 + roll%40)
}

// date is past, but for what ends or expires. What is made or begun comes
// before what is changed, seen or ended.
func (k *maker) date(field string, roll uint64) string {
	name := strings.ToLower(field)
	if strings.Contains(name, "expir") || strings.HasPrefix(name, "due") || name == "enddate" {
		return k.o.ago(-days(30 + int(roll%200)))
	}
	begun := days(31+int(k.roll("begun")%30)) + time.Duration(roll%3600)*time.Second
	switch {
	case strings.HasPrefix(name, "ended"):
		return k.o.ago(begun.Truncate(time.Hour) - 2*time.Hour)
	case strings.HasPrefix(name, "updated"), strings.HasPrefix(name, "last"), strings.HasPrefix(name, "contact"):
		return k.o.ago(days(1+int(roll%25)) + time.Duration(roll%3600)*time.Second)
	}
	return k.o.ago(begun)
}

// pointers are the collections whose seeds an id points at.
var pointers = map[string]string{"workflowId": "workflows", "roleId": "roles", "folderId": "password-vault/folders",
	"credentialId": "password-vault/credentials", "applicationId": "saas-management/applications",
	"catalog_app_id": "saas-management/application-catalog", "approvalFlowId": "approvalflows"}

func (k *maker) id(field, kind string) string {
	name := strings.ToLower(field)
	id := derive(k.o.opt.Seed, "rest/"+k.place+"/"+k.under+field, uint64(k.n))
	switch {
	case pointers[field] != "" && !strings.HasPrefix(pointers[field], k.place):
		return k.o.seedID(pointers[field], k.n)
	case kind == "uuid":
		rest := derive(k.o.opt.Seed, "rest/uuid/"+id, 0)
		return id[:8] + "-" + id[8:12] + "-4" + id[13:16] + "-a" + id[17:20] + "-" + rest[:12]
	case strings.HasPrefix(name, "organization") || name == "orgid":
		return k.o.orgID
	case strings.Contains(name, "user") || name == "ownerid" || name == "requestorid":
		return k.person().id
	case strings.Contains(name, "system") || strings.HasPrefix(name, "device"):
		return k.device().id
	}
	return id
}

// spoken splits a field name in words: userLockoutAction, created_at.
func spoken(field string) string {
	var b strings.Builder
	for i, r := range strings.TrimLeft(field, "_@") {
		switch {
		case r == '_' || r == '-' || r == '.':
			b.WriteByte(' ')
		case unicode.IsUpper(r) && i > 0:
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var nameFields = []string{"name", "displayName", "title", "label", "subject", "domain", "Name", "approvalFlowName", "reportName"}

// text makes up a text by what its field is called.
func (k *maker) text(field string) string {
	if slices.Contains(nameFields, field) && (k.under == "" || k.under == "fields.") {
		return k.named(field)
	}
	if s := k.personal(strings.ToLower(field)); s != "" {
		return s
	}
	n := strconv.Itoa(k.n + 1)
	name := strings.ToLower(field)
	switch {
	case name == "enrollmentlink" || name == "uploadurl":
		return "https://acme.example/" + name + "?token=" + k.o.secret(k.place+"/"+field+n)
	case strings.HasSuffix(name, "url") || strings.HasSuffix(name, "link") || strings.HasSuffix(name, "uri"):
		return "https://acme.example/" + strings.ReplaceAll(strings.ToLower(spoken(field)), " ", "-") + "/" + n
	case strings.Contains(name, "ipaddress") || name == "source_ip" || strings.HasSuffix(name, "ip"):
		return "198.51.100." + strconv.Itoa(20+k.n)
	case strings.HasSuffix(name, "version"):
		return "1.4." + n
	case strings.HasSuffix(name, "color"):
		return "#006CAC"
	case strings.HasPrefix(name, "amount"):
		return strconv.Itoa(120*(k.n+1)) + ".00"
	}
	if s, known := usualTexts[name]; known {
		return strings.ReplaceAll(s, "#", n)
	}
	if k.under != "" && slices.Contains(nameFields, field) {
		return capital(spoken(singular(lastField(k.under)))) + " " + n
	}
	return capital(spoken(field)) + " " + n
}

// lastField is the innermost named field of a path like values[].value.
func lastField(under string) string {
	parts := strings.FieldsFunc(under, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(parts) == 0 {
		return under
	}
	return parts[len(parts)-1]
}

var usualTexts = map[string]string{"country": "DE", "currency": "USD", "sid": "S-1-5-21-1004336348-1177238915-68200333#",
	"schedule": "0 # * * *", "casenumber": "CASE-100#", "duration": "86400s", "approvedduration": "3600s", "requestedduration": "3600s",
	"fixedduration": "3600s", "apihost": "api-100#.duosecurity.example", "os": "macOS", "osname": "macOS", "language": "en", "contenttype": "application/octet-stream",
	"integrationkey": "DI00000000000000000#", "authtype": "API_KEY", "source": "users", "sort": "name", "prefix": "jca_0#", "status": "ACTIVE",
	"department": "IT", "company": "Acme Inc", "date": "2026-11-0#", "timezone": "Europe/Berlin", "userstimezone": "Europe/Berlin"}

// personal takes from a real user or device what a field says of one.
func (k *maker) personal(name string) string {
	switch {
	case strings.HasSuffix(name, "email") || name == "userprincipalname":
		return text(k.person().m["email"])
	case name == "username" || name == "user" || name == "requestor" || name == "manager" || name == "author" || name == "reporter" ||
		strings.HasSuffix(name, "by"):
		return text(k.person().m["username"])
	case name == "firstname" || name == "givenname":
		return text(k.person().m["firstname"])
	case name == "lastname" || name == "surname" || name == "familyname":
		return text(k.person().m["lastname"])
	case name == "hostname":
		return text(k.device().m["hostname"])
	case name == "serialnumber":
		return text(k.device().m["serialNumber"])
	case name == "administrator" && len(k.owners) > 0:
		return k.owners[0]
	case name == "organization" || name == "provider":
		return k.o.orgID
	}
	return ""
}

// named gives a seed the name of the table, or one that says what it is.
func (k *maker) named(field string) string {
	s := ""
	if k.n < len(k.names) {
		s = k.names[k.n]
	} else {
		s = pick3(k.n) + " " + strings.ToLower(spoken(singular(lastWord(k.place))))
	}
	if field == "domain" && k.n >= len(k.names) {
		return "acme.example"
	}
	if field == "domain" && !strings.Contains(s, ".") {
		s = strings.ReplaceAll(strings.ToLower(s), " ", "-") + ".example"
	}
	return s
}

func pick3(n int) string {
	return []string{"Berlin", "Lisbon", "Austin", "Pune", "Oslo"}[n%5] + strings.Repeat(" II", n/5)
}

// lastWord is the last part of a path that is no id.
func lastWord(path string) string {
	parts := strings.Split(path, "/")
	for _, p := range slices.Backward(parts) {
		if _, err := hex.DecodeString(p); err != nil && !isID(p) {
			return p
		}
	}
	return path
}

func singular(s string) string {
	if stem, found := strings.CutSuffix(s, "ies"); found {
		return stem + "y"
	}
	if stem, found := strings.CutSuffix(s, "uses"); found {
		return stem + "us"
	}
	if strings.HasSuffix(s, "us") || len(s) < 3 {
		return s
	}
	return strings.TrimSuffix(s, "s")
}

// filled shows a document as a shape says: what it has and fits, and of the
// rest what must be there; all makes up the rest too.
func (k *maker) filled(s *shape, m map[string]any, all bool) map[string]any {
	if s == nil || s.kind != "object" {
		return m
	}
	out := make(map[string]any, len(s.fields))
	for _, f := range s.fields {
		v, has := m[f.name]
		switch {
		case has && f.is.holds(v):
			out[f.name] = k.part(f.name, f.is, v)
		case f.required || all:
			out[f.name] = k.value(f.name, f.is)
		}
	}
	return out
}

func (k *maker) part(name string, s *shape, v any) any {
	inner := *k
	inner.under = k.under + name + "."
	switch x := v.(type) {
	case map[string]any:
		return inner.filled(s, x, false)
	case []any:
		out := make([]any, 0, len(x))
		for _, y := range x {
			if s.kind != "list" || s.item.holds(y) {
				item := s
				if s.kind == "list" {
					item = s.item
				}
				out = append(out, inner.part(name, item, y))
			}
		}
		return out
	case string:
		if day, err := time.Parse(time.DateOnly, x); err == nil && s.kind == "t" {
			return stamp(day)
		}
	}
	return v
}
