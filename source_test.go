package weir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/internal/flow"
)

// A stub source is read from what its functions return. Its reader is a Committer.
type stubSource struct {
	splits    func() ([]string, error)
	open      func() (Reader[int64], error)
	read      func([]int64) (int, error)
	committed func([]byte) error
	close     func() error
}

func (s *stubSource) Splits(context.Context) ([]string, error) { return s.splits() }
func (s *stubSource) Bounded() bool                            { return true }

func (s *stubSource) Open(context.Context, Split) (Reader[int64], error) {
	if s.open != nil {
		return s.open()
	}
	return stubReader{s}, nil
}

type stubReader struct{ s *stubSource }

func (r stubReader) Read(_ context.Context, records []int64) (int, error) { return r.s.read(records) }
func (r stubReader) Position() []byte                                     { return []byte("here") }
func (r stubReader) Committed(_ context.Context, position []byte) error {
	return r.s.committed(position)
}
func (r stubReader) Close() error { return r.s.close() }

// erase returns the source as the engine sees it.
func erase[T any](src Source[T], w ...Watermarks[T]) *erasedSource[T] {
	e := &erasedSource[T]{name: "in", src: src, pool: flow.NewVecPool[T]()}
	if len(w) > 0 {
		e.watermarks = &w[0]
	}
	return e
}

// Every call of a source may panic or fail. The error says which source and split it is, and
// what was being done.
func TestSourceErrorsSayWhere(t *testing.T) {
	ctx := t.Context()
	boom := errors.New("boom")
	for _, tt := range []struct {
		want string
		with func(*stubSource, func() error)
		call func(*erasedSource[int64]) error
	}{
		{"source in: list splits: ", func(s *stubSource, f func() error) { s.splits = func() ([]string, error) { return nil, f() } },
			func(e *erasedSource[int64]) error { _, err := e.Splits(ctx, nil); return err }},
		{"source in: open split a: ", func(s *stubSource, f func() error) { s.open = func() (Reader[int64], error) { return nil, f() } },
			func(e *erasedSource[int64]) error { _, err := e.Open(ctx, flow.Split{ID: "a"}, false); return err }},
		{"source in: read split a: ", func(s *stubSource, f func() error) { s.read = func([]int64) (int, error) { return 0, f() } },
			func(e *erasedSource[int64]) error {
				r, err := e.Open(ctx, flow.Split{ID: "a"}, false)
				if err == nil {
					_, err = r.Read(ctx)
				}
				return err
			}},
		{"source in: commit a position of split a: ", func(s *stubSource, f func() error) { s.committed = func([]byte) error { return f() } },
			func(e *erasedSource[int64]) error {
				r, err := e.Open(ctx, flow.Split{ID: "a"}, false)
				if err == nil {
					err = r.Committed(ctx, []byte("here"))
				}
				return err
			}},
		{"source in: close split a: ", func(s *stubSource, f func() error) { s.close = f },
			func(e *erasedSource[int64]) error {
				r, err := e.Open(ctx, flow.Split{ID: "a"}, false)
				if err == nil {
					err = r.Close()
				}
				return err
			}},
	} {
		for how, f := range map[string]func() error{"boom": func() error { return boom }, "panic: boom": func() error { panic(boom) }} {
			var s stubSource
			tt.with(&s, f)
			var of *SourceError
			if err := tt.call(erase[int64](&s)); !errors.As(err, &of) || !strings.HasPrefix(err.Error(), tt.want+how) {
				t.Errorf("got %v, want %q", err, tt.want+how)
			} else if operator, _ := of.Origin(); operator != "in" {
				t.Errorf("%v: it comes from %q", err, operator)
			}
		}
	}
}

// A source that breaks its contract in a way that it would repeat is not restarted.
func TestSourcesThatBreakTheirContract(t *testing.T) {
	s := &stubSource{open: func() (Reader[int64], error) { return nil, nil }}
	if _, err := erase[int64](s).Open(t.Context(), flow.Split{ID: "a"}, false); !IsPermanent(err) || !strings.Contains(err.Error(), "neither a reader nor an error") {
		t.Errorf("no reader: %v", err)
	}
	for _, n := range []int{-1, flow.BatchSize + 1} {
		for _, timed := range []bool{false, true} {
			s := &stubSource{read: func([]int64) (int, error) { return n, nil }}
			r, err := erase[int64](s).Open(t.Context(), flow.Split{ID: "a"}, timed)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Read(t.Context()); !IsPermanent(err) || !strings.Contains(err.Error(), fmt.Sprintf("%d records", n)) {
				t.Errorf("%d records, timed %t: %v", n, timed, err)
			}
		}
	}
}

// A stampedSource is a source whose records bring timestamps.
type stampedSource struct{ *stubSource }

func (s stampedSource) Open(context.Context, Split) (Reader[int64], error) {
	return stampedReader{stubReader{s.stubSource}}, nil
}

type stampedReader struct{ stubReader }

func (r stampedReader) ReadTimed(_ context.Context, records []int64, times []Time) (int, error) {
	n, err := r.s.read(records)
	for i := range times[:max(n, 0)] {
		times[i] = Time(records[i])
	}
	return n, err
}

