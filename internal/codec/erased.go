package codec

import (
	"fmt"
	"reflect"
	"sync"
	"time"
	"unsafe"

	"github.com/weirstream/weir/flink"
)

// Of gets a type parameter T; of what is in a T, it knows only what reflection says, and
// no type parameter can be made of that. So the codec of, say, a [][]Flight is put
// together of erased ones: they are told where in memory a value is and know by themselves
// what is there. Pointers are unsafe in the methods of erased codecs and in view, and
// nowhere else.
//
// There is one generic type for all this, and it is small on purpose: it is compiled for
// every type that a program has a codec for.

// An erased codec is one for the values of a type that is not in its signature. A
// pointer that it is given must point to a value of that type.
type erased interface {
	serializer() flink.Serializer
	append(dst []byte, p unsafe.Pointer) ([]byte, error)
	// decode decodes to *p, which must be zero.
	decode(src []byte, p unsafe.Pointer) (int, error)
	// reading is for an erased codec what Reading is for a Codec.
	reading(was flink.Serializer) (erased, error)
}

// erasedCodec is a Codec for T again.
type erasedCodec[T any] struct {
	erased erased
	values sync.Pool // of *T: of an argument that is pointed to a copy would be allocated
}

func newErased[T any](e erased) *erasedCodec[T] {
	return &erasedCodec[T]{e, sync.Pool{New: func() any { return new(T) }}}
}

func (c *erasedCodec[T]) Serializer() flink.Serializer { return c.erased.serializer() }

func (c *erasedCodec[T]) Append(dst []byte, v T) ([]byte, error) {
	p := c.values.Get().(*T)
	*p = v
	dst, err := c.erased.append(dst, unsafe.Pointer(p))
	c.put(p)
	return dst, err
}

func (c *erasedCodec[T]) Decode(src []byte) (v T, n int, err error) {
	p := c.values.Get().(*T)
	if n, err = c.erased.decode(src, unsafe.Pointer(p)); err == nil {
		v = *p
	}
	c.put(p)
	return v, n, err
}

// put gives back a value that is zero and holds on to nothing.
func (c *erasedCodec[T]) put(p *T) {
	*p = *new(T)
	c.values.Put(p)
}

// erase returns the codec of t, which has been checked. Structs is the record of the
// structs in it, if there are any: slices and maps have one kind of elements each, so
// that it is one type. A named type is laid out as what it is declared as, and is told
// by its kind.
func erase(t reflect.Type, structs *record) erased {
	switch t.Kind() {
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Uint8:
			return erasedLeaf[[]byte]{bytesCodec{}}
		case reflect.String:
			return erasedLeaf[[]string]{ListOf[string](stringCodec{})}
		case reflect.Int64:
			return erasedLeaf[[]int64]{ListOf[int64](int64Codec{})}
		case reflect.Float64:
			return erasedLeaf[[]float64]{ListOf[float64](float64Codec{})}
		}
		element := erase(t.Elem(), structs)
		return &erasedList{t, element, flink.ListOf(element.serializer())}
	case reflect.Map:
		key, value := erase(t.Key(), structs), erase(t.Elem(), structs)
		return &erasedMap{t, key, value, flink.MapOf(key.serializer(), value.serializer())}
	case reflect.Struct:
		if isTime(t) {
			return erasedLeaf[time.Time]{instantCodec{}}
		}
		return erasedStruct{t, structs}
	case reflect.Bool:
		return erasedLeaf[bool]{boolCodec{}}
	case reflect.Int8:
		return erasedLeaf[int8]{int8Codec{}}
	case reflect.Int16:
		return erasedLeaf[int16]{int16Codec{}}
	case reflect.Int32:
		return erasedLeaf[int32]{int32Codec{}}
	case reflect.Int64:
		return erasedLeaf[int64]{int64Codec{}}
	case reflect.Int:
		return erasedLeaf[int]{intCodec{}}
	case reflect.Float32:
		return erasedLeaf[float32]{float32Codec{}}
	case reflect.Float64:
		return erasedLeaf[float64]{float64Codec{}}
	case reflect.String:
		return erasedLeaf[string]{stringCodec{}}
	default:
		panic(fmt.Sprintf("codec: %s has been checked, and is not supported", t))
	}
}

// An erasedLeaf is the codec of a T, or of a type that is laid out like it; see view.
type erasedLeaf[T any] struct{ codec Codec[T] }

func (l erasedLeaf[T]) serializer() flink.Serializer { return l.codec.Serializer() }

func (l erasedLeaf[T]) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	return l.codec.Append(dst, *(*T)(p))
}

func (l erasedLeaf[T]) decode(src []byte, p unsafe.Pointer) (n int, err error) {
	*(*T)(p), n, err = l.codec.Decode(src)
	return n, err
}
