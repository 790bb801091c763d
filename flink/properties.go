package flink

// Since version 4, _metadata ends with a Java object stream that holds Flink's
// CheckpointProperties or a null. Its content matters to Flink only. But its end is the end
// of the payload, and a Java object stream does not say its length: it has to be read to
// find the end.
//
// This file reads what these properties consist of: objects and enums with default
// serialization, and strings. Anything else of Java's format (arrays, proxies, classes with
// a serialization of their own) is an error.

const (
	javaStreamHeader = 0xACED0005 // the magic and the version, two bytes each

	javaNull         = 0x70
	javaReference    = 0x71
	javaClassDesc    = 0x72
	javaObject       = 0x73
	javaString       = 0x74
	javaEndBlockData = 0x78
	javaEnum         = 0x7E

	javaFirstHandle = 0x7E0000 // the handle of the first value that can be referred to

	javaSerializable = 0x02 // the flags of a class with default serialization
	javaEnumClass    = 0x12 // the flags of an enum

	// maxJavaDepth bounds how deep objects and classes may be nested, and how many
	// superclasses a class may have. CheckpointProperties needs four.
	maxJavaDepth = 16
)

// A javaReader skips a Java object stream.
type javaReader struct {
	*Cursor
	handles []*javaClass // of all values that can be referred to; nil if not a class
	depth   int
}

// A javaClass has what must be known of a class to skip its objects.
type javaClass struct {
	flags  uint8
	fields []byte // their types
	super  *javaClass
	supers int // how many superclasses it has
}

// properties reads a Java object stream with one value in it and returns its bytes.
func (c *Cursor) properties() []byte {
	begin := c.off
	if h := uint32(c.I32()); c.err == nil && h != javaStreamHeader {
		c.off = begin
		c.Failf("%#08x is not how the checkpoint's properties begin, as a Java object stream", h)
		return nil
	}
	r := javaReader{Cursor: c}
	r.content()
	if c.err != nil {
		return nil
	}
	return c.data[begin:c.off:c.off]
}

// content skips one value that is not primitive.
func (r *javaReader) content() {
	r.enter()
	defer r.leave()
	switch tag := r.U8(); tag {
	case javaNull:
	case javaReference:
		r.reference()
	case javaString:
		r.string()
	case javaObject:
		class := r.class()
		r.assign()
		r.object(class)
	case javaEnum:
		if class := r.class(); r.err == nil && class.flags != javaEnumClass {
			r.Failf("a Java enum whose class has the flags %#x", class.flags)
		}
		r.assign()
		r.name()
	default:
		r.wrongTag(tag)
	}
}

// enter and leave enclose every value that can contain a value of its own kind.
func (r *javaReader) enter() {
	if r.depth++; r.depth > maxJavaDepth {
		r.Failf("more than %d Java objects in one another", maxJavaDepth)
	}
}

func (r *javaReader) leave() { r.depth-- }

// wrongTag records that the byte just read is not an expected tag.
func (r *javaReader) wrongTag(tag uint8) {
	if r.err == nil {
		r.off--
		r.Failf("checkpoint properties have no use for %#02x of a Java object stream", tag)
	}
}

// assign gives the next handle to the value that is being read, and returns its index.
func (r *javaReader) assign() int {
	r.handles = append(r.handles, nil)
	return len(r.handles) - 1
}

// reference reads a handle and returns the class that it refers to, nil if it refers to
// something else.
func (r *javaReader) reference() *javaClass {
	i := int64(r.I32()) - javaFirstHandle
	if r.err != nil {
		return nil
	}
	if i < 0 || i >= int64(len(r.handles)) {
		r.Failf("a Java object stream refers to its item %d of %d", i, len(r.handles))
		return nil
	}
	return r.handles[i]
}

// string skips the rest of a string.
func (r *javaReader) string() {
	r.assign()
	r.Bytes(int(r.U16()))
}

// name skips a string, or a reference to one.
func (r *javaReader) name() {
	switch tag := r.U8(); tag {
	case javaString:
		r.string()
	case javaReference:
		r.reference()
	default:
		r.wrongTag(tag)
	}
}

// object skips the fields of an object, those of its topmost class first.
func (r *javaReader) object(class *javaClass) {
	if r.err != nil {
		return
	}
	if class.super != nil {
		r.object(class.super)
	}
	if class.flags != javaSerializable {
		r.Failf("a Java object whose class has the flags %#x", class.flags)
	}
	for _, typ := range class.fields {
		switch typ {
		case 'Z', 'B':
			r.Bytes(1)
		case 'C', 'S':
			r.Bytes(2)
		case 'I', 'F':
			r.Bytes(4)
		case 'J', 'D':
			r.Bytes(8)
		case 'L':
			r.content()
		default:
			r.Failf("a Java field of type %q", typ)
		}
		if r.err != nil {
			return
		}
	}
}

// class reads a class where there must be one.
func (r *javaReader) class() *javaClass {
	class := r.classOrNull()
	if class == nil {
		r.Failf("a Java object without a class")
	}
	return class
}

func (r *javaReader) classOrNull() *javaClass {
	r.enter()
	defer r.leave()
	switch tag := r.U8(); tag {
	case javaNull:
		return nil
	case javaReference:
		class := r.reference()
		if class == nil {
			r.Failf("a Java object stream refers to a class that is none")
		}
		return class
	case javaClassDesc:
		return r.newClass()
	default:
		r.wrongTag(tag)
		return nil
	}
}

// newClass reads the rest of a class. A class can be referred to only when it is complete,
// so no class is its own superclass.
func (r *javaReader) newClass() *javaClass {
	r.Bytes(int(r.U16())) // the name
	r.I64()               // the version
	handle := r.assign()
	class := &javaClass{flags: r.U8()}
	for range r.U16() {
		typ := r.U8()
		r.Bytes(int(r.U16())) // the name
		if typ == 'L' || typ == '[' {
			r.name() // of the class
		}
		if r.err != nil {
			return nil
		}
		class.fields = append(class.fields, typ)
	}
	if tag := r.U8(); tag != javaEndBlockData {
		r.wrongTag(tag)
	}
	if class.super = r.classOrNull(); class.super != nil {
		class.supers = class.super.supers + 1
	}
	if class.supers > maxJavaDepth {
		r.Failf("a Java class with more than %d superclasses", maxJavaDepth)
	}
	r.handles[handle] = class
	return class
}
