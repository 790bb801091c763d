package codec

import (
	"bytes"
	"reflect"
	"strings"
)

// OwnerOf returns a function that copies what a T shares with the buffer that it was cut
// from, or nil if that is not worth it. A key that is a part of a line keeps the whole
// line in memory for as long as the key is kept, and often the block that it was read
// with; the copy does not.
//
// It is for strings and for bytes, and types declared as them. For slices, maps and
// structs of other values it is nil: copying those costs more than it saves, in the
// common case.
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
