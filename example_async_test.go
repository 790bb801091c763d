package weir_test

import (
	"context"
	"fmt"
	"time"

	"github.com/weirstream/weir"
)

// Async asks a service about each record, up to ten at a time.
func ExampleAsync() {
	capitals := map[string]string{"France": "Paris", "Peru": "Lima"}
	lookUp := func(ctx context.Context, country string) (string, error) {
		// A real one would send ctx with its request.
		return country + ": " + capitals[country], nil
	}
	job := weir.NewJob("capitals")
	countries := weir.From(job, "countries", weir.Slice("France", "Peru"))
	show(job, weir.Async(countries, "look up", weir.AsyncOptions{Capacity: 10}, lookUp))
	// Output:
	// France: Paris
	// Peru: Lima
}

// A request that fails may be made again, and one that takes too long may have another answer.
func ExampleAsyncOptions() {
	options := weir.AsyncOptions{
		Capacity:  10,
		Timeout:   50 * time.Millisecond,
		Unordered: true,
		Retry: func(attempt int, _ error) (time.Duration, bool) {
			return time.Millisecond, attempt < 3
		},
	}
	ask := func(ctx context.Context, n int) (string, error) {
		if n == 2 {
			<-ctx.Done() // it takes too long
			return "", ctx.Err()
		}
		return fmt.Sprint(n, " is known"), nil
	}
	unknown := func(n int) (string, error) { return fmt.Sprint(n, " is unknown"), nil }
	job := weir.NewJob("numbers")
	numbers := weir.From(job, "numbers", weir.Slice(1, 2, 3))
	show(job, weir.Async(numbers, "ask", options, ask, unknown))
	// Output:
	// 1 is known
	// 2 is unknown
	// 3 is known
}