// readTimes reads once, and returns the column of timestamps, the mark and whether the split
// has ended.
func readTimes(t *testing.T, r flow.SplitReader) ([]Time, flow.Mark, bool) {
	t.Helper()
	f, err := r.Read(t.Context())
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	var times []Time
	if f.Batch != nil {
		times = slices.Clone(f.Batch.(*flow.Vec[int64]).Times)
		f.Batch.Release()
	}
	return times, f.Mark, f.Ended
}

// Timestamps are those that the reader brings, or MinTime if it brings none, whatever was in
// the memory of the batch. The last records count, too.
func TestTimestampsOfAReader(t *testing.T) {
	var at int64
	s := &stubSource{read: func(records []int64) (int, error) {
		if at++; at > 2 {
			records[0] = at
			return 1, io.EOF
		}
		records[0], records[1] = at*10, at*10+1
		return 2, nil
	}}
	e := erase[int64](stampedSource{s}, OutOfOrder[int64](time.Millisecond, nil))
	r, err := e.Open(t.Context(), flow.Split{ID: "a", Watermark: MinTime}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[10 11] 9 false", "[20 21] 19 false", "[3] 19 true"} {
		times, m, ended := readTimes(t, r)
		if got := fmt.Sprintf("%d %d %t", times, m.Time, ended); got != want {
			t.Errorf("a reader with timestamps: got %s, want %s", got, want)
		}
	}
	// The pool has those batches now.
	e.src, e.watermarks = s, nil
	if r, err = e.Open(t.Context(), flow.Split{ID: "a"}, true); err != nil {
		t.Fatal(err)
	}
	for at = 0; at < 3; {
		times, _, _ := readTimes(t, r)
		if slices.ContainsFunc(times, func(at Time) bool { return at != MinTime }) || len(times) == 0 {
			t.Errorf("a reader without timestamps has %v", times)
		}
	}
}

// A split without records becomes idle, also one that has never had any, and its mark says so.
func TestIdleReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := &stubSource{read: func(records []int64) (int, error) { records[0] = 7; return n, nil }}
		e := erase[int64](s, Monotonous(func(n int64) Time { return Time(n) }).WithIdleness(time.Minute))
		r, err := e.Open(t.Context(), flow.Split{ID: "a", Watermark: MinTime}, true)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			after time.Duration
			n     int
			idle  bool
		}{
			{0, 0, false}, {time.Minute - 1, 0, false}, {1, 0, true}, {time.Hour, 0, true},
			{time.Second, 1, false}, {time.Minute - 1, 0, false}, {1, 0, true}, {1, 1, false}, {time.Minute, 1, false}, {59 * time.Second, 0, false},
		} {
			time.Sleep(step.after)
			n = step.n
			if _, m, _ := readTimes(t, r); m.Idle != step.idle {
				t.Errorf("step %d: idle %t, want %t", i, m.Idle, step.idle)
			}
		}
	})
}

// A planner is a source that plans its splits.
type planner struct {
	*stubSource
	plan func(known []Split) SplitPlan
}

func (p planner) PlanSplits(_ context.Context, known []Split) (SplitPlan, error) {
	return p.plan(known), nil
}

// A plan is about splits and their positions. How far event time has come in a split stays
// what it was.
func TestPlanKeepsWatermarks(t *testing.T) {
	p := planner{&stubSource{}, func(known []Split) SplitPlan {
		if len(known) != 1 || known[0].ID != "a" || string(known[0].Position) != "here" {
			t.Errorf("known are %+v", known)
		}
		return SplitPlan{Read: []Split{{ID: "a", Position: []byte("there")}, {ID: "b"}}, Forget: []string{"c"}}
	}}
	l, err := erase[int64](p).Splits(t.Context(), []flow.Split{{ID: "a", Position: []byte("here"), Watermark: 42}})
	if err != nil || len(l.Read) != 2 || len(l.Forget) != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	if a, b := l.Read[0], l.Read[1]; a.Watermark != 42 || string(a.Position) != "there" || b.Watermark != MinTime || b.Position != nil {
		t.Errorf("%+v", l.Read)
	}
}

// A slice that has become shorter than what was read of it is refused, and so is a position that
// is none.
func TestSlicePositions(t *testing.T) {
	s := Slice(1, 2, 3)
	for _, tt := range []struct {
		position, says string
	}{
		{"\x00", ""}, {"\x02", ""}, {"\x03", ""},
		{"\x04", "has read further than the 3 records"},
		{"", "is not a position in a slice"}, {"\x01\x01", "is not a position in a slice"}, {"\x80", "is not a position in a slice"},
	} {
		r, err := s.Open(t.Context(), Split{ID: "slice", Position: []byte(tt.position)})
		if tt.says != "" {
			if !IsPermanent(err) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("position %q: %v, want %q", tt.position, err, tt.says)
			}
			continue
		}
		records := make([]int, 10)
		n, rerr := r.Read(t.Context(), records)
		if err != nil || rerr != io.EOF || n != 3-int(tt.position[0]) || n > 0 && records[0] != int(tt.position[0])+1 {
			t.Errorf("position %q: %v, %v, %v", tt.position, records[:n], err, rerr)
		}
	}
	if _, err := s.Open(t.Context(), Split{ID: "another"}); !IsPermanent(err) {
		t.Errorf("another split: %v", err)
	}
}
