package flink

import "errors"

// A pojo is the serializer of a Java class with public fields or accessors. It is read
// only. The payload of its snapshot (Flink: PojoSerializerSnapshot):
//
//	utf      class
//	opt map  fields                       value: the snapshot of the field's serializer
//	opt map  subclasses with a number     value: the snapshot of the subclass's serializer
//	opt map  subclasses without           value: likewise
//
// A value begins with a byte of flags. They decide what follows: nothing, the fields, or a
// subclass and its value:
//
//	1  null
//	2  the fields, in the order of the snapshot: bool isNull ; [value]
//	4  utf class ; value of that subclass
//	8  u8 number of the subclass ; value of that subclass
type pojo struct {
	class      string
	fields     []pojoPart
	numbered   []pojoPart // subclasses
	unnumbered []pojoPart // subclasses
}

// A pojoPart is a field or a subclass.
type pojoPart struct {
	optMapEntry
	serializer Serializer // nil if it is missing
}

const (
	pojoClass      = classRuntime + "PojoSerializerSnapshot"
	pojoVersion    = 2
	pojoNull       = 1
	pojoFields     = 2
	pojoSubclass   = 4
	pojoNumberedSC = 8
)

func readPojo(r *snapshotReader, version int32) Serializer {
	if version != pojoVersion {
		return r.badVersion(pojoClass, version)
	}
	return &pojo{class: r.UTF(), fields: r.pojoParts(), numbered: r.pojoParts(), unnumbered: r.pojoParts()}
}

// pojoParts reads a map of snapshots. They have a length, so an unknown one can be skipped.
func (r *snapshotReader) pojoParts() []pojoPart {
	var parts []pojoPart
	for _, e := range r.optMap() {
		part := pojoPart{optMapEntry: e}
		if e.value != nil {
			s, err := r.within(e.value)
			var unknown *UnknownSerializerError
			if errors.As(err, &unknown) {
				s, err = &unknownSerializer{unknown.Class, e.value}, nil
			}
			if err != nil {
				r.failInside(e.name, err)
				return nil
			}
			part.serializer = s
		}
		parts = append(parts, part)
	}
	return parts
}

func (p *pojo) TypeName() string { return "class " + p.class }
func (p *pojo) Length() int      { return -1 }

func (p *pojo) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, pojoClass, pojoVersion)
	if err != nil {
		return dst, err
	}
	if dst, err = AppendUTF(dst, p.class); err != nil {
		return dst, err
	}
	for _, parts := range [][]pojoPart{p.fields, p.numbered, p.unnumbered} {
		entries := make([]optMapEntry, len(parts))
		for i, part := range parts {
			entries[i] = part.optMapEntry
		}
		if dst, err = appendOptMap(dst, entries); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (p *pojo) Decode(c *Cursor) Value {
	switch flags := c.U8(); {
	case c.err != nil || flags&pojoNull != 0:
		return nil
	case flags&pojoFields != 0:
		return p.decodeFields(c)
	case flags&pojoSubclass != 0:
		name := c.UTF()
		for _, s := range p.unnumbered {
			if s.name == name {
				return s.decode(c)
			}
		}
		c.fail(&OpaqueError{Type: "class " + name, Offset: c.at()})
		return nil
	case flags&pojoNumberedSC != 0:
		n := int(c.U8())
		if n >= len(p.numbered) {
			c.Failf("subclass %d of %s, which has %d", n, p.class, len(p.numbered))
			return nil
		}
		return p.numbered[n].decode(c)
	default:
		c.Failf("flags %#x of a value of %s", flags, p.class)
		return nil
	}
}

func (p *pojo) decodeFields(c *Cursor) Value {
	v := Record{Type: p.class}
	for _, f := range p.fields {
		field := Field{Name: f.name}
		if isNull := c.Bool(); !isNull {
			field.Value = f.decode(c)
		}
		if c.err != nil {
			return nil
		}
		v.Fields = append(v.Fields, field)
	}
	return v
}

func (p *pojoPart) decode(c *Cursor) Value {
	if p.serializer == nil {
		c.fail(&OpaqueError{Type: p.name, Offset: c.at()})
		return nil
	}
	return p.serializer.Decode(c)
}
