package tools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	bulkUsersPatch   = jc.At("PATCH /api/v2/bulk/users")
	bulkUsersResults = jc.At("GET /api/v2/bulk/users/{job}/results")
	searchUsers      = jc.At("POST /api/search/systemusers")
)

const (
	bulkFrom        = 26 // users from which on one asynchronous job is sent instead of a request each
	bulkWait        = 20 * time.Second
	bulkPatientWait = 5 * time.Minute
)

// userBulkEdit is the same for many users. An empty text clears.
type userBulkEdit struct {
	Users        []jc.Ref[jc.User] `json:"users" in:"-" jsonschema:"required,minItems=1"`
	Department   *string           `json:"department,omitempty" jsonschema:"maxLength=1024"`
	JobTitle     *string           `json:"jobTitle,omitempty" jsonschema:"maxLength=1024"`
	Location     *string           `json:"location,omitempty" jsonschema:"maxLength=1024"`
	Manager      jc.Ref[jc.User]   `json:"manager,omitzero"`
	Company      *string           `json:"company,omitempty" rare:"true" jsonschema:"maxLength=1024"`
	EmployeeType *string           `json:"employeeType,omitempty" rare:"true" jsonschema:"maxLength=1024"`
	CostCenter   *string           `json:"costCenter,omitempty" rare:"true" jsonschema:"maxLength=1024"`
}

var usersBulkUpdate = Job("users_bulk_update", "Set the same attributes on many users.",
	Uses{
		Tools: []*Tool{toolIn(users, "users_update")},
		Own:   []string{bulkUsersPatch.String()}, Risk: auth.Change, Effect: jc.Idempotent,
		Reads: []string{userAt.String(), searchUsers.String(), bulkUsersResults.String()},
	}, planBulk, Core)

// usersBulk holds the job.
var usersBulk = Set{Name: "users"}.Of(usersBulkUpdate)

// bulkEdit is a call of users_bulk_update on its way.
type bulkEdit struct {
	users   []jc.Object
	manager jc.Object
	body    map[string]any
	words   string   // "department Legal, location Berlin"
	job     *bulkJob // nil where each user has a request
}

// planBulk reads all users in as few requests as there are hundreds of them, and
// plans a step for each that is not so yet; for many, one step for all.
func planBulk(ctx context.Context, r *Reader, in *userBulkEdit) (*Plan, error) {
	b := &bulkEdit{users: distinctObjects(objects(in.Users)), manager: in.Manager.Found()}
	req, err := bind(userMade, userPut, in)
	if err != nil {
		return nil, err
	}
	if b.body = bodyOf(req); len(b.body) == 0 {
		return nil, invalid("", "nothing to change was given; it takes department, jobTitle, location, manager, company, employeeType, costCenter")
	}
	if m := b.manager; m.ID != "" && slices.ContainsFunc(b.users, func(u jc.Object) bool { return u.ID == m.ID }) {
		return nil, invalid("manager", plainName(m.Name)+" is among the users, and nobody is their own manager")
	}
	shown := maps.Clone(b.body)
	if b.manager.ID != "" {
		shown["manager"] = b.manager.Name
	}
	b.words = strings.ReplaceAll(changesOf(nil, shown), "=", " ")
	now, err := usersNow(ctx, r, b.users, b.body)
	if err != nil {
		return nil, err
	}
	p := &Plan{Parallel: true, Finish: b.finish}
	var change []jc.Object
	for _, u := range b.users {
		s := b.step(u, now[u.ID])
		p.Steps = append(p.Steps, s)
		if s.Skip == "" {
			change = append(change, u)
		}
	}
	if len(change) >= bulkFrom {
		p.Steps = slices.DeleteFunc(p.Steps, func(s Step) bool { return s.Skip == "" })
		p.Steps = append(p.Steps, b.asynchronous(change))
	}
	if len(change) >= bulkFrom {
		oneChange(r, p)
	}
	return p, nil
}

// usersNow reads the fields that a body has of many users, by id. A user who is
// gone is absent.
func usersNow(ctx context.Context, r *Reader, list []jc.Object, body map[string]any) (map[string]jc.Row, error) {
	fields := append(slices.Sorted(maps.Keys(body)), "_id", "username")
	out := map[string]jc.Row{}
	for part := range slices.Chunk(list, jc.MaxPage) {
		ids := make([]any, len(part))
		for i, u := range part {
			ids[i] = u.ID
		}
		page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: searchUsers}, jc.Query{Fields: fields, Limit: jc.MaxPage, Body: map[string]any{
			"filter": map[string]any{"and": []any{map[string]any{"_id": map[string]any{"$in": ids}}}},
		}})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			if err := checks[jc.User](row); err != nil {
				return nil, err
			}
			out[row.Text("_id")] = row
		}
	}
	return out, nil
}

