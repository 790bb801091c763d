package weir_test

import (
	"fmt"
	"time"

	"github.com/weirstream/weir"
)

// A Reading is a value with the time at which it was measured.
type Reading struct {
	At    time.Time
	Value float64
}

// noon is a moment n minutes after twelve.
func noon(n int) time.Time { return time.Date(2026, 11, 28, 12, n, 0, 0, time.UTC) }

// observed emits the timestamp of each record.
func observed(in weir.Stream[Reading]) weir.Stream[string] {
	byAll := weir.KeyBy(in, func(Reading) string { return "all" })
	return weir.Process(byAll, "observed", func(c *weir.KeyContext[string], out *weir.Out[string]) func(Reading) error {
		return func(r Reading) error {
			late := c.Timestamp() <= c.Watermark()
			out.Emit(fmt.Sprintf("%v late=%t", c.Timestamp(), late))
			return nil
		}
	})
}

// Watermarks are given to From where that is possible. Here a record may come up to five
// minutes late, so none of these is.
func ExampleOutOfOrder() {
	job := weir.NewJob("readings")
	source := weir.Slice(Reading{noon(4), 20}, Reading{noon(1), 19}, Reading{noon(6), 21})
	readings := weir.From(job, "readings", source,
		weir.OutOfOrder(5*time.Minute, func(r Reading) weir.Time { return weir.At(r.At) }))
	show(job, observed(readings))
	// Output:
	// 2026-11-28T12:01:00.000Z late=false
	// 2026-11-28T12:04:00.000Z late=false
	// 2026-11-28T12:06:00.000Z late=false
}

// AssignWatermarks is for records whose timestamp is known only after some operators.
func ExampleAssignWatermarks() {
	job := weir.NewJob("lines")
	lines := weir.From(job, "lines", weir.Slice("2026-11-28T12:00:00Z", "2026-11-28T12:01:00Z"))
	readings := weir.Map(lines, func(line string) (Reading, error) {
		at, err := time.Parse(time.RFC3339, line)
		return Reading{At: at}, err
	})
	timed := weir.AssignWatermarks(readings, weir.Monotonous(func(r Reading) weir.Time { return weir.At(r.At) }))
	show(job, observed(timed))
	// Output:
	// 2026-11-28T12:00:00.000Z late=false
	// 2026-11-28T12:01:00.000Z late=false
}

// EmitAt gives a record a timestamp of its own.
func ExampleOut_EmitAt() {
	job := weir.NewJob("later")
	readings := weir.From(job, "readings", weir.Slice(Reading{noon(0), 20}),
		weir.Monotonous(func(r Reading) weir.Time { return weir.At(r.At) }))
	later := weir.FlatMapTo(readings, func(r Reading, out *weir.Out[Reading]) error {
		out.EmitAt(r, weir.At(r.At.Add(time.Hour)))
		return nil
	})
	show(job, observed(later))
	// Output:
	// 2026-11-28T13:00:00.000Z late=false
}
