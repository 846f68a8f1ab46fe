//go:build unix && !linux

package devstack

import (
	"os/exec"
	"syscall"
)

// ownGroup has no way here to tie the child's life to a parent that is killed with kill -9; every other end of the
// parent stops it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
