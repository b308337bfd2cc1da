package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// jobs are all of workflows.md that are not left to a later issue.
var jobs = slices.Concat(readJobs, changeJobs, governedJobs)

// changeJobs change something. What came of it is read from the sandbox itself,
// or from the requests that went by.
var changeJobs = []job{
	{id: "W13", request: "Onboard Ana Lopez into Sales and VPN Users.", calls: 1, tokens: 120, fanOut: 10,
		ways: []way{{with("users_create", arg{"username": "ana.lopez", "email": "ana.lopez@acme.example", "firstname": "Ana", "lastname": "Lopez",
			"department": "Sales", "groups": []string{"Sales", "VPN Users"}})}},
		right: func(ctx context.Context, r *rig, _ *session, a []answer) error {
			in, err := r.groupsOf(ctx, "ana.lopez")
			if err == nil {
				if gone := missing([]string{"Sales", "VPN Users"}, in); len(gone) > 0 {
					return fmt.Errorf("she is not in %v", gone)
				}
			}
			return all(err, a[0].says("ana.lopez"))
		}},
	{id: "W14", request: "Offboard bob.stone: suspend, remove access, lock his laptop.", calls: 2, tokens: 400,
		fanOut: 84, // what he has is read in 21 requests, three times (plan, before a person is asked, after the yes); ten steps, each read back
		ways: []way{{
			with("users_offboard", arg{"user": "bob.stone", "devices": "lock"}),
			{"users_offboard", func(_ *rig, before []answer) map[string]any {
				plan := ""
				if len(before) > 0 {
					if m := planForm.FindStringSubmatch(before[0].text); m != nil {
						plan = m[1]
					}
				}
				return arg{"user": "bob.stone", "devices": "lock", "plan": plan}
			}},
		}},
		right: rightBobGone},
	{id: "W15", request: "Maria lost her phone: reset MFA and expire her password.", calls: 2, tokens: 140, fanOut: 8,
		ways: []way{
			{with("users_reset_mfa", arg{"user": "maria.silva", "expire_password": true})},
			{with("users_reset_mfa", arg{"user": "maria.silva"}), with("users_expire_password", arg{"user": "maria.silva"})},
		},
		right: func(ctx context.Context, r *rig, _ *session, _ []answer) error {
			id := r.truth.user("maria.silva").id
			u, err := r.userNow(ctx, "maria.silva")
			if err != nil {
				return err
			}
			if n := r.proxy.sent("POST", "/api/systemusers/"+id+"/resetmfa"); n != 1 {
				return fmt.Errorf("MFA was reset %d times", n)
			}
			if u["password_expired"] != true || !withoutMFA(u) {
				return fmt.Errorf("password_expired %v, MFA %v", u["password_expired"], at(u, "mfaEnrollment.overallStatus"))
			}
			return nil
		}},
	{id: "W16", request: "Move these 20 people to department Customer Success.", calls: 1, tokens: 80, fanOut: 70,
		ways: []way{{{"users_bulk_update", func(r *rig, _ []answer) map[string]any {
			return arg{"users": twenty(r), "department": "Customer Success"}
		}}}},
		right: func(ctx context.Context, r *rig, _ *session, a []answer) error {
			for _, name := range twenty(r) {
				u, err := r.userNow(ctx, name)
				if err != nil {
					return err
				}
				if text(u, "department") != "Customer Success" {
					return fmt.Errorf("%s is in %q", name, text(u, "department"))
				}
			}
			return a[0].saysCount(20)
		}},
	{id: "W17", request: "Wipe the stolen laptop with serial C02XYZ.", calls: 2, tokens: 220, fanOut: 6,
		ways: []way{{with("devices_erase", arg{"device": "C02XYZ"})}},
		right: func(_ context.Context, r *rig, s *session, a []answer) error {
			d := find(r.truth.devices, "serialNumber", "C02XYZ")
			if n := r.proxy.sent("POST", "/api/systems/"+idOf(d)+"/command/builtin/erase"); n != 1 {
				return fmt.Errorf("the order was sent %d times", n)
			}
			if n := s.questions.Load(); n != 1 {
				return fmt.Errorf("a person was asked %d times", n)
			}
			return a[0].says("NB-117", "queued")
		}},
	{id: "W18", request: "Run this script on the Kiosks group and show the results.", calls: 1, tokens: 300, fanOut: 60,
		ways:  []way{{with("commands_run", arg{"script": "hostname\necho 63% used", "shell": "bash", "device_group": "Kiosks", "wait": 25})}},
		right: rightKiosks},
	{id: "W19", request: "Give Sales access to HubSpot.", calls: 1, tokens: 60, fanOut: 8,
		ways: []way{{with("access_change", arg{"op": "add", "user_groups": []string{"Sales"}, "applications": []string{"HubSpot"}})}},
		right: func(ctx context.Context, r *rig, _ *session, _ []answer) error {
			edges, err := r.fetchAll(ctx, "/api/v2/applications/"+r.truth.app("HubSpot").id+"/associations?targets=user_group")
			if err != nil {
				return err
			}
			if !slices.Contains(texts(edges, "to.id"), r.truth.userGroup("Sales").id) {
				return fmt.Errorf("group Sales is not bound to HubSpot")
			}
			return nil
		}},
	{id: "W20", request: "Create an allow list with our office IP range.", calls: 2, tokens: 220, fanOut: 4,
		ways: []way{
			{with("api_search", arg{"query": "create an IP allow list"}), with("api_change", arg{"tool": "ip_lists_create",
				"arguments": arg{"name": "Office", "ips": []string{"198.51.100.0/24"}}})},
			{with("ip_lists_create", arg{"name": "Office", "ips": []string{"198.51.100.0/24"}})},
		},
		right: func(ctx context.Context, r *rig, _ *session, _ []answer) error {
			lists, err := r.fetchAll(ctx, "/api/v2/iplists")
			if err != nil {
				return err
			}
			if l := find(lists, "name", "Office"); fmt.Sprint(l["ips"]) != "[198.51.100.0/24]" {
				return fmt.Errorf("the list holds %v", l["ips"])
			}
			return nil
		}},
	{id: "W21", request: "Make ada an administrator of LT-042 for two hours, then take it back early.", calls: 2, tokens: 150, fanOut: 12,
		ways: []way{{
			with("access_requests_create", arg{"user": "ada.king", "device": "LT-042", "expiry": "2h"}),
			with("access_requests_revoke", arg{"user": "ada.king", "device": "LT-042"}),
		}},
		right: func(ctx context.Context, r *rig, _ *session, a []answer) error {
			for _, q := range r.proxy.requests() {
				id, ok := strings.CutSuffix(q.path, "/revoke")
				if !ok || q.method != "POST" {
					continue
				}
				v, err := r.fetch(ctx, id)
				if err != nil {
					return err
				}
				if m, _ := v.(map[string]any); text(m, "accessState") == "granted" || text(m, "accessState") == "" {
					return fmt.Errorf("the request is %q", text(m, "accessState"))
				}
				return a[0].says("ada.king", "LT-042")
			}
			return fmt.Errorf("nothing was revoked")
		}},
	{id: "W22", request: "ben.kurz is locked out: unlock him and tell me why it happened.", calls: 2, tokens: 220, fanOut: 8,
		ways: []way{{
			with("users_unlock", arg{"user": "ben.kurz"}),
			with("insights_query", arg{"user": "ben.kurz", "filter": "success=false", "last": "24h", "limit": 3, "fields": "timestamp,client_ip,useragent,error_message"}),
		}},
		right: func(ctx context.Context, r *rig, _ *session, a []answer) error {
			u, err := r.userNow(ctx, "ben.kurz")
			if err == nil && u["account_locked"] != false {
				return fmt.Errorf("he is still locked out")
			}
			return all(err, a[1].says("198.51.100.77", "Incorrect password"))
		}},
}

