package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// A stream is an unbounded source whose splits are lists of words that a test adds to. Its
// readers commit.
type stream struct {
	mu        sync.Mutex
	words     map[string][]string
	ended     map[string]bool
	idle      map[string]bool // event time need not wait for them
	open      map[string]int
	reads     int
	skipped   int // what positions are longer for, of every split
	failsRead error
	fails     error // of Committed
	committed []string
	commits   chan struct{} // if it is not nil, Committed waits for a token
}

func (s *stream) Splits(context.Context, []flow.Split) (flow.Listing, error) {
	return flow.Listing{}, nil
}
func (s *stream) Bounded() bool     { return false }
func (s *stream) Reads(string) bool { return false }

func (s *stream) Open(_ context.Context, split flow.Split, _ bool) (flow.SplitReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[split.ID]++
	return &streamReader{s, split.ID, len(split.Position)}, nil
}

// streamReader reads a word at a time. Its position is as long as the number of words before it.
type streamReader struct {
	*stream
	id string
	at int
}

func (r *streamReader) Read(context.Context) (flow.Fetched, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	if r.failsRead != nil {
		return flow.Fetched{}, r.failsRead
	}
	f := flow.Fetched{Split: r.id, Mark: flow.Mark{Idle: r.idle[r.id]}}
	var err error
	if words := r.words[r.id]; r.at < len(words) {
		f.Batch = text(words[r.at])
		r.at++
	} else if r.ended[r.id] {
		f.Ended, err = true, io.EOF
	}
	f.Position = bytes.Repeat([]byte("."), r.at+r.skipped)
	return f, err
}

func (r *streamReader) Commits() bool { return true }

