package weir

import "github.com/weirstream/weir/internal/flow"

// Out takes the records that an operator emits. It is used by the function it is given
// to, while that function runs, and by nobody else.
type Out[T any] struct {
	vec flow.Vec[T]
	to  flow.Output
	err error // the first error of what comes after; the operator returns it
}

// Emit passes a record on. It cannot fail: if something behind the operator does, the
// attempt ends and what is emitted until then goes nowhere.
func (o *Out[T]) Emit(v T) {
	o.vec.Values = append(o.vec.Values, v)
	if len(o.vec.Values) >= flow.BatchSize {
		o.push()
	}
}

func (o *Out[T]) push() {
	if o.err == nil {
		o.err = o.to.Push(&o.vec)
	}
	clear(o.vec.Values)
	o.vec.Values = o.vec.Values[:0]
}

// flush pushes what is left and returns the first error.
func (o *Out[T]) flush() error {
	if len(o.vec.Values) > 0 {
		o.push()
	}
	return o.err
}