// isSo reports whether a user reads as the body says, every field of it told.
func isSo(row jc.Row, body map[string]any) bool {
	if row == nil {
		return false
	}
	differ, untold := userMade.compare(row, body)
	return len(differ)+len(untold) == 0
}

// step is the change of one user, read back from that user.
func (b *bulkEdit) step(u jc.Object, now jc.Row) Step {
	s := Step{
		Tool:    toolIn(users, "users_update"),
		Request: jc.Request{Endpoint: userPut, Effect: jc.Idempotent, Params: map[string]string{"user": u.ID}, Body: b.body},
		Targets: []auth.Target{targetOf(u)}, Before: map[string]any{}, After: hideSecrets(b.body),
	}
	if b.manager.ID != "" {
		s.Targets = append(s.Targets, targetOf(b.manager))
	}
	for name := range b.body {
		if v, read := now[name]; read {
			s.Before[name] = v
		}
	}
	s.now, s.edits = s.Before, true
	if isSo(now, b.body) {
		s.Skip = "already so"
	}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		row, err := readUser(ctx, r, u.ID)
		if err != nil {
			return Seen{Outcome: Accepted}, err
		}
		return userMade.seen(row, b.body, ""), nil
	}
	return s
}

// bulkJob is one asynchronous job over many users. What became of it is told by
// the users themselves; the job's results only tell why one was not changed.
type bulkJob struct {
	users []jc.Object
	body  map[string]any

	mu   sync.Mutex
	id   string
	so   map[string]bool
	fail map[string]string // by user id
}

func (b *bulkEdit) asynchronous(list []jc.Object) Step {
	j := &bulkJob{users: list, body: b.body, so: map[string]bool{}, fail: map[string]string{}}
	b.job = j
	items := make([]any, len(list))
	for i, u := range list {
		item := maps.Clone(b.body)
		item["id"] = u.ID
		items[i] = item
	}
	s := Step{
		Request: jc.Request{Endpoint: bulkUsersPatch, Effect: jc.Idempotent, Body: items},
		Targets: targets(list), Each: true, After: hideSecrets(b.body),
		Line: fmt.Sprintf("set %s on %d users: %s", b.words, len(list), joinNames(plainNames(list))),
	}
	s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		var made struct {
			Job string `json:"jobId"`
		}
		if resp != nil && resp.Decode(&made) == nil {
			j.mu.Lock()
			j.id = made.Job
			j.mu.Unlock()
		}
		all, err := j.look(ctx, r)
		if err == nil && all {
			return Seen{Outcome: Done}, nil
		}
		return Seen{Outcome: Accepted, Note: strings.TrimSuffix("job "+made.Job, "job ")}, err
	}
	return s
}

func plainNames(list []jc.Object) []string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = plainName(nameOrID(o))
	}
	return out
}

// look reads the users that were not so when last looked at, and what the job
// says of them. all is true when every user is as ordered.
func (j *bulkJob) look(ctx context.Context, r *Reader) (all bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	left := j.left()
	now, err := usersNow(ctx, r, left, j.body)
	if err != nil {
		return false, err
	}
	for _, u := range left {
		if isSo(now[u.ID], j.body) {
			j.so[u.ID] = true
			delete(j.fail, u.ID)
		}
	}
	if left = j.left(); len(left) == 0 {
		return true, nil
	}
	return false, j.results(ctx, r, left)
}

func (j *bulkJob) left() []jc.Object {
	return slices.DeleteFunc(slices.Clone(j.users), func(u jc.Object) bool { return j.so[u.ID] })
}

// results reads why users were not changed. Which field of a result names the
// user is not described well, so each that could is looked at.
func (j *bulkJob) results(ctx context.Context, r *Reader, left []jc.Object) error {
	if j.id == "" {
		return nil
	}
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: bulkUsersResults, Params: map[string]string{"job": j.id}}, jc.Query{}, 0)
	if jc.IsCode(err, jc.CodeNotFound) {
		return nil // it is not listed yet
	}
	if err != nil {
		return err
	}
	for _, row := range rows.Rows {
		status := strings.ToLower(row.Text("status"))
		if !strings.Contains(status, "fail") && !strings.Contains(status, "error") {
			continue
		}
		for _, u := range left {
			for _, at := range []string{"id", "meta.id", "meta.userId", "persistedFields.id", "persistedFields._id", "persistedFields.username"} {
				if v := row.Text(at); v != "" && (v == u.ID || v == u.Name) {
					j.fail[u.ID] = clip(row.Text("statusMsg"))
				}
			}
		}
	}
	return nil
}

