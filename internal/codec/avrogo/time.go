package avrogo

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// A time.Time is the point in time, as a number of nanoseconds from 1970, or null for the
// zero time: that is before the first one such a number reaches. Its time zone and its
// monotonic clock reading are not written; it is read in UTC. A tag may ask for another
// unit; then the zero time is a number like all others.
//
// What a number does not reach is an error when it is written, and never wraps.

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// IsTime reports whether t is a time.Time or declared as one.
func IsTime(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.ConvertibleTo(timeType)
}

// A unit is what a time is counted in.
type unit struct {
	logical string
	kind    string
	instant bool  // a point in time, not what a calendar or clock on a wall says
	second  int64 // how many of it are a second
}

var nanos = unit{"timestamp-nanos", "long", true, 1e9}

var units = []unit{
	nanos,
	{"timestamp-micros", "long", true, 1e6},
	{"timestamp-millis", "long", true, 1e3},
	{"local-timestamp-nanos", "long", false, 1e9},
	{"local-timestamp-micros", "long", false, 1e6},
	{"local-timestamp-millis", "long", false, 1e3},
	{"time-micros", "long", false, 1e6},
	{"time-millis", "int", false, 1e3},
	{"date", "int", false, 0},
}

func unitNames() []string {
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = u.logical
	}
	return names
}

func unitOf(logical string) (unit, bool) {
	i := slices.IndexFunc(units, func(u unit) bool { return u.logical == logical })
	if i < 0 {
		return unit{}, false
	}
	return units[i], true
}

// noTime is the number of nanoseconds that stands for the zero time where there cannot be
// a null, as in a *time.Time, which has the null for nil.
const noTime = math.MinInt64

// inNanos reports whether the zero time is out of the range of the unit.
func (u unit) inNanos() bool { return u.second == nanos.second }

// number is how many units t is from 1970.
func (u unit) number(t time.Time) (int64, bool) {
	if u.inNanos() && t.IsZero() {
		return noTime, true
	}
	if !u.instant {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}
	seconds := t.Unix()
	switch u.logical {
	case "date":
		days := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400
		return days, days == int64(int32(days))
	case "time-micros", "time-millis":
		seconds = int64(t.Hour()*3600 + t.Minute()*60 + t.Second())
	}
	sub := int64(t.Nanosecond()) / (1e9 / u.second)
	if least, most := math.MinInt64/u.second-1, math.MaxInt64/u.second; seconds < least || seconds > most {
		return 0, false
	}
	n := seconds*u.second + sub // where the product wraps, the sum may wrap back
	wrapped := (seconds < 0) != (n < 0)
	return n, !wrapped && !(u.inNanos() && n == noTime)
}

// time is the time that is n units from 1970.
func (u unit) time(n int64) time.Time {
	switch {
	case u.logical == "date":
		return time.Unix(n*86400, 0).UTC()
	case u.inNanos() && n == noTime:
		return time.Time{}
	}
	seconds, sub := n/u.second, n%u.second
	return time.Unix(seconds, sub*(1e9/u.second)).UTC()
}

// A timePart is a time.Time in some unit.
type timePart struct {
	typ   reflect.Type
	unit  unit
	is    *shape
	maybe bool // null for the zero time
}

// timeIn returns the part of a time.Time whose tag says the unit. If there is a pointer to
// it, the null is taken by nil.
func timeIn(t reflect.Type, logical string, pointedTo bool) part {
	u, ok := unitOf(logical)
	if !ok {
		u = nanos
	}
	s := &shape{kind: u.kind, logical: u.logical}
	if u != nanos || pointedTo {
		return timePart{t, u, s, false}
	}
	return timePart{t, u, &shape{kind: optional, of: s}, true}
}

func (t timePart) shape() *shape { return t.is }

func (t timePart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	v := *(*time.Time)(p)
	if t.maybe {
		if v.IsZero() {
			return append(dst, 0), nil
		}
		dst = append(dst, 2)
	}
	n, ok := t.unit.number(v)
	if !ok {
		return nil, t.outside(v)
	}
	return binary.AppendVarint(dst, n), nil
}

