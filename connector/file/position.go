package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// A position is where a split is read on, and how to know the file again.
type position struct {
	gzip   bool   // the file was a gzip file
	open   bool   // the last line was read although its newline was missing
	offset int64  // bytes of uncompressed content before the next line
	lines  int64  // lines before it; each has a byte at least
	tail   uint32 // CRC32C of the last bytes before offset, up to tailBytes of them
}

// tailBytes is how many bytes of what was read a position is bound to.
const tailBytes = 64

// tailLen is how many bytes the tail of the position has.
func (p position) tailLen() int64 { return min(p.offset, tailBytes) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// The encoding is
//
//	version 1 (1 byte) | flags (1 byte) | offset (uvarint) | lines (uvarint) | tail (4 bytes, big-endian)
const (
	positionVersion = 1

	flagGzip = 1 << 0
	flagOpen = 1 << 1
)

func (p position) encode() []byte {
	b := make([]byte, 0, 16)
	flags := byte(0)
	if p.gzip {
		flags |= flagGzip
	}
	if p.open {
		flags |= flagOpen
	}
	b = append(b, positionVersion, flags)
	b = binary.AppendUvarint(b, uint64(p.offset))
	b = binary.AppendUvarint(b, uint64(p.lines))
	return binary.BigEndian.AppendUint32(b, p.tail)
}

// decodePosition decodes what encode made and nothing else; nil is the beginning.
func decodePosition(b []byte) (position, error) {
	if b == nil {
		return position{}, nil
	}
	if len(b) < 2 {
		return position{}, fmt.Errorf("position of %d bytes is too short", len(b))
	}
	if b[0] != positionVersion {
		return position{}, fmt.Errorf("position of version %d: this program knows version %d only", b[0], positionVersion)
	}
	p := position{gzip: b[1]&flagGzip != 0, open: b[1]&flagOpen != 0}
	rest := b[2:]
	offset, n := binary.Uvarint(rest)
	if n <= 0 || offset > math.MaxInt64 {
		return position{}, errors.New("position with a damaged offset")
	}
	rest = rest[n:]
	lines, n := binary.Uvarint(rest)
	if n <= 0 || lines > offset {
		return position{}, errors.New("position with a damaged number of lines")
	}
	rest = rest[n:]
	if len(rest) != 4 {
		return position{}, fmt.Errorf("position with a checksum of %d bytes: want 4", len(rest))
	}
	p.offset, p.lines, p.tail = int64(offset), int64(lines), binary.BigEndian.Uint32(rest)
	if p.open && p.lines == 0 {
		return position{}, errors.New("position behind an unended line, and behind no line")
	}
	if !bytes.Equal(p.encode(), b) {
		return position{}, errors.New("position with bits that mean nothing")
	}
	return p, nil
}
