package inspect

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/weirstream/weir/flink"
)

// AppendText appends a value as people read it. Values that are not the same never look the
// same, except for the width of a number, which the type of the state says:
//
//	null, true, 5                   null, booleans, integers
//	5.0, NaN, -Infinity             floats; NaN(0x…) is one with other bits than Java's
//	decimal(1.50)                   a BigDecimal
//	2024-05-01T12:00:00Z            an instant
//	"caf\xe9\u202e"                 text, as a Go string literal: \x is a byte that is not
//	                                UTF-8, \u a character that could not be seen
//	b"\x00\x01abc"                  bytes
//	[1, 2]                          a list, set, array or tuple
//	{"a": 1}                        a map, in the order of its keys
//	com.example.Visit{page: "/"}    a record
//	window(0, 60000)                a time window, in milliseconds
//	timer(60000, "key", null)       a timer, in milliseconds
//	opaque("Kryo", b"…")            bytes that only the job can read
func AppendText(dst []byte, v flink.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int8:
		return strconv.AppendInt(dst, int64(v), 10)
	case int16:
		return strconv.AppendInt(dst, int64(v), 10)
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float32:
		return append(dst, float32Text(v)...)
	case float64:
		return append(dst, float64Text(v)...)
	case string:
		return AppendQuoted(dst, v)
	case []byte:
		return appendBytes(dst, v)
	case *big.Int:
		return v.Append(dst, 10)
	case flink.Decimal:
		return fmt.Appendf(dst, "decimal(%v)", v)
	case time.Time:
		return v.UTC().AppendFormat(dst, time.RFC3339Nano)
	case []flink.Value:
		return appendTexts(dst, "[", "]", v)
	case flink.Map:
		return appendMap(dst, v)
	case flink.Record:
		return appendRecord(dst, v)
	case flink.WindowValue:
		return fmt.Appendf(dst, "window(%d, %d)", v.Start, v.End)
	case flink.TimerValue:
		return appendTexts(dst, "timer(", ")", []flink.Value{v.Timestamp, v.Key, v.Namespace})
	case flink.Opaque:
		return appendTexts(dst, "opaque(", ")", []flink.Value{v.Type, v.Data})
	default: // no flink.Value
		return appendTexts(dst, "unknown(", ")", []flink.Value{fmt.Sprintf("%T", v), fmt.Sprint(v)})
	}
}

// Text returns what AppendText appends.
func Text(v flink.Value) string { return string(AppendText(nil, v)) }

func appendTexts(dst []byte, open, closing string, list []flink.Value) []byte {
	dst = append(dst, open...)
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendText(dst, e)
	}
	return append(dst, closing...)
}

func appendMap(dst []byte, m flink.Map) []byte {
	entries := make([]string, len(m))
	for i, e := range sortedMap(m) {
		entries[i] = string(AppendText(append(AppendText(nil, e.Key), ": "...), e.Value))
	}
	return append(append(append(dst, '{'), strings.Join(entries, ", ")...), '}')
}

// sortedMap returns the entries of m in the order of their keys: numbers by their value, all
// else by their text. Equal maps give equal entries.
func sortedMap(m flink.Map) flink.Map {
	type keyed struct {
		flink.MapEntry
		text string
	}
	list := make([]keyed, len(m))
	for i, e := range m {
		list[i] = keyed{e, Text(e.Key)}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if x, ok := integer(a.Key); ok {
			if y, ok := integer(b.Key); ok && x != y {
				if x < y {
					return -1
				}
				return 1
			}
		}
		if c := strings.Compare(a.text, b.text); c != 0 {
			return c
		}
		return strings.Compare(Text(a.Value), Text(b.Value)) // a key that is there twice
	})
	sorted := make(flink.Map, len(m))
	for i, e := range list {
		sorted[i] = e.MapEntry
	}
	return sorted
}

// integer returns v as an int64 if it is one of the integer types.
func integer(v flink.Value) (int64, bool) {
	switch v := v.(type) {
	case int8:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}

func appendRecord(dst []byte, r flink.Record) []byte {
	dst = append(append(dst, Name(r.Type)...), '{')
	for i, f := range r.Fields {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(dst, Name(f.Name)...), ": "...)
		dst = AppendText(dst, f.Value)
	}
	return append(dst, '}')
}

// The bits of the NaN that Java makes.
const (
	javaNaN   = 0x7ff8000000000000
	javaNaN32 = 0x7fc00000
)

func float64Text(f float64) string {
	if bits := math.Float64bits(f); math.IsNaN(f) && bits != javaNaN {
		return fmt.Sprintf("NaN(%#x)", bits)
	}
	return floatText(f, 64)
}

func float32Text(f float32) string {
	if bits := math.Float32bits(f); f != f && bits != javaNaN32 {
		return fmt.Sprintf("NaN(%#x)", bits)
	}
	return floatText(float64(f), 32)
}

// floatText returns a float with all its digits, and with a point or an exponent, which no
// integer has.
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// Hidden reports whether a reader would not see r, or whether a terminal would obey it: a
// control character, one that changes the direction of writing, one that is invisible or
// looks like a space. Plain spaces and U+FFFD are not hidden.
func Hidden(r rune) bool {
	switch {
	case r == ' ' || r == utf8.RuneError:
		return false
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case r == '\u2800': // a Braille pattern without dots
		return true
	}
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// AppendQuoted appends s as a Go string literal in which every hidden character and every
// byte that is not UTF-8 is escaped. strconv.Unquote returns s.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendHexEscape(dst, s[0])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case !Hidden(r):
			dst = append(dst, s[:n]...)
		case r < utf8.RuneSelf:
			dst = appendHexEscape(dst, byte(r))
		case r > 0xffff:
			dst = fmt.Appendf(dst, `\U%08x`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		s = s[n:]
	}
	return append(dst, '"')
}

// Quoted returns what AppendQuoted appends.
func Quoted(s string) string { return string(AppendQuoted(nil, s)) }

// appendBytes appends bytes as a literal: b, and a string literal in which every byte that is
// no printable ASCII character is escaped.
func appendBytes(dst, data []byte) []byte {
	dst = append(dst, 'b', '"')
	for _, b := range data {
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ' || b >= 0x7f:
			dst = appendHexEscape(dst, b)
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}

func appendHexEscape(dst []byte, b byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[b>>4], digits[b&15])
}

// Name returns the name of a state, an operator, a type or a field as people read it: as it
// is, or quoted if it is empty or if anything in it could be taken for something else.
func Name(s string) string {
	if s == "" || s == "-" || s[0] == ' ' || s[len(s)-1] == ' ' || !utf8.ValidString(s) {
		return Quoted(s)
	}
	for _, r := range s {
		if Hidden(r) || strings.ContainsRune(`"\[]{}=:`, r) {
			return Quoted(s)
		}
	}
	return s
}
