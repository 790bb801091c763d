package main

import (
	"cmp"
	"path"

	"github.com/spf13/cobra"
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

PATH is the checkpoint's directory, its _metadata file, or a job's directory,
which stands for its newest checkpoint. Of Flink's state all can be shown whose
types are Flink's own; of RocksDB's files only the names and types of the
states.

An operator is known by an id, which is a hash of its uid. Its name is shown
where the checkpoint has it; --uid tells weir of others.`,
		Example: `  weir inspect weir-data/<job>/chk-17
  weir inspect --keys --state count weir-data/<job>
  weir inspect --keys --json savepoint-7bd90b-3a2cda6957cb
  weir inspect --uid parser --uid counter savepoint-7bd90b-3a2cda6957cb`,
		Annotations: map[string]string{"exit codes": `  0  it was shown
  1  it is damaged; what could be read was shown ("weir verify" tells more)
  2  wrong usage, no checkpoint, or something could not be read`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.settleLimit(cmd, &o.limit, o.asJSON); err != nil {
				return err
			}
			return t.inspect(args[0], o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.asJSON, "json", false, "write JSON, one object a line")
	f.BoolVar(&o.keys, "keys", false, "show the entries, too")
	addLimitFlag(cmd, &o.limit)
	o.of.addFlags(cmd)
	return cmd
}

// An inspection is a checkpoint that is being shown.
type inspection struct {
	*view
	inspectOptions
}

func (t *tool) inspect(given string, o inspectOptions) error {
	p, err := t.oneCheckpoint(given)
	if err != nil {
		return err
	}
	fsys, m := t.measure("reading " + path.Base(p.name))
	v, err := t.view(fsys, p, o.of)
	if err == nil {
		m.total.Store(stateBytes(v.c))
		err = v.read()
	}
	m.stop()
	if err != nil {
		return err
	}
	in := &inspection{v, o}
	if o.asJSON {
		err = in.writeJSON()
	} else {
		err = in.writeText()
	}
	return cmp.Or(err, in.verdict())
}

// verdict ends the verb by what was found.
func (in *inspection) verdict() error {
	var failures []error
	bad := false
	for _, op := range in.operators {
		for _, h := range op.handles {
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

// eachEntry reads the entries of an operator again and yields as many of each state as
// are wanted. It returns how many of each were left out.
func (in *inspection) eachEntry(op *operatorContent, yield func(h *handle, e entry)) (left map[string]int64) {
	shown := map[string]int{}
	left = map[string]int64{}
	open := map[string]bool{} // states of which more is wanted
	for _, h := range op.handles {
		for _, s := range h.States {
			if in.wanted(s) {
				open[s.Name] = true
				left[s.Name] += s.Entries
			}
		}
	}
	in.reader.each(op.OperatorState, func(h *handle, e entry) bool {
		if open[e.state.Name] {
			yield(h, e)
			left[e.state.Name]--
			if shown[e.state.Name]++; shown[e.state.Name] == in.limit {
				delete(open, e.state.Name)
			}
		}
		return len(open) > 0
	}, func(*handle) {})
	return left
}
