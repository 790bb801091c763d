package inspect

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/weirstream/weir/flink"
)

// AppendJSON appends a value as JSON, without loss: what is not the same never looks the
// same, except for the width of a number and the class of a record, which the type of the
// state says. A string in it is always text. What JSON has no form for is an object whose
// first name begins with one $; docs/cli-json.md has the list. Nothing in it is hidden, or
// obeyed by a terminal.
func AppendJSON(dst []byte, v flink.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int8, int16, int32, int64, *big.Int:
		return AppendText(dst, v)
	case float32:
		return appendJSONFloat(dst, float32Text(v))
	case float64:
		return appendJSONFloat(dst, float64Text(v))
	case string:
		if !utf8.ValidString(v) {
			return appendTagged(dst, "$text", base64.StdEncoding.EncodeToString([]byte(v)))
		}
		return appendJSONString(dst, v)
	case []byte:
		return appendTagged(dst, "$bytes", base64.StdEncoding.EncodeToString(v))
	case flink.Decimal:
		return appendTagged(dst, "$decimal", v.String())
	case time.Time:
		return appendTagged(dst, "$time", v.UTC().Format(time.RFC3339Nano))
	case []flink.Value:
		dst = append(dst, '[')
		for i, e := range v {
			dst = AppendJSON(appendComma(dst, i), e)
		}
		return append(dst, ']')
	case flink.Map:
		return appendJSONMap(dst, v)
	case flink.Record:
		return appendJSONFields(dst, v.Fields...)
	case flink.WindowValue:
		return appendJSONFields(dst, flink.Field{Name: "start", Value: v.Start}, flink.Field{Name: "end", Value: v.End})
	case flink.TimerValue:
		return appendJSONFields(dst, flink.Field{Name: "timestamp", Value: v.Timestamp},
			flink.Field{Name: "key", Value: v.Key}, flink.Field{Name: "namespace", Value: v.Namespace})
	case flink.Opaque:
		dst = AppendJSON(append(dst, `{"$opaque":`...), v.Type)
		dst = append(dst, `,"base64":"`...)
		return append(base64.StdEncoding.AppendEncode(dst, v.Data), `"}`...)
	default: // no flink.Value
		return appendTagged(dst, "$unknown", fmt.Sprintf("%T: %v", v, v))
	}
}

// JSON returns what AppendJSON appends.
func JSON(v flink.Value) []byte { return AppendJSON(nil, v) }

func appendComma(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return dst
}

func appendTagged(dst []byte, tag, text string) []byte {
	dst = append(appendJSONString(append(dst, '{'), tag), ':')
	return append(appendJSONString(dst, text), '}')
}

func appendJSONFloat(dst []byte, text string) []byte {
	if c := text[len(text)-1]; c < '0' || c > '9' { // NaN, NaN(0x…), Infinity
		return appendTagged(dst, "$float", text)
	}
	return append(dst, text...)
}

// appendJSONName appends a name that comes from a state. One that begins with $ gets another
// $ in front of it.
func appendJSONName(dst []byte, name string) []byte {
	if len(name) > 0 && name[0] == '$' {
		name = "$" + name
	}
	return append(appendJSONString(dst, name), ':')
}

func appendJSONFields(dst []byte, fields ...flink.Field) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		dst = AppendJSON(appendJSONName(appendComma(dst, i), f.Name), f.Value)
	}
	return append(dst, '}')
}

// appendJSONMap appends an object if all keys are texts that JSON can hold, else an array of
// pairs.
func appendJSONMap(dst []byte, m flink.Map) []byte {
	m = sortedMap(m)
	seen := make(map[string]bool, len(m))
	isObject := !slices.ContainsFunc(m, func(e flink.MapEntry) bool {
		key, isText := e.Key.(string)
		twice := seen[key]
		seen[key] = true
		return !isText || twice || !utf8.ValidString(key)
	})
	if isObject {
		dst = append(dst, '{')
		for i, e := range m {
			dst = AppendJSON(appendJSONName(appendComma(dst, i), e.Key.(string)), e.Value)
		}
		return append(dst, '}')
	}
	dst = append(dst, `{"$map":[`...)
	for i, e := range m {
		dst = AppendJSON(append(appendComma(dst, i), '['), e.Key)
		dst = append(AppendJSON(append(dst, ','), e.Value), ']')
	}
	return append(dst, `]}`...)
}

// appendJSONString appends a string in which everything that is hidden is escaped.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case Hidden(r):
			dst = AppendEscape(dst, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// AppendEscape appends r as the escape that JSON has for it.
func AppendEscape(dst []byte, r rune) []byte {
	if r > 0xffff {
		hi, lo := utf16.EncodeRune(r)
		return fmt.Appendf(dst, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// Cell returns a value as a cell of a table, such as one of CSV: nothing for null; a text as
// it is, unless it is empty, has anything hidden in it, or could be taken for JSON; and JSON
// for all else. So a cell that is valid JSON is a value as AppendJSON writes it, and any other
// is text.
func Cell(v flink.Value) string {
	if v == nil {
		return ""
	}
	if text, ok := v.(string); ok && isPlain(text) {
		return text
	}
	return string(AppendJSON(nil, v))
}

func isPlain(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, Hidden) && !json.Valid([]byte(s))
}
