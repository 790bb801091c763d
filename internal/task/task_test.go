package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/internal/align"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// A bench is a single task: the test sends into its gate, its state goes to a real store
// on a disk that may fail, and what happens in it is written down.
type bench struct {
	task  *Task
	gate  *exchange.Gate[Control]
	store *store.Store
	disk  *faultfs.FS
	began map[checkpoint.ID]*store.Pending

	mu     sync.Mutex
	events []string
	parts  []Part
}

func (b *bench) event(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, fmt.Sprintf(format, args...))
}

// newBench makes a bench. ops are the operators of the chain, the head first.
func newBench(t *testing.T, channels int, rule faultfs.Rule, ops ...*recorder) *bench {
	t.Helper()
	below := crashfs.New(crashfs.Strict)
	must(t, below.Mkdir("/data"))
	s, err := store.Open(below, "/data", checkpoint.JobID{1}, store.Options{InlineThreshold: -1})
	must(t, err)
	must(t, s.Close())
	b := &bench{gate: exchange.NewGate[Control](channels), began: map[checkpoint.ID]*store.Pending{}}
	b.disk = faultfs.New(below, rule)
	b.store, err = store.Open(b.disk, "/data", checkpoint.JobID{1}, store.Options{InlineThreshold: -1})
	must(t, err)
	_, err = b.store.Recover(store.From{})
	must(t, err)
	b.task = &Task{
		Index: 7, Name: "chain", Subtask: 3, gate: b.gate, aligner: align.New(channels), inputs: make([]uint16, channels), Figures: &Figures{},
		writers: func(id checkpoint.ID, what string, subtask checkpoint.Subtask) (StateWriter, error) {
			return b.began[id].NewWriter(what, subtask), nil
		},
		outs: []out{{Sender: sender{b}, broadcast: func(e exchange.Element) error {
			b.event("barrier %v", e.Barrier)
			return nil
		}}},
		reports: Reports{
			Acknowledge: func(task int, part Part) {
				b.event("ack %d %v", task, part.ID)
				b.mu.Lock()
				defer b.mu.Unlock()
				b.parts = append(b.parts, part)
			},
			Decline:   func(id checkpoint.ID, err error) { b.event("decline %v: %v", id, err) },
			Notified:  func(task int, id checkpoint.ID) { b.event("notified %d %v", task, id) },
			Exhausted: func(task int) { b.event("exhausted %d", task) },
		},
	}
	for i, op := range ops {
		op.bench = b
		b.task.ops = append(b.task.ops, operator{Operator: op, name: op.name, id: checkpoint.OperatorID{byte(i + 1)}})
	}
	b.task.head = b.task.ops[0]
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin begins the next checkpoint.
func (b *bench) begin(t *testing.T) checkpoint.ID {
	t.Helper()
	p, err := b.store.Begin()
	must(t, err)
	b.began[p.ID()] = p
	return p.ID()
}

// run runs the task until do has returned and nothing is left to do.
func (b *bench) run(do func()) error {
	done := make(chan error, 1)
	go func() { done <- b.task.Run(context.Background()) }()
	synctest.Wait()
	do()
	synctest.Wait()
	b.gate.Close()
	return <-done
}

func (b *bench) wants(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(b.events, want) {
		t.Errorf("it happened\n\t%s\nand should have\n\t%s", strings.Join(b.events, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// sender is the task's output.
type sender struct{ *bench }

func (s sender) Push(flow.Batch) error { return nil }
func (s sender) Mark(flow.Mark) error  { return nil }
func (s sender) Flush() error          { s.event("flush"); return nil }

// A recorder is an operator that writes down each call, and keeps a state.
type recorder struct {
	*bench
	name     string
	snapshot error // what its snapshots fail with
	closing  error
	keyed    *keyedState
}

func (r *recorder) Mark(m flow.Mark) error {
	r.event("%s: mark %v", r.name, m.Time)
	return nil
}

func (r *recorder) Push(_ int, b flow.Batch) error {
	r.event("%s: %s", r.name, b.(text))
	return nil
}

func (r *recorder) Snapshot(id checkpoint.ID) (flow.Snapshot, error) {
	r.event("%s: snapshot %v", r.name, id)
	s := flow.Snapshot{Lists: []flow.ListState{{Name: "list", Elements: [][]byte{[]byte("element")}}}}
	if r.keyed != nil {
		s.Keyed = r.keyed
	}
	return s, r.snapshot
}

func (r *recorder) Complete(id checkpoint.ID) error {
	r.event("%s: complete %v", r.name, id)
	return nil
}

func (r *recorder) Close() error {
	r.event("%s: close", r.name)
	return r.closing
}

// text is a batch.
type text string

func (text) Len() int { return 1 }
func (text) Release() {}

// keyedState counts how often it is released.
type keyedState struct {
	released int
	write    func() // before it is written
}

func (*keyedState) Range() checkpoint.KeyGroupRange {
	return checkpoint.KeyGroupRange{Start: 0, End: 0}
}
func (k *keyedState) Release() { k.released++ }

func (k *keyedState) Write(w io.Writer) ([]int64, error) {
	if k.write != nil {
		k.write()
	}
	_, err := w.Write([]byte("keyed"))
	return []int64{0}, err
}

func send(t *testing.T, b *bench, channel int, what string) {
	t.Helper()
	_, err := b.gate.Send(channel, exchange.Element{Batch: text(what)})
	must(t, err)
}

func barrier(t *testing.T, b *bench, channel int, id checkpoint.ID) {
	t.Helper()
	_, err := b.gate.Send(channel, exchange.Element{Kind: exchange.Barrier, Barrier: id})
	must(t, err)
}

// TestAlignment: what comes after a barrier waits until the barrier has come on all
// channels, everything that was buffered goes out before the barrier does, and then all
// channels are read again.
func TestAlignment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2, faultfs.Rule{}, &recorder{name: "op"})
		id := b.begin(t)
		must(t, b.run(func() {
			b.events = nil
			barrier(t, b, 0, id)
			synctest.Wait()
			send(t, b, 0, "after it")
			synctest.Wait()
			send(t, b, 1, "before it")
			synctest.Wait()
			barrier(t, b, 1, id)
			synctest.Wait()
			send(t, b, 1, "after it, too")
		}))
		b.events = slices.DeleteFunc(b.events, func(e string) bool { return strings.HasPrefix(e, "ack") })
		// The task flushes whenever it begins to wait, and once more before the snapshot.
		b.wants(t, "flush", "op: before it", "flush", "flush", "op: snapshot 1", "barrier 1", "op: after it", "flush",
			"op: after it, too", "flush", "op: close")
	})
}

// TestOvertakenAlignment: when the barrier of a newer checkpoint comes, the task does not
// wait for the older one any more, and only what comes after the newer one waits.
func TestOvertakenAlignment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2, faultfs.Rule{}, &recorder{name: "op"})
		one, two := b.begin(t), b.begin(t)
		must(t, b.run(func() {
			barrier(t, b, 0, one)
			synctest.Wait()
			send(t, b, 0, "between")
			barrier(t, b, 1, two)
			synctest.Wait()
			send(t, b, 1, "after")
			synctest.Wait()
			if got := strings.Join(b.events, "; "); !strings.Contains(got, "between") || strings.Contains(got, "after") {
				t.Errorf("after the newer barrier: %s", got)
			}
			barrier(t, b, 0, two)
		}))
		if got := strings.Join(b.events, "; "); !strings.Contains(got, "after") || !strings.Contains(got, "ack 7 2") || strings.Contains(got, "snapshot 1") {
			t.Errorf("in the end: %s", got)
		}
	})
}

