package tools

import (
	"context"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// export writes all rows of all parts to a file, part after part.
func (w *patchwork) export(ctx context.Context, r *Reader) (*exported, error) {
	if w.sort != "" && len(w.parts) > 1 {
		return nil, invalid("sort", "an export of several parts cannot be sorted")
	}
	return w.save(r, func(write pageFunc) error {
		for _, p := range w.parts {
			p.query.Skip = 0
			if err := w.each(ctx, r, p, func(rows []jc.Row) (bool, error) {
				if err := w.checked(rows); err != nil {
					return false, err
				}
				rows, _ = w.meeting(rows)
				if err := w.nameIDs(ctx, r, rows); err != nil {
					return false, err
				}
				return true, write(rows, -1)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}
