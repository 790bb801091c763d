package flink

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// DecodeMetadata reads a _metadata file of version 2 to 6; Flink writes these up to 2.1. It
// returns how many bytes of data that takes. It ignores the bytes after those.
func DecodeMetadata(data []byte) (m *Metadata, n int, err error) {
	r := metadataReader{handleReader: handleReader{Cursor: NewCursor(data)}}
	m, err = r.metadata()
	if err != nil {
		return nil, 0, err
	}
	return m, r.Offset(), nil
}

// A metadataReader reads a _metadata file.
type metadataReader struct {
	handleReader
	version int32
}

func (r *metadataReader) metadata() (*Metadata, error) {
	if magic := uint32(r.I32()); r.err == nil && magic != metadataMagic {
		r.off = 0
		return nil, r.Failf("a _metadata file begins with %#08x, not with %#08x", metadataMagic, magic)
	}
	r.version = r.I32()
	if r.err != nil {
		return nil, r.err
	}
	if why := cannotRead(r.version); why != "" {
		return nil, r.Failf("version %d of the metadata cannot be read: %s", r.version, why)
	}
	m := &Metadata{Version: r.version, CheckpointID: checkpoint.ID(r.I64())}
	for range r.Count("master states", masterStateMinSize) {
		m.MasterStates = append(m.MasterStates, r.masterState())
		if r.err != nil {
			return nil, r.err
		}
	}
	n := r.Count("operators", operatorStateMinSize)
	for i := range n {
		o, err := r.operator()
		if err != nil {
			return nil, fmt.Errorf("operator %d of %d, %v: %w", i+1, n, o.ID, err)
		}
		m.Operators = append(m.Operators, o)
	}
	if r.version >= 4 {
		m.Properties = r.properties()
	}
	if r.err == nil {
		r.require(m.check())
	}
	return m, r.err
}

// cannotRead says why a version cannot be read. It returns "" if it can.
func cannotRead(version int32) string {
	switch {
	case version == 1:
		return "it was written by Flink 1.1 or 1.2, and no Flink of today reads it either"
	case version == 7:
		return "it was written by a Flink newer than 2.1, one that has regional checkpoints"
	case version < 2 || version > 7:
		return "no Flink is known that writes it"
	default:
		return ""
	}
}

func (r *metadataReader) masterState() MasterState {
	if magic := uint32(r.I32()); r.err == nil && magic != masterStateMagic {
		r.off -= 4
		r.Failf("a master state begins with %#08x, not with %#08x", masterStateMagic, magic)
	}
	end := r.sized("a master state")
	s := MasterState{Version: r.I32(), Name: r.UTF(), Payload: r.Bytes32()}
	end()
	return s
}

// sized reads the length of the part that follows. The caller reads that part, and then
// calls the function that sized returns, which checks the length.
func (r *handleReader) sized(what string) (end func()) {
	n := r.Count("bytes", 1)
	begin := r.off
	return func() {
		if r.err == nil && r.off != begin+n {
			r.Failf("%s takes %d bytes, and %d were announced", what, r.off-begin, n)
		}
	}
}

// operator reads an operator's state. With an error it returns at least the name and id
// that it has read.
func (r *metadataReader) operator() (o OperatorState, err error) {
	if r.version >= 5 {
		o.Name, o.UID = r.UTF(), r.UTF()
	}
	copy(o.ID[:], r.Bytes(len(o.ID)))
	o.Parallelism, o.MaxParallelism = int(r.I32()), int(r.I32())
	if r.err == nil {
		r.require(o.checkParallelism())
	}
	if r.version >= 3 {
		o.Coordinator = r.streamOrNull()
	} else {
		r.I32() // in old versions the length of the operator's chain
	}
	at := r.off
	if n := r.I32(); n < 0 && r.version >= 3 {
		o.FullyFinished = true
	} else if r.err == nil {
		if int(n) > o.Parallelism {
			// A subtask that has finished takes four bytes here, and much more in memory.
			r.Failf("%d subtasks of an operator with parallelism %d", n, o.Parallelism)
			return o, r.err
		}
		r.off = at
		for range r.Count("subtasks", subtaskStateMinSize) {
			s, err := r.subtask()
			if err != nil {
				return o, fmt.Errorf("subtask %v: %w", s.Index, err)
			}
			o.Subtasks = append(o.Subtasks, s)
		}
	}
	if r.err == nil {
		r.require(o.check())
	}
	return o, r.err
}

func (r *metadataReader) subtask() (s SubtaskState, err error) {
	index := r.I32()
	if index < 0 && r.version >= 3 {
		s.Index, s.Finished = checkpoint.Subtask(-(index + 1)), true
		return s, r.err
	}
	s.Index = checkpoint.Subtask(index)
	if r.version == 2 {
		r.I64() // in old versions the duration
		if n := r.I32(); n != 0 {
			r.Failf("%d states of Flink 1.2 or before cannot be read", n)
		}
	}
	if r.I32() != 0 {
		s.ManagedOperator = r.operatorOrNull()
	}
	if r.I32() != 0 {
		s.RawOperator = r.operatorOrNull()
	}
	s.ManagedKeyed = r.keyedOrNull()
	s.RawKeyed = r.keyedOrNull()
	if r.version >= 3 {
		s.InputChannels = r.channelStates("input channels", channelInput, channelInputMerged)
		s.ResultSubpartitions = r.channelStates("result subpartitions", channelResult, channelResultMerged)
	}
	return s, r.err
}
