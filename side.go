package weir

import (
	"fmt"
	"reflect"

	"github.com/weirstream/weir/internal/flow"
)

// A Tag names a side output: a second way out of an operator, with records of a type of
// its own.
type Tag[T any] struct{ name string }

// NewTag makes a tag. The name is the side output's identity within its operator.
func NewTag[T any](name string) Tag[T] { return Tag[T]{name} }

// Name returns the name of the tag.
func (t Tag[T]) Name() string { return t.name }

// A SideContext is a [Context], or that of an operator with state.
type SideContext interface{ plain() *Context }

func (c *Context) plain() *Context { return c }

// Side returns where the operator emits the records of a side output. It is called when
// the operator is opened. What is emitted on a side output that nothing reads is dropped.
func Side[T any](c SideContext, tag Tag[T]) *Out[T] {
	p := c.plain()
	if tag.name == "" {
		p.fail(fmt.Errorf("a side output has no name: make its tag with NewTag"))
	}
	var to flow.Output
	if p.ctx.Side != nil {
		var record reflect.Type
		if to, record = p.ctx.Side(tag.name); to != nil && record != reflect.TypeFor[T]() {
			p.fail(fmt.Errorf("side output %q has records of type %v, and is read as %v: a tag has one type", tag.name, reflect.TypeFor[T](), record))
		}
	}
	out := newOut[T](p.ctx, to)
	p.sides = append(p.sides, out)
	return out
}

// SideOutput returns the side output of the operator that the stream comes from: of that one
// alone, and not of operators before it. A job that reads a side output which the operator
// has not asked for with [Side] does not start.
func SideOutput[T, S any](of Stream[S], tag Tag[T]) Stream[T] {
	job := of.owner()
	switch {
	case tag.name == "":
		job.p().Fail(fmt.Errorf("%s: side output without a name: make its tag with NewTag", caller()))
	case of.port != "":
		job.p().Fail(fmt.Errorf("%s: side output %q is asked of side output %q: ask the operator itself", caller(), tag.name, of.port))
	}
	return Stream[T]{job: job, from: of.from, port: tag.name}
}

// TryMap is Map with a way out for records that cannot be processed: one for which fn
// returns an error goes to the side output bad, and the job goes on. Read the side output
// with [SideOutput]. The counter "user.rejected" has how many there were.
func TryMap[T, U any](in Stream[T], fn func(T) (U, error), bad Tag[T]) Stream[U] {
	return addFlatMap(in, func(c *Context, out *Out[U]) func(T) error {
		rejected, n := Side(c, bad), c.Counter("rejected")
		return func(v T) error {
			u, err := fn(v)
			if err != nil {
				n.Add(1)
				rejected.Emit(v)
				return nil
			}
			out.Emit(u)
			return nil
		}
	}, part{"function", fn == nil})
}

// sideOut is a side output, erased.
type sideOut interface {
	mark(flow.Mark) error
	begin()
	stamp(Time)
	end() error
	shut()
	misused() error
}

// sides are all side outputs of an operator.
type sides []sideOut

func (s sides) begin() {
	for _, o := range s {
		o.begin()
	}
}

func (s sides) stamp(at Time) {
	for _, o := range s {
		o.stamp(at)
	}
}

func (s sides) end() error {
	for _, o := range s {
		if err := o.end(); err != nil {
			return err
		}
	}
	return nil
}

func (s sides) shut() {
	for _, o := range s {
		o.shut()
	}
}

func (s sides) misused() error {
	for _, o := range s {
		if err := o.misused(); err != nil {
			return err
		}
	}
	return nil
}

// mark passes a mark on to the main output and to the side outputs.
func (c *Context) mark(m flow.Mark, main flow.Output) error {
	for _, o := range c.sides {
		if err := o.mark(m); err != nil {
			return err
		}
	}
	return main.Mark(m)
}
