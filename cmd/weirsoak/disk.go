package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"syscall"

	"github.com/weirstream/weir/durable"
)

// A disk is a small file system on which a job runs out of room. A nil disk stands for the
// disk of the machine, which is never full.
type disk struct {
	dir     string       // where it is mounted
	unmount func() error // unmounts it and removes its files
	filled  bool
}

// diskSize has room for the whole output and some checkpoints, and is soon filled.
const diskSize = "16M"

// ballast returns the name of the file that takes all the room there is.
func (d *disk) ballast() string { return path.Join(filepath.ToSlash(d.dir), "ballast") }

func (d *disk) full() bool { return d != nil && d.filled }

// fill leaves no room on the disk.
func (d *disk) fill() error {
	if d == nil || d.filled {
		return nil
	}
	f, err := durable.OS().Create(d.ballast())
	if errors.Is(err, syscall.ENOSPC) {
		return nil // the job has filled it already
	}
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	d.filled = true
	defer func() { _ = f.Close() }() // its bytes only take room
	for chunk := make([]byte, 256<<10); ; {
		// After a failed write a file takes no more, so nothing smaller is tried. The room
		// that is left is less than a chunk: a process can start with it, but not work for long.
		if _, err := f.Write(chunk); err != nil {
			if errors.Is(err, syscall.ENOSPC) {
				return nil
			}
			return fmt.Errorf("fill the disk: %w", err)
		}
	}
}

// free removes the ballast.
func (d *disk) free() error {
	if !d.full() {
		return nil
	}
	if err := durable.OS().Remove(d.ballast()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("empty the disk: %w", err)
	}
	d.filled = false
	return nil
}

// close unmounts and removes the disk. If keep is true it only frees it, so that a person
// can look at it.
func (d *disk) close(keep bool) error {
	if keep {
		return d.free()
	}
	return d.unmount()
}
