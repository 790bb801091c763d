package weir

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/weirstream/weir/internal/flow"
)

// sideContext is a context of an operator in a job with event time, one of whose side outputs
// is read.
func sideContext[T any](tag Tag[T], to flow.Output) *flow.Context {
	ctx := testContext()
	ctx.EventTime = true
	ctx.Side = func(name string) (flow.Output, reflect.Type) {
		if name != tag.name {
			return nil, nil
		}
		return to, reflect.TypeFor[T]()
	}
	return ctx
}

// Records keep their timestamps on every output, and a mark goes to all outputs, after the
// records that were emitted before it.
func TestSideOutputsHaveTimestampsAndMarks(t *testing.T) {
	odd := NewTag[int64]("odd")
	emit := func(out, side *Out[int64]) func(int64) error {
		return func(n int64) error {
			if n%2 == 1 {
				side.Emit(n)
			} else {
				out.Emit(n)
			}
			return nil
		}
	}
	var main, side noted[int64]
	job := NewJob("sides")
	FlatMapWith(ints(job), func(c *Context, out *Out[int64]) func(int64) error {
		unread := Side(c, NewTag[int64]("unread"))
		if err := unread.mark(flow.Mark{}); err != nil {
			t.Error(err)
		}
		return emit(out, Side(c, odd))
	})
	plain := open(t, job, sideContext(odd, &side), &main)
	Process(KeyBy(ints(job), func(n int64) int64 { return n % 2 }), "keyed", func(c *KeyContext[int64], out *Out[int64]) func(int64) error {
		return emit(out, Side(c, odd))
	})
	keyed := open(t, job, sideContext(odd, &side), &main)
	for _, tt := range []struct {
		name string
		op   flow.Operator
		in   flow.Batch
	}{
		{"flatmap", plain, timedInts(1, 2, 3, 4)},
		{"process", keyed, &flow.KeyedVec[int64, int64]{N: 4, Keys: [flow.BatchSize]int64{1, 2, 3, 4}, Values: [flow.BatchSize]int64{1, 2, 3, 4}, Times: []Time{1, 2, 3, 4}}},
	} {
		if err := errors.Join(tt.op.Push(0, tt.in), tt.op.Mark(flow.Mark{Time: 4}), tt.op.Mark(flow.Mark{Time: 4, Idle: true})); err != nil {
			t.Fatal(err)
		}
		main.wants(t, tt.name, "2@2", "4@4", "mark 4", "mark 4 idle")
		side.wants(t, tt.name+"'s side output", "1@1", "3@3", "mark 4", "mark 4 idle")
		boom := errors.New("boom")
		for _, out := range []*noted[int64]{&main, &side} {
			out.err = boom
			if err := tt.op.Mark(flow.Mark{Time: 5}); err != boom {
				t.Errorf("%s: a mark that an operator further down fails at: %v", tt.name, err)
			}
			out.err = nil
		}
		main.what, side.what = nil, nil
	}
}

// A side output that is used from outside of the function is noticed as the main one is.
func TestMisusedSideOutput(t *testing.T) {
	job := NewJob("misuse")
	var kept *Out[int64]
	FlatMapWith(ints(job), func(c *Context, out *Out[int64]) func(int64) error {
		kept = Side(c, NewTag[int64]("side"))
		return func(int64) error { return nil }
	})
	plain := open(t, job, testContext(), &noted[int64]{})
	kept.Emit(1)
	if _, err := plain.Snapshot(1); !errors.Is(err, errMisusedOut) || !strings.Contains(err.Error(), "operator op, subtask 0") {
		t.Errorf("flatmap: %v", err)
	}
	Process(KeyBy(ints(job), func(n int64) int64 { return n }), "keyed", func(c *KeyContext[int64], out *Out[int64]) func(int64) error {
		kept = Side(c, NewTag[int64]("side"))
		return func(int64) error { return nil }
	})
	keyed := open(t, job, testContext(), &noted[int64]{})
	kept.Emit(1)
	if _, err := keyed.Snapshot(1); !errors.Is(err, errMisusedOut) || !strings.Contains(err.Error(), "operator op, subtask 0") {
		t.Errorf("process: %v", err)
	}
}

// A side output whose reader reads another type is refused when the operator is opened.
func TestTagsHaveOneType(t *testing.T) {
	job := NewJob("types")
	FlatMapWith(ints(job), func(c *Context, out *Out[int64]) func(int64) error {
		Side(c, NewTag[string]("side"))
		return func(int64) error { return nil }
	})
	ctx := sideContext(NewTag[int64]("side"), &noted[int64]{})
	if _, err := job.last().New(ctx, &noted[int64]{}); err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), "has records of type string, and is read as int64") {
		t.Errorf("another type: %v", err)
	}
	FlatMapWith(ints(job), func(c *Context, out *Out[int64]) func(int64) error {
		Side(c, Tag[string]{})
		return func(int64) error { return nil }
	})
	if _, err := job.last().New(testContext(), &noted[int64]{}); err == nil || !IsPermanent(err) || !strings.Contains(err.Error(), "NewTag") {
		t.Errorf("a tag without a name: %v", err)
	}
	Map(SideOutput(SideOutput(ints(job), NewTag[int64]("a")), NewTag[int64]("b")), func(n int64) (int64, error) { return n, nil })
	if err := job.Check(); err == nil || !strings.Contains(err.Error(), `side output "b" is asked of side output "a"`) {
		t.Errorf("a side output of a side output: %v", err)
	}
}
