package weir_test

import (
	"fmt"
	"os"
	"regexp"

	"github.com/weirstream/weir"
)

// Check finds mistakes before anything runs. Each complaint begins with the line of the
// program that made it; the example prints "FILE:LINE" instead.
func ExampleJob_Check() {
	job := weir.NewJob("unfinished")
	numbers := weir.From(job, "numbers", weir.Slice[int64](1, 2, 3))
	weir.Reduce(weir.KeyBy(numbers, func(n int64) int64 { return n % 2 }), "numbers", func(a, b int64) (int64, error) {
		return a + b, nil
	})
	err := job.Check()
	fmt.Println(regexp.MustCompile(`\S+\.go:\d+`).ReplaceAllString(err.Error(), "FILE:LINE"))
	// Output:
	// job unfinished: FILE:LINE: numbers: two operators are named "numbers" (a source and a reduce): the name is the identity of their state, give each its own
	// FILE:LINE: numbers: nothing reads its output: end it with To
}

// WritePlan shows which operators run together, and how records get from one task to the
// next.
func ExampleJob_WritePlan() {
	job := weir.NewJob("totals")
	totals := weir.Aggregate(sales(job), "total", weir.Sum(Sale.amount))
	weir.To(totals, "out", &weir.Collector[weir.KeyValue[string, int64]]{}).Parallelism(1)
	if err := job.WritePlan(os.Stdout, 4); err != nil {
		fmt.Println(err)
	}
	// Output:
	// task 0 ×4: sales
	// task 1 ×4: total
	//   from task 0 (sales), by key
	// task 2 ×1: out
	//   from task 1 (total), rebalance
}

// A collector keeps the output of a job in memory, exactly once.
func ExampleCollector() {
	job := weir.NewJob("copy")
	var out weir.Collector[string]
	weir.To(weir.From(job, "in", weir.Slice("a", "b")), "out", &out)
	if err := runQuietly(job); err != nil {
		fmt.Println(err)
	}
	fmt.Println(out.Records())
	// Output:
	// [a b]
}
