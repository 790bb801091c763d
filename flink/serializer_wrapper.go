package flink

// Values with something around them: a null flag, a timestamp, a tag.

var wrapperKinds = []*compositeKind{nullableKind, eitherKind, ttlKind, streamElementKind}

// nullableKind is a value that can be null. number is how many zeros a null has after it, so
// that it is as long as a value; 0 if it has none.
var nullableKind = &compositeKind{
	class:        classRuntime + "NullableSerializer$NullableSerializerSnapshot",
	outerVersion: 2, outer: outerNumber, arity: 1,
	name: func(s *composite) string { return "nullable " + typeNames(s.nested) },
	length: func(s *composite) int {
		if s.number <= 0 {
			return -1
		}
		return 1 + int(s.number)
	},
	decode: func(s *composite, c *Cursor) Value {
		if c.Bool() {
			c.Bytes(int(s.number))
			return nil
		}
		return s.nested[0].Decode(c)
	},
}

var eitherKind = &compositeKind{
	class: classRuntime + "JavaEitherSerializerSnapshot", outerVersion: 1, arity: 2,
	name: func(s *composite) string { return "Either<" + typeNames(s.nested) + ">" },
	decode: func(s *composite, c *Cursor) Value {
		if c.Bool() {
			return Record{Type: "Either", Fields: []Field{{"left", s.nested[0].Decode(c)}}}
		}
		return Record{Type: "Either", Fields: []Field{{"right", s.nested[1].Decode(c)}}}
	},
}

// WithTTL returns the serializer of a value of a state with a time to live: the time of
// its last use, in milliseconds since 1970, and the value.
func WithTTL(value Serializer) Serializer {
	return &composite{kind: ttlKind, nested: []Serializer{Long, value}}
}

// TTLValue returns the serializer of the values of a state with a time to live, and whether
// s is one of such.
func TTLValue(s Serializer) (value Serializer, ok bool) {
	if c, ok := s.(*composite); ok && c.kind == ttlKind {
		return c.nested[1], true
	}
	return nil, false
}

// ttlKind is a value of a state with a time to live: the time of its last use, and the
// value.
var ttlKind = &compositeKind{
	class:        "org.apache.flink.runtime.state.ttl.TtlStateFactory$TtlSerializerSnapshot",
	outerVersion: 2, arity: 2,
	name:   func(s *composite) string { return s.nested[1].TypeName() + " with time to live" },
	length: (*composite).sumOfLengths,
	decode: func(s *composite, c *Cursor) Value {
		return Record{Type: "TTL", Fields: []Field{
			{"lastAccess", s.nested[0].Decode(c)},
			{"value", s.nested[1].Decode(c)},
		}}
	},
}

// streamElementKind is a record of a stream, with its timestamp if it has one. Windows with
// an evictor keep such elements.
var streamElementKind = &compositeKind{
	class:        "org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer$StreamElementSerializerSnapshot",
	outerVersion: 2, arity: 1,
	name: func(s *composite) string { return "stream element " + typeNames(s.nested) },
	decode: func(s *composite, c *Cursor) Value {
		const withTimestamp, withoutTimestamp = 0, 1
		e := Record{Type: "StreamRecord"}
		switch tag := c.U8(); tag {
		case withTimestamp:
			e.Fields = append(e.Fields, Field{"timestamp", c.I64()})
		case withoutTimestamp:
		default: // watermarks and the like, which are no state
			c.Failf("stream element of kind %d", tag)
		}
		e.Fields = append(e.Fields, Field{"value", s.nested[0].Decode(c)})
		return e
	},
}
