package weir

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/flow"
)

// A sourceOp is the head of a source's chain: it remembers how far each split has come
// through, and passes the records on.
//
// Invariants: index has the place of each split in splits; a split whose element is nil
// has moved since the last snapshot, and its place is in moved.
type sourceOp struct {
	flow.Through
	clock  *clock.Clock // of the splits that are read; nil without event time
	splits []splitState
	index  map[string]int
	moved  []int
	// taken are the splits in checkpoints that are not complete yet, in rising order.
	taken []taken
}

// splitState is a split and, if it has not moved, its encoding: so a snapshot costs what
// has moved, and not what there is.
type splitState struct {
	flow.Split
	element []byte
	channel int // of the clock, counted from 1; 0 if the split is not read
}

// taken is the splits as they were at the barrier of a checkpoint, encoded.
type taken struct {
	id       checkpoint.ID
	elements [][]byte
}

func newSourceOp(ctx *flow.Context, name string, out flow.Output) (*sourceOp, error) {
	o := &sourceOp{Through: flow.Through{Out: out}, index: make(map[string]int)}
	if ctx.EventTime {
		o.clock = clock.New(0)
	}
	for _, e := range ctx.Restored.List(flow.SplitsState) {
		split, err := flow.DecodeSplit(e)
		if err != nil {
			return nil, fmt.Errorf("source %s: restored split: %w", name, err)
		}
		o.index[split.ID] = len(o.splits)
		o.splits = append(o.splits, splitState{Split: split, element: e})
	}
	return o, nil
}

// Push moves the position of a split, and passes its records on. The position moves only
// with the records that it stands after. Then it passes on how far event time has come.
func (o *sourceOp) Push(_ int, b flow.Batch) error {
	f := b.(*flow.Fetched)
	if f.Forget {
		return o.passOn(o.forget(f.Split))
	}
	if f.Begin && f.Split == "" {
		return o.passOn(o.clock.Settle())
	}
	split := o.at(f.Split)
	if f.Begin {
		if o.clock != nil && split.channel == 0 {
			split.channel = 1 + o.clock.Add(split.Watermark)
		}
		return nil
	}
	split.Position = f.Position
	split.Watermark = max(split.Watermark, f.Mark.Time)
	if f.Batch != nil {
		if err := o.Out.Push(f.Batch); err != nil {
			return err
		}
	}
	switch {
	case o.clock == nil || split.channel == 0:
		return nil
	case f.Ended:
		channel := split.channel - 1
		split.channel = 0
		return o.passOn(o.clock.Remove(channel))
	}
	return o.passOn(o.clock.Mark(split.channel-1, f.Mark))
}

func (o *sourceOp) passOn(m flow.Mark, changed bool) error {
	if !changed {
		return nil
	}
	return o.Out.Mark(m)
}

// at returns the state of a split that moves.
func (o *sourceOp) at(id string) *splitState {
	i, known := o.index[id]
	switch {
	case !known:
		i = len(o.splits)
		o.index[id] = i
		o.splits = append(o.splits, splitState{Split: flow.Split{ID: id, Watermark: MinTime}})
		o.moved = append(o.moved, i)
	case o.splits[i].element != nil:
		o.splits[i].element = nil
		o.moved = append(o.moved, i)
	}
	return &o.splits[i]
}

// forget drops a split. The last one takes its place.
func (o *sourceOp) forget(id string) (m flow.Mark, changed bool) {
	i, known := o.index[id]
	if !known {
		return m, false
	}
	if channel := o.splits[i].channel; channel > 0 {
		m, changed = o.clock.Remove(channel - 1)
	}
	last := len(o.splits) - 1
	delete(o.index, id)
	if i != last {
		o.splits[i] = o.splits[last]
		o.index[o.splits[i].ID] = i
		if o.splits[i].element == nil {
			o.moved = append(o.moved, i)
		}
	}
	o.splits[last] = splitState{}
	o.splits = o.splits[:last]
	return m, changed
}

func (o *sourceOp) Snapshot(id checkpoint.ID) (flow.Snapshot, error) {
	for _, i := range o.moved {
		if i < len(o.splits) && o.splits[i].element == nil {
			o.splits[i].element = flow.AppendSplit(nil, o.splits[i].Split)
		}
	}
	o.moved = o.moved[:0]
	elements := make([][]byte, len(o.splits))
	for i := range o.splits {
		elements[i] = o.splits[i].element
	}
	o.taken = append(o.taken, taken{id, elements})
	return flow.Snapshot{Lists: []flow.ListState{{Name: flow.SplitsState, Elements: elements}}}, nil
}

// Positions returns the splits as they were at the barrier of a checkpoint that is
// complete now, and forgets those of earlier ones.
func (o *sourceOp) Positions(id checkpoint.ID) (splits []flow.Split) {
	i, found := slices.BinarySearchFunc(o.taken, id, func(t taken, id checkpoint.ID) int { return int(t.id - id) })
	if !found {
		return nil
	}
	for _, e := range o.taken[i].elements {
		if s, err := flow.DecodeSplit(e); err == nil { // it was encoded here
			splits = append(splits, s)
		}
	}
	return splits
}

// Complete lets go of the positions of earlier checkpoints.
func (o *sourceOp) Complete(id checkpoint.ID) error {
	n := 0
	for n < len(o.taken) && o.taken[n].id <= id {
		n++
	}
	o.taken = append(o.taken[:0:0], o.taken[n:]...)
	return nil
}

// Close does nothing.
func (o *sourceOp) Close() error { return nil }
