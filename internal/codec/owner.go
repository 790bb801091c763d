package codec

import (
	"bytes"
	"reflect"
	"strings"
)

// OwnerOf returns a function that copies what a T shares with the buffer it was cut
// from, or nil if there is nothing to be gained. A key that is a part of a line keeps the
// whole line in memory, and often the block it was read with, for as long as the key is
// kept; the copy does not.
//
// It is for strings and for bytes, and types declared as them. For what consists of
// other values, slices, maps and structs, it is nil: copying those costs more than it
// saves, in the common case.
func OwnerOf[T any]() func(T) T {
	switch any((*T)(nil)).(type) {
	case *string:
		return any(strings.Clone).(func(T) T)
	case *[]byte:
		return any(bytes.Clone).(func(T) T)
	}
	switch t := reflect.TypeFor[T](); {
	case t.Kind() == reflect.String:
		return func(v T) T { return view[T](strings.Clone(view[string](v))) }
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return func(v T) T { return view[T](bytes.Clone(view[[]byte](v))) }
	default:
		return nil
	}
}
