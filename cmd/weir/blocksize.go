package main

import (
	"fmt"

	"github.com/weirstream/weir/internal/bytesize"
)

// A blockSize is a flag for a number of bytes, as 64MiB.
type blockSize int64

func (b *blockSize) String() string { return bytesize.Exact(int64(*b)) }

func (b *blockSize) Set(s string) error {
	n, err := bytesize.Parse(s)
	if err != nil || n < 1 {
		return fmt.Errorf("want a size such as 512KiB, 64MiB or 2GiB")
	}
	*b = blockSize(n)
	return nil
}

func (b *blockSize) Type() string { return "size" }

// byteCount is a number of bytes for people.
func byteCount(n int64) string { return bytesize.Format(n) }
