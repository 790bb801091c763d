package weir

import "github.com/weirstream/weir/internal/flow"

// An asyncQueue is what Async has taken in and not yet passed on: records, in the order in
// which they came, and the marks between them. It decides what is next.
//
// Invariants: each of the records from waiting on has not been asked about, and each before
// has; the first entry is not a mark, unless next has still to return it; due has the records
// that are answered and not emitted, of those before the first mark, if order does not
// matter.
type asyncQueue[T, U any] struct {
	ordered     bool
	first, last *asyncEntry[T, U]
	waiting     *asyncEntry[T, U] // the first record that has not been asked about
	asked       int               // records that have been, and are not emitted
	segment     int64             // of the first entry
	segments    int64             // of the last entry
	due         []*asyncEntry[T, U]
}

// An asyncEntry is a record and what is known of its request, or a mark.
type asyncEntry[T, U any] struct {
	before, after *asyncEntry[T, U]
	segment       int64 // how many marks have come before
	isMark        bool
	mark          flow.Mark
	value         T
	at            Time
	done          bool // answered
	// What the goroutine that makes the request leaves here, before it says that it is done.
	result U
	err    error
	last   error // of a request that has timed out: the last error of an attempt
}

func (q *asyncQueue[T, U]) empty() bool { return q.first == nil }

// ends reports whether the end of time has come and is not passed on.
func (q *asyncQueue[T, U]) ends() bool {
	return q.last != nil && q.last.isMark && q.last.mark.Time == MaxTime
}

// add appends a record.
func (q *asyncQueue[T, U]) add(v T, at Time) {
	e := &asyncEntry[T, U]{value: v, at: at}
	q.push(e)
	if q.waiting == nil {
		q.waiting = e
	}
}

// addMark appends a mark. It takes the place of one that is last.
func (q *asyncQueue[T, U]) addMark(m flow.Mark) {
	if q.last != nil && q.last.isMark {
		q.last.mark = m
		return
	}
	q.push(&asyncEntry[T, U]{isMark: true, mark: m})
	q.segments++
}

func (q *asyncQueue[T, U]) push(e *asyncEntry[T, U]) {
	e.segment, e.before = q.segments, q.last
	if q.last == nil {
		q.first, q.segment = e, e.segment
	} else {
		q.last.after = e
	}
	q.last = e
}

// hasAsked says that a request has been made of the record that waits.
func (q *asyncQueue[T, U]) hasAsked() {
	q.asked++
	e := q.waiting.after
	for e != nil && e.isMark {
		e = e.after
	}
	q.waiting = e
}

// answered says that a record is done.
func (q *asyncQueue[T, U]) answered(e *asyncEntry[T, U]) {
	if !q.ordered && e.segment == q.segment {
		q.due = append(q.due, e)
	}
}

// next takes out the entry that is to be passed on next; nil if there is none yet.
func (q *asyncQueue[T, U]) next() *asyncEntry[T, U] {
	var e *asyncEntry[T, U]
	switch {
	case q.first == nil:
		return nil
	case len(q.due) > 0:
		e = q.due[0]
		q.due = q.due[1:]
	case q.first.isMark, q.ordered && q.first.done:
		e = q.first
	default:
		return nil
	}
	q.remove(e)
	if e.isMark {
		q.beginSegment(e.segment + 1)
	} else {
		q.asked--
	}
	return e
}

// beginSegment begins the segment after a mark: those of its records that are done are due.
func (q *asyncQueue[T, U]) beginSegment(segment int64) {
	q.segment, q.due = segment, q.due[:0]
	if q.ordered {
		return
	}
	for e := q.first; e != nil && !e.isMark; e = e.after {
		if e.done {
			q.due = append(q.due, e)
		}
	}
}

func (q *asyncQueue[T, U]) remove(e *asyncEntry[T, U]) {
	if e.before == nil {
		q.first = e.after
	} else {
		e.before.after = e.after
	}
	if e.after == nil {
		q.last = e.before
	} else {
		e.after.before = e.before
	}
	e.before, e.after = nil, nil
}
