package file

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxFieldDepth is how deep find looks.
const maxFieldDepth = 64

// find looks in a record for a value that bad says is none that JSON can hold, and returns
// the way to it, as "Items[3].Name". It is for records that are to be refused: it is slow.
func find(record any, bad func(reflect.Value) bool) (field string, ok bool) {
	field, ok = findIn(reflect.ValueOf(record), bad, 0)
	return strings.TrimPrefix(field, "."), ok
}

func findIn(v reflect.Value, bad func(reflect.Value) bool, depth int) (field string, ok bool) {
	if depth > maxFieldDepth || !v.IsValid() {
		return "", false
	}
	if bad(v) {
		return "", true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return findIn(v.Elem(), bad, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !inJSON(v.Type(), f) {
				continue
			}
			if field, ok := findIn(v.Field(i), bad, depth+1); ok {
				return "." + f.Name + field, true
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return "", false // they have no inside
		}
		for i := range v.Len() {
			if field, ok := findIn(v.Index(i), bad, depth+1); ok {
				return fmt.Sprintf("[%d]%s", i, field), true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if bad(it.Key()) {
				return fmt.Sprintf("[%q]", it.Key()), true
			}
			if field, ok := findIn(it.Value(), bad, depth+1); ok {
				return fmt.Sprintf("[%q]%s", fmt.Sprint(it.Key()), field), true
			}
		}
	}
	return "", false
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// inJSON reports whether a field of a struct may be in its JSON: any field, if the struct
// writes that itself.
func inJSON(t reflect.Type, f reflect.StructField) bool {
	if t.Implements(jsonMarshaler) || reflect.PointerTo(t).Implements(jsonMarshaler) {
		return true
	}
	return (f.IsExported() || f.Anonymous) && f.Tag.Get("json") != "-"
}

// notUTF8 reports whether a value is, or is written as, a string that is not UTF-8.
func notUTF8(v reflect.Value) bool {
	if v.Type().Implements(textMarshaler) && !v.Type().Implements(jsonMarshaler) && v.CanInterface() {
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return false
		}
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		return err == nil && !utf8.Valid(text)
	}
	return v.Kind() == reflect.String && !utf8.ValidString(v.String())
}

// notFinite reports whether a value is NaN or infinite.
func notFinite(v reflect.Value) bool {
	return v.CanFloat() && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0))
}
