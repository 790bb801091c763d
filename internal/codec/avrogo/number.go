package avrogo

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"unsafe"
)

type boolPart struct{ typ reflect.Type }

var boolShape = &shape{kind: "boolean"}

func (boolPart) shape() *shape { return boolShape }

func (boolPart) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	if *(*bool)(p) {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

func (b boolPart) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != "boolean" {
		return nil, changed(at, was, b.typ.String())
	}
	return b, nil
}

func (boolPart) read(d *decoder, p unsafe.Pointer) { *(*bool)(p) = d.bool() }

// An integerPart is an int or long. A uint64 is neither: see uint64Part.
type integerPart[T int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32] struct {
	typ reflect.Type
	is  *shape
}

// integer returns the part of an integer. Its kind stands in the schema, as Avro has only
// two, and a program that reads it must know what the numbers can be.
func integer(t reflect.Type, logical string) part {
	s := &shape{kind: "int", logical: logical, goKind: t.Kind().String()}
	switch t.Kind() {
	case reflect.Int8:
		return integerPart[int8]{t, s}
	case reflect.Int16:
		return integerPart[int16]{t, s}
	case reflect.Int32:
		return integerPart[int32]{t, s}
	case reflect.Uint8:
		return integerPart[uint8]{t, s}
	case reflect.Uint16:
		return integerPart[uint16]{t, s}
	}
	s.kind = "long"
	switch t.Kind() {
	case reflect.Uint32:
		return integerPart[uint32]{t, s}
	case reflect.Int:
		s.goKind = "" // an int64 in everything but the name
		return integerPart[int]{t, s}
	default:
		s.goKind = ""
		return integerPart[int64]{t, s}
	}
}

func (i integerPart[T]) shape() *shape { return i.is }

func (integerPart[T]) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	return binary.AppendVarint(dst, int64(*(*T)(p))), nil
}

func (i integerPart[T]) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	switch {
	case was.isUint64():
		return nil, narrowed(at, was, i.typ.String())
	case !was.isInteger():
		return nil, changed(at, was, i.typ.String())
	}
	if was.logical != i.is.logical {
		return nil, unitChanged(at, was, meaning(i.typ, i.is))
	}
	least, most := i.is.bounds()
	wasLeast, wasMost := was.bounds()
	if wasLeast >= least && wasMost <= most {
		return i, nil
	}
	if was.kind == "int" && was.goKind == "" && least < 0 {
		return i, nil // from before the schema told an int8 from an int32
	}
	return nil, narrowed(at, was, i.typ.String())
}

func (i integerPart[T]) read(d *decoder, p unsafe.Pointer) {
	v := d.long()
	if int64(T(v)) != v {
		d.failf("%d does not fit in %s", v, i.typ.Kind())
		return
	}
	*(*T)(p) = T(v)
}

// A uint64Part is a decimal without a fraction, as long as it must be: Avro's long does
// not reach far enough.
type uint64Part[T uint64 | uint] struct{ typ reflect.Type }

const uint64Digits = 20 // of 18446744073709551615

var uint64Shape = &shape{kind: "bytes", logical: "decimal", digits: uint64Digits}

func (uint64Part[T]) shape() *shape { return uint64Shape }

func (uint64Part[T]) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	var b [9]byte
	binary.BigEndian.PutUint64(b[1:], uint64(*(*T)(p)))
	first := 0
	for first < 8 && b[first] == 0 && b[first+1] < 0x80 { // the first bit is the sign
		first++
	}
	return append(binary.AppendVarint(dst, int64(9-first)), b[first:]...), nil
}

func (u uint64Part[T]) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	switch least, _ := was.bounds(); {
	case was.isUint64():
		return u, nil
	case was.isInteger() && was.logical == "" && least == 0:
		return uint64Of[T]{}, nil
	case was.isInteger() && was.logical == "":
		return nil, narrowed(at, was, u.typ.String())
	}
	return nil, changed(at, was, u.typ.String())
}

func (uint64Part[T]) read(d *decoder, p unsafe.Pointer) {
	at := d.at
	b := d.lengthAndBytes()
	if d.err != nil {
		return
	}
	n := len(b)
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	if n == 0 || n > 9 || b[0] >= 0x80 || n == 9 && b[0] != 0 || uint64(T(v)) != v {
		d.at = at
		d.failf("%x is no %T", b[:min(n, 10)], T(0))
		return
	}
	*(*T)(p) = T(v)
}

// uint64Of reads a shorter unsigned integer.
type uint64Of[T uint64 | uint] struct{}

func (uint64Of[T]) read(d *decoder, p unsafe.Pointer) {
	v := d.long()
	if v < 0 || uint64(T(v)) != uint64(v) {
		d.failf("%d is no %T", v, T(0))
		return
	}
	*(*T)(p) = T(v)
}

type float64Part struct{ typ reflect.Type }

var doubleShape = &shape{kind: "double"}

func (float64Part) shape() *shape { return doubleShape }

func (float64Part) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(*(*float64)(p))), nil
}

func (f float64Part) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	switch {
	case was.logical != "":
	case was.kind == "double":
		return f, nil
	case was.kind == "float":
		return float64OfFloat{}, nil
	case was.isInteger():
		return float64OfInteger{}, nil
	}
	return nil, changed(at, was, f.typ.String())
}

func (float64Part) read(d *decoder, p unsafe.Pointer) { *(*float64)(p) = d.float64() }

type float64OfFloat struct{}

func (float64OfFloat) read(d *decoder, p unsafe.Pointer) { *(*float64)(p) = float64(d.float32()) }

type float64OfInteger struct{}

func (float64OfInteger) read(d *decoder, p unsafe.Pointer) { *(*float64)(p) = float64(d.long()) }

type float32Part struct{ typ reflect.Type }

var floatShape = &shape{kind: "float"}

func (float32Part) shape() *shape { return floatShape }

func (float32Part) append(dst []byte, p unsafe.Pointer, _ int) ([]byte, *ValueError) {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(*(*float32)(p))), nil
}

func (f float32Part) reader(_ *comparison, was *shape, at string) (reader, *ChangeError) {
	switch {
	case was.logical != "":
	case was.kind == "float":
		return f, nil
	case was.kind == "double":
		return nil, narrowed(at, was, f.typ.String())
	case was.isInteger():
		return float32OfInteger{}, nil
	}
	return nil, changed(at, was, f.typ.String())
}

func (float32Part) read(d *decoder, p unsafe.Pointer) { *(*float32)(p) = d.float32() }

type float32OfInteger struct{}

func (float32OfInteger) read(d *decoder, p unsafe.Pointer) { *(*float32)(p) = float32(d.long()) }

// meaning is a type with what its tag says of the unit.
func meaning(t reflect.Type, s *shape) string {
	if s.logical == "" {
		return t.String()
	}
	return fmt.Sprintf("%s in %s", t, s.logical)
}
