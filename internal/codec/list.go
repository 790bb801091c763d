package codec

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/weirstream/weir/flink"
)

// A list is the number of its elements, 32 bits, and the elements, as in Flink's
// ListSerializer.

// ListOf returns the codec of a slice whose elements have the given codec.
func ListOf[E any](element Codec[E]) Codec[[]E] {
	s := element.Serializer()
	return &listCodec[E]{element, flink.ListOf(s), minSize(s)}
}

type listCodec[E any] struct {
	element    Codec[E]
	serializer flink.Serializer
	minSize    int // of an element
}

func (l *listCodec[E]) Serializer() flink.Serializer { return l.serializer }

func (l *listCodec[E]) Append(dst []byte, v []E) ([]byte, error) {
	if len(v) > math.MaxInt32 {
		return dst, tooMany(len(v))
	}
	out := flink.AppendI32(dst, int32(len(v)))
	for i := range v {
		var err error
		if out, err = l.element.Append(out, v[i]); err != nil {
			return dst, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return out, nil
}

func (l *listCodec[E]) Decode(src []byte) ([]E, int, error) {
	c := flink.NewCursor(src)
	n, at := c.Count("list elements", l.minSize), c.Offset()
	if err := c.Err(); err != nil {
		return nil, 0, err
	}
	var e E
	v := make([]E, 0, roomFor(n, int(unsafe.Sizeof(e)), len(src)-at))
	for range n {
		e, size, err := l.element.Decode(src[at:])
		if err != nil {
			return nil, 0, within(at, err)
		}
		at += size
		v = append(v, e)
	}
	return v, at, nil
}

// roomFor is how many of n announced elements to make room for before the first is
// decoded, if each takes size bytes of memory and left bytes are left to decode: as many
// as take no more memory than that, or a few. The slice grows for further ones, as by
// append.
func roomFor(n, size, left int) int {
	const few = 16
	return min(n, max(few, left/max(1, size)))
}

// minSize is the least that a value of s takes.
func minSize(s flink.Serializer) int { return max(1, s.Length()) }

func tooMany(n int) error {
	return fmt.Errorf("%d elements are more than the 32 bits of their number can say", n)
}
