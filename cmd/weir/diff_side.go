package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A side is an operator in one of two checkpoints. It may be missing there.
type side struct {
	*view
	op     *operatorContent           // nil if it is missing
	keyed  []*keyedSource             // managed keyed state in streams, by their first key group
	begun  int                        // how many of keyed have begun
	active []*keyedSource             // of them those that have not ended
	gaps   []checkpoint.KeyGroupRange // of keyed state that cannot be decoded
	unread map[flink.StreamKind][]string
	errs   []error
}

// A keyedSource is a stream of keyed state that is opened when its first key group is
// wanted, and closed behind its last.
type keyedSource struct {
	listed *handle // as its header says
	h      *handle
	s      *keyedStream
}

// newSide gathers where the state of an operator is.
func newSide(v *view, op *operatorContent) *side {
	s := &side{view: v, op: op, unread: map[flink.StreamKind][]string{}}
	if op == nil {
		return s
	}
	for _, h := range op.handles {
		switch {
		case h.Kind != flink.ManagedKeyedStream:
		case h.keyGroups != nil && len(h.Unread) == 0 && h.Problem == nil && h.Failure == nil:
			if h.Where != isNowhere && h.KeyGroups.Len() > 0 {
				s.keyed = append(s.keyed, &keyedSource{listed: h})
			}
		case !h.Whole:
			s.note(h)
			s.gaps = append(s.gaps, *h.KeyGroups)
		}
	}
	slices.SortStableFunc(s.keyed, func(a, b *keyedSource) int { return cmp.Compare(a.listed.KeyGroups.Start, b.listed.KeyGroups.Start) })
	return s
}

// note remembers why a handle was not read, if it was not.
func (s *side) note(h *handle) {
	if h.Whole && h.Problem == nil && h.Failure == nil {
		return
	}
	where := fmt.Sprintf("%s: %v state of %s, subtask %v", s.shown, h.Kind, s.op.short(s.op.ID), h.Subtask)
	if h.Problem != nil {
		s.errs = append(s.errs, fmt.Errorf("%s is damaged: %w", where, h.Problem))
		s.cannot(h.Kind, "it is damaged")
	}
	if h.Failure != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", where, h.Failure))
		s.cannot(h.Kind, "it could not be read")
	}
	for _, why := range h.Unread {
		s.cannot(h.Kind, why)
	}
}

// cannot remembers that state of a kind cannot be compared by its entries.
func (s *side) cannot(kind flink.StreamKind, why string) {
	if !slices.Contains(s.unread[kind], why) {
		s.unread[kind] = append(s.unread[kind], why)
	}
}

// group yields the entries of the keyed state in a key group; key groups are asked for in
// ascending order. It returns false if they are not all of them.
func (s *side) group(g checkpoint.KeyGroup, yield func(entry)) (whole bool) {
	whole = !slices.ContainsFunc(s.gaps, func(r checkpoint.KeyGroupRange) bool { return r.Contains(g) })
	for s.begun < len(s.keyed) && s.keyed[s.begun].listed.KeyGroups.Start <= int(g) {
		s.active = append(s.active, s.keyed[s.begun])
		s.begun++
	}
	for _, src := range s.active {
		whole = s.read(src, g, yield) && whole
	}
	s.active = slices.DeleteFunc(s.active, func(src *keyedSource) bool {
		if ended := src.listed.KeyGroups.End <= int(g); !ended {
			return false
		}
		src.close()
		return true
	})
	return whole
}

// read is group of one stream.
func (s *side) read(src *keyedSource, g checkpoint.KeyGroup, yield func(entry)) (whole bool) {
	if !src.listed.KeyGroups.Contains(g) {
		return true
	}
	if !src.open(s.reader) {
		s.note(src.h)
		return false
	}
	src.s.complete = true
	src.s.group(g, func(_ *handle, e entry) bool {
		if s.wanted(e.state) {
			yield(e)
		}
		return true
	})
	if src.s.complete {
		return true
	}
	src.h.Whole = false
	s.note(src.h)
	src.h.Problem, src.h.Failure = nil, nil // has been told
	return false
}

