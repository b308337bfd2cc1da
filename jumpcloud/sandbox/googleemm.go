package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// listEnterprises lists the Google enterprises: {count, enterprises}.
func (c *call) listEnterprises() *reply {
	return c.emmList(c.emmEnterprises, "enterprises")
}

func (c *call) listEMMDevices() *reply {
	if c.emmEnterprises.get(c.param("id")) == nil {
		if c.traps["empty-children"] {
			return ok(map[string]any{"count": 0, "devices": none})
		}
		return c.notFound()
	}
	return c.emmList(c.emmDevices, "devices")
}

// emmList pages by a hundred unless told otherwise.
func (c *call) emmList(coll *collection, key string) *reply {
	q := c.r.URL.Query()
	if q.Get("limit") == "" {
		q.Set("limit", strconv.Itoa(pageMost))
	}
	p, err := pageV2(q)
	if err != nil {
		return c.bad(err.Error())
	}
	docs, total := c.rows(coll, p)
	b := append([]byte(`{"count":`+strconv.Itoa(total)+`,"`+key+`":`), joined(c.bodies(coll, docs, nil, viewList))...)
	return okBytes(append(b, '}'))
}

func (c *call) emmConnection() *reply {
	d := c.emmEnterprises.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	return ok(map[string]any{"enterpriseId": d.id, "isConnected": true, "organizationObjectId": c.orgID})
}

func (c *call) emmPolicy() *reply {
	if c.emmDevices.get(c.param("id")) == nil {
		return c.notFound()
	}
	return ok(map[string]any{"policy": `{"passwordPolicies":[{"passwordMinimumLength":6}],"cameraDisabled":false}`})
}

// emmOrder queues an order for an Android device. Only fully managed ones can
// be restarted.
func emmOrder(verb string, rules spec) handler {
	return func(c *call) *reply {
		d := c.emmDevices.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		if len(strings.TrimSpace(string(c.body))) == 0 {
			return c.bad("a body is required")
		}
		body, bad := c.object()
		if bad != nil {
			return bad
		}
		clean, problem := check(body, rules)
		if problem != "" {
			return c.bad(problem)
		}
		if verb == "resetpassword" && len(text(clean["newPassword"])) < 6 {
			return c.bad("newPassword must have at least 6 characters")
		}
		mode := lookup(d.m, "deviceInformation.emmEnrollmentInfo.managementMode")
		if verb == "reboot" && mode != "DEVICE_OWNER" {
			return c.bad("only fully managed devices can be restarted")
		}
		for _, system := range c.devices.order {
			if lookup(system.m, "mdm.internal.deviceId") == d.id {
				c.order(system, plainVerb(verb), "mdm")
				break
			}
		}
		return &reply{status: http.StatusOK, body: []byte(`{}`)}
	}
}

func googleRoutes(add func(string, handler)) {
	add("GET /api/v2/google-emm/enterprises", (*call).listEnterprises)
	add("GET /api/v2/google-emm/enterprises/{id}/devices", (*call).listEMMDevices)
	add("GET /api/v2/google-emm/enterprises/{id}/connection-status", (*call).emmConnection)
	add("GET /api/v2/google-emm/devices/{id}", getV2(func(o *Org) *collection { return o.emmDevices }))
	add("GET /api/v2/google-emm/devices/{id}/policy_results", (*call).emmPolicy)
	for verb, rules := range map[string]spec{"lock": {}, "reboot": {}, "erase-device": {},
		"resetpassword": {"newPassword": "!s", "flags": "as"}} {
		add("POST /api/v2/google-emm/devices/{id}/"+verb, emmOrder(verb, rules))
	}
}

// plainVerb is what the order is called everywhere else.
func plainVerb(verb string) string {
	switch verb {
	case "reboot":
		return "restart"
	case "erase-device":
		return "erase"
	}
	return verb
}
