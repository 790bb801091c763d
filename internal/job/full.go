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

// A file system that takes no more often does so for a while only, so the job waits for it
// as for any failure that may heal. But a person has to heal it, and wants to know where it
// is full, what it has run out of, which checkpoint there is, and what to do.

// A full is a file system that takes no more.
type full struct {
	dir   string // where; empty if the error does not say
	quota bool   // a quota is used up; otherwise bytes or inodes are
	// space is how much room there was when it was looked at after the error, nil if that
	// could not be seen.
	space *probe.Space
}

// lookAtFull reports whether err is that of a file system that takes no more, and looks at
// that file system.
func lookAtFull(err error) (f full, ok bool) {
	if f, ok = fullOf(err); ok && f.dir != "" {
		if s, err := probe.SpaceOf(f.dir); err == nil {
			f.space = &s
		}
	}
	return f, ok
}

// fullOf is what the error alone says.
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
		f.dir = filepath.Dir(f.dir) // the staging directory is removed before anyone looks for it
	}
	return f, true
}

// noInodes reports whether inodes, and not bytes, have run out.
func (f full) noInodes() bool {
	return !f.quota && f.space != nil && f.space.TotalInodes > 0 && f.space.FreeInodes == 0
}

// String says what has run out, where, and what was seen of it.
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

// remedy is what to do about it.
func (f full) remedy() string {
	switch {
	case f.quota:
		return "free space or raise the quota"
	case f.noInodes():
		return "delete files, of which each takes an inode"
	}
	return "free space"
}

// TellFull puts in front of the error that a job has ended with, if it is that of a file
// system that takes no more, what has run out and where, which checkpoint is complete and
// what to do. last is the last complete checkpoint that this run knows of, 0 if there is
// none. Other errors are returned as they are.
func TellFull(err error, last checkpoint.ID) error {
	f, ok := lookAtFull(err)
	if !ok {
		return err
	}
	return fmt.Errorf("%v; %s; %s and start again: %w", f, whatIsComplete(last), f.remedy(), err)
}

func whatIsComplete(last checkpoint.ID) string {
	if last == 0 {
		return "this run has completed no checkpoint"
	}
	return fmt.Sprintf("checkpoint %d is complete, and the next start goes on from it", last)
}

// attrs are for the log: where it is full, what has run out and what to do.
func (f full) attrs() []any { return []any{"dir", f.dir, "full", f.String(), "remedy", f.remedy()} }
