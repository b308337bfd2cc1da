package jumpcloud

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// MaxPage is the most rows that the API gives in one page of a list.
const MaxPage = 100

// Query is what one page of a list is asked for. Both generations of the API
// look the same to callers; what one cannot do is said at each field.
type Query struct {
	// Fields asks for these fields only; the id always comes along. Nested fields by their first part.
	Fields []string
	// Filters are in the form of the endpoint's generation ("name:eq:Sales" in v2,
	// "state:$eq:ACTIVATED" in v1); all must hold.
	Filters []string
	// Sort is a field, "-field" for descending. v1 lists are sorted by id when it is empty:
	// otherwise rows repeat or go missing while paging.
	Sort string
	// Skip and Limit page; Limit 0 is MaxPage.
	Skip, Limit int
	// Body is the search body of a POST: filter, searchFilter.
	Body map[string]any
	// Takes are the parameters that the list's operation takes, of limit, skip,
	// sort, filter and fields; nil is all of them. No other is sent. A list without
	// skip is one page.
	Takes []string
	// Doubtful says that the list's paging is not published: a page that is not full
	// does not prove that there is no more, and the total stays unknown.
	Doubtful bool
	// Tokens says how pages follow each other where they do so by tokens; nil where
	// they are counted. Nothing else of a query but Skip is then asked for.
	Tokens *Tokens
}

func (q Query) takes(param string) bool { return q.Takes == nil || slices.Contains(q.Takes, param) }

// Rows is a page.
type Rows struct {
	Rows []Row
	// Total is how many there are on all pages; -1 when the API did not say.
	Total int
}

// Page reads one page of a list or search. r.Endpoint tells which generation of the API it is.
func (c *Client) Page(ctx context.Context, r Request, q Query) (Rows, error) {
	if q.Limit <= 0 {
		q.Limit = MaxPage
	}
	resp, err := c.Do(ctx, paged(r, q))
	if err != nil {
		return Rows{}, err
	}
	rows, err := ReadRows(resp)
	if isV2(r.Endpoint) && len(q.Filters) > 0 {
		rows.Total = -1 // v2 counts without the filter
	}
	if n := len(rows.Rows); rows.Total < 0 && !q.Doubtful && (n < q.Limit || !q.takes("skip")) && (n > 0 || q.Skip == 0) {
		rows.Total = q.Skip + n // the last page tells what the API did not
	}
	return rows, err
}

// paged puts the query where the endpoint's generation wants it.
func paged(r Request, q Query) Request {
	v := url.Values{}
	maps.Copy(v, r.Query)
	v.Set("limit", strconv.Itoa(q.Limit))
	v.Set("skip", strconv.Itoa(q.Skip))
	v2 := isV2(r.Endpoint)
	if q.Sort == "" && !v2 {
		q.Sort = "_id"
	}
	if q.Sort != "" {
		v.Set("sort", q.Sort)
	}
	switch {
	case isSearch(r.Endpoint):
		body := map[string]any{"limit": q.Limit, "skip": q.Skip}
		maps.Copy(body, q.Body)
		if len(q.Fields) > 0 {
			body["fields"] = strings.Join(topLevel(q.Fields), " ")
		}
		r.Body = body
	case v2:
		r.Header = http.Header{"X-Unfiltered-Total-Count": {"1"}}
		if len(q.Filters) > 0 { // one parameter, joined by commas, is the documented form
			v.Set("filter", strings.Join(q.Filters, ","))
		}
		if len(q.Fields) > 0 {
			v.Set("fields", strings.Join(topLevel(q.Fields), ","))
		}
	default:
		if len(q.Filters) > 0 {
			v["filter"] = q.Filters
		}
		if len(q.Fields) > 0 {
			v.Set("fields", strings.Join(topLevel(q.Fields), " "))
		}
	}
	for _, param := range []string{"limit", "skip", "sort", "filter", "fields"} {
		if !q.takes(param) && r.Query[param] == nil {
			v.Del(param)
		}
	}
	r.Query, r.Effect = v, Safe
	return r
}

// topLevel reduces dotted paths to the fields that the API can be asked for.
func topLevel(fields []string) (out []string) {
	for _, f := range fields {
		head, _, _ := strings.Cut(f, ".")
		if !slices.Contains(out, head) {
			out = append(out, head)
		}
	}
	return out
}

