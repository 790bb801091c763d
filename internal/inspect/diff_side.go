package inspect

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
	c      *Checkpoint
	op     *Operator                  // nil if it is missing
	keyed  []*keyedSource             // managed keyed state in streams, by their first key group
	begun  int                        // how many of keyed have begun
	active []*keyedSource             // those of them that have not ended
	gaps   []checkpoint.KeyGroupRange // of keyed state that cannot be decoded
	unread map[flink.StreamKind][]Unread
	errs   []error
}

// A keyedSource is a stream of keyed state that is opened when its first key group is wanted,
// and closed after its last.
type keyedSource struct {
	listed *Handle // as its header says
	h      *Handle
	s      *keyedStream
}

// newSide gathers where the state of an operator is.
func newSide(c *Checkpoint, op *Operator) *side {
	s := &side{c: c, op: op, unread: map[flink.StreamKind][]Unread{}}
	if op == nil {
		return s
	}
	for _, h := range op.Handles {
		switch {
		case h.Kind != flink.ManagedKeyedStream:
		case h.keyGroups != nil && len(h.Unread) == 0 && h.Problem == nil && h.Failure == nil:
			if h.Where != Nowhere && h.KeyGroups.Len() > 0 {
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
func (s *side) note(h *Handle) {
	if h.Whole && h.Problem == nil && h.Failure == nil {
		return
	}
	where := fmt.Sprintf("%s: %s", s.c.Shown, h.describe(s.op.Label))
	if h.Problem != nil {
		s.errs = append(s.errs, fmt.Errorf("%s is damaged: %w", where, h.Problem))
		s.cannot(h.Kind, unreadf("it is damaged"))
	}
	if h.Failure != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", where, h.Failure))
		s.cannot(h.Kind, unreadf("it could not be read"))
	}
	for _, why := range h.Unread {
		s.cannot(h.Kind, why)
	}
}

// describe names the state of a handle for a message.
func (h *Handle) describe(l Label) string {
	return fmt.Sprintf("%v state of %s, subtask %v", h.Kind, l.InSentence(h.Operator), h.Subtask)
}

// cannot remembers that state of a kind cannot be compared by its entries.
func (s *side) cannot(kind flink.StreamKind, why Unread) {
	if !slices.Contains(s.unread[kind], why) {
		s.unread[kind] = append(s.unread[kind], why)
	}
}

// group yields the entries of the keyed state in a key group; key groups are asked for in
// ascending order. It returns false if they are not all of them.
func (s *side) group(g checkpoint.KeyGroup, yield func(*Entry)) (whole bool) {
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

// read is group for one stream.
func (s *side) read(src *keyedSource, g checkpoint.KeyGroup, yield func(*Entry)) (whole bool) {
	if !src.listed.KeyGroups.Contains(g) {
		return true
	}
	if !src.open(s.c.content) {
		s.note(src.h)
		return false
	}
	src.s.complete = true
	src.s.group(g, func(_ *Handle, e *Entry) bool {
		if s.c.Selected(e.State) {
			yield(e)
		}
		return true
	})
	if src.s.complete {
		return true
	}
	src.h.Whole = false
	s.note(src.h)
	src.h.Problem, src.h.Failure = nil, nil // they have been noted
	return false
}

// groups is group for all key groups.
func (s *side) groups(yield func(*Entry)) (whole bool) {
	whole = len(s.gaps) == 0
	groups := keyGroupsOf(s.keyed)
	for g := groups.Start; g <= groups.End; g++ {
		whole = s.group(checkpoint.KeyGroup(g), yield) && whole
	}
	return whole
}

// keyGroupsOf returns the range from the first key group of streams to the last.
func keyGroupsOf(streams []*keyedSource) checkpoint.KeyGroupRange {
	all := checkpoint.KeyGroupRange{Start: 0, End: -1}
	for i, src := range streams {
		r := *src.listed.KeyGroups
		if i > 0 {
			r = checkpoint.KeyGroupRange{Start: min(all.Start, r.Start), End: max(all.End, r.End)}
		}
		all = r
	}
	return all
}

// open opens the stream, once. It returns false if it cannot be read.
func (src *keyedSource) open(r *content) bool {
	if src.h != nil {
		return src.s != nil
	}
	l := src.listed
	src.h = &Handle{Operator: l.Operator, Subtask: l.Subtask, Kind: l.Kind, Tag: l.Tag, KeyGroups: l.KeyGroups, Where: l.Where, File: l.File}
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

// unkeyed yields what is not read by key group: elements of operator state, or timers in raw
// keyed state. Every subtask has a copy of a broadcast map: what is in several comes once. It
// returns false if that is not all.
func (s *side) unkeyed(kind flink.StreamKind, yield func(*Entry)) (whole bool) {
	if s.op == nil {
		return true
	}
	seen := map[string]bool{}
	m := newMatcher(false)
	visit := func(_ *Handle, e *Entry) bool {
		if !s.c.Selected(e.State) {
			return true
		}
		if e.State.id().family == BroadcastFamily {
			key, value := m.key(e)
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
	note := func(h *Handle) {
		whole = whole && h.Whole
		s.note(h)
	}
	for i := range s.op.Subtasks {
		sub := &s.op.Subtasks[i]
		if kind == flink.ManagedOperatorStream {
			s.c.content.managedOperator(s.op.OperatorState, sub, visit, note)
		} else {
			s.c.content.keyed(s.op.OperatorState, sub.Index, flink.RawKeyedStream, sub.RawKeyed, visit, note)
		}
	}
	return whole
}

// blind reports whether there may be states of a kind of which nothing is known.
func (s *side) blind(kind flink.StreamKind) bool {
	return s.op != nil && slices.ContainsFunc(s.op.Handles, func(h *Handle) bool { return h.Kind == kind && h.Blind() })
}

// prints returns a fingerprint of each stream of a kind that the operator has, sorted: of its
// bytes, or of the name of a file that may not be opened. What cannot be read is like nothing
// else.
func (s *side) prints(kind flink.StreamKind) []string {
	var prints []string
	for ref := range s.c.Meta.Streams() {
		if ref.Operator != s.op.ID || ref.Kind != kind {
			continue
		}
		p, err := s.print(ref.Handle)
		if err != nil {
			p = fmt.Sprintf("%s: %v", s.c.Shown, err)
			s.errs = append(s.errs, err)
		}
		prints = append(prints, p)
	}
	slices.Sort(prints)
	return prints
}

func (s *side) print(h flink.StreamHandle) (string, error) {
	stream, err := s.c.content.open(h)
	if errors.Is(err, errOutside) || errors.Is(err, errElsewhere) {
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
