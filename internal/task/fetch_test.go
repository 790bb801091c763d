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

	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// A library is a bounded source whose splits are texts, with a record for each word.
type library struct {
	splits  map[string]string
	fails   error // of a reader, at its end
	closing error
	reading chan struct{} // closed when a reader may go on; nil if it need not wait
	open    int
}

func (l *library) Splits(context.Context, []flow.Split) (flow.Listing, error) {
	return flow.Listing{}, nil
}
func (l *library) Bounded() bool     { return true }
func (l *library) Reads(string) bool { return false }

func (l *library) Open(_ context.Context, s flow.Split, _ bool) (flow.SplitReader, error) {
	l.open++
	return &textReader{library: l, id: s.ID, words: strings.Fields(l.splits[s.ID])}, nil
}

type textReader struct {
	*library
	id    string
	words []string
}

// Read returns the last record together with io.EOF.
func (r *textReader) Read(context.Context) (flow.Fetched, error) {
	if r.reading != nil {
		<-r.reading
	}
	f := flow.Fetched{Split: r.id}
	if len(r.words) == 0 {
		return f, io.EOF
	}
	f.Batch = text(r.words[0])
	if r.words = r.words[1:]; len(r.words) > 0 {
		return f, nil
	}
	if r.fails != nil {
		return f, r.fails
	}
	return f, io.EOF
}

func (r *textReader) Commits() bool                           { return false }
func (r *textReader) Committed(context.Context, []byte) error { return nil }

func (r *textReader) Close() error {
	r.open--
	return r.closing
}

// words is the operator after the source.
type words struct{ recorder }

func (w *words) Push(_ int, b flow.Batch) error { return w.recorder.Push(0, b.(*flow.Fetched).Batch) }

// fetching is a bench whose task reads a source.
func fetching(t *testing.T, l *library, splits ...string) *bench {
	t.Helper()
	op := &words{recorder{name: "op"}}
	b := newBench(t, 1, faultfs.Rule{}, &op.recorder)
	b.task.ops[0].Operator, b.task.head = op, op
	var begin []flow.Split
	for _, id := range splits {
		begin = append(begin, flow.Split{ID: id})
	}
	b.task.fetch = newFetcher(l, false, b.gate, begin)
	return b
}

// TestFetch: all splits are read, one after the other, also the records that come together
// with io.EOF. Only then the task reports that it is exhausted.
func TestFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &library{splits: map[string]string{"a": "one two", "b": "three"}}
		b := fetching(t, l, "a", "b")
		must(t, b.run(func() {}))
		b.events = slices.DeleteFunc(b.events, func(e string) bool { return e == "flush" })
		b.wants(t, "op: one", "op: two", "op: three", "exhausted 7", "op: close")
		if l.open != 0 {
			t.Errorf("%d splits are left open", l.open)
		}
	})
}

// TestFetchFails: an error of reading or of closing a split ends the task and is its error.
// The task does not report that it is exhausted.
func TestFetchFails(t *testing.T) {
	boom := errors.New("boom")
	for _, l := range []*library{{fails: boom}, {closing: boom}} {
		synctest.Test(t, func(t *testing.T) {
			l.splits = map[string]string{"a": "one"}
			b := fetching(t, l, "a")
			done := make(chan error, 1)
			go func() { done <- b.task.Run(t.Context()) }()
			synctest.Wait()
			select {
			case err := <-done:
				if !errors.Is(err, boom) {
					t.Error(err)
				}
			default:
				t.Error("it goes on without its source")
				b.gate.Close()
			}
			if slices.Contains(b.events, "exhausted 7") || l.open != 0 {
				t.Errorf("%v, %d splits are left open", b.events, l.open)
			}
		})
	}
}

// TestRunWaitsForItsReaders: Run does not return, and closes no operator, while a split is
// being read.
func TestRunWaitsForItsReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &library{splits: map[string]string{"a": "one"}, reading: make(chan struct{})}
		b := fetching(t, l, "a")
		done := make(chan error, 1)
		go func() { done <- b.task.Run(t.Context()) }()
		synctest.Wait()
		b.gate.Close()
		synctest.Wait()
		if len(done) > 0 || slices.Contains(b.events, "op: close") {
			t.Errorf("Run returned while a split is being read: %v", b.events)
		}
		close(l.reading)
		must(t, <-done)
		if l.open != 0 {
			t.Error("a split is left open")
		}
	})
}

// A stream is an unbounded source whose splits are lists of words that a test adds to. Its
// readers commit.
type stream struct {
	mu        sync.Mutex
	words     map[string][]string
	ended     map[string]bool
	open      map[string]int
	committed []string
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
	f := flow.Fetched{Split: r.id}
	var err error
	if words := r.words[r.id]; r.at < len(words) {
		f.Batch = text(words[r.at])
		r.at++
	} else if r.ended[r.id] {
		f.Ended, err = true, io.EOF
	}
	f.Position = bytes.Repeat([]byte("."), r.at)
	return f, err
}

func (r *streamReader) Commits() bool { return true }

func (r *streamReader) Committed(_ context.Context, position []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream.committed = append(r.stream.committed, fmt.Sprint(r.id, len(position)))
	return nil
}

func (r *streamReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[r.id]--
	return nil
}

// add adds words to a split.
func (s *stream) add(id string, words ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words[id] = append(s.words[id], words...)
}

func (s *stream) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[id] = true
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
		stream: &stream{words: map[string][]string{}, ended: map[string]bool{}, open: map[string]int{}},
		t:      t, gate: exchange.NewGate[Control](1), done: make(chan error, 1),
	}
	b.f = newFetcher(b.stream, timed, b.gate, begin)
	ctx, cancel := context.WithCancel(t.Context())
	b.stop = cancel
	go func() { b.done <- b.f.run(ctx) }()
	return b
}

// got returns what the fetcher has sent until now, and waits for nothing.
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
