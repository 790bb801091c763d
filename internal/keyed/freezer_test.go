package keyed

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// A freezer sees what was made before its snapshots, and not what the only living one has
// written.
func TestFreezerSees(t *testing.T) {
	f := &freezer{epoch: 1}
	sees := func(what string, epoch uint32, at place, want bool) {
		t.Helper()
		if got := f.sees(epoch, at); got != want {
			t.Errorf("%s: epoch %d at %#x is seen: %t", what, epoch, uint64(at), got)
		}
	}
	sees("no snapshot", 1, whole, false)
	a := f.freeze()
	sees("one", 1, placeOf(0, 0), true)
	sees("one", f.epoch, whole, false)
	a.wrote(placeOf(1, 2))
	sees("written in part", 1, placeOf(1, 1), false)
	sees("written in part", 1, placeOf(1, 2), true)
	sees("written in part", 1, endOf(0), false)
	sees("written in part", 1, endOf(1), true)
	b := f.freeze()
	sees("two", 1, placeOf(0, 0), true)
	sees("two", 2, placeOf(0, 0), true)
	b.wrote(placeOf(5, 0))
	sees("two, of which one is written in part", 1, placeOf(0, 0), true)
	b.release()
	sees("the first of two", 2, whole, false)
	sees("the first of two", 1, placeOf(0, 0), true)
	a.wrote(placeOf(2, 0))
	sees("the first of two, written in part", 1, placeOf(1, 9), false)
	a.release()
	sees("none any more", 1, whole, false)
	if len(f.freezes) != 0 {
		t.Errorf("%d snapshots are known", len(f.freezes))
	}
}

// A snapshot uses the memory of the one before, if that is not alive.
func TestFreezesUseMemoryAgain(t *testing.T) {
	f := &freezer{epoch: 1}
	a := f.freeze()
	if _, err := a.kept.add([]byte("kept")); err != nil {
		t.Fatal(err)
	}
	if b := f.freeze(); len(b.kept.spare) != 0 {
		t.Error("the memory of a living snapshot is used")
	} else if _, err := b.kept.add([]byte("kept")); err != nil {
		t.Fatal(err)
	} else {
		b.release()
	}
	a.release()
	if c := f.freeze(); len(c.kept.spare) != 1 {
		t.Error("no memory is used again")
	}
}

// A value that is handed out just when the last snapshot has been released is left alone.
func TestKeepWithoutSnapshot(t *testing.T) {
	f := &freezer{epoch: 1}
	b := newBox(f, []int64{1})
	was := b.bits.Load()
	f.freeze().release()
	f.keep(&b.mark, []byte("kept"), nil)
	if now := b.bits.Load(); now != was {
		t.Errorf("the mark was %#x and is %#x", was, now)
	}
}

// A value that cannot be encoded fails every snapshot that needs it, with the first error.
func TestSnapshotsFailTogether(t *testing.T) {
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[int64](t), flink.JavaLongHash)
	c := codec.Custom("none", 1, func(dst []byte, v []string) ([]byte, error) {
		return dst, errors.New(v[0])
	}, func([]byte) ([]string, error) { return nil, errors.New("not written") })
	value, err := NewValue(b, "value", PlainValue, c)
	if err != nil {
		t.Fatal(err)
	}
	for key, says := range []string{"the first", "the second"} {
		b.Set(int64(key), 0)
		value.Set([]string{says})
	}
	snapshots := []flow.KeyedSnapshot{b.Snapshot(), b.Snapshot()}
	for key := range int64(2) {
		b.Set(key, 0)
		value.Get()
	}
	for i, s := range snapshots {
		if _, err := s.Write(io.Discard); err == nil || !strings.Contains(err.Error(), "the first") {
			t.Errorf("snapshot %d: %v", i, err)
		}
		s.Release()
	}
}
