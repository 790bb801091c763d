package workload

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends a process when the one that started it does.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
