package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// A position is where a split is read on, and how to know its file again. The digest is
// what the split's identity rests on; the file's number and name say where to look first.
type position struct {
	digest       // of the content before the next record; digest.n is the offset
	lines  int64 // before the next record; each has a byte at least

	open   bool // the last line was read although its newline was missing
	end    bool // the file, as it is in seen, has no more records
	copied bool // the file was found by its content: what was read may be longer than it

	file ident  // zero: not known
	seen stamp  // zero: not known
	name string // of the file now; "": the one that the split is named after
	fate fate
	gone time.Time // since when; set if and only if fate is

	tail uint32 // in version 1 in place of all the others: CRC32C of the last 64 bytes
	old  bool   // version 1
}

// A fate is what became of the file of a split that a follower has given up.
type fate byte

const (
	alive     fate = iota
	moved          // its name is gone, or names another file
	truncated      // what was read of it is gone, though its name and number are not
)

// The encoding is
//
//	version 2 | flags (1 byte each) | offset | lines (uvarint) | checksum (8 bytes)
//	head (8 bytes), if the offset is beyond it
//	bytes since the mark (uvarint) | checksum at the mark (8 bytes), if the offset is 64 or more
//	device | file number (uvarint), if flagged
//	size (uvarint) | time of change (8 bytes), if flagged
//	length of the name (uvarint) | name, if flagged
//	seconds of Unix time since when it is gone (uvarint), if there is a fate
//	CRC32C of all that (4 bytes)
//
// Numbers of fixed length are big-endian. Version 1, which is still read, is
//
//	version 1 | flags (1 byte each) | offset | lines (uvarint) | CRC32C of the last 64 bytes (4 bytes)
const (
	positionV1 = 1
	positionV2 = 2

	flagOpen   = 1 << 0
	flagEnd    = 1 << 1
	flagFile   = 1 << 2
	flagSeen   = 1 << 3
	flagName   = 1 << 4
	flagCopied = 1 << 5
	fateShift  = 6

	flagOpenV1 = 1 << 1
	flagsV1    = 1<<0 | flagOpenV1 // the first said that the file was gzip

	// tailBytes is how many bytes a position of version 1 is bound to.
	tailBytes = 64
	// maxName is how long the name of a file in a position may be.
	maxName = 1 << 10
)

func (p position) flags() byte {
	flags := byte(p.fate) << fateShift
	for _, f := range []struct {
		set bool
		bit byte
	}{{p.open, flagOpen}, {p.end, flagEnd}, {p.file != ident{}, flagFile}, {p.seen != stamp{}, flagSeen}, {p.name != "", flagName}, {p.copied, flagCopied}} {
		if f.set {
			flags |= f.bit
		}
	}
	return flags
}

func (p position) encode() []byte {
	b := append(make([]byte, 0, 64), positionV2, p.flags())
	b = binary.AppendUvarint(b, uint64(p.n))
	b = binary.AppendUvarint(b, uint64(p.lines))
	b = binary.BigEndian.AppendUint64(b, uint64(p.all))
	if p.n > headBytes {
		b = binary.BigEndian.AppendUint64(b, uint64(p.head))
	}
	if p.n >= markStep(0) {
		b = binary.AppendUvarint(b, uint64(p.n-p.mark.n))
		b = binary.BigEndian.AppendUint64(b, uint64(p.mark.all))
	}
	if p.file != (ident{}) {
		b = binary.AppendUvarint(b, p.file.device)
		b = binary.AppendUvarint(b, p.file.number)
	}
	if p.seen != (stamp{}) {
		b = binary.AppendUvarint(b, uint64(p.seen.size))
		b = binary.BigEndian.AppendUint64(b, uint64(p.seen.changed))
	}
	if p.name != "" {
		b = binary.AppendUvarint(b, uint64(len(p.name)))
		b = append(b, p.name...)
	}
	if p.fate != alive {
		b = binary.AppendUvarint(b, uint64(p.gone.Unix()))
	}
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// decodePosition decodes what encode made, in this version or the one before, and nothing
// else; nil is the beginning.
func decodePosition(b []byte) (position, error) {
	if b == nil {
		return position{}, nil
	}
	if len(b) < 2 {
		return position{}, fmt.Errorf("position of %d bytes is too short", len(b))
	}
	switch b[0] {
	case positionV1:
		return decodeV1(b)
	case positionV2:
		return decodeV2(b)
	}
	return position{}, fmt.Errorf("position of version %d: this program knows versions %d and %d only", b[0], positionV1, positionV2)
}

func decodeV2(b []byte) (p position, err error) {
	n := len(b) - 4
	if n < 2 || checksum(b[:n]) != binary.BigEndian.Uint32(b[n:]) {
		return position{}, errors.New("position whose checksum is wrong")
	}
	f := fields{rest: b[2:n]}
	p.n = int64(f.uvarint(math.MaxInt64))
	p.lines = int64(f.uvarint(uint64(p.n)))
	p.all = sum(f.uint64())
	if p.head = p.all; p.n > headBytes {
		p.head = sum(f.uint64())
	}
	if p.n >= markStep(0) {
		p.mark = mark{p.n - int64(f.uvarint(uint64(p.n))), sum(f.uint64())}
		p.next = p.mark
	}
	flags := b[1]
	p.open, p.end, p.copied = flags&flagOpen != 0, flags&flagEnd != 0, flags&flagCopied != 0
	p.fate = fate(flags >> fateShift)
	if flags&flagFile != 0 {
		p.file = ident{f.uvarint(math.MaxUint64), f.uvarint(math.MaxUint64)}
	}
	if flags&flagSeen != 0 {
		p.seen = stamp{int64(f.uvarint(math.MaxInt64)), int64(f.uint64())}
	}
	if flags&flagName != 0 {
		p.name = string(f.bytes(int(f.uvarint(maxName))))
	}
	if p.fate != alive {
		p.gone = time.Unix(int64(f.uvarint(math.MaxInt64/2)), 0)
	}
	if f.bad || p.fate > truncated || !bytes.Equal(p.encode(), b) || p.open && p.lines == 0 {
		return position{}, errors.New("position with bits that mean nothing")
	}
	return p, nil
}

func decodeV1(b []byte) (p position, err error) {
	f := fields{rest: b[2:]}
	p.old, p.open = true, b[1]&flagOpenV1 != 0
	p.n = int64(f.uvarint(math.MaxInt64))
	p.lines = int64(f.uvarint(uint64(p.n)))
	if tail := f.bytes(4); tail != nil {
		p.tail = binary.BigEndian.Uint32(tail)
	}
	if f.bad || len(f.rest) > 0 || b[1]&^byte(flagsV1) != 0 || p.open && p.lines == 0 {
		return position{}, errors.New("position of version 1 with bits that mean nothing")
	}
	return p, nil
}

// fields takes an encoding apart. After a first field that is not there, or is not how
// encode writes it, all of them are zero.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(f.rest)
	if n <= 0 || v > limit || n > 1 && f.rest[n-1] == 0 {
		f.bad, f.rest = true, nil
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

func (f *fields) bytes(n int) []byte {
	if n > len(f.rest) {
		f.bad, f.rest = true, nil
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) uint64() uint64 {
	if b := f.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}
