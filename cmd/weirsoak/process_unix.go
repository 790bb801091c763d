//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// apart gives the process a group of its own: the terminal's interrupt is not for it.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
