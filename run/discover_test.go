package run_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// listed is a source that counts how often it is asked for its splits.
type listed struct {
	weir.Source[int64]
	calls *atomic.Int64
}

func (l listed) Splits(ctx context.Context) ([]string, error) {
	l.calls.Add(1)
	return l.Source.Splits(ctx)
}

// A bounded source is asked for its splits at the start, and never again.
func TestBoundedSourcesAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		job := weir.NewJob("bounded")
		weir.To(weir.From(job, "in", weir.Source[int64](listed{ratelimit.Source(weir.Slice(numbers(100)...), 10), &calls})), "out", &weir.Collector[int64]{})
		if err := run.Local(t.Context(), job, options(t, 2)); err != nil || calls.Load() != 1 {
			t.Errorf("asked %d times in 10 s, %v", calls.Load(), err)
		}
	})
}

// planned is a source whose plan is made by a function.
type planned struct {
	comesAndGoes
	plan func() (weir.SplitPlan, error)
}

func (p planned) PlanSplits(context.Context, []weir.Split) (weir.SplitPlan, error) { return p.plan() }

// If the splits of a source cannot be listed while the job runs, or the list is wrong, the
// attempt fails. The end of the job is no failure.
func TestSplitsThatCannotBeListed(t *testing.T) {
	for want, bad := range map[string]func() (weir.SplitPlan, error){
		"source in: list splits: boom":       func() (weir.SplitPlan, error) { return weir.SplitPlan{}, errors.New("boom") },
		"source in: a split has an empty id": func() (weir.SplitPlan, error) { return weir.SplitPlan{Read: []weir.Split{{}}}, nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			job := weir.NewJob("unlisted")
			source := planned{plan: func() (weir.SplitPlan, error) {
				if calls.Add(1) == 3 {
					return bad()
				}
				return weir.SplitPlan{Read: []weir.Split{{ID: "a"}}}, nil
			}}
			var out weir.Collector[string]
			weir.To(weir.From(job, "in", weir.Source[string](source)), "out", &out)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			opts := options(t, 1)
			if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) {
				t.Errorf("ended with %v", err)
			}
			if st := opts.Monitor.Status(); st.Attempt != 2 || !strings.Contains(st.LastFailure, want) {
				t.Errorf("%d attempts; the first has failed with %q, want %q", st.Attempt, st.LastFailure, want)
			}
		})
	}
}

// A diary is an unbounded source of one record per split, whose splits end if they are to. It
// is planned by a function that gets what the job knows.
type diary struct {
	plan  func(call int, known []weir.Split) weir.SplitPlan
	ends  func() bool
	calls *int
	opens *atomic.Int64
}

func (d diary) Splits(context.Context) ([]string, error) { return nil, errors.New("not asked") }
func (d diary) Bounded() bool                            { return false }

func (d diary) PlanSplits(_ context.Context, known []weir.Split) (weir.SplitPlan, error) {
	*d.calls++
	return d.plan(*d.calls, known), nil
}

func (d diary) Open(_ context.Context, split weir.Split) (weir.Reader[string], error) {
	d.opens.Add(1)
	return &diaryReader{d, split.ID, string(split.Position) == "read"}, nil
}

type diaryReader struct {
	d    diary
	id   string
	read bool
}

func (r *diaryReader) Read(_ context.Context, records []string) (int, error) {
	if !r.read {
		records[0], r.read = r.id, true
		return 1, nil
	}
	if r.d.ends() {
		return 0, io.EOF
	}
	return 0, nil
}

func (r *diaryReader) Position() []byte {
	if r.read {
		return []byte("read")
	}
	return []byte("begin")
}

func (r *diaryReader) Close() error { return nil }

// writeDiary runs a job that reads a diary for ten seconds. It returns how often splits were
// opened.
func writeDiary(t *testing.T, opts run.Options, out weir.Sink[string], ends func() bool, plan func(call int, known []weir.Split) weir.SplitPlan) int64 {
	t.Helper()
	d := diary{plan, ends, new(int), new(atomic.Int64)}
	job := weir.NewJob("diary")
	weir.To(weir.From(job, "in", weir.Source[string](d)), "out", out)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) {
		t.Fatal(err)
	}
	if *d.calls < 6 {
		t.Errorf("asked for splits %d times in 10 s", *d.calls)
	}
	return d.opens.Load()
}

func ids(splits []weir.Split) string {
	var all []string
	for _, s := range splits {
		all = append(all, s.ID)
	}
	return strings.Join(all, " ")
}

// A planner sees each split that the job knows once: those that are read, those that are gone
// and may come back, those that have come back; and not those that were forgotten.
func TestPlannersSeeWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 2)
		var out weir.Collector[string]
		a, b := weir.Split{ID: "a", Position: []byte("read")}, weir.Split{ID: "b", Position: []byte("read")}
		never := func() bool { return false }
		seen := func(call int, known []weir.Split, want ...string) {
			if want := want[min(call, len(want))-1]; ids(known) != want {
				t.Errorf("call %d: known are %q, want %q", call, ids(known), want)
			}
		}
		writeDiary(t, opts, &out, never, func(call int, known []weir.Split) weir.SplitPlan {
			seen(call, known, "", "a b")
			return weir.SplitPlan{Read: []weir.Split{{ID: "a"}, {ID: "b"}}}
		})
		writeDiary(t, opts, &out, never, func(call int, known []weir.Split) weir.SplitPlan {
			seen(call, known, "a b")
			if call < 4 {
				return weir.SplitPlan{Read: []weir.Split{a}} // b is gone
			}
			return weir.SplitPlan{Read: []weir.Split{a, b}}
		})
		writeDiary(t, opts, &out, never, func(call int, known []weir.Split) weir.SplitPlan {
			seen(call, known, "a b", "a b", "a b", "a")
			if call < 3 {
				return weir.SplitPlan{Read: []weir.Split{a}}
			}
			return weir.SplitPlan{Read: []weir.Split{a}, Forget: []string{"b"}}
		})
		writeDiary(t, opts, &out, never, func(call int, known []weir.Split) weir.SplitPlan {
			seen(call, known, "a", "")
			return weir.SplitPlan{Forget: []string{"a"}} // at the start
		})
		wantLines(t, "all runs", &out, "a", "b")
	})
}

// A split that has ended is not opened again while the plan has it at its end. Nor is one that
// ends while the plan is made: the plan did not know of that.
func TestEndedSplitsStayEnded(t *testing.T) {
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var out weir.Collector[string]
			var ends atomic.Bool
			ends.Store(!late)
			opens := writeDiary(t, options(t, 1), &out, ends.Load, func(call int, known []weir.Split) weir.SplitPlan {
				switch {
				case call == 1:
					return weir.SplitPlan{Read: []weir.Split{{ID: "a"}}}
				case late && call == 3:
					ends.Store(true)
					time.Sleep(5 * time.Second / 2) // it ends meanwhile
					return weir.SplitPlan{Read: []weir.Split{{ID: "a", Position: []byte("begin")}}}
				}
				return weir.SplitPlan{Read: known}
			})
			if opens != 1 {
				t.Errorf("late %t: opened %d times", late, opens)
			}
			wantLines(t, "in the end", &out, "a")
		})
	}
}
