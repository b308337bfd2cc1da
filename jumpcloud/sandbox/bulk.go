package sandbox

import (
	"encoding/json"
	"mime"
	"net/http"
	"time"
)

// How long a job of many users takes. Its results can be read at once, but
// say that they are pending.
const bulkTime = 2 * time.Second

// The states of a result. What the real API writes here is not published (U).
const (
	bulkPending  = "pending"
	bulkFinished = "finished"
	bulkFailed   = "failed"
)

// list reads the body as a JSON list of objects that is not empty.
func (c *call) list() ([]map[string]any, *reply) {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, c.bad("Content-Type must be application/json")
	}
	var list []map[string]any
	if err := json.Unmarshal(c.body, &list); err != nil {
		return nil, c.bad("the body must be a JSON list of objects")
	}
	if len(list) == 0 {
		return nil, c.bad("the list is empty")
	}
	for _, item := range list {
		if item == nil {
			return nil, c.bad("the body must be a JSON list of objects")
		}
	}
	return list, nil
}

// bulk starts a job that does one thing to many users. One that fails leaves
// the others alone: only its own result says so.
func bulk(done string, do func(c *call, item map[string]any) (*doc, *reply)) handler {
	return func(c *call) *reply {
		items, rep := c.list()
		if rep != nil {
			return rep
		}
		job := c.newID("job")
		ids := make([]string, len(items))
		for i, item := range items {
			shown := with(item, map[string]any{"password": nil})
			ids[i] = c.newID("bulk")
			c.bulkResults.add(map[string]any{"id": ids[i], "job": job, "status": bulkPending, "statusMsg": "", "createdAt": stamp(c.at),
				"updatedAt": stamp(c.at), "meta": map[string]any{}, "persistedFields": shown})
		}
		c.bulkJobs[job] = ids
		later := *c
		c.later(c.at.Add(bulkTime), func(at time.Time) {
			later.at = at
			for i, item := range items {
				d, failed := do(&later, item)
				later.bulkDone(ids[i], done, d, failed)
			}
		})
		return created(encode(map[string]any{"jobId": job}))
	}
}

func (c *call) bulkDone(id, done string, user *doc, failed *reply) {
	d := c.bulkResults.get(id)
	changes := map[string]any{"status": bulkFinished, "statusMsg": done, "updatedAt": stamp(c.at)}
	if user != nil {
		fields, _ := d.m["persistedFields"].(map[string]any)
		changes["persistedFields"] = with(fields, map[string]any{"id": user.id, "username": user.m["username"], "email": user.m["email"]})
	}
	if failed != nil {
		var said struct{ Message, Error string }
		_ = json.Unmarshal(failed.body, &said)
		changes["status"], changes["statusMsg"] = bulkFailed, said.Message+said.Error
	}
	c.bulkResults.replace(d, with(d.m, changes))
}

// bulkUser finds the user that an item of a list names.
func (c *call) bulkUser(item map[string]any) (*doc, *reply) {
	clean, problem := check(item, spec{"id": "!s"})
	if problem != "" {
		return nil, c.bad(problem)
	}
	d := c.users.get(text(clean["id"]))
	if d == nil {
		return nil, c.fail(http.StatusNotFound, "user not found")
	}
	return d, nil
}

func bulkCreate(c *call, item map[string]any) (*doc, *reply) { return c.addUser(item) }

func bulkUpdate(c *call, item map[string]any) (*doc, *reply) {
	d, rep := c.bulkUser(item)
	if rep != nil {
		return nil, rep
	}
	return c.changeUser(d, item)
}

func bulkExpire(c *call, item map[string]any) (*doc, *reply) {
	d, rep := c.bulkUser(item)
	if rep == nil {
		c.expireUser(d)
	}
	return d, rep
}

func bulkUnlock(c *call, item map[string]any) (*doc, *reply) {
	d, rep := c.bulkUser(item)
	if rep == nil {
		c.unlock(d)
	}
	return d, rep
}

// bulkResultsOf lists the results of a job in the order of what was sent.
func (c *call) bulkResultsOf() *reply {
	ids, known := c.bulkJobs[c.param("job")]
	if !known {
		return c.notFound()
	}
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	var rows [][]byte
	for _, id := range window(ids, p.skip, p.limit) {
		rows = append(rows, c.bulkResults.json(c.bulkResults.get(id), viewList))
	}
	return okBytes(joined(rows))
}

func userRoutes(add func(string, handler)) {
	add("POST /api/systemusers/{id}/state/suspend", (*call).suspendUser)
	add("GET /api/systemusers/{id}/sshkeys", (*call).listKeys)
	add("POST /api/systemusers/{id}/sshkeys", (*call).addKey)
	add("DELETE /api/systemusers/{id}/sshkeys/{key}", (*call).deleteKey)
	add("GET /api/systemusers/{id}/totpinfo", (*call).totpInfo)
	add("GET /api/v2/users/{id}/pushendpoints", (*call).listPush)
	add("GET /api/v2/users/{id}/pushendpoints/{endpoint}", (*call).getPush)
	add("PATCH /api/v2/users/{id}/pushendpoints/{endpoint}", (*call).patchPush)
	add("DELETE /api/v2/users/{id}/pushendpoints/{endpoint}", (*call).deletePush)
	add("GET /api/v2/bulk/userstates", (*call).listStates)
	add("POST /api/v2/bulk/userstates", (*call).createStates)
	add("GET /api/v2/bulk/userstates/eventlist/next", (*call).nextStates)
	add("DELETE /api/v2/bulk/userstates/{id}", (*call).deleteState)
	add("POST /api/v2/bulk/users", bulk("user created", bulkCreate))
	add("PATCH /api/v2/bulk/users", bulk("user updated", bulkUpdate))
	add("POST /api/v2/bulk/user/expires", bulk("password expired", bulkExpire))
	add("POST /api/v2/bulk/user/unlocks", bulk("user unlocked", bulkUnlock))
	add("GET /api/v2/bulk/users/{job}/results", (*call).bulkResultsOf)
}
