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
	return refers(t, func(t reflect.Type) bool {
		// A string is not changed, nor is the time zone that a time refers to.
		return t.Kind() != reflect.String && t != reflect.TypeFor[time.Time]()
	})
}

// refers reports whether a value of the type refers to memory, in a part for whose type
// that counts.
func refers(t reflect.Type, counts func(reflect.Type) bool) bool {
	switch t.Kind() {
	case reflect.Array:
		return refers(t.Elem(), counts)
	case reflect.Struct:
		if !counts(t) {
			return false
		}
		for i := range t.NumField() {
			if refers(t.Field(i).Type, counts) {
				return true
			}
		}
		return false
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface, reflect.String, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return counts(t)
	default:
		return false
	}
}