// wait looks again, ever more seldom, until every user is told of or the time is up.
func (j *bulkJob) wait(ctx context.Context, r *Reader) error {
	budget := bulkWait
	if r.trip.call.Patient {
		budget = bulkPatientWait
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	for pause := time.Second; ; pause = min(2*pause, 15*time.Second) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		all, err := j.look(ctx, r)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if p := r.trip.call.Progress; p != nil {
			p(len(j.so), len(j.users), "users changed")
		}
		if all || len(j.so)+len(j.fail) >= len(j.users) {
			return nil
		}
	}
}

// finish says in one line that all went well, and names only those of whom it did not.
func (b *bulkEdit) finish(ctx context.Context, r *Reader, done []Result) (Answer, error) {
	t := table{columns: []string{"user", "result"}}
	were, changed := 0, 0
	var codes []Result
	for _, res := range done {
		switch {
		case res.Outcome == NoEffect:
			were++
		case b.job != nil && res.Step.Request.Endpoint == bulkUsersPatch:
			rows, n := b.jobRows(ctx, r, res)
			t.rows, changed = append(t.rows, rows...), changed+n
			if len(rows) > 0 {
				codes = append(codes, res)
			}
		case res.Outcome == Done:
			changed++
		default:
			t.rows = append(t.rows, []string{cell(res.Step.Targets[0].Name), resultWords(res)})
			codes = append(codes, res)
		}
	}
	var text string
	switch sum := fmt.Sprintf("%d users: %s", len(b.users), b.words); {
	case changed == 0 && len(t.rows) == 0:
		text = fmt.Sprintf("no effect: already so. %s (%s).", sum, r.orgName(ctx))
	case len(t.rows) == 0:
		text = fmt.Sprintf("%s. %s", Done, sum)
		if were > 0 {
			text += fmt.Sprintf("; %d of them were so", were)
		}
		text += fmt.Sprintf(" (%s). %s", r.orgName(ctx), changeIDs(r, done))
	default:
		text = fmt.Sprintf("%s, %d of %s (%s); %d changed, %d were so, the others below. %s",
			map[bool]string{true: "partly done", false: "nothing is known to be done"}[changed+were > 0],
			changed+were, sum, r.orgName(ctx), changed, were, changeIDs(r, done))
	}
	a := Answer{Text: []string{text}}
	if len(t.rows) == 0 {
		return a, nil
	}
	a.Text = append(a.Text, t.cut())
	a.IsError = slices.ContainsFunc(t.rows, func(row []string) bool { return !strings.HasPrefix(row[1], string(Accepted)) })
	if a.IsError {
		a.Code = codeOf(codes)
		a.Text[0] += ". Repeat the same call: what is done is skipped."
	}
	return a, nil
}

// jobRows are the users of the asynchronous job who are not known to be changed.
func (b *bulkEdit) jobRows(ctx context.Context, r *Reader, res Result) (rows [][]string, changed int) {
	j := b.job
	note := ""
	if res.Outcome == Accepted {
		if err := j.wait(ctx, r); err != nil {
			note = "; it could not be read back"
		}
	}
	if res.Outcome == Done {
		return nil, len(j.users)
	}
	for _, u := range j.users {
		word, failed := j.fail[u.ID]
		switch {
		case j.so[u.ID]:
			changed++
			continue
		case res.Outcome != Accepted:
			word = resultWords(res)
		case failed:
			word = strings.TrimSuffix(string(Failed)+": "+word, ": ")
		default:
			word = string(Accepted) + note
		}
		rows = append(rows, []string{cell(u.Name), word})
	}
	return rows, changed
}

// resultWords is how a step ended, with why.
func resultWords(res Result) string {
	words := string(res.Outcome)
	if res.Note != "" {
		words += ": " + clean(res.Note)
	}
	if res.Err != nil {
		words += ": " + strings.SplitN(failure(res.Err, false).Text[0], "\n", 2)[0]
	}
	return words
}

// cut is the whole table, or as much as an answer holds, and says so.
func (t *table) cut() string {
	shown := t.fit(maxTokens - 600)
	s := t.csv(shown)
	if shown < len(t.rows) {
		s += fmt.Sprintf("\n# %d more, not shown", len(t.rows)-shown)
	}
	return s
}
