package avrogo

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"
)

// A decoder reads the bytes of one value. Its first error stays; what is read after it
// means nothing.
type decoder struct {
	src   []byte
	at    int
	depth int
	err   *ValueError
}

// decoders are those that are not in use: one that readers are told of is not on a stack.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

func (d *decoder) failf(format string, args ...any) {
	if d.err == nil {
		d.err = &ValueError{At: d.at, What: fmt.Sprintf(format, args...)}
	}
}

// inside puts a step in front of the path of an error.
func (d *decoder) inside(step string) { d.err.Path = step + d.err.Path }

// enter goes into a value that has others in it. leave goes out of it.
func (d *decoder) enter() bool {
	if d.depth++; d.depth > maxDepth {
		d.failf("%s", tooDeep().What)
	}
	return d.err == nil
}

func (d *decoder) leave() { d.depth-- }

// long reads a number of a variable number of bytes.
func (d *decoder) long() int64 {
	v, n := binary.Varint(d.src[d.at:])
	if n <= 0 {
		d.failf("the bytes end in a number, or it is larger than 64 bits")
		return 0
	}
	d.at += n
	return v
}

// bytes reads n bytes. They are src's own.
func (d *decoder) bytes(n int64) []byte {
	if n < 0 || n > int64(len(d.src)-d.at) {
		d.failf("%d bytes cannot be in the %d that are left", n, len(d.src)-d.at)
		return nil
	}
	b := d.src[d.at : d.at+int(n)]
	d.at += int(n)
	return b
}

// lengthAndBytes reads a number of bytes and the bytes. They are src's own.
func (d *decoder) lengthAndBytes() []byte {
	n := d.long()
	if d.err != nil {
		return nil
	}
	return d.bytes(n)
}

func (d *decoder) bool() bool {
	b := d.bytes(1)
	if d.err == nil && b[0] > 1 {
		d.at--
		d.failf("%d is no bool", b[0])
	}
	return d.err == nil && b[0] == 1
}

func (d *decoder) float32() float32 {
	if b := d.bytes(4); d.err == nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (d *decoder) float64() float64 {
	if b := d.bytes(8); d.err == nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// block begins the next block of a list or a map: it returns how many items are in it, or
// 0 after the last one. An item takes size bytes at least, or one.
func (d *decoder) block(size int) int {
	n := d.long()
	if n < 0 { // the number of bytes follows, for readers that step over them
		n = -n
		d.long()
	}
	if d.err != nil || n == 0 {
		return 0
	}
	if left := len(d.src) - d.at; n < 0 || n > int64(left/max(1, size)) {
		d.failf("%d elements cannot be in the %d bytes that are left", n, left)
		return 0
	}
	return int(n)
}

// isNull reads which branch an optional is.
func (d *decoder) isNull(nullAt int) bool {
	branch := d.long()
	if d.err == nil && branch != 0 && branch != 1 {
		d.failf("branch %d of 2", branch)
	}
	return d.err != nil || branch == int64(nullAt)
}

// skip reads over a value.
func (d *decoder) skip(s *shape) {
	switch s.kind {
	case "null":
	case "boolean":
		d.bool()
	case "int", "long", "enum":
		d.long()
	case "float":
		d.bytes(4)
	case "double":
		d.bytes(8)
	case "string", "bytes":
		d.lengthAndBytes()
	case "fixed":
		d.bytes(int64(s.size))
	default:
		d.skipNested(s)
	}
}

func (d *decoder) skipNested(s *shape) {
	if !d.enter() {
		return
	}
	defer d.leave()
	switch s.kind {
	case "array":
		size := s.of.minSize
		for n := d.block(size); n > 0; n = d.block(size) {
			for i := 0; i < n && d.err == nil; i++ {
				if s.goKind == goMap { // an entry is no value of its own
					d.skipFields(s.of)
				} else {
					d.skip(s.of)
				}
			}
		}
	case "map":
		size := 1 + s.of.minSize
		for n := d.block(size); n > 0; n = d.block(size) {
			for i := 0; i < n && d.err == nil; i++ {
				d.lengthAndBytes()
				d.skip(s.of)
			}
		}
	case optional:
		if !d.isNull(s.nullAt) {
			d.skip(s.of)
		}
	case "record":
		d.skipFields(s)
	default:
		d.failf("a %s cannot be read over", s.kind)
	}
}

func (d *decoder) skipFields(s *shape) {
	for i := 0; i < len(s.fields) && d.err == nil; i++ {
		d.skip(s.fields[i].shape)
	}
}