// TestFinalCheckpoint: after the barrier of a final checkpoint nothing is read.
func TestFinalCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
		id := b.begin(t)
		must(t, b.run(func() {
			b.gate.Control(Control{Trigger: id, Final: true})
			synctest.Wait()
			send(t, b, 0, "too late")
			b.gate.Control(Control{Complete: id})
		}))
		got := strings.Join(b.events, "; ")
		if strings.Contains(got, "too late") || !strings.Contains(got, "op: complete 1; notified 7 1") {
			t.Errorf("it happened: %s", got)
		}
	})
}

// TestPartSaysWhose: a part has the number of its subtask and the name of its operator.
func TestPartSaysWhose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op", keyed: &keyedState{}})
		id := b.begin(t)
		must(t, b.run(func() { b.gate.Control(Control{Trigger: id}) }))
		if len(b.parts) != 1 || len(b.parts[0].States) != 1 || len(b.parts[0].Blobs) != 2 {
			t.Fatalf("acknowledged %+v", b.parts)
		}
		if s := b.parts[0].States[0]; s.State.Index != 3 || s.Name != "op" || s.State.ManagedKeyed == nil || s.State.ManagedOperator == nil {
			t.Errorf("the state of %+v", s)
		}
		for _, blob := range b.parts[0].Blobs {
			if blob.File.Subtask != 3 || blob.File.What != "op" {
				t.Errorf("the file of %+v", blob.File)
			}
		}
	})
}

// TestFailedWrites fails every operation of writing the state: the checkpoint is declined
// with the cause and the task's name, no file stays open, the state is released, and the
// task goes on.
func TestFailedWrites(t *testing.T) {
	for _, op := range []faultfs.Op{faultfs.Create, faultfs.Write, faultfs.Sync, faultfs.Close} {
		for k := 1; k <= 2; k++ { // of the operator state, and of the keyed state
			synctest.Test(t, func(t *testing.T) {
				keyed := &keyedState{}
				rule := faultfs.Rule{Ops: op, Name: "????????-*", K: k, Err: syscall.ENOSPC} // of state files
				b := newBench(t, 1, rule, &recorder{name: "op", keyed: keyed})
				id := b.begin(t)
				must(t, b.run(func() {
					b.gate.Control(Control{Trigger: id})
					synctest.Wait()
					send(t, b, 0, "next")
				}))
				got := strings.Join(b.events, "; ")
				if b.disk.Fired(0) != 1 || len(b.parts) > 0 || !strings.Contains(got, "decline 1: task chain, subtask 3: ") ||
					!strings.Contains(got, syscall.ENOSPC.Error()) || !strings.Contains(got, "op: next") {
					t.Errorf("operation %d, %d: it happened: %s; %v", op, k, got, b.parts)
				}
				if open := slices.DeleteFunc(b.disk.StillOpen(), func(s string) bool { return strings.HasSuffix(s, ".lock") }); len(open) > 0 {
					t.Errorf("operation %d, %d: left open: %v", op, k, open)
				}
				if keyed.released != 1 {
					t.Errorf("operation %d, %d: the state was released %d times", op, k, keyed.released)
				}
			})
		}
	}
}

