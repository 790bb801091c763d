// Package eventtime has the one word of event time that every room uses: a moment as
// Flink keeps it, in whole milliseconds since 1970.
//
// It is a package of its own so that package weir, which has it as weir.Time, and the
// packages that weir imports can share it.
package eventtime

import (
	"math"
	"time"
)

// Time is a moment in event time: milliseconds since 1970-01-01 00:00:00 UTC, as in Flink.
// It takes 8 bytes beside a record and has no location.
type Time int64

const (
	// Min is before every moment. A record without a timestamp has it, and a watermark
	// before the first one.
	Min Time = math.MinInt64
	// Max is after every moment. It is the watermark at the end of the input.
	Max Time = math.MaxInt64
)

// At returns the moment of t. What is finer than a millisecond is cut off, towards the
// past. A moment that does not fit is Min or Max.
func At(t time.Time) Time {
	sec := t.Unix()
	switch {
	case sec > math.MaxInt64/1000-1:
		return Max
	case sec < math.MinInt64/1000+1:
		return Min
	}
	return Time(sec*1000 + int64(t.Nanosecond())/int64(time.Millisecond))
}

// Time returns the moment as a time.Time in UTC.
func (t Time) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Add returns the moment d later, or earlier if d is negative. What is finer than a
// millisecond is cut off. A result that does not fit is Min or Max, and Min and Max stay
// what they are.
func (t Time) Add(d time.Duration) Time {
	if t == Min || t == Max {
		return t
	}
	ms := Time(d / time.Millisecond)
	switch sum := t + ms; {
	case ms > 0 && sum < t:
		return Max
	case ms < 0 && sum > t:
		return Min
	default:
		return sum
	}
}

// Sub returns how much later t is than u. A result that does not fit is the longest or the
// shortest duration there is.
func (t Time) Sub(u Time) time.Duration {
	const most = Time(math.MaxInt64 / int64(time.Millisecond))
	switch d := t - u; {
	case (t > u) != (d > 0) && t != u: // it has overflowed
		if t > u {
			return math.MaxInt64
		}
		return math.MinInt64
	case d > most:
		return math.MaxInt64
	case d < -most:
		return math.MinInt64
	default:
		return time.Duration(d) * time.Millisecond
	}
}

// String returns the moment as RFC 3339 with milliseconds, or "min" or "max".
func (t Time) String() string {
	switch t {
	case Min:
		return "min"
	case Max:
		return "max"
	}
	return t.Time().Format("2006-01-02T15:04:05.000Z07:00")
}
