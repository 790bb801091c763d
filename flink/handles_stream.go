package flink

import (
	"errors"
	"fmt"
	"strings"
)

// A StreamHandle says where bytes are. It is one of *InlineHandle, *FileHandle,
// *RelativeHandle, *SegmentHandle, *EmptySegmentHandle and, in old files, a
// *KeyGroupsHandle with TagKeyGroups, which stands for the stream in it.
//
// Lengths are those that the writer of the metadata has noted. Flink does not compare them
// with the files, so a reader must check them.
type StreamHandle interface {
	writeStream(w *handleWriter)
}

// An InlineHandle has the bytes in it.
type InlineHandle struct {
	Name string // unique within its snapshot
	Data []byte // shared with what it was decoded from
}

// A FileHandle is a whole file by its absolute path, a URI like hdfs://… or file:/….
type FileHandle struct {
	Path   string
	Length int64
}

// A RelativeHandle is a whole file by its path from the directory that _metadata is in.
type RelativeHandle struct {
	Path   string
	Length int64
}

// A SegmentHandle is a part of a file with many streams. Offsets in the state of this
// stream count from Start.
type SegmentHandle struct {
	Path          string // absolute
	Start, Length int64
	Shared        bool   // Flink's scope SHARED, otherwise EXCLUSIVE
	LogicalID     string // names this segment
}

// An EmptySegmentHandle stands for no bytes where file merging wants a handle.
type EmptySegmentHandle struct{}

// InOwnDirectory reports whether the path is the plain name of a file in the directory that
// _metadata is in. Flink and Weir write no other paths. A path that leads elsewhere must not
// be followed.
func (h *RelativeHandle) InOwnDirectory() bool {
	return h.Path != "" && h.Path != "." && h.Path != ".." && !strings.ContainsAny(h.Path, "/\\\x00")
}

// streamOrNull reads a StreamHandle, nil for a null.
func (r *handleReader) streamOrNull() StreamHandle {
	r.enter()
	defer r.leave()
	switch tag := HandleTag(r.U8()); tag {
	case TagNull:
		return nil
	case TagInline:
		return &InlineHandle{Name: r.UTF(), Data: r.Bytes32()}
	case TagFile:
		h := &FileHandle{Length: r.I64(), Path: r.UTF()}
		r.require(checkLength(h.Length))
		return h
	case TagRelative:
		h := &RelativeHandle{Path: r.UTF(), Length: r.I64()}
		r.require(checkLength(h.Length))
		return h
	case TagSegment:
		h := &SegmentHandle{Start: r.I64(), Length: r.I64(), Shared: r.scope(), Path: r.UTF(), LogicalID: r.UTF()}
		r.require(h.check())
		return h
	case TagEmptySegment:
		return &EmptySegmentHandle{}
	case TagKeyGroups:
		return r.keyGroups(tag)
	default:
		r.wrongTag("a stream", tag)
		return nil
	}
}

// stream reads a StreamHandle where there must be one.
func (r *handleReader) stream() StreamHandle {
	h := r.streamOrNull()
	if h == nil {
		r.require(errNoStream)
	}
	return h
}

// scope reads Flink's CheckpointedStateScope and reports whether it is SHARED.
func (r *handleReader) scope() bool {
	switch v := r.I32(); v {
	case 0:
		return false
	case 1:
		return true
	default:
		r.Failf("a file segment's scope is 0 or 1, not %d", v)
		return false
	}
}

var errNoStream = errors.New("no stream handle where there must be one")

// streamOrNull writes a StreamHandle, a null for nil.
func (w *handleWriter) streamOrNull(h StreamHandle) {
	if h == nil {
		w.tag(TagNull)
		return
	}
	if w.enter() {
		h.writeStream(w)
	}
	w.leave()
}

// stream writes a StreamHandle where there must be one.
func (w *handleWriter) stream(h StreamHandle) {
	if h == nil {
		w.require(errNoStream)
	}
	w.streamOrNull(h)
}

func (h *InlineHandle) writeStream(w *handleWriter) {
	w.tag(TagInline)
	w.utf("name of an inline handle", h.Name)
	w.bytes32(h.Data)
}

func (h *FileHandle) writeStream(w *handleWriter) {
	w.require(checkLength(h.Length))
	w.tag(TagFile)
	w.i64(h.Length)
	w.utf("path", h.Path)
}

func (h *RelativeHandle) writeStream(w *handleWriter) {
	w.require(checkLength(h.Length))
	w.tag(TagRelative)
	w.utf("relative path", h.Path)
	w.i64(h.Length)
}

func (h *SegmentHandle) writeStream(w *handleWriter) {
	w.require(h.check())
	w.tag(TagSegment)
	w.i64(h.Start)
	w.i64(h.Length)
	scope := int32(0)
	if h.Shared {
		scope = 1
	}
	w.i32(scope)
	w.utf("path", h.Path)
	w.utf("logical id", h.LogicalID)
}

func (h *EmptySegmentHandle) writeStream(w *handleWriter) { w.tag(TagEmptySegment) }

func (h *KeyGroupsHandle) writeStream(w *handleWriter) {
	if h.Tag != TagKeyGroups {
		w.require(fmt.Errorf("a handle with tag %v cannot stand for a stream", h.Tag))
	}
	h.writeKeyed(w)
}

func checkLength(n int64) error {
	if n < 0 {
		return fmt.Errorf("a file of %d bytes", n)
	}
	return nil
}

func (h *SegmentHandle) check() error {
	if h.Start < 0 || h.Length < 0 || h.Start+h.Length < 0 {
		return fmt.Errorf("a file segment of %d bytes from %d on", h.Length, h.Start)
	}
	return nil
}
