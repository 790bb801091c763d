package weir

import (
	"errors"
	"testing"

	"github.com/weirstream/weir/internal/flow"
)

// What was emitted is passed on in full batches, in order, and then held no longer.
func TestOutHoldsNothing(t *testing.T) {
	var sizes []int
	next := 0
	o := newOut[*int](outputFunc(func(b flow.Batch) error {
		sizes = append(sizes, b.Len())
		for _, v := range b.(*flow.Vec[*int]).Values {
			if *v != next {
				t.Fatalf("%d came, want %d", *v, next)
			}
			next++
		}
		return nil
	}))
	for i := range flow.BatchSize + 1 {
		o.Emit(new(i))
	}
	if err := o.flush(); err != nil || len(sizes) != 2 || sizes[0] != flow.BatchSize || sizes[1] != 1 {
		t.Errorf("batches of %v, %v", sizes, err)
	}
	for i, p := range o.buf {
		if p != nil {
			t.Fatalf("record %d is held on to", i)
		}
	}
}

// Behind the first error nothing is passed on, and it is the one that comes back.
func TestOutStopsAtAnError(t *testing.T) {
	first := errors.New("first")
	calls := 0
	o := newOut[int](outputFunc(func(flow.Batch) error {
		if calls++; calls > 1 {
			return errors.New("second")
		}
		return first
	}))
	for i := range 2*flow.BatchSize + 1 {
		o.Emit(i)
	}
	if err := o.flush(); err != first || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
