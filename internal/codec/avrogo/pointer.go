package avrogo

import (
	"reflect"
	"unsafe"
)

// A pointerPart is null for nil, or what is pointed to. Two pointers to one value are
// pointers to two values after a restore.
type pointerPart struct {
	typ reflect.Type
	to  part
	is  *shape
}

func pointerTo(t reflect.Type, to part) part {
	return pointerPart{t, to, &shape{kind: optional, of: to.shape()}}
}

func (p pointerPart) shape() *shape { return p.is }

func (part pointerPart) append(dst []byte, p unsafe.Pointer, depth int) ([]byte, *ValueError) {
	if depth++; depth > maxDepth {
		return nil, tooDeep()
	}
	to := *(*unsafe.Pointer)(p)
	if to == nil {
		return append(dst, 0), nil
	}
	return part.to.append(append(dst, 2), to, depth)
}

func (part pointerPart) reader(c *comparison, was *shape, at string) (reader, *ChangeError) {
	r := pointerReader{typ: part.typ.Elem(), nullAt: -1}
	if was.kind == optional {
		r.nullAt, was = was.nullAt, was.of
	}
	var err *ChangeError
	r.to, err = c.reader(part.to, part.typ.Elem(), was, at)
	return r, err
}

type pointerReader struct {
	typ    reflect.Type // of what is pointed to
	to     reader
	nullAt int // or -1 if there was always a value
}

func (r pointerReader) read(d *decoder, p unsafe.Pointer) {
	if !d.enter() {
		return
	}
	defer d.leave()
	if r.nullAt >= 0 && d.isNull(r.nullAt) {
		return
	}
	to := reflect.New(r.typ).UnsafePointer()
	if r.to.read(d, to); d.err == nil {
		*(*unsafe.Pointer)(p) = to
	}
}
