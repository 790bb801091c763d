package weir

import (
	"fmt"
	"time"
)

// A DuplicateOption says more about [DropDuplicates] and [Deduplicate].
type DuplicateOption struct{ forget time.Duration }

// ForgetAfter lets a key be forgotten after so long: a record with that key is the first one
// again. The time is counted from the timestamp of the record that was kept. In a job without
// event time it is counted by the clock.
func ForgetAfter(d time.Duration) DuplicateOption { return DuplicateOption{d} }

// DropDuplicates keeps the first record of each key, in the order in which they come, and drops the
// others. It keeps one bool per key as state, for ever or as long as [ForgetAfter] says. The
// counter "user.dropped" has how many records were dropped.
func DropDuplicates[K comparable, T any](in Keyed[K, T], name string, opts ...DuplicateOption) Stream[T] {
	forget := forgetAfter(in, "drop duplicates", name, opts)
	return addKeyed(in, name, "drop duplicates", func(c *KeyContext[K], out *Out[T]) func(T) error {
		seen, dropped := NewValue[bool](c, "seen"), c.Counter("dropped")
		forgets := newForgetting(c, forget, seen.Clear)
		return func(v T) error {
			if has, _ := seen.Get(); has {
				dropped.Add(1)
				return nil
			}
			seen.Set(true)
			forgets.from(c.at)
			out.Emit(v)
			return nil
		}
	}, part{})
}

// A Keep says which record of a key [Deduplicate] keeps.
type Keep uint8

const (
	// KeepFirst keeps the record with the earliest timestamp; of several, the one that came
	// first. It is emitted when the watermark has come to its timestamp.
	KeepFirst Keep = iota
	// KeepLast keeps the record with the latest timestamp; of several, the one that came last.
	// It is emitted at once, so that a later one takes its place: the result is a stream of
	// updates.
	KeepLast
)

// Deduplicate keeps the first or the last record of each key by event time, as Flink SQL does
// with the first row of each partition. It keeps a bool or a time per key as state, for ever
// or as long as [ForgetAfter] says, and with KeepFirst the record until it is emitted. The
// counter "user.dropped" has how many records were dropped. T needs a [Codec] with KeepFirst.
func Deduplicate[K comparable, T any](in Keyed[K, T], name string, keep Keep, opts ...DuplicateOption) Stream[T] {
	const kind = "deduplicate"
	job := in.stream.owner()
	forget := forgetAfter(in, kind, name, opts)
	var needs error
	open := keepFirst[K, T]
	switch keep {
	case KeepFirst:
		needs = codecErr[T]()
	case KeepLast:
		open = keepLast[K, T]
	default:
		needs = fmt.Errorf("keep %d: want KeepFirst or KeepLast", keep)
	}
	for _, err := range needsTime(job, needs) {
		job.p().Fail(fmt.Errorf("%s: %s %s: %w", caller(), kind, name, err))
	}
	return addKeyed(in, name, kind, func(c *KeyContext[K], out *Out[T]) func(T) error { return open(c, out, forget) }, part{})
}

func keepFirst[K comparable, T any](c *KeyContext[K], out *Out[T], forget time.Duration) func(T) error {
	first, done, dropped := NewValue[T](c, "first"), NewValue[bool](c, "done"), c.Counter("dropped")
	forgets := newForgetting(c, forget, done.Clear)
	emit := c.EventTimer("emit", func(at Time) error {
		v, _ := first.Get()
		out.Emit(v)
		first.Clear()
		done.Set(true)
		forgets.from(at)
		return nil
	})
	return func(v T) error {
		if c.at == MinTime {
			return errNoTimestamp(v)
		}
		if is, _ := done.Get(); is {
			dropped.Add(1)
			return nil
		}
		if at, waits := emit.Get(); waits {
			dropped.Add(1) // one of the two
			if at <= c.at {
				return nil
			}
		}
		first.Set(v)
		emit.Set(c.at)
		return nil
	}
}

func keepLast[K comparable, T any](c *KeyContext[K], out *Out[T], forget time.Duration) func(T) error {
	last, dropped := NewValue[int64](c, "last"), c.Counter("dropped")
	forgets := newForgetting(c, forget, last.Clear)
	return func(v T) error {
		if c.at == MinTime {
			return errNoTimestamp(v)
		}
		if at, has := last.Get(); has && Time(at) > c.at {
			dropped.Add(1)
			return nil
		}
		last.Set(int64(c.at))
		forgets.from(c.at)
		out.Emit(v)
		return nil
	}
}

// forgetAfter returns after which time keys are forgotten; 0 for never.
func forgetAfter[K comparable, T any](in Keyed[K, T], kind, name string, opts []DuplicateOption) (after time.Duration) {
	for _, o := range opts {
		if after = o.forget; after < time.Millisecond {
			job := in.stream.owner()
			job.p().Fail(fmt.Errorf("%s: %s %s: keys are forgotten after %v: want a millisecond or more", caller(), kind, name, after))
		}
	}
	return after
}

// forgetting forgets the current key after a time. Its zero value never does.
type forgetting struct {
	after     time.Duration
	eventTime bool
	timer     Timer
}

func newForgetting[K comparable](c *KeyContext[K], after time.Duration, forget func()) *forgetting {
	f := &forgetting{after: after, eventTime: c.ctx.EventTime}
	fire := func(Time) error { forget(); return nil }
	switch {
	case after == 0:
	case f.eventTime:
		f.timer = c.EventTimer("forget", fire)
	default:
		f.timer = c.ProcessingTimer("forget", fire)
	}
	return f
}

// from counts the time from the one of the record that is kept.
func (f *forgetting) from(at Time) {
	switch {
	case f.after == 0:
	case f.eventTime:
		f.timer.Set(at.Add(f.after))
	default:
		f.timer.Set(At(time.Now()).Add(f.after))
	}
}
