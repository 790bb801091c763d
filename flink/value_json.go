package flink

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends a Value as JSON. Equal Values give equal bytes. Every Value has a form:
//
//   - integers of every width are numbers, with all their digits;
//   - NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity";
//   - a Decimal is a string, an instant a string as in RFC 3339;
//   - []byte is a string in base64;
//   - a Map whose keys are all strings is an object, any other an array of pairs;
//     both are sorted by key;
//   - a Record is an object with its fields in their order;
//   - Opaque is an object with the members "opaque" (the type) and "base64";
//   - bytes in a string that are not UTF-8 become U+FFFD, except for half a surrogate
//     pair, which becomes its escape.
func AppendJSON(dst []byte, v Value) []byte {
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
		return appendJSONFloat(dst, float64(v), 32)
	case float64:
		return appendJSONFloat(dst, v, 64)
	case string:
		return appendJSONString(dst, v)
	case []byte:
		return appendJSONBytes(dst, v)
	case *big.Int:
		return v.Append(dst, 10)
	case Decimal:
		return appendJSONString(dst, v.String())
	case time.Time:
		return appendJSONString(dst, v.UTC().Format(time.RFC3339Nano))
	case []Value:
		return appendJSONList(dst, v)
	case Map:
		return appendJSONMap(dst, v)
	case Record:
		return appendJSONFields(dst, v.Fields...)
	case WindowValue:
		return appendJSONFields(dst, Field{"start", v.Start}, Field{"end", v.End})
	case TimerValue:
		return appendJSONFields(dst, Field{"timestamp", v.Timestamp}, Field{"key", v.Key}, Field{"namespace", v.Namespace})
	case Opaque:
		return appendJSONFields(dst, Field{"opaque", v.Type}, Field{"base64", v.Data})
	default: // no Value; shown rather than lost
		return appendJSONString(dst, fmt.Sprint(v))
	}
}

func appendJSONFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

func appendJSONBytes(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

func appendJSONList(dst []byte, list []Value) []byte {
	dst = append(dst, '[')
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSON(dst, e)
	}
	return append(dst, ']')
}

func appendJSONFields(dst []byte, fields ...Field) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(dst, f.Name)
		dst = append(dst, ':')
		dst = AppendJSON(dst, f.Value)
	}
	return append(dst, '}')
}

func appendJSONMap(dst []byte, m Map) []byte {
	type rendered struct {
		key  Value
		text []byte // the key as JSON
		val  Value
	}
	entries := make([]rendered, len(m))
	object := true
	for i, e := range m {
		entries[i] = rendered{e.Key, AppendJSON(nil, e.Key), e.Value}
		_, isString := e.Key.(string)
		object = object && isString
	}
	slices.SortStableFunc(entries, func(a, b rendered) int {
		if x, ok := integer(a.key); ok {
			if y, ok := integer(b.key); ok {
				return cmp.Compare(x, y)
			}
		}
		return bytes.Compare(a.text, b.text)
	})
	open, between, end, closing := "[", ",", "]", byte(']')
	if object {
		open, between, end, closing = "", ":", "", '}'
		dst = append(dst, '{')
	} else {
		dst = append(dst, '[')
	}
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, open...)
		dst = append(dst, e.text...)
		dst = append(dst, between...)
		dst = AppendJSON(dst, e.val)
		dst = append(dst, end...)
	}
	return append(dst, closing)
}

// integer returns v as an int64 if it is of one of the integer types.
func integer(v Value) (int64, bool) {
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

const hexDigits = "0123456789abcdef"

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			i++
			switch {
			case b == '"' || b == '\\':
				dst = append(dst, '\\', b)
			case b == '\n':
				dst = append(dst, '\\', 'n')
			case b == '\t':
				dst = append(dst, '\\', 't')
			case b < ' ' || b == 0x7f:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
			default:
				dst = append(dst, b)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if unit, ok := decodeSurrogate(s[i:]); ok {
			dst = append(dst, '\\', 'u', 'd', hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
			size = 3
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return append(dst, '"')
}
