package main

import (
	"context"
	"fmt"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/inspect"
)

func (t *tool) copyCommand() *cobra.Command {
	c := &copying{t: t}
	cmd := &cobra.Command{
		Use:   "copy SRC DST",
		Short: "Copy a checkpoint or savepoint, durably and verified",
		Long: `Copy one checkpoint or savepoint, Weir's or Flink's, to the directory DST, which
must not exist; its parents are made. When copy ends well, the copy survives a
power cut and every byte of it has been read back from the disk. A copy that is
cut off leaves a directory .inprogress-…, which is never taken for a checkpoint.

What has a seal is held against it while it is read, and the copy is the same
checkpoint, with the same seal. What has none, as all of Flink's, is checked as by
"weir verify" and then gets a seal: from then on damage to the copy is found. It
then belongs to the job that the directory around DST is named by, else to that
around SRC, else to one that is made up from its contents. Flink reads it as
before.

In the directory of a job a copy keeps the name chk-N, and the next start of the
job may begin with it; while the job runs, copy refuses. A directory that is named
by a job's id is that job's before its first start, too: copy makes the lock file
there, or refuses if what else is in it shows that the directory is Flink's.

State outside of SRC, as incremental checkpoints have, cannot be copied yet: such a
checkpoint is refused. Let Flink take a savepoint, and copy that.`,
		Example: `  weir copy weir-data/<job>/chk-17 /backup/monday          keep one
  weir copy /backup/monday weir-data/<job>/chk-17          bring it back
  weir copy /flink/savepoint-1a2b3c-4d5e6f /backup/sp      one of Flink's
  weir copy --json weir-data/<job>/chk-17 /backup/monday   as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  copied, durable, verified
  1  SRC is damaged or incomplete; it was not copied
  2  wrong usage, DST exists, a job runs there, or something failed`},
		Args:              twoPaths,
		ValidArgsFunction: completeDirs,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1]) },
	}
	addJSONFlag(cmd, &c.asJSON)
	c.addMaxBlock(cmd, "")
	return cmd
}

// A copying is one run of the verb.
type copying struct {
	readFlags
	t      *tool
	asJSON bool
}

func (c *copying) run(ctx context.Context, src, dst string) error {
	from, err := c.t.look(src)
	if err != nil {
		return err
	}
	if from.Kind != inspect.AtCheckpoint {
		return fmt.Errorf("%s is a directory around checkpoints and none itself; copy takes one at a time, and \"weir ls %s\" lists them", from.Shown, from.Shown)
	}
	shown, err := store.LocalPath(dst)
	if err != nil {
		return err
	}
	to, err := filepath.Abs(filepath.FromSlash(shown))
	if err != nil {
		return err
	}
	job, err := c.soundUnsealed(ctx, from)
	if err != nil {
		return err
	}
	dir, base := path.Split(filepath.ToSlash(to))
	done, err := c.copyTo(ctx, from, path.Join(inspect.Followed(c.t.fsys, path.Clean(dir)), base))
	if err != nil {
		return err
	}
	done.from, done.to, done.jobName = from, shown, job
	if c.asJSON {
		return writeJSON(c.t.out, done.line())
	}
	c.t.textCopied(done)
	return nil
}

// soundUnsealed reads a checkpoint without a seal to its end. A seal vouches for what it
// closes, and must not be put on what makes no sense. What has a seal is held against it
// while it is copied. It returns what the job is called, if the seal has that.
func (c *copying) soundUnsealed(ctx context.Context, from inspect.Place) (jobName string, err error) {
	v := verification{t: c.t, readFlags: c.readFlags, depth: inspect.Lengths, asJSON: c.asJSON}
	target := (&inspect.Reader{FS: c.t.fsys}).TargetAt(from)
	rep, err := v.judge(ctx, target)
	if err == nil && !rep.IsSealed() {
		v.depth = inspect.Bytes
		rep, err = v.judge(ctx, target)
	}
	switch {
	case err != nil:
		return "", err
	case rep.IsSealed() || rep.Verdict.Good():
		return rep.JobName, nil
	case rep.Verdict == inspect.Gone:
		return "", fmt.Errorf("%s was deleted while it was read, as a running job does when it has a newer one", from.Shown)
	case rep.Failure != nil:
		return "", rep.Failure
	case c.asJSON:
		if err := writeJSON(c.t.out, verifyLineOf(rep, nil)); err != nil {
			return "", err
		}
	default:
		c.t.textReport(rep)
	}
	c.t.complain(c.asJSON, fmt.Errorf("%s is %v: it was not copied", from.Shown, rep.Verdict))
	return "", errDamaged
}

// copyTo copies, and shows how far that is: everything is read twice, once on either side.
func (c *copying) copyTo(ctx context.Context, from inspect.Place, to string) (*copied, error) {
	m := c.t.measure("")
	defer m.stop()
	fsys := c.t.reader(m, c.readFlags).Watch(ctx, "copying "+path.Base(from.Path), 2*inspect.DirBytes(c.t.fsys, from.Dir()))
	done, err := store.Copy(fsys, from.Path, to, store.CopyOptions{Owner: owner("copy")})
	return &copied{Copied: done}, err
}

// owner says which process a verb is that takes the lock of a job.
func owner(verb string) string { return fmt.Sprintf("weir %s, %s", verb, store.ProcessName()) }
