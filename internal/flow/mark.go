package flow

import "github.com/weirstream/weir/eventtime"

// Time is a moment in event time.
type Time = eventtime.Time

// The ends of event time.
const (
	MinTime = eventtime.Min
	MaxTime = eventtime.Max
)

// A Mark says how far event time has come: no record with a timestamp at or before Time
// is expected any more (Flink's watermark). Times of marks on one edge never fall.
type Mark struct {
	Time Time
	// Idle says that nothing comes at the moment, so that the receiver must not wait for
	// this edge (Flink's watermark status). The next mark that is not idle ends it.
	Idle bool
}
