package sandbox

import (
	"encoding/json"
	"math/rand/v2"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Org is one organisation. All methods may be called from many goroutines.
type Org struct {
	opt      Options
	traps    map[string]bool
	routes   *routeNode
	requests atomic.Int64
	base     time.Time // what the dates are offsets from
	began    time.Time // clock at the start
	started  time.Time // real time of the start

	mu     sync.Mutex // guards everything below
	faults *rand.Rand
	serial uint64 // of new ids
	tokens map[string]time.Time

	orgID, adminID                                    string
	users, devices, userGroups, deviceGroups          *collection
	applications, appTemplates, policies, templates   *collection
	commands, results, files, queue, actions          *collection
	organizations, directories, ldap, radius, ipLists *collection
	software, access                                  *collection
	userStates, bulkResults, pushEndpoints            *collection
	policyGroups, gsuites, office365s                 *collection
	appleMDMs, appleDevices                           *collection
	emmEnterprises, emmDevices, alerts                *collection
	outcomes                                          policyResults
	bulkJobs                                          map[string][]string // job to its results
	graph                                             *graph
	log                                               *eventLog
	due                                               []task
	granted                                           []grantedAccess
	rest                                              rest
	reports                                           *collection // made when first read
	suggested                                         map[node][]suggestion
}

// New builds an organisation. The same options give the same one, ids
// included.
func New(opt Options) (*Org, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	o := &Org{opt: opt, traps: map[string]bool{}, tokens: map[string]time.Time{}}
	for _, t := range opt.Traps {
		o.traps[t] = true
	}
	o.started = time.Now()
	o.began = opt.Now
	o.base = opt.Now
	if opt.Now.IsZero() {
		o.began = o.started
		o.base = o.started.Truncate(time.Hour)
	}
	o.began, o.base = o.began.UTC(), o.base.UTC()
	o.faults = rand.New(rand.NewPCG(opt.Seed, 0xfa017))
	o.collections()
	o.seed()
	o.routes = routes()
	return o, nil
}

// now is the clock of the organisation: it started at Options.Now and runs
// with real time (or with the clock of a testing/synctest bubble).
func (o *Org) now() time.Time { return o.began.Add(time.Since(o.started)).UTC() }

// Requests is the number of requests served so far, failed ones included.
func (o *Org) Requests() int { return int(o.requests.Load()) }

func (o *Org) collections() {
	v1 := func(name string) *collection { return newCollection(name, "_id") }
	v2 := func(name string) *collection { return newCollection(name, "id") }
	o.users, o.devices = v1("users"), v1("devices")
	o.userGroups, o.deviceGroups = v2("user_groups"), v2("device_groups")
	o.applications, o.appTemplates = v1("applications"), v1("application_templates")
	o.policies, o.templates = v2("policies"), v2("policy_templates")
	o.commands, o.results, o.files = v1("commands"), v1("command_results"), v1("command_files")
	o.queue, o.actions = v2("command_queue"), v2("device_actions")
	o.organizations, o.radius = v1("organizations"), v1("radius_servers")
	o.directories, o.ldap, o.ipLists = v2("active_directories"), v2("ldap_servers"), v2("ip_lists")
	o.software, o.access = v2("software_apps"), newCollection("access_requests", "accessId")

	o.userStates, o.bulkResults, o.pushEndpoints = newCollection("user_states", "scheduledJobId"), v2("bulk_results"), v2("push_endpoints")
	o.policyGroups, o.gsuites, o.office365s = v2("policy_groups"), v2("g_suites"), v2("office_365s")
	o.appleMDMs, o.appleDevices = v2("apple_mdms"), v2("apple_mdm_devices")
	o.emmEnterprises, o.emmDevices = newCollection("emm_enterprises", "objectId"), newCollection("emm_devices", "deviceId")
	o.alerts = v2("alerts")
	o.bulkJobs = map[string][]string{}

	o.emmDevices.shape[viewList] = only("deviceId", "name")
	o.bulkResults.shape[viewList] = without("job")
	o.pushEndpoints.shape[viewList] = without("user")
	o.users.shape[viewSearch] = without("mfaEnrollment", "ssh_keys", "addresses", "phoneNumbers")
	o.commands.shape[viewList] = only("_id", "command", "commandType", "description", "launchType",
		"listensTo", "name", "organization", "schedule", "scheduleRepeatType", "trigger")
	o.commands.shape[viewSearch] = o.commands.shape[viewList]
	o.results.shape[viewList] = without("files", "organization", "workflowInstanceId")
	o.organizations.shape[viewList] = only("_id", "displayName", "logoUrl")
	o.organizations.shape[viewSearch] = o.organizations.shape[viewList]
	o.policies.shape[viewList] = only("id", "name", "template")
	o.templates.shape[viewList] = without("configFields")
	o.graph = newGraph()
}

func (o *Org) all() []*collection {
	return []*collection{o.users, o.devices, o.userGroups, o.deviceGroups, o.applications, o.appTemplates,
		o.policies, o.templates, o.commands, o.results, o.files, o.queue, o.actions, o.organizations,
		o.directories, o.ldap, o.radius, o.ipLists, o.software, o.access,
		o.userStates, o.bulkResults, o.pushEndpoints, o.policyGroups, o.gsuites, o.office365s,
		o.appleMDMs, o.appleDevices, o.emmEnterprises, o.emmDevices, o.alerts}
}

// Snapshot is a deep copy of all collections by name, for ground truth in
// tests: users, devices, user_groups, device_groups, applications,
// application_templates, policies, policy_templates, commands,
// command_results, command_files, command_queue, device_actions,
// organizations, active_directories, ldap_servers, radius_servers, ip_lists,
// software_apps, access_requests, user_states, bulk_results, push_endpoints,
// policy_groups, g_suites, office_365s, apple_mdms, apple_mdm_devices,
// emm_enterprises, emm_devices, alerts, events (oldest first), and the graph as
// memberships {group_type, group, member_type, member} and associations
// {from_type, from, to_type, to, attributes}. What is made on demand is not in
// it: the tables of System Insights (see Insights), the results of policies,
// which follow from devices and edges, and what the generic operations keep (see
// Rows).
func (o *Org) Snapshot() map[string][]map[string]any {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settle(o.now())
	out := map[string][]map[string]any{}
	for _, c := range o.all() {
		out[c.name] = copies(c)
	}
	out["memberships"], out["associations"] = o.graph.dump()
	for _, e := range o.log.all() {
		out["events"] = append(out["events"], deepCopy(e.m).(map[string]any))
	}
	return out
}

// Rows is a deep copy of one of the collections of Snapshot, for tests that
// need no more; nil for events, the graph and unknown names. What the generic
// operations answer goes by its path without /api/v2/, ids filled in:
// "duo/accounts", "duo/accounts/65fa…/applications", "roles"; what there is one
// of (a settings page that was set) is one row under its path. Administrators
// are "administrators", reports of Directory Insights "reports". "acts" are the
// actions that were asked for, oldest first: {id, operation, path, target, body,
// at}, operation as in "POST workdays/{workday_id}/auth".
func (o *Org) Rows(name string) []map[string]any {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settle(o.now())
	if name == "reports" {
		return copies(o.theReports())
	}
	for _, c := range o.all() {
		if c.name == name {
			return copies(c)
		}
	}
	return o.restRows(name)
}

func copies(c *collection) []map[string]any {
	rows := make([]map[string]any, 0, len(c.order))
	for _, d := range c.order {
		rows = append(rows, deepCopy(d.m).(map[string]any))
	}
	return rows
}

// task is something that happens by itself when its time comes.
type task struct {
	at time.Time
	do func(at time.Time)
}

// later plans a task; tasks run before the first request at or after their
// time, so no goroutine is needed.
func (o *Org) later(at time.Time, do func(at time.Time)) {
	i, _ := slices.BinarySearchFunc(o.due, at, func(t task, at time.Time) int {
		if t.at.After(at) {
			return 1
		}
		return -1
	})
	o.due = slices.Insert(o.due, i, task{at, do})
}

func (o *Org) settle(now time.Time) {
	for len(o.due) > 0 && !o.due[0].at.After(now) {
		t := o.due[0]
		o.due = o.due[1:]
		t.do(t.at)
	}
}

// call is one request in hand. Its handler runs under the lock.
type call struct {
	*Org
	r      *http.Request
	path   string
	params map[string]string
	body   []byte
	at     time.Time
	v2     bool
}

func (c *call) param(name string) string { return c.params[name] }

// object reads the body as a JSON object; an absent body is an empty one.
func (c *call) object() (map[string]any, *reply) {
	if len(strings.TrimSpace(string(c.body))) == 0 {
		return map[string]any{}, nil
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, c.bad("Content-Type must be application/json")
	}
	var v any
	if err := json.Unmarshal(c.body, &v); err != nil {
		return nil, c.bad("the body is not valid JSON")
	}
	m, isObject := v.(map[string]any)
	if !isObject {
		return nil, c.bad("the body must be a JSON object")
	}
	return m, nil
}

// answer runs one request to its end, faults apart.
func (o *Org) answer(r *http.Request, body []byte) *reply {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := &call{Org: o, r: r, path: r.URL.Path, body: body, at: o.now()}
	c.v2 = strings.HasPrefix(c.path, "/api/v2/") || strings.HasPrefix(c.path, "/insights/")
	o.settle(c.at)
	rep := c.dispatch()
	if rep.status >= 400 && o.traps["html-errors"] {
		return htmlPage(rep.status)
	}
	return rep
}

func (c *call) dispatch() *reply {
	if rep := c.checkHost(); rep != nil {
		return rep
	}
	if c.path == "/oauth2/token" {
		return c.token()
	}
	if rep := c.checkCredential(); rep != nil {
		return rep
	}
	if rep := c.checkOrg(); rep != nil {
		return rep
	}
	handler, params, found := c.routes.find(c.r.Method, c.r.URL.EscapedPath())
	if !found {
		return c.notFound()
	}
	if handler == nil {
		return c.fail(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	c.params = params
	return handler(c)
}
