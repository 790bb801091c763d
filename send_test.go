package weir

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A wire notes what a sender sends to which subtask: "1: 5@50" is a record with its timestamp,
// "all: mark 7" a mark.
type wire struct {
	what []string
	err  error
}

func (w *wire) routing(ship plan.Shipping, self, parallelism int) plan.Routing {
	return plan.Routing{
		Target: "op", Ship: ship, Self: checkpoint.Subtask(self), Parallelism: parallelism, MaxParallelism: 128,
		Send: func(to checkpoint.Subtask, b flow.Batch) error {
			var values []int64
			var times []Time
			switch b := b.(type) {
			case *flow.Vec[int64]:
				values, times = b.Values, b.Times
			case *flow.KeyedVec[int64, int64]:
				values, times = b.Values[:b.N], b.Times
			}
			for i, v := range values {
				w.what = append(w.what, fmt.Sprintf("%d: %d@%d", to, v, times[i]))
			}
			if len(times) != len(values) {
				w.what = append(w.what, fmt.Sprintf("%d timestamps", len(times)))
			}
			b.Release()
			return w.err
		},
		Mark: func(m flow.Mark) error {
			w.what = append(w.what, fmt.Sprintf("all: mark %d", m.Time))
			return w.err
		},
	}
}

func (w *wire) wants(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(w.what, want) {
		t.Errorf("%s: sent %q, want %q", what, w.what, want)
	}
	w.what = nil
}

func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A sender hands records on with their timestamps, and what it has buffered before a mark.
// Rebalance takes the next subtask for each batch, and not all senders begin with the same;
// broadcast sends to all.
func TestSenders(t *testing.T) {
	var w wire
	sender := func(ship plan.Shipping, self int) flow.Sender {
		return ints(NewJob("senders")).edge(ship).NewSender(w.routing(ship, self, 3))
	}
	s := sender(plan.Forward, 2)
	do(t, s.Push(timedInts(1, 2)), s.Push(timedInts(3)))
	w.wants(t, "before a flush")
	do(t, s.Mark(flow.Mark{Time: 3}))
	w.wants(t, "forward", "2: 1@1", "2: 2@2", "2: 3@3", "all: mark 3")

	s = sender(plan.Rebalance, 1)
	for i := range 4 {
		do(t, s.Push(timedInts(Time(i))), s.Flush(), s.Flush())
	}
	w.wants(t, "rebalance", "1: 0@0", "2: 1@1", "0: 2@2", "1: 3@3")

	s = sender(plan.Broadcast, 1)
	do(t, s.Push(timedInts(7)), s.Mark(flow.Mark{Time: 7}))
	w.wants(t, "broadcast", "1: 7@7", "2: 7@7", "0: 7@7", "all: mark 7")
}

// A sender by key sends each key to one subtask, all that it has buffered before a mark, and
// with its timestamps.
func TestSenderByKey(t *testing.T) {
	var w wire
	byKey := KeyBy(ints(NewJob("by key")), func(n int64) int64 { return n % 10 })
	s := byKey.edge("op").NewSender(w.routing(plan.ByKey, 0, 3))
	var times []Time
	for i := range 30 {
		times = append(times, Time(i))
	}
	do(t, s.Push(timedInts(times...)))
	w.wants(t, "before a flush")
	do(t, s.Mark(flow.Mark{Time: 29}))
	to := make(map[string]string)
	for _, sent := range w.what[:30] {
		subtask, record, _ := strings.Cut(sent, ": ")
		var n, at int64
		if _, err := fmt.Sscanf(record, "%d@%d", &n, &at); err != nil || n != at {
			t.Errorf("sent %q", sent)
		}
		key := fmt.Sprint(n % 10)
		if was, ok := to[key]; ok && was != subtask {
			t.Errorf("key %s went to subtasks %s and %s", key, was, subtask)
		}
		to[key] = subtask
	}
	if len(w.what) != 31 || w.what[30] != "all: mark 29" || len(to) != 10 {
		t.Errorf("sent %q", w.what)
	}
}

// An error of the exchange comes back, whenever a batch is sent.
func TestSendersThatFail(t *testing.T) {
	boom := errors.New("boom")
	full := make([]Time, flow.BatchSize)
	for _, ship := range []plan.Shipping{plan.Forward, plan.Rebalance, plan.Broadcast, plan.ByKey} {
		w := wire{err: boom}
		sender := func() flow.Sender {
			in := ints(NewJob("fails"))
			edge := in.edge(ship)
			if ship == plan.ByKey {
				edge = KeyBy(in, func(int64) int64 { return 1 }).edge("op")
			}
			return edge.NewSender(w.routing(ship, 0, 2))
		}
		if err := sender().Push(timedInts(full...)); err != boom {
			t.Errorf("%v: a full batch: %v", ship, err)
		}
		for what, send := range map[string]func(flow.Sender) error{
			"flush": flow.Sender.Flush,
			"mark":  func(s flow.Sender) error { return s.Mark(flow.Mark{}) },
		} {
			s := sender()
			do(t, s.Push(timedInts(1)))
			if err := send(s); err != boom {
				t.Errorf("%v: %s: %v", ship, what, err)
			}
		}
		if err := sender().Mark(flow.Mark{}); err != boom {
			t.Errorf("%v: a mark alone: %v", ship, err)
		}
	}
}
