package main

import (
	"cmp"
	"context"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

func (t *tool) verifyCommand() *cobra.Command {
	v := &verification{t: t}
	var deep bool
	cmd := &cobra.Command{
		Use:   "verify PATH",
		Short: "Read checkpoints from the disk and say whether they are good",
		Long: `Read a checkpoint or savepoint from the disk, past the page cache, and say
whether it is good; for a directory with jobs or checkpoints in it, do so for all
that are complete, newest first.

A checkpoint of Weir's has a seal: checksums of every byte. It is "verified" or
damaged, and verify says which file and which block of it are damaged, and which
older checkpoint is intact. One without a seal, as all of Flink's, can at best be
"whole": presence and lengths are checked, and state of known types is read to
the last byte. Whether the bytes are those that were written cannot be known.

With --deep the state of both is decoded, without the job's code: every key,
namespace and value, every element and timer; and each key must be in the key
group of its hash, where a job looks for it. Each entry that makes no sense is
reported, with file, key group, offset and its number, counted from 0 in its
state and key group. Types that only the job knows are not decoded: that is
reported, and is no damage.`,
		Example: `  weir verify weir-data                   all checkpoints of all jobs
  weir verify weir-data/<job>             all of one job
  weir verify weir-data/<job>/chk-17      one
  weir verify --deep weir-data/<job>      all of one job, every entry
  weir verify --json weir-data            as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  verified, or whole without a seal
  1  damaged or incomplete; of several: at least one is damaged, or none is good
  2  wrong usage, no checkpoint, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if v.depth = inspect.Bytes; deep {
				v.depth = inspect.Entries
			}
			p, err := t.look(args[0])
			switch {
			case err != nil:
				return err
			case p.Kind == inspect.AtCheckpoint:
				return v.one(cmd.Context(), p)
			}
			return v.several(cmd.Context(), p)
		},
	}
	addJSONFlag(cmd, &v.asJSON)
	cmd.Flags().BoolVar(&deep, "deep", false, "decode every entry, too")
	v.readFlags.add(cmd, "; state that is sealed may have\nany size, unless with --deep")
	return cmd
}

// A verification is one run of the verb.
type verification struct {
	readFlags
	t      *tool
	depth  inspect.Depth
	asJSON bool
	done   []*inspect.Report
}

// judge judges one checkpoint, and shows how far that is.
func (v *verification) judge(ctx context.Context, target inspect.Target) (*inspect.Report, error) {
	m := v.t.measure("")
	defer m.stop()
	return v.t.reader(m, v.readFlags).Judge(ctx, target, v.depth)
}

// one verifies one checkpoint and says all about it.
func (v *verification) one(ctx context.Context, p inspect.Place) error {
	target := (&inspect.Reader{FS: v.t.fsys}).TargetAt(p)
	rep, err := v.judge(ctx, target)
	if err != nil {
		return err
	}
	if rep.Verdict == inspect.Gone {
		return fmt.Errorf("%s was deleted while it was read, as a running job does when it has a newer one; verify the job's directory", p.Shown)
	}
	n := checkpoint.ParseName(path.Base(p.Dir()))
	var intact *inspect.Report
	if !rep.Verdict.Good() && n.Kind == checkpoint.Complete {
		if intact, err = v.olderIntact(ctx, target.Job, n.ID); err != nil {
			return err
		}
	}
	v.done = append(v.done, rep)
	if v.asJSON {
		if err := writeJSON(v.t.out, verifyLineOf(rep, intact)); err != nil {
			return err
		}
		return v.end(nil)
	}
	v.t.textReport(rep)
	if rep.Verdict == inspect.Damaged && n.Kind == checkpoint.Complete {
		v.t.out.para("  ", wayOut(rep, target.Job, intact))
	}
	return v.end(nil)
}

func (v *verification) olderIntact(ctx context.Context, j *inspect.Job, id checkpoint.ID) (*inspect.Report, error) {
	m := v.t.measure("")
	defer m.stop()
	return v.t.reader(m, v.readFlags).OlderIntact(ctx, j, id, v.depth)
}

// several verifies all complete checkpoints of a job or of a tree, and writes a line for each.
func (v *verification) several(ctx context.Context, p inspect.Place) error {
	found, err := searchNamed(ctx, &inspect.Reader{FS: v.t.fsys}, p)
	if err != nil {
		return err
	}
	targets := found.Targets()
	if len(targets) == 0 {
		return cmp.Or(v.t.sayAll(v.asJSON, found.Gaps), nothingAt(p))
	}
	if err := v.run(ctx, targets, p.Shown); err != nil {
		return err
	}
	s := summarize(v.done)
	if s.Checkpoints == 0 {
		return fmt.Errorf("the job has deleted all checkpoints of %s that were there, because it has newer ones; verify again", p.Shown)
	}
	if !v.asJSON {
		v.t.out.printf("\n%s\n", s.text())
		v.textEnd(found.Jobs())
	}
	return v.end(found.Gaps)
}

// searchNamed finds all jobs and checkpoints at a place, and what the jobs are called.
func searchNamed(ctx context.Context, r *inspect.Reader, p inspect.Place) (*inspect.Found, error) {
	found, err := r.Search(ctx, p)
	if err == nil {
		err = r.NameJobs(ctx, found.Jobs())
	}
	return found, err
}

func nothingAt(p inspect.Place) error {
	return fmt.Errorf("there is no complete checkpoint in %s; \"weir ls %s\" lists what there is", p.Shown, p.Shown)
}

// run verifies the targets and says of each what was found as soon as that is known.
func (v *verification) run(ctx context.Context, targets []inspect.Target, within string) error {
	lines := newVerifyTable(targets, within)
	if !v.asJSON {
		lines.head(v.t.out)
	}
	for i, target := range targets {
		rep, err := v.judge(ctx, target)
		if err != nil {
			return err
		}
		v.done = append(v.done, rep)
		if v.asJSON {
			if err := writeJSON(v.t.out, verifyLineOf(rep, nil)); err != nil {
				return err
			}
		} else {
			lines.write(v.t.out, i, rep)
		}
		if err := v.t.out.flush(); err != nil {
			return err
		}
	}
	return nil
}

// end writes the summary for programs, complains of what could not be read, and decides
// about the exit code.
func (v *verification) end(gaps []error) error {
	s := v.summary(gaps)
	if v.asJSON {
		if err := writeJSON(v.t.out, s); err != nil {
			return err
		}
	}
	return v.leave(s, gaps)
}

// summary counts, and decides about the exit code: damage counts more than what is not known.
func (v *verification) summary(gaps []error) summaryLine {
	s := summarize(v.done)
	s.ExitCode = exitGood
	switch {
	case s.Damaged > 0, s.Verified+s.Whole == 0 && s.Incomplete > 0:
		s.ExitCode = exitDamaged
	case s.Unreadable > 0 || len(gaps) > 0:
		s.ExitCode = exitFailed
	}
	return s
}

// leave complains of what could not be read, and ends the verb.
func (v *verification) leave(s summaryLine, gaps []error) error {
	for _, rep := range v.done {
		gaps = append(gaps, rep.Failure)
	}
	return v.t.end(v.asJSON, gaps, s.ExitCode)
}
