package weir_test

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weirstream/weir"
)

// A Sale is the record of the examples for keyed streams.
type Sale struct {
	Shop   string
	Amount int64
}

func (s Sale) shop() string  { return s.Shop }
func (s Sale) amount() int64 { return s.Amount }

// sales is a stream of three sales, by shop.
func sales(job *weir.Job) weir.Keyed[string, Sale] {
	all := weir.From(job, "sales", weir.Slice(Sale{"east", 10}, Sale{"west", 5}, Sale{"east", 30}))
	return weir.KeyBy(all, Sale.shop)
}

// All records of a key meet in one subtask, in the order in which they were sent.
func ExampleKeyBy() {
	job := weir.NewJob("by parity")
	numbers := weir.From(job, "numbers", weir.Slice[int64](1, 2, 3, 4))
	byParity := weir.KeyBy(numbers, func(n int64) bool { return n%2 == 0 })
	sums := weir.Aggregate(byParity, "sums", weir.Sum(func(n int64) int64 { return n }))
	show(job, sums)
	// Output:
	// {false 1}
	// {false 4}
	// {true 2}
	// {true 6}
}

// The state of a key is read and written by its handle, which is declared once per subtask.
func ExampleProcess() {
	job := weir.NewJob("records")
	best := weir.Process(sales(job), "best", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Sale) error {
		highest := weir.NewValue[int64](c, "highest")
		return func(s Sale) error {
			if was, ok := highest.Get(); !ok || s.Amount > was {
				highest.Set(s.Amount)
				out.Emit(fmt.Sprintf("new record in %s: %d", c.Key(), s.Amount))
			}
			return nil
		}
	})
	show(job, best)
	// Output:
	// new record in east: 10
	// new record in east: 30
	// new record in west: 5
}

func ExampleReduce() {
	job := weir.NewJob("totals")
	totals := weir.Reduce(sales(job), "total", func(soFar, next Sale) (Sale, error) {
		soFar.Amount += next.Amount
		return soFar, nil
	})
	show(job, totals)
	// Output:
	// {east 10}
	// {east 40}
	// {west 5}
}

// Aggregate emits the key and the result after each record. Aggregating makes an aggregator
// of two functions.
func ExampleAggregate() {
	job := weir.NewJob("range")
	type extremes struct{ Low, High int64 }
	spread := weir.Aggregating(
		func(e extremes, s Sale) (extremes, error) {
			if e == (extremes{}) {
				e = extremes{s.Amount, s.Amount}
			}
			return extremes{min(e.Low, s.Amount), max(e.High, s.Amount)}, nil
		},
		func(e extremes) (int64, error) { return e.High - e.Low, nil },
	)
	show(job, weir.Aggregate(sales(job), "spread", spread))
	// Output:
	// {east 0}
	// {east 20}
	// {west 0}
}

func ExampleCount() {
	job := weir.NewJob("count")
	show(job, weir.Aggregate(sales(job), "count", weir.Count[Sale]()))
	// Output:
	// {east 1}
	// {east 2}
	// {west 1}
}

func ExampleSum() {
	job := weir.NewJob("sum")
	show(job, weir.Aggregate(sales(job), "sum", weir.Sum(Sale.amount)))
	// Output:
	// {east 10}
	// {east 40}
	// {west 5}
}

func ExampleMin() {
	job := weir.NewJob("min")
	show(job, weir.Aggregate(sales(job), "min", weir.Min(Sale.amount)))
	// Output:
	// {east 10}
	// {east 10}
	// {west 5}
}

func ExampleMax() {
	job := weir.NewJob("max")
	show(job, weir.Aggregate(sales(job), "max", weir.Max(Sale.amount)))
	// Output:
	// {east 10}
	// {east 30}
	// {west 5}
}

func ExampleMean() {
	job := weir.NewJob("mean")
	show(job, weir.Aggregate(sales(job), "mean", weir.Mean(Sale.amount)))
	// Output:
	// {east 10}
	// {east 20}
	// {west 5}
}

func ExampleTopN() {
	job := weir.NewJob("top")
	largest := weir.TopN(2, func(a, b Sale) int { return cmp.Compare(b.Amount, a.Amount) })
	show(job, weir.Aggregate(sales(job), "largest", largest))
	// Output:
	// {east [{east 10}]}
	// {east [{east 30} {east 10}]}
	// {west [{west 5}]}
}

