package flink

import (
	"iter"
	"strconv"

	"github.com/weirstream/weir/checkpoint"
)

// A StreamRef is a stream handle with its place in the metadata.
type StreamRef struct {
	Operator checkpoint.OperatorID
	Subtask  checkpoint.Subtask // -1 for a coordinator
	Kind     StreamKind
	// Name is the local name of a RocksDB's file, and empty for all others. Shared says that
	// other checkpoints may have the file, too.
	Name   string
	Shared bool
	Handle StreamHandle // never nil or a *KeyGroupsHandle
}

// A StreamKind says which kind of state a stream holds.
type StreamKind uint8

const (
	CoordinatorStream StreamKind = iota
	ManagedOperatorStream
	RawOperatorStream
	ManagedKeyedStream
	RawKeyedStream
	InputChannelStream
	ResultSubpartitionStream
)

var streamKindNames = [...]string{
	CoordinatorStream:        "coordinator",
	ManagedOperatorStream:    "managed operator",
	RawOperatorStream:        "raw operator",
	ManagedKeyedStream:       "managed keyed",
	RawKeyedStream:           "raw keyed",
	InputChannelStream:       "input channel",
	ResultSubpartitionStream: "result subpartition",
}

func (k StreamKind) String() string {
	if int(k) >= len(streamKindNames) {
		return "unknown kind " + strconv.Itoa(int(k))
	}
	return streamKindNames[k]
}

// Streams yields every stream handle, also those in changelogs, in the order in which they
// are written. Several may refer to the same file.
func (m *Metadata) Streams() iter.Seq[StreamRef] {
	return func(yield func(StreamRef) bool) {
		for i := range m.Operators {
			if !m.Operators[i].eachStream(yield) {
				return
			}
		}
	}
}

func (o *OperatorState) eachStream(yield func(StreamRef) bool) bool {
	ref := StreamRef{Operator: o.ID, Subtask: -1, Kind: CoordinatorStream}
	if !ref.yield(o.Coordinator, yield) {
		return false
	}
	for i := range o.Subtasks {
		if ref.Subtask = o.Subtasks[i].Index; !o.Subtasks[i].eachStream(ref, yield) {
			return false
		}
	}
	return true
}

func (s *SubtaskState) eachStream(ref StreamRef, yield func(StreamRef) bool) bool {
	operator := func(kind StreamKind, h *OperatorHandle) bool {
		ref.Kind = kind
		return h == nil || ref.yield(h.Data, yield)
	}
	keyed := func(kind StreamKind, h KeyedHandle) bool {
		ref.Kind = kind
		return h == nil || h.eachStream(ref, yield)
	}
	channels := func(kind StreamKind, list []ChannelState) bool {
		ref.Kind = kind
		for i := range list {
			if !ref.yield(list[i].Data, yield) {
				return false
			}
		}
		return true
	}
	return operator(ManagedOperatorStream, s.ManagedOperator) &&
		operator(RawOperatorStream, s.RawOperator) &&
		keyed(ManagedKeyedStream, s.ManagedKeyed) &&
		keyed(RawKeyedStream, s.RawKeyed) &&
		channels(InputChannelStream, s.InputChannels) &&
		channels(ResultSubpartitionStream, s.ResultSubpartitions)
}

// yield yields h with the place in ref. It skips nil. For a KeyGroupsHandle that stands for
// a stream it yields that stream.
func (ref StreamRef) yield(h StreamHandle, yield func(StreamRef) bool) bool {
	for {
		groups, ok := h.(*KeyGroupsHandle)
		if !ok {
			break
		}
		h = groups.Data
	}
	if h == nil {
		return true
	}
	ref.Handle = h
	return yield(ref)
}
