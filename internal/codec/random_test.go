package codec

import (
	"fmt"
	"math"
	"reflect"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// Types that are made at random, and values of them.

var leaves = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](),
	reflect.TypeFor[int64](), reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](),
	reflect.TypeFor[uint32](), reflect.TypeFor[uint64](), reflect.TypeFor[uint](), reflect.TypeFor[float32](),
	reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[time.Duration](), reflect.TypeFor[airport](), reflect.TypeFor[meters](), reflect.TypeFor[[3]byte](),
}

var keyTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[airport](), reflect.TypeFor[int32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[[2]uint16](), reflect.TypeFor[time.Time](), reflect.TypeFor[struct{ A, B int8 }](),
}

// anyType draws a type that is nested depth deep at most.
func anyType(t *rapid.T, depth int) reflect.Type {
	leaf := rapid.SampledFrom(leaves).Draw(t, "leaf")
	if depth == 0 {
		return leaf
	}
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return reflect.SliceOf(anyType(t, depth-1))
	case 1:
		return reflect.ArrayOf(2, anyType(t, depth-1))
	case 2:
		return reflect.MapOf(rapid.SampledFrom(keyTypes).Draw(t, "key"), anyType(t, depth-1))
	case 3:
		to := anyType(t, depth-1)
		if to.Kind() == reflect.Pointer {
			return to
		}
		return reflect.PointerTo(to)
	case 4, 5:
		return anyStruct(t, depth)
	default:
		return leaf
	}
}

// anyStruct draws a struct with the fields A, B and so on.
func anyStruct(t *rapid.T, depth int) reflect.Type {
	fields := make([]reflect.StructField, rapid.IntRange(1, 4).Draw(t, "fields"))
	for i := range fields {
		fields[i] = reflect.StructField{Name: string(rune('A' + i)), Type: anyType(t, depth-1)}
	}
	return reflect.StructOf(fields)
}

// anyValue draws a value of a type.
func anyValue(t *rapid.T, typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	fill(t, v)
	return v
}

func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		n := anyInt64().Draw(t, "int")
		v.SetInt(n >> (64 - v.Type().Bits()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		n := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1 << 63, math.MaxUint64})).Draw(t, "uint")
		v.SetUint(n >> (64 - v.Type().Bits()))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32().Draw(t, "float32")))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float64"))
	case reflect.String:
		v.SetString(anyString().Draw(t, "string"))
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "len")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			v.SetMapIndex(anyValue(t, v.Type().Key()), anyValue(t, v.Type().Elem()))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "nil") {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			if !rapid.Bool().Draw(t, "no time") { // in every unit that a test may ask for
				v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(-9e9, 9e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()))
			}
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		panic(fmt.Sprintf("no value of %s", v.Type()))
	}
}

// dynamic is a Codec for a type that is made at random: of the pointers to its values.
type dynamic struct {
	erased
	typ reflect.Type
}

func (d dynamic) Append(dst []byte, v reflect.Value) ([]byte, error) {
	p := reflect.New(d.typ)
	p.Elem().Set(v)
	return d.append(dst, p.UnsafePointer())
}

func (d dynamic) Decode(src []byte) (reflect.Value, int, error) {
	p := reflect.New(d.typ)
	n, err := d.decode(src, unsafe.Pointer(p.UnsafePointer()))
	return p.Elem(), n, err
}
