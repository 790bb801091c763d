package avrogo

import (
	"bytes"
	"math"
	"testing"
	"time"
)

func TestNanosReach(t *testing.T) {
	last := time.Unix(0, math.MaxInt64).UTC()
	first := time.Unix(0, math.MinInt64+1).UTC()
	for _, v := range []time.Time{first, last, time.Unix(-1, 999_999_999).UTC(), time.Unix(-1, 0).UTC(), {}} {
		hexless(t, v)
		hexless(t, &v)
		hexless(t, struct {
			At time.Time `avro:",timestamp-nanos"`
		}{v})
		hexless(t, struct {
			At time.Time `avro:",local-timestamp-nanos"`
		}{v})
	}
	for _, v := range []time.Time{first.Add(-1), last.Add(1), time.Unix(1<<40, 0), time.Unix(-1<<40, 0), time.Unix(1<<62, 0)} {
		notWritten(t, v, "is out of the range of nanoseconds in 64 bits")
		notWritten(t, &v, "is out of the range of nanoseconds in 64 bits")
	}
	// The zone and the monotonic clock are gone; the zero time is it in every zone.
	now := time.Now()
	if got := read[time.Time](t, write(t, now)); got != now.Round(0).UTC() {
		t.Errorf("%v became %v", now, got)
	}
	if got := read[time.Time](t, write(t, time.Time{}.In(time.FixedZone("", 3600)))); got != (time.Time{}) {
		t.Errorf("the zero time became %v", got)
	}
}

type tagged struct {
	Micros time.Time     `avro:",timestamp-micros"`
	Millis time.Time     `avro:",timestamp-millis"`
	LNanos time.Time     `avro:",local-timestamp-nanos"`
	LMicro time.Time     `avro:",local-timestamp-micros"`
	LMilli time.Time     `avro:",local-timestamp-millis"`
	Clock  time.Time     `avro:",time-micros"`
	Minute time.Time     `avro:",time-millis"`
	Day    time.Time     `avro:",date"`
	Took   time.Duration `avro:",time-micros"`
	Waited time.Duration `avro:",time-millis"`
	Stamp  int64         `avro:",timestamp-millis"`
	UUID   [16]byte      `avro:",uuid"`
	Text   string        `avro:",uuid"`
}

// A tag asks for another unit. The avro package writes the same.
func TestUnits(t *testing.T) {
	zone := time.FixedZone("", -3600)
	for _, at := range []time.Time{
		time.Date(1965, 3, 4, 5, 6, 7, 890123456, zone), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(2100, 3, 4, 23, 6, 7, 1, zone),
	} {
		v := tagged{at, at, at, at, at, at, at, at, -time.Hour, time.Hour, -1, [16]byte{1}, "01234567-89ab-cdef-0123-456789abcdef"}
		want, err := typeOf[tagged](t).Schema().Encode(&v)
		if err != nil {
			t.Fatal(err)
		}
		b := write(t, v)
		if !bytes.Equal(b, want) {
			t.Errorf("%v: %x, the library writes %x", at, b, want)
		}
		var other tagged
		if _, err := typeOf[tagged](t).Schema().Decode(b, &other); err != nil {
			t.Fatal(err)
		}
		if got := read[tagged](t, b); got != other {
			t.Errorf("%v: read %v, by the library %v", at, got, other)
		}
	}
	type micros struct {
		At time.Time `avro:",timestamp-micros"`
	}
	hexless(t, micros{})
	hexless(t, micros{time.UnixMicro(math.MaxInt64).UTC()})
	hexless(t, micros{time.UnixMicro(math.MinInt64).UTC()})
	notWritten(t, micros{time.UnixMicro(math.MaxInt64).Add(time.Microsecond)}, "is out of the range of timestamp-micros")
	notWritten(t, micros{time.UnixMicro(math.MinInt64).Add(-time.Microsecond)}, "is out of the range of timestamp-micros")
	notWritten(t, struct {
		At time.Time `avro:",date"`
	}{time.Date(6e6, 1, 1, 0, 0, 0, 0, time.UTC)}, "is out of the range of date")
	notWritten(t, struct {
		Took time.Duration `avro:",time-millis"`
	}{600 * time.Hour}, "struct.Took: the duration 600h0m0s is out of the range of time-millis: remove the tag for nanoseconds in 64 bits")
	notRead[struct {
		Took time.Duration `avro:",time-micros"`
	}](t, "ffffffffffffffffff01", 0, "struct.Took: -9223372036854775808 is out of the range of a time.Duration in time-micros")
}

// A number that an Avro int has no room for is no duration in one.
func TestIntDuration(t *testing.T) {
	notRead[struct {
		Took time.Duration `avro:",time-millis"`
	}](t, "8080808010", 0, "struct.Took: 2147483648 is out of the range of a time.Duration in time-millis")
}
