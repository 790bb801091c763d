package avrogo

import (
	"encoding"
	"encoding/binary"
	"reflect"
	"unsafe"
)

// A stringPart is a string. What is in it need not be UTF-8.
type stringPart struct {
	typ reflect.Type
	is  *shape
}

func (s stringPart) shape() *shape { return s.is }

func (stringPart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	v := *(*string)(p)
	return append(binary.AppendVarint(dst, int64(len(v))), v...), nil
}

func (s stringPart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	switch {
	case was.kind != "string" && was.kind != "bytes":
		return nil, changed(at, was, s.typ.String())
	case was.logical != s.is.logical:
		return nil, unitChanged(at, was, meaning(s.typ, s.is))
	}
	return s, nil
}

func (stringPart) read(d *decoder, p unsafe.Pointer) { *(*string)(p) = string(d.lengthAndBytes()) }

// A bytesPart is a slice of bytes. nil is written as what it is read as: an empty slice.
type bytesPart struct{ typ reflect.Type }

var bytesShape = &shape{kind: "bytes"}

func (bytesPart) shape() *shape { return bytesShape }

func (bytesPart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	v := *(*[]byte)(p)
	return append(binary.AppendVarint(dst, int64(len(v))), v...), nil
}

func (b bytesPart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	if (was.kind != "string" && was.kind != "bytes") || was.logical != "" {
		return nil, changed(at, was, b.typ.String())
	}
	return b, nil
}

func (bytesPart) read(d *decoder, p unsafe.Pointer) {
	b := d.lengthAndBytes()
	*(*[]byte)(p) = append(make([]byte, 0, len(b)), b...)
}

// A fixedPart is an array of bytes.
type fixedPart struct {
	typ reflect.Type
	is  *shape
}

func (f fixedPart) shape() *shape { return f.is }

func (f fixedPart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	return append(dst, unsafe.Slice((*byte)(p), f.is.size)...), nil
}

func (f fixedPart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != "fixed" || was.logical != f.is.logical || was.size != f.is.size {
		return nil, changed(at, was, f.typ.String())
	}
	return f, nil
}

func (f fixedPart) read(d *decoder, p unsafe.Pointer) {
	copy(unsafe.Slice((*byte)(p), f.is.size), d.bytes(int64(f.is.size)))
}

// A marshalPart is a type that only knows itself what is in it, and turns that into text
// and back: netip.Addr, big.Int.
type marshalPart struct{ typ reflect.Type }

var stringShape = &shape{kind: "string"}

var (
	appender    = reflect.TypeFor[encoding.TextAppender]()
	marshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// marshals reports whether a type has both methods.
func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return (p.Implements(marshaler) || p.Implements(appender)) && p.Implements(unmarshaler)
}

// IsOpaque reports whether t is a struct that is not written field by field: a
// time.Time, or one with hidden fields and both methods.
func IsOpaque(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	_, hidden, _ := fieldsOf(t, "")
	return IsTime(t) || hidden && marshals(t)
}

func (marshalPart) shape() *shape { return stringShape }

func (m marshalPart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	var text []byte
	var err error
	switch v := reflect.NewAt(m.typ, p).Interface().(type) {
	case encoding.TextAppender:
		text, err = v.AppendText(nil)
	case encoding.TextMarshaler:
		text, err = v.MarshalText()
	}
	if err != nil {
		return nil, &ValueError{What: err.Error(), Err: err}
	}
	return append(binary.AppendVarint(dst, int64(len(text))), text...), nil
}

func (m marshalPart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != "string" || was.logical != "" {
		return nil, changed(at, was, m.typ.String())
	}
	return m, nil
}

func (m marshalPart) read(d *decoder, p unsafe.Pointer) {
	at := d.at
	text := append([]byte{}, d.lengthAndBytes()...) // the method may keep or change it
	if d.err != nil {
		return
	}
	if err := reflect.NewAt(m.typ, p).Interface().(encoding.TextUnmarshaler).UnmarshalText(text); err != nil {
		d.at = at
		d.failf("%v", err)
		d.err.Err = err
	}
}

// wasText reports whether values of t, which are written by their kind, may have been
// written as text: a type with the methods was, once.
func wasText(t reflect.Type, was *shape) bool {
	return was.kind == "string" && t.Kind() != reflect.String && !IsTime(t) && reflect.PointerTo(t).Implements(unmarshaler)
}
