package inspect

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// A Structure says how much of the state could be decoded.
type Structure struct {
	Streams int   // streams of state
	Parsed  int   // of them, those that were read to the last byte
	Entries int64 // decoded
	Unread  UnreadList
}

// structure decodes the state: whether it makes sense is all that can be found out of what
// has no seal. a may be nil.
func (j *judging) structure(fsys durable.FS, a *activity) {
	c, err := store.ReadCheckpoint(fsys, j.Path, store.ReadOptions{AllowOutside: j.r.AllowOutside})
	if err != nil {
		j.fail(err)
		return
	}
	if a != nil {
		a.expect(stateBytes(c.Meta))
	}
	known := map[string]bool{} // files of which it is known that something is wrong
	for _, f := range j.Findings {
		known[f.File] = true
	}
	s := &Structure{}
	j.Structure = s
	r := &content{c: c, allowOutside: j.r.AllowOutside, maxBlock: j.r.maxBlock()}
	count := func(_ *Handle, e *Entry) bool {
		if !e.opaque {
			s.Entries++
		}
		return true
	}
	names := namesOf(c, nil)
	for i := range c.Meta.Operators {
		op := &c.Meta.Operators[i]
		r.each(op, count, func(h *Handle) { j.add(names.of(op.ID).InSentence(op.ID), h, known) })
	}
}

// add counts a handle and notes what is wrong with it.
func (j *judging) add(operator string, h *Handle, known map[string]bool) {
	if h.Where == Nowhere && len(h.Unread) == 0 {
		return
	}
	s := j.Structure
	s.Streams++
	s.Unread.add(h)
	switch {
	case h.Failure != nil:
		j.fail(h.Failure)
	case h.Problem != nil:
		j.addBroken(operator, h, known)
	case len(h.Unread) == 0:
		s.Parsed++
	}
}

// addBroken notes what is wrong with a handle: the first thing, or, at the depth Entries,
// each.
func (j *judging) addBroken(operator string, h *Handle, known map[string]bool) {
	at := store.Finding{File: h.File, What: fmt.Sprintf("%v state of %s", h.Kind, operator), Subtask: h.Subtask, Block: -1}
	if h.Where == Inline {
		at.File = checkpoint.MetadataName
	}
	isKnown := known[at.File] && h.Where != Inline
	note := func(problem string, place *Broken) {
		at.Problem = problem
		j.note(Finding{at, place})
	}
	if j.facts.depth != Entries {
		if !isKnown {
			note(h.Problem.Error(), nil)
		}
		return
	}
	for i := range h.Broken {
		if b := &h.Broken[i]; !isKnown || b.Group >= 0 { // the place says more than what is known
			note(b.Err.Error(), b)
		}
	}
	if h.Further > 0 {
		note(fmt.Sprintf("places like these that are not listed: %d", h.Further), nil)
	}
}
