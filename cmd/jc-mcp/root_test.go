package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestHelpOfWhatIsNotKnown(t *testing.T) {
	jcmcp(t, nil, "help", "frobnicate").want(t, exitUsage, `unknown command "frobnicate"; known: approvals`)
	jcmcp(t, nil, "help", "stdoi").want(t, exitUsage, `did you mean "stdio"?`)
	jcmcp(t, nil, "help", "grants", "frobnicate").want(t, exitUsage, `unknown command "frobnicate"; known: check`)
	jcmcp(t, nil, "help").want(t, exitDone, "Available Commands:")
	for _, words := range [][]string{{"stdio"}, {"grants", "check"}, {"audit", "show"}} {
		asked, direct := jcmcp(t, nil, append([]string{"help"}, words...)...), jcmcp(t, nil, append(words, "--help")...)
		if asked.want(t, exitDone, "Usage:"); asked.out != direct.out {
			t.Errorf("help %v is not %v --help", words, words)
		}
	}
}

// Lines of help fit a terminal, as far as they are prose.
func TestHelpFitsATerminal(t *testing.T) {
	var s shell
	for _, cmd := range s.root(nil).Commands() {
		for _, c := range append(cmd.Commands(), cmd) {
			for line := range strings.Lines(c.Long) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); n > 100 && strings.Contains(c.Long, "\n") {
					t.Errorf("%s: %d characters: %s", c.CommandPath(), n, line)
				}
			}
		}
	}
}

func TestVersionAsAFlag(t *testing.T) {
	for _, flag := range []string{"--version", "-v"} {
		jcmcp(t, nil, flag).want(t, exitUsage, "jc-mcp version says which version this is")
	}
}

// An unknown tool is not answered with the names of 800 others.
func TestUnknownToolIsShort(t *testing.T) {
	for _, args := range [][]string{{"call", "--sandbox", "users_lst"}, {"stdio", "--sandbox", "--tools", "users_lst"}} {
		r := jcmcp(t, nil, args...)
		if r.want(t, exitUsage, `unknown tool "users_lst"; did you mean "users_list"?`, "jc-mcp tools --surface full lists all"); len(r.err) > 400 {
			t.Errorf("%v: %d characters", args, len(r.err))
		}
	}
}

func TestSearchExactly(t *testing.T) {
	r := jcmcp(t, nil, "search", "=users_update")
	var schema struct {
		Properties map[string]any
		Required   []string
	}
	if err := json.Unmarshal([]byte(r.out), &schema); err != nil || schema.Properties["managedAppleId"] == nil || len(schema.Required) != 1 {
		t.Errorf("%v: %s", err, r.out)
	}
	jcmcp(t, nil, "search", "=", "users_update").want(t, exitDone, "managedAppleId")
	jcmcp(t, nil, "search", "=users_updat").want(t, exitUsage, `did you mean "users_update"?`)
}

func TestPortThatCannotBe(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:port"} {
		jcmcp(t, nil, "http", "--sandbox", "--addr", addr).want(t, exitUsage, "an address is host:port")
	}
	jcmcp(t, nil, "search", "--limit", "few", "x").want(t, exitUsage, `--limit "few": it takes a whole number: how many at most`)
}
