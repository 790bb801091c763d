package task

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
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
func (l *library) Bounded() bool                      { return true }
func (l *library) Reads(string) bool                  { return false }
func (l *library) Alignment() (string, time.Duration) { return "", 0 }

func (l *library) Open(_ context.Context, s flow.Split, _ bool) (flow.SplitReader, error) {
	l.open++
	return &textReader{library: l, id: s.ID, words: strings.Fields(l.splits[s.ID])}, nil
}

// fetcherOf makes a fetcher of a source.
func fetcherOf(source flow.Source, timed bool, gate *exchange.Gate[Control], begin []flow.Split) *fetcher {
	return newFetcher(Spec{Chain: &plan.Task{Head: &plan.Node{Source: source}}, EventTime: timed, Gate: gate, Splits: begin})
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
func (r *textReader) Resumed()                                {}
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
	b.task.fetch = fetcherOf(l, false, b.gate, begin)
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
		b.wants(t, "op: one", "op: two", "op: three", "op: mark max", "exhausted 7", "op: close")
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
