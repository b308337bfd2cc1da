package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func commandSpec() spec {
	return spec{
		"name": "!s", "command": "!s", "commandType": "!e:linux|mac|windows", "description": "s", "aiGenerated": "b",
		"commandRunners": "as", "files": "as", "filesS3": "a", "launchType": "e:manual|trigger|scheduled|repeated|one-time",
		"listensTo": "s", "schedule": "s", "scheduleRepeatType": "s", "scheduleYear": "i", "shell": "s", "sudo": "b",
		"template": "s", "templatingRequired": "b", "timeToLiveSeconds": "i", "timeout": "s", "trigger": "s", "user": "s",
	}
}

func commandResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": "command", "name": d.m["name"]}
}

func (c *call) commandBody() (map[string]any, *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, bad
	}
	clean, problem := check(body, commandSpec())
	if problem != "" {
		return nil, c.bad(problem)
	}
	if clean["commandType"] == "windows" && clean["shell"] == nil {
		return nil, c.bad("shell is required for windows commands")
	}
	return newCommand(c.orgID, clean), nil
}

func newCommand(orgID string, fields map[string]any) map[string]any {
	return with(map[string]any{"organization": orgID, "launchType": "manual", "listensTo": "", "schedule": "",
		"scheduleRepeatType": "", "sudo": false, "timeout": "120", "trigger": "", "files": []any{},
		"commandRunners": []any{}, "description": ""}, fields)
}

func (c *call) createCommand() *reply {
	m, rep := c.commandBody()
	if rep != nil {
		return rep
	}
	m["_id"] = c.newID("command")
	d := c.commands.add(m)
	c.logChange("command_create", "directory", commandResource(d), nil)
	return okBytes(c.commands.json(d, viewGet))
}

// replaceCommand puts a whole new command in place.
func (c *call) replaceCommand() *reply {
	d := c.commands.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	m, rep := c.commandBody()
	if rep != nil {
		return rep
	}
	m["_id"] = d.id
	n := c.update(c.commands, d, m, "command_update", "directory", commandResource)
	return okBytes(c.commands.json(n, viewGet))
}

func (c *call) deleteCommand() *reply {
	d := c.commands.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.commands.remove(d)
	c.graph.forget(node{"command", d.id})
	c.logChange("command_delete", "directory", commandResource(d), nil)
	return removed(c.commands.json(d, viewGet))
}

// commandFiles lists the files that travel with a command.
func (c *call) commandFiles() *reply {
	d := c.commands.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	p, err := pageV1(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	ids, _ := d.m["files"].([]any)
	p.match = both(p.match, oneOf("_id", ids, true))
	docs, total := c.rows(c.files, p)
	return envelope(c.bodies(c.files, docs, p.fields, viewList), total)
}

// resultsOf lists the results of one command: a bare array, the newest first.
func (c *call) resultsOf() *reply {
	d := c.commands.get(c.param("id"))
	if d == nil {
		if c.traps["empty-children"] {
			return ok([]any{})
		}
		return c.notFound()
	}
	p, err := pageV1(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	p.sort = "-responseTime"
	p.match = func(m map[string]any) bool { return m["workflowId"] == d.id }
	docs, _ := c.rows(c.results, p)
	return okBytes(joined(c.bodies(c.results, docs, nil, viewGet)))
}

func (c *call) deleteResult() *reply {
	d := c.results.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.results.remove(d)
	c.logChange("command_result_delete", "directory", map[string]any{"id": d.id, "type": "command_result",
		"name": d.m["name"]}, nil)
	return removed(c.results.json(d, viewGet))
}

// runCommand queues a command on the given devices, or on those it is bound
// to when none are given.
func (c *call) runCommand() *reply {
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"_id": "!s", "systemIds": "as"})
	if problem != "" {
		return c.bad(problem)
	}
	d := c.commands.get(clean["_id"].(string))
	if d == nil {
		return c.fail(http.StatusNotFound, "command not found")
	}
	ids, given := textList(clean["systemIds"])
	if !given || len(ids) == 0 {
		for _, r := range c.graph.reachable(node{"command", d.id}, "system") {
			ids = append(ids, r.to.id)
		}
	}
	for _, id := range ids {
		if c.devices.get(id) == nil {
			return c.fail(http.StatusNotFound, "system not found")
		}
	}
	if len(ids) == 0 {
		return c.bad("the command has no systems to run on")
	}
	run, queued := c.enqueue(d, ids)
	return ok(map[string]any{"queueIds": queued, "workflowInstanceId": run})
}

const runTime = 2 * time.Second

