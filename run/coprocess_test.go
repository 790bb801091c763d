package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// Two streams share state and a timer; so do two ways of one stream. Event time is that of
// the stream that is behind.
func TestCoProcess(t *testing.T) {
	for _, parallelism := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			var out weir.Collector[string]
			job := weir.NewJob("pairs")
			keyOf := func(n int64) int64 { return n / 10 }
			at := func(n int64) weir.Time { return weir.Time(n) * 1000 }
			left := weir.From(job, "left", weir.Slice(numbers(500)...), weir.Monotonous(at))
			right := weir.FlatMapTo(left, func(n int64, out *weir.Out[string]) error {
				if n%10 < 3 {
					out.Emit(fmt.Sprint(n))
				}
				return nil
			})
			byName := weir.KeyBy(right, func(s string) int64 { var n int64; fmt.Sscan(s, &n); return keyOf(n) })
			pairs := weir.CoProcess(weir.KeyBy(left, keyOf), byName, "pair", func(c *weir.KeyContext[int64], out *weir.Out[string]) (func(int64) error, func(string) error) {
				numbers, names := weir.NewReducing(c, "numbers", func(a, b int64) (int64, error) { return a + b, nil }), weir.NewList[string](c, "names")
				end := c.EventTimer("end", func(at weir.Time) error {
					sum, _ := numbers.Get()
					all := slices.Sorted(names.All())
					out.Emit(fmt.Sprintf("%d: %d %v by %d", c.Key(), sum, all, at/1000))
					return nil
				})
				return func(n int64) error {
						end.Set(weir.Time(n/10*10+9) * 1000)
						return numbers.Add(n)
					}, func(s string) error {
						names.Add(s)
						return nil
					}
			})
			weir.To(pairs, "out", &out)
			if err := run.Local(t.Context(), job, options(t, parallelism)); err != nil {
				t.Fatal(err)
			}
			got := out.Records()
			slices.Sort(got)
			var want []string
			for k := range 51 {
				sum, names := 0, []string{}
				for n := k * 10; n < k*10+10; n++ {
					if n == 0 || n > 500 {
						continue
					}
					sum += n
					if n%10 < 3 {
						names = append(names, fmt.Sprint(n))
					}
				}
				slices.Sort(names)
				want = append(want, fmt.Sprintf("%d: %d %v by %d", k, sum, names, k*10+9))
			}
			slices.Sort(want)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A stream may be joined with itself: each record comes on both inputs.
func TestCoProcessOfOneStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[string]
		job := weir.NewJob("twice")
		in := weir.KeyBy(weir.From(job, "in", weir.Slice(numbers(100)...)), func(n int64) int64 { return n })
		weir.To(weir.CoProcess(in, in, "both", func(c *weir.KeyContext[int64], out *weir.Out[string]) (func(int64) error, func(int64) error) {
			a, b := weir.NewValue[bool](c, "a"), weir.NewValue[bool](c, "b")
			done := func() error {
				va, _ := a.Get()
				vb, _ := b.Get()
				if va && vb {
					out.Emit(fmt.Sprint(c.Key()))
				}
				return nil
			}
			return func(int64) error { a.Set(true); return done() }, func(int64) error { b.Set(true); return done() }
		}), "out", &out)
		if err := run.Local(t.Context(), job, options(t, 2)); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Records()); n != 100 {
			t.Errorf("%d pairs, want 100", n)
		}
	})
}

// What cannot be joined is refused before anything runs.
func TestBadCoProcess(t *testing.T) {
	open := func(*weir.KeyContext[int64], *weir.Out[int64]) (func(int64) error, func(int64) error) {
		return nil, nil
	}
	key := func(n int64) int64 { return n }
	job, other := weir.NewJob("job"), weir.NewJob("other")
	in := weir.From(job, "in", weir.Slice(numbers(1)...))
	weir.CoProcess(weir.KeyBy(in, key), weir.KeyBy(weir.From(other, "in", weir.Slice(numbers(1)...)), key), "jobs", open)
	weir.CoProcess(weir.KeyBy(in, key), weir.KeyBy(in, key), "nil", (func(*weir.KeyContext[int64], *weir.Out[int64]) (func(int64) error, func(int64) error))(nil))
	weir.CoProcess(weir.KeyBy(in, key), weir.KeyBy(in, key), "", open)
	err := job.Check()
	for _, want := range []string{"co-process jobs joins streams of two jobs", "co-process nil: nil function", "co-process has no name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %q", err, want)
		}
	}
}