func (r *streamReader) Committed(_ context.Context, position []byte) error {
	if r.commits != nil {
		<-r.commits
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails != nil {
		return r.fails
	}
	r.stream.committed = append(r.stream.committed, fmt.Sprint(r.id, len(position)))
	return nil
}

func (r *streamReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[r.id]--
	return nil
}

// change changes the source while it is read.
func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// count returns how often readers were asked.
func (s *stream) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// add adds words to a split.
func (s *stream) add(id string, words ...string) {
	s.change(func() { s.words[id] = append(s.words[id], words...) })
}

// A streamBench is a fetcher of a stream. The test reads what it sends, so that the fetcher
// can be made to wait.
type streamBench struct {
	*stream
	t    *testing.T
	f    *fetcher
	gate *exchange.Gate[Control]
	done chan error
	stop func()
}

func newStreamBench(t *testing.T, timed bool, begin ...flow.Split) *streamBench {
	b := &streamBench{
		stream: &stream{words: map[string][]string{}, ended: map[string]bool{}, idle: map[string]bool{}, open: map[string]int{}},
		t:      t, gate: exchange.NewGate[Control](1), done: make(chan error, 1),
	}
	b.f = newFetcher(b.stream, timed, b.gate, begin)
	ctx, cancel := context.WithCancel(t.Context())
	b.stop = cancel
	go func() { b.done <- b.f.run(ctx) }()
	return b
}

// got returns what the fetcher has sent until now. The clock stands still.
func (b *streamBench) got() string {
	b.t.Helper()
	var all []string
	for {
		synctest.Wait()
		r, ok, err := b.gate.Receive(false)
		must(b.t, err)
		if !ok {
			return strings.Join(all, ", ")
		}
		all = append(all, element(r.Element))
	}
}

func element(e exchange.Element) string {
	f, ok := e.Batch.(*flow.Fetched)
	switch {
	case !ok:
		return fmt.Sprintf("mark idle=%t", e.Mark.Idle)
	case f.Forget:
		return "forget " + f.Split
	case f.Begin:
		return "begin " + f.Split
	case f.Batch == nil && f.Ended:
		return "end of " + f.Split
	case f.Batch == nil && f.Mark.Idle:
		return fmt.Sprint(f.Split, len(f.Position), " idle")
	case f.Batch == nil:
		return fmt.Sprint(f.Split, len(f.Position))
	}
	return fmt.Sprint(f.Split, len(f.Position), "=", f.Batch)
}

func (b *streamBench) wants(what, want string) {
	b.t.Helper()
	if got := b.got(); got != want {
		b.t.Errorf("%s: sent %q, want %q", what, got, want)
	}
}

// known is the splits that discovery is told of.
func (b *streamBench) known() string {
	var all []string
	for _, k := range b.f.appendKnown(nil) {
		s := fmt.Sprint(k.ID, len(k.Position))
		if k.Ended {
			s += " ended"
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// close ends the fetcher, and checks that no reader is left open.
func (b *streamBench) close() {
	b.t.Helper()
	synctest.Wait()
	b.stop()
	b.gate.Close()
	<-b.done
	for id, n := range b.open {
		if n != 0 {
			b.t.Errorf("%d readers of %s are left open", n, id)
		}
	}
}

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
		f := newFetcher(&library{}, true, gate, nil)
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

// A reader commits the position in a complete checkpoint at once, also if its split is idle or
// has ended; each position once, and none for a split that was not read.
func TestCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"}, flow.Split{ID: "b"}, flow.Split{ID: "c"})
		defer b.close()
		if b.f.wantsCommits() {
			t.Error("there is no reader yet")
		}
		b.add("a", "1", "2")
		b.add("b", "1")
		b.change(func() { b.ended["b"] = true })
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
		// A later checkpoint is complete before the first one is committed: it makes up for it.
		synctest.Wait()
		b.f.committed([]flow.Split{{ID: "a", Position: []byte("..")}})
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
			b.add("a", "1", "2")
			b.change(func() { b.ended["a"] = ended })
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

// A position that is never committed, because its split was forgotten or is read anew, is not
// waited for: the job could not end.
func TestCommitsThatAreDropped(t *testing.T) {
	for _, forget := range []bool{true, false} {
		for _, early := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				b := newStreamBench(t, false, flow.Split{ID: "a"})
				defer b.close()
				b.add("a", "1", "2")
				b.change(func() { b.ended["a"] = true })
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

// While a split has nothing, the pauses between two reads grow to a second; once it has had
// records they begin anew. With very many idle splits they grow further.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStreamBench(t, false, flow.Split{ID: "a"})
		defer b.close()
		pauses := func(n int) (all []time.Duration) {
			synctest.Wait()
			for reads, last := b.count(), time.Now(); len(all) < n; {
				time.Sleep(firstPause / 2)
				if synctest.Wait(); b.count() != reads {
					all = append(all, time.Since(last).Round(firstPause))
					reads, last = b.count(), time.Now()
				}
			}
			return all
		}
		want := []time.Duration{10, 20, 40, 80, 160, 320, 640, 1000, 1000}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if got := pauses(len(want)); !slices.Equal(got, want) {
			t.Errorf("pauses %v, want %v", got, want)
		}
		b.add("a", "1")
		time.Sleep(lastPause)
		b.wants("a record", "a1=1")
		if got := pauses(3); !slices.Equal(got, want[:3]) {
			t.Errorf("pauses after a record %v, want %v", got, want[:3])
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var l idleList
		many := make([]*reading, 3*busiest)
		for i := range many {
			many[i] = &reading{sleep: sleep{pause: lastPause}}
			l.add(many[i], false)
			l.add(many[i], true) // it is in the list
		}
		last := many[len(many)-1]
		if len(l.heap) != len(many) || last.sleep.pause != 2*lastPause {
			t.Errorf("%d idle splits, the last with a pause of %v; want %d and %v, for there is twice as much time to twice as many", len(l.heap), last.sleep.pause, len(many), 2*lastPause)
		}
		// Any of them may leave, and the others are due in their order.
		for i := 0; i < len(many); i += 3 {
			l.remove(many[i])
			l.remove(many[i])
		}
		time.Sleep(lastPause)
		first := l.due(nil)
		for i, r := range first {
			if r.sleep.at != 0 || r.sleep.until.After(time.Now()) || i > 0 && r.sleep.until.Before(first[i-1].sleep.until) {
				t.Fatalf("split %d of those that are due: %+v", i, r.sleep)
			}
		}
		time.Sleep(time.Hour)
		rest := l.due(nil)
		if len(first) == 0 || len(rest) == 0 || len(first)+len(rest) != 2*busiest {
			t.Errorf("%d and %d are due, want all of %d", len(first), len(rest), 2*busiest)
		}
		if _, ok := l.next(); ok {
			t.Error("the list is not empty")
		}
	})
}
