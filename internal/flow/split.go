package flow

import (
	"encoding/binary"
	"fmt"
)

// A split is kept in a checkpoint the way Flink keeps one (SimpleVersionedSerialization):
// the version of its encoding, the length, and the encoding, which is Weir's own: the
// length of the id, the id, the position. In version 2 the split's watermark comes before
// them, 64 bits; version 1 is for splits without one. All other numbers are 32-bit
// big-endian.
const (
	splitPlain = 1
	splitTimed = 2
)

// AppendSplit appends the encoding of a split.
func AppendSplit(dst []byte, s Split) []byte {
	n := 4 + len(s.ID) + len(s.Position)
	if s.Watermark == MinTime {
		dst = binary.BigEndian.AppendUint32(dst, splitPlain)
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	} else {
		dst = binary.BigEndian.AppendUint32(dst, splitTimed)
		dst = binary.BigEndian.AppendUint32(dst, uint32(n+8))
		dst = binary.BigEndian.AppendUint64(dst, uint64(s.Watermark))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s.ID)))
	dst = append(dst, s.ID...)
	return append(dst, s.Position...)
}

// DecodeSplit decodes what AppendSplit wrote.
func DecodeSplit(b []byte) (Split, error) {
	if len(b) < 12 {
		return Split{}, fmt.Errorf("split of %d bytes: want at least 12", len(b))
	}
	version, n, rest := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), b[8:]
	if uint64(n) != uint64(len(rest)) {
		return Split{}, fmt.Errorf("split says it has %d bytes, has %d", n, len(rest))
	}
	s := Split{Watermark: MinTime}
	switch version {
	case splitPlain:
	case splitTimed:
		if len(rest) < 12 {
			return Split{}, fmt.Errorf("split with a watermark of %d bytes: want at least 12", len(rest))
		}
		s.Watermark, rest = Time(binary.BigEndian.Uint64(rest)), rest[8:]
	default:
		return Split{}, fmt.Errorf("split encoding version %d: this program knows versions %d and %d only", version, splitPlain, splitTimed)
	}
	id, rest := binary.BigEndian.Uint32(rest), rest[4:]
	if uint64(id) > uint64(len(rest)) {
		return Split{}, fmt.Errorf("split id says it has %d bytes, %d are left", id, len(rest))
	}
	s.ID = string(rest[:id])
	if rest = rest[id:]; len(rest) > 0 {
		s.Position = append([]byte(nil), rest...)
	}
	return s, nil
}
