package run_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// shelf is an unbounded source of logs that a test writes, renames and deletes while a job
// reads them. It plans its splits, and its readers commit.
type shelf struct {
	mu        sync.Mutex
	logs      map[string]*shelfLog
	forget    []string
	committed map[string][]uint64
	open      int
	known     []weir.Split // of the last plan
}

type shelfLog struct {
	lines []string
	ended bool
	again []byte // the position to read on from after the end: the end and one byte more
}

func (s *shelf) Splits(context.Context) ([]string, error) { return nil, errors.New("not asked") }
func (s *shelf) Bounded() bool                            { return false }

func (s *shelf) PlanSplits(_ context.Context, known []weir.Split) (plan weir.SplitPlan, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = known
	at := make(map[string][]byte)
	for _, k := range known {
		at[k.ID] = k.Position
	}
	for id, log := range s.logs {
		position := at[id]
		if log.again != nil && bytes.Equal(position, log.again[:8]) {
			position = log.again
		}
		plan.Read = append(plan.Read, weir.Split{ID: id, Position: position})
	}
	plan.Forget = s.forget
	return plan, nil
}

func (s *shelf) Open(_ context.Context, split weir.Split) (weir.Reader[string], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	r := &shelfReader{s: s, id: split.ID}
	if split.Position != nil {
		r.at = binary.BigEndian.Uint64(split.Position)
	}
	return r, nil
}

type shelfReader struct {
	s  *shelf
	id string
	at uint64
}

func (r *shelfReader) Read(_ context.Context, records []string) (int, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	log := r.s.logs[r.id]
	if log == nil {
		return 0, nil
	}
	n := copy(records, log.lines[min(r.at, uint64(len(log.lines))):])
	r.at += uint64(n)
	if log.ended && r.at == uint64(len(log.lines)) {
		return n, io.EOF
	}
	return n, nil
}

func (r *shelfReader) Position() []byte { return binary.BigEndian.AppendUint64(nil, r.at) }

func (r *shelfReader) Committed(_ context.Context, position []byte) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.committed[r.id] = append(r.s.committed[r.id], binary.BigEndian.Uint64(position))
	return nil
}

func (r *shelfReader) Close() error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.open--
	return nil
}

func (s *shelf) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// running runs a job that reads a shelf, while script changes the shelf, and stops the job.
func (s *shelf) running(t *testing.T, opts run.Options, out *weir.Collector[string], script func()) {
	t.Helper()
	job := weir.NewJob("shelf")
	weir.To(weir.From(job, "logs", weir.Source[string](s)), "out", out)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run.Local(ctx, job, opts) }()
	script()
	cancel()
	if err := <-done; !errors.Is(err, run.ErrStopped) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want ErrStopped and the cause", err)
	}
	if s.open != 0 {
		t.Errorf("%d readers are left open", s.open)
	}
}

func wantLines(t *testing.T, when string, out *weir.Collector[string], want ...string) {
	t.Helper()
	got := out.Records()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", when, got, want)
	}
}

