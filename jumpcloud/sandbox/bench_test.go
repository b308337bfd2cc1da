package sandbox

import (
	"net/http/httptest"
	"testing"
)

func BenchmarkPage(b *testing.B) {
	o, err := New(Options{Users: 10_000, Now: testNow})
	if err != nil {
		b.Fatal(err)
	}
	q := httptest.NewRequest("GET", "/api/systemusers?limit=100&skip=5000&sort=-lastname", nil)
	q.Header.Set("x-api-key", "sandbox-key")
	for b.Loop() {
		o.answer(q, nil)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{Now: testNow}); err != nil {
			b.Fatal(err)
		}
	}
}
