package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	tokenWait = 8 * time.Second // for the tokens of both secrets
	knownWait = 6 * time.Second // for what JumpCloud knows of the credential
	// endSoon is how long before its end a secret should be replaced. JumpCloud sends
	// a mail a week before.
	endSoon = 14 * 24 * time.Hour
	// keyLife is how long API keys live where their administrator chose nothing else.
	keyLife = 90 * 24 * time.Hour
	// accountRows is how many service accounts or administrators are looked through.
	accountRows = 100
	// leastPrefix is how much of a key has to agree before it is taken for one.
	leastPrefix = 6
)

// tokens fetches a token with each secret of a service account by itself: that the
// second is no good would show on the day of the rotation. any is whether one works.
func (e *orgExamination) tokens(ctx context.Context, s *sheet) (any bool) {
	if e.cred.ClientID == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	errs := make([]error, len(e.cred.Secrets))
	var asked sync.WaitGroup
	for i, src := range e.cred.Secrets {
		asked.Go(func() { errs[i] = e.token(ctx, src) })
	}
	asked.Wait()
	for i, err := range errs {
		name, sign := secretName(i, len(errs)), (*auth.SignError)(nil)
		switch {
		case err == nil:
			any = true
			s.ok("token", "the %s gets one", name)
		case errors.Is(err, auth.ErrRefused):
			s.fix("token", "the %s is refused at %s: it is wrong, expired or revoked, or the account is of another region; make a new one in the admin portal (Settings > Service accounts)",
				name, e.org.hosts.OAuth.Host)
		case errors.As(err, &sign) && !sign.Temporary():
			s.fix("token", "the %s gets none: %v", name, sign)
		default:
			s.fix("token", "whether the %s gets one could not be checked: %s does not answer as it should; can this machine reach it?", name, e.org.hosts.OAuth.Host)
		}
	}
	return any
}

func secretName(i, of int) string {
	switch {
	case of == 1:
		return "secret"
	case i == 0:
		return "first secret"
	}
	return "second secret"
}

// token fetches one with this secret alone. It is not used.
func (e *orgExamination) token(ctx context.Context, src auth.Source) error {
	cred, err := auth.Login{ClientID: e.cred.ClientID, Secrets: []auth.Source{src}}.Credential(e.org.hosts.OAuth.String(), e.config.transport)
	if err != nil {
		return err
	}
	// signing fetches the token; the request goes nowhere
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.org.hosts.Console.String(), nil)
	if err != nil {
		return err
	}
	return cred.Sign(r)
}

// account is what JumpCloud tells of a credential.
type account struct {
	name, role, roleID string
	secrets            []lifetime
}

// lifetime is when a secret was made and ends; zero where that is not known.
type lifetime struct{ made, ends time.Time }

// known says what JumpCloud knows of the credential: whose it is, its role, its end.
func (e *orgExamination) known(ctx context.Context, s *sheet) {
	ctx, cancel := context.WithTimeout(ctx, knownWait)
	defer cancel()
	find, whose := e.administrator, "administrator"
	if e.cred.ClientID != "" {
		find, whose = e.serviceAccount, "service account"
	}
	a, why := find(ctx)
	e.ages(s, a)
	if a == nil {
		s.note("role", "JumpCloud does not tell which role the %s has: %s", whose, why)
		e.need(s)
		return
	}
	if a.role == "" && a.roleID != "" {
		a.role = e.roleName(ctx, a.roleID)
	}
	e.compare(s, a, whose)
}

// rows reads a list of the v1 or v2 API.
func (e *orgExamination) rows(ctx context.Context, at string) ([]jc.Row, string) {
	endpoint := jc.At(at)
	resp, err := e.client.Do(jc.WithFence(ctx, endpoint), jc.Request{Endpoint: endpoint, Query: url.Values{"limit": {fmt.Sprint(accountRows)}}})
	if err == nil {
		var rows jc.Rows
		if rows, err = jc.ReadRows(resp); err == nil {
			return rows.Rows, ""
		}
	}
	switch {
	case jc.IsCode(err, jc.CodeForbidden):
		return nil, "its role may not read that, which speaks for a small one"
	case jc.IsCode(err, jc.CodeNotFound):
		return nil, "this organisation's API does not answer that"
	}
	return nil, "it could not be read"
}

