package main

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

// A handle is a state handle of the metadata, and what was found behind it.
type handle struct {
	Operator checkpoint.OperatorID
	Subtask  checkpoint.Subtask // -1 for a coordinator
	Kind     flink.StreamKind
	Tag      string // Flink's name for what kind of handle it is

	KeyGroups *checkpoint.KeyGroupRange // of keyed state
	Layout    string
	Where     where
	File      string // if it is one file
	Files     int    // how many files it is
	Outside   int    // how many of them are in other directories
	Bytes     int64  // as the metadata has it

	Compressed bool
	KeyType    string // of keyed state
	States     []*stateInfo
	keyGroups  *flink.KeyGroupsHandle // of keyed state in one stream

	// Whole tells that every entry has been shown: what could not be decoded as an Opaque.
	Whole bool

	// Unread says what was not read, and why, without being damage: the encoding is
	// someone else's, the file is elsewhere.
	Unread []string
	// Problem is the first thing that is wrong with the bytes, Broken is all of them, up
	// to maxBroken, and Further how many there are besides.
	Problem error
	Broken  []broken
	Further int
	// Failure says why the bytes could not be got at.
	Failure error
}

// A broken is a place where bytes make no sense.
type broken struct {
	group  int    // key group, -1 if it is in none
	state  string // "" if it is in none
	entry  int    // its number in the state and key group, -1 if it is not about one
	offset int64  // in the stream, of the entry or else of the key group; -1 if it is not known
	err    error
}

// maxBroken is how many of the things that are wrong with one stream are told apart.
const maxBroken = 100

// where is where the bytes of a handle are. The words are a contract.
type where string

const (
	inFile    where = "file"
	inFiles   where = "files"
	isInline  where = "inline"
	isOutside where = "outside"
	isNowhere where = "none"
)

// A stateInfo is one named state in the stream of a handle.
type stateInfo struct {
	Name      string
	Kind      string // Flink's word
	KeyType   string // of a broadcast map
	Namespace string // type, "" for none
	Type      string
	WeirOnly  bool // its type is one of Weir's own, which Flink cannot read
	Entries   int64
	Counted   bool // Entries is all of them, and not only what could be read

	meta *flink.StateMeta // nil if there is no header, as of raw timers
	key  flink.Serializer // of keyed state, and of a broadcast map
}

// An entry is one entry of a state.
type entry struct {
	state *stateInfo
	group int // key group, -1 for none
	// keyed tells that there is a key, which may be null.
	keyed           bool
	key, namespace  flink.Value
	inMap           bool // there is a user key
	userKey, value  flink.Value
	opaque, isTimer bool
}

// A visitor is shown each entry, and returns false if it has seen enough.
type visitor func(h *handle, e entry) bool

// A reader reads the state of a checkpoint, one handle after the other. What it holds
// in memory is at most a key group or a stream of operator state, neither of which may
// have more than maxBlock bytes; for the metadata, see metadataFits.
type reader struct {
	c            *store.Checkpoint
	allowOutside bool
	maxBlock     int64
	headers      bool // which states there are, and none of their entries
}

// defaultMaxBlock bounds what is read at once. What becomes of it in memory can be
// twenty times as much, if somebody means ill.
const defaultMaxBlock = 128 << 20

// snappyShare is how much less a compressed block may have.
const snappyShare = 8

// each yields the handles of an operator after it has read what is behind them.
func (r *reader) each(op *flink.OperatorState, visit visitor, yield func(*handle)) {
	if op.Coordinator != nil {
		h := r.newHandle(op, -1, flink.CoordinatorStream, "coordinator")
		h.at(op.Coordinator)
		h.unread("only the source that wrote it knows what is in it")
		yield(h)
	}
	for i := range op.Subtasks {
		s := &op.Subtasks[i]
		r.managedOperator(op, s, visit, yield)
		if s.RawOperator != nil {
			h := r.newHandle(op, s.Index, flink.RawOperatorStream, operatorTag(s.RawOperator))
			h.at(s.RawOperator.Data)
			h.unread("only the operator that wrote it knows what is in it")
			yield(h)
		}
		r.keyed(op, s.Index, flink.ManagedKeyedStream, s.ManagedKeyed, visit, yield)
		r.keyed(op, s.Index, flink.RawKeyedStream, s.RawKeyed, visit, yield)
		r.channels(op, s.Index, flink.InputChannelStream, s.InputChannels, yield)
		r.channels(op, s.Index, flink.ResultSubpartitionStream, s.ResultSubpartitions, yield)
	}
}

// managedOperator reads the managed operator state of a subtask, if it has any.
func (r *reader) managedOperator(op *flink.OperatorState, s *flink.SubtaskState, visit visitor, yield func(*handle)) {
	if s.ManagedOperator == nil {
		return
	}
	h := r.newHandle(op, s.Index, flink.ManagedOperatorStream, operatorTag(s.ManagedOperator))
	h.at(s.ManagedOperator.Data)
	r.operator(h, s.ManagedOperator, visit)
	yield(h)
}

func (r *reader) newHandle(op *flink.OperatorState, sub checkpoint.Subtask, kind flink.StreamKind, tag string) *handle {
	return &handle{Operator: op.ID, Subtask: sub, Kind: kind, Tag: tag, Where: isNowhere}
}

func operatorTag(h *flink.OperatorHandle) string {
	if h.Merged != nil {
		return tagName(flink.TagPartitionableMerged)
	}
	return tagName(flink.TagPartitionable)
}

