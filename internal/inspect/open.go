package inspect

import (
	"context"
	"fmt"
	"path"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

// A Checkpoint is one that has been opened. It may be used by one goroutine at a time.
type Checkpoint struct {
	*store.Checkpoint
	Shown string            // the path as it was given
	Job   *checkpoint.JobID // from the seal or the directory above; nil if it is not known
	Names Names
	// Operators are those that were loaded.
	Operators []*Operator

	selection Selection
	content   *content
	activity  *activity
}

// An Operator is an operator of a checkpoint and its state.
type Operator struct {
	*flink.OperatorState
	Label
	Handles []*Handle
}

// Open opens the checkpoint at a place and reads its metadata. uids are what operators of it
// are thought to be called. ctx is for the opening and for all reading of the checkpoint
// after that. If the metadata is damaged the error is a *store.MetadataError.
func (r *Reader) Open(ctx context.Context, p Place, uids ...string) (*Checkpoint, error) {
	fsys, a := r.begin(ctx, "reading "+path.Base(p.Path))
	if err := metadataFits(fsys, p.Path, r.maxBlock()); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Shown, err)
	}
	c, err := store.ReadCheckpoint(fsys, p.Path, store.ReadOptions{AllowOutside: r.AllowOutside})
	if err != nil {
		return nil, err
	}
	a.expect(stateBytes(c.Meta))
	x := &Checkpoint{
		Checkpoint: c, Shown: p.Shown, Names: namesOf(c, uids), activity: a,
		content: &content{c: c, allowOutside: r.AllowOutside, maxBlock: r.maxBlock()},
	}
	if c.Seal != nil {
		x.Job = &c.Seal.Job
	} else if id, err := checkpoint.ParseJobID(path.Base(path.Dir(c.Dir))); err == nil {
		x.Job = &id
	}
	return x, nil
}

// Load reads which states the selected operators have, and with count all their entries, to
// count them. What is selected need not exist; see Selection.Missing.
func (c *Checkpoint) Load(s Selection, count bool) {
	c.selection, c.Operators = s, nil
	c.content.headersOnly = !count
	for i := range c.Meta.Operators {
		id := c.Meta.Operators[i].ID
		if s.Operator != "" && !c.Names.of(id).means(id, s.Operator) {
			continue
		}
		c.Names.confirm(s.Operator)
		op := &Operator{OperatorState: &c.Meta.Operators[i]}
		c.content.each(op.OperatorState, nil, func(h *Handle) {
			for _, st := range h.States {
				if c.Names.of(id).UID == "" && flink.OperatorIDOf(st.Name) == id {
					c.Names.confirm(st.Name) // many operators are called as their state
				}
			}
			op.Handles = append(op.Handles, h)
		})
		op.Label = c.Names.of(id)
		c.Operators = append(c.Operators, op)
	}
	c.content.headersOnly = false
}

// UnknownUIDs returns those of uids that are of no operator of the checkpoint.
func (c *Checkpoint) UnknownUIDs(uids []string) []string {
	var unknown []string
	for _, uid := range uids {
		if _, ok := c.Names.Operators[flink.OperatorIDOf(uid)]; !ok {
			unknown = append(unknown, uid)
		}
	}
	return unknown
}

// Selected reports whether a state is part of what was loaded.
func (c *Checkpoint) Selected(s *State) bool { return c.selection.has(s) }

// Entries reads the entries of a loaded operator again and yields those of selected states:
// of the states with one name up to limit, or all if that is 0. It returns how many entries
// of each were left out. What cannot be read is in the operator's handles.
func (c *Checkpoint) Entries(op *Operator, limit int, yield func(*Handle, *Entry)) (left map[string]int64) {
	shown := map[string]int{}
	left = map[string]int64{}
	open := map[string]bool{} // states of which more is wanted
	for _, h := range op.Handles {
		for _, s := range h.States {
			if c.Selected(s) {
				open[s.Name] = true
				left[s.Name] += s.Entries
			}
		}
	}
	c.content.each(op.OperatorState, func(h *Handle, e *Entry) bool {
		if open[e.State.Name] {
			yield(h, e)
			left[e.State.Name]--
			if shown[e.State.Name]++; shown[e.State.Name] == limit {
				delete(open, e.State.Name)
			}
		}
		return len(open) > 0
	}, func(*Handle) {})
	return left
}

// stateBytes returns how much state there is in the files of the directory, as the metadata
// has it.
func stateBytes(m *flink.Metadata) (n int64) {
	seen := map[string]bool{}
	for ref := range m.Streams() {
		if h, ok := ref.Handle.(*flink.RelativeHandle); ok && !seen[h.Path] {
			seen[h.Path] = true
			n += h.Length
		}
	}
	return n
}
