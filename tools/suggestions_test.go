package tools

import (
	"strings"
	"testing"
)

func TestSuggestions(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("user_groups_create", `{"name":"Reviewed","membershipMethod":"DYNAMIC_REVIEW_REQUIRED"}`)
	listed := b.must("user_groups_suggestions_list", `{"group":"Reviewed"}`)
	rows := strings.Split(listed, "\n")
	if len(rows) < 3 || rows[1] != "name,op" || !strings.HasSuffix(rows[2], ",add") {
		t.Fatalf("got %s", listed)
	}
	who := strings.TrimSuffix(rows[2], ",add")
	if text, a := b.call("user_groups_suggestions_apply", `{"group":"Reviewed","users":["`+who+`","nina.berg"]}`); !a.IsError {
		t.Errorf("who is not suggested or does not exist was accepted: %s", text)
	}
	text := b.must("user_groups_suggestions_apply", `{"group":"Reviewed","users":["`+who+`"]}`)
	if !strings.HasPrefix(text, string(Done)) || !strings.Contains(text, "add "+who) {
		t.Errorf("got %s", text)
	}
	if members := b.must("user_groups_members_list", `{"group":"Reviewed"}`); !strings.Contains(members, who) {
		t.Errorf("%s is no member: %s", who, members)
	}
	if text, a := b.call("user_groups_suggestions_apply", `{"group":"Reviewed","users":["`+who+`"]}`); !a.IsError || !strings.Contains(text, "is not among") {
		t.Errorf("accepted twice: %s", text)
	}
}
