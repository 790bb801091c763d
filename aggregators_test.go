package weir

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/internal/flow"
)

// aggregated adds values up and returns the result. It splits them at every place, too, and
// reports an error if two merged accumulators have another result.
func aggregated[In, Acc, R any](t *testing.T, a Aggregator[In, Acc, R], values ...In) string {
	t.Helper()
	add := func(values []In) Acc {
		acc := a.empty()
		var err error
		for _, v := range values {
			if acc, err = a.Add(acc, v); err != nil {
				t.Fatal(err)
			}
		}
		return acc
	}
	result := func(acc Acc) string {
		r, err := a.Result(acc)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(r)
	}
	want := result(add(values))
	for i := range len(values) + 1 {
		merged, err := a.Merge(add(values[:i]), add(values[i:]))
		if err != nil {
			t.Fatal(err)
		}
		if got := result(merged); got != want {
			t.Errorf("the first %d of %v merged with the others: %s, want %s", i, values, got, want)
		}
	}
	return want
}

func TestAggregators(t *testing.T) {
	type pair struct{ a, b int }
	number := func(n int64) int64 { return n }
	float := func(f float64) float64 { return f }
	byA := func(x, y pair) int { return cmp.Compare(x.a, y.a) }
	for _, tt := range []struct{ name, got, want string }{
		{"count", aggregated(t, Count[string](), "a", "b", "a"), "3"},
		{"count of none", aggregated(t, Count[string]()), "0"},
		{"sum", aggregated(t, Sum(number), 1, 2, -7), "-4"},
		{"min", aggregated(t, Min(number), 3, 1, 2), "1"},
		{"min of positive numbers", aggregated(t, Min(number), 3), "3"},
		{"max", aggregated(t, Max(number), 1, 3, 2), "3"},
		{"max of negative numbers", aggregated(t, Max(number), -3, -1), "-1"},
		{"min with NaN", aggregated(t, Min(float), 1, math.NaN()), "NaN"},
		{"max with NaN", aggregated(t, Max(float), math.NaN(), 1), "1"},
		{"mean", aggregated(t, Mean(number), 1, 2, 6), "3"},
		{"mean of one", aggregated(t, Mean(number), 5), "5"},
		{"top", aggregated(t, TopN(3, byA), pair{5, 0}, pair{1, 0}, pair{4, 0}, pair{2, 0}, pair{3, 0}), "[{1 0} {2 0} {3 0}]"},
		{"top of few", aggregated(t, TopN(3, byA), pair{5, 0}, pair{1, 0}), "[{1 0} {5 0}]"},
		{"top of equal ones", aggregated(t, TopN(2, byA), pair{1, 1}, pair{1, 2}, pair{1, 3}), "[{1 1} {1 2}]"},
		{"top, an equal one among others", aggregated(t, TopN(3, byA), pair{2, 1}, pair{1, 1}, pair{1, 2}, pair{2, 2}), "[{1 1} {1 2} {2 1}]"},
		{"top none", aggregated(t, TopN(0, byA), pair{1, 1}), "[]"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

// A result of TopN stays as it is while values are added.
func TestTopNResultIsACopy(t *testing.T) {
	a := TopN(2, cmp.Compare[int64])
	acc, _ := a.Add(nil, 5)
	acc, _ = a.Add(acc, 7)
	top, _ := a.Result(acc)
	if _, err := a.Add(acc, 1); err != nil || !slices.Equal(top, []int64{5, 7}) {
		t.Errorf("%v, %v", top, err)
	}
}

// An accumulator begins as New makes it. An error of Add keeps what is there, and an error of
// Add or Result ends the attempt. Reduce and reducing state call the function with what is
// there first.
func TestAccumulatorsAndReducers(t *testing.T) {
	boom := errors.New("boom")
	list := Aggregator[string, string, string]{
		New: func() string { return "<" },
		Add: func(acc, v string) (string, error) {
			if v == "bad" {
				return "lost", boom
			}
			return acc + v, nil
		},
		Result: func(acc string) (string, error) {
			if strings.HasSuffix(acc, "x") {
				return "", boom
			}
			return acc + ">", nil
		},
	}
	join := func(a, b string) (string, error) {
		if b == "bad" {
			return "lost", boom
		}
		return a + b, nil
	}
	key := func(string) bool { return true }
	open := func(add func(Keyed[bool, string])) (push func(v string) error, got func() string) {
		t.Helper()
		job := NewJob("accumulators")
		add(KeyBy(From(job, "in", Slice[string]()), key))
		var out []string
		op := open(t, job, testContext(), outputFunc(func(b flow.Batch) error {
			switch b := b.(type) {
			case *flow.Vec[string]:
				out = append(out, b.Values...)
			case *flow.Vec[KeyValue[bool, string]]:
				for _, kv := range b.Values {
					out = append(out, kv.Value)
				}
			}
			return nil
		}))
		return func(v string) error {
				return pushByKey(job, op, vec(v))
			}, func() string {
				s := strings.Join(out, " ")
				out = nil
				return s
			}
	}
	for _, tt := range []struct {
		name, want string
		add        func(Keyed[bool, string])
	}{
		{"aggregate", "<a> <ab> <abc>", func(k Keyed[bool, string]) { Aggregate(k, "op", list) }},
		{"reduce", "a ab abc", func(k Keyed[bool, string]) { Reduce(k, "op", join) }},
		{"aggregating state", "<a> <ab> <abc>", func(k Keyed[bool, string]) {
			Process(k, "op", func(c *KeyContext[bool], out *Out[string]) func(string) error {
				state := NewAggregating(c, "s", list)
				return func(v string) error {
					if err := state.Add(v); err != nil {
						return err
					}
					r, ok, err := state.Get()
					if err == nil && ok {
						out.Emit(r)
					}
					return err
				}
			})
		}},
		{"reducing state", "a ab abc", func(k Keyed[bool, string]) {
			Process(k, "op", func(c *KeyContext[bool], out *Out[string]) func(string) error {
				state := NewReducing(c, "s", join)
				return func(v string) error {
					if err := state.Add(v); err != nil {
						return err
					}
					r, _ := state.Get()
					out.Emit(r)
					return nil
				}
			})
		}},
	} {
		push, got := open(tt.add)
		for _, v := range []string{"a", "b", "bad", "c"} {
			if err := push(v); errors.Is(err, boom) != (v == "bad") {
				t.Fatalf("%s: %s: %v", tt.name, v, err)
			}
		}
		if s := got(); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
		if strings.HasPrefix(tt.name, "aggregat") {
			if err := push("x"); !errors.Is(err, boom) || got() != "" {
				t.Errorf("%s: a result that fails: %v", tt.name, err)
			}
		}
	}
}

// What is cleared is gone: the next value is the first one.
func TestClearedAccumulators(t *testing.T) {
	job := NewJob("clear")
	var got []string
	Process(KeyBy(From(job, "in", Slice[string]()), func(string) bool { return true }), "op", func(c *KeyContext[bool], _ *Out[string]) func(string) error {
		count := NewAggregating(c, "count", Count[string]())
		joined := NewReducing(c, "joined", func(a, b string) (string, error) { return a + b, nil })
		return func(v string) error {
			if v == "clear" {
				count.Clear()
				joined.Clear()
			} else if err := errors.Join(count.Add(v), joined.Add(v)); err != nil {
				return err
			}
			n, some, err := count.Get()
			j, any := joined.Get()
			got = append(got, fmt.Sprintf("%d %t %s %t", n, some, j, any))
			return err
		}
	})
	op := open(t, job, testContext(), &noted[string]{})
	if err := pushByKey(job, op, vec("a", "b", "clear", "c")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"1 true a true", "2 true ab true", "0 false  false", "1 true c true"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
