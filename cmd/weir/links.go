package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// followed is where a path leads: links to directories are replaced by the directories,
// whose names mean something, as the job follows them to its own. What lies in a
// checkpoint is another matter: no link in it is followed.
//
// Two kinds of links keep their names. One that is named by a job's id is that job's
// directory, wherever it leads. One that is named as a checkpoint is none to the job.
func followed(fsys durable.FS, name string) string {
	parent := path.Dir(name)
	if parent == name {
		return name
	}
	if to := followed(fsys, parent); to != parent {
		name = path.Join(to, path.Base(name))
	}
	e, err := fsys.Stat(name)
	base := path.Base(name)
	if err != nil || e.Dir || e.Regular || isJobName(base) || isCheckpointName(base) {
		return name
	}
	to, err := filepath.EvalSymlinks(filepath.FromSlash(name))
	if err != nil {
		return name
	}
	to = filepath.ToSlash(to)
	if e, err := fsys.Stat(to); err != nil || !e.Dir {
		return name
	}
	return to
}

func isCheckpointName(base string) bool {
	return checkpoint.ParseName(base).Kind != checkpoint.Stranger
}

// notFollowed is the error for what is neither a file nor a directory.
func notFollowed(shown, name string) error {
	to, err := os.Readlink(name)
	if err != nil {
		return fmt.Errorf("%s is neither a file nor a directory", shown)
	}
	to = filepath.ToSlash(to)
	if !path.IsAbs(to) && !filepath.IsAbs(to) {
		to = path.Join(path.Dir(shown), to) // as it can be typed here
	}
	switch _, err := os.Stat(name); {
	case err != nil:
		return fmt.Errorf("%s is a symbolic link, and leads nowhere: %s", shown, to)
	case isCheckpointName(path.Base(name)):
		return fmt.Errorf("%s is a symbolic link, and those by a checkpoint's name are not followed, "+
			"as a job follows none; name what it leads to, %s", shown, to)
	default:
		return fmt.Errorf("%s is a symbolic link, and those to files are not followed; name what it leads to, %s", shown, to)
	}
}
