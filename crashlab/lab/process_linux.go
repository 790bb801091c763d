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

// Environment variables that tell a process of this program what it is.
const (
	roleKey      = "CRASHLAB_ROLE"
	namespaceKey = "CRASHLAB_NAMESPACE" // the mount namespace that it has to enter first
)

// The roles. Without one it is the server.
const (
	roleNamespace = "namespace" // keeps the mount namespace
	roleWorkload  = "workload"  // writes checkpoints
	roleRecovery  = "recovery"  // mounts images and recovers
	roleUnmount   = "unmount"   // unmounts what one of the two has left when it was ended
)

// Enter comes first in main. In a process that has a role it plays it, and never returns.
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

// enter starts this process anew in a mount namespace. It returns only if it cannot: a
// namespace is a thread's, and this process has several until then.
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

// self is this program in another role, which ends when this process does.
func self(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), roleKey+"="+role)
	cmd.Stderr = os.Stderr
	// Not to be interrupted from the terminal: whoever started it ends it, also by dying.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}
