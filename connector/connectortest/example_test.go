package connectortest_test

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
	"github.com/weirstream/weir/connector/generator"
)

// In a test this is connectortest.Source(t, …), with a subtest for each check.
func ExampleSource() {
	even := connectortest.SourceConfig[int64]{
		New: func() weir.Source[int64] {
			return generator.Source(5, func(i int64) int64 { return 2 * i }, generator.Splits(2))
		},
		Want:    map[string][]int64{"0": {0, 4, 8}, "1": {2, 6}},
		Refused: [][]byte{{1}, {2, 3}}, // no number of splits; three of them
	}
	fmt.Println(even.Check())

	even.Want["1"] = []int64{2, 6, 10}
	fmt.Println(strings.SplitN(even.Check().Error(), "\n", 2)[0])
	// Output:
	// <nil>
	// records: split "1" from position nil, in batches of 1: it ends after 2 records, want 3
}

// In a test this is connectortest.Sink(t, …), with a subtest for each check. A sink that
// writes files is made with On.
func ExampleSink() {
	memory := connectortest.SinkConfig[string]{
		Elsewhere: func() connectortest.Output[string] {
			var c weir.Collector[string]
			return connectortest.Output[string]{
				Sink:    &c,
				Visible: func() ([]string, error) { return c.Records(), nil },
			}
		},
		Record: func(i int) string { return fmt.Sprintf("record %d", i) },
	}
	fmt.Println(memory.Check())
	// Output:
	// <nil>
}
