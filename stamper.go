package weir

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

// A stamper gives the records of one split their timestamps, and follows how far event time
// has come with them.
type stamper[T any] struct {
	*Watermarks[T]
	generator WatermarkGenerator[T] // nil for the built-in ones
	latest    Time                  // the latest timestamp so far
	mark      Time                  // never falls
	last      time.Time             // when there was a record
	isIdle    bool
}

// newStamper makes a stamper for a split whose watermark was the given one.
func newStamper[T any](w *Watermarks[T], mark Time) *stamper[T] {
	s := &stamper[T]{Watermarks: w, latest: MinTime, mark: mark, last: time.Now()}
	if w.open != nil {
		s.generator = w.open()
	}
	return s
}

// stamp fills in the timestamps of a batch of records, as long as the source does not bring
// them, and takes them in.
func (s *stamper[T]) stamp(values []T, times []Time) error {
	if s.at != nil {
		for i, v := range values {
			times[i] = s.at(v)
		}
	}
	for i, at := range times {
		if at == MaxTime {
			return Permanent(fmt.Errorf("record %+v has the timestamp of the end of time: is it out of range, or in another unit than milliseconds?", values[i]))
		}
		s.latest = max(s.latest, at)
	}
	if s.generator != nil {
		for i, v := range values {
			s.generator.OnRecord(v, times[i])
		}
	}
	if s.idle > 0 {
		s.last, s.isIdle = time.Now(), false
	}
	return nil
}

// now returns how far event time has come.
func (s *stamper[T]) now() flow.Mark {
	switch {
	case s.never:
	case s.generator != nil:
		s.mark = max(s.mark, s.generator.Watermark())
	default: // without a record it stays
		s.mark = max(s.mark, s.latest.Add(-s.most).Add(-time.Millisecond))
	}
	if s.idle > 0 && !s.isIdle && time.Since(s.last) >= s.idle {
		s.isIdle = true
	}
	return flow.Mark{Time: s.mark, Idle: s.isIdle}
}
