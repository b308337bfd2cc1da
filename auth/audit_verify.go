package auth

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// AuditFile is a file to verify.
type AuditFile struct {
	Name string
	Data io.Reader
}

// AuditFinding is one thing that is not as it was written.
type AuditFinding struct {
	File string // where it stands, or shows
	Line int    // in the file, from 1; 0 where it is about no one line
	Kind AuditKind
	Text string // one sentence
}

// AuditKind is a kind of finding.
type AuditKind string

// What can be found.
const (
	Changed  AuditKind = "changed"  // a line is not as it was written
	Removed  AuditKind = "removed"  // lines are missing
	Moved    AuditKind = "swapped"  // a line stands in another place
	Repeated AuditKind = "repeated" // a line stands there twice
	Inserted AuditKind = "inserted" // a line that was not written here
	Cut      AuditKind = "cut"      // lines are missing at the end
	Forged   AuditKind = "forged"   // a head is not signed by the key

	Torn    AuditKind = "torn"    // a crash cut a line off; nothing of the chain is missing
	Earlier AuditKind = "earlier" // the record begins in a file that was not given
)

// Bad reports whether somebody has meddled with the record.
func (f AuditFinding) Bad() bool { return f.Kind != Torn && f.Kind != Earlier }

func (f AuditFinding) String() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return fmt.Sprintf("%s: %s: %s", at, f.Kind, f.Text)
}

// AuditReport is what VerifyAudit found.
type AuditReport struct {
	Findings    []AuditFinding // in the order of the files
	Lines       int            // of the chain
	First, Last uint64         // their numbers
	Hash        string         // of the last
	Heads       int            // signed heads that agree
	Vouched     uint64         // number of the last line that a head vouches for; 0: none does
	Since       time.Time      // when that head was signed
}

// Bad reports whether somebody has meddled with the record.
func (r *AuditReport) Bad() bool { return slices.ContainsFunc(r.Findings, AuditFinding.Bad) }

// spot is a line as it was found.
type spot struct {
	link
	file, line int
	whole      bool // every byte is as it was written
	torn       bool // not whole, and has the look of one that a crash cut off
	goesOn     bool // the first line of a file that follows another
}

// audited puts the lines of all files in the order of their numbers and looks for what
// does not fit.
type audited struct {
	names []string
	spots []spot
	rep   AuditReport
}

// VerifyAudit looks whether the lines of files, in any order, are one chain with
// nothing changed, removed, swapped, repeated or put in, and whether it agrees with
// heads, which should be read before the files are. That lines were cut at the end, or
// that somebody wrote the whole anew, shows in heads only.
func VerifyAudit(ctx context.Context, files []AuditFile, heads []AuditHead) (*AuditReport, error) {
	return verifyAudit(ctx, files, heads, false)
}

// VerifyAuditEnd is [VerifyAudit] of the last lines of a record, whole lines from any
// on: that there are some before them is no finding, and numbers in findings count
// from the first that was given.
func VerifyAuditEnd(ctx context.Context, end AuditFile, heads []AuditHead) (*AuditReport, error) {
	return verifyAudit(ctx, []AuditFile{end}, heads, true)
}

