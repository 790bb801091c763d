package flink

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// The writing side of the primitive encodings; Cursor is the reading side. All
// integers are big-endian. Each function appends to dst and returns the extended
// slice, as append does.

// AppendBool appends one byte, 0 or 1.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendU16 appends a 16-bit number.
func AppendU16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

// AppendI16 appends a signed 16-bit number.
func AppendI16(dst []byte, v int16) []byte { return AppendU16(dst, uint16(v)) }

// AppendI32 appends a signed 32-bit number.
func AppendI32(dst []byte, v int32) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(v))
}

// AppendI64 appends a signed 64-bit number.
func AppendI64(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(v))
}

// AppendF32 appends the bits of a 32-bit float; NaNs keep theirs.
func AppendF32(dst []byte, v float32) []byte { return AppendI32(dst, int32(math.Float32bits(v))) }

// AppendF64 appends the bits of a 64-bit float; NaNs keep theirs.
func AppendF64(dst []byte, v float64) []byte { return AppendI64(dst, int64(math.Float64bits(v))) }

// AppendBytes32 appends a 32-bit length and the bytes. It panics if there are more than
// 2^31-1 bytes: the format has no room for such a length.
func AppendBytes32(dst, b []byte) []byte {
	if len(b) > math.MaxInt32 {
		panic(fmt.Sprintf("flink: %d bytes are more than a 32-bit length can say", len(b)))
	}
	return append(AppendI32(dst, int32(len(b))), b...)
}

// maxUTF is the most bytes that Java's writeUTF can write.
const maxUTF = math.MaxUint16

// AppendUTF appends s as Java's DataOutput.writeUTF does: a 16-bit length in bytes,
// then modified UTF-8, in which U+0000 takes two bytes and a character above U+FFFF
// is two surrogates of three bytes each. It is for names; see AppendString for data.
//
// It is an error if the string is not valid UTF-8 or takes more than 65535 bytes in this
// encoding. Then dst is returned as it was.
func AppendUTF(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, fmt.Errorf("string %.40q is not valid UTF-8", s)
	}
	n := 0
	for _, r := range s {
		n += modifiedLen(r)
	}
	if n > maxUTF {
		return dst, fmt.Errorf("string %.40q takes %d bytes, and the limit is %d",
			s, n, maxUTF)
	}
	dst = AppendU16(dst, uint16(n))
	for _, r := range s {
		dst = appendModified(dst, r)
	}
	return dst, nil
}

// modifiedLen returns how many bytes appendModified appends.
func modifiedLen(r rune) int {
	switch {
	case r == 0:
		return 2
	case r > 0xFFFF:
		return 6
	default:
		return utf8.RuneLen(r)
	}
}

// appendModified appends one character in modified UTF-8.
func appendModified(dst []byte, r rune) []byte {
	switch {
	case r == 0:
		return append(dst, 0xC0, 0x80)
	case r > 0xFFFF:
		high, low := utf16.EncodeRune(r)
		return appendSurrogate(appendSurrogate(dst, high), low)
	default:
		return utf8.AppendRune(dst, r)
	}
}

// AppendString appends s as Flink's StringValue does: the number of UTF-16 units plus
// one, then the units, all as variable length numbers of seven bits per byte. (A
// single 0 byte in that place is null; see Cursor.FString.)
//
// It is lossless for every Go string, valid UTF-8 or not; appendUnits says how. It panics
// if s has more than 2^31-2 units: the format has no room for such a length.
func AppendString(dst []byte, s string) []byte {
	if isASCII(s) {
		return append(appendUnitCount(dst, len(s)), s...)
	}
	var few [128]uint16
	units := appendUnits(few[:0], s)
	dst = appendUnitCount(dst, len(units))
	for _, u := range units {
		dst = binary.AppendUvarint(dst, uint64(u))
	}
	return dst
}

func appendUnitCount(dst []byte, n int) []byte {
	if n > math.MaxInt32-1 {
		panic(fmt.Sprintf("flink: a string of %d UTF-16 units is too long", n))
	}
	return binary.AppendUvarint(dst, uint64(n)+1)
}
