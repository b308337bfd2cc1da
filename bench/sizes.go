package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sizes measures what the list of tools and the plainest answers cost.
func (r *rig) sizes(ctx context.Context, res *results) error {
	core, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer core.close()
	if err := r.menu(ctx, res); err != nil {
		return err
	}
	for _, m := range []struct {
		name, tool string
		args       arg
		most       int
		shown      int
		right      func(answer) error
	}{
		{"100 users (tokens)", "users_list", arg{"limit": 100}, 1500, 100,
			func(a answer) error {
				return all(a.exactly("username", texts(r.truth.users, "username")), rightUsers(r, a))
			}},
		{"100 devices (tokens)", "devices_list", arg{"limit": 100}, 3800, 100,
			func(a answer) error { return a.exactly("hostname", texts(r.truth.devices, "hostname")) }},
		{"100 events (tokens)", "insights_query", arg{"limit": 100, "last": "7d"}, 3000, 100, r.rightEvents},
		{"20 applications (tokens)", "applications_list", arg{}, 190, 20,
			func(a answer) error { return a.exactly("displayLabel", texts(r.truth.apps, "displayLabel")) }},
	} {
		a, err := core.call(ctx, m.tool, m.args)
		if err != nil {
			return err
		}
		wrong := m.right(a)
		if _, shown, _ := a.totals(); wrong == nil && shown != m.shown {
			wrong = fmt.Errorf("%d rows", shown)
		}
		res.add(r.users, m.name, a.tokens, m.most, wrong)
	}
	if err := r.counts(ctx, core, res); err != nil {
		return err
	}
	return r.widest(ctx)
}

// rightEvents compares every shown event with the one of the same second and type; the year stands in the head.
func (r *rig) rightEvents(a answer) error {
	rows, err := a.rows()
	if err != nil {
		return err
	}
	have := map[string]int{}
	for _, e := range r.truth.events {
		stamp := strings.Replace(text(e, "timestamp"), "T", " ", 1)
		have[stamp[5:19]+" "+text(e, "event_type")]++
	}
	for _, row := range rows {
		if key := row[0] + " " + row[1]; have[key] < 1 {
			return fmt.Errorf("there is no event %q", key)
		}
	}
	return nil
}

// counts measures "how many" questions: 60 tokens and 4 a row.
func (r *rig) counts(ctx context.Context, s *session, res *results) error {
	t := r.truth
	for _, m := range []struct {
		tool, by, filter string
		want             map[string]int
	}{
		{"users_list", "department", "", tally(t.users, "department")},
		{"users_list", "state", "", tally(t.users, "state")},
		{"users_list", "location", "department=Sales", tally(pick(t.users, func(u doc) bool { return text(u, "department") == "Sales" }), "location")},
		{"users_list", "mfa_enrolled", "", map[string]int{"true": len(t.users) - len(pick(t.users, withoutMFA)), "false": len(pick(t.users, withoutMFA))}},
		{"devices_list", "osFamily", "", tally(t.devices, "osFamily")},
		{"devices_list", "osFamily", "encrypted=false", tally(pick(t.devices, unencrypted), "osFamily")},
	} {
		args := arg{"count_by": m.by}
		name := fmt.Sprintf("count of %s by %s", strings.TrimSuffix(m.tool, "_list"), m.by)
		if m.filter != "" {
			args["filter"] = m.filter
			name += ", " + m.filter
		}
		a, err := s.call(ctx, m.tool, args)
		if err != nil {
			return err
		}
		res.add(r.users, name+" (tokens)", a.tokens, 60+4*len(m.want), a.counted(m.want))
	}
	return nil
}

// widest asks every list for as much as it takes, so that the cap and the words
// about a cut are met wherever they can be.
func (r *rig) widest(ctx context.Context) error {
	s, err := r.serve(ctx, "--surface", "full")
	if err != nil {
		return err
	}
	defer s.close()
	calls := []step{
		with("users_list", arg{"limit": 1000, "fields": "_id,username,email,displayname,department,jobTitle,manager,created,mfa,phoneNumbers"}),
		with("users_list", arg{"limit": 1000, "count_by": "username"}),
		with("users_list", arg{"limit": 1000, "count_by": "email", "filter": "mfa_enrolled=true"}),
		with("devices_list", arg{"limit": 1000, "fields": "_id,hostname,networkInterfaces,osVersionDetail,mdm,fde,policyStats"}),
		with("devices_list", arg{"limit": 1000, "filter": "encrypted=false"}),
		with("user_groups_members_list", arg{"group": "All Staff", "limit": 1000}),
		with("device_groups_members_list", arg{"group": "Laptops", "limit": 1000}),
		with("applications_users_list", arg{"application": "Slack", "limit": 1000}),
		with("access_explain", arg{"application": "Slack"}),
		with("access_explain", arg{"user_group": "All Staff"}),
		with("user_groups_get", arg{"group": "All Staff", "include": []string{"members", "grants"}}),
		with("system_insights_query", arg{"table": "programs", "limit": 1000}),
		with("policies_results_list", arg{"limit": 1000}),
		with("insights_query", arg{"last": "90d", "limit": 1000}),
		with("insights_query", arg{"last": "90d", "limit": 1000, "fields": "id,timestamp,event_type,initiated_by,resource,geoip,useragent,changes,association"}),
		with("insights_distinct", arg{"last": "90d", "field": "initiated_by.username"}),
		with("insights_interval", arg{"last": "90d", "interval": "hour"}),
		with("commands_results_list", arg{"limit": 1000}),
	}
	written := len(calls)
	for _, name := range slices.Sorted(maps.Keys(r.all)) {
		if t := r.all[name]; t.takes("limit") && !t.needs() {
			calls = append(calls, with(name, arg{"limit": 1000}))
		}
	}
	for i, c := range calls {
		if r.there(way{c}) != "" {
			continue // a job or a contract says that it is missing
		}
		a, err := s.call(ctx, c.tool, c.args(r, nil))
		if err != nil {
			return err
		}
		if a.failed && (i < written || !strings.HasPrefix(a.text, "invalid_argument")) { // one of several arguments is needed
			return fmt.Errorf("%s: %s", a.call, first(a.text))
		}
	}
	return nil
}
