package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/checkpoint"
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

// The end of the input is the end of event time, and it has been processed when the task says
// that it has read everything. In a job without event time there is no mark.
func TestTheEndOfTheInput(t *testing.T) {
	for _, timed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
			b.task.timed = timed
			must(t, b.run(func() {
				send(t, b, 0, "last")
				_, err := b.gate.Send(0, exchange.Element{Kind: exchange.End})
				must(t, err)
			}))
			want := []string{"op: last", fmt.Sprintf("op: mark %v", flow.MaxTime), "exhausted 7", "op: close"}
			if !timed {
				want = slices.Delete(want, 1, 2)
			}
			b.events = b.withoutFlushes()
			b.wants(t, want...)
			if at := b.task.Watermark(); timed && at != flow.MaxTime {
				t.Errorf("the figure says that event time has come to %v", at)
			}
		})
	}
}

// A job that is drained ends event time before its final checkpoint; one that is stopped does
// not.
func TestDrain(t *testing.T) {
	for _, drain := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
			b.task.timed = true
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
		b.task.timed, b.task.clock = true, clock.New(2)
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
			b.task.fetch = newFetcher(s, false, b.gate, []flow.Split{{ID: "a"}})
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

// A checkpoint says how long the barriers of its channels were apart, and how large its state
// is.
func TestPhasesOfACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keyed := &keyedState{write: func() { time.Sleep(3 * time.Second) }}
		b := newBench(t, 2, faultfs.Rule{}, &recorder{name: "op", keyed: keyed})
		one, two := b.begin(t), b.begin(t)
		must(t, b.run(func() {
			barrier(t, b, 0, one)
			time.Sleep(time.Second)
			barrier(t, b, 1, one)
			time.Sleep(time.Hour)
			barrier(t, b, 1, two)
			time.Sleep(time.Minute)
			barrier(t, b, 0, two)
			time.Sleep(time.Hour)
		}))
		if len(b.parts) != 2 {
			t.Fatalf("acknowledged %+v", b.parts)
		}
		for i, want := range []time.Duration{time.Second, time.Minute} {
			if p := b.parts[i].Phases; p.Alignment != want || p.Synchronous != 0 || p.Write != 3*time.Second || p.Sync != 0 || p.Bytes <= int64(len("keyed")) {
				t.Errorf("phases %+v, want an alignment of %v and 3 s of writing", p, want)
			}
		}
	})
}
