package codec

import (
	"fmt"
	"math"
	"reflect"
	"unsafe"

	"github.com/weirstream/weir/flink"
)

// erasedList is listCodec for a type of slices that is known by reflection only.
type erasedList struct {
	typ     reflect.Type // of the slice
	element erased
	list    flink.Serializer
}

func (l *erasedList) serializer() flink.Serializer { return l.list }

func (l *erasedList) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	v := reflect.NewAt(l.typ, p).Elem()
	n, first, size := v.Len(), v.UnsafePointer(), l.typ.Elem().Size()
	if n > math.MaxInt32 {
		return dst, tooMany(n)
	}
	out := flink.AppendI32(dst, int32(n))
	for i := range n {
		var err error
		if out, err = l.element.append(out, unsafe.Add(first, uintptr(i)*size)); err != nil {
			return dst, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return out, nil
}

func (l *erasedList) decode(src []byte, p unsafe.Pointer) (int, error) {
	c := flink.NewCursor(src)
	n, at := c.Count("list elements", minSize(l.element.serializer())), c.Offset()
	if err := c.Err(); err != nil {
		return 0, err
	}
	size := l.typ.Elem().Size()
	v := reflect.NewAt(l.typ, p).Elem()
	v.Set(reflect.MakeSlice(l.typ, 0, roomFor(n, int(size), len(src)-at)))
	for i := range n {
		v.Grow(1)
		v.SetLen(i + 1)
		read, err := l.element.decode(src[at:], unsafe.Add(v.UnsafePointer(), uintptr(i)*size))
		if err != nil {
			return 0, within(at, err)
		}
		at += read
	}
	return at, nil
}