// A value is one value per key.
func ExampleNewValue() {
	job := weir.NewJob("number")
	numbered := weir.Process(sales(job), "number", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Sale) error {
		count := weir.NewValue[int64](c, "count")
		return func(s Sale) error {
			n, _ := count.Ref() // changed in place
			*n++
			out.Emit(fmt.Sprintf("%s, sale %d: %d", s.Shop, *n, s.Amount))
			return nil
		}
	})
	show(job, numbered)
	// Output:
	// east, sale 1: 10
	// east, sale 2: 30
	// west, sale 1: 5
}

// A list holds any number of elements per key.
func ExampleNewList() {
	job := weir.NewJob("pairs")
	pairs := weir.Process(sales(job), "pairs", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Sale) error {
		waiting := weir.NewList[int64](c, "waiting")
		return func(s Sale) error {
			waiting.Add(s.Amount)
			if waiting.Len() == 2 {
				out.Emit(fmt.Sprint(s.Shop, " ", slices.Collect(waiting.All())))
				waiting.Clear()
			}
			return nil
		}
	})
	show(job, pairs)
	// Output:
	// east [10 30]
}

// A map holds a map per key. Only the entries that are used are read and written.
func ExampleNewMap() {
	job := weir.NewJob("amounts seen")
	sizes := weir.KeyBy(weir.From(job, "sales", weir.Slice(Sale{"east", 10}, Sale{"east", 10})), Sale.shop)
	repeats := weir.Process(sizes, "repeats", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Sale) error {
		seen := weir.NewMap[int64, int64](c, "seen")
		return func(s Sale) error {
			times, _ := seen.Get(s.Amount)
			if seen.Put(s.Amount, times+1); times > 0 {
				out.Emit(fmt.Sprintf("%s has sold for %d before", s.Shop, s.Amount))
			}
			return nil
		}
	})
	show(job, repeats)
	// Output:
	// east has sold for 10 before
}

// A reducing state keeps one value per key: all that was added, joined by a function.
func ExampleNewReducing() {
	job := weir.NewJob("turnover")
	turnover := weir.Process(sales(job), "turnover", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Sale) error {
		total := weir.NewReducing(c, "total", func(a, b int64) (int64, error) { return a + b, nil })
		return func(s Sale) error {
			if err := total.Add(s.Amount); err != nil {
				return err
			}
			sum, _ := total.Get()
			out.Emit(fmt.Sprintf("%s: %d", s.Shop, sum))
			return nil
		}
	})
	show(job, turnover)
	// Output:
	// east: 10
	// east: 40
	// west: 5
}

// An aggregating state keeps the accumulator of an aggregator per key.
func ExampleNewAggregating() {
	job := weir.NewJob("unusual")
	unusual := weir.Process(sales(job), "unusual", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Sale) error {
		mean := weir.NewAggregating(c, "mean", weir.Mean(Sale.amount))
		return func(s Sale) error {
			before, ok, err := mean.Get()
			if err != nil {
				return err
			}
			if ok && float64(s.Amount) > 2*before {
				out.Emit(fmt.Sprintf("%s: %d, the mean was %g", s.Shop, s.Amount, before))
			}
			return mean.Add(s)
		}
	})
	show(job, unusual)
	// Output:
	// east: 30, the mean was 10
}

// A type for which Weir has no encoding gets a codec of its own: here a key of an interface
// type.
func ExampleCustomCodec() {
	job := weir.NewJob("shapes")
	shapes := weir.From(job, "shapes", weir.Slice[fmt.Stringer](Shape("round"), Shape("square"), Shape("round")))
	byShape := weir.KeyBy(shapes, func(s fmt.Stringer) fmt.Stringer { return s },
		weir.CustomCodec("shape", 1,
			func(dst []byte, s fmt.Stringer) ([]byte, error) { return append(dst, s.String()...), nil },
			func(src []byte) (fmt.Stringer, error) { return Shape(src), nil }))
	show(job, weir.Aggregate(byShape, "count", weir.Count[fmt.Stringer]()))
	// Output:
	// {round 1}
	// {round 2}
	// {square 1}
}

// A Shape is the type of the values of the interface.
type Shape string

func (s Shape) String() string { return string(s) }
