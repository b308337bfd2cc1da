//go:build unix

package auth

import (
	"context"
	"os/exec"
	"syscall"
)

// shellCommand runs in a process group of its own, so that giving up ends what the
// shell started as well as the shell.
func shellCommand(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
