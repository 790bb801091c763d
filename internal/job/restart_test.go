package job

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

func TestBackoff(t *testing.T) {
	b := backoff{Restart: Restart{Initial: time.Second, Max: 10 * time.Second, Limit: 6}}
	var got []time.Duration
	for range 6 {
		pause, v := b.next(false, failure{})
		if v != restart {
			t.Fatal("ended early")
		}
		got = append(got, pause/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 10, 10}; !slices.Equal(got, want) {
		t.Errorf("pauses %v, want %v", got, want)
	}
	if _, v := b.next(false, failure{}); v != tooMany {
		t.Error("a seventh restart, 6 are allowed")
	}
	if pause, v := b.next(true, failure{}); v != restart || pause != time.Second {
		t.Errorf("after progress: %v %d, want 1s", pause, v)
	}
	b = backoff{Restart: Restart{Initial: time.Minute, Max: time.Second, Limit: 1}}
	if pause, v := b.next(false, failure{}); v != restart || pause != time.Second {
		t.Errorf("the first pause is %v, %d, and none is to be more than 1s", pause, v)
	}
}

// origin is an error of an operator.
type origin struct {
	operator string
	err      error
}

func (o origin) Error() string         { return o.operator + ": " + o.err.Error() }
func (o origin) Unwrap() error         { return o.err }
func (o origin) Origin() (string, int) { return o.operator, 0 }

// aSource and aSink make a node a source or a sink.
type (
	aSource struct{ flow.Source }
	aSink   struct{ flow.Sink }
)

var failing = &plan.Plan{Nodes: []*plan.Node{
	{Name: "source", Kind: plan.KindSource, Source: aSource{}}, {Name: "function", Kind: "reduce"}, {Name: "sink", Kind: plan.KindSink, Sink: aSink{}},
}}

// A failure is counted under the part of the job that it comes from. What it wraps does not
// matter if more is known of it.
func TestKindsOfFailures(t *testing.T) {
	boom := errors.New("boom")
	in := func(operator string) error { return fmt.Errorf("attempt: %w", origin{operator, boom}) }
	for _, tt := range []struct {
		err  error
		want Kind
		word string
	}{
		{boom, Other, "other"},
		{in("function"), Function, "function"},
		{in("source"), Source, "source"},
		{in("sink"), Sink, "sink"},
		{in("of another job"), Other, "other"},
		{&CheckpointsError{Err: in("sink")}, Checkpointing, "checkpoints"},
		{&RecoveryError{boom}, Recovery, "recovery"},
		{&StuckError{Err: in("function")}, UserCodeStuck, "stuck"},
	} {
		if got := kindOf(failing, tt.err); got != tt.want || got.String() != tt.word {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
}

// Two attempts have failed in the same way if the same operator has the same error, whatever
// the addresses in a stack. A bug is suspected in functions only, and not if the cause is
// outside of the program.
func TestTheSameFailure(t *testing.T) {
	boom := errors.New("boom")
	for _, tt := range []struct {
		err error
		bug bool
	}{
		{boom, false},
		{origin{"function", boom}, true},
		{origin{"function", errors.New("panic: boom\ngoroutine 7")}, true},
		{origin{"source", boom}, false},
		{origin{"sink", boom}, false},
		{origin{"of another job", boom}, false},
		{origin{"function", fmt.Errorf("call: %w", syscall.ECONNREFUSED)}, false},
		{origin{"function", &net.DNSError{Err: "no such host"}}, false},
		{origin{"function", context.DeadlineExceeded}, false},
		{origin{"function", context.Canceled}, true},
	} {
		if got := failureOf(failing, tt.err); got.bug != tt.bug || got.text == "" {
			t.Errorf("%v: %+v", tt.err, got)
		}
	}
	a := failureOf(failing, origin{"function", errors.New("panic: boom\ngoroutine 7")})
	if b := failureOf(failing, origin{"function", errors.New("panic: boom\ngoroutine 8")}); a != b {
		t.Errorf("%+v and %+v differ by their stacks", a, b)
	}
}

// The same failure ends a job when it has come so often in a row as Same says, without a
// complete checkpoint in between.
func TestTheSameFailureInARow(t *testing.T) {
	a, b, outside := failure{operator: "a", text: "x", bug: true}, failure{operator: "b", text: "x", bug: true}, failure{text: "disk"}
	for _, tt := range []struct {
		same     int
		failures []failure
		progress int // this failure, counted from 1, came after a complete checkpoint
		want     []verdict
	}{
		{3, []failure{a, a, a}, 0, []verdict{restart, restart, again}},
		{3, []failure{a, a, a, a, a}, 3, []verdict{restart, restart, restart, restart, again}},
		{2, []failure{a, b, a, b, b}, 0, []verdict{restart, restart, restart, restart, again}},
		{2, []failure{a, outside, a}, 0, []verdict{restart, restart, restart}},
		{2, []failure{outside, outside, outside}, 0, []verdict{restart, restart, restart}},
		{0, []failure{a, a, a}, 0, []verdict{restart, restart, restart}},
		{1, []failure{a}, 1, []verdict{again}},
	} {
		next := backoff{Restart: Restart{Initial: time.Second, Max: time.Minute, Limit: 10, Same: tt.same}}
		var got []verdict
		for i, f := range tt.failures {
			_, v := next.next(i+1 == tt.progress, f)
			got = append(got, v)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%d of a kind, %+v: %v, want %v", tt.same, tt.failures, got, tt.want)
		}
	}
}
