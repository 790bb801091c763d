package flink

import (
	"fmt"
	"math"
	"time"
)

// Instant is a point in time, to the nanosecond.
var Instant Serializer = baseType("Instant", "Instant", 12, func(c *Cursor) Value {
	seconds, nanos := c.I64(), c.I32()
	if seconds == math.MinInt64 {
		return nil
	}
	return time.Unix(seconds, int64(nanos)).UTC()
})

// Serializers that are read only. The Local types have no time zone; their values are
// strings in the form of ISO 8601.
var (
	javaDate = baseType("java.util.Date", "Date", 8, decodeMillis)
	sqlDate  = baseType("java.sql.Date", "SqlDate", 8, decodeMillis)
	sqlTime  = baseType("java.sql.Time", "SqlTime", 8, decodeMillis)

	sqlTimestamp = baseType("java.sql.Timestamp", "SqlTimestamp", 12, func(c *Cursor) Value {
		millis, nanos := c.I64(), c.I32()
		if millis == math.MinInt64 {
			return nil
		}
		// The nanoseconds contain the part of a second that is in the milliseconds.
		return time.Unix(time.UnixMilli(millis).Unix(), int64(nanos)).UTC()
	})

	localDate = baseType("LocalDate", "LocalDate", 6, func(c *Cursor) Value {
		if s := decodeLocalDate(c); s != "" {
			return s
		}
		return nil
	})
	localTime = baseType("LocalTime", "LocalTime", 7, func(c *Cursor) Value {
		if s := decodeLocalTime(c); s != "" {
			return s
		}
		return nil
	})
	localDateTime = baseType("LocalDateTime", "LocalDateTime", 13, func(c *Cursor) Value {
		day, clock := decodeLocalDate(c), decodeLocalTime(c)
		if day == "" || clock == "" {
			return nil
		}
		return day + "T" + clock
	})
)

// decodeMillis reads milliseconds since 1970. The least number is null.
func decodeMillis(c *Cursor) Value {
	millis := c.I64()
	if millis == math.MinInt64 {
		return nil
	}
	return time.UnixMilli(millis).UTC()
}

// decodeLocalDate reads a date, or "" if it is null.
func decodeLocalDate(c *Cursor) string {
	year, month, day := c.I32(), c.U8(), c.U8()
	if year == math.MinInt32 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

// decodeLocalTime reads a time of day, or "" if it is null.
func decodeLocalTime(c *Cursor) string {
	hour, minute, second, nanos := int8(c.U8()), c.U8(), c.U8(), c.I32()
	if hour == math.MinInt8 {
		return ""
	}
	s := fmt.Sprintf("%02d:%02d:%02d", hour, minute, second)
	if nanos != 0 {
		s += fmt.Sprintf(".%09d", nanos)
	}
	return s
}
