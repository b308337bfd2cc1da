package jumpcloud

import (
	"context"
	"reflect"

	"golang.org/x/sync/errgroup"
)

// ahead is how many pages of one list are asked for at the same time.
const ahead = 6

// Each reads a whole list and hands its pages over in order, without keeping
// them: memory is that of a few pages, however long the list is. Where the first
// page tells the total, pages are read side by side. total is -1 while unknown.
func (c *Client) Each(ctx context.Context, r Request, q Query, page func(rows []Row, total int) error) error {
	if q.Tokens != nil {
		_, err := c.byToken(ctx, r, q, 0, func(rows []Row) error { return page(rows, -1) })
		return err
	}
	q.Limit = MaxPage
	first, err := c.Page(ctx, r, q)
	if err != nil {
		return err
	}
	if err := page(first.Rows, first.Total); err != nil || len(first.Rows) < q.Limit || !q.takes("skip") {
		return err
	}
	if first.Total < 0 {
		last := first.Rows
		for q.Skip += q.Limit; ; q.Skip += q.Limit {
			next, err := c.Page(ctx, r, q)
			if err != nil {
				return err
			}
			if reflect.DeepEqual(next.Rows, last) {
				return nil // the list does not page: it would never end
			}
			last = next.Rows
			if err := page(next.Rows, next.Total); err != nil || len(next.Rows) < q.Limit {
				return err
			}
		}
	}
	return c.inOrder(ctx, r, q, first.Total, page)
}

// inOrder reads the pages after the first side by side. A page that is read waits
// until those before it were handed over.
func (c *Client) inOrder(ctx context.Context, r Request, q Query, total int, page func([]Row, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	pages := (total - q.Skip - 1) / q.Limit
	slots := make(chan chan []Row, ahead) // in order; at most so many pages are in memory
	g.Go(func() error {
		defer close(slots)
		for i := range pages {
			slot := make(chan []Row, 1)
			select {
			case slots <- slot:
			case <-ctx.Done():
				return ctx.Err()
			}
			next := q
			next.Skip += (i + 1) * q.Limit
			g.Go(func() error {
				got, err := c.Page(ctx, r, next)
				if err == nil {
					slot <- got.Rows
				}
				return err
			})
		}
		return nil
	})
	g.Go(func() error {
		for slot := range slots {
			select {
			case rows := <-slot:
				if err := page(rows, total); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}
