package codec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// What Of refuses, and why. The rule behind it: what goes into a checkpoint comes out
// of it again, or the job does not start.
//
//   - Kinds that Flink or Avro have nothing for: unsigned integers, complex numbers,
//     arrays (but [n]byte in a struct), channels, functions.
//   - Pointers and interfaces: state is values. A pointer in it could be used to change
//     what a snapshot is just being written from.
//   - Fields of a struct that Avro would silently leave out: unexported ones, and ones
//     that a field of an outer struct hides. (`avro:"-"` says that it is meant.)
//   - Fields that it would silently cut: a time.Time or time.Duration whose tag does
//     not say to which unit. By default it would be the millisecond.
//   - Structs without a name, or with that of an instance of a generic type: Avro has
//     no such names.
//   - Structs without fields: Avro reads back only so many values that take no bytes.
//   - In structs, maps whose keys are no strings; and around structs, those too: their
//     codecs are made with MapOf.

// An UnsupportedError says that Of has no codec for a type, because of a part of it.
type UnsupportedError struct {
	Type reflect.Type // the one that was asked for
	Path string       // from there to the part: ".Lines[].Price"; empty if it is the type itself
	Part reflect.Type // the part's type
	Why  string       // why, and what to do
}

func (e *UnsupportedError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("no codec for %s: %s", e.Type, e.Why)
	}
	return fmt.Sprintf("no codec for %s: at %s, of type %s: %s", e.Type, e.Path, e.Part, e.Why)
}

// orOwn ends a Why for which it is a way out.
const orOwn = ", or give a codec of your own"

// check tells whether Of has a codec for t.
func check(t reflect.Type) error {
	c := checker{root: t, structs: map[reflect.Type]bool{}}
	if err := c.value(t, ""); err != nil {
		return err
	}
	return nil
}

type checker struct {
	root    reflect.Type
	structs map[reflect.Type]bool // that are or have been checked
	around  []reflect.Type        // slices and maps around what is being checked
	inside  int                   // how many structs are around it
}

// refuse is a plain pointer so that it can be compared with nil; check makes an error of it.
func (c *checker) refuse(part reflect.Type, path, why string, args ...any) *UnsupportedError {
	return &UnsupportedError{Type: c.root, Path: path, Part: part, Why: fmt.Sprintf(why, args...)}
}

func (c *checker) value(t reflect.Type, path string) *UnsupportedError {
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int,
		reflect.Float32, reflect.Float64, reflect.String:
		if t == durationType && c.inside > 0 {
			return c.refuse(t, path, "Avro cuts it to milliseconds, and it may have 24 days at most: "+
				"use int64, or tag the field `avro:\",time-micros\"` if that will do")
		}
		return nil
	case reflect.Slice, reflect.Map:
		return c.container(t, path)
	case reflect.Struct:
		return c.structure(t, path)
	case reflect.Array:
		if c.inside > 0 && t.Elem().Kind() == reflect.Uint8 && t.Len() > 0 {
			return nil
		}
		return c.refuse(t, path, "Flink has no arrays of a fixed length: use a slice"+orOwn)
	case reflect.Pointer:
		return c.refuse(t, path, "state is values, not pointers: use %s, or a slice where there may be none"+orOwn, t.Elem())
	case reflect.Interface:
		return c.refuse(t, path, "what is in an interface is not known beforehand: use a concrete type"+orOwn)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint, reflect.Uintptr:
		return c.refuse(t, path, "Flink has no unsigned integers: use int64"+orOwn)
	case reflect.Complex64, reflect.Complex128:
		return c.refuse(t, path, "Flink has no complex numbers: use a struct of two float64"+orOwn)
	default: // chan, func, unsafe.Pointer
		return c.refuse(t, path, "values of kind %s are no data, and cannot be kept: use a type that is"+orOwn, t.Kind())
	}
}

