package keyed

import (
	"reflect"
	"time"

	"github.com/weirstream/weir/internal/codec"
)

// A box holds a value that refers to memory, such as a slice. A copy of the value would
// refer to the same memory; so a box is not copied for a snapshot, as an entry is, but
// shared with it. Before the value is handed out, to be read or changed, while a snapshot
// still needs it, its encoding is kept for the snapshot. That is not more work: the
// snapshot would have encoded it later.
type box[V any] struct {
	mark
	value V
}

// newBox makes a box that no snapshot sees.
func newBox[V any](f *freezer, v V) *box[V] {
	b := &box[V]{value: v}
	b.bits.Store(f.free())
	return b
}

// open returns the value to be read and changed in place.
func (b *box[V]) open(f *freezer, c codec.Codec[V]) *V {
	if f.needs(&b.mark) {
		encoding, err := c.Append(f.scratch[:0], b.value)
		f.scratch = encoding[:0]
		f.keep(&b.mark, encoding, err)
	}
	return &b.value
}

// appendTo appends the value as a snapshot saw it.
func (b *box[V]) appendTo(dst []byte, z *freeze, c codec.Codec[V]) (_ []byte, err error) {
	bits := b.lock()
	defer func() { b.unlock(bits) }() // also if the codec panics
	if kept, ok := z.find(&b.mark, bits); ok {
		return append(dst, kept...), nil
	}
	if dst, err = c.Append(dst, b.value); err == nil {
		bits = z.freed(bits)
	}
	return dst, err
}

// refersToMore reports whether a value of the type refers to memory that can be changed
// through it. Such a value goes into a box.
func refersToMore(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface:
		return true
	case reflect.Array:
		return refersToMore(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return false // it refers to a time zone, which does not change
		}
		for i := range t.NumField() {
			if refersToMore(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
