package codec

import (
	"unsafe"

	"github.com/weirstream/weir/flink"
)

// viewed is the codec of a type T that is laid out in memory as U is, made of U's.
//
// Generics cannot say "T, whose underlying type is string", once T is any type at all;
// so the value is looked at as a U where it lies. That is the conversion U(v), for
// which the compiler emits no instruction either, as long as
//
//   - T's kind is U's, and for a kind with elements, a slice, those are of one kind
//     and size; so is time.Time to a type declared as it.
//
// It does not hold for maps, whose layout is the runtime's business: those go through
// reflection. Only named makes these, and named_test.go holds it to all of this.
type viewed[T, U any] struct{ codec Codec[U] }

// view is v as a U. See viewed for when that is allowed.
func view[U, T any](v T) U { return *(*U)(unsafe.Pointer(&v)) }

func (c viewed[T, U]) Serializer() flink.Serializer { return c.codec.Serializer() }

func (c viewed[T, U]) Append(dst []byte, v T) ([]byte, error) {
	return c.codec.Append(dst, view[U](v))
}

func (c viewed[T, U]) Decode(src []byte) (T, int, error) {
	v, n, err := c.codec.Decode(src)
	return view[T](v), n, err
}
