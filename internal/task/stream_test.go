package task

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	skipped   int    // what positions are longer for, of every split
	endless   string // a split that always has records
	failsRead error
	fails     error // of Committed
	committed []string
	commits   chan struct{} // if it is not nil, Committed waits for a token
}

func (s *stream) Splits(context.Context, []flow.Split) (flow.Listing, error) {
	return flow.Listing{}, nil
}
func (s *stream) Bounded() bool                      { return false }
func (s *stream) Reads(string) bool                  { return false }
func (s *stream) Alignment() (string, time.Duration) { return "", 0 }

func (s *stream) Open(_ context.Context, split flow.Split, _ bool) (flow.SplitReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[split.ID]++
	return &streamReader{stream: s, id: split.ID, at: len(split.Position)}, nil
}

// streamReader reads a word at a time. Its position is as long as the number of words before it.
type streamReader struct {
	*stream
	id   string
	at   int
	used atomic.Int32 // calls that have not returned
}

// use notes that a call begins. Only one goroutine at a time uses a reader.
func (r *streamReader) use() (done func()) {
	if r.used.Add(1) > 1 {
		panic("a reader is used by two goroutines")
	}
	return func() { r.used.Add(-1) }
}

func (r *streamReader) Read(context.Context) (flow.Fetched, error) {
	defer r.use()()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	if r.failsRead != nil && r.id != r.endless {
		return flow.Fetched{}, r.failsRead
	}
	f := flow.Fetched{Split: r.id, Mark: flow.Mark{Idle: r.idle[r.id]}}
	var err error
	if r.id == r.endless {
		f.Batch = text("again")
	} else if words := r.words[r.id]; r.at < len(words) {
		f.Batch = text(words[r.at])
		r.at++
	} else if r.ended[r.id] {
		f.Ended, err = true, io.EOF
	}
	f.Position = bytes.Repeat([]byte("."), r.at+r.skipped)
	return f, err
}

func (r *streamReader) Resumed()      {}
func (r *streamReader) Commits() bool { return true }

func (r *streamReader) Committed(_ context.Context, position []byte) error {
	defer r.use()()
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
	defer r.use()()
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
	b.f = fetcherOf(b.stream, timed, b.gate, begin)
	ctx, cancel := context.WithCancel(t.Context())
	b.stop = cancel
	go func() { b.done <- b.f.run(ctx) }()
	synctest.Wait()
	return b
}

// add adds words to a split, and gives it time to be read.
func (b *streamBench) add(id string, words ...string) {
	b.stream.add(id, words...)
	time.Sleep(lastPause)
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
