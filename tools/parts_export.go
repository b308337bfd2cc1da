package tools

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// export writes all rows of all parts to a new file in the folder, part after
// part, a page at a time. A file that cannot be finished is removed.
func (w *patchwork) export(ctx context.Context, r *Reader) (_ *exported, err error) {
	if w.countBy != "" {
		return nil, invalid("export", "give it or count_by, not both")
	}
	if w.sort != "" && len(w.parts) > 1 {
		return nil, invalid("sort", "an export of several parts cannot be sorted")
	}
	format := r.trip.args.export.Export
	name := fmt.Sprintf("%s-%s-%s.%s", w.tool.Name, time.Now().UTC().Format("20060102T150405Z"), newID("")[:4], format)
	out := &exported{path: filepath.Join(r.d.o.ExportDir, name), total: -1}
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
	file := &exportWriter{buf: bufio.NewWriterSize(f, 64<<10), format: format}
	file.open(w.columns)
	for _, p := range w.parts {
		p.query.Skip = 0
		if err = w.each(ctx, r, p, func(rows []jc.Row) (bool, error) { return true, w.write(ctx, r, file, rows, out) }); err != nil {
			return nil, err
		}
	}
	if file.end() != nil || f.Sync() != nil || f.Close() != nil || os.Rename(f.Name(), out.path) != nil {
		return nil, cannotWrite
	}
	return out, nil
}

func (w *patchwork) write(ctx context.Context, r *Reader, file *exportWriter, rows []jc.Row, out *exported) error {
	if err := w.checked(rows); err != nil {
		return err
	}
	rows, _ = w.meeting(rows)
	if err := w.nameIDs(ctx, r, rows); err != nil {
		return err
	}
	for i, cells := range w.table(rows).rows {
		if out.rows++; out.rows <= shownOfExport {
			out.first = append(out.first, rows[i])
		}
		file.row(w.columns, cells)
	}
	if p := r.trip.call.Progress; p != nil {
		p(out.rows, 0, "rows written")
	}
	return file.err
}
