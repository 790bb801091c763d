package flink

import (
	"errors"

	"github.com/weirstream/weir/checkpoint"
)

// A ChangelogHandle is a keyed state and the changes since it was written. This package
// lists its parts, but does not read the changes themselves.
type ChangelogHandle struct {
	Tag               HandleTag // TagChangelog or TagChangelogV2
	Range             checkpoint.KeyGroupRange
	CheckpointedSize  int64
	Materialized      []KeyedHandle // the state
	NonMaterialized   []KeyedHandle // the changes
	MaterializationID int64
	CheckpointID      checkpoint.ID // TagChangelog has none; MaterializationID stands for it
	ID                string
}

// A ChangelogMemoryIncrement is changes that are kept inline.
type ChangelogMemoryIncrement struct {
	Range    checkpoint.KeyGroupRange
	From, To int64 // sequence numbers
	Changes  []Change
	ID       string
}

// A Change is a change to one key group, or to the metadata if KeyGroup is -1.
type Change struct {
	KeyGroup int32
	Data     []byte // shared with what it was decoded from
}

// A ChangelogFileIncrement is changes in files.
type ChangelogFileIncrement struct {
	Tag                         HandleTag // TagChangelogFile or TagChangelogFileV2
	Range                       checkpoint.KeyGroupRange
	Parts                       []ChangelogPart
	StateSize, CheckpointedSize int64
	ID                          string
	StorageID                   string // TagChangelogFile has none; "filesystem" stands for it
}

// A ChangelogPart is a stream and the offset in it at which changes begin.
type ChangelogPart struct {
	Offset int64
	Data   StreamHandle
}

const (
	changeMinSize        = 4 + 4
	changelogPartMinSize = 8 + 1

	// fileStorage is the storage for changes of handles that do not name one.
	fileStorage = "filesystem"
)

func (h *ChangelogHandle) KeyGroups() checkpoint.KeyGroupRange          { return h.Range }
func (h *ChangelogMemoryIncrement) KeyGroups() checkpoint.KeyGroupRange { return h.Range }
func (h *ChangelogFileIncrement) KeyGroups() checkpoint.KeyGroupRange   { return h.Range }

func (r *handleReader) changelog(tag HandleTag) *ChangelogHandle {
	h := &ChangelogHandle{
		Tag:               tag,
		Range:             r.keyGroupRange(),
		CheckpointedSize:  r.I64(),
		Materialized:      r.keyedList("materialized states"),
		NonMaterialized:   r.keyedList("changes"),
		MaterializationID: r.I64(),
	}
	h.CheckpointID = checkpoint.ID(h.MaterializationID)
	if tag == TagChangelogV2 {
		h.CheckpointID = checkpoint.ID(r.I64())
	}
	h.ID = r.UTF()
	return h
}

func (r *handleReader) keyedList(what string) []KeyedHandle {
	var list []KeyedHandle
	for range r.Count(what, 1) {
		h := r.keyedOrNull()
		if h == nil {
			r.Failf("a null among the %s of a changelog", what)
			return nil
		}
		list = append(list, h)
	}
	return list
}

func (r *handleReader) changelogMemory() *ChangelogMemoryIncrement {
	h := &ChangelogMemoryIncrement{Range: r.keyGroupRange(), From: r.I64(), To: r.I64()}
	for range r.Count("changes", changeMinSize) {
		h.Changes = append(h.Changes, Change{KeyGroup: r.I32(), Data: r.Bytes32()})
		if r.err != nil {
			break
		}
	}
	h.ID = r.UTF()
	return h
}

func (r *handleReader) changelogFile(tag HandleTag) *ChangelogFileIncrement {
	h := &ChangelogFileIncrement{Tag: tag, Range: r.keyGroupRange()}
	for range r.Count("streams of changes", changelogPartMinSize) {
		h.Parts = append(h.Parts, ChangelogPart{Offset: r.I64(), Data: r.stream()})
		if r.err != nil {
			break
		}
	}
	h.StateSize, h.CheckpointedSize = r.I64(), r.I64()
	h.ID, h.StorageID = r.UTF(), fileStorage
	if tag == TagChangelogFileV2 {
		h.StorageID = r.UTF()
	}
	return h
}

func (h *ChangelogHandle) writeKeyed(w *handleWriter) {
	w.oneOf(h.Tag, "a changelog", TagChangelog, TagChangelogV2)
	w.keyGroupRange(h.Range)
	w.i64(h.CheckpointedSize)
	w.keyedList(h.Materialized)
	w.keyedList(h.NonMaterialized)
	w.i64(h.MaterializationID)
	if h.Tag == TagChangelogV2 {
		w.i64(int64(h.CheckpointID))
	} else {
		w.only(h.Tag, "a checkpoint id of its own", int64(h.CheckpointID) == h.MaterializationID)
	}
	w.utf("id of a handle", h.ID)
}

func (w *handleWriter) keyedList(list []KeyedHandle) {
	w.count(len(list))
	for _, h := range list {
		if h == nil {
			w.require(errors.New("a null among the parts of a changelog"))
		}
		w.keyedOrNull(h)
	}
}

func (h *ChangelogMemoryIncrement) writeKeyed(w *handleWriter) {
	w.tag(TagChangelogMemory)
	w.keyGroupRange(h.Range)
	w.i64(h.From)
	w.i64(h.To)
	w.count(len(h.Changes))
	for _, c := range h.Changes {
		w.i32(c.KeyGroup)
		w.bytes32(c.Data)
	}
	w.utf("id of a handle", h.ID)
}

func (h *ChangelogFileIncrement) writeKeyed(w *handleWriter) {
	w.oneOf(h.Tag, "changes in files", TagChangelogFile, TagChangelogFileV2)
	w.keyGroupRange(h.Range)
	w.count(len(h.Parts))
	for _, p := range h.Parts {
		w.i64(p.Offset)
		w.stream(p.Data)
	}
	w.i64(h.StateSize)
	w.i64(h.CheckpointedSize)
	w.utf("id of a handle", h.ID)
	if h.Tag == TagChangelogFileV2 {
		w.utf("id of a storage", h.StorageID)
	} else {
		w.only(h.Tag, "the storage "+h.StorageID, h.StorageID == fileStorage)
	}
}

func (h *ChangelogHandle) eachStream(ref StreamRef, yield func(StreamRef) bool) bool {
	for _, part := range [][]KeyedHandle{h.Materialized, h.NonMaterialized} {
		for _, k := range part {
			if !k.eachStream(ref, yield) {
				return false
			}
		}
	}
	return true
}

func (h *ChangelogMemoryIncrement) eachStream(StreamRef, func(StreamRef) bool) bool { return true }

func (h *ChangelogFileIncrement) eachStream(ref StreamRef, yield func(StreamRef) bool) bool {
	for _, p := range h.Parts {
		if !ref.yield(p.Data, yield) {
			return false
		}
	}
	return true
}
