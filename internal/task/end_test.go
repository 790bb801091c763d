package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// withoutFlushes are the events but the flushes and acknowledgements, which other tests are
// about.
func (b *bench) withoutFlushes() []string {
	return slices.DeleteFunc(b.events, func(e string) bool { return e == "flush" || strings.HasPrefix(e, "ack") })
}

// The end of the input is the end of event time, also in a job without it, and it has been
// processed when the task says that it has read everything.
func TestTheEndOfTheInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
		must(t, b.run(func() {
			send(t, b, 0, "last")
			_, err := b.gate.Send(0, exchange.Element{Kind: exchange.End})
			must(t, err)
		}))
		b.events = b.withoutFlushes()
		b.wants(t, "op: last", fmt.Sprintf("op: mark %v", flow.MaxTime), "exhausted 7", "op: close")
		if at := b.task.Watermark(); at != flow.MaxTime {
			t.Errorf("the figure says that event time has come to %v", at)
		}
	})
}

// A job that is drained ends event time before its final checkpoint; one that is stopped does
// not.
func TestDrain(t *testing.T) {
	for _, drain := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
			id := b.begin(t)
			must(t, b.run(func() { b.gate.Control(Control{Trigger: id, Final: true, Drain: drain}) }))
			want := []string{fmt.Sprintf("op: mark %v", flow.MaxTime), "op: snapshot 1", "barrier 1", "op: close"}
			if !drain {
				want = want[1:]
			}
			b.events = b.withoutFlushes()
			b.wants(t, want...)
		})
	}
}

// inputs is an operator that notes on which input a batch comes.
type inputs struct{ recorder }

func (i *inputs) Push(input int, b flow.Batch) error {
	return i.recorder.Push(input, text(fmt.Sprintf("%s on input %d", b, input)))
}

// An operator is told on which of its inputs a batch has come, whatever channels that has.
func TestInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := &inputs{recorder{name: "op"}}
		b := newBench(t, 3, faultfs.Rule{}, &op.recorder)
		b.task.ops[0].Operator, b.task.head = op, op
		b.task.inputs = []uint16{0, 0, 1}
		must(t, b.run(func() {
			for channel := range 3 {
				send(t, b, channel, fmt.Sprint(channel))
				synctest.Wait()
			}
		}))
		b.events = b.withoutFlushes()
		b.wants(t, "op: 0 on input 0", "op: 1 on input 0", "op: 2 on input 1", "op: close")
		if n, batches := b.task.Records(), b.task.Batches(); n != 3 || batches != 3 {
			t.Errorf("the figures say %d records in %d batches", n, batches)
		}
	})
}

// A task passes a mark on when event time has come to it on all channels.
func TestMarksOfSeveralChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2, faultfs.Rule{}, &recorder{name: "op"})
		b.task.clock = clock.New(2)
		mark := func(channel int, at flow.Time) {
			_, err := b.gate.Send(channel, exchange.Element{Kind: exchange.Mark, Mark: flow.Mark{Time: at}})
			must(t, err)
			synctest.Wait()
		}
		must(t, b.run(func() {
			mark(0, 20)
			mark(1, 10)
			mark(1, 10)
			mark(1, 30)
			if at := b.task.Watermark(); at != 20 {
				t.Errorf("the figure says that event time has come to %v", at)
			}
		}))
		b.events = b.withoutFlushes()
		b.wants(t, fmt.Sprintf("op: mark %v", flow.Time(10)), fmt.Sprintf("op: mark %v", flow.Time(20)), "op: close")
	})
}

// listener is the head of a source's chain.
type listener struct{ words }

func (*listener) Positions(checkpoint.ID) []flow.Split {
	return []flow.Split{{ID: "a", Position: []byte(".")}}
}

