package job

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/probe"
	"github.com/weirstream/weir/internal/bytesize"
)

// A full file system is often full for a while only, so the job waits, as for any failure
// that may heal. But a person has to make room, and needs to know which file system is
// full, what it has run out of, which checkpoint is complete, and what to do.

// A full is a file system that is full: it has run out of bytes or inodes, or a quota is
// used up.
type full struct {
	dir   string // a directory on it; empty if the error names none
	quota bool   // a quota is used up; otherwise bytes or inodes are
	// space is how much room it had shortly after the error, nil if that could not be found
	// out.
	space *probe.Space
}

// lookAtFull reports whether err is the error of a full file system, and looks at that file
// system.
func lookAtFull(err error) (f full, ok bool) {
	if f, ok = fullOf(err); ok && f.dir != "" {
		if s, err := probe.SpaceOf(f.dir); err == nil {
			f.space = &s
		}
	}
	return f, ok
}

// fullOf returns what the error alone says.
func fullOf(err error) (f full, ok bool) {
	if !durable.NoSpace(err) {
		return full{}, false
	}
	f.quota = durable.QuotaUsedUp(err)
	var at *fs.PathError
	if !errors.As(err, &at) {
		return f, true
	}
	f.dir = filepath.Dir(at.Path)
	if checkpoint.ParseName(filepath.Base(f.dir)).Kind == checkpoint.Staging {
		f.dir = filepath.Dir(f.dir) // the staging directory is removed before a person can look
	}
	return f, true
}

// noInodes reports whether the file system has run out of inodes, and not of bytes.
func (f full) noInodes() bool {
	return !f.quota && f.space != nil && f.space.TotalInodes > 0 && f.space.FreeInodes == 0
}

// String says what has run out, where, and how much room there was after the error.
func (f full) String() string {
	what := "no space left"
	switch {
	case f.quota:
		what = "the quota is used up"
	case f.noInodes():
		what = "no inodes left"
	}
	where := " on a file system that the error does not name"
	if f.dir != "" {
		where = " in " + f.dir
	}
	if f.quota || f.space == nil {
		return what + where
	}
	seen := fmt.Sprintf("%s of %s", bytesize.Format(f.space.FreeBytes), bytesize.Format(f.space.TotalBytes))
	if f.space.TotalInodes > 0 {
		seen += fmt.Sprintf(" and %d of %d inodes", f.space.FreeInodes, f.space.TotalInodes)
	}
	return what + where + " (" + seen + " are free now)"
}

// remedy says what to do.
func (f full) remedy() string {
	switch {
	case f.quota:
		return "free space or raise the quota"
	case f.noInodes():
		return "delete files: each file takes an inode"
	}
	return "free space"
}

// TellFull wraps the error that a job has ended with, if it is the error of a full file
// system: what has run out and where, which checkpoint is complete, and what to do. last is
// the checkpoint that the next start goes on from, 0 if this run does not know one. TellFull
// returns other errors as they are.
func TellFull(err error, last checkpoint.ID) error {
	f, ok := lookAtFull(err)
	if !ok {
		return err
	}
	return fmt.Errorf("%v; %s; %s and start again: %w", f, whatIsComplete(last), f.remedy(), err)
}

// goesOnFrom returns the checkpoint that the next start goes on from, as far as this run knows,
// and 0 otherwise. A checkpoint that was given by its path may be anywhere: no start finds it
// by itself.
func (c *Config) goesOnFrom() checkpoint.ID {
	if v := c.Monitor.View(); v.Completed > 0 || c.From.Path == "" {
		return v.LastComplete
	}
	return 0
}

func whatIsComplete(last checkpoint.ID) string {
	if last == 0 {
		return "this run has completed no checkpoint"
	}
	return fmt.Sprintf("checkpoint %d is complete, and the next start goes on from it", last)
}

// attrs are the attributes for the log: where, what has run out, and what to do.
func (f full) attrs() []any { return []any{"dir", f.dir, "full", f.String(), "remedy", f.remedy()} }
