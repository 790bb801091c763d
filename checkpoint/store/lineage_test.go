package store

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// A directory keeps its lineage over all starts, also if one slot of its lock file is torn,
// or was written by a version that knew none, and no other directory has the same.
func TestLineage(t *testing.T) {
	fsys := newDisk(t)
	open := func() string {
		s, _ := mustStart(t, fsys, testOptions(1))
		defer s.Close()
		return s.Lineage()
	}
	first := open()
	if len(first) != 16 || first == "0000000000000000" {
		t.Errorf("lineage %q", first)
	}
	for range 3 {
		if again := open(); again != first {
			t.Errorf("lineage %q, then %q", first, again)
		}
	}
	overwrite(t, fsys, jobDir.Lock(), func(b []byte) []byte { clear(b[slotBytes:]); return b })
	if again := open(); again != first {
		t.Errorf("lineage %q, and %q when a slot was torn", first, again)
	}
	other, err := Open(fsys, base, otherJob, testOptions(1))
	check(t, err)
	defer other.Close()
	if other.Lineage() == first {
		t.Error("two directories have the same lineage")
	}

	// Slots of an earlier version have none.
	overwrite(t, fsys, jobDir.Lock(), func(b []byte) []byte {
		for s := range slots {
			slot := b[s*slotBytes:][:slotBytes]
			clear(slot[8+4+4*8:][:8])
			binary.BigEndian.PutUint32(slot[slotBytes-4:], crc32.Checksum(slot[:slotBytes-4], castagnoli))
		}
		return b
	})
	next := open()
	if next == first || next == "0000000000000000" {
		t.Errorf("lineage %q where none was noted", next)
	}
	if again := open(); again != next {
		t.Errorf("lineage %q, then %q", next, again)
	}
	check(t, fsys.Remove(jobDir.Lock()))
	if again := open(); again == next {
		t.Error("the lineage outlives its lock file")
	}
}
