package store

import (
	"bytes"
	"errors"
	"math"
	"path"
	"runtime"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// allocated is how many bytes do allocates, and what else goes on meanwhile: nothing much.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzLockFile: whatever stands in the lock file, the store opens, with an incarnation
// above that of every slot that is whole, and says so in the file.
func FuzzLockFile(f *testing.F) {
	f.Add(slot{incarnation: 3, highest: 17, owner: "an owner"}.encode())
	f.Add(append(slot{incarnation: 3, highest: 17}.encode(), slot{incarnation: 4, highest: 18, owner: "é"}.encode()...))
	f.Add(append(slot{incarnation: math.MaxInt64}.encode(), make([]byte, slotBytes)...))
	f.Add(slot{incarnation: 1, highest: math.MaxInt64}.encode()[:slotBytes-1])
	f.Fuzz(func(t *testing.T, content []byte) {
		disk := crashfs.New(crashfs.Strict)
		check(t, durable.MkdirAll(disk, string(jobDir)))
		check(t, durable.WriteFile(disk, jobDir.Lock(), content))
		var taken checkpoint.Incarnation
		var highest checkpoint.ID
		for i := range slots {
			if end := (i + 1) * slotBytes; len(content) >= end {
				if s, ok := decodeSlot(content[end-slotBytes : end]); ok {
					taken = max(taken, s.incarnation)
					if s.incarnation == taken {
						highest = max(highest, s.highest)
					}
				}
			}
		}
		s, err := Open(disk, base, testJob, testOptions(1))
		if taken == math.MaxInt64 {
			wantText(t, err, "no incarnations left")
			return
		}
		check(t, err)
		if s.Incarnation() != taken+1 {
			t.Fatalf("incarnation %v, and %v was the highest", s.Incarnation(), taken)
		}
		if _, err := s.Recover(From{}); err != nil {
			t.Fatal(err)
		}
		p, err := s.Begin()
		if err == nil && p.ID() <= highest || errors.Is(err, errNoMoreIDs) && highest < math.MaxInt64 {
			t.Fatalf("checkpoint %v, and %v was the highest; %v", p.ID(), highest, err)
		}
		check(t, s.Close())
		l, err := takeLock(disk, jobDir)
		check(t, err)
		if l.content.incarnation != taken+1 {
			t.Fatalf("the lock file says %v, want %v", l.content.incarnation, taken+1)
		}
	})
}

// FuzzRecover puts anything in the place of the newest checkpoint's metadata, of a state
// file of it, or of a part of either: recovery finds every byte as it was, or refuses and
// says which checkpoint is intact. What it allocates is in proportion to what there is.
func FuzzRecover(f *testing.F) {
	disk, _ := twoCheckpoints(f)
	dir := jobDir.Complete(2)
	whole := contents(f, disk, dir)
	names := []string{checkpoint.MetadataName, "state-4", "state-5"}
	f.Add(uint8(0), uint16(0), []byte{})
	f.Add(uint8(0), uint16(8), []byte{0x7f, 0xff, 0xff, 0xff})
	f.Add(uint8(1), uint16(137), []byte("x"))
	f.Add(uint8(2), uint16(3), whole["state-4"][3:9])
	f.Add(uint8(0), uint16(0xffff), whole[checkpoint.MetadataName])
	f.Fuzz(func(t *testing.T, which uint8, at uint16, with []byte) {
		name := names[int(which)%len(names)]
		data := with // in place of all of it
		if at != 0xffff {
			data = bytes.Clone(whole[name])
			copy(data[min(int(at), len(data)):], with)
		}
		var err error
		fsys := altered{disk, map[string][]byte{path.Join(dir, name): data}}
		cost := allocated(func() {
			var s *Store
			if s, _, err = start(fsys, testOptions(2), From{}); err == nil {
				s.Close()
			}
		})
		// Two checkpoints may be read, block by block, the metadata in one piece.
		if limit := uint64(1<<20 + 300*len(data)); cost > limit {
			t.Errorf("%d bytes were allocated for one of %d", cost, len(data))
		}
		same := bytes.Equal(data, whole[name])
		var damaged *DamagedError
		switch {
		case same && err != nil:
			t.Errorf("nothing was changed: %v", err)
		case same:
		case !errors.As(err, &damaged) || damaged.Report.ID != 2 || damaged.Intact != 1 || damaged.Report.Unreadable():
			t.Errorf("%s was changed: %v", name, err)
		case !strings.Contains(err.Error(), dir) || !strings.Contains(damaged.Report.Verdict(), name):
			t.Errorf("it is not said that it was %s: %v", name, err)
		}
		disk.Settle()
	})
}
