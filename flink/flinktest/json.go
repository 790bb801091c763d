package flinktest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/weirstream/weir/flink"
)

// json renders a value as java/Dump.java does: in ASCII, exactly, and each value in one way
// only. It does not use flink.AppendJSON, which is for people and also renders values that
// JSON does not have, like NaN.
func json(v flink.Value) string {
	switch v := v.(type) {
	case string:
		return jsonString(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case int32:
		return strconv.FormatInt(int64(v), 10)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return fmt.Sprintf(`"%016x"`, math.Float64bits(v))
	case []byte:
		return fmt.Sprintf(`"%x"`, v)
	case []flink.Value:
		elements := make([]string, len(v))
		for i, e := range v {
			elements[i] = json(e)
		}
		return "[" + strings.Join(elements, ",") + "]"
	case flink.Map:
		pairs := make([]string, len(v))
		for i, e := range v {
			pairs[i] = "[" + json(e.Key) + "," + json(e.Value) + "]"
		}
		slices.Sort(pairs)
		return "[" + strings.Join(pairs, ",") + "]"
	default:
		panic(fmt.Sprintf("flinktest: no entry can have a value of type %T", v))
	}
}

// jsonString renders a string by its UTF-16 units. A byte that is not part of valid UTF-8 is
// rendered as the surrogate that flink.AppendString writes for it.
func jsonString(s string) string {
	b := []byte{'"'}
	for i, r := range s {
		units := utf16.AppendRune(nil, r)
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			units[0] = 0xDC00 + uint16(s[i])
		}
		for _, u := range units {
			if u < ' ' || u > '~' || u == '"' || u == '\\' {
				b = fmt.Appendf(b, `\u%04x`, u)
			} else {
				b = append(b, byte(u))
			}
		}
	}
	return string(append(b, '"'))
}
