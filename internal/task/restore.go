package task

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// A Stream is the bytes of one state, open for reading.
type Stream = store.Stream

// State is the state of one operator in a checkpoint, opened for reading. The operator's
// subtasks are restored from it. There may be more or fewer of them than when the
// checkpoint was taken.
type State struct {
	MaxParallelism int
	parallelism    int // when the checkpoint was taken
	keyed          []flow.KeyedPart
	lists          []list
	maps           []broadcast
	streams        []Stream
}

// list is the elements of all subtasks in one operator state.
type list struct {
	flow.ListState
	mode flink.DistributionMode
	from []checkpoint.Subtask // of each element
}

// broadcast is a broadcast map, as one of the subtasks wrote it.
type broadcast struct {
	flow.MapState
	from checkpoint.Subtask
}

// OpenState opens the state of an operator. The caller closes it once all subtasks are
// restored.
func OpenState(op *flink.OperatorState, open func(flink.StreamHandle) (Stream, error)) (_ *State, err error) {
	s := &State{MaxParallelism: op.MaxParallelism, parallelism: op.Parallelism}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	for i := range op.Subtasks {
		sub := &op.Subtasks[i]
		switch {
		case sub.RawKeyed != nil || sub.RawOperator != nil:
			return nil, flow.Permanent(fmt.Errorf("subtask %d has raw state, which only the program that wrote it understands", sub.Index))
		case len(sub.InputChannels) > 0 || len(sub.ResultSubpartitions) > 0:
			return nil, flow.Permanent(fmt.Errorf("subtask %d has channel state: the checkpoint is unaligned; take an aligned one or a savepoint", sub.Index))
		}
		if err := s.addKeyed(sub, open); err != nil {
			return nil, fmt.Errorf("subtask %d: keyed state: %w", sub.Index, err)
		}
		if err := s.addOperator(sub, open); err != nil {
			return nil, fmt.Errorf("subtask %d: operator state: %w", sub.Index, err)
		}
	}
	return s, nil
}

func (s *State) addKeyed(sub *flink.SubtaskState, open func(flink.StreamHandle) (Stream, error)) error {
	if sub.ManagedKeyed == nil {
		return nil
	}
	h, ok := sub.ManagedKeyed.(*flink.KeyGroupsHandle)
	if !ok || h.Tag == flink.TagSavepoint {
		return flow.Permanent(errors.New("it is in a layout that is not restored yet (only the heap backend's native one is)"))
	}
	data, err := s.open(h.Data, open)
	if err != nil {
		return err
	}
	s.keyed = append(s.keyed, flow.KeyedPart{Range: h.Range, Offsets: h.Offsets, Data: data, Size: data.Size(), From: data.Name()})
	return nil
}

func (s *State) addOperator(sub *flink.SubtaskState, open func(flink.StreamHandle) (Stream, error)) error {
	if sub.ManagedOperator == nil {
		return nil
	}
	data, err := s.open(sub.ManagedOperator.Data, open)
	if err != nil {
		return err
	}
	buf := make([]byte, data.Size())
	if _, err := io.ReadFull(io.NewSectionReader(data, 0, data.Size()), buf); err != nil {
		return fmt.Errorf("%s: %w", data.Name(), err)
	}
	for e, err := range flink.OperatorBytesOf(sub.ManagedOperator, buf) {
		if err == nil && e.Mode == flink.ModeBroadcast {
			s.addMap(sub.Index, e)
			continue
		}
		if err == nil {
			err = s.addElement(sub.Index, e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", data.Name(), err)
		}
	}
	return nil
}

// addElement takes in an element of a list. The state of sources and sinks is bytes.
func (s *State) addElement(from checkpoint.Subtask, e flink.OperatorBytes) error {
	was, name, element := e.State.Value(), e.State.Name, e.Data
	switch {
	case flink.Equal(was, flink.ByteArray):
		c := flink.NewCursor(e.Data)
		element, was = c.Bytes32(), nil
		if err := c.Err(); err != nil {
			return fmt.Errorf("state %q: %w", name, err)
		}
	case name == flow.SplitsState || name == flow.PreparedState:
		return flow.Permanent(fmt.Errorf("state %q holds %s, and the sources and sinks of this program keep bytes", name, was.TypeName()))
	}
	i := slices.IndexFunc(s.lists, func(l list) bool { return l.Name == name })
	if i < 0 {
		i = len(s.lists)
		s.lists = append(s.lists, list{ListState: flow.ListState{Name: name, Element: was}, mode: e.Mode})
	}
	l := &s.lists[i]
	if (was == nil) != (l.Element == nil) || was != nil && !flink.Equal(was, l.Element) {
		return flow.Permanent(fmt.Errorf("state %q was written in one way by one subtask, and in another by another", name))
	}
	l.Elements = append(l.Elements, slices.Clone(element))
	l.from = append(l.from, from)
	return nil
}

// addMap takes in a broadcast map: the copy of the first subtask that has one.
func (s *State) addMap(from checkpoint.Subtask, e flink.OperatorBytes) {
	m := broadcast{flow.MapState{Name: e.State.Name, Key: e.State.Key(), Value: e.State.Value()}, from}
	i := slices.IndexFunc(s.maps, func(m broadcast) bool { return m.Name == e.State.Name })
	switch {
	case i < 0:
		m.Data = slices.Clone(e.Data)
		s.maps = append(s.maps, m)
	case from < s.maps[i].from:
		m.Data = slices.Clone(e.Data)
		s.maps[i] = m
	}
}

func (s *State) open(h flink.StreamHandle, open func(flink.StreamHandle) (Stream, error)) (Stream, error) {
	data, err := open(h)
	if err != nil {
		return nil, err
	}
	s.streams = append(s.streams, data)
	return data, nil
}

// List returns the elements of all subtasks in the named operator state.
func (s *State) List(name string) [][]byte {
	if s == nil {
		return nil
	}
	for _, l := range s.lists {
		if l.Name == name {
			return l.Elements
		}
	}
	return nil
}

// Keyed reports whether there is keyed state.
func (s *State) Keyed() bool { return len(s.keyed) > 0 }

// For returns the keyed state that one subtask is restored from: the parts with key groups
// of its range. Operator state is not in it.
func (s *State) For(r checkpoint.KeyGroupRange) *flow.Restored {
	restored := &flow.Restored{}
	for _, p := range s.keyed {
		if r.Intersect(p.Range).Len() > 0 {
			restored.Keyed = append(restored.Keyed, p)
		}
	}
	return restored
}

// Operator adds to restored the operator state of one of so many subtasks. A list is dealt
// out in its order, unless there were as many subtasks before: then each gets its own.
func (s *State) Operator(restored *flow.Restored, subtask checkpoint.Subtask, parallelism int) {
	for _, l := range s.lists {
		share := l.ListState
		switch {
		case l.mode == flink.ModeUnion:
		case parallelism == s.parallelism:
			share.Elements = nil
			for i, e := range l.Elements {
				if l.from[i] == subtask {
					share.Elements = append(share.Elements, e)
				}
			}
		default:
			n := len(l.Elements)
			share.Elements = l.Elements[int(subtask)*n/parallelism : (int(subtask)+1)*n/parallelism]
		}
		restored.Lists = append(restored.Lists, share)
	}
	for _, m := range s.maps {
		restored.Maps = append(restored.Maps, m.MapState)
	}
}

// Close closes the files of the state.
func (s *State) Close() error {
	var first error
	for _, f := range s.streams {
		if err := f.Close(); first == nil {
			first = err
		}
	}
	s.streams = nil
	return first
}
