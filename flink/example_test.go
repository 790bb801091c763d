package flink_test

import (
	"fmt"

	"github.com/weirstream/weir/flink"
)

// A key's hash code decides its key group, and the key group its subtask.
func ExampleKeyGroupOf() {
	const maxParallelism, parallelism = 128, 4
	for _, key := range []string{"FRA", "JFK"} {
		group := flink.KeyGroupOf(flink.JavaStringHash(key), maxParallelism)
		fmt.Println(key, group, flink.SubtaskOf(group, maxParallelism, parallelism))
	}
	// Output:
	// FRA 51 1
	// JFK 118 3
}

// A _metadata file is written in version 3 and read in versions 2 to 6.
func ExampleDecodeMetadata() {
	data, err := (&flink.Metadata{CheckpointID: 7, Operators: []flink.OperatorState{
		{ID: flink.OperatorIDOf("counter"), Parallelism: 2, MaxParallelism: 128},
	}}).AppendTo(nil)
	if err != nil {
		fmt.Println(err)
	}
	m, n, err := flink.DecodeMetadata(data)
	fmt.Println(m.CheckpointID, len(m.Operators), m.Operators[0].Parallelism, n == len(data), err)
	// Output:
	// 7 1 2 true <nil>
}

// A value that was read from a state can be shown without its Go type.
func ExampleAppendJSON() {
	c := flink.NewCursor(flink.AppendI64(flink.AppendString(nil, "FRA"), 42))
	v := flink.Tuple(flink.String, flink.Long).Decode(c)
	fmt.Printf("%s %v\n", flink.AppendJSON(nil, v), c.Err())
	// Output:
	// ["FRA",42] <nil>
}
