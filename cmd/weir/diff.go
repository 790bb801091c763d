package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/inspect"
)

type diffOptions struct {
	of     selection
	asJSON bool
	keys   bool
	limit  int // differing entries of a state; 0 is all
}

func (t *tool) diffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the state in two checkpoints or savepoints",
		Long: `Compare the state in two checkpoints or savepoints: of one job at two times, or
of Weir and of Flink. Shown are the operators and states that were added and
removed, states whose types have changed, and how many entries of each were
added, removed and changed from A to B; with --keys the entries, too.

A and B are what PATH is for "weir inspect", and keys and values are written as
there. Entries are compared by key and namespace, elements of operator state by
themselves, in whichever subtask they are and however they are laid out: the
parallelism does not matter. What one key group has is in memory; if the numbers
of key groups (max parallelism) differ, which is a difference itself, it is all
keyed state of an operator.

State that cannot be decoded here is compared byte by byte. If it is not the same,
it is not known whether it differs, and that is reported.`,
		Example: `  weir diff weir-data/<job>/chk-16 weir-data/<job>/chk-17
  weir diff --keys --state count weir-data/<job>/chk-16 weir-data/<job>
  weir diff --json savepoint-7bd90b-3a2cda6957cb weir-data/<job>`,
		Annotations: map[string]string{"exit codes": `  0  the state is the same
  1  it differs
  2  wrong usage, something is damaged or could not be read; or what could be
     compared is the same, and something could not be compared`},
		Args:              twoPaths,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.settleLimit(cmd, &o.limit, o.asJSON); err != nil {
				return err
			}
			return t.diff(cmd.Context(), args[0], args[1], o)
		},
	}
	f := cmd.Flags()
	addJSONFlag(cmd, &o.asJSON)
	f.BoolVar(&o.keys, "keys", false, "show the entries that differ, too")
	addLimitFlag(cmd, &o.limit)
	o.of.add(cmd)
	return cmd
}

// A diffing is a comparison that is being shown.
type diffing struct {
	*inspect.Diff
	diffOptions
	t *tool
}

func (t *tool) diff(ctx context.Context, givenA, givenB string, o diffOptions) error {
	d, err := t.compare(ctx, givenA, givenB, o)
	if err != nil {
		return notDamage(err)
	}
	if o.asJSON {
		err = d.writeJSON()
	} else {
		err = d.writeText()
	}
	return cmp.Or(err, ctx.Err(), d.verdict())
}

// notDamage returns an error that does not end the verb as damage does, because that exit
// code means here that something differs.
func notDamage(err error) error { return errors.New(err.Error()) }

// compare opens both checkpoints and counts what differs.
func (t *tool) compare(ctx context.Context, givenA, givenB string, o diffOptions) (*diffing, error) {
	m := t.measure("comparing")
	defer m.stop()
	// A reader each, so that what is read of both adds up.
	readers := []*inspect.Reader{t.reader(m, o.of.readFlags), t.reader(m, o.of.readFlags)}
	var places []inspect.Place
	for i, given := range []string{givenA, givenB} {
		p, err := readers[i].LookForCheckpoint(given)
		if err != nil {
			return nil, advised(err, p.Shown)
		}
		places = append(places, p)
	}
	m.say(fmt.Sprintf("comparing %s and %s", path.Base(places[0].Path), path.Base(places[1].Path)))
	var sides []*inspect.Checkpoint
	for i, p := range places {
		c, err := readers[i].Open(ctx, p, o.of.uids...)
		if err != nil {
			return nil, advised(err, p.Shown)
		}
		sides = append(sides, c)
	}
	if err := unknownUIDs(o.of.uids, sides...); err != nil {
		return nil, err
	}
	d, err := inspect.Compare(sides[0], sides[1], o.of.Selection)
	if err = cmp.Or(ctx.Err(), err); err != nil {
		return nil, err
	}
	return &diffing{d, o, t}, nil
}

// verdict ends the verb by what was found.
func (d *diffing) verdict() error {
	errs := make([]error, len(d.Errors))
	for i, err := range d.Errors {
		errs[i] = notDamage(err)
	}
	if err := d.t.sayAll(d.asJSON, errs); err != nil {
		return err
	}
	switch d.exitCode() {
	case exitDifferent:
		return errDifferent
	case exitFailed:
		return errSaid
	}
	return nil
}

// exitCode returns what the comparison ends with.
func (d *diffing) exitCode() int {
	switch d.Outcome() {
	case inspect.Equal:
		return exitGood
	case inspect.Different:
		return exitDifferent
	}
	return exitFailed
}
