package approvals

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the template and the style
	"encoding/base64"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// maxRecent is how many answered requests are listed; jc-mcp approvals lists all.
const maxRecent = 50

// refreshSeconds is how often the list looks again, unless the person says not to.
const refreshSeconds = 10

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	style string

	styleHash = hashOf(style)
	pages     = template.Must(template.New("").Funcs(template.FuncMap{
		"plain": plain, "clock": clock, "machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"left": left, "style": func() template.CSS { return template.CSS(style) },
	}).Parse(pageText))
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// view is what the templates show; each uses a part of it.
type view struct {
	Title   string
	Alert   string // what went wrong
	Refresh int    // seconds, 0 is never
	Token   string

	Stops           []state.Stop
	SwitchBroken    bool
	Pending, Recent []state.Entry

	Entry      state.Entry
	Shown      string
	Changes    []change
	CanApprove bool
	CanRefuse  bool

	Approvers []approver
	Choices   []string // what can be stopped or resumed
	Secrets   []string
}

// approver is a line of the choice of names.
type approver struct {
	Name string
	Here bool // his key lies on this machine
}

// change is an attribute before and after.
type change struct {
	Name, Before, After string
	Same                bool
}

func (p *Page) view(w http.ResponseWriter, r *http.Request, title string) *view {
	v := &view{Title: title, Token: p.mark("token", p.session(w, r))}
	var err error
	v.Stops, err = p.o.Dir.Stops()
	v.SwitchBroken = err != nil
	return v
}

func (p *Page) render(w http.ResponseWriter, name string, status int, v *view) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		p.o.Log.Error("approvals page: the template does not fit", "why", err.Error())
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *Page) fail(w http.ResponseWriter, r *http.Request, status int, say string) {
	v := p.view(w, r, "Not done")
	v.Alert = say
	p.render(w, "failed", status, v)
}

func (p *Page) list(w http.ResponseWriter, r *http.Request) {
	entries, err := p.o.Dir.Entries()
	if err != nil {
		p.o.Log.ErrorContext(r.Context(), "approvals page: the requests cannot be read", "why", err.Error())
		p.fail(w, r, http.StatusInternalServerError, "The requests cannot be read; the log of the server says why.")
		return
	}
	v := p.view(w, r, "Approvals")
	for _, e := range slices.Backward(entries) {
		switch {
		case e.Status == state.Pending:
			v.Pending = append(v.Pending, e)
		case len(v.Recent) < maxRecent:
			v.Recent = append(v.Recent, e)
		}
	}
	if !r.URL.Query().Has("still") {
		v.Refresh = refreshSeconds
	}
	p.render(w, "list", http.StatusOK, v)
}

func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	p.showEntry(w, r, r.PathValue("code"), nil)
}

// showEntry shows one request, and above it what went wrong. It never refreshes by
// itself: somebody may be typing.
func (p *Page) showEntry(w http.ResponseWriter, r *http.Request, code string, wrong *refusal) {
	e, err := p.o.Dir.Entry(code)
	if err != nil {
		p.fail(w, r, http.StatusNotFound, "There is no such request. Those of more than seven days ago are gone.")
		return
	}
	v := p.view(w, r, "Request "+e.Code)
	v.Entry, v.Shown, v.Changes = e, p.shown(e), changes(e.Before, e.After)
	v.CanApprove = e.Status == state.Pending
	v.CanRefuse = e.Status == state.Pending || e.Status == state.Approved
	may := func(a auth.Approver) bool { return a.MayApprove(e.Tool) || e.Secrets > 0 && a.Name == e.By }
	v.Approvers = p.approvers(may)
	status := http.StatusOK
	if wrong != nil {
		v.Alert, status = wrong.say, wrong.status
	}
	p.render(w, "request", status, v)
}

func (p *Page) showSwitch(w http.ResponseWriter, r *http.Request) { p.switchPage(w, r, nil) }

func (p *Page) switchPage(w http.ResponseWriter, r *http.Request, wrong *refusal) {
	v := p.view(w, r, "Kill switch")
	v.Approvers = p.approvers(func(auth.Approver) bool { return true })
	v.Choices = []string{"all"}
	for _, s := range v.Stops {
		switch {
		case s.Agent != "":
			v.Choices = append(v.Choices, "agent "+s.Agent)
		case s.Tool != "":
			v.Choices = append(v.Choices, "tool "+s.Tool)
		}
	}
	for _, a := range p.o.Agents() {
		if !slices.Contains(v.Choices, "agent "+a) {
			v.Choices = append(v.Choices, "agent "+a)
		}
	}
	status := http.StatusOK
	if wrong != nil {
		v.Alert, status = wrong.say, wrong.status
	}
	p.render(w, "switch", status, v)
}

func (p *Page) approvers(may func(auth.Approver) bool) (out []approver) {
	for _, a := range p.o.Approvers() {
		if !may(a) {
			continue
		}
		path, err := state.KeyPath(a.Name)
		if err == nil {
			_, err = os.Lstat(path)
		}
		out = append(out, approver{a.Name, err == nil})
	}
	return out
}

// changes are the attributes of both sides, by name.
func changes(before, after map[string]any) (out []change) {
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		was, now := value(before, n), value(after, n)
		out = append(out, change{plain(n), was, now, was == now})
	}
	return out
}

func value(m map[string]any, name string) string {
	v, ok := m[name]
	if !ok {
		return "–"
	}
	if text, ok := v.(string); ok {
		return plain(text)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return plain(string(data))
}

// plain takes out what is not seen or turns text around; line breaks stay.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, text)
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// left is how long it is to t, in words.
func left(t time.Time) string {
	d := time.Until(t)
	switch {
	case d <= 0:
		return "over"
	case d < time.Minute:
		return "less than a minute left"
	}
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s") + " left"
}
