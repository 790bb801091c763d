package window

import "github.com/weirstream/weir/eventtime"

// Kind is what sort of windows an Assigner makes.
type Kind uint8

const (
	// KindAligned windows have one length and begin at regular times: tumbling and sliding ones.
	KindAligned Kind = iota
	// KindSession windows end after a time without records, and grow together.
	KindSession
	// KindGlobal is the one window for everything.
	KindGlobal
)

// A Shape is what an Assigner was made of, in milliseconds, for operators that work with
// windows. Those of a Shape whose Assigner passes Check are as Check wants them.
type Shape struct {
	Kind Kind
	// Size is how long aligned windows are, and Slide the time from the beginning of one to
	// that of the next. Offset is when one of them begins.
	Size, Slide, Offset int64
	// Gap is the time without records that ends a session.
	Gap int64
	// ProcessingTime says that records are assigned by the clock, not by their timestamps.
	ProcessingTime bool
}

// into returns how far a time is into the aligned window that begins last before it. It is
// between 0 and Slide, also for negative times.
func (s *Shape) into(at eventtime.Time) int64 {
	in := int64(at)%s.Slide - s.Offset%s.Slide
	for in < 0 {
		in += s.Slide
	}
	for in >= s.Slide {
		in -= s.Slide
	}
	return in
}

// Last returns the latest window that a record of a time belongs to: of a session, that of
// the record alone. Windows that begin before eventtime.Min, or end after eventtime.Max, are
// cut off there.
func (s *Shape) Last(at eventtime.Time) Bounds {
	switch s.Kind {
	case KindSession:
		return around(at, 0, s.Gap)
	case KindGlobal:
		return Everything
	default:
		in := s.into(at)
		return around(at, in, s.Size-in)
	}
}

// First returns the earliest window that a record of a time belongs to.
func (s *Shape) First(at eventtime.Time) Bounds {
	if s.Kind != KindAligned {
		return s.Last(at)
	}
	in := s.into(at)
	in += (s.Size - 1 - in) / s.Slide * s.Slide
	return around(at, in, s.Size-in)
}

// Next returns the aligned window that begins next after another one, if there is one before
// the end of time.
func (s *Shape) Next(b Bounds) (next Bounds, ok bool) {
	if b.Start == eventtime.Min { // where it may have been cut off
		end := b.End + eventtime.Time(s.Slide)
		return Bounds{end - eventtime.Time(min(s.Size, int64(end-eventtime.Min))), end}, true
	}
	start := b.Start + eventtime.Time(s.Slide)
	return around(start, 0, s.Size), start > b.Start
}

// Append appends the windows that a record of a time belongs to, the latest one first.
func (s *Shape) Append(to []Bounds, at eventtime.Time) []Bounds {
	if s.Kind != KindAligned {
		return append(to, s.Last(at))
	}
	for in := s.into(at); in < s.Size; in += s.Slide {
		to = append(to, around(at, in, s.Size-in))
	}
	return to
}

// PerRecord returns how many windows a record belongs to, at most.
func (s *Shape) PerRecord() int64 {
	if s.Kind != KindAligned {
		return 1
	}
	return (s.Size + s.Slide - 1) / s.Slide
}
