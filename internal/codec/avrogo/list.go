package avrogo

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// A slicePart is an Avro array, written as one block. nil is written as what it is read
// as: an empty slice.
type slicePart struct {
	typ reflect.Type
	of  part
	is  *shape
}

func (s slicePart) shape() *shape { return s.is }

func (s slicePart) append(dst []byte, p unsafe.Pointer, depth int) ([]byte, *ValueError) {
	v := reflect.NewAt(s.typ, p).Elem()
	return appendElements(dst, s.of, v.UnsafePointer(), v.Len(), s.typ.Elem().Size(), depth)
}

// appendElements appends n elements of size bytes each in memory, of which the first is
// at p.
func appendElements(dst []byte, of part, p unsafe.Pointer, n int, size uintptr, depth int) ([]byte, *ValueError) {
	if depth++; depth > maxDepth {
		return nil, tooDeep()
	}
	if n == 0 {
		return append(dst, 0), nil
	}
	dst = binary.AppendVarint(dst, int64(n))
	for i := range n {
		var err *ValueError
		if dst, err = of.append(dst, unsafe.Add(p, uintptr(i)*size), depth); err != nil {
			err.Path = fmt.Sprintf("[%d]%s", i, err.Path)
			return nil, err
		}
	}
	return append(dst, 0), nil
}

func (s slicePart) reader(c *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != "array" || was.goKind == goMap {
		return nil, changed(at, was, s.typ.String())
	}
	of, err := c.reader(s.of, s.typ.Elem(), was.of, at+"[]")
	if err != nil {
		return nil, err
	}
	return sliceReader{s.typ, of, was.of.minSize}, nil
}

type sliceReader struct {
	typ     reflect.Type
	of      reader
	minSize int
}

func (s sliceReader) read(d *decoder, p unsafe.Pointer) {
	if !d.enter() {
		return
	}
	defer d.leave()
	size := s.typ.Elem().Size()
	v := reflect.NewAt(s.typ, p).Elem()
	n := d.block(s.minSize)
	v.Set(reflect.MakeSlice(s.typ, 0, roomFor(n, int(size), len(d.src)-d.at)))
	for i := 0; n > 0 && d.err == nil; n = d.block(s.minSize) {
		for range n {
			if i == v.Cap() {
				v.Grow(1)
			}
			v.SetLen(i + 1)
			if s.of.read(d, unsafe.Add(v.UnsafePointer(), uintptr(i)*size)); d.err != nil {
				d.inside(fmt.Sprintf("[%d]", i))
				return
			}
			i++
		}
	}
}

// roomFor is how many of n announced elements to make room for before the first is read,
// if each takes size bytes of memory and left bytes are left to read: as many as take no
// more memory than that, or a few.
func roomFor(n, size, left int) int {
	const few = 16
	return min(n, max(few, left/max(1, size)))
}

// An arrayPart is an Avro array whose length stands in the schema.
type arrayPart struct {
	typ reflect.Type
	of  part
	is  *shape
}

func (a arrayPart) shape() *shape { return a.is }

func (a arrayPart) append(dst []byte, p unsafe.Pointer, depth int) ([]byte, *ValueError) {
	return appendElements(dst, a.of, p, a.typ.Len(), a.typ.Elem().Size(), depth)
}

func (a arrayPart) reader(c *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != "array" || was.goKind != a.is.goKind {
		return nil, changed(at, was, a.typ.String())
	}
	of, err := c.reader(a.of, a.typ.Elem(), was.of, at+"[]")
	if err != nil {
		return nil, err
	}
	return arrayReader{a.typ.Len(), a.typ.Elem().Size(), of, was.of.minSize}, nil
}

type arrayReader struct {
	length  int
	size    uintptr
	of      reader
	minSize int
}

func (a arrayReader) read(d *decoder, p unsafe.Pointer) {
	if !d.enter() {
		return
	}
	defer d.leave()
	i := 0
	for n := d.block(a.minSize); n > 0 && d.err == nil; n = d.block(a.minSize) {
		for range n {
			if i == a.length {
				d.failf("more than %d elements", a.length)
				return
			}
			if a.of.read(d, unsafe.Add(p, uintptr(i)*a.size)); d.err != nil {
				d.inside(fmt.Sprintf("[%d]", i))
				return
			}
			i++
		}
	}
	if i < a.length {
		d.failf("%d elements of %d", i, a.length)
	}
}
