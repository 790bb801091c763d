package codec

import "unsafe"

// view is v as a U, for a T that is laid out in memory as U is.
//
// Generics cannot say "T, whose underlying type is string", once T is any type at all;
// so the value is looked at as a U where it lies. That is the conversion U(v), for which
// the compiler emits no instruction either, as long as T is of U's kind, and for slices
// their elements are of one kind too. It does not hold for maps, whose layout is the
// runtime's business.
func view[U, T any](v T) U { return *(*U)(unsafe.Pointer(&v)) }
