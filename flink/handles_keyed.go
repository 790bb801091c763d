package flink

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// A KeyedHandle says how keyed state is stored. It is one of
//
//   - *KeyGroupsHandle: one stream with all keys and values;
//   - *IncrementalHandle: the files of a RocksDB;
//   - *ChangelogHandle: either, plus changes, which are
//     *ChangelogMemoryIncrement and *ChangelogFileIncrement.
type KeyedHandle interface {
	// KeyGroups is the range of key groups that the state covers.
	KeyGroups() checkpoint.KeyGroupRange

	writeKeyed(w *handleWriter)
	eachStream(ref StreamRef, yield func(StreamRef) bool) bool
}

// A KeyGroupsHandle is one stream, in which each key group can be found.
//
// With TagSavepoint the stream is in the canonical layout. With TagKeyGroups and
// TagKeyGroupsV2 it is in the layout of the heap backend, or in the canonical one if an old
// RocksDB wrote it; only the stream itself shows which.
type KeyGroupsHandle struct {
	Tag     HandleTag // TagKeyGroups, TagSavepoint or TagKeyGroupsV2
	Range   checkpoint.KeyGroupRange
	Offsets []int64 // in the stream, one per key group; 0 or -1 may say that it has no data
	Data    StreamHandle
	ID      string // TagKeyGroupsV2 only: any unique string
}

// An IncrementalHandle is keyed state in the files of a RocksDB.
type IncrementalHandle struct {
	Tag              HandleTag     // TagIncremental or TagIncrementalV2
	CheckpointID     checkpoint.ID // the one that it was made for
	BackendID        string
	Range            checkpoint.KeyGroupRange
	CheckpointedSize int64        // TagIncrementalV2 only: bytes that this checkpoint added; -1 is unknown
	Meta             StreamHandle // names, types and serializers of the states
	Shared, Private  []LocalFile  // files that several checkpoints may have, and files of this one
	ID               string       // TagIncrementalV2 only
}

// A LocalFile is a file and the name that it has in the directory of the RocksDB.
type LocalFile struct {
	Name string
	Data StreamHandle
}

const localFileMinSize = 2 + 1

func (h *KeyGroupsHandle) KeyGroups() checkpoint.KeyGroupRange   { return h.Range }
func (h *IncrementalHandle) KeyGroups() checkpoint.KeyGroupRange { return h.Range }

// keyedOrNull reads a KeyedHandle, nil for a null.
func (r *handleReader) keyedOrNull() KeyedHandle {
	r.enter()
	defer r.leave()
	switch tag := HandleTag(r.U8()); tag {
	case TagNull:
		return nil
	case TagKeyGroups, TagSavepoint, TagKeyGroupsV2:
		return r.keyGroups(tag)
	case TagIncremental, TagIncrementalV2:
		return r.incremental(tag)
	case TagChangelog, TagChangelogV2:
		return r.changelog(tag)
	case TagChangelogMemory:
		return r.changelogMemory()
	case TagChangelogFile, TagChangelogFileV2:
		return r.changelogFile(tag)
	default:
		r.wrongTag("keyed state", tag)
		return nil
	}
}

func (r *handleReader) keyGroups(tag HandleTag) *KeyGroupsHandle {
	h := &KeyGroupsHandle{Tag: tag, Range: r.keyGroupRange()}
	h.Offsets = r.i64s(h.Range.Len())
	h.Data = r.stream()
	if tag == TagKeyGroupsV2 {
		h.ID = r.UTF()
	}
	return h
}

func (r *handleReader) incremental(tag HandleTag) *IncrementalHandle {
	h := &IncrementalHandle{
		Tag:          tag,
		CheckpointID: checkpoint.ID(r.I64()),
		BackendID:    r.UTF(),
		Range:        r.keyGroupRange(),
	}
	if tag == TagIncrementalV2 {
		h.CheckpointedSize = r.I64()
	}
	h.Meta = r.stream()
	h.Shared = r.localFiles("shared files")
	h.Private = r.localFiles("private files")
	if tag == TagIncrementalV2 {
		h.ID = r.UTF()
	}
	return h
}

func (r *handleReader) localFiles(what string) []LocalFile {
	var files []LocalFile
	for range r.Count(what, localFileMinSize) {
		files = append(files, LocalFile{Name: r.UTF(), Data: r.stream()})
		if r.err != nil {
			return nil
		}
	}
	return files
}

// keyedOrNull writes a KeyedHandle, a null for nil.
func (w *handleWriter) keyedOrNull(h KeyedHandle) {
	if h == nil {
		w.tag(TagNull)
		return
	}
	if w.enter() {
		h.writeKeyed(w)
	}
	w.leave()
}

// oneOf checks a tag that the user of the package has set.
func (w *handleWriter) oneOf(tag HandleTag, kind string, tags ...HandleTag) {
	for _, t := range tags {
		if t == tag {
			w.tag(tag)
			return
		}
	}
	w.require(fmt.Errorf("tag %v is not one for a handle of %s", tag, kind))
}

// only checks that a field is absent for which a handle with the tag has no place.
func (w *handleWriter) only(tag HandleTag, what string, absent bool) {
	if !absent {
		w.require(fmt.Errorf("a handle with tag %v has no place for %s", tag, what))
	}
}

func (h *KeyGroupsHandle) writeKeyed(w *handleWriter) {
	if n := h.Range.Len(); n != len(h.Offsets) {
		w.require(fmt.Errorf("%d offsets for %d key groups", len(h.Offsets), n))
	}
	w.oneOf(h.Tag, "key groups", TagKeyGroups, TagSavepoint, TagKeyGroupsV2)
	w.keyGroupRange(h.Range)
	w.i64s(h.Offsets)
	w.stream(h.Data)
	if h.Tag == TagKeyGroupsV2 {
		w.utf("id of a handle", h.ID)
	} else {
		w.only(h.Tag, "an id", h.ID == "")
	}
}

func (h *IncrementalHandle) writeKeyed(w *handleWriter) {
	w.oneOf(h.Tag, "incremental key groups", TagIncremental, TagIncrementalV2)
	w.i64(int64(h.CheckpointID))
	w.utf("id of a backend", h.BackendID)
	w.keyGroupRange(h.Range)
	if h.Tag == TagIncrementalV2 {
		w.i64(h.CheckpointedSize)
	}
	w.stream(h.Meta)
	w.localFiles(h.Shared)
	w.localFiles(h.Private)
	if h.Tag == TagIncrementalV2 {
		w.utf("id of a handle", h.ID)
	} else {
		w.only(h.Tag, "an id or a size", h.ID == "" && h.CheckpointedSize == 0)
	}
}

func (w *handleWriter) localFiles(files []LocalFile) {
	w.count(len(files))
	for _, f := range files {
		w.utf("name of a file", f.Name)
		w.stream(f.Data)
	}
}

func (h *KeyGroupsHandle) eachStream(ref StreamRef, yield func(StreamRef) bool) bool {
	return ref.yield(h.Data, yield)
}

func (h *IncrementalHandle) eachStream(ref StreamRef, yield func(StreamRef) bool) bool {
	if !ref.yield(h.Meta, yield) {
		return false
	}
	ref.Shared = true
	for _, f := range h.Shared {
		if ref.Name = f.Name; !ref.yield(f.Data, yield) {
			return false
		}
	}
	ref.Shared = false
	for _, f := range h.Private {
		if ref.Name = f.Name; !ref.yield(f.Data, yield) {
			return false
		}
	}
	return true
}
