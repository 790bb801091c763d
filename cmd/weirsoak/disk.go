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

// A disk is a small file system of its own, on which a job lives and runs out of room. A nil
// disk is the machine's: it is never full.
type disk struct {
	dir     string       // where it is mounted
	unmount func() error // and what to do then
	filled  bool
}

// diskSize is enough for the whole output and some checkpoints, and soon filled.
const diskSize = "16M"

// ballast is the file that takes all the room there is.
func (d *disk) ballast() string { return path.Join(filepath.ToSlash(d.dir), "ballast") }

func (d *disk) full() bool { return d != nil && d.filled }

// fill leaves no room on the disk.
func (d *disk) fill() error {
	if d == nil || d.filled {
		return nil
	}
	f, err := durable.OS().Create(d.ballast())
	if errors.Is(err, syscall.ENOSPC) {
		return nil // somebody else was faster
	}
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	d.filled = true
	defer f.Close()
	for chunk := make([]byte, 256<<10); ; {
		// A write that failed was the last one of its file, so nothing smaller is tried.
		// What is left by then is less than a chunk: enough for a start, and not for long.
		if _, err := f.Write(chunk); err != nil {
			if errors.Is(err, syscall.ENOSPC) {
				return nil
			}
			return fmt.Errorf("fill the disk: %w", err)
		}
	}
}

// free makes the room again.
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

// close takes the disk away, unless somebody is to look at it.
func (d *disk) close(keep bool) error {
	if keep {
		return d.free()
	}
	return d.unmount()
}
