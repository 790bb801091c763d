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
	keyed          []flow.KeyedPart
	lists          []flow.ListState // the elements of all subtasks
	streams        []Stream
}

// OpenState opens the state of an operator. The caller closes it once all subtasks are
// restored.
func OpenState(op *flink.OperatorState, open func(flink.StreamHandle) (Stream, error)) (_ *State, err error) {
	s := &State{MaxParallelism: op.MaxParallelism}
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
		if err := s.addLists(sub, open); err != nil {
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

func (s *State) addLists(sub *flink.SubtaskState, open func(flink.StreamHandle) (Stream, error)) error {
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
	for e, err := range flink.OperatorElements(sub.ManagedOperator, buf) {
		if err != nil {
			return fmt.Errorf("%s: %w", data.Name(), err)
		}
		element, ok := e.Value.([]byte)
		if !ok {
			return flow.Permanent(fmt.Errorf("%s: state %q holds %s, and the sources and sinks of this program keep bytes", data.Name(), e.State.Name, e.State.Value().TypeName()))
		}
		i := slices.IndexFunc(s.lists, func(o flow.ListState) bool { return o.Name == e.State.Name })
		if i < 0 {
			i = len(s.lists)
			s.lists = append(s.lists, flow.ListState{Name: e.State.Name})
		}
		s.lists[i].Elements = append(s.lists[i].Elements, slices.Clone(element))
	}
	return nil
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
	return (&flow.Restored{Lists: s.lists}).List(name)
}

// Keyed reports whether there is keyed state.
func (s *State) Keyed() bool { return len(s.keyed) > 0 }

// For returns the keyed state that one subtask is restored from: the parts with key groups
// of its range. Operator state is not in it: the job decides which subtask gets which
// element.
func (s *State) For(r checkpoint.KeyGroupRange) *flow.Restored {
	restored := &flow.Restored{}
	for _, p := range s.keyed {
		if r.Intersect(p.Range).Len() > 0 {
			restored.Keyed = append(restored.Keyed, p)
		}
	}
	return restored
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
