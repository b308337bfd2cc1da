//go:build windows

package auth

import (
	"context"
	"os/exec"
	"syscall"
)

// shellCommand hands the line to cmd as it is written: the quoting that os/exec
// does for arguments is not the one cmd reads.
func shellCommand(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /S /C "` + line + `"`, HideWindow: true}
	return cmd
}
