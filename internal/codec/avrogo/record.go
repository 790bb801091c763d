package avrogo

import (
	"reflect"
	"slices"
	"unsafe"
)

// A recordPart is a struct.
type recordPart struct {
	typ    reflect.Type
	fields []field
	is     *shape

	complete bool // all fields have their part
}

func (r *recordPart) shape() *shape { return r.is }

// takesNothing reports whether values of a part take no bytes: whether it is a struct
// without fields, or of such structs. A struct that is not complete contains itself, by a
// slice, a map or a pointer, and those take bytes.
func takesNothing(p part) bool {
	r, ok := p.(*recordPart)
	if !ok || !r.complete {
		return false
	}
	for i := range r.fields {
		if !takesNothing(r.fields[i].part) {
			return false
		}
	}
	return true
}

func (r *recordPart) append(dst []byte, p unsafe.Pointer, depth int) ([]byte, *ValueError) {
	if depth++; depth > maxDepth {
		return nil, tooDeep()
	}
	for i := range r.fields {
		f := &r.fields[i]
		var err *ValueError
		if dst, err = f.part.append(dst, f.in(p), depth); err != nil {
			err.Path = "." + f.goName + err.Path
			return nil, err
		}
	}
	return dst, nil
}

// reader decides which field of the record as it was is which field of the struct.
func (r *recordPart) reader(c *comparison, was *shape, at string) (reader, *ChangeError) {
	if was.kind != "record" {
		return nil, changed(at, was, r.typ.String())
	}
	pair := recordPair{was, r}
	if known := c.records[pair]; known != nil {
		return known, nil
	}
	read := &recordReader{}
	c.records[pair] = read
	from := make([]string, len(r.fields)) // which of the old fields each one was
	var gone []shapeField
	for _, old := range was.fields {
		i := r.find(old.name)
		if i < 0 {
			gone = append(gone, old)
			read.steps = append(read.steps, step{skip: old.shape})
			continue
		}
		f := &r.fields[i]
		if from[i] != "" {
			return nil, twoFields(at, f, from[i], old.name)
		}
		from[i] = old.name
		inner, err := c.reader(f.part, f.typ, old.shape, at+"."+f.goName)
		if err != nil {
			return nil, err
		}
		read.steps = append(read.steps, step{name: "." + f.goName, offset: f.offset, read: inner})
	}
	var fresh []*field
	for i := range r.fields {
		f := &r.fields[i]
		switch {
		case from[i] != "":
		case f.zero == nil:
			fresh = append(fresh, f)
		default:
			inner, err := c.reader(f.part, f.typ, f.part.shape(), at+"."+f.goName)
			if err != nil {
				return nil, err
			}
			read.defaults = append(read.defaults, defaultStep{f.offset, inner, f.zero})
		}
	}
	if err := renamed(at, gone, fresh); err != nil {
		return nil, err
	}
	return read, nil
}

// find returns the number of the field that was called name: the one of that name, or one
// that has it as an alias.
func (r *recordPart) find(name string) int {
	for i := range r.fields {
		if r.fields[i].name == name {
			return i
		}
	}
	for i := range r.fields {
		if slices.Contains(r.fields[i].tag.aliases, name) {
			return i
		}
	}
	return -1
}

// A recordReader reads the fields in the order in which they were written.
type recordReader struct {
	steps    []step
	defaults []defaultStep
}

// A step reads a field, or reads over one that is gone.
type step struct {
	name   string
	offset uintptr
	read   reader // nil to skip
	skip   *shape
}

// A defaultStep gives a field what its default says.
type defaultStep struct {
	offset  uintptr
	read    reader
	encoded []byte
}

func (r *recordReader) read(d *decoder, p unsafe.Pointer) {
	if !d.enter() {
		return
	}
	for i := range r.steps {
		s := &r.steps[i]
		if s.read == nil {
			d.skip(s.skip)
		} else {
			s.read.read(d, unsafe.Add(p, s.offset))
		}
		if d.err != nil {
			d.inside(s.name)
			return
		}
	}
	for i := range r.defaults {
		s := &r.defaults[i]
		own := decoder{src: s.encoded, depth: d.depth}
		if s.read.read(&own, unsafe.Add(p, s.offset)); own.err != nil {
			d.err = own.err
			return
		}
	}
	d.leave()
}
