package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth/state"
)

// helpDesk is the grant file of jobs that need an approver; KEY is his public key.
const helpDesk = `version: 1
agents:
  helpdesk:
    who: [{local: stdio}]
    may:
      - read: [users, devices, user_groups, access_requests, changes]
      - write: [user_groups, changes]
      - do: [access_requests_create, devices_fde_key_get]
        approve: human
        wait: 5m
approvers:
  it-lead: {key: "KEY", may: [access_requests_create, devices_fde_key_get]}
`

// governedJobs are done under grants. The client can ask, and the person who it asks
// is the approver: he signs the request that the question names, as he would with
// jc-mcp approve.
var governedJobs = []job{
	{id: "W23", request: "Get the disk recovery key of LT-042 to the help desk.", calls: 1, tokens: 130, fanOut: 6, grants: helpDesk,
		ways: []way{{with("devices_fde_key_get", arg{"device": "LT-042"})}},
		right: func(ctx context.Context, _ *rig, s *session, a []answer) error {
			if strings.Contains(a[0].text, "sbx-secret") {
				return errors.New("the model has the key")
			}
			secrets, err := s.desk.dir.Reveal(ctx, s.desk.code, s.desk.key)
			if err == nil && (len(secrets) != 1 || !strings.Contains(string(secrets[0]), "sbx-secret")) {
				return fmt.Errorf("the person was shown %d secrets", len(secrets))
			}
			return all(err, a[0].says("sent to it-lead"))
		}},
	{id: "W25", request: "Evidence for the auditor: who got administrator rights last quarter, and who approved it.", calls: 1, tokens: 400,
		fanOut: 12, answered: accessRows,
		rows:   func(r *rig) int { return 100 * accessRows(r) }, // JumpCloud lists no requests: each is read by itself
		grants: helpDesk,
		before: way{with("access_requests_create", arg{"user": "ada.king", "device": "LT-042", "expiry": "1h", "remarks": "INC-7"})},
		ways:   []way{{with("access_requests_list", arg{"state": "all"})}},
		right: func(_ context.Context, r *rig, _ *session, a []answer) error {
			rows, err := a[0].rows()
			if err != nil {
				return err
			}
			cut := moreForm.MatchString(a[0].last())
			given, want := 0, accessRows(r)
			for _, row := range rows {
				if by := row[len(row)-1]; by == "helpdesk, approved by it-lead" || strings.Contains(by, "@acme.example") {
					given++
				}
			}
			if given != len(rows) || len(rows) < want && !cut {
				return fmt.Errorf("%d requests, really %d; of %d it says who gave them", len(rows), want, given)
			}
			for _, q := range r.twin.Rows("access_requests") {
				if err := a[0].says(r.truth.name(node{"user", text(q, "requestorId")}), r.truth.name(node{"system", text(q, "resourceId")})); err != nil && !cut {
					return err
				}
			}
			return a[0].says("helpdesk, approved by it-lead")
		}},
	{id: "W26", request: "I put the wrong people into VPN Users just now. Undo it.", calls: 1, tokens: 120, fanOut: 12, grants: helpDesk,
		before: way{{"user_groups_members_change", func(r *rig, _ []answer) map[string]any { return arg{"group": "VPN Users", "add": wrongPeople(r)} }}},
		ways: []way{{{"changes_undo", func(_ *rig, before []answer) map[string]any {
			change := "c-"
			if len(before) > 0 {
				change = changeForm.FindString(before[0].text)
			}
			return arg{"change": change}
		}}}},
		right: func(ctx context.Context, r *rig, _ *session, a []answer) error {
			for _, name := range wrongPeople(r) {
				in, err := r.groupsOf(ctx, name)
				if err != nil {
					return err
				}
				if len(missing([]string{"VPN Users"}, in)) == 0 {
					return fmt.Errorf("%s is still in it", name)
				}
			}
			return nil
		}},
}

// accessRows are the requests of the last 90 days: those of the sandbox, and ada's.
func accessRows(r *rig) int { return 1 + len(r.twin.Rows("access_requests")) }

var changeForm = regexp.MustCompile(`\bc-[a-z0-9]{8}\b`)

// wrongPeople are three who are not in VPN Users.
func wrongPeople(r *rig) (out []string) {
	for _, u := range r.truth.users {
		in := r.truth.in(node{"user", idOf(u)})
		if len(out) < 3 && text(u, "state") == "ACTIVATED" && len(missing([]string{"VPN Users"}, in)) == 1 && text(u, "username") != "bob.stone" {
			out = append(out, text(u, "username"))
		}
	}
	return out
}

// desk is what a governed server has beside it: its state, and an approver.
type desk struct {
	home string
	dir  *state.Dir
	key  *state.Key
	code string // of the request that was approved last
}

// govern writes the grant file and gives the environment of a server under it.
func govern(grants string) (d *desk, env []string, err error) {
	d = &desk{}
	if d.home, err = os.MkdirTemp("", "jc-mcp-bench-desk-"); err != nil {
		return nil, nil, err
	}
	if d.dir, err = state.Open(filepath.Join(d.home, "state")); err != nil {
		return d, nil, err
	}
	if d.key, err = state.NewKey("it-lead"); err != nil {
		return d, nil, err
	}
	path := filepath.Join(d.home, "grants.yaml")
	err = os.WriteFile(path, []byte(strings.Replace(grants, "KEY", d.key.Public(), 1)), 0o600)
	return d, []string{"JC_GRANTS=" + path, "JC_STATE_DIR=" + d.dir.Path(), "JC_AUDIT_LOG=" + filepath.Join(d.home, "audit.jsonl")}, err
}

func (d *desk) remove() { _ = os.RemoveAll(d.home) }

var askedForm = regexp.MustCompile("jc-mcp approve ([0-9A-Z]{8})`")

// approve signs the request that a question names.
func (d *desk) approve(ctx context.Context, question string) error {
	m := askedForm.FindStringSubmatch(question)
	if m == nil {
		return fmt.Errorf("the question names no request: %s", first(question))
	}
	d.code = m[1]
	e, err := d.dir.Entry(d.code)
	if err != nil {
		return err
	}
	return d.dir.Approve(ctx, e.Request, d.key)
}
