package auth

import (
	"strings"
	"testing"
)

// verified is the report on one file.
func verified(t *testing.T, file string, heads []AuditHead) *AuditReport {
	t.Helper()
	rep, err := VerifyAudit(t.Context(), []AuditFile{{"audit.jsonl", strings.NewReader(file)}}, heads)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}
