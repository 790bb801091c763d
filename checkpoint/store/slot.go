package store

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// The lock file has two slots of 4 KiB, which are overwritten in place in turn. A
// power cut can tear the slot that is being written and leaves the other. All
// integers are big-endian.
//
//	8  "WEIRLOCK"
//	4  format version, 2
//	8  incarnation
//	8  highest checkpoint id that was seen when the slot was written
//	8  highest checkpoint id whose effects are all visible, 0 for none
//	8  incarnation that noted that, 0 for none
//	8  lineage, see Store.Lineage
//	4  n
//	n  owner, UTF-8, for people
//	4  m
//	m  the job's name, UTF-8, for people
//	   zeros
//	4  CRC32C of the 4092 bytes before
//
// Version 1 is read and no longer written: there the owner follows the highest id, and
// nothing follows the owner.
const (
	slotMagic       = "WEIRLOCK"
	slotVersion     = 2
	firstSlotFormat = 1
	slotBytes       = 4096
	slotEnd         = slotBytes - 4 // where the checksum stands
	slots           = 2

	slotHead        = 8 + 4 + 5*8 + 2*4
	maxJobNameBytes = 1 << 10
	maxOwnerBytes   = slotEnd - slotHead - maxJobNameBytes
)

// A slot is what one slot of the lock file says.
type slot struct {
	incarnation checkpoint.Incarnation
	highest     checkpoint.ID
	committed   checkpoint.ID          // see Store.Committed
	committedBy checkpoint.Incarnation // which noted it
	lineage     uint64                 // see Store.Lineage; 0 in slots of version 1
	owner       string
	job         string // its name
}

func (s slot) encode() []byte {
	b := make([]byte, 0, slotBytes)
	b = append(b, slotMagic...)
	b = binary.BigEndian.AppendUint32(b, slotVersion)
	for _, n := range []int64{int64(s.incarnation), int64(s.highest), int64(s.committed), int64(s.committedBy)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = binary.BigEndian.AppendUint64(b, s.lineage)
	for _, text := range []string{cut(s.owner, maxOwnerBytes), cut(s.job, maxJobNameBytes)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	b = b[:slotEnd]
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeSlot reads a slot. One that is torn, empty or not a slot at all is not ok.
func decodeSlot(b []byte) (s slot, ok bool) {
	if len(b) != slotBytes || binary.BigEndian.Uint32(b[slotEnd:]) != crc32.Checksum(b[:slotEnd], castagnoli) {
		return slot{}, false
	}
	c := flink.NewCursor(b[:slotEnd])
	magic, version := string(c.Bytes(len(slotMagic))), c.I32()
	s.incarnation, s.highest = checkpoint.Incarnation(c.I64()), checkpoint.ID(c.I64())
	if version == slotVersion {
		s.committed, s.committedBy = checkpoint.ID(c.I64()), checkpoint.Incarnation(c.I64())
		s.lineage = uint64(c.I64())
	}
	s.owner = string(c.Bytes(c.Count("bytes of the owner", 1)))
	if version == slotVersion {
		s.job = string(c.Bytes(c.Count("bytes of the job's name", 1)))
	}
	ok = c.Err() == nil && magic == slotMagic && (version == slotVersion || version == firstSlotFormat) &&
		s.incarnation >= 1 && s.highest >= 0 && s.committed >= 0 && s.committed <= s.highest && s.committedBy >= 0
	if !ok {
		return slot{}, false
	}
	return s, true
}

// newerThan reports whether s was written after t. In one incarnation both ids only grow.
func (s slot) newerThan(t slot) bool {
	return cmp.Or(cmp.Compare(s.incarnation, t.incarnation), cmp.Compare(s.highest, t.highest),
		cmp.Compare(s.committed, t.committed)) > 0
}
