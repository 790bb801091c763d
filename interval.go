package weir

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

type duration = time.Duration

var errNoEventTime = errors.New("the job has no event time: give a source watermarks, or use AssignWatermarks")

// An Interval says which records [IntervalJoin] joins: those whose timestamps are at least
// lower and at most upper after that of the other one.
type Interval struct {
	lower, upper                   time.Duration
	lowerExclusive, upperExclusive bool
}

// Between is the interval from lower up to and including upper, relative to the timestamp of a
// record of the first stream. Negative ones are before it. Timestamps are whole milliseconds,
// so what is finer makes the interval smaller.
func Between(lower, upper time.Duration) Interval { return Interval{lower: lower, upper: upper} }

// LowerExclusive returns the interval without its lower bound.
func (i Interval) LowerExclusive() Interval {
	i.lowerExclusive = true
	return i
}

// UpperExclusive returns the interval without its upper bound.
func (i Interval) UpperExclusive() Interval {
	i.upperExclusive = true
	return i
}

// String returns the interval as "[-1s, 5s)".
func (i Interval) String() string {
	open, end := "[", "]"
	if i.lowerExclusive {
		open = "("
	}
	if i.upperExclusive {
		end = ")"
	}
	return fmt.Sprintf("%s%v, %v%s", open, i.lower, i.upper, end)
}

// bounds returns the first and the last whole millisecond of the interval.
func (i Interval) bounds() (lower, upper time.Duration, err error) {
	const ms = time.Millisecond
	lower, upper = i.lower/ms*ms, i.upper/ms*ms
	if lower < i.lower || i.lowerExclusive && lower == i.lower {
		lower += ms
	}
	if upper > i.upper || i.upperExclusive && upper == i.upper {
		upper -= ms
	}
	switch {
	case i.lower > i.upper:
		err = fmt.Errorf("the interval %v has a lower bound above its upper one", i)
	case lower > upper:
		err = fmt.Errorf("there is no whole millisecond in the interval %v, and timestamps are whole milliseconds", i)
	case lower < -longestInterval || upper > longestInterval:
		err = fmt.Errorf("the interval %v is longer than %v", i, longestInterval)
	}
	return lower, upper, err
}

// longestInterval is short enough that no sum of two overflows.
const longestInterval = time.Duration(1) << 61

// A JoinOption says where records of a join go that are not joined.
type JoinOption struct {
	side   joinBuffer // whose records they are
	what   string     // why they are not joined
	record reflect.Type
	open   func(SideContext) any // returns an Out of that type
}

// LateLeft has records of the first stream that are late go to a side output.
func LateLeft[A any](to Tag[A]) JoinOption { return sideTo(leftBuffer, "late", to) }

// LateRight has records of the second stream that are late go to a side output.
func LateRight[B any](to Tag[B]) JoinOption { return sideTo(rightBuffer, "late", to) }

// Unmatched has records of the first stream of a [TemporalJoin] go to a side output for which
// there is no version.
func Unmatched[A any](to Tag[A]) JoinOption { return sideTo(leftBuffer, "unmatched", to) }

func sideTo[T any](side joinBuffer, what string, tag Tag[T]) JoinOption {
	return JoinOption{side, what, reflect.TypeFor[T](), func(c SideContext) any { return Side(c, tag) }}
}

// checkSides returns an error if a side output is not for the records of its stream, or for
// what the operator does not have. what has what it has beside records that are late.
func checkSides[A, B any](opts []JoinOption, what ...string) error {
	for _, o := range opts {
		want := reflect.TypeFor[A]()
		if o.side == rightBuffer {
			want = reflect.TypeFor[B]()
		}
		switch {
		case o.open == nil:
			return errors.New("an option is the zero JoinOption: make it with LateLeft and the like")
		case o.what != "late" && !slices.Contains(what, o.what):
			return fmt.Errorf("there are no %s records: leave the option out", o.what)
		case o.record != want:
			return fmt.Errorf("%s records are of type %v, and their side output is of %v", o.side, want, o.record)
		}
	}
	return nil
}

// sideOf returns a side output of one side; nil if there is none.
func sideOf[T any](c SideContext, opts []JoinOption, side joinBuffer, what string) (to *Out[T]) {
	for _, o := range opts {
		if o.side == side && o.what == what && o.open != nil {
			to, _ = o.open(c).(*Out[T])
		}
	}
	return to
}
