package inspect

import "strconv"

// ByteCount returns a number of bytes for people, such as "1.5 MiB".
func ByteCount(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n)/(1<<10), "KiB"
	for _, next := range []string{"MiB", "GiB", "TiB"} {
		if value < 1023.95 { // more is rounded to 1024.0
			break
		}
		value, unit = value/(1<<10), next
	}
	return strconv.FormatFloat(value, 'f', 1, 64) + " " + unit
}
