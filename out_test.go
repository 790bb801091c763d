package weir

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/internal/flow"
)

func testContext() *flow.Context {
	return &flow.Context{Operator: "op", Parallelism: 1, MaxParallelism: 1, Ctx: context.Background()}
}

// emitting runs f as the function of an operator whose records go to an Out.
func emitting[T any](ctx *flow.Context, o *Out[T], f func()) (err error) {
	defer guard(ctx, &err)
	o.begin()
	f()
	return o.end()
}

// What was emitted is passed on in full batches, in order, and then held no longer.
func TestOutHoldsNothing(t *testing.T) {
	var sizes []int
	next := 0
	ctx := testContext()
	o := newOut[*int](ctx, outputFunc(func(b flow.Batch) error {
		sizes = append(sizes, b.Len())
		for _, v := range b.(*flow.Vec[*int]).Values {
			if *v != next {
				t.Fatalf("%d came, want %d", *v, next)
			}
			next++
		}
		return nil
	}))
	err := emitting(ctx, o, func() {
		for i := range flow.BatchSize + 1 {
			o.Emit(new(i))
		}
	})
	if err != nil || !slices.Equal(sizes, []int{flow.BatchSize, 1}) {
		t.Errorf("batches of %v, %v", sizes, err)
	}
	for i, p := range o.buf {
		if p != nil {
			t.Fatalf("record %d is held on to", i)
		}
	}
}

// After the first error nothing is passed on, the function that emits does not go on, and
// the error comes back as it was.
func TestOutStopsAtAnError(t *testing.T) {
	first := errors.New("first")
	calls, emitted := 0, 0
	ctx := testContext()
	o := newOut[int](ctx, outputFunc(func(flow.Batch) error {
		if calls++; calls > 1 {
			return errors.New("second")
		}
		return first
	}))
	err := emitting(ctx, o, func() {
		for i := range 10 * flow.BatchSize {
			emitted++
			o.Emit(i)
		}
	})
	if err != first || calls != 1 || emitted != flow.BatchSize {
		t.Errorf("%v after %d calls and %d records", err, calls, emitted)
	}
}

// What is emitted while the function does not run goes nowhere, and is an error of the
// operator, whether it is one record or many.
func TestOutUsedFromOutside(t *testing.T) {
	for _, n := range []int{1, flow.BatchSize, 3 * flow.BatchSize} {
		ctx := testContext()
		got := 0
		o := newOut[int](ctx, outputFunc(func(b flow.Batch) error { got += b.Len(); return nil }))
		for i := range n {
			o.Emit(i)
		}
		if err := emitting(ctx, o, func() { o.Emit(7) }); !errors.Is(err, errMisusedOut) || !IsPermanent(err) || got != 1 {
			t.Errorf("%d records from outside: %d passed on, %v", n, got, err)
		}
		for i := range n {
			o.Emit(i)
		}
		if got != 1 || o.misused() == nil {
			t.Errorf("%d records after the end: %d passed on, %v", n, got, o.misused())
		}
	}
}

// The operators of the language notice it at their next batch or checkpoint, and name
// themselves.
func TestOperatorNamesItsMisusedOut(t *testing.T) {
	job := NewJob("misuse")
	var kept *Out[int]
	FlatMapWith(From(job, "in", Slice[int]()), func(_ *Context, out *Out[int]) func(int) error {
		kept = out
		return func(int) error { return nil }
	})
	op, err := job.last().New(testContext(), outputFunc(func(flow.Batch) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	kept.Emit(1)
	for what, err := range map[string]error{
		"push":     op.Push(0, &flow.Vec[int]{Values: []int{1}}),
		"snapshot": func() error { _, err := op.Snapshot(1); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), "operator op, subtask 0: records were emitted while") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// With event time a record has the timestamp of the record it comes of, also where a batch
// is full in the midst of one; EmitAt gives one record another.
func TestOutStampsRecords(t *testing.T) {
	ctx := testContext()
	ctx.EventTime = true
	var values []int
	var times []Time
	o := newOut[int](ctx, outputFunc(func(b flow.Batch) error {
		v := b.(*flow.Vec[int])
		if len(v.Times) != len(v.Values) {
			t.Fatalf("%d timestamps for %d records", len(v.Times), len(v.Values))
		}
		values, times = append(values, v.Values...), append(times, v.Times...)
		return nil
	}))
	want := []Time{}
	err := emitting(ctx, o, func() {
		for i := range 2 * flow.BatchSize {
			o.stamp(Time(i / 3))
			o.Emit(i)
			want = append(want, Time(i/3))
			if i%5 == 0 {
				o.EmitAt(-i, Time(1000+i))
				want = append(want, Time(1000+i))
				o.Emit(i)
				want = append(want, Time(i/3))
			}
		}
	})
	if err != nil || len(values) != len(want) || !slices.Equal(times, want) {
		t.Errorf("%d records, timestamps as expected: %t, %v", len(values), slices.Equal(times, want), err)
	}
}
