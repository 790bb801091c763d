package codec

import (
	"fmt"
	"math"
	"time"

	"github.com/weirstream/weir/flink"
)

// The seconds that a java.time.Instant can have: the years ±1,000,000,000, nearly.
const (
	instantMin = -31557014167219200
	instantMax = 31556889864403199
)

// instantCodec is Flink's InstantSerializer: 64 bits of seconds, 32 of nanoseconds. Of a
// time.Time it keeps the point in time and nothing else: it is decoded in UTC and without
// a monotonic clock reading. A time out of the range of Java's Instant is an error, both
// ways.
type instantCodec struct{}

func (instantCodec) Serializer() flink.Serializer { return flink.Instant }

func (instantCodec) Append(dst []byte, v time.Time) ([]byte, error) {
	seconds := v.Unix()
	if seconds < instantMin || seconds > instantMax {
		return dst, fmt.Errorf("time %d seconds from 1970 is out of the range of Flink's Instant", seconds)
	}
	return flink.AppendI32(flink.AppendI64(dst, seconds), int32(v.Nanosecond())), nil
}

func (instantCodec) Decode(src []byte) (time.Time, int, error) {
	c := flink.NewCursor(src)
	seconds, nanos := c.I64(), c.I32()
	switch {
	case c.Err() != nil:
		return time.Time{}, 0, c.Err()
	case seconds == math.MinInt64:
		return time.Time{}, 0, errNull("time.Time")
	case seconds < instantMin || seconds > instantMax || nanos < 0 || nanos > 999_999_999:
		return time.Time{}, 0, &flink.FormatError{
			What: fmt.Sprintf("%d seconds and %d nanoseconds are no Instant", seconds, nanos)}
	}
	return time.Unix(seconds, int64(nanos)).UTC(), c.Offset(), nil
}
