package tools

import (
	"net/http"
	"strings"
	"testing"
)

func TestBulkUsersCreate(t *testing.T) {
	for args, want := range map[string]string{
		`{"users":[{"username":"new.one","email":"new.one@acme.example"},{"username":"ada.king","email":"x@acme.example"}]}`: "ada.king",
		`{"users":[{"username":"new.one","email":"a@acme.example"},{"username":"New.One","email":"b@acme.example"}]}`:        "New.One",
	} {
		b := newBench(t, sandboxOptions)
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "/bulk/") {
				t.Errorf("%s was sent", args)
			}
			return nil, nil
		}
		if text, a := b.call("bulk_users_create", args); !a.IsError || !strings.Contains(text, want) || !strings.HasPrefix(text, "conflict") {
			t.Errorf("got %s", text)
		}
	}
	b := newBench(t, sandboxOptions)
	text := b.must("bulk_users_create", `{"users":[{"username":"same@acme.example","email":"same@acme.example","password":"Correct-Horse-9"}]}`)
	if !strings.HasPrefix(text, string(Accepted)) || !strings.Contains(text, "create 1 user: same@acme.example") || !strings.Contains(text, "job ") {
		t.Errorf("got %s", text)
	}
	if strings.Contains(text+b.audit.String(), "Correct-Horse-9") {
		t.Error("the password was shown")
	}
}
