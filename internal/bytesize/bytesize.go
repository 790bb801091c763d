// Package bytesize reads and writes numbers of bytes as people do: 20KiB in a flag, 1.5 GiB
// in a message. It also writes numbers of other things. It is pure and imports the standard library only.
package bytesize

import (
	"fmt"
	"strconv"
	"strings"
)

// Max is the largest size that Parse takes, 1 TiB.
const Max = 1 << 40

var units = []struct {
	suffix string
	bytes  int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// Parse reads a size such as 512, 20KiB or 2GiB: from 0 to Max bytes.
func Parse(s string) (int64, error) {
	number, unit := s, int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u.suffix); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > Max/unit {
		return 0, fmt.Errorf("%q is no size from 0 to 1TiB, such as 512, 20KiB or 2GiB", s)
	}
	return n * unit, nil
}

// Exact writes a size as Parse reads it, in the largest unit that leaves no rest.
func Exact(n int64) string {
	for _, u := range units {
		if n >= u.bytes && n%u.bytes == 0 && u.bytes > 1 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// Format writes a size for people, rounded to a tenth of a unit.
func Format(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n)/(1<<10), "KiB"
	for _, next := range []string{"MiB", "GiB", "TiB"} {
		if value < 1023.95 {
			break
		}
		value, unit = value/(1<<10), next
	}
	return strconv.FormatFloat(value, 'f', 1, 64) + " " + unit
}

// Grouped writes a number with a comma between thousands: 1,234,567.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := len(s) - len(strings.TrimPrefix(s, "-")) // of the digits
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