// The task has done all that waits for the final checkpoint when its readers have committed
// their positions. Of other checkpoints readers may be told later: the output is visible.
func TestTheFinalCheckpointWaitsForCommits(t *testing.T) {
	for _, final := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := &stream{words: map[string][]string{"a": {"one"}}, ended: map[string]bool{}, open: map[string]int{}, commits: make(chan struct{})}
			op := &listener{words{recorder{name: "op"}}}
			b := newBench(t, 1, faultfs.Rule{}, &op.recorder)
			b.task.ops[0].Operator, b.task.head = op, op
			b.task.fetch = fetcherOf(s, false, b.gate, []flow.Split{{ID: "a"}})
			id := b.begin(t)
			must(t, b.run(func() {
				b.gate.Control(Control{Trigger: id})
				synctest.Wait()
				b.gate.Control(Control{Complete: id, Final: final})
				synctest.Wait()
				notified := slices.Contains(b.events, "notified 7 1")
				if !slices.Contains(b.events, "op: complete 1") || notified == final {
					t.Errorf("final %t: while a reader commits: %q", final, b.events)
				}
				close(s.commits)
				synctest.Wait()
				if !slices.Contains(b.events, "notified 7 1") || !slices.Equal(s.committed, []string{"a1"}) {
					t.Errorf("final %t: committed %q, then %q", final, s.committed, b.events)
				}
			}))
		})
	}
}

// A checkpoint says how long its barriers were apart, each checkpoint for itself.
func TestAlignmentIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2, faultfs.Rule{}, &recorder{name: "op"})
		one, two := b.begin(t), b.begin(t)
		must(t, b.run(func() {
			barrier(t, b, 0, one)
			time.Sleep(time.Second)
			barrier(t, b, 1, one)
			time.Sleep(time.Hour)
			barrier(t, b, 1, two)
			time.Sleep(time.Minute)
			barrier(t, b, 0, two)
		}))
		if len(b.parts) != 2 || b.parts[0].Phases.Alignment != time.Second || b.parts[1].Phases.Alignment != time.Minute {
			t.Errorf("acknowledged %+v, want alignments of 1 s and 1 min", b.parts)
		}
	})
}

// A checkpoint says how long its state took to write and to sync, and how large it is.
func TestWritingIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keyed := &keyedState{write: func() { time.Sleep(3 * time.Second) }}
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op", keyed: keyed})
		writers := b.task.writers
		b.task.writers = func(id checkpoint.ID, what string, subtask checkpoint.Subtask) (StateWriter, error) {
			w, err := writers(id, what, subtask)
			return slowToClose{w}, err
		}
		id := b.begin(t)
		must(t, b.run(func() {
			b.gate.Control(Control{Trigger: id})
			time.Sleep(time.Hour)
		}))
		if len(b.parts) != 1 {
			t.Fatalf("acknowledged %+v", b.parts)
		}
		// The operator state and the keyed state are a file each.
		if p := b.parts[0].Phases; p.Alignment != 0 || p.Synchronous != 0 || p.Write != 3*time.Second || p.Sync != 2*time.Minute || p.Bytes <= int64(len("keyed")) {
			t.Errorf("phases %+v, want 3 s of writing and twice a minute of making it durable", p)
		}
	})
}

// A slowToClose state file takes a minute to become durable.
type slowToClose struct{ StateWriter }

func (s slowToClose) Close() (store.Blob, error) {
	time.Sleep(time.Minute)
	return s.StateWriter.Close()
}

// The figures of a task say how long it has waited for input, and for receivers.
func TestWaitingIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
		must(t, b.run(func() {
			time.Sleep(time.Minute)
			send(t, b, 0, "one")
			time.Sleep(time.Second)
		}))
		if d := b.task.Idle(); d != time.Minute+time.Second {
			t.Errorf("it was idle for %v", d)
		}
	})
	var f Figures
	for _, d := range []time.Duration{time.Second, 0, -time.Hour, time.Minute} {
		f.AddBlocked(d)
	}
	if d := f.Blocked(); d != time.Minute+time.Second {
		t.Errorf("it was blocked for %v", d)
	}
}
