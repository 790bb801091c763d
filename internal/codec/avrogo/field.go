package avrogo

import (
	"fmt"
	"reflect"
	"unsafe"
)

// A field is a field of a record. Fields of embedded structs are fields of the record of
// the struct around them, as they are fields of that in Go.
type field struct {
	name   string // Avro's
	goName string // its way from the struct whose record it is in: "Base.ID"
	typ    reflect.Type
	offset uintptr
	tag    tag
	part   part
	zero   []byte // what a default= says, encoded; nil if there is none
}

// in returns where the field is in the struct that p points to.
func (f *field) in(p unsafe.Pointer) unsafe.Pointer { return unsafe.Add(p, f.offset) }

// fieldsOf returns the fields of the record of t, without their parts. If one is hidden from
// other packages, hidden is true and the error says so.
func fieldsOf(t reflect.Type, path string) (fields []field, hidden bool, err *TypeError) {
	c := collector{path: path, names: map[string]string{}}
	err = c.collect(t, "", 0)
	return c.fields, c.hidden, err
}

type collector struct {
	path   string
	names  map[string]string // goName by name
	fields []field
	hidden bool
}

// collect adds the fields of t, which is at way and offset in the struct that is collected.
func (c *collector) collect(t reflect.Type, way string, offset uintptr) *TypeError {
	for i := range t.NumField() {
		f := t.Field(i)
		text := f.Tag.Get("avro")
		if text == leftOut || f.Name == "_" {
			continue
		}
		goName := way + f.Name
		at := c.path + "." + goName
		tag, wrong := parseTag(text)
		switch {
		case wrong != "":
			return refuse(f.Type, at, "%s", wrong)
		case isInlined(f, tag) && (len(tag.aliases) > 0 || tag.logical != "" || tag.dflt != nil):
			return refuse(f.Type, at, "the fields of an embedded struct are fields of the struct around it, so that there is nothing "+
				"an option could be of: remove the options, or name the field by the tag")
		case isInlined(f, tag):
			if err := c.collect(f.Type, goName+".", offset+f.Offset); err != nil {
				return err
			}
			continue
		case tag.inline:
			return refuse(f.Type, at, "inline is for structs: remove it from the tag")
		case !f.IsExported():
			c.hidden = true
			return refuse(f.Type, at, "an unexported field would be gone after a restore: export it, tag it `avro:\"-\"` if it may be lost, "+
				"or give the struct the methods MarshalText and UnmarshalText"+OrCustom)
		}
		name := tag.name
		if name == "" {
			name = f.Name
		}
		if !isName(name) {
			return refuse(f.Type, at, "the name %q has other characters than letters from a to z, digits and _, and Avro has only those: "+
				"name the field by a tag, `avro:\"name\"`", name)
		}
		if other, ok := c.names[name]; ok {
			return refuse(f.Type, at, "the field %s has the same name in Avro, %q, and one of them would be gone "+
				"after a restore: name one by a tag, `avro:\"name\"`"+OrCustom, other, name)
		}
		c.names[name] = goName
		c.fields = append(c.fields, field{name: name, goName: goName, typ: f.Type, offset: offset + f.Offset, tag: tag})
	}
	return nil
}

// isInlined reports whether the fields of a field are fields of the struct around it.
func isInlined(f reflect.StructField, tag tag) bool {
	return f.Type.Kind() == reflect.Struct && !IsOpaque(f.Type) && (tag.inline || f.Anonymous && tag.name == "")
}

// structure returns the part of a struct.
func (b *builder) structure(t reflect.Type, path string) (part, *TypeError) {
	if known := b.records[t]; known != nil {
		return known, nil
	}
	fields, hidden, err := fieldsOf(t, path)
	switch {
	case hidden && marshals(t):
		return marshalPart{t}, nil
	case err != nil:
		return nil, err
	case len(fields) == 0 && t.NumField() > 0:
		return nil, refuse(t, path, "all fields of the struct are left out, so that there is nothing to keep: use struct{}"+OrCustom)
	}
	r := &recordPart{typ: t, is: &shape{kind: "record", name: t.Name()}}
	b.records[t] = r
	around := b.around
	b.around = nil
	defer func() { b.around = around }()
	for i := range fields {
		f := &fields[i]
		if f.part, err = b.part(f.typ, path+"."+f.goName, f.tag); err != nil {
			return nil, err
		}
		r.is.fields = append(r.is.fields, shapeField{f.name, f.part.shape()})
		if f.tag.dflt != nil {
			b.defaults = append(b.defaults, defaultOf{r, i, path + "." + f.goName})
		}
	}
	r.fields, r.complete = fields, true
	return r, nil
}

// zeroText is the text of a default= that is the zero value of a type.
func zeroText(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "false"
	case reflect.String:
		return ""
	case reflect.Pointer:
		return "null"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return ""
		}
		return "[]"
	case reflect.Map:
		return "{}"
	case reflect.Struct:
		switch {
		case IsTime(t):
			return "null"
		case IsOpaque(t):
			return ""
		}
		return "{}"
	default:
		return "0"
	}
}

// tagWith is the field's tag with a name and one more option.
func (f *field) tagWith(name, option string) string {
	for _, a := range f.tag.aliases {
		name += ",alias=" + a
	}
	if f.tag.logical != "" {
		name += "," + f.tag.logical
	}
	return fmt.Sprintf("`avro:\"%s,%s\"`", name, option)
}
