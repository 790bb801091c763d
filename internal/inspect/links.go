package inspect

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// Followed returns where a path leads: symbolic links to directories are replaced by the
// directories, because their names mean something, and because the job follows them too.
// Inside of a checkpoint no link is followed.
//
// Two kinds of links are left as they are. A link named by a job's id is the directory of
// that job, wherever it leads. A link named as a checkpoint is no checkpoint to the job.
func Followed(fsys durable.FS, name string) string {
	parent := path.Dir(name)
	if parent == name {
		return name
	}
	if to := Followed(fsys, parent); to != parent {
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

// notFollowed returns the error for what is neither a file nor a directory.
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
		return fmt.Errorf("%s is a symbolic link that leads nowhere: %s", shown, to)
	case isCheckpointName(path.Base(name)):
		return fmt.Errorf("%s is a symbolic link with the name of a checkpoint: jobs do not follow such links, and it is not followed "+
			"here; name what it leads to, %s", shown, to)
	default:
		return fmt.Errorf("%s is a symbolic link to a file, which is not followed; name what it leads to, %s", shown, to)
	}
}
