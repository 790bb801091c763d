package avrogo

import (
	"fmt"
	"reflect"
	"slices"
)

// A builder makes the parts of one Type. What it refuses would not come out of a
// checkpoint as it went in:
//
//   - interfaces: what is in one is not known beforehand;
//   - channels, functions and unsafe pointers, which are no data, and complex numbers;
//   - unexported fields, unless the type has methods that turn it into text and back;
//   - pointers to pointers, and pointers as keys of maps;
//   - slices of structs without fields, as nothing would bound the length in bad bytes.
type builder struct {
	records  map[reflect.Type]*recordPart
	around   []reflect.Type // slices, maps and pointers without a struct in between
	defaults []defaultOf
}

// OrCustom ends the Why of a TypeError for which it is a way out.
const OrCustom = ", or give it a CustomCodec"

func refuse(part reflect.Type, path, why string, args ...any) *TypeError {
	return &TypeError{Path: path, Part: part, Why: fmt.Sprintf(why, args...)}
}

// part returns the part of t, which is at path. tag is the one of its field.
func (b *builder) part(t reflect.Type, path string, tag tag) (part, *TypeError) {
	if p, err := b.tagged(t, path, tag); p != nil || err != nil {
		return p, err
	}
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return integer(t, ""), nil
	case reflect.Bool:
		return boolPart{t}, nil
	case reflect.Uint64:
		return uint64Part[uint64]{t}, nil
	case reflect.Uint:
		return uint64Part[uint]{t}, nil
	case reflect.Float32:
		return float32Part{t}, nil
	case reflect.Float64:
		return float64Part{t}, nil
	case reflect.String:
		return stringPart{t, stringShape}, nil
	case reflect.Struct:
		return b.structure(t, path)
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
		if slices.Contains(b.around, t) {
			return nil, refuse(t, path, "it contains itself, which only structs can: use a struct with a field of it"+OrCustom)
		}
		b.around = append(b.around, t)
		defer func() { b.around = b.around[:len(b.around)-1] }()
		return b.container(t, path)
	}
	return nil, b.noPart(t, path)
}

func (b *builder) noPart(t reflect.Type, path string) *TypeError {
	switch t.Kind() {
	case reflect.Interface:
		return refuse(t, path, "what is in an interface is not known beforehand: use a concrete type"+OrCustom)
	case reflect.Complex64, reflect.Complex128:
		return refuse(t, path, "Avro has no complex numbers: use a struct of two floats"+OrCustom)
	case reflect.Uintptr:
		return refuse(t, path, "an address means nothing after a restart: use uint64 if it is a number"+OrCustom)
	default: // chan, func, unsafe.Pointer
		return refuse(t, path, "values of kind %s exist in one process only: remove it, or tag its field `avro:\"-\"` if it may be lost", t.Kind())
	}
}

// tagged returns the part of a type of which a tag may say the form, or nil if t is none.
func (b *builder) tagged(t reflect.Type, path string, tag tag) (part, *TypeError) {
	u, isUnit := unitOf(tag.logical)
	plain := tag.logical == ""
	switch {
	case t.Kind() == reflect.Pointer && IsTime(t.Elem()) && (plain || isUnit):
		return pointerTo(t, timeIn(t.Elem(), tag.logical, true)), nil
	case t.Kind() == reflect.Pointer && !plain:
		inner, err := b.tagged(t.Elem(), path, tag)
		if err != nil {
			return nil, err
		}
		return pointerTo(t, inner), nil
	case IsTime(t) && (plain || isUnit):
		return timeIn(t, tag.logical, false), nil
	case t == durationType && plain:
		return nanosPart{integer(t, "").(integerPart[int64])}, nil
	case t == durationType && (tag.logical == "time-micros" || tag.logical == "time-millis"):
		return durationIn(u), nil
	case t == durationType:
		return nil, refuse(t, path, "a time.Duration can be in time-micros or time-millis, and is in nanoseconds without a tag: remove %s", tag.logical)
	case plain:
		return nil, nil
	case tag.logical == "uuid" && t.Kind() == reflect.String:
		return stringPart{t, &shape{kind: "string", logical: "uuid"}}, nil
	case tag.logical == "uuid" && t.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8:
		return fixedPart{t, &shape{kind: "fixed", logical: "uuid", name: "uuid", size: 16}}, nil
	case isUnit && isInteger(t.Kind()):
		if p := integer(t, tag.logical); p.shape().kind == u.kind {
			return p, nil
		}
	}
	return nil, refuse(t, path, "the tag says %s, which a field of type %s cannot be: remove that option", tag.logical, GoName(t))
}

