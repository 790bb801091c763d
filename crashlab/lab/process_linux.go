//go:build amd64 || arm64

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Environment variables that tell a process of this program what to do.
const (
	roleKey      = "CRASHLAB_ROLE"
	namespaceKey = "CRASHLAB_NAMESPACE" // the mount namespace that it has to enter first
)

// The roles of processes. A process without a role is the server.
const (
	roleNamespace = "namespace" // keeps the mount namespace
	roleWorkload  = "workload"  // writes checkpoints
	roleRecovery  = "recovery"  // mounts images and recovers
	roleUnmount   = "unmount"   // unmounts what one of the two has left mounted
)

// Enter must be called first in main. In a process with a role it does the work of the role
// and ends the process.
func Enter() {
	role := os.Getenv(roleKey)
	if role == "" {
		return
	}
	if ns := os.Getenv(namespaceKey); ns != "" {
		fmt.Fprintln(os.Stderr, "enter the mount namespace of the bench:", enter(ns))
		os.Exit(1)
	}
	play := map[string]func() int{
		roleNamespace: namespaceProcess, roleWorkload: workloadProcess,
		roleRecovery: recoveryProcess, roleUnmount: unmountProcess,
	}[role]
	os.Exit(play())
}

// enter starts this program anew, in the same process and in a mount namespace. That is
// necessary because a thread has a namespace, and the process has several threads. It
// returns only if it fails.
func enter(namespace string) error {
	runtime.LockOSThread()
	fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Setns(fd, unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Chdir(dir); err != nil {
		return err
	}
	if err := os.Unsetenv(namespaceKey); err != nil {
		return err
	}
	return syscall.Exec("/proc/self/exe", os.Args, os.Environ())
}

// self returns a command that runs this program in a role. It ends when this process ends.
func self(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), roleKey+"="+role)
	cmd.Stderr = os.Stderr
	// Ctrl-C at the terminal must not reach it. This process ends it, also if it is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}
