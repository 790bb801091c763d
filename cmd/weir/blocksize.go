package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A blockSize is a flag for a number of bytes, as 64MiB.
type blockSize int64

var blockUnits = []struct {
	suffix string
	bytes  int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

func (b *blockSize) String() string {
	for _, u := range blockUnits {
		if n := int64(*b); n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(*b), 10)
}

func (b *blockSize) Set(s string) error {
	number, unit := s, int64(1)
	for _, u := range blockUnits {
		if rest, ok := strings.CutSuffix(s, u.suffix); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > (1<<40)/unit {
		return fmt.Errorf("want a size such as 512KiB, 64MiB or 2GiB")
	}
	*b = blockSize(n * unit)
	return nil
}

func (b *blockSize) Type() string { return "size" }
