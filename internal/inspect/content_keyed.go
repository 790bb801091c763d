package inspect

import (
	"encoding/binary"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

// keyed reads keyed state in whichever form it is. A changelog is several handles.
func (r *content) keyed(op *flink.OperatorState, sub checkpoint.Subtask, kind flink.StreamKind, k flink.KeyedHandle, visit visitor, yield func(*Handle)) {
	if k == nil {
		return
	}
	groups := k.KeyGroups()
	handle := func(tag flink.HandleTag) *Handle {
		h := newHandle(op, sub, kind, tagName(tag))
		h.KeyGroups = &groups
		return h
	}
	switch k := k.(type) {
	case *flink.KeyGroupsHandle:
		h := handle(k.Tag)
		h.at(k.Data)
		h.keyGroups = k
		if kind == flink.RawKeyedStream {
			r.rawKeyed(h, k, visit)
		} else {
			r.keyGroups(h, k, op.MaxParallelism, visit)
		}
		yield(h)
	case *flink.IncrementalHandle:
		h := handle(k.Tag)
		r.rocksDB(h, k)
		yield(h)
	case *flink.ChangelogHandle:
		h := handle(k.Tag)
		h.Layout, h.Whole = "changelog", true
		yield(h)
		for _, m := range k.Materialized {
			r.keyed(op, sub, kind, m, visit, yield)
		}
		for _, m := range k.NonMaterialized {
			r.keyed(op, sub, kind, m, visit, yield)
		}
	case *flink.ChangelogMemoryIncrement:
		h := handle(flink.TagChangelogMemory)
		h.Layout, h.Where = "changes", Inline
		for _, c := range k.Changes {
			h.Bytes += int64(len(c.Data))
		}
		h.unread(opaqueChanges)
		yield(h)
	case *flink.ChangelogFileIncrement:
		h := handle(k.Tag)
		h.Layout = "changes"
		for _, p := range k.Parts {
			h.add(p.Data)
		}
		h.unread(opaqueChanges)
		yield(h)
	}
}

// rocksDB reads what can be read of RocksDB's files: the names and types of the states.
func (r *content) rocksDB(h *Handle, k *flink.IncrementalHandle) {
	h.Layout = "RocksDB"
	h.add(k.Meta)
	for _, list := range [][]flink.LocalFile{k.Shared, k.Private} {
		for _, f := range list {
			h.add(f.Data)
		}
	}
	h.unread(opaqueRocksDB)
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
func (h *Handle) keyedStates(header *flink.KeyedHeader) map[*flink.StateMeta]*State {
	h.KeyType = header.Key.TypeName()
	states := make(map[*flink.StateMeta]*State, len(header.States))
	for i := range header.States {
		m := &header.States[i]
		s := &State{
			Name: m.Name, Kind: string(m.Type()), Type: m.Value().TypeName(),
			WeirOnly: weirOnly(header.Key) || weirOnly(m.Value()),
			meta:     m, key: header.Key,
		}
		switch m.Kind {
		case flink.KindPriorityQueue:
			s.Kind = timersKind
		case flink.KindKeyValueV2:
			s.Kind += " V2"
		}
		if n := m.Namespace(); n != nil && n != flink.VoidNamespace {
			s.Namespace = n.TypeName()
		}
		h.States = append(h.States, s)
		states[m] = s
	}
	return states
}

// keyGroups reads managed keyed state in one stream.
func (r *content) keyGroups(h *Handle, k *flink.KeyGroupsHandle, maxParallelism int, visit visitor) {
	s := r.openKeyed(h, k, maxParallelism)
	if s == nil {
		h.Whole = h.Where == Nowhere
		return
	}
	defer s.Close()
	if r.headersOnly {
		return
	}
	for g := k.Range.Start; g <= k.Range.End && h.Failure == nil; g++ {
		if !s.group(checkpoint.KeyGroup(g), visit) {
			s.complete = false
			break
		}
	}
	h.Whole = s.complete
	for _, state := range h.States {
		state.Counted = s.complete
	}
}

// A keyedStream is managed keyed state that is open for reading.
type keyedStream struct {
	store.Stream
	h              *Handle
	reader         *flink.KeyedReader
	states         map[*flink.StateMeta]*State
	maxParallelism int  // 0: it does not matter in which key group a key is
	complete       bool // all that was asked for could be read
	entry          Entry
}

// openKeyed opens a stream and lists its states. It returns nil if the stream cannot be read
// or if there is none; the handle then says why.
func (r *content) openKeyed(h *Handle, k *flink.KeyGroupsHandle, maxParallelism int) *keyedStream {
	if h.Where == Nowhere {
		return nil
	}
	s, err := r.open(k.Data)
	if err != nil {
		h.judge(err)
		return nil
	}
	reader, err := (*flink.KeyedReader)(nil), r.fits(k, s)
	if err == nil {
		reader, err = flink.NewKeyedReader(k, s, s.Size())
	}
	if err != nil {
		h.judge(err)
		s.Close()
		return nil
	}
	header := reader.Header()
	h.Layout, h.Compressed = reader.Layout().String(), header.Compressed
	states := h.keyedStates(header)
	for i := range header.States {
		if m := &header.States[i]; m.Kind == flink.KindKeyValueV2 {
			h.unread(unreadf("the layout of %s is not known here", m.Kind))
			s.Close()
			return nil
		}
	}
	return &keyedStream{Stream: s, h: h, reader: reader, states: states, maxParallelism: maxParallelism, complete: true}
}

// group reads a key group. What cannot be read of it is noted in the handle; other key
// groups may still be readable. It returns false if visit did.
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
		state := s.states[e.State]
		state.Entries++
		s.entry = Entry{
			State: state, KeyGroup: int(e.Group), Keyed: true, Key: e.Key, Namespace: e.Namespace,
			InMap: e.State.Type() == flink.TypeMap, UserKey: e.UserKey, Value: e.Value, opaque: err != nil,
		}
		if visit != nil && !visit(s.h, &s.entry) {
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

// fits makes sure that each key group may be read into memory.
func (r *content) fits(k *flink.KeyGroupsHandle, s store.Stream) error {
	limit := r.maxBlock
	var head [5]byte // the version, and whether the rest is compressed
	if n, _ := s.ReadAt(head[:], 0); n == len(head) && head[4] != 0 {
		limit /= snappyShare
	}
	next := s.Size()
	for i := len(k.Offsets) - 1; i >= 0; i-- {
		from := k.Offsets[i]
		if from <= 0 || from >= next {
			continue // there is none, or it is wrong, which NewKeyedReader finds
		}
		if next-from > limit {
			return &TooLargeError{fmt.Sprintf("key group %d", k.Range.Start+i), next - from, limit}
		}
		next = from
	}
	if next > limit {
		return &TooLargeError{"the header", next, limit}
	}
	return nil
}

const rawTimersMagic = 0xF1CD859F

// rawKeyed reads raw keyed state if it is timers of an old Flink. An operator may write
// anything else there, which is not known here.
func (r *content) rawKeyed(h *Handle, k *flink.KeyGroupsHandle, visit visitor) {
	if h.Where == Nowhere {
		h.Whole = true
		return
	}
	data, err := r.readAll(k.Data, "the raw keyed state")
	if err != nil {
		h.judge(err)
		return
	}
	if !beginsWithTimers(k, data) {
		h.unread(opaqueOperator)
		return
	}
	h.Layout = "timers"
	h.Whole = true
	states := map[string]*State{}
	for t, err := range flink.RawTimers(k, data) {
		if err != nil {
			h.judge(err)
			h.Whole = false
			for _, s := range h.States {
				s.Counted = false
			}
			break
		}
		name := "processing_" + t.Service
		if t.EventTime {
			name = "event_" + t.Service
		}
		s := states[name]
		if s == nil {
			s = &State{Name: name, Kind: rawTimersKind, Counted: true}
			states[name] = s
			h.States = append(h.States, s)
		}
		s.Entries++
		e := &Entry{State: s, KeyGroup: int(t.Group), Keyed: true, Key: t.Timer.Key, Namespace: t.Timer.Namespace, Value: t.Timer}
		if visit != nil && !visit(h, e) {
			break
		}
	}
}

// beginsWithTimers reports whether the first key group that has data begins as timers do.
func beginsWithTimers(k *flink.KeyGroupsHandle, data []byte) bool {
	for _, at := range k.Offsets {
		if at >= 0 && at <= int64(len(data))-4 {
			return binary.BigEndian.Uint32(data[at:]) == rawTimersMagic
		}
	}
	return false
}
