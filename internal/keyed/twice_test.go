package keyed

import (
	"bytes"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// A state that comes twice in a key group leaves another one out, which would begin empty
// without an error.
func TestStateThatComesTwice(t *testing.T) {
	backend := func() *Backend[string] {
		b := NewBackend(checkpoint.KeyGroupRange{}, of[string](t), flink.JavaStringHash)
		for _, name := range []string{"a", "b"} {
			if _, err := NewValue(b, name, PlainValue, of[int64](t)); err != nil {
				t.Fatal(err)
			}
		}
		return b
	}
	p := write(t, backend().Snapshot())
	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	good := flink.AppendStateBlock(flink.AppendStateBlock(nil, 0, 0), 1, 0)
	if !bytes.HasSuffix(data, good) {
		t.Fatalf("the key group is %x", data[p.Offsets[0]:])
	}
	twice := flink.AppendStateBlock(flink.AppendStateBlock(nil, 0, 0), 0, 0)
	p.Data = bytes.NewReader(append(data[:len(data)-len(good)], twice...))
	err := backend().Restore([]flow.KeyedPart{p}, false)
	if err == nil || !strings.Contains(err.Error(), `state "a" comes twice`) {
		t.Errorf("restored: %v", err)
	}
}
