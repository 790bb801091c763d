package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

type inspectOptions struct {
	asJSON       bool
	keys         bool
	limit        int // entries of a state; 0 is all
	state        string
	operator     string
	uids         []string
	allowOutside bool
	maxBlock     blockSize
}

func (t *tool) inspectCommand() *cobra.Command {
	o := inspectOptions{maxBlock: defaultMaxBlock}
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
			if o.limit < 0 {
				return usageError(cmd, errors.New("--limit is a number of entries, or 0 for all"))
			}
			if !cmd.Flags().Changed("limit") && (o.asJSON || !t.out.live) {
				o.limit = 0
			}
			return t.inspect(args[0], o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.asJSON, "json", false, "write JSON, one object a line")
	f.BoolVar(&o.keys, "keys", false, "show the entries, too")
	f.IntVar(&o.limit, "limit", 100, "show up to `N` entries of a state, 0 for all; in a pipe\nand with --json it is all, unless given")
	f.StringVar(&o.state, "state", "", "show only states of this `NAME`")
	f.StringVar(&o.operator, "operator", "", "show only the operator with this `ID`, uid or name")
	f.StringArrayVar(&o.uids, "uid", nil, "a `UID` that an operator has, to show it; repeatable")
	f.BoolVar(&o.allowOutside, "allow-outside", false, allowOutsideHelp)
	f.Var(&o.maxBlock, "max-block", maxBlockHelp)
	return cmd
}

const (
	allowOutsideHelp = "open files that lie in other directories, too"
	maxBlockHelp     = "read no _metadata, key group or operator state\nabove this `SIZE`"
)

// An inspection is a checkpoint that is being shown.
type inspection struct {
	inspectOptions
	t      *tool
	shown  string
	c      *store.Checkpoint
	job    *checkpoint.JobID
	labels map[checkpoint.OperatorID]label
	reader *reader

	operators []*operatorContent
}

// An operatorContent is an operator and what is behind its handles.
type operatorContent struct {
	*flink.OperatorState
	label
	handles []*handle
}

func (t *tool) inspect(given string, o inspectOptions) error {
	p, err := look(t.fsys, given)
	if err != nil {
		return err
	}
	if p, err = oneCheckpoint(t, p); err != nil {
		return err
	}
	if err := metadataFits(t.fsys, p.name, int64(o.maxBlock)); err != nil {
		return fmt.Errorf("%s: %w", p.shown, err)
	}
	fsys, m := t.measure("reading " + path.Base(p.name))
	in := &inspection{inspectOptions: o, t: t, shown: p.shown}
	in.c, err = store.ReadCheckpoint(fsys, p.name, store.ReadOptions{AllowOutside: o.allowOutside})
	if err == nil {
		m.total.Store(stateBytes(in.c))
		err = in.read()
	}
	m.stop()
	var bad *store.MetadataError
	switch {
	case errors.As(err, &bad):
		return fmt.Errorf("%w; \"weir verify %s\" tells whether an older checkpoint is intact", err, p.shown)
	case err != nil:
		return err
	}
	if o.asJSON {
		err = in.writeJSON()
	} else {
		err = in.writeText()
	}
	return cmp.Or(err, in.verdict())
}

// oneCheckpoint is the checkpoint that a place stands for: a job's newest.
func oneCheckpoint(t *tool, p place) (place, error) {
	switch p.kind {
	case aTree:
		return p, fmt.Errorf("%s is no checkpoint and no job's directory; \"weir ls %s\" lists those below it", p.shown, p.shown)
	case aJob:
		j, err := readJob(t.fsys, p.name, p.shown)
		if err != nil {
			return p, err
		}
		newest, ok := j.newest()
		if !ok {
			return p, fmt.Errorf("there is no complete checkpoint in %s; \"weir ls %s\" lists what there is", p.shown, p.shown)
		}
		name := checkpoint.Name{Kind: checkpoint.Complete, ID: newest}.String()
		return place{kind: aCheckpoint, name: path.Join(p.name, name), shown: path.Join(p.shown, name)}, nil
	}
	return p, nil
}

// stateBytes is how much state there is in files, as the metadata has it.
func stateBytes(c *store.Checkpoint) (n int64) {
	seen := map[string]bool{}
	for ref := range c.Meta.Streams() {
		if h, ok := ref.Handle.(*flink.RelativeHandle); ok && !seen[h.Path] {
			seen[h.Path] = true
			n += h.Length
		}
	}
	return n
}

// read reads the state of all operators that are asked for.
func (in *inspection) read() error {
	in.reader = &reader{c: in.c, allowOutside: in.allowOutside, maxBlock: int64(in.maxBlock)}
	var unused []string
	in.labels, unused = labelsOf(in.c, in.uids)
	if len(unused) > 0 {
		return fmt.Errorf("no operator has the uid %s; without --uid all operators are shown by their ids", quoted(unused))
	}
	if in.c.Seal != nil {
		in.job = &in.c.Seal.Job
	} else if id, err := checkpoint.ParseJobID(path.Base(path.Dir(in.c.Dir))); err == nil {
		in.job = &id
	}
	states := map[string]bool{}
	for i := range in.c.Meta.Operators {
		op := &operatorContent{OperatorState: &in.c.Meta.Operators[i], label: in.labels[in.c.Meta.Operators[i].ID]}
		if in.operator != "" && !op.means(op.ID, in.operator) {
			continue
		}
		op.guess(in.operator)
		in.operators = append(in.operators, op)
		in.reader.each(op.OperatorState, nil, func(h *handle) {
			for _, s := range h.States {
				states[s.Name] = true
				op.guess(s.Name)
			}
			op.handles = append(op.handles, h)
		})
	}
	if in.operator != "" && len(in.operators) == 0 {
		return fmt.Errorf("no operator has the id, uid or name %q; without --operator all are shown", in.operator)
	}
	if in.state != "" && !states[in.state] {
		return fmt.Errorf("no state is called %q; without --state all are shown", in.state)
	}
	return nil
}

func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, " or ")
}

// wanted tells whether a state is to be shown.
func (in *inspection) wanted(s *stateInfo) bool { return in.state == "" || s.Name == in.state }

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
