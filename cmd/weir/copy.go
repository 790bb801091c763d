package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint/store"
)

func (t *tool) copyCommand() *cobra.Command {
	var asJSON bool
	maxBlock := blockSize(defaultMaxBlock)
	cmd := &cobra.Command{
		Use:   "copy SRC DST",
		Short: "Copy a checkpoint or savepoint, durably and verified",
		Long: `Copy one checkpoint or savepoint, Weir's or Flink's, to the directory DST, which
must not exist; its parents are made. When copy ends well, the copy survives a
power cut and every byte of it has been read back from the disk. A copy that is
cut off leaves a directory .inprogress-…, which nobody takes for a checkpoint.

What has a seal is held against it while it is read, and the copy is the same
checkpoint, seal and all. What has none, as all of Flink's, is checked as by
"weir verify" and then gets a seal: from then on damage to the copy is found. It
is then of the job that the directory around DST is named by, else that around
SRC, else of one that is made up from its contents. Flink reads it as before.

In the directory of a job a copy is called chk-N, as it was, and the next start
of the job may begin with it; while the job runs, copy refuses. A directory that
is named by a job's id is that job's before its first start, too: copy makes the
lock file there, or refuses if by what else is in it the directory is Flink's.

State outside of SRC, as incremental checkpoints have, cannot be copied yet:
such a checkpoint is refused. Let Flink take a savepoint, and copy that.`,
		Example: `  weir copy weir-data/<job>/chk-17 /backup/monday          keep one
  weir copy /backup/monday weir-data/<job>/chk-17          bring it back
  weir copy /flink/savepoint-1a2b3c-4d5e6f /backup/sp      one of Flink's
  weir copy --json weir-data/<job>/chk-17 /backup/monday   as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  copied, durable, verified
  1  SRC is damaged or incomplete; nothing was copied
  2  wrong usage, DST exists, a job runs there, or something failed`},
		Args:              twoPaths,
		ValidArgsFunction: completeDirs,
		RunE: func(_ *cobra.Command, args []string) error {
			return t.copy(args[0], args[1], asJSON, int64(maxBlock))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON, one object a line")
	cmd.Flags().Var(&maxBlock, "max-block", maxBlockHelp)
	return cmd
}

func (t *tool) copy(src, dst string, asJSON bool, maxBlock int64) error {
	from, err := look(t.fsys, src)
	if err != nil {
		return err
	}
	if from.kind != aCheckpoint {
		return fmt.Errorf("%s is no checkpoint but a directory around some; copy takes one at a time, and \"weir ls %s\" lists them", from.shown, from.shown)
	}
	shown, err := localPath(dst)
	if err != nil {
		return err
	}
	to, err := filepath.Abs(filepath.FromSlash(shown))
	if err != nil {
		return err
	}
	if err := t.soundUnsealed(from, asJSON, maxBlock); err != nil {
		return err
	}
	dir, base := path.Split(filepath.ToSlash(to))
	done, err := t.copyTo(from, path.Join(followed(t.fsys, path.Clean(dir)), base))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(t.out, done.line(from, shown))
	}
	t.textCopied(done, from, shown)
	return nil
}

// soundUnsealed reads a checkpoint without a seal through. A seal vouches for what it
// closes, and must not be put on what makes no sense.
func (t *tool) soundUnsealed(from place, asJSON bool, maxBlock int64) error {
	if err := metadataFits(t.fsys, from.name, maxBlock); err != nil {
		return fmt.Errorf("%s: %w", from.shown, err)
	}
	c, err := store.ReadCheckpoint(t.fsys, from.name, store.ReadOptions{})
	if err == nil && c.Seal != nil {
		return nil // is held against its seal while it is copied
	}
	k := checker{t: t, maxBlock: maxBlock}
	found := k.check(from.name, from.shown, jobOf(t.fsys, from))
	switch {
	case found.good():
		return nil
	case found.state == gone:
		return fmt.Errorf("%s was deleted while it was read: a job that runs has a newer one", from.shown)
	case found.failure != nil:
		return found.failure
	case asJSON:
		if err := writeJSON(t.out, found.line(nil)); err != nil {
			return err
		}
	default:
		t.textCheck(found)
	}
	t.complain(asJSON, fmt.Errorf("%s is %s: nothing was copied", from.shown, found.state))
	return errDamaged
}

// copyTo copies, and shows how far it has come: everything is read twice, once from
// either side.
func (t *tool) copyTo(from place, to string) (*copied, error) {
	fsys, m := t.measure("copying " + path.Base(from.name))
	defer m.stop()
	dir := from.name
	if from.file {
		dir = path.Dir(dir)
	}
	m.total.Store(2 * sizeOf(fsys, dir))
	done, err := store.Copy(fsys, from.name, to, store.CopyOptions{Owner: owner("copy")})
	return (*copied)(done), err
}

// owner is what a verb that takes the lock of a job says of itself.
func owner(verb string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	return fmt.Sprintf("weir %s, process %d on %s", verb, os.Getpid(), host)
}
