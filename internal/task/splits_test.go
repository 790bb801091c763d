package task

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// A split that is to be forgotten is not offered again before it is forgotten, also if the
// task has never read it and the gate is full for long: otherwise the new split would be
// forgotten in place of the old one, and be read without being known.
func TestForgottenWhileTheTaskIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"})
		defer b.close()
		b.add("a", "1", "2", "3", "4", "5", "6", "7", "8")
		synctest.Wait() // the gate is full
		b.f.drop("x")
		synctest.Wait()
		b.f.drop("gone")
		synctest.Wait()
		if known := b.known(); strings.Contains(known, "gone") {
			t.Errorf("known are %q", known)
		}
		b.add("gone", "new")
		b.f.offer(flow.Split{ID: "gone"}, false) // the plan lists a new split of that name
		if got := b.got(); !strings.Contains(got, "forget gone") || strings.Contains(got, "new") {
			t.Errorf("sent %q", got)
		}
		b.f.offer(flow.Split{ID: "gone"}, false) // as it does each second
		b.wants("the new one", "gone1=new")
		if known := b.known(); known != "a8, gone1" {
			t.Errorf("known are %q", known)
		}
	})
}

// Event time waits for each split from the beginning, also for one that appears later. It does
// not wait for a source without splits.
func TestSplitsAreAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, true, flow.Split{ID: "a"}, flow.Split{ID: "b"})
		b.wants("at first", "begin a, begin b, begin ")
		b.f.offer(flow.Split{ID: "c"}, false)
		b.wants("a new one", "begin c")
		b.f.offer(flow.Split{ID: "a"}, false)
		b.f.offer(flow.Split{ID: "c"}, true)
		b.add("c", "1")
		time.Sleep(lastPause)
		b.wants("two that are known", "c1=1")
		b.close()

		b = newStreamBench(t, true)
		b.wants("without splits", "mark idle=true")
		b.close()

		b = newStreamBench(t, false, flow.Split{ID: "a"})
		b.wants("without event time", "")
		b.close()
	})
	synctest.Test(t, func(t *testing.T) { // a bounded source without splits has ended
		gate := exchange.NewGate[Control](1)
		f := fetcherOf(&library{}, true, gate, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.run(ctx) }()
		synctest.Wait()
		if r, ok, err := gate.Receive(false); err != nil || !ok || r.Element.Kind != exchange.End {
			t.Errorf("sent %+v, %t, %v", r, ok, err)
		}
		cancel()
		<-done
	})
}

// What changes in a split without records is sent, too, and once: its position, that event time
// need not wait for it, its end.
func TestNewsWithoutRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a", Position: []byte("..")})
		defer b.close()
		b.add("a", "1", "2")
		b.wants("nothing new", "")
		b.change(func() { b.idle["a"] = true })
		time.Sleep(lastPause)
		b.wants("idle", "a2 idle")
		time.Sleep(time.Minute)
		b.wants("idle still", "")
		b.change(func() { b.idle["a"] = false })
		time.Sleep(lastPause)
		b.wants("idle no more", "a2")
		b.change(func() { b.skipped = 5 })
		time.Sleep(lastPause)
		b.wants("a position", "a7")
		b.change(func() { b.skipped = 0 })
		b.add("a", "3")
		time.Sleep(lastPause)
		b.wants("a record", "a3=3")
		b.change(func() { b.ended["a"] = true })
		time.Sleep(lastPause)
		b.wants("the end", "end of a")
		if known := b.known(); known != "a3 ended" {
			t.Errorf("known is %q", known)
		}
		reads := b.count()
		time.Sleep(time.Minute)
		if b.wants("after the end", ""); b.count() != reads {
			t.Error("a split that has ended was read")
		}
	})
}

// A split that has ended is read again if it is offered again, from the position of the offer.
// Commits of its old position are of no use then.
func TestReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, true, flow.Split{ID: "a"})
		defer b.close()
		b.add("a", "1", "2")
		b.change(func() { b.ended["a"] = true })
		time.Sleep(lastPause)
		b.wants("at first", "begin a, begin , a1=1, a2=2, end of a")
		b.f.offer(flow.Split{ID: "a", Position: []byte(".")}, false)
		b.wants("not again", "")
		b.change(func() { b.commits = make(chan struct{}) })
		b.f.committed([]flow.Split{{ID: "a", Position: []byte("..")}})
		synctest.Wait() // the reader is committing
		b.f.offer(flow.Split{ID: "a", Position: []byte(".")}, true)
		b.wants("while it is busy", "")
		close(b.commits)
		synctest.Wait()
		b.change(func() { b.commits = nil })
		b.f.offer(flow.Split{ID: "a", Position: []byte(".")}, true)
		b.wants("again", "begin a, a2=2, end of a")
		if n := b.open["a"]; n != 1 {
			t.Errorf("%d readers are open", n)
		}
		// A commit that has not begun is dropped with the old reader, and nothing waits for it.
		settled := false
		b.f.mu.Lock()
		r := b.f.splits["a"]
		r.commit, b.f.pending = new([]byte("..")), 1
		b.f.mu.Unlock()
		b.f.offer(flow.Split{ID: "a", Position: []byte(".")}, true)
		b.f.whenCommitted(func() { settled = true })
		if b.wants("once more", "begin a, a2=2, end of a"); !settled {
			t.Error("a commit of a reader that is gone is waited for")
		}
	})
}

// An error of reading or committing ends the fetcher.
func TestStreamFails(t *testing.T) {
	boom := errors.New("boom")
	for _, what := range []string{"read", "commit"} {
		synctest.Test(t, func(t *testing.T) {
			b := newStreamBench(t, false, flow.Split{ID: "a"})
			b.add("a", "1")
			b.got()
			if what == "commit" {
				b.change(func() { b.fails = boom })
				b.f.committed([]flow.Split{{ID: "a", Position: []byte(".")}})
			} else {
				b.change(func() { b.failsRead = boom })
				time.Sleep(lastPause)
			}
			synctest.Wait()
			select {
			case err := <-b.done:
				if !errors.Is(err, boom) {
					t.Errorf("%s: %v", what, err)
				}
				b.done <- nil
			default:
				t.Errorf("%s: it goes on", what)
			}
			b.close()
		})
	}
}

// If a split fails, those that always have records stop, too, though nothing else tells them to.
func TestOneSplitFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"}, flow.Split{ID: "b"})
		b.change(func() { b.endless, b.failsRead = "b", errors.New("boom") })
		go func() {
			for {
				if _, _, err := b.gate.Receive(true); err != nil {
					return
				}
			}
		}()
		if err := <-b.done; !errors.Is(err, b.failsRead) {
			t.Errorf("got %v", err)
		}
		b.done <- nil
		b.close()
	})
}

// If a split cannot be closed at its end, the source is not said to have been read.
func TestASplitThatCannotBeClosed(t *testing.T) {
	boom := errors.New("boom")
	gate := exchange.NewGate[Control](1)
	f := fetcherOf(&library{splits: map[string]string{"a": "one"}, closing: boom}, false, gate, []flow.Split{{ID: "a"}})
	if err := f.run(t.Context()); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	if r, ok, err := gate.Receive(false); err != nil || !ok || r.Element.Kind != exchange.Records {
		t.Errorf("sent %+v, %t, %v", r, ok, err)
	}
	if r, ok, _ := gate.Receive(false); ok {
		t.Errorf("sent %+v, too", r.Element)
	}
}
