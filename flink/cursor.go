package flink

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A Cursor reads Flink's primitive encodings from a byte slice, in order. All
// integers are big-endian. The first error sticks: every later read returns a zero
// value. So a run of reads needs one check of Err at its end, and one before a value that
// was read decides about a loop or an allocation.
//
// A Cursor never allocates more than there are bytes left. Use Count for every number of
// elements that follow.
type Cursor struct {
	data []byte
	base int64 // the offset of data in the stream that they are a part of, for errors
	off  int
	err  error
}

// NewCursor returns a cursor at the beginning of data, which it does not copy.
func NewCursor(data []byte) *Cursor { return &Cursor{data: data} }

// A FormatError says at which byte the input is not in the expected format.
type FormatError struct {
	Offset int64  // from the beginning of the data, or of the stream that they are a part of
	What   string // what was being read, and what is wrong
}

func (e *FormatError) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.What) }

// Err returns the first error, or nil.
func (c *Cursor) Err() error { return c.err }

// Offset returns how many bytes have been read.
func (c *Cursor) Offset() int { return c.off }

// at returns the offset of the cursor, for errors.
func (c *Cursor) at() int64 { return c.base + int64(c.off) }

// MoveTo moves to a byte offset. An offset outside of the data is an error.
func (c *Cursor) MoveTo(off int64) {
	if c.err != nil {
		return
	}
	if off < 0 || off > int64(len(c.data)) {
		c.Failf("offset %d outside of the %d bytes there are", off, len(c.data))
		return
	}
	c.off = int(off)
}

// Remaining returns how many bytes are left; 0 after an error.
func (c *Cursor) Remaining() int {
	if c.err != nil {
		return 0
	}
	return len(c.data) - c.off
}

// Failf records an error at the current offset, unless there is one already. It returns
// the recorded error.
func (c *Cursor) Failf(format string, args ...any) error {
	if c.err == nil {
		c.err = &FormatError{Offset: c.at(), What: fmt.Sprintf(format, args...)}
	}
	return c.err
}

// Bytes returns the next n bytes without copying them.
func (c *Cursor) Bytes(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.data)-c.off {
		c.Failf("want %d bytes, have %d", n, len(c.data)-c.off)
		return nil
	}
	b := c.data[c.off : c.off+n : c.off+n]
	c.off += n
	return b
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if c.err != nil || c.off >= len(c.data) {
		c.Failf("want 1 byte, have 0")
		return 0
	}
	b := c.data[c.off]
	c.off++
	return b
}

// Bool reads one byte. Every byte except 0 is true, as in Flink.
func (c *Cursor) Bool() bool { return c.U8() != 0 }

// U16 reads a 16-bit number.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// I16 reads a signed 16-bit number.
func (c *Cursor) I16() int16 { return int16(c.U16()) }

// I32 reads a signed 32-bit number.
func (c *Cursor) I32() int32 {
	if b := c.Bytes(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

// I64 reads a signed 64-bit number.
func (c *Cursor) I64() int64 {
	if b := c.Bytes(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// F32 reads a 32-bit float.
func (c *Cursor) F32() float32 { return math.Float32frombits(uint32(c.I32())) }

// F64 reads a 64-bit float.
func (c *Cursor) F64() float64 { return math.Float64frombits(uint64(c.I64())) }

// Count reads a 32-bit number of elements that take at least minSize bytes each, and checks
// that the data have room for so many. what names the elements in the error. Count returns 0
// after an error. A minSize of 0 counts as 1, so that no number of elements without bytes is
// accepted that is larger than the data.
func (c *Cursor) Count(what string, minSize int) int {
	at := c.off
	n := c.I32()
	if c.err != nil {
		return 0
	}
	if n < 0 || int64(n)*int64(max(1, minSize)) > int64(len(c.data)-c.off) {
		c.off = at
		c.Failf("%d %s cannot be in the %d bytes that are left", n, what, len(c.data)-at)
		return 0
	}
	return int(n)
}

// Bytes32 reads a 32-bit length and so many bytes, without copying them.
func (c *Cursor) Bytes32() []byte { return c.Bytes(c.Count("bytes", 1)) }
