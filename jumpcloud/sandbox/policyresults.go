package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// policyResults are the results of all policies on all devices they reach.
// They are made when first read, or just before the first change of an edge,
// and follow the edges from then on: a pair that is new gets a result of its
// own time, a pair that is gone leaves.
type policyResults struct {
	rev      int
	made     bool
	all      *collection // older results included
	latest   map[[2]string]*doc
	older    map[[2]string]*doc
	byDevice map[string][]*doc // the latest ones
	byPolicy map[string][]*doc
	troubles map[string][2]string // of a device, while they are made
}

func (o *Org) policyResults() *policyResults {
	s := &o.outcomes
	if s.made && s.rev == o.graph.rev {
		return s
	}
	old := *s
	*s = policyResults{rev: o.graph.rev, made: true, all: newCollection("policy_results", "id"), latest: map[[2]string]*doc{},
		older: map[[2]string]*doc{}, byDevice: map[string][]*doc{}, byPolicy: map[string][]*doc{}, troubles: map[string][2]string{}}
	for _, p := range o.policies.order {
		for _, r := range o.graph.reachable(node{"policy", p.id}, "system") {
			device := o.devices.get(r.to.id)
			if device == nil {
				continue
			}
			pair := [2]string{p.id, device.id}
			d := s.keep(o, old, pair, p, device)
			s.latest[pair] = d
			s.byDevice[device.id] = append(s.byDevice[device.id], d)
			s.byPolicy[p.id] = append(s.byPolicy[p.id], d)
		}
	}
	s.troubles = nil
	return s
}

// keep adds the result of a pair as it was, or a new one; a few pairs have an
// older result too.
func (s *policyResults) keep(o *Org, old policyResults, pair [2]string, policy, device *doc) *doc {
	if old.made {
		if before := old.older[pair]; before != nil {
			s.older[pair] = s.all.add(before.m)
		}
		if before := old.latest[pair]; before != nil {
			return s.all.add(before.m)
		}
		state := "pending"
		if device.m["active"] == true {
			state = "success"
		}
		return s.all.add(newPolicyResult(o.newID("policyresult"), pair, state, o.now(), ""))
	}
	trouble, known := s.troubles[device.id]
	if !known {
		_, trouble[0], trouble[1] = o.troubled(device)
		s.troubles[device.id] = trouble
	}
	state, reason := o.seededOutcome(policy, device, trouble)
	roll := mix(o.reporterOf(device).seed, o.reporterOf(policy).seed)
	id := func(n uint64) string { return fmt.Sprintf("%016x%08x", mix(roll, n), uint32(roll)) }
	at := o.base.Add(-time.Duration(roll%(20*86400)) * time.Second)
	if roll%10 == 7 {
		s.older[pair] = s.all.add(newPolicyResult(id(1), pair, "success", at.Add(-days(30)), ""))
	}
	return s.all.add(newPolicyResult(id(0), pair, state, at, reason))
}

func newPolicyResult(id string, pair [2]string, state string, at time.Time, reason string) map[string]any {
	m := map[string]any{"id": id, "policyID": pair[0], "systemID": pair[1], "state": state, "success": state == "success",
		"exitStatus": 0, "startedAt": stamp(at), "endedAt": stamp(at.Add(2 * time.Second)), "detail": "", "stdOut": "", "stdErr": ""}
	switch state {
	case "pending":
		delete(m, "endedAt")
		m["detail"] = "waiting for the device"
	case "failed":
		m["exitStatus"], m["detail"], m["stdErr"] = 1, reason, reason+"\n"
	default:
		m["stdOut"] = "applied\n"
	}
	return m
}

var policyTroubles = []string{"registry key could not be written: access denied", "profile was refused by the device",
	"the setting is managed by another tool", "timeout while waiting for the service"}

// seededOutcome agrees with the policyStats of the device: as many policies
// fail or wait as it says, the first of those that it has in the order of
// their rolls; encryption fails first where the disk is not encrypted.
func (o *Org) seededOutcome(policy, device *doc, trouble [2]string) (state, reason string) {
	switch policy.id {
	case trouble[0]:
		if o.encrypts(policy) {
			return "failed", "the disk is not encrypted: the user has postponed it"
		}
		roll := mix(o.reporterOf(device).seed, 0xfa)
		return "failed", policyTroubles[roll%uint64(len(policyTroubles))]
	case trouble[1]:
		return "pending", ""
	}
	return "success", ""
}

func (o *Org) encrypts(policy *doc) bool {
	name := text(lookup(policy.m, "template.name"))
	return len(name) > 15 && name[:15] == "disk_encryption"
}