// enqueue puts one entry a device into the queue; devices that are online
// answer after two seconds, others keep theirs.
func (c *call) enqueue(command *doc, ids []string) (run string, queued []any) {
	run = c.newID("run")
	for _, id := range ids {
		entry := c.queue.add(map[string]any{"id": c.newID("queue"), "command": command.id, "system": id,
			"workflowInstanceId": run, "requestTime": stamp(c.at)})
		queued = append(queued, entry.id)
		if c.devices.get(id).m["active"] == true {
			as := command.m // as it is now, whatever happens to it meanwhile
			c.later(c.at.Add(runTime), func(at time.Time) { c.finish(entry.id, as, at) })
		}
	}
	c.logChange("command_run", "directory", commandResource(command), nil)
	return run, queued
}

// finish turns a queue entry into a result, unless it was cancelled or the
// device is gone.
func (o *Org) finish(entryID string, command map[string]any, at time.Time) {
	entry := o.queue.get(entryID)
	if entry == nil {
		return
	}
	o.queue.remove(entry)
	device := o.devices.get(entry.m["system"].(string))
	if device == nil {
		return
	}
	code, output := pretendRun(command, device.m)
	o.results.add(newResult(o.newID("result"), o.orgID, command, device, code, output,
		entry.m["requestTime"].(string), stamp(at), entry.m["workflowInstanceId"].(string)))
}

func newResult(id, orgID string, command map[string]any, device *doc, code int, output, asked, answered, run string) map[string]any {
	return map[string]any{
		"_id": id, "command": command["command"], "name": command["name"], "exitCode": code, "organization": orgID,
		"requestTime": asked, "responseTime": answered, "sudo": command["sudo"], "user": text(command["user"]),
		"system": device.m["displayName"], "systemId": device.id, "files": []any{},
		"workflowId": command["_id"], "workflowInstanceId": run,
		"response": map[string]any{"id": id, "error": "", "data": map[string]any{"exitCode": code, "output": output}},
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

var (
	exitWord = regexp.MustCompile(`(?m)\bexit\s+(\d{1,3})\b`)
	echoWord = regexp.MustCompile(`(?m)^\s*(?:echo|Write-Output)\s+["']?([^"'\n]*)`)
)

// pretendRun is what a device says to a script: it knows echo, hostname and
// exit, and a script of another system fails as it would.
func pretendRun(command, device map[string]any) (code int, output string) {
	script := text(command["command"])
	family := map[string]string{"linux": "linux", "mac": "darwin", "windows": "windows"}[text(command["commandType"])]
	if family != device["osFamily"] {
		return 127, fmt.Sprintf("this command is for %s, not for %s\n", command["commandType"], device["osFamily"])
	}
	var b strings.Builder
	if strings.Contains(script, "hostname") {
		fmt.Fprintf(&b, "%s\n", device["hostname"])
	}
	for _, m := range echoWord.FindAllStringSubmatch(script, -1) {
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(m[1]))
	}
	if m := exitWord.FindStringSubmatch(script); m != nil {
		code, _ = strconv.Atoi(m[1])
	}
	if b.Len() == 0 {
		b.WriteString("ok\n")
	}
	return code, b.String()
}

// trigger starts the commands that listen to a name.
func (c *call) trigger() *reply {
	var names []any
	for _, d := range c.commands.order {
		if d.m["launchType"] != "trigger" || d.m["trigger"] != c.param("name") {
			continue
		}
		var ids []string
		for _, r := range c.graph.reachable(node{"command", d.id}, "system") {
			ids = append(ids, r.to.id)
		}
		c.enqueue(d, ids)
		names = append(names, d.m["name"])
	}
	if len(names) == 0 {
		return c.notFound()
	}
	return ok(map[string]any{"triggered": names})
}

// cancelRun takes what a run still has in the queue out of it.
func (c *call) cancelRun() *reply {
	found := false
	for _, d := range append([]*doc(nil), c.queue.order...) {
		if d.m["workflowInstanceId"] == c.param("id") {
			c.queue.remove(d)
			found = true
		}
	}
	if !found {
		return c.notFound()
	}
	c.logChange("command_cancel", "directory", map[string]any{"id": c.param("id"), "type": "command_queue"}, nil)
	return empty(http.StatusNoContent)
}

// queuedRuns lists the runs that still wait for devices, with how many.
func (c *call) queuedRuns() *reply {
	q := c.r.URL.Query()
	p, err := pageV2(q)
	if err != nil {
		return c.bad(err.Error())
	}
	runs := newCollection("runs", "id")
	pending := map[string]int{}
	for _, d := range c.queue.order {
		pending[text(d.m["workflowInstanceId"])]++
	}
	for _, d := range c.queue.order {
		run := text(d.m["workflowInstanceId"])
		command := c.commands.get(text(d.m["command"]))
		word := strings.ToLower(q.Get("search"))
		if runs.get(run) != nil || word != "" && (command == nil || !strings.Contains(strings.ToLower(text(command.m["name"])), word)) {
			continue
		}
		runs.add(map[string]any{"id": run, "command": d.m["command"], "system": d.m["system"], "pendingCount": pending[run]})
	}
	docs, total := c.rows(runs, p)
	return envelope(c.bodies(runs, docs, nil, viewList), total)
}
