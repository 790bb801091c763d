//go:build amd64 || arm64

package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirstream/weir/crashlab/fusedisk"
	"github.com/weirstream/weir/crashlab/loopmount"
)

// A namespace is the mount namespace in which everything is mounted.
type namespace struct {
	keeper *exec.Cmd
	in     io.Closer
	said   bytes.Buffer
}

// newNamespace makes a namespace. In it, the disks that are served on device are mounted on
// dir.
func newNamespace(device int, dir string) (*namespace, error) {
	ns := &namespace{keeper: self(roleNamespace, dir)}
	ns.keeper.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS
	inherited, err := unix.FcntlInt(uintptr(device), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(inherited), "/dev/fuse")
	defer file.Close()
	ns.keeper.ExtraFiles = []*os.File{file}
	ns.keeper.Stderr = &ns.said
	if ns.in, err = ns.keeper.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := ns.keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := ns.keeper.Start(); err != nil {
		return nil, fmt.Errorf("make a mount namespace: %w", err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		return nil, ns.end()
	}
	return ns, nil
}

// namespaceProcess is the process that keeps a namespace until the server ends it or dies.
func namespaceProcess() int {
	const device = 3 // the first of ExtraFiles
	dir := os.Args[1]
	// Mounts in this namespace must not appear outside of it, or they would stay there.
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err == nil {
		err = fusedisk.Mount(device, dir)
	}
	if err == nil {
		err = unix.Close(device)
	}
	if err == nil {
		_, err = os.Stdout.Write([]byte{0})
	}
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin) // until the bench ends, or closes it
		err = errors.Join(err, loopmount.Unmount(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// enter makes a command run in the namespace.
func (ns *namespace) enter(cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=/proc/%d/ns/mnt", namespaceKey, ns.keeper.Process.Pid))
}

// release unmounts what a killed process has left mounted on dir.
func (ns *namespace) release(dir string) error {
	mounted, err := loopmount.Mounted(ns.keeper.Process.Pid, dir)
	if err != nil || !mounted {
		return err
	}
	cmd := self(roleUnmount, dir)
	ns.enter(cmd)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return err
	}
	defer time.AfterFunc(patience, func() { cmd.Process.Kill() }).Stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, said.Bytes())
	}
	return nil
}

// unmountProcess is the process that unmounts for release.
func unmountProcess() int {
	if err := loopmount.Unmount(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// end unmounts the disks and ends the namespace.
func (ns *namespace) end() error {
	ns.in.Close()
	if err := ns.keeper.Wait(); err != nil {
		return errors.New("the process that keeps the mounts: " + ns.said.String())
	}
	return nil
}
