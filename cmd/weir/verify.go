package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
)

func (t *tool) verifyCommand() *cobra.Command {
	var asJSON, allowOutside, deep bool
	maxBlock := blockSize(defaultMaxBlock)
	cmd := &cobra.Command{
		Use:   "verify PATH",
		Short: "Read checkpoints from the disk and say whether they are good",
		Long: `Read a checkpoint or savepoint from the disk, past the page cache, and say
whether it is good; or, for a directory with jobs or checkpoints in it, all that
are complete, newest first.

A checkpoint of Weir's has a seal: checksums of every byte. It is "verified", or
it is damaged, and verify says which file, which block of it, and whether an
older checkpoint is intact. One without a seal, as all of Flink's, can at best
be "whole": presence and lengths are checked, and state whose types are known is
read to the last byte. Whether the bytes are those that were written, nobody can
tell.

With --deep the state of both is decoded, without the job's code: every key,
namespace and value, every element and timer; and each key must stand in the key
group that its hash belongs to, where a job looks for it. What does not make sense
is told one by one, with file, key group, offset and number of the entry, counted
from 0 in its state and key group. Types that only the job knows are not decoded,
and that is said and no damage.`,
		Example: `  weir verify weir-data                   all checkpoints of all jobs
  weir verify weir-data/<job>             all of one job
  weir verify weir-data/<job>/chk-17      one
  weir verify --deep weir-data/<job>      all of one job, to the single entry
  weir verify --json weir-data            as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  verified, or whole without a seal
  1  damaged or incomplete; of several: at least one is damaged, or none is good
  2  wrong usage, no checkpoint, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := look(t.fsys, args[0])
			if err != nil {
				return err
			}
			v := &verification{checker: checker{t: t, allowOutside: allowOutside, maxBlock: int64(maxBlock), deep: deep}, asJSON: asJSON}
			if p.kind == aCheckpoint {
				return v.one(p)
			}
			return v.several(p)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "write JSON, one object a line")
	f.BoolVar(&deep, "deep", false, "decode every entry, too")
	f.BoolVar(&allowOutside, "allow-outside", false, allowOutsideHelp)
	f.Var(&maxBlock, "max-block", maxBlockHelp+"; state that is sealed may have\nany size, unless with --deep")
	return cmd
}

// A verification is one run of the verb.
type verification struct {
	checker
	asJSON bool
	done   []*check
}

// one verifies one checkpoint and tells all about it.
func (v *verification) one(p place) error {
	dir := p.name
	if p.file {
		dir = path.Dir(p.name)
	}
	j := jobOf(v.t.fsys, p)
	c := v.check(p.name, p.shown, j)
	if c.state == gone {
		return fmt.Errorf("%s was deleted while it was read: a job that runs has a newer one; verify the job's directory", p.shown)
	}
	var intact *check
	n := checkpoint.ParseName(path.Base(dir))
	if !c.good() && n.Kind == checkpoint.Complete {
		intact = v.olderIntact(j, n.ID)
	}
	v.done = append(v.done, c)
	if v.asJSON {
		if err := writeJSON(v.t.out, c.line(intact)); err != nil {
			return err
		}
		return v.end(nil)
	}
	v.t.textCheck(c)
	if c.state == damaged && n.Kind == checkpoint.Complete {
		v.t.textWayOut(c, j, intact)
	}
	return v.end(nil)
}

// A target is a checkpoint to be verified.
type target struct {
	name, shown string
	j           *jobDir // nil if it is in none
}

// several verifies all complete checkpoints of a job or of a tree, a line each.
func (v *verification) several(p place) error {
	targets, jobs, gaps := v.t.targetsAt(p)
	if len(targets) == 0 {
		return cmp.Or(v.t.sayAll(v.asJSON, gaps), nothingAt(p))
	}
	if err := v.run(targets); err != nil {
		return err
	}
	if summarize(v.done).Checkpoints == 0 {
		return fmt.Errorf("the job has deleted all checkpoints of %s that were there, for newer ones; verify again", p.shown)
	}
	if !v.asJSON {
		v.t.out.printf("\n%s\n", summarize(v.done).text())
		v.textEnd(jobs)
	}
	return v.end(gaps)
}

// targetsAt is what there is to verify at a place with jobs or checkpoints in it, in
// which jobs, and what could not be looked into.
func (t *tool) targetsAt(p place) (targets []target, jobs []*jobDir, gaps []error) {
	found := findBases(t.fsys, p)
	for _, b := range found.bases {
		slices.SortFunc(b.jobs, func(x, y *jobDir) int { return strings.Compare(x.name, y.name) })
		for _, j := range b.jobs {
			jobs = append(jobs, j)
			targets = append(targets, jobTargets(j)...)
		}
		for _, dir := range b.loose {
			targets = append(targets, target{path.Join(b.name, dir), path.Join(b.shown, dir), nil})
		}
	}
	return targets, jobs, found.gaps()
}

func nothingAt(p place) error {
	return fmt.Errorf("there is no complete checkpoint in %s; \"weir ls %s\" lists what there is", p.shown, p.shown)
}

// jobTargets is what a job has, newest first.
func jobTargets(j *jobDir) []target {
	var targets []target
	for _, id := range slices.Backward(j.scan.Complete) {
		name := checkpoint.Name{Kind: checkpoint.Complete, ID: id}.String()
		targets = append(targets, target{path.Join(j.name, name), path.Join(j.shown, name), j})
	}
	for _, name := range j.loose {
		targets = append(targets, target{path.Join(j.name, name), path.Join(j.shown, name), nil})
	}
	return targets
}

// run verifies the targets and says of each what was found when that is known.
func (v *verification) run(targets []target) error {
	lines := newVerifyTable(targets)
	if !v.asJSON {
		lines.head(v.t.out)
	}
	for i, at := range targets {
		c := v.check(at.name, at.shown, at.j)
		v.done = append(v.done, c)
		if v.asJSON {
			if err := writeJSON(v.t.out, c.line(nil)); err != nil {
				return err
			}
		} else {
			lines.write(v.t.out, i, c)
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
	s := v.judge(gaps)
	if v.asJSON {
		if err := writeJSON(v.t.out, s); err != nil {
			return err
		}
	}
	return v.leave(s, gaps)
}

// judge counts, and decides about the exit code: damage counts more than what is not
// known.
func (v *verification) judge(gaps []error) summaryLine {
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
	for _, c := range v.done {
		gaps = append(gaps, c.failure)
	}
	v.t.sayAll(v.asJSON, gaps)
	switch s.ExitCode {
	case exitDamaged:
		return errDamaged
	case exitFailed:
		return errSaid
	}
	return nil
}