func (t timePart) outside(v time.Time) *ValueError {
	e := &ValueError{What: fmt.Sprintf("the time %d-%02d-%02d is out of the range of %s", v.Year(), v.Month(), v.Day(), t.unit.logical)}
	if t.unit == nanos {
		e.What = fmt.Sprintf("the time %d-%02d-%02d is out of the range of nanoseconds in 64 bits, 1677-09-21 to 2262-04-11: "+
			"tag the field `avro:\",timestamp-micros\"` for microseconds and a wider range", v.Year(), v.Month(), v.Day())
	}
	return e
}

func (t timePart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	r := timeReader{timePart: t, unit: t.unit, nullAt: -1}
	if was.kind == optional {
		r.nullAt, was = was.nullAt, was.of
	}
	from, ok := unitOf(was.logical)
	switch {
	case !ok && was.isInteger():
		return nil, unitChanged(at, was, meaning(t.typ, t.number()))
	case !ok || was.kind != from.kind:
		return nil, changed(at, was, t.typ.String())
	case from == t.unit:
		return r, nil
	case from.instant && t.unit.instant && from.second < t.unit.second:
		r.unit = from
		return r, nil
	case from.instant && t.unit.instant:
		return nil, coarser(at, was, meaning(t.typ, t.number()))
	}
	return nil, unitChanged(at, was, meaning(t.typ, t.number()))
}

// number is the shape without the null.
func (t timePart) number() *shape {
	if t.maybe {
		return t.is.of
	}
	return t.is
}

// A timeReader reads a time in the unit in which it was written.
type timeReader struct {
	timePart
	unit   unit
	nullAt int // or -1 if there was always a number
}

func (r timeReader) read(d *decoder, p unsafe.Pointer) {
	if r.nullAt >= 0 && d.isNull(r.nullAt) {
		return
	}
	at := d.at
	n := d.long()
	if d.err != nil {
		return
	}
	v := r.unit.time(n)
	if _, ok := r.timePart.unit.number(v); !ok { // it could not be written again
		d.at = at
		d.failf("%s", r.outside(v).What)
		return
	}
	*(*time.Time)(p) = v
}

// A durationPart is a time.Duration in the unit that its tag says. Without a tag it is an
// int64, as it is in Go.
type durationPart struct {
	unit unit
	is   *shape
}

func durationIn(u unit) part { return durationPart{u, &shape{kind: u.kind, logical: u.logical}} }

func (p durationPart) shape() *shape { return p.is }

// worth is how many nanoseconds the unit has.
func (u unit) worth() time.Duration { return time.Duration(1e9 / u.second) }

func (part durationPart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	v := *(*time.Duration)(p)
	n := int64(v / part.unit.worth())
	if part.unit.kind == "int" && n != int64(int32(n)) {
		return nil, &ValueError{What: fmt.Sprintf("the duration %v is out of the range of %s: remove the tag for nanoseconds in 64 bits", v, part.unit.logical)}
	}
	return binary.AppendVarint(dst, n), nil
}

func (part durationPart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != part.is.kind || was.logical != part.is.logical {
		return nil, unitChanged(at, was, meaning(durationType, part.is))
	}
	return part, nil
}

func (part durationPart) read(d *decoder, p unsafe.Pointer) {
	at := d.at
	n := d.long()
	worth := part.unit.worth()
	if v := time.Duration(n) * worth; v/worth == time.Duration(n) && (part.unit.kind == "long" || n == int64(int32(n))) {
		*(*time.Duration)(p) = v
		return
	}
	d.at = at
	d.failf("%d is out of the range of a time.Duration in %s", n, part.unit.logical)
}

// A nanosPart is a time.Duration without a tag. It also reads what a tag asked for.
type nanosPart struct{ integerPart[int64] }

func (part nanosPart) reader(c *comparison, was *shape, at string) (reader, *ChangeError) {
	if u, ok := unitOf(was.logical); ok && was.kind == u.kind && (u.logical == "time-millis" || u.logical == "time-micros") {
		return durationPart{u, was}, nil
	}
	return part.integerPart.reader(c, was, at)
}
