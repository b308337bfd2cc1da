package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSmallJob does with every client, over every transport and in both eras
// what a help desk does in a morning, and reads the answers as a model would.
func TestSmallJob(t *testing.T) {
	for _, c := range clients {
		for _, revision := range revisions {
			t.Run(c.name+" "+revision, func(t *testing.T) {
				t.Parallel()
				smallJob(t, c.dial(t, revision, &person{says: "decline"}, nil, "--sandbox"))
			})
		}
	}
}

func smallJob(t *testing.T, a agent) {
	if names := a.tools(); !slices.IsSorted(names) || !slices.Contains(names, "access_requests_create") {
		t.Errorf("tools: %v", names)
	}
	if s := a.instructions(); !strings.Contains(s, "Acme Inc") || !strings.Contains(s, "SANDBOX") {
		t.Errorf("instructions: %q", s)
	}
	expect := func(tool string, arguments map[string]any, patterns ...string) string {
		t.Helper()
		text, isError := a.call(tool, arguments)
		if isError {
			t.Fatalf("%s %v: %s", tool, arguments, text)
		}
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(text) {
				t.Fatalf("%s %v: nothing like %q in\n%s", tool, arguments, p, text)
			}
		}
		return text
	}

	// Find a person, in any case.
	expect("users_list", map[string]any{"search": "MALLORY"},
		`^# total 1; 1 shown; `, `(?m)^# .*SANDBOX$`, `(?m)^username,department,jobTitle,flags$`, `(?m)^mallory\.quist,Support,`)

	// Add them to a group; a second time there is nothing to do.
	member := map[string]any{"group": "Legal", "add": []string{"mallory.quist"}}
	expect("user_groups_members_change", member,
		`^done, read back\. add user mallory\.quist to user group Legal `, `User group Legal now has \d+ members\.`)
	expect("user_groups_members_change", member, `^no effect: is there already\.`)
	expect("users_list", map[string]any{"search": "mallory", "fields": "username,department"}, `(?m)^mallory\.quist,Support$`)

	// Elevate them on a device for an hour.
	device := firstCell(expect("devices_list", map[string]any{"limit": 1}))
	elevated := map[string]any{"user": "mallory.quist", "device": device}
	created := expect("access_requests_create", map[string]any{"user": "mallory.quist", "device": device, "expiry": "1h", "remarks": "e2e"},
		`^done, read back\.`, `mallory\.quist`, regexp.QuoteMeta(device))
	id := regexp.MustCompile(`Request ([0-9a-f-]{24,36}),`).FindStringSubmatch(created)
	if id == nil {
		t.Fatalf("no id of the request in %q", created)
	}

	// See it in the events, with the window that was read.
	expect("insights_query", map[string]any{"last": "1h"},
		`^# total \d+; .*window .* fully covered`, `(?m)^[^,]*,access_request_create,[^,]*,`+id[1]+`,true,`)

	// Revoke, by user and device; it has ended, and a second time there is nothing to end.
	expect("access_requests_revoke", elevated, `^done, read back\. administrator rights of `, `State revoked`)
	expect("insights_query", map[string]any{"last": "1h"}, `(?m)^[^,]*,access_request_revoke,[^,]*,`+id[1]+`,true,`)
	expect("access_requests_revoke", elevated, `^no effect: already ended \(revoked\)\.`)
	if text, isError := a.call("access_requests_revoke", map[string]any{"user": "nobody.here", "device": device}); !isError || !strings.HasPrefix(text, "not_found.") {
		t.Errorf("nobody's rights: %v %s", isError, text)
	}
}

// firstCell is the first column of the first row of a list.
func firstCell(list string) string {
	lines := strings.Split(list, "\n")
	if len(lines) < 3 {
		return ""
	}
	cell, _, _ := strings.Cut(lines[2], ",")
	return cell
}

// TestConfirmation erases a device: only when a person says yes, and not at all
// where nobody can be asked.
func TestConfirmation(t *testing.T) {
	for _, c := range clients {
		for _, revision := range revisions {
			t.Run(c.name+" "+revision, func(t *testing.T) {
				t.Parallel()
				who := &person{says: "decline"}
				confirmErase(t, c.dial(t, revision, who, nil, "--sandbox"), who)
			})
		}
		t.Run(c.name+" without elicitation", func(t *testing.T) {
			t.Parallel()
			a := c.dial(t, revisions[0], &person{unasked: true}, nil, "--sandbox")
			list, _ := a.call("devices_list", map[string]any{"filter": "os=Windows", "limit": 1})
			text, isError := a.call("devices_erase", map[string]any{"device": firstCell(list)})
			if !isError || !strings.HasPrefix(text, "needs_approval. Nothing was sent.") || !strings.Contains(text, "`jc-mcp call`") {
				t.Errorf("%v %s", isError, text)
			}
		})
	}
}

func confirmErase(t *testing.T, a agent, who *person) {
	list, _ := a.call("devices_list", map[string]any{"filter": "os=Windows", "limit": 1})
	device := firstCell(list)
	erase := map[string]any{"device": device}
	for _, c := range []struct {
		says, want string
		isError    bool
	}{
		{"decline", "denied.", true},
		{"cancel", "denied.", true},
		{"accept", "accepted, not yet seen. Erase of " + device, false},
		{"decline", "denied.", true}, // a yes is good for one call
	} {
		who.mu.Lock()
		who.says = c.says
		who.mu.Unlock()
		text, isError := a.call("devices_erase", erase)
		if isError != c.isError || !strings.HasPrefix(text, c.want) {
			t.Errorf("%s: %v %s", c.says, isError, text)
		}
		q := who.asked()
		if len(q) != 1 || !strings.Contains(q[0], device) || !strings.Contains(q[0], "Erase all data") || !strings.Contains(q[0], "Acme Inc") {
			t.Errorf("%s: asked %q", c.says, q)
		}
	}
	// A preview asks nobody.
	text, isError := a.call("devices_erase", map[string]any{"device": device, "dry_run": true})
	if isError || !strings.HasPrefix(text, "DRY RUN. Nothing was sent.") || len(who.asked()) != 0 {
		t.Errorf("dry run: %v %s", isError, text)
	}
}
