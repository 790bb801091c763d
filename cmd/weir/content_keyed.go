package main

import (
	"encoding/binary"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

// keyed reads keyed state, in whichever form it is. A changelog is several handles.
func (r *reader) keyed(op *flink.OperatorState, sub checkpoint.Subtask, kind flink.StreamKind, k flink.KeyedHandle, visit visitor, yield func(*handle)) {
	if k == nil {
		return
	}
	groups := k.KeyGroups()
	newHandle := func(tag flink.HandleTag) *handle {
		h := r.newHandle(op, sub, kind, tagName(tag))
		h.KeyGroups = &groups
		return h
	}
	switch k := k.(type) {
	case *flink.KeyGroupsHandle:
		h := newHandle(k.Tag)
		h.at(k.Data)
		h.keyGroups = k
		if kind == flink.RawKeyedStream {
			r.rawKeyed(h, k, visit)
		} else {
			r.keyGroups(h, k, op.MaxParallelism, visit)
		}
		yield(h)
	case *flink.IncrementalHandle:
		h := newHandle(k.Tag)
		r.rocksDB(h, k)
		yield(h)
	case *flink.ChangelogHandle:
		h := newHandle(k.Tag)
		h.Layout, h.Whole = "changelog", true
		yield(h)
		for _, m := range k.Materialized {
			r.keyed(op, sub, kind, m, visit, yield)
		}
		for _, m := range k.NonMaterialized {
			r.keyed(op, sub, kind, m, visit, yield)
		}
	case *flink.ChangelogMemoryIncrement:
		h := newHandle(flink.TagChangelogMemory)
		h.Layout, h.Where = "changes", isInline
		for _, c := range k.Changes {
			h.Bytes += int64(len(c.Data))
		}
		h.unread("changes: their layout is not known here")
		yield(h)
	case *flink.ChangelogFileIncrement:
		h := newHandle(k.Tag)
		h.Layout = "changes"
		for _, p := range k.Parts {
			h.add(p.Data)
		}
		h.unread("changes: their layout is not known here")
		yield(h)
	}
}

// rocksDB reads what can be read of RocksDB's files: the names and types of the states.
func (r *reader) rocksDB(h *handle, k *flink.IncrementalHandle) {
	h.Layout = "RocksDB"
	h.add(k.Meta)
	for _, list := range [][]flink.LocalFile{k.Shared, k.Private} {
		for _, f := range list {
			h.add(f.Data)
		}
	}
	h.unread("the entries are in RocksDB's own files, which are not read")
	data, err := r.readAll(k.Meta, "the description of the states")
	if err != nil {
		h.judge(err)
		return
	}
	c := flink.NewCursor(data)
	header := flink.DecodeKeyedHeader(c)
	switch {
	case c.Err() != nil:
		h.judge(fmt.Errorf("header: %w", c.Err()))
	case c.Remaining() > 0:
		h.judge(fmt.Errorf("header: %d bytes left over", c.Remaining()))
	default:
		h.keyedStates(header)
	}
}

// keyedStates lists the states of a header, none of them counted.
func (h *handle) keyedStates(header *flink.KeyedHeader) map[*flink.StateMeta]*stateInfo {
	h.KeyType = header.Key.TypeName()
	infos := make(map[*flink.StateMeta]*stateInfo, len(header.States))
	for i := range header.States {
		m := &header.States[i]
		info := &stateInfo{
			Name: m.Name, Kind: string(m.Type()), Type: m.Value().TypeName(),
			WeirOnly: weirOnly(header.Key) || weirOnly(m.Value()),
			meta:     m, key: header.Key,
		}
		switch m.Kind {
		case flink.KindPriorityQueue:
			info.Kind = "TIMERS"
		case flink.KindKeyValueV2:
			info.Kind += " V2"
		}
		if n := m.Namespace(); n != nil && n != flink.VoidNamespace {
			info.Namespace = n.TypeName()
		}
		h.States = append(h.States, info)
		infos[m] = info
	}
	return infos
}

// keyGroups reads managed keyed state in one stream.
func (r *reader) keyGroups(h *handle, k *flink.KeyGroupsHandle, maxParallelism int, visit visitor) {
	s := r.openKeyed(h, k, maxParallelism)
	if s == nil {
		h.Whole = h.Where == isNowhere
		return
	}
	defer s.Close()
	if r.headers {
		return
	}
	for g := k.Range.Start; g <= k.Range.End && h.Failure == nil; g++ {
		if !s.group(checkpoint.KeyGroup(g), visit) {
			s.complete = false
			break
		}
	}
	h.Whole = s.complete
	for _, info := range h.States {
		info.Counted = s.complete
	}
}

// A keyedStream is managed keyed state that is open for reading.
type keyedStream struct {
	store.Stream
	h              *handle
	reader         *flink.KeyedReader
	infos          map[*flink.StateMeta]*stateInfo
	maxParallelism int  // 0: which key groups keys belong to does not matter
	complete       bool // all that was asked for could be read
}

// openKeyed opens a stream and lists its states. It is nil if the stream cannot be read,
// or if there is none; the handle then says why.
func (r *reader) openKeyed(h *handle, k *flink.KeyGroupsHandle, maxParallelism int) *keyedStream {
	if h.Where == isNowhere {
		return nil
	}
	s, err := r.open(k.Data)
	if err != nil {
		h.judge(err)
		return nil
	}
	stream, err := (*flink.KeyedReader)(nil), r.fits(k, s)
	if err == nil {
		stream, err = flink.NewKeyedReader(k, s, s.Size())
	}
	if err != nil {
		h.judge(err)
		s.Close()
		return nil
	}
	header := stream.Header()
	h.Layout, h.Compressed = stream.Layout().String(), header.Compressed
	infos := h.keyedStates(header)
	for i := range header.States {
		if m := &header.States[i]; m.Kind == flink.KindKeyValueV2 {
			h.unread("the layout of %s is not known here", m.Kind)
			s.Close()
			return nil
		}
	}
	return &keyedStream{s, h, stream, infos, maxParallelism, true}
}

// group reads a key group. What cannot be read of it the handle says; other key groups
// still can be. It returns false if visit did.
func (s *keyedStream) group(g checkpoint.KeyGroup, visit visitor) (more bool) {
	for e, err := range s.reader.Group(g) {
		if err != nil {
			s.h.judge(err)
			if e.State == nil { // that was the end
				s.complete = false
				return true
			}
		} else if err := s.checkKeyGroup(e); err != nil {
			s.h.damage(&flink.GroupError{Group: g, Err: err}, fmt.Errorf("%w; no job finds it there", err))
		}
		info := s.infos[e.State]
		info.Entries++
		x := entry{
			state: info, group: int(e.Group), keyed: true, key: e.Key, namespace: e.Namespace,
			inMap: e.State.Type() == flink.TypeMap, userKey: e.UserKey, value: e.Value, opaque: err != nil,
		}
		_, x.isTimer = e.Value.(flink.TimerValue)
		if visit != nil && !visit(s.h, x) {
			return false
		}
	}
	return true
}

// checkKeyGroup makes sure that a key is where a job looks for it.
func (s *keyedStream) checkKeyGroup(e flink.Entry) error {
	if s.maxParallelism == 0 {
		return nil
	}
	return flink.CheckKeyGroup(s.reader.Header().Key, e, s.maxParallelism)
}

// fits makes sure that each key group can be read at once.
func (r *reader) fits(k *flink.KeyGroupsHandle, s store.Stream) error {
	limit := r.maxBlock
	var head [5]byte // version and whether it is compressed
	if n, _ := s.ReadAt(head[:], 0); n == len(head) && head[4] != 0 {
		limit /= snappyShare
	}
	next := s.Size()
	for i := len(k.Offsets) - 1; i >= 0; i-- {
		from := k.Offsets[i]
		if from <= 0 || from >= next {
			continue // there is none, or it is wrong, which NewKeyedReader will say
		}
		if next-from > limit {
			return &tooLargeError{fmt.Sprintf("key group %d", k.Range.Start+i), next - from, limit}
		}
		next = from
	}
	if next > limit {
		return &tooLargeError{"the header", next, limit}
	}
	return nil
}

const (
	rawTimers      = "RAW TIMERS"
	rawTimersMagic = 0xF1CD859F
)

// rawKeyed reads raw keyed state, if it is timers of an old Flink: nothing else is
// known to be there, and an operator may write what it likes.
func (r *reader) rawKeyed(h *handle, k *flink.KeyGroupsHandle, visit visitor) {
	if h.Where == isNowhere {
		h.Whole = true
		return
	}
	data, err := r.readAll(k.Data, "the raw keyed state")
	if err != nil {
		h.judge(err)
		return
	}
	if !beginsWithTimers(k, data) {
		h.unread("only the operator that wrote it knows what is in it")
		return
	}
	h.Layout = "timers"
	h.Whole = true
	infos := map[string]*stateInfo{}
	for t, err := range flink.RawTimers(k, data) {
		if err != nil {
			h.judge(err)
			h.Whole = false
			for _, info := range h.States {
				info.Counted = false
			}
			break
		}
		name := "processing_" + t.Service
		if t.EventTime {
			name = "event_" + t.Service
		}
		info := infos[name]
		if info == nil {
			info = &stateInfo{Name: name, Kind: rawTimers, Counted: true}
			infos[name] = info
			h.States = append(h.States, info)
		}
		info.Entries++
		x := entry{state: info, group: int(t.Group), keyed: true, key: t.Timer.Key, namespace: t.Timer.Namespace, value: t.Timer, isTimer: true}
		if visit != nil && !visit(h, x) {
			break
		}
	}
}

// beginsWithTimers tells whether the first key group that has data begins as timers do.
func beginsWithTimers(k *flink.KeyGroupsHandle, data []byte) bool {
	for _, at := range k.Offsets {
		if at >= 0 && at <= int64(len(data))-4 {
			return binary.BigEndian.Uint32(data[at:]) == rawTimersMagic
		}
	}
	return false
}
