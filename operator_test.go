package weir

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/metrics"
	"github.com/weirstream/weir/internal/plan"
)

// A noted output notes every record with its timestamp, and every mark, in order. If it has
// an error, it returns that.
type noted[T any] struct {
	what []string
	err  error
}

func (n *noted[T]) Push(b flow.Batch) error {
	v := b.(*flow.Vec[T])
	for i, r := range v.Values {
		if len(v.Times) > 0 {
			n.what = append(n.what, fmt.Sprintf("%v@%d", r, v.Times[i]))
		} else {
			n.what = append(n.what, fmt.Sprint(r))
		}
	}
	return n.err
}

func (n *noted[T]) Mark(m flow.Mark) error {
	what := fmt.Sprintf("mark %d", m.Time)
	if m.Idle {
		what += " idle"
	}
	n.what = append(n.what, what)
	return n.err
}

// wants checks what an output was given since the last call.
func (n *noted[T]) wants(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(n.what, want) {
		t.Errorf("%s: got %q, want %q", what, n.what, want)
	}
	n.what = nil
}

// open opens a subtask of the operator that was added to the job last.
func open(t *testing.T, job *Job, ctx *flow.Context, to flow.Output) flow.Operator {
	t.Helper()
	op, err := job.last().New(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// pushKeyed sends a batch to the operator that was added to the job last, whose only subtask
// is op, as the operator before it would.
func pushByKey(job *Job, op flow.Operator, b flow.Batch) error {
	s := job.last().Inputs[0].NewSender(plan.Routing{Target: "op", Parallelism: 1, MaxParallelism: 1, Send: func(_ checkpoint.Subtask, b flow.Batch) error {
		return op.Push(0, b)
	}})
	return errors.Join(s.Push(b), s.Flush())
}

func vec[T any](values ...T) *flow.Vec[T] { return &flow.Vec[T]{Values: values} }

func ints(job *Job) Stream[int64] { return From(job, "in", Slice[int64]()) }

func timedInts(times ...Time) *flow.Vec[int64] {
	v := &flow.Vec[int64]{Times: times}
	for _, at := range times {
		v.Values = append(v.Values, int64(at))
	}
	return v
}

// An error of an operator further down comes back as it was, also at the end of a batch and
// from a side output.
func TestErrorsFromFurtherDown(t *testing.T) {
	boom := errors.New("boom")
	bad := NewTag[int64]("bad")
	var main, side noted[int64]
	for name, add := range map[string]func(*Job){
		"map":    func(j *Job) { Map(ints(j), func(n int64) (int64, error) { return n, nil }) },
		"filter": func(j *Job) { Filter(ints(j), func(int64) (bool, error) { return true, nil }) },
		"flatmap": func(j *Job) {
			FlatMapTo(ints(j), func(n int64, out *Out[int64]) error { out.Emit(n); return nil })
		},
		"try": func(j *Job) {
			TryMap(ints(j), func(n int64) (int64, error) { return n, errors.New("bad") }, bad)
		},
		"watermarks": func(j *Job) { AssignWatermarks(ints(j), NoWatermarks(func(int64) Time { return 1 })) },
	} {
		job := NewJob("fails")
		add(job)
		op := open(t, job, sideContext(bad, &side), &main)
		main.err, side.err = boom, boom
		if err := op.Push(0, timedInts(1)); err != boom {
			t.Errorf("%s: got %v, want the error as it was", name, err)
		}
	}
}

// An error or a panic of a function names the operator, with timestamps and without, and nothing
// is left out because of it.
func TestErrorsOfFunctions(t *testing.T) {
	boom := errors.New("boom")
	tag := NewTag[int64]("tag")
	for how, f := range map[string]func() error{"boom": func() error { return boom }, "panic: boom": func() error { panic(boom) }} {
		for name, add := range map[string]func(*Job){
			"map":     func(j *Job) { Map(ints(j), func(n int64) (int64, error) { return n, f() }) },
			"filter":  func(j *Job) { Filter(ints(j), func(int64) (bool, error) { return false, f() }) },
			"flatmap": func(j *Job) { FlatMap(ints(j), func(int64) (iter.Seq[int64], error) { return nil, f() }) },
			"to":      func(j *Job) { FlatMapTo(ints(j), func(int64, *Out[int64]) error { return f() }) },
			"watermarks": func(j *Job) {
				if how != "boom" {
					AssignWatermarks(ints(j), NoWatermarks(func(int64) Time { _ = f(); return 1 }))
				} else {
					AssignWatermarks(ints(j), Monotonous(func(int64) Time { return MaxTime }))
				}
			},
			"process": func(j *Job) {
				Process(KeyBy(ints(j), func(n int64) int64 { return n }), "op", func(c *KeyContext[int64], _ *Out[int64]) func(int64) error {
					Side(c, tag)
					return func(int64) error { return f() }
				})
			},
		} {
			for _, eventTime := range []bool{false, true} {
				job := NewJob("fails")
				add(job)
				ctx := testContext()
				ctx.EventTime = eventTime
				op := open(t, job, ctx, &noted[int64]{})
				in := timedInts(1, 2)
				if !eventTime && name != "watermarks" {
					in.Times = nil
				}
				var err error
				if name == "process" {
					err = pushByKey(job, op, in)
				} else {
					err = op.Push(0, in)
				}
				if err == nil || !strings.HasPrefix(err.Error(), "operator op, subtask 0: ") || how == "boom" && name != "watermarks" && !errors.Is(err, boom) || !strings.Contains(err.Error(), how) && name != "watermarks" {
					t.Errorf("%s, event time %t: got %v, want %s", name, eventTime, err, how)
				}
			}
		}
	}
}

// A nil sequence is an empty one.
func TestFlatMapWithoutASequence(t *testing.T) {
	var out noted[int64]
	job := NewJob("nil")
	FlatMap(ints(job), func(n int64) (iter.Seq[int64], error) {
		if n == 1 {
			return nil, nil
		}
		return slices.Values([]int64{n, -n}), nil
	})
	if err := open(t, job, testContext(), &out).Push(0, vec[int64](1, 2)); err != nil {
		t.Fatal(err)
	}
	out.wants(t, "flatmap", "2", "-2")
}

// What user code is to be told comes in the right order: functions given to OnClose are called
// from the last to the first, once, whatever becomes of the others; errors and panics name the
// operator.
func TestOnCloseAndOnComplete(t *testing.T) {
	boom, late := errors.New("boom"), errors.New("late")
	var called []string
	job := NewJob("told")
	FlatMapWith(ints(job), func(c *Context, out *Out[int64]) func(int64) error {
		c.OnClose(func() error { called = append(called, "close 1"); return boom })
		c.OnClose(func() error { called = append(called, "close 2"); panic(late) })
		c.OnComplete(func(id CheckpointID) error { called = append(called, fmt.Sprint("complete ", id)); return nil })
		c.OnComplete(func(id CheckpointID) error {
			if id == 3 {
				panic("three")
			}
			return boom
		})
		return func(int64) error { return nil }
	})
	op := open(t, job, testContext(), &noted[int64]{})
	if err := op.Complete(2); !errors.Is(err, boom) || !strings.Contains(err.Error(), "operator op, subtask 0: after checkpoint 2") {
		t.Errorf("OnComplete: %v", err)
	}
	var panicked *PanicError
	if err := op.Complete(3); !errors.As(err, &panicked) || !strings.Contains(err.Error(), "operator op, subtask 0") {
		t.Errorf("OnComplete that panics: %v", err)
	}
	if err := op.Close(); !errors.Is(err, boom) || !strings.Contains(err.Error(), "panic: late") {
		t.Errorf("OnClose: %v", err)
	}
	if err := op.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if want := []string{"complete 2", "complete 3", "close 2", "close 1"}; !slices.Equal(called, want) {
		t.Errorf("called %q, want %q", called, want)
	}
}

// An operator that cannot be opened is closed. The error is permanent: no restart makes the
// function declare something else.
func TestOperatorsThatCannotBeOpened(t *testing.T) {
	for want, of := range map[string]struct {
		declare  func(*KeyContext[int64])
		function bool
	}{
		`state "n": declared twice`: {func(c *KeyContext[int64]) { NewValue[int64](c, "n"); NewList[int64](c, "n") }, true},
		"returned no function":      {func(*KeyContext[int64]) {}, false},
		`state "r": nil function`:   {func(c *KeyContext[int64]) { NewReducing[int64](c, "r", nil) }, true},
		"the aggregator has no Add": {func(c *KeyContext[int64]) { NewAggregating(c, "a", Aggregator[int64, int64, int64]{}) }, true},
		"the aggregator has no Res": {func(c *KeyContext[int64]) {
			NewAggregating(c, "a", Aggregator[int64, int64, int64]{Add: func(a, b int64) (int64, error) { return a, nil }})
		}, true},
	} {
		closed := 0
		job := NewJob("unopened")
		Process(KeyBy(ints(job), func(n int64) int64 { return n }), "op", func(c *KeyContext[int64], out *Out[int64]) func(int64) error {
			c.OnClose(func() error { closed++; return nil })
			of.declare(c)
			if !of.function {
				return nil
			}
			return func(int64) error { return nil }
		})
		_, err := job.last().New(testContext(), &noted[int64]{})
		if err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "operator op, subtask 0") || closed != 1 {
			t.Errorf("closed %d times; got %v, want %q", closed, err, want)
		}
	}
}

// An operator counts what came in and what it has emitted on its main output, and user code
// counts under names of its own.
func TestFigures(t *testing.T) {
	const n = flow.BatchSize - 10
	var registry metrics.Registry
	ctx := testContext()
	ctx.Metrics = registry.Group(metrics.Scope{Operator: "op"})
	job := NewJob("figures")
	TryMap(ints(job), func(n int64) (int64, error) {
		if n%4 == 0 {
			return 0, errors.New("bad")
		}
		return n, nil
	}, NewTag[int64]("bad"))
	op := open(t, job, ctx, &noted[int64]{})
	FlatMapWith(ints(job), func(c *Context, out *Out[int64]) func(int64) error {
		three := c.Counter("three")
		return func(n int64) error {
			three.Add(3)
			out.Emit(n)
			out.Emit(n)
			return nil
		}
	})
	ctx2 := testContext()
	ctx2.Metrics = registry.Group(metrics.Scope{Operator: "op", Subtask: 1})
	twice := open(t, job, ctx2, &noted[int64]{})
	in := &flow.Vec[int64]{}
	for i := range n {
		in.Values = append(in.Values, int64(i))
	}
	for range 3 {
		if err := errors.Join(op.Push(0, in), twice.Push(0, in)); err != nil {
			t.Fatal(err)
		}
	}
	bad := int64(3 * ((n + 3) / 4))
	for name, want := range map[string][2]int64{
		"records_in": {3 * n, 3 * n}, "records_out": {3*n - bad, 6 * n}, "user.rejected": {bad, 0}, "user.three": {0, 9 * n},
	} {
		if got := [2]int64{ctx.Metrics.Counter(name).Load(), ctx2.Metrics.Counter(name).Load()}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// A context has what the engine knows of the subtask.
func TestContextOfASubtask(t *testing.T) {
	type key struct{}
	in := &flow.Context{Operator: "op", Subtask: 2, Parallelism: 5, Ctx: context.WithValue(t.Context(), key{}, 1)}
	c := &Context{ctx: in}
	if c.Subtask() != 2 || c.Parallelism() != 5 || c.Context() != in.Ctx {
		t.Errorf("subtask %d of %d", c.Subtask(), c.Parallelism())
	}
}
