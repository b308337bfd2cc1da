package tools

import (
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	eventsQuery    = jc.At("POST /insights/directory/v1/events")
	eventsCount    = jc.At("POST /insights/directory/v1/events/count")
	eventsDistinct = jc.At("POST /insights/directory/v1/events/distinct")
	eventsInterval = jc.At("POST /insights/directory/v1/events/interval")
)

// eventFind is what all questions to Directory Insights take: when, about whom.
type eventFind struct {
	Last      string            `json:"last,omitempty" in:"-" jsonschema:"example=7d"`
	StartTime string            `json:"start_time,omitempty" in:"-" jsonschema:"format=date-time"`
	EndTime   string            `json:"end_time,omitempty" in:"-"` // of the form of start_time
	User      jc.Ref[jc.User]   `json:"user,omitzero" in:"-"`
	Device    jc.Ref[jc.Device] `json:"device,omitzero" in:"-"`
	Filter    string            `json:"filter,omitempty" in:"-"`
}

// eventService is one of the services that write events.
type eventService string

var eventServiceNames = []any{"all", "access_management", "alerts", "asset_management", "directory", "ldap", "mdm", "notifications", "object_storage", "password_manager", "radius", "reports", "saas_app_management", "software", "sso", "systems"}

// JSONSchema lists them.
func (eventService) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: eventServiceNames}
}

// The services are a long list: only one tool shows it.
type eventServices struct {
	Service []eventService `json:"service,omitempty" in:"-"`
}

type eventServicesToo struct {
	Service []eventService `json:"service,omitempty" in:"-" rare:"true"`
}

// eventText is what all but one of them take beside.
type eventText struct {
	Search     string `json:"search,omitempty" in:"-" api:"q" rare:"true" jsonschema:"description=Full text."`
	ExactMatch string `json:"exact_match,omitempty" in:"-" rare:"true"`
}

type eventList struct {
	eventServices
	eventFind
	eventText
	Fields   string `json:"fields,omitempty" in:"-"`
	CountBy  string `json:"count_by,omitempty" in:"-"`
	Interval string `json:"interval,omitempty" in:"-" jsonschema:"enum=hour,enum=day,enum=week"`
	Sort     string `json:"sort,omitempty" in:"-" rare:"true" jsonschema:"enum=-timestamp,enum=timestamp"`
	Limit    int    `json:"limit,omitempty" in:"-" jsonschema:"minimum=1,maximum=1000"`
	Cursor   string `json:"cursor,omitempty" in:"-"`
}

type eventCountOf struct {
	eventServicesToo
	eventFind
	eventText
}

type eventDistinct struct {
	Field string `json:"field" in:"-" jsonschema:"required,minLength=1,example=event_type"`
	eventServicesToo
	eventFind
}

type eventInterval struct {
	Interval      string `json:"interval,omitempty" in:"-" jsonschema:"enum=hour,enum=day,enum=week"`
	IntervalUnit  string `json:"interval_unit,omitempty" in:"-" rare:"true" jsonschema:"enum=s,enum=m,enum=h,enum=d,enum=w"`
	IntervalValue int    `json:"interval_value,omitempty" in:"-" rare:"true" jsonschema:"minimum=1,maximum=1000,description=So many units in one interval."`
	Timezone      string `json:"timezone,omitempty" in:"-" rare:"true" jsonschema:"description=Offset in which days begin.,example=+0100"`
	eventServicesToo
	eventFind
	eventText
}

// asks says that a job reads with these operations.
func asks(own ...jc.Endpoint) Uses {
	u := Uses{Risk: auth.Read, Effect: jc.Safe, Reads: []string{eventsQuery.String()}}
	for _, e := range own {
		u.Own = append(u.Own, e.String())
	}
	return u
}

var insights = Set{"insights", "Directory Insights: the record of what happened."}.Of(
	insightsQuery(),
	Job("insights_count", "Count audit events.", asks(eventsCount), planEventCount),
	Job("insights_distinct", "Count audit events by the values of one field, such as event_type or initiated_by.username.",
		asks(eventsDistinct, eventsCount), planEventDistinct),
	Job("insights_interval", "Count audit events by hour, day or week.", asks(eventsInterval), planEventInterval),
)

// insightsQuery is a list, although the API's answer has no total and pages by a place.
func insightsQuery() *Tool {
	t := Job("insights_query", "Search audit events: sign-ins, changes, access; newest first.", asks(eventsQuery, eventsCount, eventsDistinct, eventsInterval), planEvents, Core)
	t.lists = true
	t.columns = eventColumns
	t.outFields = eventFields
	return t
}

// eventColumns are shown unless asked otherwise. resource is what it was done
// to: the ends of an association, the application of a sign-in.
var eventColumns = []string{"timestamp", "event_type", "initiated_by", "resource", "success", "client_ip"}

// eventFields are the names that events are known to have at their top.
var eventFields = topFields(reflect.TypeFor[jc.Event]())

func topFields(t reflect.Type) (out []string) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}