// tagName is Flink's name for a kind of handle, without the number.
func tagName(t flink.HandleTag) string {
	s := t.String()
	if _, name, ok := strings.Cut(s, "("); ok {
		return strings.TrimSuffix(name, ")")
	}
	return s
}

// channels describes the records on their way of an unaligned checkpoint.
func (r *reader) channels(op *flink.OperatorState, sub checkpoint.Subtask, kind flink.StreamKind, list []flink.ChannelState, yield func(*handle)) {
	if len(list) == 0 {
		return
	}
	h := r.newHandle(op, sub, kind, "channel state")
	for i := range list {
		h.add(list[i].Data)
	}
	h.unread("records on their way; only the job knows what is in them")
	yield(h)
}

// at notes where the only stream of h is.
func (h *handle) at(s flink.StreamHandle) {
	h.Bytes = 0
	switch s := s.(type) {
	case *flink.KeyGroupsHandle: // of old: stands for its stream
		h.at(s.Data)
	case *flink.InlineHandle:
		h.Where, h.Bytes = isInline, int64(len(s.Data))
	case *flink.RelativeHandle:
		h.Where, h.File, h.Files, h.Bytes = inFile, s.Path, 1, s.Length
	case *flink.FileHandle:
		h.Where, h.File, h.Files, h.Bytes, h.Outside = isOutside, s.Path, 1, s.Length, 1
	case *flink.SegmentHandle:
		h.Where, h.File, h.Files, h.Bytes, h.Outside = isOutside, s.Path, 1, s.Length, 1
	default:
		h.Where = isNowhere
	}
}

// add notes one of several streams of h.
func (h *handle) add(s flink.StreamHandle) {
	var one handle
	one.at(s)
	h.Bytes += one.Bytes
	h.Outside += one.Outside
	h.Files += one.Files
	switch {
	case h.Files > 0:
		h.Where = inFiles
	case one.Where != isNowhere:
		h.Where = isInline
	}
}

func (h *handle) unread(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	for _, have := range h.Unread {
		if have == why {
			return
		}
	}
	h.Unread = append(h.Unread, why)
}

// blind tells that it is not even known which states are in h.
func (h *handle) blind() bool {
	return len(h.States) == 0 && (h.Problem != nil || h.Failure != nil || len(h.Unread) > 0)
}

// weirOnly tells whether a type is one of Weir's own, or has one in it.
func weirOnly(s flink.Serializer) bool {
	snapshot, err := s.AppendSnapshot(nil)
	return err == nil && strings.Contains(string(snapshot), "weir.") &&
		(strings.Contains(string(snapshot), "weir.AvroStructSerializerSnapshot") ||
			strings.Contains(string(snapshot), "weir.CustomSerializerSnapshot"))
}

var (
	errOutside  = errors.New("it lies in another directory; --allow-outside reads it")
	errNotLocal = errors.New("it is not on this machine")
)

// A tooLargeError says that something was not read because it does not fit.
type tooLargeError struct {
	what        string
	size, limit int64
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("%s has %s, more than the %s that are read at once; --max-block raises that",
		e.what, byteCount(e.size), byteCount(e.limit))
}

// open opens a stream, unless it lies where nobody allowed to look.
func (r *reader) open(s flink.StreamHandle) (store.Stream, error) {
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
			return nil, errNotLocal
		}
	}
	return r.c.OpenStream(s)
}

// metadataFits makes sure that a metadata file, or that of a directory, can be read at
// once. One that cannot be looked at is left to whoever opens it.
func metadataFits(fsys durable.FS, name string, limit int64) error {
	e, err := fsys.Stat(name)
	if err == nil && e.Dir {
		e, err = fsys.Stat(checkpoint.MetadataIn(name))
	}
	if err == nil && e.Regular && e.Size > limit {
		return &tooLargeError{checkpoint.MetadataName, e.Size, limit}
	}
	return nil
}

// readAll reads a whole stream.
func (r *reader) readAll(s flink.StreamHandle, what string) ([]byte, error) {
	stream, err := r.open(s)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if size := stream.Size(); size > r.maxBlock {
		return nil, &tooLargeError{what, size, r.maxBlock}
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
func (h *handle) judge(err error) {
	var unknown *flink.UnknownSerializerError
	var opaque *flink.OpaqueError
	var tooLarge *tooLargeError
	var block *store.DamagedBlockError
	var path *fs.PathError
	switch {
	case errors.Is(err, errOutside), errors.Is(err, errNotLocal):
		h.unread("%v", err)
	case errors.As(err, &tooLarge):
		h.unread("%v", tooLarge)
	case errors.As(err, &unknown):
		h.unread("the type of a state is described by %s, which nothing is known of here", unknown.Class)
	case errors.As(err, &opaque):
		h.unread("values of %s can only be read by the job that wrote them", opaque.Type)
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

// damage notes that something is wrong: where, as far as err tells, and what.
func (h *handle) damage(err, what error) {
	if h.Problem == nil {
		h.Problem = what
	}
	if len(h.Broken) == maxBroken {
		h.Further++
		return
	}
	b := broken{group: -1, entry: -1, offset: -1, err: what}
	var group *flink.GroupError
	if errors.As(err, &group) {
		b.group, b.offset = int(group.Group), group.Offset
	}
	var entry *flink.EntryError
	if errors.As(err, &entry) {
		b.state, b.entry, b.offset = entry.State, entry.Number, entry.Offset
	}
	h.Broken = append(h.Broken, b)
}
