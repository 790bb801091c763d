package keyed

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// located is what an error of damaged bytes says: where.
var located = regexp.MustCompile(`at byte \d|at offset -?\d`)

// FuzzRestore restores anything. What is taken is written again the way it was taken; what
// is not is said to be somewhere, or not to fit the job; and what it costs is in
// proportion to the bytes there are.
func FuzzRestore(f *testing.F) {
	old := newSample(f, 0, 1, 4)
	for i := range 5 {
		old.at(fmt.Sprint("key", i))
		ref, _ := old.count.Ref()
		*ref = int64(i)
		old.table.Put("u", int64(i))
		old.list.Set([]string{"a", ""})
		old.panes.In(Window{0, 1}).Set(1)
		old.rows.In(Window{0, 1}).Add("a")
		old.cells.In(Window{0, 1}).Put("u", 1)
		old.wakes.Register(int64(i))
		old.ends.In(Window{0, 1})
		old.ends.Register(int64(i))
	}
	p := write(f, old.Snapshot())
	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	offsets := func(p flow.KeyedPart) (b []byte) {
		for _, o := range p.Offsets {
			b = flink.AppendI16(b, int16(o))
		}
		return b
	}
	f.Add(offsets(p), data)
	f.Add([]byte{0, 1, 0, 1, 0, 0, 0xff, 0xff}, data)
	empty := write(f, newSample(f, 0, 1, 4).Snapshot())
	small := make([]byte, empty.Size)
	empty.Data.ReadAt(small, 0)
	f.Add(offsets(empty), small)
	f.Fuzz(func(t *testing.T, offs, data []byte) {
		part := flow.KeyedPart{Data: bytes.NewReader(data), Size: int64(len(data)), From: "memory"}
		for ; len(offs) >= 2 && len(part.Offsets) < 4; offs = offs[2:] {
			part.Offsets = append(part.Offsets, int64(int16(offs[0])<<8|int16(offs[1])))
		}
		if len(part.Offsets) == 0 {
			return
		}
		part.Range = checkpoint.KeyGroupRange{Start: 0, End: len(part.Offsets) - 1}
		s := newSample(t, 0, 1, 4)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := s.Restore([]flow.KeyedPart{part}, true)
		runtime.ReadMemStats(&after)
		// Four groups may be the same bytes, and each of them the whole file.
		if cost, limit := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+4*300*len(data)); cost > limit {
			t.Errorf("%d bytes were allocated for %d", cost, len(data))
		}
		var incompatible *IncompatibleError
		if err != nil {
			if !errors.As(err, &incompatible) && !located.MatchString(err.Error()) {
				t.Errorf("not said where: %v", err)
			}
			return
		}
		first := write(t, s.Snapshot())
		again := newSample(t, 0, 1, 4)
		if err := again.Restore([]flow.KeyedPart{first}, false); err != nil {
			t.Fatalf("restored, written, and not restored again: %v", err)
		}
		if second := write(t, again.Snapshot()); second.Size != first.Size || !slices.Equal(second.Offsets, first.Offsets) {
			t.Fatalf("%d bytes %v, written again %d bytes %v", first.Size, first.Offsets, second.Size, second.Offsets)
		}
	})
}
