package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A content reads the state of a checkpoint, one handle after the other. In memory it holds
// at most a key group or a stream of operator state, neither of which may have more than
// maxBlock bytes; for the metadata see metadataFits.
type content struct {
	c            *store.Checkpoint
	allowOutside bool
	maxBlock     int64
	headersOnly  bool // which states there are, and none of their entries
}

// A visitor is shown each entry. It returns false when it has seen enough of the stream.
type visitor func(h *Handle, e *Entry) bool

// snappyShare is how much smaller a compressed block must be.
const snappyShare = 8

// each reads what the handles of an operator lead to, and yields each handle after that.
// visit may be nil.
func (r *content) each(op *flink.OperatorState, visit visitor, yield func(*Handle)) {
	if op.Coordinator != nil {
		h := newHandle(op, -1, flink.CoordinatorStream, "coordinator")
		h.at(op.Coordinator)
		h.unread(opaqueCoordinator)
		yield(h)
	}
	for i := range op.Subtasks {
		s := &op.Subtasks[i]
		r.managedOperator(op, s, visit, yield)
		if s.RawOperator != nil {
			h := newHandle(op, s.Index, flink.RawOperatorStream, operatorTag(s.RawOperator))
			h.at(s.RawOperator.Data)
			h.unread(opaqueOperator)
			yield(h)
		}
		r.keyed(op, s.Index, flink.ManagedKeyedStream, s.ManagedKeyed, visit, yield)
		r.keyed(op, s.Index, flink.RawKeyedStream, s.RawKeyed, visit, yield)
		channels(op, s.Index, flink.InputChannelStream, s.InputChannels, yield)
		channels(op, s.Index, flink.ResultSubpartitionStream, s.ResultSubpartitions, yield)
	}
}

// managedOperator reads the managed operator state of a subtask, if it has any.
func (r *content) managedOperator(op *flink.OperatorState, s *flink.SubtaskState, visit visitor, yield func(*Handle)) {
	if s.ManagedOperator == nil {
		return
	}
	h := newHandle(op, s.Index, flink.ManagedOperatorStream, operatorTag(s.ManagedOperator))
	h.at(s.ManagedOperator.Data)
	r.operator(h, s.ManagedOperator, visit)
	yield(h)
}

func newHandle(op *flink.OperatorState, sub checkpoint.Subtask, kind flink.StreamKind, tag string) *Handle {
	return &Handle{Operator: op.ID, Subtask: sub, Kind: kind, Tag: tag, Where: Nowhere}
}

func operatorTag(h *flink.OperatorHandle) string {
	if h.Merged != nil {
		return tagName(flink.TagPartitionableMerged)
	}
	return tagName(flink.TagPartitionable)
}

// tagName returns Flink's name for a kind of handle, without the number.
func tagName(t flink.HandleTag) string {
	s := t.String()
	if _, name, ok := strings.Cut(s, "("); ok {
		return strings.TrimSuffix(name, ")")
	}
	return s
}

// channels describes the records in flight of an unaligned checkpoint.
func channels(op *flink.OperatorState, sub checkpoint.Subtask, kind flink.StreamKind, list []flink.ChannelState, yield func(*Handle)) {
	if len(list) == 0 {
		return
	}
	h := newHandle(op, sub, kind, "channel state")
	for i := range list {
		h.add(list[i].Data)
	}
	h.unread(opaqueRecords)
	yield(h)
}

// weirOnly reports whether a type is one of Weir's own, or has one in it.
func weirOnly(s flink.Serializer) bool {
	snapshot, err := s.AppendSnapshot(nil)
	return err == nil && (strings.Contains(string(snapshot), "weir.AvroStructSerializerSnapshot") ||
		strings.Contains(string(snapshot), "weir.CustomSerializerSnapshot"))
}

var (
	errOutside   = errors.New("it lies in another directory")
	errElsewhere = errors.New("it is not on this machine")
)

// open opens a stream, unless it lies where the Reader may not look.
func (r *content) open(s flink.StreamHandle) (store.Stream, error) {
	path := ""
	switch s := s.(type) {
	case *flink.KeyGroupsHandle:
		return r.open(s.Data)
	case *flink.FileHandle:
		path = s.Path
	case *flink.SegmentHandle:
		path = s.Path
	}
	if path != "" && r.c.Seal == nil {
		if !r.allowOutside {
			return nil, errOutside
		}
		if strings.Contains(path, "://") && !strings.HasPrefix(path, "file:") {
			return nil, errElsewhere
		}
	}
	return r.c.OpenStream(s)
}

// metadataFits makes sure that a metadata file, or that of a directory, may be read into
// memory. One that cannot be looked at is left to the code that opens it.
func metadataFits(fsys durable.FS, name string, limit int64) error {
	e, err := fsys.Stat(name)
	if err == nil && e.Dir {
		e, err = fsys.Stat(checkpoint.MetadataIn(name))
	}
	if err == nil && e.Regular && e.Size > limit {
		return &TooLargeError{checkpoint.MetadataName, e.Size, limit}
	}
	return nil
}

// readAll reads a whole stream.
func (r *content) readAll(s flink.StreamHandle, what string) ([]byte, error) {
	stream, err := r.open(s)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if size := stream.Size(); size > r.maxBlock {
		return nil, &TooLargeError{what, size, r.maxBlock}
	}
	data := make([]byte, stream.Size())
	if len(data) == 0 {
		return data, nil
	}
	if n, err := stream.ReadAt(data, 0); n < len(data) {
		return nil, fmt.Errorf("read %s: %w", stream.Name(), err)
	}
	return data, nil
}

// judge notes what an error of reading means.
func (h *Handle) judge(err error) {
	var unknown *flink.UnknownSerializerError
	var opaque *flink.OpaqueError
	var tooLarge *TooLargeError
	var block *store.DamagedBlockError
	var path *fs.PathError
	switch {
	case errors.Is(err, errOutside):
		h.unread(liesOutside)
	case errors.Is(err, errElsewhere):
		h.unread(liesElsewhere)
	case errors.As(err, &tooLarge):
		h.unread(Unread{tooLarge.Error(), ByLargerMaxBlock})
	case errors.As(err, &unknown):
		h.unread(unreadf("the type of a state is described by %s, which nothing is known of here", unknown.Class))
	case errors.As(err, &opaque):
		h.unread(unreadf("values of %s can only be read by the job that wrote them", opaque.Type))
	case errors.As(err, &block) && block.Block >= 0:
		h.damage(err, fmt.Errorf("block %d at byte %d: %s", block.Block, block.Offset, block.What))
	case errors.As(err, &block):
		h.damage(err, errors.New(block.What))
	case errors.Is(err, syscall.EIO):
		h.damage(err, err)
	case errors.Is(err, fs.ErrNotExist):
		h.damage(err, errors.New("the file is missing"))
	case errors.As(err, &path):
		h.Failure = err
	default:
		h.damage(err, err)
	}
}

// damage notes that something is wrong: where, as far as err says, and what.
func (h *Handle) damage(err, what error) {
	if h.Problem == nil {
		h.Problem = what
	}
	if len(h.Broken) == maxBroken {
		h.Further++
		return
	}
	b := Broken{Group: -1, Entry: -1, Offset: -1, Err: what}
	var group *flink.GroupError
	if errors.As(err, &group) {
		b.Group, b.Offset = int(group.Group), group.Offset
	}
	var entry *flink.EntryError
	if errors.As(err, &entry) {
		b.State, b.Entry, b.Offset = entry.State, entry.Number, entry.Offset
	}
	h.Broken = append(h.Broken, b)
}