// A SplitPlanner decides how splits are read: logs that appear are read, a log that has ended
// is read again only if the plan gives it another position, and a log that was forgotten is a
// new one when it comes back.
func TestPlannedSplits(t *testing.T) {
	for _, parallelism := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			var out weir.Collector[string]
			opts := options(t, parallelism)
			opts.CheckpointInterval = time.Second
			s := &shelf{logs: map[string]*shelfLog{"a": {lines: []string{"a1", "a2"}}}, committed: map[string][]uint64{}}
			s.running(t, opts, &out, func() {
				time.Sleep(2 * time.Second)
				wantLines(t, "at first", &out, "a1", "a2")
				s.change(func() {
					s.logs["a"].lines = append(s.logs["a"].lines, "a3")
					s.logs["b"] = &shelfLog{lines: []string{"b1"}, ended: true}
				})
				time.Sleep(5 * time.Second)
				wantLines(t, "a new log and a new line", &out, "a1", "a2", "a3", "b1")
				s.change(func() {
					s.logs["b"].lines = append(s.logs["b"].lines, "b2")                  // after its end
					s.logs["b"].again = append(binary.BigEndian.AppendUint64(nil, 1), 0) // another position, of the same place
				})
				time.Sleep(5 * time.Second)
				s.change(func() { s.logs["b"].again = nil })
				wantLines(t, "a log that was read to its end, and goes on", &out, "a1", "a2", "a3", "b1", "b2")
				s.change(func() { delete(s.logs, "b"); s.forget = []string{"b"} })
				time.Sleep(5 * time.Second)
				s.change(func() {
					for _, k := range s.known {
						if k.ID == "b" {
							t.Error("a log that was to be forgotten is known")
						}
					}
					s.forget = nil
					s.logs["b"] = &shelfLog{lines: []string{"another b"}}
				})
				time.Sleep(5 * time.Second)
				wantLines(t, "a log of the same name", &out, "a1", "a2", "a3", "b1", "b2", "another b")
			})
			for id, positions := range s.committed {
				if !slices.IsSorted(positions) && id == "a" {
					t.Errorf("%s: committed %v, not in order", id, positions)
				}
			}
			if last := s.committed["a"]; len(last) == 0 || last[len(last)-1] != 3 {
				t.Errorf("committed of a: %v, want up to 3", last)
			}
			// The next run goes on from the positions of this one.
			s.change(func() { s.logs["a"].lines = append(s.logs["a"].lines, "a4") })
			s.running(t, opts, &out, func() { time.Sleep(3 * time.Second) })
			wantLines(t, "a second run", &out, "a1", "a2", "a3", "a4", "b1", "b2", "another b")
			opts.ForgetSplits = map[string][]string{"logs": {"b"}}
			s.running(t, opts, &out, func() { time.Sleep(3 * time.Second) })
			wantLines(t, "a run that forgets b", &out, "a1", "a2", "a3", "a4", "b1", "b2", "another b", "another b")
		})
	}
}

// When a job with bounded input has ended, its readers have committed their last positions,
// though that takes a while.
func TestTheLastPositionIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{}, committed: map[string][]uint64{}}
		for i := range 5 {
			s.logs[fmt.Sprint("log", i)] = &shelfLog{lines: make([]string, 10+i), ended: true}
		}
		job := weir.NewJob("bounded")
		weir.To(weir.From(job, "logs", weir.Source[string](boundedShelf{s})), "out", &weir.Collector[string]{})
		opts := options(t, 2)
		opts.CheckpointInterval = time.Hour
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			id := fmt.Sprint("log", i)
			if got := s.committed[id]; !slices.Equal(got, []uint64{uint64(10 + i)}) {
				t.Errorf("%s: committed %v, want its end, %d", id, got, 10+i)
			}
		}
		if s.open != 0 {
			t.Errorf("%d readers are left open", s.open)
		}
	})
}

// A boundedShelf is bounded, and its readers take a second to commit, unless they are told to
// return.
type boundedShelf struct{ *shelf }

func (s boundedShelf) Open(ctx context.Context, split weir.Split) (weir.Reader[string], error) {
	r, err := s.shelf.Open(ctx, split)
	return slowToCommit{r.(*shelfReader)}, err
}

type slowToCommit struct{ *shelfReader }

func (s slowToCommit) Committed(ctx context.Context, position []byte) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second):
		return s.shelfReader.Committed(ctx, position)
	}
}

func (boundedShelf) Bounded() bool { return true }

// ForgetSplits with a split that the checkpoint does not have is an error.
func TestForgettingWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("forget")
		weir.To(weir.From(job, "in", weir.Slice(numbers(3)...)), "out", &weir.Collector[int64]{})
		opts := options(t, 1)
		opts.ForgetSplits = map[string][]string{"in": {"nowhere"}}
		if err := run.Local(t.Context(), job, opts); err == nil || !strings.Contains(err.Error(), `split "nowhere" is to be forgotten`) {
			t.Error(err)
		}
	})
}
