package avrogo

import (
	"encoding/json"
	"reflect"
)

// A default is what a field gets that is not in an older checkpoint, instead of Go's zero
// value. Its text is read as encoding/json reads it; the text of a string may stand without
// quotes; and no text is the zero value.

// A defaultOf is a field with a default.
type defaultOf struct {
	record *recordPart
	field  int
	path   string
}

// setDefaults encodes the defaults, when all parts are there that this needs. They are kept
// encoded, as each value that is read needs slices and maps of its own.
func (b *builder) setDefaults() *TypeError {
	for _, d := range b.defaults {
		f := &d.record.fields[d.field]
		v := reflect.New(f.typ)
		if err := parseDefault(v, *f.tag.dflt); err != nil {
			return refuse(f.typ, d.path, "the tag says default=%s, which cannot be read as JSON for this type: %v", *f.tag.dflt, err)
		}
		encoded, err := f.part.append([]byte{}, v.UnsafePointer(), 0)
		if err != nil {
			return refuse(f.typ, d.path, "the tag says default=%s, which cannot be written: %v", *f.tag.dflt, err)
		}
		f.zero = encoded
	}
	return nil
}

func parseDefault(v reflect.Value, text string) error {
	if text == "" {
		return nil
	}
	err := json.Unmarshal([]byte(text), v.Interface())
	if to := v.Elem(); err != nil && to.Kind() == reflect.String {
		to.SetString(text)
		return nil
	}
	return err
}
