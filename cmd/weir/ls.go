package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/inspect"
)

func (t *tool) lsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls DIR",
		Short: "List checkpoints and savepoints",
		Long: `List the checkpoints and savepoints of a job, of all jobs below a checkpoint
directory, or of any directory that has some in it: newest first, then what a
crash has left.

The state is what names, lengths and the checksums of the metadata show; no state
file is opened. "weir verify" reads the bytes. An asterisk marks the checkpoint
that a Weir job begins with when it is started again: its newest.

  whole        everything is there, with the right length
  damaged      something is missing or wrong in a checkpoint that was complete
  incomplete   it was never finished, or is half deleted
  in progress  it is being written, or was left by a crash
  trash        it is being deleted, or was left by a crash
  set aside    a job found it damaged and went back to an older one`,
		Example: `  weir ls weir-data              all jobs below a checkpoint directory
  weir ls weir-data/<job>        one job
  weir ls --json weir-data       one JSON object a line, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  listed, whatever was found
  2  wrong usage, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE:              func(cmd *cobra.Command, args []string) error { return t.ls(cmd.Context(), args[0], asJSON) },
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (t *tool) ls(ctx context.Context, given string, asJSON bool) error {
	m := t.measure("")
	r := t.reader(m, readFlags{})
	p, err := r.Look(given)
	var groups []inspect.Group
	var gaps []error
	if err == nil && !p.File {
		groups, gaps, err = r.List(ctx, p)
	}
	m.stop()
	switch {
	case err != nil:
		return err
	case p.File:
		return fmt.Errorf("%s is a file; ls lists directories, and \"weir inspect\" shows what is in a checkpoint", p.Shown)
	case p.Kind == inspect.AtCheckpoint && groups[0].Reports[0].Verdict == inspect.Gone:
		return fmt.Errorf("%s was deleted while it was looked at; list the job's directory", p.Shown)
	}
	if asJSON {
		err = t.lsJSON(groups)
	} else {
		t.lsText(p, groups)
	}
	return cmp.Or(err, t.sayAll(asJSON, append(gaps, lsFailures(groups)...)))
}

// lsFailures returns why checkpoints could not be read.
func lsFailures(groups []inspect.Group) (errs []error) {
	for _, group := range groups {
		for _, rep := range group.Reports {
			err := rep.Failure
			var large *inspect.TooLargeError
			if errors.As(err, &large) {
				err = fmt.Errorf("%w; \"weir verify --max-block\" can read more", err)
			}
			errs = append(errs, err)
		}
	}
	return errs
}
