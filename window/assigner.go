package window

import (
	"errors"
	"fmt"
	"time"
)

// An Assigner says which windows a record belongs to. Its windows are of event time, unless
// ProcessingTime says otherwise. It is a value: Offset and ProcessingTime return another
// one.
//
// A mistake in it is told by weir's Job.Check.
type Assigner struct {
	shape   Shape
	what    string  // the words of the program, for messages
	trigger Trigger // what Count comes with
	errs    []error
}

// Tumbling makes windows of one size, each beginning where the one before ends. They begin
// at whole multiples of the size since 1970 (UTC).
func Tumbling(size time.Duration) Assigner {
	a := Assigner{what: fmt.Sprintf("tumbling windows of %v", size)}
	a.shape.Size = a.ms("size", size)
	a.shape.Slide = a.shape.Size
	return a
}

// Sliding makes windows of one size, one of which begins at every whole multiple of slide:
// a record is in size/slide of them. A slide longer than the size would leave records out,
// and is refused.
//
// If the aggregator can merge (weir.Aggregator.Merge), or with a reduce function, a record
// is added up once and not once for each window, so a short slide costs little.
func Sliding(size, slide time.Duration) Assigner {
	a := Assigner{what: fmt.Sprintf("sliding windows of %v every %v", size, slide)}
	a.shape.Size, a.shape.Slide = a.ms("size", size), a.ms("slide", slide)
	if len(a.errs) == 0 && slide > size {
		a.errs = append(a.errs, fmt.Errorf("the slide %v is longer than the size %v: records between two windows would be lost; filter them out before, if that is wanted", slide, size))
	}
	return a
}

// Session makes windows that end when a key has had no record for longer than gap: records
// that are at most gap apart are in one session, as in Flink. A session begins with its first record,
// and ends gap after its last one. Sessions grow together if a record comes in between; an
// aggregator needs Merge for that.
func Session(gap time.Duration) Assigner {
	a := Assigner{shape: Shape{Kind: KindSession}, what: fmt.Sprintf("session windows with a gap of %v", gap)}
	a.shape.Gap = a.ms("gap", gap)
	return a
}

// Global makes one window for all records of a key. It never ends: it needs a trigger, and
// is kept for good unless that purges it.
func Global() Assigner {
	return Assigner{shape: Shape{Kind: KindGlobal}, what: "the global window"}
}

// Count makes windows of n records of a key: the global window, which is emitted and purged
// with every nth record. Records that are left at the end of the input are kept, and not
// emitted.
func Count(n int) Assigner {
	a := Assigner{shape: Shape{Kind: KindGlobal}, what: fmt.Sprintf("windows of %d records", n)}
	a.trigger = EveryCount(n).Purge()
	return a
}

// Offset has windows begin so much later than at whole multiples of their size or slide:
// days of China begin at an offset of -8 hours.
func (a Assigner) Offset(d time.Duration) Assigner {
	if a.shape.Kind != KindAligned {
		return a.with(fmt.Errorf("%s have no offset: only tumbling and sliding ones have", a.what))
	}
	if d%time.Millisecond != 0 {
		return a.with(fmt.Errorf("offset %v: want whole milliseconds", d))
	}
	a.shape.Offset = d.Milliseconds()
	return a
}

// ProcessingTime assigns records by the clock, at which the operator gets them, and not by
// their timestamps. What comes out is different each time, also after a restart; no record
// is late. At the end of the input all windows are emitted.
func (a Assigner) ProcessingTime() Assigner {
	a.shape.ProcessingTime = true
	return a
}

// String describes the windows.
func (a Assigner) String() string {
	if a.what == "" {
		return "windows of no kind"
	}
	return a.what
}

// Shape returns what the assigner was made of.
func (a Assigner) Shape() Shape { return a.shape }

// DefaultTrigger returns the trigger of windows that are given none, and whether there is
// one.
func (a Assigner) DefaultTrigger() (t Trigger, ok bool) {
	if a.trigger.open != nil {
		return a.trigger, true
	}
	return AtWatermark(), a.shape.Kind != KindGlobal
}

// Check returns what is wrong with the assigner, or nil.
func (a Assigner) Check() error {
	if a.what == "" {
		return errors.New("no windows: make an Assigner with Tumbling, Sliding, Session, Global or Count")
	}
	return errors.Join(append(a.errs, a.trigger.err)...)
}

// with returns the assigner with one mistake more.
func (a Assigner) with(err error) Assigner {
	a.errs = append(a.errs[:len(a.errs):len(a.errs)], err)
	return a
}

// ms returns a length in milliseconds, and notes if it is no good one.
func (a *Assigner) ms(what string, d time.Duration) int64 {
	if err := checkLength(what, d); err != nil {
		a.errs = append(a.errs, fmt.Errorf("%s: %w", a.what, err))
		return 1
	}
	return d.Milliseconds()
}

// checkLength returns an error if something cannot be so long.
func checkLength(what string, d time.Duration) error {
	switch {
	case d <= 0:
		return fmt.Errorf("%s %v: want more than 0", what, d)
	case d%time.Millisecond != 0:
		return fmt.Errorf("%s %v: want whole milliseconds, as event time has", what, d)
	}
	return nil
}