// groups is group of all key groups.
func (s *side) groups(yield func(entry)) (whole bool) {
	whole = len(s.gaps) == 0
	from, to := keyGroupsOf(s.keyed)
	for g := from; g <= to; g++ {
		whole = s.group(checkpoint.KeyGroup(g), yield) && whole
	}
	return whole
}

// keyGroupsOf is from the first key group of streams to the last; there is none if to is
// less.
func keyGroupsOf(streams []*keyedSource) (from, to int) {
	from, to = 0, -1
	for i, src := range streams {
		r := src.listed.KeyGroups
		if i == 0 {
			from, to = r.Start, r.End
		}
		from, to = min(from, r.Start), max(to, r.End)
	}
	return from, to
}

// open opens the stream, once. It returns false if it cannot be read.
func (src *keyedSource) open(r *reader) bool {
	if src.h != nil {
		return src.s != nil
	}
	l := src.listed
	src.h = &handle{Operator: l.Operator, Subtask: l.Subtask, Kind: l.Kind, Tag: l.Tag, KeyGroups: l.KeyGroups, Where: l.Where, File: l.File}
	src.s = r.openKeyed(src.h, l.keyGroups, 0)
	return src.s != nil
}

func (src *keyedSource) close() {
	if src.s != nil {
		src.s.Close()
	}
	src.s, src.h = nil, nil
}

// rewind lets key groups be asked for from the first on.
func (s *side) rewind() {
	for _, src := range s.keyed {
		src.close()
	}
	s.begun, s.active = 0, nil
}

// unkeyed yields what is not read by key group: elements of operator state, or timers in
// raw keyed state. Of a broadcast map there is a copy in every subtask, and what is in
// several comes once. It returns false if it is not all.
func (s *side) unkeyed(kind flink.StreamKind, yield func(entry)) (whole bool) {
	if s.op == nil {
		return true
	}
	seen := map[string]bool{}
	m := newMatcher(false)
	visit := func(_ *handle, e entry) bool {
		if !s.wanted(e.state) {
			return true
		}
		if e.state.id().family == broadcastFamily {
			key, value := m.key(&e)
			id := string(flink.AppendExact(flink.AppendExact(nil, key), value))
			if seen[id] {
				return true
			}
			seen[id] = true
		}
		yield(e)
		return true
	}
	whole = true
	note := func(h *handle) {
		whole = whole && h.Whole
		s.note(h)
	}
	for i := range s.op.Subtasks {
		sub := &s.op.Subtasks[i]
		if kind == flink.ManagedOperatorStream {
			s.reader.managedOperator(s.op.OperatorState, sub, visit, note)
		} else {
			s.reader.keyed(s.op.OperatorState, sub.Index, flink.RawKeyedStream, sub.RawKeyed, visit, note)
		}
	}
	return whole
}

// blind tells that there may be states of a kind of which nothing is known.
func (s *side) blind(kind flink.StreamKind) bool {
	return s.op != nil && slices.ContainsFunc(s.op.handles, func(h *handle) bool { return h.Kind == kind && h.blind() })
}

// prints is a fingerprint of each stream of a kind that the operator has, sorted: of its
// bytes, or of the name of a file that may not be opened. What cannot be read is told
// apart from all else.
func (s *side) prints(kind flink.StreamKind) []string {
	var prints []string
	for ref := range s.c.Meta.Streams() {
		if ref.Operator != s.op.ID || ref.Kind != kind {
			continue
		}
		p, err := s.print(ref.Handle)
		if err != nil {
			p = fmt.Sprintf("%s: %v", s.shown, err)
			s.errs = append(s.errs, err)
		}
		prints = append(prints, p)
	}
	slices.Sort(prints)
	return prints
}

func (s *side) print(h flink.StreamHandle) (string, error) {
	stream, err := s.reader.open(h)
	if errors.Is(err, errOutside) || errors.Is(err, errNotLocal) {
		return fmt.Sprintf("%+v", h), nil
	}
	if err != nil {
		return "", err
	}
	defer stream.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(stream, 0, stream.Size())); err != nil {
		return "", fmt.Errorf("read %s: %w", stream.Name(), err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
