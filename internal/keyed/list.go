package keyed

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"unsafe"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A list is elements that only become more, at the end. So a copy by assignment is a list
// that stays as it is, and shares its memory. A short list is a slice; of a longer one, all
// but the end is in chunks.
type list[E any] struct {
	tail []E
	full *chunk[E] // what comes before the tail
}

// A chunk is elements of a list and what comes before them.
type chunk[E any] struct {
	elements []E
	before   *chunk[E]
	n        int // elements, in all chunks up to this one
}

// chunkLen is how many elements a chunk has.
func chunkLen[E any]() int {
	const bytes = 4 << 10
	var e E
	return max(8, bytes/max(1, int(unsafe.Sizeof(e))))
}

func (l *list[E]) len() int {
	if l.full == nil {
		return len(l.tail)
	}
	return l.full.n + len(l.tail)
}

// first returns the first element of a list that is not empty.
func (l *list[E]) first() *E {
	if l.full == nil {
		return &l.tail[0]
	}
	c := l.full
	for c.before != nil {
		c = c.before
	}
	return &c.elements[0]
}

func (l *list[E]) add(e E) {
	if n := chunkLen[E](); len(l.tail) == n {
		*l = list[E]{make([]E, 0, n), &chunk[E]{l.tail, l.full, l.len()}}
	}
	l.tail = append(l.tail, e)
}

// runs returns the elements in order, some at a time.
func (l list[E]) runs() iter.Seq[[]E] {
	return func(yield func([]E) bool) {
		var chunks []*chunk[E]
		for c := l.full; c != nil; c = c.before {
			chunks = append(chunks, c)
		}
		for _, c := range slices.Backward(chunks) {
			if !yield(c.elements) {
				return
			}
		}
		yield(l.tail)
	}
}

// all returns the elements in order.
func (l list[E]) all() iter.Seq[E] {
	return func(yield func(E) bool) {
		for run := range l.runs() {
			for _, e := range run {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// lists is the form of lists of E that are held as W. It is Flink's: the number of
// elements, 32 bits, and the elements.
type lists[E, W any] struct {
	whole   codec.Codec[[]E]
	element element[W]
	hold    func(E) W
}

func (f lists[E, W]) write(out *encoder, z *freeze, l *list[W]) (err error) {
	n := l.len()
	if n > math.MaxInt32 {
		return fmt.Errorf("%d elements, and Flink's format has room for 2147483647 in a list", n)
	}
	out.buf = flink.AppendI32(out.buf, int32(n))
	written := 0
	for run := range l.runs() {
		for i := range run {
			if out.buf, err = f.element.append(out.buf, z, &run[i]); err != nil {
				return fmt.Errorf("element %d: %w", written+i, err)
			}
			if err := out.room(); err != nil {
				return err
			}
		}
		written += len(run)
	}
	return nil
}

func (f lists[E, W]) read(src []byte) (l list[W], n int, err error) {
	elements, n, err := f.whole.Decode(src)
	for _, e := range elements {
		l.add(f.hold(e))
	}
	return l, n, err
}

func (f lists[E, W]) reading(was *flink.StateMeta) (form[list[W]], error) {
	whole, err := codec.Reading(f.whole, was.Value())
	return lists[E, W]{whole, f.element, f.hold}, err
}
