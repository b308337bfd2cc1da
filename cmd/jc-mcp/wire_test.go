package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// The audit file is what a list of access requests reads, whichever process wrote it.
func TestAuditLogIsReadBack(t *testing.T) {
	path := t.TempDir() + "/audit.log"
	args := []string{"call", "--sandbox", "access_requests_list", "--audit-log", path}
	const foreign = `{"time":"2020-01-01T00:00:00.000Z","phase":"result","say":"long ago"}` + "\n"
	if err := os.WriteFile(path, []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	today := time.Now().UTC().Format("2006-01-02")
	r := jcmcp(t, nil, args...)
	r.want(t, exitDone, "sources: Directory Insights (", "), this server's audit since ", "each request read now")
	for _, not := range []string{"in memory", "not read", "since " + today, "since 2020"} { // it is of the 90 days asked for
		if strings.Contains(r.out, not) {
			t.Errorf("%q: %s", not, r.out)
		}
	}
	jcmcp(t, nil, args[:3]...).want(t, exitDone, "this server's audit since ", "(in memory only)")
}