func (c *checker) container(t reflect.Type, path string) *UnsupportedError {
	if slices.Contains(c.around, t) {
		return c.refuse(t, path, "it contains itself, which only structs can: use a struct with a field of it"+orOwn)
	}
	c.around = append(c.around, t)
	defer func() { c.around = c.around[:len(c.around)-1] }()
	if t.Kind() == reflect.Slice {
		if t.Elem().Kind() == reflect.Uint8 {
			return nil // bytes
		}
		return c.value(t.Elem(), path+"[]")
	}
	key := t.Key()
	switch {
	case key.Kind() == reflect.String:
	case c.inside > 0:
		return c.refuse(t, path, "Avro's maps have strings for keys: use those, or a slice of structs"+orOwn)
	case isRecord(key) || isRecord(innermost(t)):
		return c.refuse(t, path, "a map with a struct in it needs strings for keys: use those, or make its codec with MapOf")
	default:
		if err := c.value(key, path+"[key]"); err != nil {
			return err
		}
	}
	return c.value(t.Elem(), path+"[value]")
}

// innermost is what is in the slices and maps that t consists of.
func innermost(t reflect.Type) reflect.Type {
	for range 100 { // more are not written by people, but by types that contain themselves
		if t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
			break
		}
		t = t.Elem()
	}
	return t
}

const noFields = "a struct without fields has nothing to keep: for a set use a map to bool" + orOwn

// isTime tells whether t is a time.Time or declared as one.
func isTime(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.ConvertibleTo(timeType)
}

// isRecord tells whether t is written as Avro.
func isRecord(t reflect.Type) bool { return t.Kind() == reflect.Struct && !isTime(t) }

func (c *checker) structure(t reflect.Type, path string) *UnsupportedError {
	switch {
	case isTime(t) && c.inside == 0:
		return nil
	case t == timeType:
		return c.refuse(t, path, "Avro cuts it to milliseconds: tag the field `avro:\",timestamp-micros\"` (or -millis, or "+
			"-nanos, for 1678 to 2262), in a slice or map use structs with such a field"+orOwn)
	case c.structs[t]:
		return nil
	case t.NumField() == 0:
		return c.refuse(t, path, noFields)
	case t.Name() == "":
		return c.refuse(t, path, "a struct needs a named type, as Avro's schema has the name: declare one"+orOwn)
	case strings.Contains(t.Name(), "["):
		return c.refuse(t, path, "Avro has no names like %s: declare a type as it, such as type X %s"+orOwn, t.Name(), t)
	}
	c.structs[t] = true
	around := c.around
	c.around, c.inside = nil, c.inside+1
	defer func() { c.around, c.inside = around, c.inside-1 }()

	names := map[string]string{}
	if err := c.fields(t, path, "", names); err != nil {
		return err
	}
	if len(names) == 0 {
		return c.refuse(t, path, noFields)
	}
	return nil
}

// units are the options of a tag that say how precise a time or duration is kept.
var units = []string{"date", "time-millis", "time-micros",
	"timestamp-millis", "timestamp-micros", "timestamp-nanos",
	"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos"}

// fields checks the fields of t, which is at path; flat is the way to it from the struct
// whose record they are part of. Names has the fields of the record by their Avro name.
func (c *checker) fields(t reflect.Type, path, flat string, names map[string]string) *UnsupportedError {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("avro")
		if tag == "-" || f.Name == "_" {
			continue
		}
		at, in := path+"."+f.Name, flat+f.Name
		options := strings.Split(tag, ",")
		name, options := options[0], options[1:]
		if slices.Contains(options, "inline") || f.Anonymous && name == "" {
			if f.Type.Kind() == reflect.Struct {
				if err := c.fields(f.Type, at, in+".", names); err != nil {
					return err
				}
				continue
			}
		}
		if !f.IsExported() {
			return c.refuse(f.Type, at, "an unexported field would be gone after a restore: export it, "+
				"tag it `avro:\"-\"` if it may be lost"+orOwn)
		}
		if name == "" {
			name = f.Name
		}
		if other, ok := names[name]; ok {
			return c.refuse(f.Type, at, "the field %s has the same name in Avro, %q, and one of them would be gone "+
				"after a restore: name one by a tag, `avro:\"name\"`"+orOwn, other, name)
		}
		names[name] = in
		if f.Type == timeType || f.Type == durationType {
			if slices.ContainsFunc(options, func(o string) bool { return slices.Contains(units, o) }) {
				continue
			}
		}
		if err := c.value(f.Type, at); err != nil {
			return err
		}
	}
	return nil
}
