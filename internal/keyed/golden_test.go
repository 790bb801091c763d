package keyed

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// goldenDir has snapshots that Flink wrote. They are not part of this repository.
const goldenDir = "../../../shared/flink-golden"

// tuple1 is the codec of a number as Flink's Tuple1<Long>.
type tuple1 struct{ codec.Codec[int64] }

func (tuple1) Serializer() flink.Serializer { return flink.Tuple(flink.Long) }

// goldenTimers calls f with each keyed state in goldenDir that is in the layout of Flink's
// heap backend and has keys of tuple1.
func goldenTimers(t *testing.T, f func(name string, h *flink.KeyGroupsHandle, data []byte)) {
	err := filepath.WalkDir(goldenDir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "_metadata" {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		meta, _, err := flink.DecodeMetadata(data)
		if err != nil {
			return err
		}
		for _, op := range meta.Operators {
			for _, sub := range op.Subtasks {
				h, ok := sub.ManagedKeyed.(*flink.KeyGroupsHandle)
				if !ok {
					continue
				}
				var data []byte
				switch in := h.Data.(type) {
				case *flink.InlineHandle:
					data = in.Data
				case *flink.RelativeHandle:
					if data, err = os.ReadFile(filepath.Join(filepath.Dir(file), in.Path)); err != nil {
						return err
					}
				default:
					continue
				}
				r, err := flink.NewKeyedReader(h, bytes.NewReader(data), int64(len(data)))
				if err == nil && r.Layout() == flink.LayoutHeap && flink.Equal(r.Header().Key, tuple1{}.Serializer()) && !r.Header().Compressed {
					f(fmt.Sprintf("%s, key groups %v", file, h.Range), h, data)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Skip("no Flink snapshots: ", err)
	}
}

// Timers that Flink wrote are restored, and written again are the same to a reader that
// has nothing in common with that.
func TestTimersOfFlink(t *testing.T) {
	restored := 0
	goldenTimers(t, func(name string, h *flink.KeyGroupsHandle, data []byte) {
		read := func(h *flink.KeyGroupsHandle, data []byte) (timers []string) {
			for e, err := range flink.KeyedEntries(h, data) {
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if e.State.Kind == flink.KindPriorityQueue {
					timers = append(timers, fmt.Sprint(e.State.Name, e.Group, e.Value))
				}
			}
			slices.Sort(timers)
			return timers
		}
		b := NewBackend(h.Range, codec.Codec[int64](tuple1{of[int64](t)}), flink.JavaLongHash)
		event, err1 := NewTimersIn(b, EventTime, "timer", of[int64](t))
		processing, err2 := NewTimersIn(b, ProcessingTime, "timer", of[int64](t))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		part := flow.KeyedPart{Range: h.Range, Offsets: h.Offsets, Data: bytes.NewReader(data), Size: int64(len(data)), From: name}
		if err := b.Restore([]flow.KeyedPart{part}, true); err != nil {
			t.Fatal(err)
		}
		want := read(h, data)
		again := write(t, b.Snapshot())
		data = make([]byte, again.Size)
		again.Data.ReadAt(data, 0)
		if got := read(&flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: again.Range, Offsets: again.Offsets}, data); !slices.Equal(got, want) {
			t.Errorf("%s: wrote %q, and Flink %q", name, got, want)
		}
		n := b.Entries()
		for _, timers := range []*Timers[int64, int64]{event, processing} {
			last := int64(math.MinInt64)
			for at, ok := timers.PopDue(math.MaxInt64); ok; at, ok = timers.PopDue(math.MaxInt64) {
				if at < last {
					t.Errorf("%s: a timer at %d is due after one at %d", name, at, last)
				}
				last = at
				restored++
			}
		}
		if n != len(want) || b.Entries() != 0 {
			t.Errorf("%s: %d timers, %d of them not due, want %d", name, n, b.Entries(), len(want))
		}
	})
	if restored == 0 {
		t.Error("no timers")
	}
}
