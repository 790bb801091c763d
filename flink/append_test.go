package flink

import (
	"bytes"
	"encoding/hex"
	"math"
	"strconv"
	"testing"
)

// Each primitive is written as Java's DataOutput writes it, and read back.
func TestPrimitives(t *testing.T) {
	nan := math.Float64frombits(0x7FF8000000000123)
	for _, v := range []struct {
		name, hex string
		bytes     []byte
		read      func(*Cursor) bool
	}{
		{"false", "00", AppendBool(nil, false), func(c *Cursor) bool { return !c.Bool() }},
		{"true", "01", AppendBool(nil, true), func(c *Cursor) bool { return c.Bool() }},
		{"u16", "ffff", AppendU16(nil, 0xFFFF), func(c *Cursor) bool { return c.U16() == 0xFFFF }},
		{"i16", "fffe", AppendI16(nil, -2), func(c *Cursor) bool { return c.I16() == -2 }},
		{"i32", "80000001", AppendI32(nil, math.MinInt32+1), func(c *Cursor) bool { return c.I32() == math.MinInt32+1 }},
		{"i64", "fffffffffffffffe", AppendI64(nil, -2), func(c *Cursor) bool { return c.I64() == -2 }},
		{"f32", "3fc00000", AppendF32(nil, 1.5), func(c *Cursor) bool { return c.F32() == 1.5 }},
		{"f64", "3ff8000000000000", AppendF64(nil, 1.5), func(c *Cursor) bool { return c.F64() == 1.5 }},
		{"-0.0", "8000000000000000", AppendF64(nil, math.Copysign(0, -1)), func(c *Cursor) bool { return math.Signbit(c.F64()) }},
		{"a NaN", "7ff8000000000123", AppendF64(nil, nan), func(c *Cursor) bool { return math.Float64bits(c.F64()) == math.Float64bits(nan) }},
		{"bytes", "00000002abcd", AppendBytes32(nil, []byte{0xAB, 0xCD}), func(c *Cursor) bool { return bytes.Equal(c.Bytes32(), []byte{0xAB, 0xCD}) }},
		{"no bytes", "00000000", AppendBytes32(nil, nil), func(c *Cursor) bool { return len(c.Bytes32()) == 0 }},
	} {
		if got := hex.EncodeToString(v.bytes); got != v.hex {
			t.Errorf("%s: %s, want %s", v.name, got, v.hex)
		}
		c := NewCursor(v.bytes)
		if !v.read(c) || c.Err() != nil || c.Remaining() != 0 {
			t.Errorf("%s: read wrong, %d bytes left, error %v", v.name, c.Remaining(), c.Err())
		}
	}
}

func TestAppendUnitCountPanics(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("there are no such strings on this machine")
	}
	defer func() {
		if recover() == nil {
			t.Error("a string of 2^31-1 units is written")
		}
	}()
	tooMany := int64(math.MaxInt32)
	appendUnitCount(nil, int(tooMany))
}
