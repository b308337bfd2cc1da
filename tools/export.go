package tools

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// exportArgs are what lists take where the operator named a folder for files.
type exportArgs struct {
	All    bool   `json:"all,omitempty" in:"-"`
	Export string `json:"export,omitempty" in:"-" jsonschema:"enum=csv,enum=json"`
}

const shownOfExport = 5 // rows that the answer shows of what was written

// exported is a list that was written to a file.
type exported struct {
	path  string
	rows  int
	first []jc.Row
}

// export writes the whole list to a file.
func (l *listing) export(ctx context.Context, r *Reader) (*exported, error) {
	return l.save(r, func(write pageFunc) error {
		return l.eachPage(ctx, r, func(rows []jc.Row, total int) error {
			if err := l.fillNames(ctx, r, rows); err != nil {
				return err
			}
			return write(rows, total)
		})
	})
}

// pageFunc takes the rows of a page, and how many there are in all; -1 where that is not known.
type pageFunc func(rows []jc.Row, total int) error

// save writes the rows that pages hands over to a new file in the folder. It keeps no
// more than a few pages in memory; a file that cannot be finished is removed.
func (l *listing) save(r *Reader, pages func(write pageFunc) error) (_ *exported, err error) {
	if l.countBy != "" {
		return nil, invalid("export", "give it or count_by, not both")
	}
	format := r.trip.args.export.Export
	name := fmt.Sprintf("%s-%s-%s.%s", l.tool.Name, time.Now().UTC().Format("20060102T150405Z"), newID("")[:4], format)
	out := &exported{path: filepath.Join(r.d.o.ExportDir, name)}
	f, err := os.OpenFile(out.path+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, cannotWrite
	}
	defer func() {
		_ = f.Close()
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	w := &exportWriter{buf: bufio.NewWriterSize(f, 64<<10), format: format}
	if err = pages(func(rows []jc.Row, total int) error {
		if len(l.columns) == 0 {
			l.columns = discover(rows)
		}
		for i, cells := range l.table(rows).rows {
			if out.rows++; out.rows <= shownOfExport {
				out.first = append(out.first, rows[i])
			}
			w.row(l.columns, cells)
		}
		if p := r.trip.call.Progress; p != nil {
			p(out.rows, max(0, total), "rows written")
		}
		return w.err
	}); err != nil {
		return nil, err
	}
	if w.end(l.columns) != nil || f.Sync() != nil || f.Close() != nil || os.Rename(f.Name(), out.path) != nil {
		return nil, cannotWrite
	}
	return out, nil
}

var cannotWrite = &Refusal{jc.CodeInternal, "the file could not be written to the export folder, so nothing was exported. The operator has to look at the folder and its disk"}

// eachPage reads the list page by page, with the conditions answered that are answered here.
func (l *listing) eachPage(ctx context.Context, r *Reader, page pageFunc) error {
	matched := func(rows []jc.Row, total int) error {
		rows, err := l.formed(ctx, r, rows)
		if err != nil {
			return err
		}
		if l.narrowed {
			total = -1
		}
		if len(l.where.here) > 0 {
			rows, total = l.match(jc.Rows{Rows: rows, Total: len(rows)}, 0).rows, -1
		}
		return page(rows, total)
	}
	l.skip, l.limit = 0, maxScan
	if l.where.within != nil {
		rows, _, err := l.read(ctx, r, true)
		if err != nil {
			return err
		}
		return matched(rows.Rows, rows.Total)
	}
	return r.d.o.Client.Each(ctx, l.req, l.query, matched)
}

// showExport answers where the file is, how much is in it, and its first rows.
func (l *listing) showExport(ctx context.Context, r *Reader, got *exported) Answer {
	link := url.URL{Scheme: "file", Path: filepath.ToSlash(got.path)}
	head := fmt.Sprintf("# exported %d rows to %s; %s", got.rows, link.String(), strings.Join(append(l.notes(&listed{rows: got.first}), r.orgName(ctx)), "; "))
	a := Answer{Text: []string{head}}
	if len(got.first) > 0 {
		t := l.table(got.first)
		a.show(t, len(t.rows))
		a.Text = append(a.Text, t.csv(len(t.rows))+fmt.Sprintf("\n# the first %d of %d rows; all are in the file", len(got.first), got.rows))
	}
	return a
}

// exportWriter writes rows as CSV or as a JSON array, which begins with the first
// row, or with the end where there is none. The first error stays.
type exportWriter struct {
	buf    *bufio.Writer
	format string
	n      int
	err    error
}

func (w *exportWriter) open(columns []string) {
	if w.format == "json" {
		w.text("[")
		return
	}
	w.csv(columns)
}

func (w *exportWriter) row(columns, cells []string) {
	if w.n == 0 {
		w.open(columns)
	}
	w.n++
	if w.format != "json" {
		w.csv(cells)
		return
	}
	if w.n > 1 {
		w.text(",")
	}
	w.text("\n{")
	for i, c := range columns {
		if i > 0 {
			w.text(",")
		}
		key, _ := json.Marshal(c)
		value, _ := json.Marshal(cells[i])
		if cells[i] == noneMark {
			value = []byte("null")
		}
		w.text(string(key) + ":" + string(value))
	}
	w.text("}")
}

// csv writes a row in which no cell can be taken for a formula by a spreadsheet.
func (w *exportWriter) csv(cells []string) {
	safe := make([]string, len(cells))
	for i, c := range cells {
		if c != "" && c != noneMark && strings.ContainsRune("=+-@", rune(c[0])) {
			c = "'" + c
		}
		safe[i] = c
	}
	var b strings.Builder
	writeCSV(&b, safe)
	w.text(b.String())
}

func (w *exportWriter) text(s string) {
	if w.err == nil {
		if _, err := w.buf.WriteString(s); err != nil {
			w.err = cannotWrite
		}
	}
}

func (w *exportWriter) end(columns []string) error {
	if w.n == 0 {
		w.open(columns)
	}
	if w.format == "json" {
		w.text("\n]\n")
	}
	if w.err == nil && w.buf.Flush() != nil {
		w.err = cannotWrite
	}
	return w.err
}
