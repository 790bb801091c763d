package flink

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// Metadata is the content of a _metadata file: the operators, and where the state of each
// of their subtasks is.
//
// The order of operators and subtasks has no meaning, but it is kept. Decoded Metadata
// shares its byte slices with the data it was decoded from, and nothing else.
type Metadata struct {
	Version      int32 // the version that was read; AppendTo always writes version 3
	CheckpointID checkpoint.ID
	MasterStates []MasterState
	Operators    []OperatorState // each id once
	// Properties is a Java object stream, since version 4. It tells Flink what it may do with
	// the checkpoint's files. It says nothing about the state.
	Properties []byte
}

// A MasterState is state of a hook of Flink's checkpoint coordinator. Most checkpoints have
// none.
type MasterState struct {
	Version int32
	Name    string
	Payload []byte
}

// An OperatorState is the state of an operator.
type OperatorState struct {
	Name, UID   string // since version 5; for people: only ID counts
	ID          checkpoint.OperatorID
	Parallelism int
	// MaxParallelism is the number of key groups.
	MaxParallelism int
	// Coordinator is the state of a source's coordinator: nil or an *InlineHandle.
	Coordinator StreamHandle
	// FullyFinished says that all subtasks have come to the end of their input. Then the
	// operator has no state.
	FullyFinished bool
	Subtasks      []SubtaskState // each index once; a missing subtask has no state
}

// A SubtaskState is the state of a subtask. Each part of it may be nil.
type SubtaskState struct {
	Index                  checkpoint.Subtask
	Finished               bool // came to the end of its input, and has no state
	ManagedOperator        *OperatorHandle
	RawOperator            *OperatorHandle
	ManagedKeyed, RawKeyed KeyedHandle
	InputChannels          []ChannelState
	ResultSubpartitions    []ChannelState
}

const (
	metadataMagic    uint32 = 0x4960672D
	masterStateMagic uint32 = 0xC96B1696

	masterStateMinSize   = 4 + 4 + 4 + 2 + 4
	operatorStateMinSize = 16 + 4 + 4 + 1 + 4
	subtaskStateMinSize  = 4 // of a subtask that has finished

	// metadataWriteVersion is read by every Flink since 1.11.
	metadataWriteVersion = 3
)

// check refuses what Flink refuses. It also refuses an operator that is there twice, of
// which Flink would silently take one.
func (m *Metadata) check() error {
	if m.CheckpointID < 0 {
		return fmt.Errorf("checkpoint id %d is negative", m.CheckpointID)
	}
	seen := make(map[checkpoint.OperatorID]bool, len(m.Operators))
	for i := range m.Operators {
		id := m.Operators[i].ID
		if seen[id] {
			return fmt.Errorf("operator %v is there twice", id)
		}
		seen[id] = true
	}
	return nil
}

// check refuses what Flink refuses. It also refuses contradictions: a subtask that is there
// twice, state of a subtask that has finished, and key groups that the operator does not
// have.
func (o *OperatorState) check() error {
	if err := o.checkParallelism(); err != nil {
		return err
	}
	if _, inline := o.Coordinator.(*InlineHandle); o.Coordinator != nil && !inline {
		return errors.New("the coordinator's state is not inline")
	}
	if o.FullyFinished && (o.Coordinator != nil || len(o.Subtasks) > 0) {
		return errors.New("has finished, and has state")
	}
	var seen [checkpoint.MaxMaxParallelism / 64]uint64
	for i := range o.Subtasks {
		s := &o.Subtasks[i]
		if s.Index < 0 || int(s.Index) >= o.Parallelism {
			return fmt.Errorf("subtask %v of %d", s.Index, o.Parallelism)
		}
		if seen[s.Index/64]>>(s.Index%64)&1 != 0 {
			return fmt.Errorf("subtask %v is there twice", s.Index)
		}
		seen[s.Index/64] |= 1 << (s.Index % 64)
		if err := s.check(o.MaxParallelism); err != nil {
			return fmt.Errorf("subtask %v: %w", s.Index, err)
		}
	}
	return nil
}

func (o *OperatorState) checkParallelism() error {
	const most = checkpoint.MaxMaxParallelism
	if o.Parallelism < 1 || o.MaxParallelism < o.Parallelism || o.MaxParallelism > most {
		return fmt.Errorf("parallelism %d and max parallelism %d, want 1 ≤ parallelism ≤ max parallelism ≤ %d",
			o.Parallelism, o.MaxParallelism, most)
	}
	return nil
}

func (s *SubtaskState) check(maxParallelism int) error {
	if s.Finished && !s.empty() {
		return errors.New("has finished, and has state")
	}
	for _, h := range []KeyedHandle{s.ManagedKeyed, s.RawKeyed} {
		if h != nil && h.KeyGroups().End >= maxParallelism {
			return fmt.Errorf("key groups %v of %d", h.KeyGroups(), maxParallelism)
		}
	}
	return nil
}

// empty reports whether there is no state.
func (s *SubtaskState) empty() bool {
	return s.ManagedOperator == nil && s.RawOperator == nil && s.ManagedKeyed == nil &&
		s.RawKeyed == nil && len(s.InputChannels) == 0 && len(s.ResultSubpartitions) == 0
}
