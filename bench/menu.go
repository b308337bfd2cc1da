package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// greeting are the lines that a client of the protocol sends before it knows the
// tools. They are written here by hand, since a client decodes the schemas and
// loses the order of their keys, which a model reads and which costs tokens.
var greeting = []string{
	`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
	`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`,
}

// menu counts what a client puts into a model's context before anything is
// asked: name, description and schema of each tool as they come, and the instructions.
func (r *rig) menu(ctx context.Context, res *results) error {
	cmd := exec.CommandContext(ctx, r.b.path, "stdio")
	cmd.Env = environment("JC_CONSOLE_URL="+r.proxy.url, "JC_API_KEY="+sandboxKey)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = in.Close()
		_ = cmd.Wait()
	}()
	if _, err := fmt.Fprintln(in, strings.Join(greeting, "\n")); err != nil {
		return err
	}
	var told string
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return errors.New("the server did not list its tools")
		}
		var m struct {
			ID     int
			Result struct {
				Instructions string
				Tools        []struct {
					Name, Description string
					InputSchema       json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(line, &m); err != nil {
			return err
		}
		told += m.Result.Instructions
		if m.ID != 2 {
			continue
		}
		var parts []string
		for _, t := range m.Result.Tools {
			parts = append(parts, fmt.Sprintf(`{"name":%q,"description":%q,"input_schema":%s}`, t.Name, t.Description, t.InputSchema))
		}
		res.add(r.users, fmt.Sprintf("tools/list of core (%d tools) with instructions (tokens)", len(parts)),
			r.count("["+strings.Join(parts, ",")+"]")+r.count(told), 3600, nil)
		return nil
	}
}
