// Package sandbox is a JumpCloud organisation in memory. It answers the same
// requests as the real API (console v1 and v2, Directory Insights and the
// token endpoint) from one handler, keeps JSON documents of its own and shares
// no code with the client, so that the two cannot agree on the same mistake.
package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Options choose what an organisation holds and how it misbehaves. The zero
// value is a healthy organisation of 120 users.
type Options struct {
	// Users is the number of users; 0 means 120. There are 5 devices for
	// every 4 users, up to five phones beside them, and the rest grows mildly.
	Users int
	// Seed picks the organisation; 0 means 1. Equal options give equal
	// documents, ids included.
	Seed uint64
	// Now is the instant the organisation starts at; every date in it is an
	// offset from this. Zero means the time of New cut to the hour for the
	// dates, while the running clock starts at the real time of New.
	Now time.Time
	// Traps are names from Traps: ways in which live organisations surprise.
	Traps []string
	// Faults give each name from Faults a probability between 0 and 1.
	Faults map[string]float64
	// APIKey is the key that is accepted; empty means "sandbox-key".
	APIKey string
	// ClientID and ClientSecret are the service account; empty means
	// "sandbox-client" and "sandbox-secret".
	ClientID, ClientSecret string
}

func (o Options) withDefaults() (Options, error) {
	if o.Users == 0 {
		o.Users = 120
	}
	if o.Users < 0 || o.Users > 100_000 {
		return o, fmt.Errorf("sandbox: users must be between 1 and 100000, not %d", o.Users)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.APIKey == "" {
		o.APIKey = "sandbox-key"
	}
	if o.ClientID == "" {
		o.ClientID = "sandbox-client"
	}
	if o.ClientSecret == "" {
		o.ClientSecret = "sandbox-secret"
	}
	for _, name := range o.Traps {
		if _, ok := trapNames[name]; !ok {
			return o, fmt.Errorf("sandbox: unknown trap %q; known: %s", name, strings.Join(Traps(), ", "))
		}
	}
	for name, p := range o.Faults {
		if _, ok := faultNames[name]; !ok {
			return o, fmt.Errorf("sandbox: unknown fault %q; known: %s", name, strings.Join(Faults(), ", "))
		}
		if !(p >= 0 && p <= 1) {
			return o, fmt.Errorf("sandbox: probability of fault %q must be between 0 and 1, not %v", name, p)
		}
	}
	return o, nil
}

// trapNames are described here and read only through Traps and Describe.
var trapNames = map[string]string{
	"empty-children":    "lists of a parent that does not exist are empty instead of 404",
	"html-errors":       "errors are HTML pages of a proxy instead of JSON",
	"huge-applications": "every application carries certificates and logos of about 200 KB, in lists too",
	"no-effect":         "updates and membership changes answer success and change nothing",
	"no-retry-after":    "429 comes without Retry-After",
	"numeric-cursor":    "the event cursor starts with a number instead of the published text",
	"no-total-count":    "v2 lists never send x-total-count, even when asked for it",
	"repeat-rows":       "lists paged with skip and without sort repeat and lose rows",
}

var faultNames = map[string]string{
	"429":          "429 with Retry-After 1, nothing done",
	"429-long":     "429 with Retry-After 120, nothing done",
	"500-before":   "500, nothing done",
	"502-after":    "502 as HTML, after the work was done",
	"cut":          "the work is done and the answer ends in the middle",
	"hang":         "the work is done and no answer comes until the caller gives up",
	"html":         "200 with an HTML page, nothing done",
	"redirect":     "302 to another host, nothing done",
	"reset-after":  "the connection is reset after the work was done",
	"reset-before": "the connection is reset before anything was done",
	"slow":         "the answer comes 3 seconds late",
	"wrong-shape":  "200 with JSON of another shape, nothing done",
}

// Traps lists the names that Options.Traps takes, sorted.
func Traps() []string { return slices.Sorted(maps.Keys(trapNames)) }

// Faults lists the names that Options.Faults takes, sorted.
func Faults() []string { return slices.Sorted(maps.Keys(faultNames)) }

// Describe says in one line what a trap or fault does, "" for other names.
func Describe(name string) string {
	if s, ok := trapNames[name]; ok {
		return s
	}
	return faultNames[name]
}
