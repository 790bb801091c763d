package weir

import (
	"fmt"

	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
)

// TemporalJoin joins each record of a stream of facts with the version of a table that was
// valid at the time of the fact: the last one with the same key whose timestamp is not after
// the fact's. It is the event-time temporal join of Flink SQL. A payment is joined with the
// rate of its currency at that time, and not with the one at the time when it is processed.
//
// A fact waits until the watermark has come to its timestamp: then all versions that are
// valid for it are there. join makes a result, with the fact's timestamp; facts of a key are
// joined in the order of their timestamps. A fact without a version makes none: it is counted
// as "user.unmatched" and goes to the side output that [Unmatched] names. A fact that is late
// is counted as "user.late" and goes to that of [LateLeft]. A version that is late is counted
// and goes to that of [LateRight]; it is valid all the same for facts that have not been
// joined, unless a later one is valid already. Of two versions for one time the one that came
// last is valid.
//
// The versions of a key before the one that is valid at the watermark are removed. That one is
// kept for ever. F and V need a [Codec].
func TemporalJoin[K comparable, F, V, U any](facts Keyed[K, F], versions Keyed[K, V], name string, join func(F, V) (U, error), opts ...JoinOption) Stream[U] {
	const kind = "temporal join"
	job := facts.stream.owner()
	for _, err := range needsTime(job, codecErr[F](), codecErr[V](), checkSides[F, V](opts, "unmatched")) {
		job.p().Fail(fmt.Errorf("%s: %s %s: %w", caller(), kind, name, err))
	}
	open := func(c *KeyContext[K], out *Out[U]) (func(F) error, func(V) error) {
		j := newTemporalJoin[K, F, V](c, opts)
		j.timers = c.EventTimers("temporal-join", func(at Time) error {
			valid, ok := j.valid(at)
			waiting, _ := j.facts.Get(int64(at))
			for _, f := range waiting {
				if !ok {
					j.unmatched.Add(1)
					emit(j.unmatchedTo, f)
					continue
				}
				v, _ := j.versions.Get(int64(valid))
				u, err := join(f, v)
				if err != nil {
					return err
				}
				out.Emit(u)
			}
			j.facts.Remove(int64(at))
			j.removeBefore(valid, ok)
			return nil
		})
		return j.fact, j.version
	}
	return addCoKeyed(facts, versions, name, kind, open, part{"function", join == nil})
}

// A temporalJoin is the state of one subtask: facts that wait, and versions, by their times.
type temporalJoin[K comparable, F, V any] struct {
	c        *KeyContext[K]
	facts    keyed.MapCell[int64, []F]
	versions keyed.MapCell[int64, V]
	order    timeIndex[K] // of versions
	stale    []Time
	timers   Timers // one for each fact, and one for each version

	late, unmatched *Counter
	lateFacts       *Out[F] // may be nil, as the others
	lateVersions    *Out[V]
	unmatchedTo     *Out[F]
}

func newTemporalJoin[K comparable, F, V any](c *KeyContext[K], opts []JoinOption) *temporalJoin[K, F, V] {
	return &temporalJoin[K, F, V]{
		c:            c,
		facts:        newTimedMap(c, "facts", codec.ListOf[F]),
		versions:     newTimedMap(c, "versions", func(v codec.Codec[V]) codec.Codec[V] { return v }),
		late:         c.Counter("late"),
		unmatched:    c.Counter("unmatched"),
		lateFacts:    sideOf[F](c, opts, leftBuffer, "late"),
		lateVersions: sideOf[V](c, opts, rightBuffer, "late"),
		unmatchedTo:  sideOf[F](c, opts, leftBuffer, "unmatched"),
	}
}

func (j *temporalJoin[K, F, V]) fact(f F) error {
	at := j.c.at
	switch {
	case at == MinTime:
		return errNoTimestamp(f)
	case at <= j.c.watermark:
		j.late.Add(1)
		emit(j.lateFacts, f)
		return nil
	}
	list, existed := j.facts.Ref(int64(at))
	*list = append(*list, f)
	if !existed {
		j.timers.Register(at)
	}
	return nil
}

func (j *temporalJoin[K, F, V]) version(v V) error {
	at := j.c.at
	if at == MinTime {
		return errNoTimestamp(v)
	}
	if at <= j.c.watermark {
		j.late.Add(1)
		emit(j.lateVersions, v)
		if now, ok := j.valid(j.c.watermark); ok && now > at {
			return nil
		}
	}
	ref, existed := j.versions.Ref(int64(at))
	*ref = v
	if !existed {
		j.order.add(j.c.Key(), at)
		j.timers.Register(at)
	}
	return nil
}

// valid returns the time of the version of the current key that is valid at a time.
func (j *temporalJoin[K, F, V]) valid(at Time) (Time, bool) {
	times := j.order.between(j.versions, j.c.Key(), MinTime, at)
	if len(times) == 0 {
		return 0, false
	}
	return times[len(times)-1], true
}

// removeBefore removes the versions before the one that is valid.
func (j *temporalJoin[K, F, V]) removeBefore(valid Time, ok bool) {
	if !ok {
		return
	}
	j.stale = append(j.stale[:0], j.order.between(j.versions, j.c.Key(), MinTime, valid-1)...)
	for _, at := range j.stale {
		j.versions.Remove(int64(at))
		j.order.remove(j.c.Key(), at, j.versions.Len())
	}
}

// emit emits a record on a side output, if there is one.
func emit[T any](to *Out[T], v T) {
	if to != nil {
		to.Emit(v)
	}
}

// newTimedMap declares a map state by time.
func newTimedMap[K comparable, T, V any](c *KeyContext[K], name string, of func(codec.Codec[T]) codec.Codec[V]) (m keyed.MapCell[int64, V]) {
	records, err := codec.Of[T]()
	if err != nil {
		c.failState(name, err)
		return nil
	}
	times, err := codec.Of[int64]()
	if err != nil {
		c.failState(name, err)
		return nil
	}
	if m, err = keyed.NewMap(c.backend, name, times, of(records)); err != nil {
		c.failState(name, err)
	}
	return m
}