func verifyAudit(ctx context.Context, files []AuditFile, heads []AuditHead, end bool) (*AuditReport, error) {
	var all [][]spot
	v := &audited{}
	for i, f := range files {
		v.names = append(v.names, f.Name)
		spots, err := spotsOf(ctx, f.Data, i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if end && len(spots) > 0 {
			spots[0].goesOn = spots[0].whole
		}
		all = append(all, spots)
	}
	slices.SortStableFunc(all, func(a, b []spot) int { return cmp.Compare(firstSeq(a), firstSeq(b)) })
	v.spots = slices.Concat(all...)
	v.chain()
	v.heads(heads)
	place := map[string]int{}
	for i, s := range v.spots {
		if name := v.names[s.file]; place[name] == 0 {
			place[name] = i + 1
		}
	}
	slices.SortStableFunc(v.rep.Findings, func(a, b AuditFinding) int {
		return cmp.Or(cmp.Compare(place[a.File], place[b.File]), cmp.Compare(a.Line, b.Line))
	})
	return &v.rep, nil
}

func firstSeq(spots []spot) uint64 {
	for _, s := range spots {
		if s.whole {
			return s.seq
		}
	}
	return 0
}

func spotsOf(ctx context.Context, r io.Reader, file int) (out []spot, err error) {
	n := 0
	err = readLines(ctx, r, func(line []byte) error {
		n++
		s := spot{file: file, line: n}
		s.link, s.whole = unseal(line)
		s.goesOn = s.whole && n == 1 && bytes.HasPrefix(line[min(len(line), len(auditTimeField)+len(auditTime)):], []byte(`","phase":"`+PhaseRotate+`"`))
		if !s.whole {
			body := bytes.TrimSuffix(line, []byte("\n"))
			if len(body) == 0 {
				return nil
			}
			s.torn = len(body) <= len(auditTimeField) && bytes.HasPrefix(auditTimeField, body) ||
				bytes.HasPrefix(body, auditTimeField) && !bytes.HasSuffix(body, []byte("}"))
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

func (v *audited) find(s spot, kind AuditKind, format string, args ...any) {
	v.rep.Findings = append(v.rep.Findings, AuditFinding{v.names[s.file], s.line, kind, fmt.Sprintf(format, args...)})
}

func (v *audited) at(s spot) string { return fmt.Sprintf("%s:%d", v.names[s.file], s.line) }

// chain takes out what is repeated or out of its place, then goes along what is left.
func (v *audited) chain() {
	seen := make(map[uint64]spot, len(v.spots))
	var line []spot // whole lines, each number once, and those that are not whole
	for _, s := range v.spots {
		before, again := seen[s.seq]
		switch {
		case !s.whole:
			line = append(line, s)
		case again && before.hash == s.hash:
			v.find(s, Repeated, "it is line %d of the record, which stands at %s already", s.seq, v.at(before))
		case again:
			v.find(s, Inserted, "it says that it is line %d of the record, as %s does", s.seq, v.at(before))
		default:
			seen[s.seq] = s
			line = append(line, s)
		}
	}
	line = v.inOrder(line)
	v.rep.Lines = len(seen)
	var last *spot
	var odd []spot // not whole, since last
	for i, s := range line {
		if !s.whole {
			odd = append(odd, s)
			continue
		}
		v.step(last, &line[i], odd)
		last, odd = &line[i], nil
	}
	if last != nil {
		v.rep.First, v.rep.Last, v.rep.Hash = firstSeq(line), last.seq, last.hash.String()
	}
	v.tail(odd)
}

// step looks at two whole lines that follow each other, with what is not whole between.
func (v *audited) step(last, s *spot, odd []spot) {
	var head chainHead
	if last != nil {
		head = last.chainHead
	}
	missing := s.seq - head.seq - 1
	if last == nil && missing > 0 && len(odd) == 0 && s.goesOn {
		v.find(*s, Earlier, "the record goes on here after line %d, with hash %s, which is in a file that was not given", missing, s.prev)
		return
	}
	for _, o := range odd {
		switch {
		case missing > 0:
			missing--
			v.find(o, Changed, "it is not as it was written (line %d of the record)", s.seq-missing-1)
		case o.torn:
			v.find(o, Torn, "it was cut off when a process ended; nothing is missing in the chain")
		default:
			v.find(o, Inserted, "it is no line of the record")
		}
	}
	switch {
	case missing > 0:
		v.find(*s, Removed, "before it, %s of the record %s missing", span(s.seq-missing, s.seq-1), isAre(missing))
	case s.seq == head.seq+1 && s.prev != head.hash:
		if last == nil {
			v.find(*s, Changed, "it is the first of the record and names one before it")
			return
		}
		v.find(*last, Changed, "it was written anew: the line after it, %s, names another hash (or that one was)", v.at(*s))
	}
}

// tail looks at what stands after the last whole line.
func (v *audited) tail(odd []spot) {
	for i, o := range odd {
		if o.torn && i == len(odd)-1 {
			v.find(o, Torn, "it was cut off when a process ended, or is being written, or somebody cut it: only a head tells")
			continue
		}
		v.find(o, Changed, "it is not as it was written")
	}
}

// inOrder takes out the fewest lines that leave the others in order.
func (v *audited) inOrder(line []spot) []spot {
	var wholes []int
	sorted := true
	for i, s := range line {
		if s.whole {
			sorted = sorted && (len(wholes) == 0 || line[wholes[len(wholes)-1]].seq < s.seq)
			wholes = append(wholes, i)
		}
	}
	if sorted {
		return line
	}
	keep := longestRise(line, wholes)
	out := make([]spot, 0, len(line))
	var moved []spot
	for i, s := range line {
		if s.whole && !keep[i] {
			moved = append(moved, s)
			continue
		}
		out = append(out, s)
	}
	for _, s := range moved { // back to where they belong, so that nothing seems missing
		i := slices.IndexFunc(out, func(o spot) bool { return o.whole && o.seq > s.seq })
		where := "after the last line"
		if i < 0 {
			i = len(out)
		} else {
			where = "before " + v.at(out[i])
		}
		v.find(s, Moved, "it is line %d of the record and belongs %s", s.seq, where)
		out = slices.Insert(out, i, s)
	}
	return out
}

// longestRise marks the most lines whose numbers only rise.
func longestRise(line []spot, wholes []int) map[int]bool {
	var ends []int // ends[k]: the line with the lowest number that ends a rise of k+1
	before := make(map[int]int, len(wholes))
	for _, i := range wholes {
		k, _ := slices.BinarySearchFunc(ends, line[i].seq, func(e int, seq uint64) int { return cmp.Compare(line[e].seq, seq) })
		before[i] = -1
		if k > 0 {
			before[i] = ends[k-1]
		}
		if k == len(ends) {
			ends = append(ends, i)
		} else {
			ends[k] = i
		}
	}
	keep := map[int]bool{}
	for i := ends[len(ends)-1]; i >= 0; i = before[i] {
		keep[i] = true
	}
	return keep
}

// heads holds the chain against what was signed.
func (v *audited) heads(heads []AuditHead) {
	byNumber := map[uint64]AuditHead{}
	for _, h := range heads {
		if other, ok := byNumber[h.Seq]; ok && other.Hash != h.Hash {
			v.rep.Findings = append(v.rep.Findings, AuditFinding{"heads", 0, Changed, fmt.Sprintf("two signed heads differ on line %d: the record was written twice from somewhere before it", h.Seq)})
		}
		byNumber[h.Seq] = h
	}
	for _, s := range v.spots {
		if h, ok := byNumber[s.seq-1]; ok && s.goesOn && s.seq == v.rep.First && h.Hash != s.prev {
			v.find(s, Changed, "it names another hash of line %d of the record than the head that was signed of that", h.Seq)
		}
		h, ok := byNumber[s.seq]
		if !s.whole || !ok {
			continue
		}
		if h.Hash != s.hash {
			v.find(s, Changed, "line %d of the record has another hash than the head that was signed of it: it or lines before it were written anew", s.seq)
		} else if v.rep.Heads++; s.seq > v.rep.Vouched {
			v.rep.Vouched, v.rep.Since = s.seq, h.Time
		}
	}
	var beyond AuditHead
	for _, h := range heads {
		if h.Seq > max(v.rep.Last, beyond.Seq) {
			beyond = h
		}
	}
	if beyond.Seq == 0 {
		return
	}
	end := spot{}
	if n := len(v.spots); n > 0 {
		end = v.spots[n-1]
	}
	if len(v.names) > 0 {
		v.find(end, Cut, "the record ends here, at line %d; a head was signed of line %d: %s cut", v.rep.Last, beyond.Seq,
			span(v.rep.Last+1, beyond.Seq)+" "+isAre(beyond.Seq-v.rep.Last))
	}
}

func span(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("line %d", from)
	}
	return fmt.Sprintf("lines %d to %d", from, to)
}

func isAre(n uint64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