// troubled counts the policies of a device and picks the one that fails and
// the one that waits; "" for none. Devices that were not seen for a month wait.
func (o *Org) troubled(device *doc) (total int, failing, waiting string) {
	reached := o.graph.reachable(node{"system", device.id}, "policy")
	if len(reached) == 0 {
		return 0, "", ""
	}
	n := int(o.reporterOf(device).seed % uint64(len(reached)))
	if failed, _ := number(lookup(device.m, "policyStats.failed")); failed > 0 {
		failing = reached[n].to.id
		for _, r := range reached {
			if p := o.policies.get(r.to.id); p != nil && o.encrypts(p) && lookup(device.m, "fde.active") != true {
				failing = p.id
			}
		}
	}
	if w := reached[(n+1)%len(reached)].to.id; text(device.m["lastContact"]) < o.ago(days(30)) && w != failing {
		waiting = w
	}
	return len(reached), failing, waiting
}

// seedPolicyStats makes the counts on each device agree with the policies it
// has: how many fail was seeded with the device.
func (o *Org) seedPolicyStats() {
	for _, d := range append([]*doc(nil), o.devices.order...) {
		total, failing, waiting := o.troubled(d)
		stats := map[string]any{"total": total, "success": total, "failed": 0, "pending": 0, "duplicate": 0, "unsupportedOs": 0}
		if failing != "" {
			stats["failed"], stats["success"] = 1, stats["success"].(int)-1
		}
		if waiting != "" {
			stats["pending"], stats["success"] = 1, stats["success"].(int)-1
		}
		o.devices.replace(d, with(d.m, map[string]any{"policyStats": stats, "isPolicyBound": total > 0}))
	}
	o.graph.before = func() { o.policyResults() }
}

// resultsPage answers some of the results, filtered and paged as all of v2.
func (c *call) resultsPage(list []*doc) *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	part := newCollection("part", "id")
	part.order = list
	docs, _ := c.rows(part, p)
	return c.counted(okBytes(joined(c.bodies(part, docs, p.fields, viewList))), len(list))
}

func (c *call) allPolicyResults() *reply { return c.resultsPage(c.policyResults().all.order) }

func (c *call) getPolicyResult() *reply {
	all := c.policyResults().all
	d := all.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	return okBytes(all.json(d, viewGet))
}

// resultsOfPolicy gives every result of a policy, older ones included.
func (c *call) resultsOfPolicy() *reply {
	k, _ := kindOf("policy")
	n, rep := c.parent(k)
	if rep != nil {
		return rep
	}
	var list []*doc
	for _, d := range c.policyResults().all.order {
		if d.m["policyID"] == n.id {
			list = append(list, d)
		}
	}
	return c.resultsPage(list)
}

func (c *call) statusesOfPolicy() *reply {
	k, _ := kindOf("policy")
	n, rep := c.parent(k)
	if rep != nil {
		return rep
	}
	return c.resultsPage(c.policyResults().byPolicy[n.id])
}

func (c *call) statusesOfDevice() *reply {
	k, _ := kindOf("system")
	n, rep := c.parent(k)
	if rep != nil {
		return rep
	}
	return c.resultsPage(c.policyResults().byDevice[n.id])
}

// policyStats counts the latest results of a device and names the policies
// that fail or wait.
func (c *call) policyStats() *reply {
	d := c.devices.get(c.param("id"))
	if d == nil {
		return c.fail(http.StatusNotFound, "system not found")
	}
	count, lists := map[string]int{}, map[string][]any{"failed": {}, "pending": {}}
	for _, r := range c.policyResults().byDevice[d.id] {
		state := text(r.m["state"])
		count[state]++
		lists[state] = append(lists[state], r.m["policyID"])
	}
	return ok(map[string]any{"failedPolicies": lists["failed"], "pendingPolicies": lists["pending"],
		"policyCountData": map[string]any{"total": count["success"] + count["failed"] + count["pending"], "success": count["success"],
			"failed": count["failed"], "pending": count["pending"], "duplicate": 0, "unsupportedOs": 0}})
}

func policyRoutes(add func(string, handler)) {
	add("GET /api/v2/policyresults", (*call).allPolicyResults)
	add("GET /api/v2/policyresults/{id}", (*call).getPolicyResult)
	add("GET /api/v2/policies/{id}/policyresults", (*call).resultsOfPolicy)
	add("GET /api/v2/policies/{id}/policystatuses", (*call).statusesOfPolicy)
	add("GET /api/v2/systems/{id}/policystatuses", (*call).statusesOfDevice)
	add("GET /api/v2/systems/{id}/aggregated-policy-stats", (*call).policyStats)
}