// failingState writes a part of itself and fails.
type failingState struct {
	keyedState
	err error // nil: it panics
}

func (f *failingState) Write(w io.Writer) ([]int64, error) {
	w.Write([]byte("half"))
	if f.err == nil {
		panic("a codec's")
	}
	return nil, f.err
}

// TestStateThatCannotBeWritten: the file is aborted, not closed as if it were whole.
func TestStateThatCannotBeWritten(t *testing.T) {
	for _, err := range []error{errors.New("no encoding"), nil} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op"})
			id := b.begin(t)
			state := &failingState{err: err}
			parts := []frozen{{op: b.task.ops[0], Snapshot: flow.Snapshot{Keyed: state}}}
			part, got := b.task.write(id, parts, Phases{})
			if got == nil || len(part.Blobs) > 0 || err != nil && !errors.Is(got, err) || err == nil && !strings.Contains(got.Error(), "panic: a codec's") {
				t.Errorf("%+v, %v", part, got)
			}
			if open := b.disk.StillOpen(); len(open) != 1 { // the lock
				t.Errorf("left open: %v", open)
			}
			must(t, b.began[id].Abort())
		})
	}
}

// TestRunWaitsForItsWriters: Run does not return while state is being written.
func TestRunWaitsForItsWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writing := make(chan struct{})
		keyed := &keyedState{write: func() { <-writing }}
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op", keyed: keyed})
		id := b.begin(t)
		ended := false
		go func() {
			b.task.Run(context.Background())
			ended = true
		}()
		b.gate.Control(Control{Trigger: id})
		synctest.Wait()
		b.gate.Close()
		synctest.Wait()
		if ended {
			t.Error("Run returned while state is being written")
		}
		close(writing)
		synctest.Wait()
		if !ended || keyed.released != 1 || b.events[len(b.events)-1] != "op: close" {
			t.Errorf("ended: %v, released %d times, %v", ended, keyed.released, b.events)
		}
	})
}

// TestSnapshotFails: if the snapshot of a later operator fails, or the barrier cannot be
// passed on, the states that are frozen already are released, and the task ends.
func TestSnapshotFails(t *testing.T) {
	boom := errors.New("boom")
	for _, name := range []string{"snapshot", "barrier"} {
		synctest.Test(t, func(t *testing.T) {
			keyed := &keyedState{}
			second := &recorder{name: "second"}
			b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "first", keyed: keyed}, second)
			if name == "snapshot" {
				second.snapshot = boom
			} else {
				b.task.outs[0].broadcast = func(exchange.Element) error { return boom }
			}
			id := b.begin(t)
			err := b.run(func() { b.gate.Control(Control{Trigger: id}) })
			if !errors.Is(err, boom) || keyed.released != 1 || len(b.parts) > 0 {
				t.Errorf("%s: %v, released %d times, %v", name, err, keyed.released, b.events)
			}
			if !slices.Contains(b.events, "first: close") || !slices.Contains(b.events, "second: close") {
				t.Errorf("%s: not closed: %v", name, b.events)
			}
		})
	}
}

// TestCloseErrorCounts: an error of closing an operator is returned by Run. The others are
// closed all the same.
func TestCloseErrorCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "op", closing: boom}, &recorder{name: "next", closing: errors.New("another")})
		if err := b.run(func() {}); !errors.Is(err, boom) || !strings.Contains(err.Error(), "close operator op") || !slices.Contains(b.events, "next: close") {
			t.Errorf("%v, %v", err, b.events)
		}
	})
}

// starter is an operator that fails to start.
type starter struct {
	recorder
	err error
}

func (s *starter) Start() error { return s.err }

// TestStartFails: if an operator cannot start, nothing is processed, all operators are
// closed, and senders get ErrClosed.
func TestStartFails(t *testing.T) {
	boom := errors.New("boom")
	b := newBench(t, 1, faultfs.Rule{}, &recorder{name: "first"}, &recorder{name: "second"})
	b.task.ops[1].Operator = &starter{recorder: recorder{bench: b, name: "second"}, err: boom}
	if err := b.task.Run(t.Context()); !errors.Is(err, boom) {
		t.Error(err)
	}
	b.wants(t, "first: close", "second: close")
	if _, err := b.gate.Send(0, exchange.Element{}); !errors.Is(err, exchange.ErrClosed) {
		t.Errorf("Send after the failed start: %v, want ErrClosed", err)
	}
}
