package codec

import "unsafe"

// view is v as a U, for a T that is laid out in memory as U is.
//
// Generics cannot say "T, whose underlying type is string" where T is any type at all; so
// the value is looked at as a U where it lies. That is the conversion U(v), for which the
// compiler emits no instruction either, if T is of U's kind, and, for slices, if their
// elements are of one kind too. It is not for maps, whose layout is the runtime's.
func view[U, T any](v T) U { return *(*U)(unsafe.Pointer(&v)) }
