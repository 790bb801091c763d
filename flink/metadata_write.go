package flink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// AppendTo appends m as version 3 of the metadata, beginning with the magic number. It is
// an error if m has something for which version 3 has no place (names and uids of
// operators, properties, merged channels), or something that DecodeMetadata would refuse.
// With an error, dst is returned as it was.
func (m *Metadata) AppendTo(dst []byte) ([]byte, error) {
	w := metadataWriter{handleWriter{dst: dst}}
	w.metadata(m)
	if w.err != nil {
		return dst, w.err
	}
	return w.dst, nil
}

// A metadataWriter writes a _metadata file.
type metadataWriter struct{ handleWriter }

func (w *metadataWriter) metadata(m *Metadata) {
	w.require(m.check())
	if len(m.Properties) > 0 {
		w.require(errors.New("properties need version 4"))
	}
	w.u32(metadataMagic)
	w.i32(metadataWriteVersion)
	w.i64(int64(m.CheckpointID))
	w.count(len(m.MasterStates))
	for i := range m.MasterStates {
		w.masterState(&m.MasterStates[i])
	}
	w.count(len(m.Operators))
	for i := range m.Operators {
		if w.err != nil {
			return
		}
		o := &m.Operators[i]
		w.operator(o)
		if w.err != nil {
			w.err = fmt.Errorf("operator %v: %w", o.ID, w.err)
		}
	}
}

func (w *metadataWriter) masterState(s *MasterState) {
	w.u32(masterStateMagic)
	size := len(w.dst)
	w.i32(0) // filled in below
	begin := len(w.dst)
	w.i32(s.Version)
	w.utf("name of a master state", s.Name)
	w.bytes32(s.Payload)
	n := len(w.dst) - begin
	if n > math.MaxInt32 {
		w.require(fmt.Errorf("a master state of %d bytes", n))
	}
	binary.BigEndian.PutUint32(w.dst[size:], uint32(n))
}

func (w *metadataWriter) operator(o *OperatorState) {
	w.require(o.check())
	if o.Name != "" || o.UID != "" {
		w.require(errors.New("a name or uid needs version 5"))
	}
	w.dst = append(w.dst, o.ID[:]...)
	w.i32(int32(o.Parallelism))
	w.i32(int32(o.MaxParallelism))
	w.streamOrNull(o.Coordinator)
	if o.FullyFinished {
		w.i32(-1)
		return
	}
	w.count(len(o.Subtasks))
	for i := range o.Subtasks {
		if w.err != nil {
			return
		}
		s := &o.Subtasks[i]
		w.subtask(s)
		if w.err != nil {
			w.err = fmt.Errorf("subtask %v: %w", s.Index, w.err)
		}
	}
}

func (w *metadataWriter) subtask(s *SubtaskState) {
	if s.Finished {
		w.i32(-1 - int32(s.Index))
		return
	}
	w.i32(int32(s.Index))
	for _, h := range []*OperatorHandle{s.ManagedOperator, s.RawOperator} {
		if h == nil {
			w.i32(0)
			continue
		}
		w.i32(1)
		w.operatorOrNull(h)
	}
	w.keyedOrNull(s.ManagedKeyed)
	w.keyedOrNull(s.RawKeyed)
	w.channelStates(s.InputChannels)
	w.channelStates(s.ResultSubpartitions)
}
