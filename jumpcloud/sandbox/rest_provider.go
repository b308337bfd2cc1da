package sandbox

// providerRoutes are the operations of a managed service provider that show
// what the organisation holds.
func providerRoutes(add func(string, handler)) {
	base := "/api/v2/providers/{provider_id}/"
	for _, verb := range []struct {
		path string
		do   handler
	}{{"", (*call).events}, {"/count", (*call).eventsCount}, {"/distinct", (*call).eventsDistinct}, {"/interval", (*call).eventsInterval}} {
		add("POST "+base+"directoryinsights/events"+verb.path, ofProvider(verb.do))
	}
	for path, kind := range map[string]string{"activedirectories": "active_directory", "applications": "application", "g_suites": "g_suite",
		"policygroups": "policy_group", "systemgroups": "system_group", "usergroups": "user_group"} {
		k, _ := kindOf(kind)
		// What of a group may be bound here is not published (U); the same as elsewhere.
		add("POST "+base+path+"/{id}/associations", ofProvider(changeAssociations(k)))
		if memberKind[kind] == "" {
			add("GET "+base+path, ofProvider(providerList(k)))
			add("GET "+base+path+"/{id}/associations", ofProvider(associationsOfAny(k)))
		}
	}
	add("GET "+base+"integrations", ofProvider((*call).integrations))
}

func ofProvider(then handler) handler {
	return func(c *call) *reply {
		if c.collectionAt("providers").get(c.param("provider_id")) == nil {
			return c.notFound()
		}
		return then(c)
	}
}

// providerList shows little of each object (U): the full one is read from the
// organisation.
func providerList(k graphKind) handler {
	return func(c *call) *reply {
		rows := newCollection("rows", "id")
		for _, d := range k.pick(c.Org).order {
			name := text(d.m["name"])
			if label := text(d.m["displayLabel"]); label != "" {
				name = label
			}
			if name == "" {
				name = text(d.m["domain"])
			}
			rows.add(map[string]any{"id": d.id, "name": name, "type": k.kind, "organizationId": c.orgID})
		}
		return c.enveloped(rows, "results")
	}
}

// enveloped answers {key: rows, totalCount} as v2 pages.
func (c *call) enveloped(rows *collection, key string) *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	docs, total := c.rows(rows, p)
	list := make([]any, len(docs))
	for i, d := range docs {
		list[i] = d.m
	}
	return ok(map[string]any{key: list, "totalCount": total})
}

// associationsOfAny lists what is bound, of all types when none are named.
func associationsOfAny(k graphKind) handler {
	return func(c *call) *reply {
		if c.r.URL.Query().Get("targets") != "" {
			return associations(k)(c)
		}
		n, rep := c.parent(k)
		if rep != nil {
			return rep
		}
		return c.listed(steps(c.graph.bound[n]), edgeOnly)
	}
}

// integrations lists the ticket and billing systems that are connected.
func (c *call) integrations() *reply {
	rows := newCollection("rows", "integrationId")
	for _, kind := range []string{"autotask", "connectwise", "syncro"} {
		for _, d := range c.collectionAt("integrations/" + kind).order {
			rows.add(map[string]any{"integrationId": d.id, "type": kind})
		}
	}
	return c.enveloped(rows, "records")
}
