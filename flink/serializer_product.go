package flink

import (
	"fmt"
	"math"
	"strconv"
)

// Values that consist of others, one after the other: tuples, rows, timers.

var productKinds = []*compositeKind{tupleKind, rowKind, timerKind}

// tupleMaxFields is the number of fields of Flink's largest tuple class.
const tupleMaxFields = 25

// Tuple returns the serializer of Flink's tuple of 1 to 25 fields. Fields cannot be null. It
// panics with another number of fields.
func Tuple(fields ...Serializer) Serializer {
	if len(fields) < 1 || len(fields) > tupleMaxFields {
		panic(fmt.Sprintf("flink: a tuple of %d fields, want 1 to %d", len(fields), tupleMaxFields))
	}
	return &composite{
		kind:   tupleKind,
		text:   "org.apache.flink.api.java.tuple.Tuple" + strconv.Itoa(len(fields)),
		nested: append([]Serializer(nil), fields...),
	}
}

// Timer returns the serializer of the timers of a timer service. The timestamp is written
// with its sign bit flipped, so that the order of the bytes is the order of time.
func Timer(key, namespace Serializer) Serializer {
	return &composite{kind: timerKind, nested: []Serializer{key, namespace}}
}

var tupleKind = &compositeKind{
	class: classRuntime + "TupleSerializerSnapshot", outerVersion: 2, outer: outerText, arity: anyArity,
	name: func(s *composite) string {
		return fmt.Sprintf("Tuple%d<%s>", len(s.nested), typeNames(s.nested))
	},
	length: (*composite).sumOfLengths,
	decode: func(s *composite, c *Cursor) Value {
		t := make([]Value, len(s.nested))
		for i, f := range s.nested {
			t[i] = f.Decode(c)
		}
		return t
	},
}

var timerKind = &compositeKind{
	class:        "org.apache.flink.streaming.api.operators.TimerSerializerSnapshot",
	outerVersion: 2, arity: 2,
	name: func(s *composite) string { return "Timer<" + typeNames(s.nested) + ">" },
	length: func(s *composite) int {
		k, n := s.nested[0].Length(), s.nested[1].Length()
		if k < 0 || n < 0 {
			return -1
		}
		return 8 + k + n
	},
	decode: func(s *composite, c *Cursor) Value {
		return TimerValue{
			Timestamp: c.I64() ^ math.MinInt64,
			Key:       s.nested[0].Decode(c),
			Namespace: s.nested[1].Decode(c),
		}
	},
}

// rowKinds has the kinds of change of a row, by their numbers.
var rowKinds = [4]string{"+I", "-U", "+U", "-D"}

// rowKind begins with a mask, most significant bit first: two bits for the kind of change,
// if number is 1, then one bit per field, which says whether the field is null.
var rowKind = &compositeKind{
	class: classRuntime + "RowSerializer$RowSerializerSnapshot", outerVersion: 4, outer: outerFlag, arity: anyArity,
	name: func(s *composite) string { return "Row<" + typeNames(s.nested) + ">" },
	decode: func(s *composite, c *Cursor) Value {
		kindBits := 2 * int(s.number)
		mask := c.Bytes((kindBits + len(s.nested) + 7) / 8)
		if c.err != nil {
			return nil
		}
		bit := func(i int) byte { return mask[i/8] >> (7 - i%8) & 1 }
		row := Record{Type: "Row"}
		if kindBits > 0 {
			row.Fields = append(row.Fields, Field{"kind", rowKinds[bit(0)|bit(1)<<1]})
		}
		for i, f := range s.nested {
			field := Field{Name: "f" + strconv.Itoa(i)}
			if bit(kindBits+i) == 0 {
				field.Value = f.Decode(c)
			}
			row.Fields = append(row.Fields, field)
		}
		return row
	},
}
