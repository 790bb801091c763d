package weir

import (
	"errors"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/metrics"
)

// The names of figures that every operator with a function has: how many records came in,
// and how many it has emitted on its main output.
const (
	recordsIn  = "records_in"
	recordsOut = "records_out"
)

// A plainOp is what operators without keyed state have in common: a context, an output and
// nothing to keep.
type plainOp[U any] struct {
	to     flow.Output
	c      *Context
	out    *Out[U]
	in     *metrics.Counter // records
	passed *metrics.Counter // records that were emitted on the main output
	told   bool             // misused has returned an error
}

// openPlain makes one. open reports whether it was given a function to run.
func openPlain[U any](ctx *flow.Context, to flow.Output, open func(*Context, *Out[U]) bool) (o plainOp[U], err error) {
	defer guard(ctx, &err)
	c := &Context{ctx: ctx}
	o = plainOp[U]{to: to, c: c, out: newOut[U](ctx, to), in: ctx.Metrics.Counter(recordsIn), passed: ctx.Metrics.Counter(recordsOut)}
	if !open(c, o.out) {
		c.fail(errNoFunction)
	}
	c.opened = true
	if c.err != nil {
		return o, Permanent(blame(ctx, errors.Join(c.err, c.close())))
	}
	return o, nil
}

var errNoFunction = errors.New("the function that opens the operator returned no function")

// begin says that a batch of n records is going to be processed.
func (o *plainOp[U]) begin(n int) {
	o.in.Add(int64(n))
	o.out.begin()
	o.c.sides.begin()
}

// stamp says which timestamp the records have that are emitted from now on.
func (o *plainOp[U]) stamp(at Time) {
	o.out.stamp(at)
	o.c.sides.stamp(at)
}

func (o *plainOp[U]) end() error {
	o.passed.Add(o.out.take())
	if err := o.c.sides.end(); err != nil {
		return err
	}
	return o.misused(o.out.end())
}

// misused names the operator if it has emitted while its function was not running.
func (o *plainOp[U]) misused(err error) error {
	if err == nil {
		err = errors.Join(o.out.misused(), o.c.sides.misused())
	}
	if errors.Is(err, errMisusedOut) {
		o.told = true
		return blame(o.c.ctx, err)
	}
	return err
}

func (o *plainOp[U]) Snapshot(CheckpointID) (flow.Snapshot, error) {
	return flow.Snapshot{}, o.misused(nil)
}

func (o *plainOp[U]) Complete(id CheckpointID) error { return o.c.complete(id) }

// Close calls what the user wants to be called at the end. Nothing can be emitted there.
func (o *plainOp[U]) Close() error {
	o.out.shut()
	o.c.sides.shut()
	err := o.c.close()
	if o.told {
		return err
	}
	return errors.Join(err, o.misused(nil))
}

// Mark passes the mark on, also to the side outputs.
func (o *plainOp[U]) Mark(m flow.Mark) error { return o.c.mark(m, o.to) }
