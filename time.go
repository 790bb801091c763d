package weir

import (
	"time"

	"github.com/weirstream/weir/eventtime"
)

// Time is a moment in event time: milliseconds since 1970, as in Flink.
type Time = eventtime.Time

// MinTime is before every moment: what a record without a timestamp has. MaxTime is after
// every moment: the watermark at the end of the input.
const (
	MinTime = eventtime.Min
	MaxTime = eventtime.Max
)

// At returns the moment of t, cut to a millisecond.
func At(t time.Time) Time { return eventtime.At(t) }
