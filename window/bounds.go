package window

import "github.com/weirstream/weir/eventtime"

// Bounds are the times that a window is about: from Start up to, and not including, End.
type Bounds struct{ Start, End eventtime.Time }

// Everything are the bounds of the global window, which never ends.
var Everything = Bounds{eventtime.Min, eventtime.Max}

// MaxTimestamp returns the latest time in the window. When the watermark has come to it the
// window is complete. For the global window it is eventtime.Max, the end of the input.
func (b Bounds) MaxTimestamp() eventtime.Time {
	if b == Everything {
		return eventtime.Max
	}
	return b.End - 1
}

// Contains reports whether a time is in the window.
func (b Bounds) Contains(at eventtime.Time) bool { return b.Start <= at && at < b.End }

// String returns the bounds as "[start, end)".
func (b Bounds) String() string { return "[" + b.Start.String() + ", " + b.End.String() + ")" }

// touches reports whether two windows have a time in common, or one begins where the other
// ends. Sessions that touch are one.
func (b Bounds) touches(o Bounds) bool { return b.Start <= o.End && o.Start <= b.End }

// cover returns the smallest window that has both in it.
func (b Bounds) cover(o Bounds) Bounds { return Bounds{min(b.Start, o.Start), max(b.End, o.End)} }

// around returns the window that begins before units of time before at, and ends after units
// after it. What does not fit is cut off.
func around(at eventtime.Time, before, after int64) Bounds {
	b := Bounds{at - eventtime.Time(before), at + eventtime.Time(after)}
	if b.Start > at {
		b.Start = eventtime.Min
	}
	if b.End < at {
		b.End = eventtime.Max
	}
	return b
}
