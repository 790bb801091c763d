package keyed

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// counting is a codec that counts what it encodes.
type counting struct {
	codec.Codec[[]int64]
	encoded *int
}

func (c counting) Append(dst []byte, v []int64) ([]byte, error) {
	*c.encoded++
	return c.Codec.Append(dst, v)
}

// A value that refers to memory is handed out itself, also while a snapshot needs it; and
// all that is done for the snapshot is to encode each value once, whether it is written
// first or used.
func TestReadingCopiesNothing(t *testing.T) {
	const n = 100
	encoded := 0
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 1}, of[int64](t), flink.JavaLongHash)
	c := counting{of[[]int64](t), &encoded}
	value, err1 := NewValue(b, "value", PlainValue, codec.Codec[[]int64](c))
	table, err2 := NewMap(b, "table", of[int64](t), codec.Codec[[]int64](c))
	list, err3 := NewList(b, "list", codec.Codec[[]int64](c))
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	all := func() (at []*int64) {
		for i := range int64(n) {
			b.Set(i, checkpoint.KeyGroup(i%2))
			v, _ := value.Get()
			at = append(at, unsafe.SliceData(v))
			v, _ = table.Get(i)
			at = append(at, unsafe.SliceData(v))
			for v := range list.All() {
				at = append(at, unsafe.SliceData(v))
			}
		}
		return at
	}
	for i := range int64(n) {
		b.Set(i, checkpoint.KeyGroup(i%2))
		value.Set([]int64{i})
		table.Put(i, []int64{i})
		list.Add([]int64{i})
	}
	before := all()
	if encoded != 0 {
		t.Fatalf("%d values were encoded without a snapshot", encoded)
	}
	for round := range 3 {
		encoded = 0
		s := b.Snapshot().(*snapshot)
		out := new(encoder)
		if round > 0 {
			if err := s.writeGroup(out, 0); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if after := all(); !slices.Equal(before, after) {
				t.Fatal("values have moved")
			}
		}
		for g := min(round, 1); g < 2; g++ {
			if err := s.writeGroup(out, g); err != nil {
				t.Fatal(err)
			}
		}
		s.Release()
		if encoded != 3*n {
			t.Errorf("round %d: %d values were encoded, of %d", round, encoded, 3*n)
		}
	}
}

// A value that is changed after each of several snapshots is in each of them as it was.
func TestValueInSeveralSnapshots(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}} {
		// In which epochs the value is changed.
		for changes := range 8 {
			b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[int64](t), flink.JavaLongHash)
			value, err := NewValue(b, "value", PlainValue, of[[]int64](t))
			if err != nil {
				t.Fatal(err)
			}
			b.Set(1, 0)
			value.Set([]int64{0})
			var snapshots []flow.KeyedSnapshot
			var want []int64
			now := int64(0)
			for epoch := range 3 {
				snapshots, want = append(snapshots, b.Snapshot()), append(want, now)
				if changes&(1<<epoch) != 0 {
					v, _ := value.Get()
					now++
					v[0] = now
				}
			}
			for _, i := range order {
				part := write(t, snapshots[i])
				snapshots[i].Release()
				restored := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[int64](t), flink.JavaLongHash)
				value, err := NewValue(restored, "value", PlainValue, of[[]int64](t))
				if err != nil {
					t.Fatal(err)
				}
				if err := restored.Restore([]flow.KeyedPart{part}, false); err != nil {
					t.Fatal(err)
				}
				restored.Set(1, 0)
				if v, _ := value.Get(); !slices.Equal(v, want[i:i+1]) {
					t.Errorf("written in the order %v, changed after %03b: snapshot %d has %d, want %d", order, changes, i, v, want[i])
				}
			}
			if n := len(b.states[0].(*cells[int64, Void, *box[[]int64]]).table.freezes); n != 0 {
				t.Errorf("%d snapshots are alive", n)
			}
		}
	}
}

// A value that cannot be encoded fails the snapshots that need it, and not the job, which
// may go on to change it.
func TestValueThatCannotBeEncoded(t *testing.T) {
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[int64](t), flink.JavaLongHash)
	c := codec.Custom("odd", 1, func(dst []byte, v []int64) ([]byte, error) {
		if v[0]%2 == 0 {
			return dst, fmt.Errorf("%d is not odd", v[0])
		}
		return append(dst, byte(v[0])), nil
	}, func(src []byte) ([]int64, error) { return []int64{int64(src[0])}, nil })
	value, err := NewValue(b, "value", PlainValue, c)
	if err != nil {
		t.Fatal(err)
	}
	b.Set(1, 0)
	value.Set([]int64{2})
	s := b.Snapshot()
	b.Set(1, 0)
	v, _ := value.Get()
	v[0]++
	if _, err := s.Write(io.Discard); err == nil || !strings.Contains(err.Error(), `state "value": `) || !strings.Contains(err.Error(), "2 is not odd") {
		t.Errorf("written: %v", err)
	}
	s.Release()
	s = b.Snapshot()
	write(t, s)
	s.Release()
}
