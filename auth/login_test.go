package auth

import "testing"

// What a login is called outside the process is the same in every process, so these are
// literals: a salted name would pass any comparison within one.
func TestLastingNames(t *testing.T) {
	for _, c := range []struct {
		name  string
		login Login
		want  string
	}{
		{"none", Login{}, ""},
		{"service account", Login{ClientID: "one", Secrets: []Source{Value("a")}}, "34491e2ddb3a00ec"},
		{"with another secret", Login{ClientID: "one", Secrets: []Source{Value("b")}}, "34491e2ddb3a00ec"},
		{"key", Login{APIKey: Value("jca_x")}, "6cbc079c49ce00c9"},
		{"key in a file", Login{APIKey: File("/etc/key")}, "e27619dbf9dd130a"},
	} {
		if got := c.login.Lasting(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
