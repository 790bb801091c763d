package codec

import (
	"reflect"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/avrogo"
)

// Of gets a type parameter T; of what is in a T, it knows only what reflection says, and
// no type parameter can be made of that. So the codec of, say, a [][]Flight is put
// together of erased ones: they are told where in memory a value is and know by themselves
// what is there. Pointers are unsafe in the methods of erased codecs, in view and in
// package avrogo, and nowhere else.
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

// erase returns the codec of t, or an error that is an *UnsupportedError or a
// *ProcessBoundError.
func erase(t reflect.Type) (erased, error) {
	b := builder{root: t, avro: map[reflect.Type]erased{}}
	e, err := b.erase(t, "")
	if err == nil {
		return e, nil
	}
	if path, part := bound(t); part != nil {
		return nil, &ProcessBoundError{Type: t, Path: path, Part: part}
	}
	return nil, err
}

// A builder makes the erased codec of a type.
type builder struct {
	root   reflect.Type
	around []reflect.Type          // slices and maps around what is being made
	avro   map[reflect.Type]erased // that have been made
}

// erase returns the codec of t, which is at path. Where Flink has the type, it is that of
// Flink's serializer, and Avro otherwise. A named type is laid out as what it is declared
// as, and is told by its kind.
func (b *builder) erase(t reflect.Type, path string) (erased, *UnsupportedError) {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		if slices.Contains(b.around, t) {
			return nil, &UnsupportedError{b.root, path, t, "it contains itself, which only structs can: use a struct with a field of it" + avrogo.OrCustom}
		}
		b.around = append(b.around, t)
		defer func() { b.around = b.around[:len(b.around)-1] }()
		if t.Kind() == reflect.Slice {
			return b.slice(t, path)
		}
		return b.mapping(t, path)
	case reflect.Bool:
		return erasedLeaf[bool]{boolCodec{}, t}, nil
	case reflect.Int8:
		return erasedLeaf[int8]{int8Codec{}, t}, nil
	case reflect.Int16:
		return erasedLeaf[int16]{int16Codec{}, t}, nil
	case reflect.Int32:
		return erasedLeaf[int32]{int32Codec{}, t}, nil
	case reflect.Int64:
		return erasedLeaf[int64]{int64Codec{}, t}, nil
	case reflect.Int:
		return erasedLeaf[int]{intCodec{}, t}, nil
	case reflect.Float32:
		return erasedLeaf[float32]{float32Codec{}, t}, nil
	case reflect.Float64:
		return erasedLeaf[float64]{float64Codec{}, t}, nil
	case reflect.String:
		return erasedLeaf[string]{stringCodec{}, t}, nil
	}
	if avrogo.IsTime(t) {
		return erasedLeaf[time.Time]{instantCodec{}, t}, nil
	}
	return b.ofAvro(t, path)
}

func (b *builder) slice(t reflect.Type, path string) (erased, *UnsupportedError) {
	switch t.Elem().Kind() {
	case reflect.Uint8:
		return erasedLeaf[[]byte]{bytesCodec{}, t}, nil
	case reflect.String:
		return erasedLeaf[[]string]{stringsCodec, t}, nil
	case reflect.Int64:
		return erasedLeaf[[]int64]{int64sCodec, t}, nil
	case reflect.Float64:
		return erasedLeaf[[]float64]{float64sCodec, t}, nil
	}
	element, err := b.erase(t.Elem(), path+"[]")
	if err != nil {
		return nil, err
	}
	return &erasedList{t, element, flink.ListOf(element.serializer())}, nil
}

func (b *builder) mapping(t reflect.Type, path string) (erased, *UnsupportedError) {
	if part := avrogo.PointerIn(t.Key()); part != nil {
		return nil, &UnsupportedError{b.root, path + "[key]", part, avrogo.PointerKey}
	}
	key, err := b.erase(t.Key(), path+"[key]")
	if err != nil {
		return nil, err
	}
	value, err := b.erase(t.Elem(), path+"[value]")
	if err != nil {
		return nil, err
	}
	return &erasedMap{t, key, value, flink.MapOf(key.serializer(), value.serializer())}, nil
}

func (b *builder) ofAvro(t reflect.Type, path string) (erased, *UnsupportedError) {
	if known := b.avro[t]; known != nil {
		return known, nil
	}
	e, err := newErasedAvro(t)
	if err != nil {
		err.Type = b.root
		if err.Part == t { // not inside of it
			err.Path = path
		}
		return nil, err
	}
	b.avro[t] = e
	return e, nil
}

// An erasedLeaf is the codec of a T, or of a type that is laid out like it; see view.
type erasedLeaf[T any] struct {
	codec Codec[T]
	typ   reflect.Type
}

func (l erasedLeaf[T]) serializer() flink.Serializer { return l.codec.Serializer() }

func (l erasedLeaf[T]) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	return l.codec.Append(dst, *(*T)(p))
}

func (l erasedLeaf[T]) decode(src []byte, p unsafe.Pointer) (n int, err error) {
	*(*T)(p), n, err = l.codec.Decode(src)
	return n, err
}