// isInteger reports whether a kind is an int or long in Avro.
func isInteger(k reflect.Kind) bool {
	return reflect.Int <= k && k <= reflect.Int64 || reflect.Uint8 <= k && k <= reflect.Uint32
}

func (b *builder) container(t reflect.Type, path string) (part, *TypeError) {
	switch t.Kind() {
	case reflect.Slice:
		return b.slice(t, path)
	case reflect.Array:
		return b.array(t, path)
	case reflect.Map:
		return b.mapping(t, path)
	default:
		return b.pointer(t, path)
	}
}

func (b *builder) slice(t reflect.Type, path string) (part, *TypeError) {
	if t.Elem().Kind() == reflect.Uint8 {
		return bytesPart{t}, nil
	}
	of, err := b.part(t.Elem(), path+"[]", tag{})
	if err != nil {
		return nil, err
	}
	if takesNothing(of) {
		return nil, refuse(t.Elem(), path+"[]", "a slice of structs without fields has a length and nothing else: use an int64"+OrCustom)
	}
	return slicePart{t, of, &shape{kind: "array", of: of.shape()}}, nil
}

func (b *builder) array(t reflect.Type, path string) (part, *TypeError) {
	if t.Len() == 0 {
		return nil, refuse(t, path, "an array without elements has nothing to keep: remove the field, or tag it `avro:\"-\"`")
	}
	if t.Elem().Kind() == reflect.Uint8 {
		return fixedPart{t, &shape{kind: "fixed", name: t.Name(), size: t.Len()}}, nil
	}
	of, err := b.part(t.Elem(), path+"[]", tag{})
	if err != nil {
		return nil, err
	}
	if takesNothing(of) {
		return nil, refuse(t.Elem(), path+"[]", "an array of structs without fields has nothing to keep: remove the field, or tag it `avro:\"-\"`")
	}
	return arrayPart{t, of, &shape{kind: "array", goKind: goArray(t.Len()), of: of.shape()}}, nil
}

func (b *builder) pointer(t reflect.Type, path string) (part, *TypeError) {
	if t.Elem().Kind() == reflect.Pointer {
		return nil, refuse(t, path, "a pointer to a pointer has two kinds of nil, and one of them would be the other after a restore: use one pointer"+OrCustom)
	}
	inner, err := b.part(t.Elem(), path, tag{})
	if err != nil {
		return nil, err
	}
	return pointerTo(t, inner), nil
}

func (b *builder) mapping(t reflect.Type, path string) (part, *TypeError) {
	if p := PointerIn(t.Key()); p != nil {
		return nil, refuse(p, path+"[key]", PointerKey)
	}
	value, err := b.part(t.Elem(), path+"[value]", tag{})
	if err != nil {
		return nil, err
	}
	if t.Key().Kind() == reflect.String {
		key := stringPart{t.Key(), stringShape}
		return newMapPart(t, key, value, &shape{kind: "map", of: value.shape()}), nil
	}
	key, err := b.part(t.Key(), path+"[key]", tag{})
	if err != nil {
		return nil, err
	}
	if takesNothing(key) {
		return nil, refuse(t.Key(), path+"[key]", "a map with keys without fields has one entry at most: use its value in place of the map")
	}
	entry := &shape{kind: "record", name: "Entry", fields: []shapeField{{"key", key.shape()}, {"value", value.shape()}}}
	return newMapPart(t, key, value, &shape{kind: "array", goKind: goMap, of: entry}), nil
}

// PointerKey says why a key of a map can have no pointer in it, and what to do.
const PointerKey = "a pointer that is a key of a map is another key after a restore: use what it points to" + OrCustom

// PointerIn returns the type of a pointer that the type of a key has in it, or nil.
func PointerIn(t reflect.Type) reflect.Type {
	switch {
	case t.Kind() == reflect.Pointer:
		return t
	case t.Kind() == reflect.Array:
		return PointerIn(t.Elem())
	case t.Kind() == reflect.Struct && !IsOpaque(t):
		for i := range t.NumField() {
			if p := PointerIn(t.Field(i).Type); p != nil {
				return p
			}
		}
	}
	return nil
}
