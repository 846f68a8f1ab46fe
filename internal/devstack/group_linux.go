package devstack

import (
	"os/exec"
	"syscall"
)

// ownGroup also makes the kernel kill the child when its parent is killed, so that kill -9 leaves nothing behind.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
