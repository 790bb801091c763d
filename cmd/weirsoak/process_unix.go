//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// apart gives the process a group of its own, so that Ctrl-C at the terminal does not reach
// it.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