// Walk reads from q.Skip on until want rows are there or the list ends; want 0
// is all of it. Where the first page tells the total, the others are read in
// parallel. progress, when not nil, hears the rows read and the rows expected.
// Rows that the API repeats are dropped; the second result counts them.
func (c *Client) Walk(ctx context.Context, r Request, q Query, want int, progress func(done, total int)) (Rows, int, error) {
	if q.Tokens != nil {
		return c.walkTokens(ctx, r, q, want, progress)
	}
	q.Limit = MaxPage
	if want > 0 && want < MaxPage {
		q.Limit = want
	}
	first, err := c.Page(ctx, r, q)
	if err != nil {
		return Rows{}, 0, err
	}
	end := first.Total
	if want > 0 && (end < 0 || q.Skip+want < end) {
		end = q.Skip + want
	}
	report := func(n int) {
		if progress != nil {
			progress(n, max(0, end-q.Skip))
		}
	}
	report(len(first.Rows))
	pages := [][]Row{first.Rows}
	switch {
	case !q.takes("skip"):
	case len(first.Rows) == q.Limit && first.Total >= 0:
		rest, err := c.parallel(ctx, r, q, end, report)
		if err != nil {
			return Rows{}, 0, err
		}
		pages = append(pages, rest...)
	default:
		for next := q; len(pages[len(pages)-1]) == q.Limit && (end < 0 || next.Skip+q.Limit < end); {
			next.Skip += q.Limit
			page, err := c.Page(ctx, r, next)
			if err != nil {
				return Rows{}, 0, err
			}
			if reflect.DeepEqual(page.Rows, pages[len(pages)-1]) {
				break // the list does not page: it would never end
			}
			pages = append(pages, page.Rows)
			report(next.Skip - q.Skip + len(page.Rows))
		}
	}
	rows, repeated := distinct(pages)
	if last := pages[len(pages)-1]; first.Total < 0 && !q.Doubtful && len(last) < q.Limit {
		first.Total = q.Skip + len(rows)
	}
	if want > 0 && len(rows) > want {
		rows = rows[:want]
	}
	return Rows{rows, first.Total}, repeated, nil
}

func (c *Client) parallel(ctx context.Context, r Request, q Query, end int, report func(int)) ([][]Row, error) {
	n := (end - q.Skip - 1) / q.Limit // pages after the first
	if n <= 0 {
		return nil, nil
	}
	pages := make([][]Row, n)
	done := make(chan int, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(6)
	go func() {
		defer close(done)
		for i := range n {
			g.Go(func() error {
				next := q
				next.Skip += (i + 1) * q.Limit
				page, err := c.Page(ctx, r, next)
				pages[i] = page.Rows
				done <- len(page.Rows)
				return err
			})
		}
		_ = g.Wait()
	}()
	for read := q.Limit; ; {
		k, more := <-done
		if !more {
			return pages, g.Wait()
		}
		read += k
		report(read)
	}
}

func distinct(pages [][]Row) (rows []Row, repeated int) {
	seen := map[string]bool{}
	for _, page := range pages {
		for _, r := range page {
			id := r.Text("_id")
			if id == "" {
				id = r.Text("id")
			}
			if id != "" && seen[id] {
				repeated++
				continue
			}
			seen[id] = true
			rows = append(rows, r)
		}
	}
	return rows, repeated
}

// ReadRows reads a list in any envelope the API uses: a bare array, or an object
// with one array in it. Anything else is an error, never an empty list.
func ReadRows(resp *Response) (Rows, error) {
	out := Rows{Total: -1}
	if n, err := strconv.Atoi(resp.Header.Get("x-total-count")); err == nil && n >= 0 {
		out.Total = n
	}
	if b := trim(resp.Body); len(b) > 0 && b[0] == '[' {
		return out, resp.Decode(&out.Rows)
	}
	envelope, cause := members(resp.Body)
	if cause != "" {
		return out, resp.unless(cause)
	}
	for _, key := range []string{"error", "errors", "message", "details"} {
		if _, failed := envelope[key]; failed {
			return out, &Error{Code: CodeUpstreamDown, Status: resp.Status, Attempts: resp.Attempts, Cause: "an error in place of a list"}
		}
	}
	var list []byte
	arrays := 0
	for key, v := range envelope {
		switch {
		case len(v) > 0 && v[0] == '[':
			list = v
			arrays++
		case key == "totalCount" || key == "count" || key == "total":
			if n, err := strconv.Atoi(string(v)); err == nil {
				out.Total = n
			}
		}
	}
	if arrays == 0 && out.Total == 0 && string(envelope["results"]) == "null" {
		return out, nil
	}
	if arrays != 1 {
		return out, &Error{Code: CodeUpstreamDown, Status: resp.Status, Attempts: resp.Attempts, Cause: "an answer that is not a list"}
	}
	cause = fill(list, &out.Rows)
	if cause == "" && slices.ContainsFunc(out.Rows, func(r Row) bool { return r == nil }) {
		cause = "null instead of an object"
	}
	return out, resp.unless(cause)
}
