//go:build amd64 || arm64

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// roleKey is the environment variable that tells a process of this program what it is.
const roleKey = "CRASHLAB_ROLE"

const (
	roleServer   = "server"   // serves the disks and decides
	roleWorkload = "workload" // writes checkpoints
	roleRecovery = "recovery" // mounts images and recovers
)

// Enter comes first in main. It returns true in the process that is to call Run, in a
// mount namespace of its own. In every other it does that process's work, and returns
// false and the exit code.
func Enter() (server bool, exit int) {
	switch os.Getenv(roleKey) {
	case roleServer:
		// What is mounted here must not show outside, or it would stay there.
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			fmt.Fprintln(os.Stderr, "keep mounts to this process:", err)
			return false, 1
		}
		return true, 0
	case roleWorkload:
		return false, workloadProcess()
	case roleRecovery:
		return false, recoveryProcess()
	default:
		return false, startServer()
	}
}

// startServer starts this program again in a new mount namespace, and waits for it.
func startServer() int {
	runtime.LockOSThread() // the server is told when this thread dies
	cmd := self(roleServer)
	cmd.Args = append(cmd.Args, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "start in a mount namespace of its own:", err)
		return 1
	}
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	err := cmd.Wait()
	var exited *exec.ExitError
	if errors.As(err, &exited) && exited.Exited() {
		return exited.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// self is this program in another role.
func self(role string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleKey+"="+role)
	return cmd
}
