package flink

import (
	"strings"
	"unicode/utf16"
)

// The packages of Flink's snapshot classes.
const (
	classBase    = "org.apache.flink.api.common.typeutils.base."
	classRuntime = "org.apache.flink.api.java.typeutils.runtime."
	classWindow  = "org.apache.flink.streaming.api.windowing.windows."
)

// The serializers that have no parameters.
var (
	String Serializer = baseType("String", "String", -1, func(c *Cursor) Value {
		s, null := c.FString()
		if null {
			return nil
		}
		return s
	})
	Long   Serializer = baseType("Long", "Long", 8, func(c *Cursor) Value { return c.I64() })
	Int    Serializer = baseType("Integer", "Int", 4, func(c *Cursor) Value { return c.I32() })
	Short  Serializer = baseType("Short", "Short", 2, func(c *Cursor) Value { return c.I16() })
	Byte   Serializer = baseType("Byte", "Byte", 1, func(c *Cursor) Value { return int8(c.U8()) })
	Bool   Serializer = baseType("Boolean", "Boolean", 1, func(c *Cursor) Value { return c.Bool() })
	Double Serializer = baseType("Double", "Double", 8, func(c *Cursor) Value { return c.F64() })
	Float  Serializer = baseType("Float", "Float", 4, func(c *Cursor) Value { return c.F32() })
	Char   Serializer = baseType("Character", "Char", 2, func(c *Cursor) Value { return charString(c.U16()) })

	ByteArray Serializer = primitiveArray("byte[]", "Byte", func(c *Cursor) Value {
		return append([]byte{}, c.Bytes32()...)
	})

	// VoidNamespace is the namespace of a state that has none. It takes one byte, but its
	// Length is 0.
	VoidNamespace Serializer = &simple{
		name:   "VoidNamespace",
		class:  "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot",
		length: 0,
		decode: decodeSingleton,
	}

	// TimeWindow is the namespace of state in tumbling, sliding and session windows.
	TimeWindow Serializer = &simple{
		name:   "TimeWindow",
		class:  classWindow + "TimeWindow$Serializer$TimeWindowSerializerSnapshot",
		length: 16,
		decode: func(c *Cursor) Value { return WindowValue{Start: c.I64(), End: c.I64()} },
	}

	// GlobalWindow is the namespace of state in the one window that never ends.
	GlobalWindow Serializer = &simple{
		name:   "GlobalWindow",
		class:  classWindow + "GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
		length: 1,
		decode: decodeSingleton,
	}
)

// Those that are read only.
var (
	intArray    = primitiveArray("int[]", "Int", arrayOf(Int))
	longArray   = primitiveArray("long[]", "Long", arrayOf(Long))
	shortArray  = primitiveArray("short[]", "Short", arrayOf(Short))
	boolArray   = primitiveArray("boolean[]", "Boolean", arrayOf(Bool))
	doubleArray = primitiveArray("double[]", "Double", arrayOf(Double))
	floatArray  = primitiveArray("float[]", "Float", arrayOf(Float))
	charArray   = primitiveArray("char[]", "Char", arrayOf(Char))
	stringArray = baseType("String[]", "array.StringArray", -1, arrayOf(String))

	javaSerialized = &simple{
		name:   "Java serialization",
		class:  "org.apache.flink.runtime.state.JavaSerializer$JavaSerializerSnapshot",
		length: -1,
	}
)

// A simple serializer has no parameters, and its snapshot no payload.
type simple struct {
	name   string
	class  string
	length int
	decode func(*Cursor) Value // nil if the data are opaque
}

// simpleVersion is the version of a snapshot without a payload. Versions 1 and 2 have one:
// the name of the serializer's class.
const simpleVersion = 3

// baseType returns a simple serializer of the package in which Flink has most of them.
func baseType(name, class string, length int, decode func(*Cursor) Value) *simple {
	// Flink nests the snapshot's class in the serializer's and repeats the latter's
	// name without the package.
	last := class[strings.LastIndexByte(class, '.')+1:]
	return &simple{name, classBase + class + "Serializer$" + last + "SerializerSnapshot", length, decode}
}

func primitiveArray(name, element string, decode func(*Cursor) Value) *simple {
	return baseType(name, "array."+element+"PrimitiveArray", -1, decode)
}

func (s *simple) TypeName() string { return s.name }
func (s *simple) Length() int      { return s.length }

func (s *simple) AppendSnapshot(dst []byte) ([]byte, error) {
	return appendSnapshotHead(dst, s.class, simpleVersion)
}

func (s *simple) Decode(c *Cursor) Value {
	if s.decode == nil {
		return decodeOpaque(c, s)
	}
	return s.decode(c)
}

func (s *simple) readSnapshot(r *snapshotReader, version int32) Serializer {
	switch version {
	case simpleVersion:
	case 2:
		r.UTF()
	default:
		return r.badVersion(s.class, version)
	}
	return s
}

func decodeOpaque(c *Cursor, s Serializer) Value {
	c.fail(&OpaqueError{Type: s.TypeName(), Offset: c.at()})
	return nil
}

// decodeSingleton reads the byte of a type that has only one value.
func decodeSingleton(c *Cursor) Value {
	c.U8()
	return nil
}

// charString returns a Java char as a string of one character, also if it is half a
// surrogate pair.
func charString(unit uint16) string {
	if utf16.IsSurrogate(rune(unit)) {
		return string(appendSurrogate(nil, rune(unit)))
	}
	return string(rune(unit))
}

// arrayOf decodes a number of elements and the elements.
func arrayOf(element Serializer) func(*Cursor) Value {
	return func(c *Cursor) Value { return decodeElements(c, "elements", element.Decode) }
}

// elementsAhead is the number of elements for which room is allocated before the first is
// read.
const elementsAhead = 256

// decodeElements reads a 32-bit number of elements and the elements. It is an error if an
// element takes no bytes: then the length of the data does not limit their number.
func decodeElements(c *Cursor, what string, decode func(*Cursor) Value) []Value {
	n := c.Count(what, 1)
	list := make([]Value, 0, min(n, elementsAhead))
	for range n {
		at := c.off
		v := decode(c)
		if c.off == at {
			c.Failf("%s without bytes", what)
		}
		if c.err != nil {
			return nil
		}
		list = append(list, v)
	}
	return list
}
