// Package avrogo writes Go values as Avro, and reads them into types that have changed
// since.
//
// A Type is found once per Go type, by reflection. What is done per value follows a plan
// of small parts, one for each field, element, key and value; reflection is used there
// for maps and to make slices, and nothing else. Pointers are unsafe throughout: a part
// is told where in memory its value is.
//
// The bytes are standard Avro, and so is the schema. What Avro has no word for stands in
// the schema as an attribute "go" that other readers step over: which of Go's integers an
// int or long is, how long an array is, that an array is a map.
//
// The package knows no checkpoint and no Flink.
package avrogo

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/twmb/avro"
)

// A Type is how the values of one Go type are written. It may be used concurrently.
type Type struct {
	root   part
	name   string // with which the path of a field begins
	schema *avro.Schema
	own    *Reader
}

// Of returns how values of t are written. If they cannot be, the error is a *TypeError.
func Of(t reflect.Type) (*Type, error) {
	b := builder{records: map[reflect.Type]*recordPart{}}
	root, err := b.part(t, RootName(t), tag{})
	if err != nil {
		return nil, err
	}
	if err := b.setDefaults(); err != nil {
		return nil, err
	}
	node := root.shape().node(newNamer())
	schema, parseErr := node.Schema()
	if parseErr != nil {
		return nil, &TypeError{Path: RootName(t), Part: t, Why: parseErr.Error()}
	}
	typ := &Type{root: root, name: RootName(t), schema: schema}
	if typ.own, parseErr = typ.Reading(schema); parseErr != nil {
		return nil, &TypeError{Path: RootName(t), Part: t, Why: parseErr.Error()}
	}
	return typ, nil
}

// RootName is what the path of a field of t begins with: "Session", as in
// "Session.Clicks[].At".
func RootName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	switch {
	case t.Name() != "":
		return t.Name()
	case t.Kind() == reflect.Struct:
		return "struct"
	default:
		return ""
	}
}

// Schema says how the values are written.
func (t *Type) Schema() *avro.Schema { return t.schema }

// Append appends the value that p points to. If that is not possible, the error is a
// *ValueError and dst is returned as it was.
func (t *Type) Append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	out, err := t.root.append(dst, p, 0)
	if err != nil {
		err.Path = t.name + err.Path
		return dst, err
	}
	return out, nil
}

// Read reads the value that is all of src to where p points, where the zero value must
// be. The value shares no memory with src. If the bytes are no value, the error is a
// *ValueError, and p points to whatever there was before it.
func (t *Type) Read(src []byte, p unsafe.Pointer) error { return t.own.Read(src, p) }

// A Reader reads what was written by some schema into values of a Go type. It may be used
// concurrently.
type Reader struct {
	root reader
	name string
}

// Read is for a Reader what it is for a Type.
func (r *Reader) Read(src []byte, p unsafe.Pointer) error {
	d := decoders.Get().(*decoder)
	d.src = src
	r.root.read(d, p)
	if d.err == nil && d.at < len(src) {
		d.failf("%d bytes left over", len(src)-d.at)
	}
	err := d.err
	*d = decoder{}
	decoders.Put(d)
	if err != nil {
		err.Path = r.name + err.Path
		return err
	}
	return nil
}

// A TypeError says why the values of a type cannot be written.
type TypeError struct {
	Path string       // to the part that is the reason: "Session.Clicks[].At"
	Part reflect.Type // the part's type
	Why  string       // why, and what to do
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("%s, of type %s: %s", e.Path, GoName(e.Part), e.Why)
}

// GoName is a type as it is written in a program.
func GoName(t reflect.Type) string { return strings.ReplaceAll(t.String(), "interface {}", "any") }

// A ValueError says why a value cannot be written, or that bytes are no value.
type ValueError struct {
	Path string // to the part that is the reason: "Session.Clicks[3].At"
	At   int    // the byte, if bytes are no value
	What string
	Err  error // what the type's own method said, or nil
}

func (e *ValueError) Error() string {
	const most = 200 // of a path: one into a value without end is as long as it could be
	switch path := e.Path; {
	case path == "":
		return e.What
	case len(path) > most:
		return path[:most/2] + "…" + path[len(path)-most/2:] + ": " + e.What
	default:
		return path + ": " + e.What
	}
}

func (e *ValueError) Unwrap() error { return e.Err }

// A part is how the values of one Go type are written, in one place of a Type. A pointer
// that it is given must point to a value of that type.
type part interface {
	// shape is how the values look in Avro.
	shape() *shape
	// append appends the value that p points to. depth is how many values there are around it.
	append(dst []byte, p unsafe.Pointer, depth int) ([]byte, *ValueError)
	// reader returns what reads values of the shape was into the part's Go type. They are
	// at the path at.
	reader(c *comparison, was *shape, at string) (reader, *ChangeError)
}

// A reader reads values of one shape into one Go type. p must point to a zero value.
type reader interface {
	read(d *decoder, p unsafe.Pointer)
}

// maxDepth is how deep values may be nested, counting structs, lists, maps and pointers:
// a value that contains itself by a pointer has no end. It is less than the avro package
// has, by which the tools read.
const maxDepth = 400

func tooDeep() *ValueError {
	return &ValueError{What: fmt.Sprintf("values are nested more than %d deep, or contain themselves by a pointer", maxDepth)}
}
