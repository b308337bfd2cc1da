// Command jc-mcp gives AI agents a JumpCloud directory as MCP tools, over stdio
// and streamable HTTP, and lets people call the same tools from the command line.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones for images that have none
)

// What the process ends with: scripts depend on it.
const (
	exitDone   = 0
	exitFailed = 1 // the call, or what was asked for, failed
	exitUsage  = 2 // it was asked for in a wrong way
)

func main() {
	// A reader that went away is an error of a write, not the end of the process:
	// a change that is in flight has to finish and leave its audit line.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(untilAsked(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// untilAsked gives a context that ends when the process is asked to end. By then the
// signals have their own effect again: a second one ends the process at once.
func untilAsked() context.Context {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-asked
		signal.Stop(asked)
		cancel()
	}()
	return ctx
}

// run is the whole program: args are those after its name, environ is NAME=value.
// It ends early when ctx does, and gives the exit code.
func run(ctx context.Context, args, environ []string, in io.Reader, out, errs io.Writer) int {
	s := newShell(environ, in, out, errs)
	return s.run(ctx, args)
}
