package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/weirstream/weir/durable"
)

// noSmallDisk returns the reason why no small disk can be made here, or "".
func noSmallDisk() string {
	if os.Geteuid() != 0 {
		return "only root can mount one"
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return "there are no loop devices"
	}
	for _, tool := range []string{"mkfs.ext4", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "there is no " + tool
		}
	}
	return ""
}

// makeDisk makes a small ext4 in a file and mounts it, both in dir.
func makeDisk(dir string) (*disk, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	image, at := filepath.Join(dir, "disk.img"), filepath.Join(dir, "disk")
	if err := durable.MkdirAll(durable.OS(), at); err != nil {
		return nil, err
	}
	if err := tool("mkfs.ext4", "-q", "-F", "-m", "0", image, diskSize); err != nil {
		return nil, err
	}
	if err := tool("mount", "-o", "loop", image, at); err != nil {
		return nil, err
	}
	return &disk{dir: at, unmount: func() error {
		if err := tool("umount", at); err != nil {
			return err
		}
		return durable.RemoveTree(durable.OS(), dir)
	}}, nil
}

// tool runs a command on disks. It waits for 30 s at most, as another disk of the machine may
// keep the command waiting.
func tool(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %q: %w", name, args, errors.Join(err, errors.New(string(text))))
	}
	return nil
}
