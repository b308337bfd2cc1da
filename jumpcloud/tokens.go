package jumpcloud

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
)

// Tokens says how a list is paged whose answers give a token for the next page, as
// those do that JumpCloud reads from Google or Microsoft.
type Tokens struct {
	// Param takes the token, Field of the answer gives it, Size takes the rows of a page.
	Param, Field, Size string
	// Most is the most rows of a page.
	Most int
}

// byToken reads a list page after page and hands each over, until want rows are
// read (0 is all), the answers give no token, or page says that it is enough.
// whole reports whether the list ended.
func (c *Client) byToken(ctx context.Context, r Request, q Query, want int, page func([]Row) error) (whole bool, err error) {
	size := q.Tokens.Most
	if want > 0 {
		size = min(size, want)
	}
	seen := map[string]bool{}
	for token, read := "", 0; ; {
		one := r
		one.Effect, one.Query = Safe, url.Values{}
		for name, v := range r.Query {
			one.Query[name] = v
		}
		one.Query.Set(q.Tokens.Size, strconv.Itoa(size))
		if token != "" {
			one.Query.Set(q.Tokens.Param, token)
		}
		resp, err := c.Do(ctx, one)
		if err != nil {
			return false, err
		}
		rows, err := ReadRows(resp)
		if err != nil {
			return false, err
		}
		if err := page(rows.Rows); err != nil {
			return false, err
		}
		var answer map[string]json.RawMessage
		token = ""
		if resp.Decode(&answer) == nil {
			_ = json.Unmarshal(answer[q.Tokens.Field], &token) // none, or null, ends the list
		}
		if token == "" {
			return true, nil
		}
		if read += len(rows.Rows); want > 0 && read >= want || seen[token] { // a token that comes again would never end
			return false, nil
		}
		seen[token] = true
	}
}

// walkTokens is Walk for a list that is paged by tokens: what is skipped is read.
func (c *Client) walkTokens(ctx context.Context, r Request, q Query, want int, progress func(done, total int)) (Rows, int, error) {
	upTo := 0
	if want > 0 {
		upTo = q.Skip + want
	}
	var pages [][]Row
	read := 0
	whole, err := c.byToken(ctx, r, q, upTo, func(rows []Row) error {
		pages = append(pages, rows)
		if read += len(rows); progress != nil {
			progress(read, upTo)
		}
		return nil
	})
	if err != nil {
		return Rows{}, 0, err
	}
	rows, repeated := distinct(pages)
	out := Rows{Total: -1}
	if whole {
		out.Total = len(rows)
	}
	out.Rows = rows[min(q.Skip, len(rows)):]
	if want > 0 && len(out.Rows) > want {
		out.Rows = out.Rows[:want]
	}
	return out, repeated, nil
}
