package task

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

// A reader commits the position in a complete checkpoint at once, also if its split is idle or
// has ended; each position once, and none for a split that was not read.
func TestCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"}, flow.Split{ID: "b"}, flow.Split{ID: "c"})
		defer b.close()
		if fetcherOf(b.stream, false, b.gate, nil).wantsCommits() {
			t.Error("there is no reader yet")
		}
		b.add("a", "1", "2")
		b.change(func() { b.ended["b"] = true })
		b.add("b", "1")
		time.Sleep(time.Minute)
		b.got()
		if !b.f.wantsCommits() {
			t.Error("a reader wants to hear of commits")
		}
		commit := func(what string, want string, splits ...flow.Split) {
			t.Helper()
			settled := false
			b.f.committed(splits)
			b.f.whenCommitted(func() { settled = true })
			b.got()
			got := b.committed
			slices.Sort(got)
			if b.committed = nil; strings.Join(got, " ") != want || !settled {
				t.Errorf("%s: committed %q, want %q; settled: %t", what, got, want, settled)
			}
		}
		at := func(id string, n int) flow.Split { return flow.Split{ID: id, Position: bytes.Repeat([]byte("."), n)} }
		commit("three splits and one that is not known", "a1 b1", at("a", 1), at("b", 1), flow.Split{ID: "c"}, at("x", 1))
		commit("the same again", "", at("a", 1), at("b", 1))
		commit("one of them", "a2", at("a", 2), at("b", 1))
		b.f.drop("a")
		commit("one that is to be forgotten", "", at("a", 3))
		time.Sleep(time.Minute)
		b.wants("a minute later", "")
		if b.open["a"] != 0 || b.known() != "b1 ended, c0" {
			t.Errorf("%d readers of a split that was forgotten are open; known are %q", b.open["a"], b.known())
		}
	})
}

// The last task of a job has ended when all positions that are to be committed are committed,
// and not before.
func TestWhenCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"}, flow.Split{ID: "b"})
		defer b.close()
		b.add("a", "1")
		b.add("b", "1")
		b.got()
		b.commits = make(chan struct{})
		b.f.committed([]flow.Split{{ID: "a", Position: []byte(".")}, {ID: "b", Position: []byte(".")}})
		// Later checkpoints are complete before the first one is committed: the last one counts.
		synctest.Wait()
		b.f.committed([]flow.Split{{ID: "a", Position: []byte("..")}})
		b.f.committed([]flow.Split{{ID: "a", Position: []byte("...")}}) // and one more
		began, settled := time.Now(), 0
		b.f.whenCommitted(func() { settled++ })
		for i := range 3 {
			if synctest.Wait(); settled != 0 {
				t.Errorf("settled after %d of 3 commits", i)
			}
			b.commits <- struct{}{}
		}
		if synctest.Wait(); settled != 1 || b.f.pending != 0 || time.Since(began) != 0 {
			t.Errorf("settled %d times after %v, and %d are pending", settled, time.Since(began), b.f.pending)
		}
	})
}

// A split that is to be forgotten, or has a position to commit, while it is being read or has
// ended, is looked after as soon as it can be.
func TestSplitsThatAreBusy(t *testing.T) {
	for _, ended := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newStreamBench(t, false, flow.Split{ID: "a"})
			defer b.close()
			b.change(func() { b.ended["a"] = ended })
			b.add("a", "1", "2")
			b.got()
			began := time.Now()
			b.commits = make(chan struct{})
			b.f.committed([]flow.Split{{ID: "a", Position: []byte(".")}})
			synctest.Wait()
			b.f.committed([]flow.Split{{ID: "a", Position: []byte("..")}})
			b.commits <- struct{}{}
			b.commits <- struct{}{}
			b.wants("two commits", "")
			b.f.committed([]flow.Split{{ID: "a", Position: []byte("...")}})
			synctest.Wait()
			b.f.drop("a")
			b.wants("while it is busy", "")
			b.commits <- struct{}{}
			b.wants("after that", "forget a")
			if got := strings.Join(b.committed, " "); got != "a1 a2 a3" || time.Since(began) != 0 || b.known() != "" || b.open["a"] != 0 {
				t.Errorf("ended %t: committed %q after %v; known are %q, and %d readers are open", ended, got, time.Since(began), b.known(), b.open["a"])
			}
		})
	}
}

// One goroutine at a time uses a split, also if two checkpoints are complete before the first one
// is taken notice of.
func TestOneGoroutinePerSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"}, flow.Split{ID: "b"})
		defer b.close()
		b.add("a", "1")
		b.got()
		b.add("b", "1", "2", "3", "4", "5", "6", "7", "8")
		time.Sleep(lastPause) // the gate is full
		b.f.drop("x")
		synctest.Wait() // and so nothing else is begun
		b.commits = make(chan struct{})
		b.f.committed([]flow.Split{{ID: "a", Position: []byte(".")}})
		b.f.committed([]flow.Split{{ID: "a", Position: []byte("..")}})
		b.got()
		close(b.commits)
		b.got()
		if got := strings.Join(b.committed, " "); got != "a2" {
			t.Errorf("committed %q", got)
		}
	})
}

// A position that is never committed, because its split was forgotten or is read anew, is not
// waited for: the job could not end.
func TestCommitsThatAreDropped(t *testing.T) {
	for _, forget := range []bool{true, false} {
		for _, early := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				b := newStreamBench(t, false, flow.Split{ID: "a"})
				defer b.close()
				b.change(func() { b.ended["a"] = true })
				b.add("a", "1", "2")
				b.got()
				settled := false
				wait := func() { b.f.whenCommitted(func() { settled = true }) }
				b.f.mu.Lock() // a position that the goroutine of the split does not know of yet
				b.f.splits["a"].commit, b.f.pending = new([]byte("..")), 1
				b.f.mu.Unlock()
				if early {
					wait()
				}
				if forget {
					b.f.drop("a")
				} else {
					b.f.offer(flow.Split{ID: "a"}, true)
				}
				if b.got(); !early {
					wait()
				}
				if synctest.Wait(); !settled || b.f.pending != 0 {
					t.Errorf("forget %t, waited for before %t: settled %t, %d are pending", forget, early, settled, b.f.pending)
				}
			})
		}
	}
}

// The fetcher ends, and closes its readers, when no reader is used any more.
func TestTheEndWaitsForReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"})
		b.add("a", "1")
		b.got()
		b.commits = make(chan struct{})
		b.f.committed([]flow.Split{{ID: "a", Position: []byte(".")}})
		synctest.Wait()
		b.stop()
		if synctest.Wait(); len(b.done) > 0 || b.open["a"] != 1 {
			t.Errorf("it has ended while a reader commits; %d readers are open", b.open["a"])
		}
		close(b.commits)
		b.close()
	})
}
