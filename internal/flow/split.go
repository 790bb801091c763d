package flow

import (
	"encoding/binary"
	"fmt"
)

// A split is kept in a checkpoint the way Flink keeps one (SimpleVersionedSerialization):
// the version of its encoding, the length, and the encoding, which is Weir's own: the
// length of the id, the id, the position. All numbers are 32-bit big-endian.
const splitVersion = 1

// AppendSplit appends the encoding of a split.
func AppendSplit(dst []byte, s Split) []byte {
	dst = binary.BigEndian.AppendUint32(dst, splitVersion)
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(s.ID)+len(s.Position)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s.ID)))
	dst = append(dst, s.ID...)
	return append(dst, s.Position...)
}

// DecodeSplit decodes what AppendSplit wrote.
func DecodeSplit(b []byte) (Split, error) {
	if len(b) < 12 {
		return Split{}, fmt.Errorf("split of %d bytes: want at least 12", len(b))
	}
	if v := binary.BigEndian.Uint32(b); v != splitVersion {
		return Split{}, fmt.Errorf("split encoding version %d: this program knows version %d only", v, splitVersion)
	}
	if n := binary.BigEndian.Uint32(b[4:]); uint64(n) != uint64(len(b)-8) {
		return Split{}, fmt.Errorf("split says it has %d bytes, has %d", n, len(b)-8)
	}
	n := binary.BigEndian.Uint32(b[8:])
	if uint64(n) > uint64(len(b)-12) {
		return Split{}, fmt.Errorf("split id says it has %d bytes, %d are left", n, len(b)-12)
	}
	s := Split{ID: string(b[12 : 12+n])}
	if rest := b[12+n:]; len(rest) > 0 {
		s.Position = append([]byte(nil), rest...)
	}
	return s, nil
}
