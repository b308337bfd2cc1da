package sandbox

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed insights_tables.txt
var insightsText string

// insightTable is one table of System Insights. Its rows are never stored:
// each value follows from the seed, the device and its place in the table, so
// an organisation of ten thousand devices costs nothing until it is asked.
type insightTable struct {
	name     string
	families []string
	filters  []string // fields a filter may name
	dated    bool     // rows say when they were collected
	rows     []insightRow
}

// insightRow is a row that a device reports when its conditions hold.
type insightRow struct {
	chance int // in a hundred
	needs  []string
	fields []insightField
}

// insightField is one value: 's' text, 'n' a number, 'b' a boolean.
type insightField struct {
	name string
	kind byte
	text []piece
}

// piece of a value: text as it is, a fact, or a choice.
type piece struct {
	plain   string
	fact    string
	options []string
	low     int
	high    int
	salt    uint64
}

// insightTables reads the embedded description once a process; it is the same
// for every organisation and nothing changes it.
var insightTables = sync.OnceValue(func() map[string]*insightTable {
	tables := map[string]*insightTable{}
	var t *insightTable
	var common []insightField
	for n, line := range strings.Split(insightsText, "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "  + "):
			common = parseRow(strings.TrimPrefix(line, "  + ")).fields
		case strings.HasPrefix(line, "  "):
			row := parseRow(strings.TrimPrefix(line, "  "))
			row.fields = append(row.fields, common...)
			t.rows = append(t.rows, row)
		default:
			words := strings.Fields(line)
			if len(words) < 2 {
				panic(fmt.Sprintf("sandbox: insights_tables.txt line %d", n+1))
			}
			name, undated := strings.CutSuffix(words[0], "!")
			t = &insightTable{name: name, dated: !undated, families: strings.Split(words[1], ","), filters: []string{"system_id"}}
			if len(words) > 2 {
				t.filters = append(t.filters, strings.Split(words[2], ",")...)
			}
			tables[name], common = t, nil
		}
	}
	return tables
})

func parseRow(line string) insightRow {
	row := insightRow{chance: 100}
	for {
		word, rest, _ := strings.Cut(line, " ")
		if p, isChance := strings.CutPrefix(word, "%"); isChance {
			row.chance, _ = strconv.Atoi(p)
		} else if need, isNeed := strings.CutPrefix(word, "@"); isNeed {
			row.needs = append(row.needs, need)
		} else {
			break
		}
		line = rest
	}
	for i, part := range strings.Split(line, "; ") {
		name, value, _ := strings.Cut(strings.TrimSuffix(part, ";"), "=")
		f := insightField{name: name, kind: 's'}
		if n, isNumber := strings.CutSuffix(name, "#"); isNumber {
			f.name, f.kind = n, 'n'
		}
		if n, isBool := strings.CutSuffix(name, "?"); isBool {
			f.name, f.kind = n, 'b'
		}
		f.text = parseValue(value, uint64(i+1))
		row.fields = append(row.fields, f)
	}
	return row
}

func parseValue(value string, place uint64) (out []piece) {
	for n := uint64(0); value != ""; n++ {
		before, rest, found := strings.Cut(value, "{")
		if before != "" || !found {
			out = append(out, piece{plain: before})
		}
		if !found {
			break
		}
		inner, after, _ := strings.Cut(rest, "}")
		out = append(out, parsePlaceholder(inner, place<<8|n))
		value = after
	}
	return out
}

// parsePlaceholder reads {a|b}, {3..9}, {x:a|b} and {fact}. A letter before a
// colon takes the place of the field in the dice, so that a row agrees with
// itself.
func parsePlaceholder(s string, salt uint64) piece {
	if len(s) > 1 && s[1] == ':' {
		salt, s = uint64(s[0])<<32, s[2:]
	}
	if low, high, isRange := strings.Cut(s, ".."); isRange {
		a, err1 := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		if err1 == nil && err2 == nil {
			return piece{low: a, high: b, salt: salt}
		}
	}
	if strings.Contains(s, "|") {
		return piece{options: strings.Split(s, "|"), salt: salt}
	}
	return piece{fact: s, salt: salt}
}

// mix spreads a value over all bits (splitmix64), seeded by another.
func mix(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// reporter is a device as the tables see it.
type reporter struct {
	org  *Org
	d    *doc
	seed uint64
}

func (o *Org) reporterOf(d *doc) reporter {
	n, err := strconv.ParseUint(d.id[:16], 16, 64)
	if err != nil {
		n = uint64(len(d.id))
	}
	return reporter{o, d, n}
}

func (t *insightTable) seedOf(r reporter, row int) uint64 {
	s := r.seed
	for _, b := range []byte(t.name) {
		s = s*31 + uint64(b)
	}
	return mix(s, uint64(row))
}

// reports says whether the device has the row.
func (r reporter) reports(row *insightRow, seed uint64) bool {
	if row.chance < 100 && int(mix(seed, 0xc0)%100) >= row.chance {
		return false
	}
	return !slices.ContainsFunc(row.needs, func(need string) bool { return !r.is(need) })
}

func (r reporter) is(what string) bool {
	owned := text(lookup(r.d.m, "primarySystemUser.id")) != ""
	switch what {
	case "enc":
		return lookup(r.d.m, "fde.active") == true
	case "plain":
		return lookup(r.d.m, "fde.active") != true
	case "online":
		return r.d.m["active"] == true
	case "owned", "laptop":
		return owned
	case "server":
		return !owned
	}
	return false
}

// text renders one value.
func (r reporter) text(f *insightField, seed uint64) string {
	var b strings.Builder
	for _, p := range f.text {
		switch {
		case p.options != nil:
			b.WriteString(p.options[mix(seed, p.salt)%uint64(len(p.options))])
		case p.high > p.low:
			b.WriteString(strconv.Itoa(p.low + int(mix(seed, p.salt)%uint64(p.high-p.low+1))))
		case p.fact != "":
			b.WriteString(r.fact(p.fact, mix(seed, p.salt)))
		default:
			b.WriteString(p.plain)
		}
	}
	return b.String()
}

func (r reporter) value(f *insightField, seed uint64) any {
	s := r.text(f, seed)
	switch f.kind {
	case 'n':
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic("sandbox: insights: " + f.name + " is not a number: " + s)
		}
		return n
	case 'b':
		return s == "true"
	}
	return s
}

func (t *insightTable) render(r reporter, n int) map[string]any {
	seed, row := t.seedOf(r, n), &t.rows[n]
	m := make(map[string]any, len(row.fields)+2)
	for i := range row.fields {
		m[row.fields[i].name] = r.value(&row.fields[i], seed)
	}
	m["system_id"] = r.d.id
	if t.dated {
		m["collection_time"] = r.collected()
	}
	return m
}

// collected is when the device last reported: at most an hour before its last
// contact.
func (r reporter) collected() string {
	at, err := time.Parse(time.RFC3339, text(r.d.m["lastContact"]))
	if err != nil {
		at = r.org.base
	}
	return stamp(at.Add(-time.Duration(mix(r.seed, 0xc011)%3600) * time.Second))
}
