package weir

import "github.com/weirstream/weir/internal/flow"

// Out takes the records that an operator emits. It is used by the function it is given
// to, while that function runs, and by nobody else.
type Out[T any] struct {
	buf *[flow.BatchSize]T
	n   uint // records in buf
	vec flow.Vec[T]
	to  flow.Output
	err error // the first error of what comes after; the operator returns it
}

func newOut[T any](to flow.Output) *Out[T] { return &Out[T]{buf: new([flow.BatchSize]T), to: to} }

// Emit passes a record on. It cannot fail: if something behind the operator does, the
// attempt ends and what is emitted until then goes nowhere.
func (o *Out[T]) Emit(v T) {
	o.buf[o.n%flow.BatchSize] = v // which it is already: no bounds to check
	if o.n++; o.n == flow.BatchSize {
		o.push()
	}
}

func (o *Out[T]) push() {
	o.vec.Values = o.buf[:o.n]
	if o.err == nil {
		o.err = o.to.Push(&o.vec)
	}
	clear(o.vec.Values)
	o.n = 0
}

// flush pushes what is left and returns the first error.
func (o *Out[T]) flush() error {
	if o.n > 0 {
		o.push()
	}
	return o.err
}