// serviceAccount finds the account by its client id. The shape of the answer is not
// published (U): the id is looked for in every field, and so are the dates.
func (e *orgExamination) serviceAccount(ctx context.Context) (*account, string) {
	rows, why := e.rows(ctx, "GET /api/v2/service-accounts")
	if rows == nil && why != "" {
		return nil, why
	}
	for _, row := range rows {
		if !holds(map[string]any(row), e.cred.ClientID) {
			continue
		}
		a := &account{name: row.Text("name"), roleID: firstText(row, "roleId", "role_id", "role.id", "role._id")}
		a.role = firstText(row, "roleName", "role_name", "role.name", "role")
		if a.role == a.roleID {
			a.role = ""
		}
		lifetimes(map[string]any(row), &a.secrets)
		return a, ""
	}
	return nil, "no service account in its list has this client id"
}

// administrator finds whose the API key is, by the start of the key that JumpCloud
// shows. That administrators can be listed is seen in public clients and not published (O).
func (e *orgExamination) administrator(ctx context.Context) (*account, string) {
	rows, why := e.rows(ctx, "GET /api/users")
	if rows == nil && why != "" {
		return nil, why
	}
	key, err := e.cred.APIKey.Get(ctx)
	if err != nil {
		return nil, "the key cannot be read"
	}
	var found *account
	for _, row := range rows {
		start := row.Text("apiKeyHash.prefix")
		if len(start) < leastPrefix || start == "jca_" || !strings.HasPrefix(key.Reveal(), start) {
			continue
		}
		if found != nil {
			return nil, "several administrators have a key with the same start"
		}
		found = &account{name: row.Text("email"), role: row.Text("roleName")}
		found.secrets = []lifetime{{readTime(row["apiKeyHash"], "createdAt"), readTime(row["apiKeyHash"], "expireAt")}}
	}
	if found == nil {
		return nil, "it does not show whose key this is; the role is that of the administrator who made the key"
	}
	return found, ""
}

func (e *orgExamination) roleName(ctx context.Context, id string) string {
	rows, _ := e.rows(ctx, "GET /api/v2/roles")
	for _, row := range rows {
		if firstText(row, "id", "_id") == id {
			return row.Text("name")
		}
	}
	return ""
}

// ages says how old the secrets are and when they end, as far as it is known: from
// JumpCloud, else by when their files were written.
func (e *orgExamination) ages(s *sheet, a *account) {
	now, told := time.Now(), false
	if a != nil {
		for _, l := range a.secrets {
			if !l.ends.IsZero() {
				told = true
				end(s, now, l)
			}
		}
	}
	cred, err := e.cred.Credential(e.org.hosts.OAuth.String(), e.config.transport)
	if err != nil || told {
		return
	}
	for i, secret := range auth.StateOf(cred).Secrets {
		name := secretName(i, len(e.cred.Sources()))
		if e.cred.APIKey != nil {
			name = "API key"
		}
		age := now.Sub(secret.Written)
		switch {
		case secret.Written.IsZero():
			s.note("age", "JumpCloud does not tell when the %s ends, and it is in no file: keep its end in a calendar", name)
		case age > keyLife-endSoon:
			s.note("age", "the file of the %s was written %s ago, and JumpCloud does not tell when it ends (usual are 90 days): think of replacing it", name, days(age))
		default:
			s.ok("age", "the file of the %s was written %s ago; JumpCloud does not tell when it ends", name, days(age))
		}
	}
}

// end says when a secret ends.
func end(s *sheet, now time.Time, l lifetime) {
	made := ""
	if !l.made.IsZero() {
		made = ", made " + days(now.Sub(l.made)) + " ago"
	}
	left, day := l.ends.Sub(now), l.ends.UTC().Format(time.DateOnly)
	switch {
	case left <= 0:
		s.fix("age", "a secret of the credential ended on %s%s: remove it, or make a new one", day, made)
	case left < endSoon:
		s.fix("age", "a secret of the credential ends on %s, in %s%s: make the next one now", day, days(left), made)
	default:
		s.ok("age", "a secret of the credential ends on %s, in %s%s", day, days(left), made)
	}
}

// days are whole days in words.
func days(d time.Duration) string {
	n := int(d.Hours() / 24)
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// holds reports whether a text stands somewhere in a value.
func holds(v any, text string) bool {
	switch x := v.(type) {
	case string:
		return x == text
	case map[string]any:
		for _, inner := range x {
			if holds(inner, text) {
				return true
			}
		}
	case []any:
		for _, inner := range x {
			if holds(inner, text) {
				return true
			}
		}
	}
	return false
}

func firstText(row jc.Row, paths ...string) string {
	for _, p := range paths {
		if t := row.Text(p); t != "" {
			return t
		}
	}
	return ""
}
