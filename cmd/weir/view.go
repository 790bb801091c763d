package main

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A selection is what of a checkpoint somebody wants to see, and how far weir may go.
type selection struct {
	state        string // "" for all
	operator     string // "" for all
	uids         []string
	allowOutside bool
	maxBlock     blockSize
}

func (s *selection) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.state, "state", "", "only states of this `NAME`")
	f.StringVar(&s.operator, "operator", "", "only the operator with this `ID`, uid or name")
	f.StringArrayVar(&s.uids, "uid", nil, "a `UID` that an operator has, to show it; repeatable")
	s.maxBlock = defaultMaxBlock
	f.BoolVar(&s.allowOutside, "allow-outside", false, allowOutsideHelp)
	f.Var(&s.maxBlock, "max-block", maxBlockHelp)
}

// addLimitFlag adds how many entries of a state are shown.
func addLimitFlag(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", 100, "show up to `N` entries of a state, 0 for all; in a pipe\nand with --json it is all, unless given")
}

// settleLimit makes sure that the limit is one. Only people have one that they have not
// given.
func (t *tool) settleLimit(cmd *cobra.Command, limit *int, asJSON bool) error {
	if *limit < 0 {
		return usageError(cmd, errors.New("--limit is a number of entries, or 0 for all"))
	}
	if !cmd.Flags().Changed("limit") && (asJSON || !t.out.live) {
		*limit = 0
	}
	return nil
}

const (
	allowOutsideHelp = "open files that lie in other directories, too"
	maxBlockHelp     = "read no _metadata, key group or operator state\nabove this `SIZE`"
)

// wanted tells whether a state is asked for.
func (s *selection) wanted(info *stateInfo) bool { return s.state == "" || info.Name == s.state }

// A view is a checkpoint, and the operators of it that are asked for.
type view struct {
	selection
	t      *tool
	shown  string
	c      *store.Checkpoint
	job    *checkpoint.JobID
	labels map[checkpoint.OperatorID]label
	unused []string // uids that no operator has
	reader *reader

	operators []*operatorContent
}

// An operatorContent is an operator and what is behind its handles.
type operatorContent struct {
	*flink.OperatorState
	label
	handles []*handle
}

// oneCheckpoint is the checkpoint that a path stands for: of a job the newest.
func (t *tool) oneCheckpoint(given string) (place, error) {
	p, err := look(t.fsys, given)
	if err != nil {
		return p, err
	}
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

// view opens a checkpoint and reads its metadata.
func (t *tool) view(fsys durable.FS, p place, s selection) (*view, error) {
	if err := metadataFits(fsys, p.name, int64(s.maxBlock)); err != nil {
		return nil, fmt.Errorf("%s: %w", p.shown, err)
	}
	c, err := store.ReadCheckpoint(fsys, p.name, store.ReadOptions{AllowOutside: s.allowOutside})
	var bad *store.MetadataError
	switch {
	case errors.As(err, &bad):
		return nil, fmt.Errorf("%w; \"weir verify %s\" tells whether an older checkpoint is intact", err, p.shown)
	case err != nil:
		return nil, err
	}
	v := &view{selection: s, t: t, shown: p.shown, c: c}
	v.reader = &reader{c: c, allowOutside: s.allowOutside, maxBlock: int64(s.maxBlock)}
	v.labels, v.unused = labelsOf(c, s.uids)
	if c.Seal != nil {
		v.job = &c.Seal.Job
	} else if id, err := checkpoint.ParseJobID(path.Base(path.Dir(c.Dir))); err == nil {
		v.job = &id
	}
	return v, nil
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

// read reads the state of all operators that are asked for. What is asked for must be
// there.
func (v *view) read() error {
	if len(v.unused) > 0 {
		return fmt.Errorf("no operator has the uid %s; without --uid all operators are shown by their ids", quoted(v.unused))
	}
	states := v.list()
	if v.operator != "" && len(v.operators) == 0 {
		return fmt.Errorf("no operator has the id, uid or name %q; without --operator all are shown", v.operator)
	}
	if v.state != "" && !states[v.state] {
		return fmt.Errorf("no state is called %q; without --state all are shown", v.state)
	}
	return nil
}

// list is read of what may not be there. It returns the names of the states that are.
func (v *view) list() (states map[string]bool) {
	states = map[string]bool{}
	for i := range v.c.Meta.Operators {
		op := &operatorContent{OperatorState: &v.c.Meta.Operators[i], label: v.labels[v.c.Meta.Operators[i].ID]}
		if v.operator != "" && !op.means(op.ID, v.operator) {
			continue
		}
		op.guess(v.operator)
		v.operators = append(v.operators, op)
		v.reader.each(op.OperatorState, nil, func(h *handle) {
			for _, s := range h.States {
				states[s.Name] = true
				op.guess(s.Name)
			}
			op.handles = append(op.handles, h)
		})
	}
	return states
}

func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, " or ")
}