var planForm = regexp.MustCompile(`plan[=: "]+([A-Za-z0-9][A-Za-z0-9_-]{3,})`)

// twenty are people of Support, without those that other jobs are about.
func twenty(r *rig) []string {
	names := texts(pick(r.truth.users, func(u doc) bool {
		return text(u, "department") != "Customer Success" && text(u, "state") == "ACTIVATED" &&
			!slices.Contains([]string{"bob.stone", "maria.silva", "ben.kurz", "ada.king"}, text(u, "username"))
	}), "username")
	return names[20:40]
}

// userNow is a user as the sandbox has it now.
func (r *rig) userNow(ctx context.Context, name string) (doc, error) {
	v, err := r.fetch(ctx, "/api/systemusers?filter="+url.QueryEscape("username:$eq:"+name))
	if err != nil {
		return nil, err
	}
	list, _ := at(v.(doc), "results").([]any)
	if len(list) != 1 {
		return nil, fmt.Errorf("%d users are called %s", len(list), name)
	}
	one, err := r.fetch(ctx, "/api/systemusers/"+idOf(list[0].(doc)))
	if err != nil {
		return nil, err
	}
	return one.(doc), nil
}

// groupsOf are the names of the groups that a user is in now.
func (r *rig) groupsOf(ctx context.Context, name string) ([]string, error) {
	u, err := r.userNow(ctx, name)
	if err != nil {
		return nil, err
	}
	rows, err := r.fetchAll(ctx, "/api/v2/users/"+idOf(u)+"/memberof")
	var out []string
	for _, row := range rows {
		out = append(out, r.truth.name(node{"user_group", idOf(row)}))
	}
	return out, err
}

// rightBobGone: he cannot sign in, reaches nothing, and his laptop was told to lock once.
func rightBobGone(ctx context.Context, r *rig, _ *session, a []answer) error {
	u, err := r.userNow(ctx, "bob.stone")
	if err != nil {
		return err
	}
	if !suspended(u) {
		return fmt.Errorf("he is %s; the plan said %q", text(u, "state"), first(a[0].text))
	}
	in, err := r.groupsOf(ctx, "bob.stone")
	if err != nil {
		return err
	}
	if len(in) > 0 {
		return fmt.Errorf("he is still in %v", in)
	}
	for _, kind := range []string{"application", "system"} {
		edges, err := r.fetchAll(ctx, "/api/v2/users/"+idOf(u)+"/associations?targets="+kind)
		if err != nil {
			return err
		}
		if len(edges) > 0 {
			return fmt.Errorf("%d associations with %ss are left", len(edges), kind)
		}
	}
	laptop := r.truth.device("NB-117").id
	if n := r.proxy.sent("POST", "/api/systems/"+laptop+"/command/builtin/lock"); n != 1 {
		return fmt.Errorf("the laptop was told to lock %d times", n)
	}
	return a[1].says("NB-117")
}

// rightKiosks: every Linux kiosk shows its output, the others are named, and
// nothing is left of the script.
func rightKiosks(ctx context.Context, r *rig, _ *session, a []answer) error {
	for _, m := range r.truth.members[node{"system_group", idOf(r.truth.deviceGroup("Kiosks"))}] {
		if err := a[0].says(r.truth.name(m)); err != nil {
			return err
		}
	}
	if err := a[0].says("63% used"); err != nil {
		return err
	}
	left, err := r.fetchAll(ctx, "/api/commands")
	if err == nil && len(left) != len(r.twin.Rows("commands")) {
		return fmt.Errorf("%d commands, %d before", len(left), len(r.twin.Rows("commands")))
	}
	return err
}
