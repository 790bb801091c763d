package flink

import "strings"

// Collections: a 32-bit number of elements, then the elements.

var collectionKinds = []*compositeKind{listKind, mapKind, setKind, objectArrayKind}

// ListOf returns the serializer of a list. Its elements cannot be null.
func ListOf(element Serializer) Serializer {
	return &composite{kind: listKind, nested: []Serializer{element}}
}

// MapOf returns the serializer of a map. Its values can be null.
func MapOf(key, value Serializer) Serializer {
	return &composite{kind: mapKind, nested: []Serializer{key, value}}
}

// SetOf returns the serializer of a set. Its elements can be null. Flink has it since 2.0.
func SetOf(element Serializer) Serializer {
	return &composite{kind: setKind, nested: []Serializer{element}}
}

var listKind = &compositeKind{
	class: classBase + "ListSerializerSnapshot", outerVersion: 1, arity: 1,
	name: func(s *composite) string { return "List<" + typeNames(s.nested) + ">" },
	decode: func(s *composite, c *Cursor) Value {
		return decodeElements(c, "list elements", s.nested[0].Decode)
	},
}

var mapKind = &compositeKind{
	class: classBase + "MapSerializerSnapshot", outerVersion: 1, arity: 2,
	name: func(s *composite) string { return "Map<" + typeNames(s.nested) + ">" },
	decode: func(s *composite, c *Cursor) Value {
		n := c.Count("map entries", 2) // a null flag, and a key
		m := make(Map, 0, min(n, elementsAhead))
		for range n {
			e := MapEntry{Key: s.nested[0].Decode(c)}
			e.Value = decodeUnlessNull(c, s.nested[1])
			if c.err != nil {
				return nil
			}
			m = append(m, e)
		}
		return m
	},
}

var setKind = &compositeKind{
	class: classBase + "SetSerializerSnapshot", outerVersion: 1, arity: 1,
	name: func(s *composite) string { return "Set<" + typeNames(s.nested) + ">" },
	decode: func(s *composite, c *Cursor) Value {
		return decodeElements(c, "set elements", func(c *Cursor) Value { return decodeUnlessNull(c, s.nested[0]) })
	},
}

// objectArrayKind is an array of objects. Its flag says that an element is there; the flag
// of maps and sets says that it is null.
var objectArrayKind = &compositeKind{
	class: classBase + "GenericArraySerializerSnapshot", outerVersion: 1, outer: outerText, arity: 1,
	name: func(s *composite) string { return typeNames(s.nested) + "[]" },
	decode: func(s *composite, c *Cursor) Value {
		return decodeElements(c, "array elements", func(c *Cursor) Value {
			if !c.Bool() {
				return nil
			}
			return s.nested[0].Decode(c)
		})
	},
}

// decodeUnlessNull reads a flag and, unless the flag says that it is null, the value.
func decodeUnlessNull(c *Cursor, s Serializer) Value {
	if c.Bool() {
		return nil
	}
	return s.Decode(c)
}

// typeNames joins the names of types by commas.
func typeNames(types []Serializer) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.TypeName()
	}
	return strings.Join(names, ",")
}
