package jumpcloud

import (
	"encoding/json"
	"strings"
)

// Command is a saved script for devices. Lists leave out what only Get tells:
// shell, user, timeout, files.
type Command struct {
	ID                 string `json:"_id,omitempty"`
	Name               string `json:"name,omitempty"`
	Description        string `json:"description,omitempty"`
	CommandType        string `json:"commandType,omitempty"` // linux, mac, windows
	LaunchType         string `json:"launchType,omitempty"`  // manual, trigger, scheduled, repeated, one-time
	Trigger            string `json:"trigger,omitempty"`
	Schedule           any    `json:"schedule,omitempty"` // crontab with seconds, or "immediate"
	ScheduleRepeatType any    `json:"scheduleRepeatType,omitempty"`
	ScheduleYear       any    `json:"scheduleYear,omitempty"`
	Command            string `json:"command,omitempty"`
	Shell              any    `json:"shell,omitempty"`
	Sudo               *bool  `json:"sudo,omitempty"`
	User               any    `json:"user,omitempty"` // id of a user, or RootUser
	Timeout            any    `json:"timeout,omitempty"`
	TimeToLiveSeconds  any    `json:"timeToLiveSeconds,omitempty"`
	Files              []any  `json:"files,omitempty"`
	FilesS3            []any  `json:"filesS3,omitempty"`
	CommandRunners     []any  `json:"commandRunners,omitempty"`
	ListensTo          any    `json:"listensTo,omitempty"`
	Template           any    `json:"template,omitempty"`
	TemplatingRequired *bool  `json:"templatingRequired,omitempty"`
	AIGenerated        *bool  `json:"aiGenerated,omitempty"`
	Organization       string `json:"organization,omitempty"`
}

// RootUser is the id that stands for root where a command says who it runs as
// (seen in public clients; the published description does not name it).
const RootUser = "000000000000000000000000"

// Kind is the kind of commands.
func (Command) Kind() *Kind { return commandKind }

var commandKind = &Kind{
	Type: "command", Noun: "command", ID: "_id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/commands/{id}"),
	Find:  At("POST /api/search/commands"),
	State: func(r Row) string {
		if s := r.Text("launchType"); s != "" {
			return "launched: " + s
		}
		return ""
	},
}

// CommandFile is a file that travels with a command.
type CommandFile struct {
	ID          string `json:"_id,omitempty"`
	Name        string `json:"name,omitempty"`
	Destination string `json:"destination,omitempty"`
}

// CommandResult is what came of a command on one device. Its texts come from
// the device and are not to be trusted. The list cuts them to 40 characters; the
// search has no systemId and no exitCode beside the response.
type CommandResult struct {
	ID                 string         `json:"_id,omitempty"`
	Name               string         `json:"name,omitempty"` // of the command
	System             string         `json:"system,omitempty"`
	SystemID           string         `json:"systemId,omitempty"`
	ExitCode           any            `json:"exitCode,omitempty"`
	RequestTime        any            `json:"requestTime,omitempty"`
	ResponseTime       any            `json:"responseTime,omitempty"`
	Response           map[string]any `json:"response,omitempty"` // data{exitCode, output}, error
	Sudo               *bool          `json:"sudo,omitempty"`
	User               any            `json:"user,omitempty"`
	Command            string         `json:"command,omitempty"`    // the script
	WorkflowID         string         `json:"workflowId,omitempty"` // id of the command
	WorkflowInstanceID string         `json:"workflowInstanceId,omitempty"`
	Files              []any          `json:"files,omitempty"`
	Organization       string         `json:"organization,omitempty"`
}

// Kind is the kind of command results; they have no names of their own.
func (CommandResult) Kind() *Kind { return commandResultKind }

var commandResultKind = &Kind{
	Type: "command_result", Noun: "command result", ID: "_id", Label: "name",
	Get: At("GET /api/commandresults/{id}"),
	Facts: []Fact{
		{Name: "device", Needs: []string{"system"}, Of: func(r Row) (any, bool) { return r.At("system") }},
		{Name: "exit_code", Needs: []string{"exitCode", "response"}, Of: resultExit},
		{Name: "failed", Needs: []string{"exitCode", "response"}, Bool: true, Of: func(r Row) (any, bool) {
			code, known := resultExit(r)
			return known && code != json.Number("0"), known
		}},
		{Name: "output", Needs: []string{"response"}, Of: resultOutput},
	},
	State: func(r Row) string {
		when := r.Text("responseTime")
		if r.Text("system") == "" || len(when) < 16 {
			return ""
		}
		return "on " + r.Text("system") + ", " + when[:10] + " " + when[11:16] + "Z"
	},
}

// resultExit is the exit code; 124 means that the command ran out of time.
func resultExit(r Row) (any, bool) {
	for _, at := range []string{"response.data.exitCode", "exitCode"} {
		if v, ok := r.At(at); ok && v != nil {
			return v, true
		}
	}
	return nil, false
}

// shownOutput is how much of an output a list shows, in runes.
const shownOutput = 120

// resultOutput is the beginning of what the command wrote, else of what it complained about.
func resultOutput(r Row) (any, bool) {
	if _, sent := r.At("response"); !sent {
		return nil, false
	}
	s := strings.TrimSpace(r.Text("response.data.output"))
	if s == "" {
		s = strings.TrimSpace(r.Text("response.error"))
	}
	if runes := []rune(s); len(runes) > shownOutput {
		s = string(runes[:shownOutput]) + "…"
	}
	return s, true
}
