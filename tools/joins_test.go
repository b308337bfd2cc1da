package tools

import "testing"

// TestJoins: what can give an object another name, make or remove it is no joining.
func TestJoins(t *testing.T) {
	found := 0
	for _, tool := range All() {
		for _, e := range tool.Operations {
			if !joins(e) {
				continue
			}
			found++
			if e.Method != "POST" && e.Method != "GET" {
				t.Errorf("%s: %s", tool.Name, e)
			}
		}
	}
	for _, name := range []string{"users_update", "users_create", "users_delete", "user_groups_update", "devices_update"} {
		for _, tool := range All() {
			if tool.Name == name && joins(tool.Operations[0]) {
				t.Errorf("%s counts as joining", name)
			}
		}
	}
	if found < 4 {
		t.Errorf("%d operations join", found)
	}
}
