package keyed

import (
	"math"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// ofOneCode are more numbers of one hash code than a group takes before it hashes whole
// keys.
func ofOneCode() (keys []float64) {
	for i := range uint64(crowd + 1) {
		keys = append(keys, math.Float64frombits((i+1)<<32|(i+1)))
	}
	return keys
}

func floats(t *testing.T) (*Backend[float64], *Table[float64, Void, int64]) {
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[float64](t), flink.JavaDoubleHash)
	if _, err := NewValue(b, "n", PlainValue, of[int64](t)); err != nil {
		t.Fatal(err)
	}
	return b, b.states[0].(*cells[float64, Void, int64]).table
}

// 0 and -0 are equal in Go, and two keys to Flink, as they have two hash codes; so they are
// to a table, whichever hash it finds them by, and to a restore.
func TestNegativeZeroIsAKeyOfItsOwn(t *testing.T) {
	zeros := []float64{0, math.Copysign(0, -1)}
	check := func(b *Backend[float64], s *Table[float64, Void, int64]) {
		t.Helper()
		for i, zero := range zeros {
			b.Set(zero, 0)
			if v, ok := s.Get(); v != int64(i+1) || !ok {
				t.Errorf("Get(%v) = %d, %t; want %d", zero, v, ok, i+1)
			}
		}
	}
	var b *Backend[float64]
	var s *Table[float64, Void, int64]
	for range 100 { // with a secret of its own each, by which some of them meet in the index
		b, s = floats(t)
		for i, zero := range zeros {
			b.Set(zero, 0)
			s.Set(int64(i + 1))
		}
		check(b, s)
	}
	for _, k := range ofOneCode() {
		b.Set(k, 0)
		s.Set(0)
	}
	if !s.groups[0].crowded {
		t.Fatal("the group does not hash whole keys")
	}
	check(b, s)
	b.Set(zeros[0], 0)
	s.Clear() // so that the last of the others comes first, and they are restored after it
	s.Set(1)
	b.Set(zeros[1], 0)
	s.Clear()
	s.Set(2)
	again, restored := floats(t)
	part := write(t, b.Snapshot())
	if err := again.Restore([]flow.KeyedPart{part}, false); err != nil {
		t.Fatal(err)
	}
	check(again, restored)
}

// A NaN among the keys of a checkpoint could never be found again, nor could a table find
// where its index points to it: it is refused, or dropped.
func TestNaNIsNotRestored(t *testing.T) {
	b, s := floats(t)
	for _, k := range append(ofOneCode(), math.NaN()) {
		b.Set(k, 0)
		s.Set(1)
	}
	part := write(t, b.Snapshot())
	again, _ := floats(t)
	wantIncompatible(t, again.Restore([]flow.KeyedPart{part}, false), "NaN", "Options.AllowNonRestoredState")
	again, restored := floats(t)
	if err := again.Restore([]flow.KeyedPart{part}, true); err != nil {
		t.Fatal(err)
	}
	if n := again.Entries(); n != crowd+1 {
		t.Errorf("%d entries beside the one that was dropped, want %d", n, crowd+1)
	}
	for _, k := range ofOneCode() {
		again.Set(k, 0)
		if !restored.Clear() {
			t.Errorf("%v is not there", k)
		}
	}
}
