package keyed

import (
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// An element is how values are held in tables, lists and maps, as W, and how they are
// written and read: plain or in boxes. Both are forms, too, of a state of one value.
type element[W any] interface {
	// append appends the encoding of a value as a snapshot sees it.
	append(dst []byte, z *freeze, v *W) ([]byte, error)
	// read takes the value at the beginning of src, and returns how many bytes it has.
	read(src []byte) (W, int, error)
}

// plain is for values that are copied by assignment.
type plain[V any] struct{ codec codec.Codec[V] }

func (p plain[V]) append(dst []byte, _ *freeze, v *V) ([]byte, error) {
	return p.codec.Append(dst, *v)
}

func (p plain[V]) write(out *encoder, _ *freeze, v *V) (err error) {
	out.buf, err = p.codec.Append(out.buf, *v)
	return err
}

func (p plain[V]) read(src []byte) (V, int, error) { return p.codec.Decode(src) }

func (p plain[V]) reading(was *flink.StateMeta) (form[V], error) {
	c, err := codec.Reading(p.codec, was.Value())
	return plain[V]{c}, err
}

// boxes is for values in boxes.
type boxes[V any] struct {
	codec codec.Codec[V]
	of    *freezer
}

func (b boxes[V]) append(dst []byte, z *freeze, v **box[V]) ([]byte, error) {
	return (*v).appendTo(dst, z, b.codec)
}

func (b boxes[V]) write(out *encoder, z *freeze, v **box[V]) (err error) {
	out.buf, err = (*v).appendTo(out.buf, z, b.codec)
	return err
}

func (b boxes[V]) read(src []byte) (*box[V], int, error) {
	v, n, err := b.codec.Decode(src)
	if err != nil {
		return nil, 0, err
	}
	return newBox(b.of, v), n, nil
}

func (b boxes[V]) reading(was *flink.StateMeta) (form[*box[V]], error) {
	c, err := codec.Reading(b.codec, was.Value())
	return boxes[V]{c, b.of}, err
}
