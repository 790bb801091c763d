package keyed

import "testing"

// Hashes that begin alike, as many as there may be, are found among others, which are in
// larger parts of the directory.
func TestSegmentsOfUnequalDepth(t *testing.T) {
	x := newSegments()
	var hashes []uint32
	add := func(hash uint32) {
		x.link(len(hashes), hash)
		hashes = append(hashes, hash)
	}
	find := func(i int) bool {
		s := x.of(hashes[i])
		_, same := s.index.vacant(hashes[i])
		return same > 0 && s.index[s.index.slotOf(i, hashes[i])] != 0
	}
	for i := range uint32(3 * segmentLen) {
		add(0x12300000 | i) // in one segment of 2^12
	}
	for i := range uint32(4 * segmentLen) {
		add(i * 0x9e3779b9)
	}
	for range segmentLen {
		add(7) // in one segment, whatever is done
	}
	for i := range hashes {
		if !find(i) {
			t.Fatalf("entry %d of hash %#x is not found", i, hashes[i])
		}
	}
	n := 0
	for i, s := range x.dir {
		if i > 0 && s == x.dir[i-1] {
			continue
		}
		n += s.n
		for _, slot := range s.index {
			if slot != 0 && x.of(uint32(slot>>32)) != s {
				t.Fatalf("hash %#x is in another segment than its own", slot>>32)
			}
		}
	}
	if n != len(hashes) {
		t.Errorf("%d entries, want %d", n, len(hashes))
	}
	for i, hash := range hashes {
		x.unlink(i, hash)
	}
	for i, s := range x.dir {
		if i > 0 && s == x.dir[i-1] {
			continue
		}
		if s.n != 0 || count(s.index, 0) != len(s.index) {
			t.Fatalf("%d entries are left", s.n)
		}
	}
}
