package connectortest

import (
	"fmt"
	"testing"

	"github.com/weirstream/weir"
)

func record(i int) string { return fmt.Sprintf("record %d", i) }

func TestSlice(t *testing.T) {
	for _, n := range []int{0, 1, 2, 300} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			records := make([]string, n)
			for i := range records {
				records[i] = record(i)
			}
			Source(t, SourceConfig[string]{
				New:     func() weir.Source[string] { return weir.Slice(records...) },
				Want:    map[string][]string{"slice": records},
				Refused: [][]byte{{}, {0xff, 0x7f}, {0, 0}, {0x80}},
			})
		})
	}
}

func TestCollector(t *testing.T) {
	Sink(t, SinkConfig[string]{
		Elsewhere: func() Output[string] {
			var c weir.Collector[string]
			return Output[string]{Sink: &c, Visible: func() ([]string, error) { return c.Records(), nil }}
		},
		Record: record,
	})
}
