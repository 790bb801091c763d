package flinktest_test

import (
	"fmt"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/flink/flinktest"
)

// Entry returns the line that Flink prints for a key if it finds the expected value. Expect
// compares such lines; it needs Java, so this example only makes one.
func ExampleOperator_Entry() {
	counter := &flinktest.Operator{
		ID: flink.OperatorIDOf("counter"), Parallelism: 1, MaxParallelism: 128,
		Key: flink.String, Keyed: []flink.StateMeta{flink.ValueStateMeta("count", flink.Long)},
	}
	fmt.Println(counter.Entry("count", "a", int64(5)))
	// Output:
	// {"operator":"0da08f51eaa85fc298e176a139b3649a","VALUE":"count","group":81,"key":"a","value":5}
}
