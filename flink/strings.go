package flink

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// Flink has two encodings of strings: names are in Java's modified UTF-8 (AppendUTF,
// Cursor.UTF), data is in Flink's own StringValue encoding (AppendString,
// Cursor.FString), which writes UTF-16 units.
//
// A Go string is any sequence of bytes, a Java string any sequence of UTF-16 units. As data,
// neither may be refused or changed. So they are mapped to each other like this:
//
//	Go                                           UTF-16 units
//	a character in valid UTF-8                   its one or two units
//	a byte b that is not part of valid UTF-8     the lone surrogate 0xDC00+b
//	the three bytes that would be UTF-8 of       that surrogate, alone
//	a surrogate outside of 0xDC80–0xDCFF,
//	unless it is a high one and another
//	invalid byte follows
//
// The second row is Python's "surrogateescape": an invalid byte is 0x80 or more, so
// these surrogates are 0xDC80–0xDCFF. The third row (WTF-8) is for the other surrogates that
// a Java string can have. The exception is there because a high surrogate and a low one
// after it are one character: such a high surrogate is written as three invalid bytes. In
// this, a run of high surrogates counts as one; what comes after the run decides.
//
// From Go to Java and back every string is the same again. From Java to Go and back a
// string is the same, unless the bytes of its lone surrogates have a shorter form. No string
// that came from Go has such surrogates.

// escapeBase plus a byte that is not part of valid UTF-8 is the surrogate for it.
const escapeBase = 0xDC00

// isASCII reports whether all bytes of s are ASCII. It tests eight bytes at a time.
func isASCII[S string | []byte](s S) bool {
	b := []byte(s) // the compiler does not copy it: it is only read, and does not escape
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendUnits appends the UTF-16 units of s, by the rules at the top of this file.
func appendUnits(dst []uint16, s string) []uint16 {
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r != utf8.RuneError || size > 1 {
			dst = utf16.AppendRune(dst, r)
		} else {
			dst, size = appendInvalid(dst, s)
		}
		s = s[size:]
	}
	return dst
}

// appendInvalid appends the units of the beginning of s, which is not valid UTF-8, and
// returns how many bytes it has encoded.
func appendInvalid(dst []uint16, s string) ([]uint16, int) {
	if u, ok := decodeSurrogate(s); ok && isLow(u) && !isEscape(u) {
		return append(dst, uint16(u)), 3
	}
	// A run of high surrogates is encoded in one step, so that the bytes after the run are
	// examined only once.
	n := 0
	for {
		u, ok := decodeSurrogate(s[n:])
		if !ok || isLow(u) {
			break
		}
		dst = append(dst, uint16(u))
		n += 3
	}
	if r, size := utf8.DecodeRuneInString(s[n:]); n > 0 && (r != utf8.RuneError || size != 1) {
		return dst, n // valid UTF-8 follows, or nothing
	}
	dst = dst[:len(dst)-n/3]
	n = max(1, n)
	for i := range n {
		dst = append(dst, escapeBase+uint16(s[i]))
	}
	return dst, n
}

// decodeSurrogate returns the surrogate whose three bytes are at the beginning of s.
func decodeSurrogate[S string | []byte](s S) (unit rune, ok bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), true
}

// appendSurrogate appends the three bytes of a surrogate.
func appendSurrogate(dst []byte, u rune) []byte {
	return append(dst, 0xED, 0x80|byte(u>>6)&0x3F, 0x80|byte(u)&0x3F)
}

// isLow reports whether a surrogate is a low one.
func isLow(surrogate rune) bool { return surrogate >= 0xDC00 }

// isEscape reports whether a surrogate stands for an invalid byte.
func isEscape(surrogate rune) bool {
	return escapeBase+0x80 <= surrogate && surrogate <= escapeBase+0xFF
}

// FString reads a string as AppendString writes it. null reports whether it is null instead.
// It is an error if a number takes more bytes than it needs: Flink never writes that.
func (c *Cursor) FString() (s string, null bool) {
	if c.err != nil {
		return "", false
	}
	n, size := binary.Uvarint(c.data[c.off:])
	if size <= 0 || size > 1 && c.data[c.off+size-1] == 0 {
		c.Failf("the length of a string is not a number")
		return "", false
	}
	if n == 0 {
		c.off += size
		return "", true
	}
	n--
	left := len(c.data) - c.off - size
	if n > uint64(min(left, math.MaxInt32-1)) { // a unit takes a byte or more
		c.Failf("a string of %d UTF-16 units cannot be in the %d bytes that are left", n, left)
		return "", false
	}
	c.off += size
	if b := c.data[c.off : c.off+int(n)]; isASCII(b) {
		c.off += int(n)
		return string(b), false
	}
	return c.units(int(n)), false
}

// units reads n UTF-16 units.
func (c *Cursor) units(n int) string {
	var few [128]byte
	s := few[:0]
	for n > 0 {
		r, size := unitAt(c.data[c.off:])
		if size == 0 {
			c.Failf("want a UTF-16 unit, and %d more", n-1)
			return ""
		}
		c.off += size
		n--
		if !utf16.IsSurrogate(r) {
			s = utf8.AppendRune(s, r)
			continue
		}
		if n > 0 {
			low, size := unitAt(c.data[c.off:])
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				s = utf8.AppendRune(s, pair)
				c.off += size
				n--
				continue
			}
		}
		if isEscape(r) {
			s = append(s, byte(r-escapeBase))
		} else {
			s = appendSurrogate(s, r)
		}
	}
	return string(s)
}

// unitAt returns the UTF-16 unit at the beginning of b and how many bytes it takes. size is
// 0 if there is none: if it is cut off, above 0xFFFF, or takes more bytes than it needs.
func unitAt(b []byte) (unit rune, size int) {
	switch {
	case len(b) >= 1 && b[0] < 0x80:
		return rune(b[0]), 1
	case len(b) >= 2 && b[1] < 0x80 && b[1] != 0:
		return rune(b[0]&0x7F) | rune(b[1])<<7, 2
	case len(b) >= 3 && b[1] >= 0x80 && b[2] < 4 && b[2] != 0:
		return rune(b[0]&0x7F) | rune(b[1]&0x7F)<<7 | rune(b[2])<<14, 3
	default:
		return 0, 0
	}
}

// UTF reads a string as AppendUTF writes it. Bytes that AppendUTF never writes, such as lone
// surrogates, are an error: every string that was read can be written again as the same
// bytes.
func (c *Cursor) UTF() string {
	at := c.off
	b := c.Bytes(int(c.U16()))
	if isASCII(b) && bytes.IndexByte(b, 0) < 0 {
		return string(b)
	}
	s := make([]byte, 0, len(b))
	for rest := b; len(rest) > 0; {
		r, size := modifiedAt(rest)
		if size == 0 {
			c.off = at
			c.Failf("string %.40q is not modified UTF-8 at its byte %d", b, len(b)-len(rest))
			return ""
		}
		s = utf8.AppendRune(s, r)
		rest = rest[size:]
	}
	return string(s)
}

// modifiedAt returns the character in modified UTF-8 at the beginning of b and how many
// bytes it takes. size is 0 if there is none.
func modifiedAt(b []byte) (r rune, size int) {
	if r, size = utf8.DecodeRune(b); size <= 3 && r != 0 && (r != utf8.RuneError || size == 3) {
		return r, size
	}
	if len(b) >= 2 && b[0] == 0xC0 && b[1] == 0x80 {
		return 0, 2
	}
	if high, ok := decodeSurrogate(b); ok {
		if low, ok := decodeSurrogate(b[3:]); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return r, 6
			}
		}
	}
	return 0, 0
}
