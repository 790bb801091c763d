package codec

import (
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/weirstream/weir/flink"
)

// Of gets a slice or a map as a type parameter T; of the types in it, it knows only
// what reflection says, and no type parameter can be made of that. So the codec of, say,
// a [][]Flight is put together of erased ones: they are told where in memory a value is
// and know by themselves what is there. Unsafe pointers are used in the files erased*.go and in viewed.go.

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
type erasedCodec[T any] struct{ erased erased }

func (c *erasedCodec[T]) Serializer() flink.Serializer { return c.erased.serializer() }

func (c *erasedCodec[T]) Append(dst []byte, v T) ([]byte, error) {
	return c.erased.append(dst, unsafe.Pointer(&v))
}

func (c *erasedCodec[T]) Decode(src []byte) (T, int, error) {
	var v T
	n, err := c.erased.decode(src, unsafe.Pointer(&v))
	if err != nil {
		return *new(T), 0, err
	}
	return v, n, nil
}

// erase returns the codec of t, which has been checked. Structs is the record of the
// structs in it, if there are any: slices and maps have one kind of elements each, so
// that it is one type.
func erase(t reflect.Type, structs *record) erased {
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return erasedLeaf[[]byte]{bytesCodec{}}
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

// An erasedLeaf is what a codec of a type that is known, or laid out like it, looks like.
type erasedLeaf[T any] struct{ codec Codec[T] }

func (l erasedLeaf[T]) serializer() flink.Serializer { return l.codec.Serializer() }

func (l erasedLeaf[T]) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	return l.codec.Append(dst, *(*T)(p))
}

func (l erasedLeaf[T]) decode(src []byte, p unsafe.Pointer) (n int, err error) {
	*(*T)(p), n, err = l.codec.Decode(src)
	return n, err
}
