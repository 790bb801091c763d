package weir

import (
	"fmt"

	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
)

// IntervalJoin joins each record of a with the records of b that have the same key and a
// timestamp within an interval around its own. join makes a result of a pair; its timestamp is
// the later one of the two. A record of a that has no partner makes no result.
//
// A record is kept as long as a partner may come: until the watermark has come to its
// timestamp or to the end of the interval, whichever is later. A record that is late, which is
// that its timestamp is at or before the watermark, is not joined. It is counted as
// "user.late", and goes to a side output that [LateLeft] or [LateRight] names. (Flink joins a
// record at the watermark itself with those partners that it has not removed yet.)
//
// A and B need a [Codec]. The state is that of Flink's IntervalJoinOperator: LEFT_BUFFER,
// RIGHT_BUFFER and the timers CLEANUP_TIMER.
func IntervalJoin[K comparable, A, B, U any](a Keyed[K, A], b Keyed[K, B], name string, within Interval, join func(A, B) (U, error), opts ...JoinOption) Stream[U] {
	const kind = "interval join"
	job := a.stream.owner()
	fail := func(err error) { job.p().Fail(fmt.Errorf("%s: %s %s: %w", caller(), kind, name, err)) }
	lower, upper, err := within.bounds()
	if err != nil {
		fail(err)
	}
	for _, err := range needsTime(job, codecErr[A](), codecErr[B](), checkSides[A, B](opts)) {
		fail(err)
	}
	open := func(c *KeyContext[K], out *Out[U]) (func(A) error, func(B) error) {
		j := newIntervalJoin[K, A, B](c, lower, upper, opts)
		return func(v A) error {
				at, ok := j.left.arrive(v)
				if !ok {
					return nil
				}
				for _, t := range j.right.between(at.Add(lower), at.Add(upper)) {
					partners, _ := j.right.buffer.Get(int64(t))
					for _, w := range partners {
						u, err := join(v, w)
						if err != nil {
							return err
						}
						out.EmitAt(u, max(at, t))
					}
				}
				return nil
			}, func(w B) error {
				at, ok := j.right.arrive(w)
				if !ok {
					return nil
				}
				for _, t := range j.left.between(at.Add(-upper), at.Add(-lower)) {
					partners, _ := j.left.buffer.Get(int64(t))
					for _, v := range partners {
						u, err := join(v, w)
						if err != nil {
							return err
						}
						out.EmitAt(u, max(at, t))
					}
				}
				return nil
			}
	}
	return addCoKeyed(a, b, name, kind, open, part{"function", join == nil})
}

// An intervalJoin is the state of one subtask.
type intervalJoin[K comparable, A, B any] struct {
	left  *joinSide[K, A]
	right *joinSide[K, B]
}

func newIntervalJoin[K comparable, A, B any](c *KeyContext[K], lower, upper duration, opts []JoinOption) *intervalJoin[K, A, B] {
	timers, err := keyed.NewTimersIn(c.backend, keyed.EventTime, "CLEANUP_TIMER", joinBuffers)
	if err != nil {
		c.failTimer(keyed.EventTime, "CLEANUP_TIMER", err)
	}
	late := c.Counter("late")
	j := &intervalJoin[K, A, B]{
		left:  newJoinSide[K, A](c, "LEFT_BUFFER", leftBuffer, max(upper, 0), timers, late, sideOf[A](c, opts, leftBuffer, "late")),
		right: newJoinSide[K, B](c, "RIGHT_BUFFER", rightBuffer, max(-lower, 0), timers, late, sideOf[B](c, opts, rightBuffer, "late")),
	}
	c.timers.add(keyed.EventTime, &joinCleanup[K, A, B]{timers, j, c})
	return j
}

// joinCleanup removes what no partner can come for any more.
type joinCleanup[K comparable, A, B any] struct {
	*keyed.Timers[K, joinBuffer]
	join *intervalJoin[K, A, B]
	c    *KeyContext[K]
}

func (t *joinCleanup[K, A, B]) fireDue(now int64) error {
	at, ok := t.PopDue(now)
	if !ok {
		return nil
	}
	t.c.fires(keyed.EventTime, Time(at))
	if t.Space() == leftBuffer {
		t.join.left.remove(Time(at))
	} else {
		t.join.right.remove(Time(at))
	}
	return nil
}

// A joinSide is the records of one input that wait for partners, by their timestamps.
type joinSide[K comparable, T any] struct {
	c      *KeyContext[K]
	buffer keyed.MapCell[int64, []T]
	order  timeIndex[K]
	space  joinBuffer
	wait   duration // how long after its timestamp a record is kept
	timers *keyed.Timers[K, joinBuffer]
	late   *Counter
	lateTo *Out[T] // may be nil
}

func newJoinSide[K comparable, T any](c *KeyContext[K], name string, space joinBuffer, wait duration, timers *keyed.Timers[K, joinBuffer], late *Counter, to *Out[T]) *joinSide[K, T] {
	entries := func(c codec.Codec[T]) codec.Codec[[]T] { return codec.ListOf[T](joinEntries[T]{c}) }
	return &joinSide[K, T]{
		c: c, buffer: newTimedMap(c, name, entries),
		space: space, wait: wait, timers: timers, late: late, lateTo: to,
	}
}

// arrive keeps the record that is being processed, and returns its timestamp, unless it is
// late.
func (s *joinSide[K, T]) arrive(v T) (at Time, ok bool) {
	at = s.c.at
	if at == MinTime {
		panic(errNoTimestamp(v))
	}
	if at <= s.c.watermark {
		s.late.Add(1)
		emit(s.lateTo, v)
		return at, false
	}
	list, existed := s.buffer.Ref(int64(at))
	*list = append(*list, v)
	if !existed {
		s.order.add(s.c.Key(), at)
		s.timers.In(s.space)
		s.timers.Register(int64(at.Add(s.wait)))
	}
	return at, true
}

// between returns the timestamps of the records from one time to another, in order.
func (s *joinSide[K, T]) between(from, to Time) []Time {
	return s.order.between(s.buffer, s.c.Key(), from, to)
}

// remove removes the records whose timer fires at a time.
func (s *joinSide[K, T]) remove(fires Time) {
	at := fires.Add(-s.wait)
	s.buffer.Remove(int64(at))
	s.order.remove(s.c.Key(), at, s.buffer.Len())
}

func errNoTimestamp(v any) error {
	return Permanent(fmt.Errorf("record %+v has no timestamp: give the source it comes from watermarks, or use AssignWatermarks", v))
}

// needsTime returns the errors that are not nil, and another one if the job has no event time.
func needsTime(job *Job, errs ...error) (all []error) {
	if job.p().Err == nil && !job.p().EventTime {
		all = append(all, errNoEventTime)
	}
	for _, err := range errs {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// codecErr returns why records of type T cannot be kept, if that is so.
func codecErr[T any]() error {
	_, err := codec.Of[T]()
	return err
}
