//go:build unix

package monitor

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a command a group of processes, which is killed as a whole.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
