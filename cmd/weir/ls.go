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

func (t *tool) lsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls DIR",
		Short: "List checkpoints and savepoints",
		Long: `List the checkpoints and savepoints of a job's directory, of a checkpoint
directory (every job below it), or of any directory that has such in it: newest
first, with what a crash has left behind.

The state is what names, lengths and the metadata's own checksums tell; no state
file is opened. "weir verify" reads the bytes. An asterisk marks where a job of
Weir's begins when it is started again: at its newest checkpoint.

  whole        everything is there, in its length
  damaged      something is missing or wrong, in what had been complete
  incomplete   never finished, or half deleted
  in progress  being written, or left by a crash
  trash        being deleted, or left by a crash
  set aside    found damaged by a job that was allowed to go back behind it`,
		Example: `  weir ls weir-data              all jobs below a checkpoint directory
  weir ls weir-data/<job>        one job
  weir ls --json weir-data       one JSON object a line, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  it was listed, whatever was found
  2  wrong usage, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE:              func(_ *cobra.Command, args []string) error { return t.ls(args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON, one object a line")
	return cmd
}

func (t *tool) ls(given string, asJSON bool) error {
	p, err := look(t.fsys, given)
	if err != nil {
		return err
	}
	if p.file {
		return fmt.Errorf("%s is a file; ls lists directories, and \"weir inspect\" shows what is in a checkpoint", p.shown)
	}
	found := &search{}
	var groups []lsGroup
	if p.kind == aCheckpoint {
		group := t.lsCheckpoint(p)
		if group.rows[0].state == gone {
			return fmt.Errorf("%s was deleted while it was looked at; list the job's directory", p.shown)
		}
		groups = []lsGroup{group}
	} else {
		found = findBases(t.fsys, p)
		for _, b := range found.bases {
			groups = append(groups, t.lsBase(b))
		}
	}
	if asJSON {
		err = t.lsJSON(groups)
	} else {
		t.lsText(p, groups)
	}
	return cmp.Or(err, t.lsFailures(asJSON, groups, found))
}

// An lsGroup is what is listed together.
type lsGroup struct {
	shown string // the directory
	rows  []*glance
}

// lsCheckpoint looks at one checkpoint.
func (t *tool) lsCheckpoint(p place) lsGroup {
	j := jobOf(t.fsys, p)
	g := glanceAt(t.fsys, p.name, p.shown, j)
	g.markRestart(j)
	return lsGroup{rows: []*glance{g}}
}

func (t *tool) lsBase(b base) lsGroup {
	group := lsGroup{shown: b.shown}
	slices.SortFunc(b.jobs, func(x, y *jobDir) int { return strings.Compare(x.name, y.name) })
	for _, j := range b.jobs {
		group.rows = append(group.rows, t.lsJob(j)...)
	}
	for _, dir := range b.loose {
		group.rows = append(group.rows, glanceAt(t.fsys, path.Join(b.name, dir), path.Join(b.shown, dir), nil))
	}
	group.rows = slices.DeleteFunc(group.rows, func(g *glance) bool { return g.state == gone })
	return group
}

// lsJob looks at all that a job's directory has: complete checkpoints, newest first,
// then the rest.
func (t *tool) lsJob(j *jobDir) []*glance {
	var rows []*glance
	at := func(dir string) *glance {
		g := glanceAt(t.fsys, path.Join(j.name, dir), path.Join(j.shown, dir), j)
		rows = append(rows, g)
		return g
	}
	for _, id := range slices.Backward(j.scan.Complete) {
		at(checkpoint.Name{Kind: checkpoint.Complete, ID: id}.String()).markRestart(j)
	}
	for _, dir := range j.loose {
		at(dir)
	}
	for _, n := range slices.Concat(j.scan.SetAside, j.scan.Leftovers) {
		at(n.String())
	}
	return rows
}

// markRestart notes whether a restart of the job takes the checkpoint. Flink does not
// choose by the directory; in a directory that was never Weir's none is marked.
func (g *glance) markRestart(j *jobDir) {
	newest, ok := j.newest()
	isWeirs := ok && (j.weirs || g.sealed != nil && *g.sealed)
	g.restart = isWeirs && checkpoint.ParseName(path.Base(g.name)) == checkpoint.Name{Kind: checkpoint.Complete, ID: newest}
}

// lsFailures says what could not be read.
func (t *tool) lsFailures(asJSON bool, groups []lsGroup, found *search) error {
	errs := found.gaps()
	for _, group := range groups {
		for _, g := range group.rows {
			errs = append(errs, g.failure)
		}
	}
	return t.sayAll(asJSON, errs)
}
