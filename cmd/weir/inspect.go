package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/internal/inspect"
)

type inspectOptions struct {
	of     selection
	asJSON bool
	keys   bool
	limit  int // entries of a state; 0 is all
}

func (t *tool) inspectCommand() *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect PATH",
		Short: "Show what is in a checkpoint or savepoint",
		Long: `Show what is in a checkpoint or savepoint: its operators, where the state of
each subtask is, the states with their types and how many entries they have, and
with --keys the entries.

PATH is the directory of a checkpoint, its _metadata file, or the directory of a
job, which stands for its newest checkpoint. State of Flink's is shown if its
types are Flink's own; of RocksDB's files only the names and types of the states.

Every key and value is written so that no two look the same: text is quoted, and
a byte that is not UTF-8, a control character or one that is invisible is escaped
as in Go ("caf\xe9", "\u202e"); bytes are b"\x00abc". "weir find" takes a key as
it is shown here.

An operator has an id, which is a hash of its uid. Its name is shown where the
checkpoint has it; with --uid, you can give others.`,
		Example: `  weir inspect weir-data/<job>/chk-17
  weir inspect --keys --state count weir-data/<job>
  weir inspect --keys --json savepoint-7bd90b-3a2cda6957cb
  weir inspect --uid parser --uid counter savepoint-7bd90b-3a2cda6957cb`,
		Annotations: map[string]string{"exit codes": `  0  shown
  1  damaged; what could be read was shown ("weir verify" says more)
  2  wrong usage, no checkpoint, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.settleLimit(cmd, &o.limit, o.asJSON); err != nil {
				return err
			}
			return t.inspect(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	addJSONFlag(cmd, &o.asJSON)
	f.BoolVar(&o.keys, "keys", false, "show the entries, too")
	addLimitFlag(cmd, &o.limit)
	o.of.add(cmd)
	return cmd
}

// An inspection is a checkpoint that is being shown.
type inspection struct {
	*inspect.Checkpoint
	inspectOptions
	t *tool
}

func (t *tool) inspect(ctx context.Context, given string, o inspectOptions) error {
	m := t.measure("")
	c, err := t.open(ctx, m, given, o.of, true)
	m.stop()
	if err != nil {
		return err
	}
	in := &inspection{c, o, t}
	if o.asJSON {
		err = in.writeJSON()
	} else {
		err = in.writeText()
	}
	return cmp.Or(err, ctx.Err(), in.verdict())
}

// open opens the checkpoint that a path stands for, and loads what is selected of it, which
// must be there; with count, all entries are counted.
func (t *tool) open(ctx context.Context, m *meter, given string, s selection, count bool) (*inspect.Checkpoint, error) {
	r := t.reader(m, s.readFlags)
	p, err := r.LookForCheckpoint(given)
	if err != nil {
		return nil, advised(err, p.Shown)
	}
	c, err := r.Open(ctx, p, s.uids...)
	if err != nil {
		return nil, advised(err, p.Shown)
	}
	if err := unknownUIDs(s.uids, c); err != nil {
		return nil, err
	}
	c.Load(s.Selection, count)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c, s.Missing(c)
}

// unknownUIDs returns an error if a uid that was given is of no operator in any of the
// checkpoints.
func unknownUIDs(uids []string, of ...*inspect.Checkpoint) error {
	for _, c := range of {
		uids = c.UnknownUIDs(uids)
	}
	if len(uids) == 0 {
		return nil
	}
	quoted := make([]string, len(uids))
	for i, uid := range uids {
		quoted[i] = inspect.Quoted(uid)
	}
	return fmt.Errorf("no operator has the uid %s; without --uid, operators are shown by the names that are known", strings.Join(quoted, " or "))
}

// verdict ends the verb by what was found.
func (in *inspection) verdict() error {
	var failures []error
	bad := false
	for _, op := range in.Operators {
		for _, h := range op.Handles {
			bad = bad || h.Problem != nil
			if h.Failure != nil {
				failures = append(failures, h.Failure)
			}
		}
	}
	if err := in.t.sayAll(in.asJSON, failures); err != nil {
		return err
	}
	if bad {
		return errDamaged
	}
	return nil
}
