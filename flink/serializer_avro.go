package flink

import "encoding/binary"

// A flinkAvro is Flink's serializer of Avro records. Weir reads it and never writes with
// it. The payload of its snapshot, by version: 1: utf schema; 2: utf class, utf schema;
// 3: fstr class, fstr schema. Values follow the schema as in Avro, but their primitives
// are of fixed width: see decodeFixed.
type flinkAvro struct {
	class  string
	schema string
	root   *avroType
}

const (
	avroClass   = "org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot"
	avroVersion = 3
)

func readFlinkAvro(r *snapshotReader, version int32) Serializer {
	s := &flinkAvro{}
	switch version {
	case avroVersion:
		s.class, _ = r.FString()
		s.schema, _ = r.FString()
	case 2:
		s.class = r.UTF()
		s.schema = r.UTF()
	case 1:
		s.schema = r.UTF()
	default:
		return r.badVersion(avroClass, version)
	}
	if r.err != nil {
		return nil
	}
	var err error
	if _, s.root, err = parseAvro(s.schema); err != nil {
		r.failInside(avroClass, err)
	}
	return s
}

func (s *flinkAvro) Length() int { return -1 }

func (s *flinkAvro) TypeName() string {
	if s.class != "" {
		return "Avro " + s.class
	}
	return "Avro " + s.root.name
}

func (s *flinkAvro) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, avroClass, avroVersion)
	return AppendString(AppendString(dst, s.class), s.schema), err
}

func (s *flinkAvro) Decode(c *Cursor) Value { return s.root.decodeFixed(c, 0) }

// decodeFixed reads a value in Flink's encoding of Avro (DataOutputEncoder):
//
//	null              nothing
//	boolean           bool
//	int, long         i32, i64
//	float, double     f32, f64
//	string, bytes     bytes32
//	fixed             the bytes
//	enum, union       i32, the number of the symbol or of the branch; then the value
//	array, map        blocks: their number of items as a variable length number, the
//	                  items (in a map, each with its key in front); 0 ends them
//	record            the fields
func (t *avroType) decodeFixed(c *Cursor, depth int) Value {
	if depth > avroMaxDepth {
		c.Failf("avro values are nested more than %d deep", avroMaxDepth)
	}
	if c.err != nil {
		return nil
	}
	switch t.kind {
	case "boolean":
		return c.Bool()
	case "int":
		return c.I32()
	case "long":
		return c.I64()
	case "float":
		return c.F32()
	case "double":
		return c.F64()
	case "string":
		return string(c.Bytes32())
	case "bytes":
		return append([]byte{}, c.Bytes32()...)
	case "fixed":
		return append([]byte{}, c.Bytes(t.size)...)
	case "enum":
		if i := c.avroIndex("enum symbol", len(t.symbols)); c.err == nil {
			return t.symbols[i]
		}
	case "union":
		if i := c.avroIndex("union branch", len(t.branches)); c.err == nil {
			return t.branches[i].decodeFixed(c, depth+1)
		}
	case "array":
		list := []Value{}
		c.avroBlocks(func() { list = append(list, t.items.decodeFixed(c, depth+1)) })
		return list
	case "map":
		m := Map{}
		c.avroBlocks(func() {
			m = append(m, MapEntry{Key: string(c.Bytes32()), Value: t.items.decodeFixed(c, depth+1)})
		})
		return m
	case "record":
		rec := Record{Type: t.name}
		for _, f := range t.fields {
			rec.Fields = append(rec.Fields, Field{f.name, f.typ.decodeFixed(c, depth+1)})
		}
		return rec
	}
	return nil // of type null, or after an error
}

// avroIndex reads a number below n.
func (c *Cursor) avroIndex(what string, n int) int {
	at := c.off
	i := c.I32()
	if c.err == nil && (i < 0 || int(i) >= n) {
		c.off = at
		c.Failf("%s %d of %d", what, i, n)
	}
	return int(i)
}

// avroBlocks calls item for every item of the blocks of an array or map.
func (c *Cursor) avroBlocks(item func()) {
	for {
		n, size := binary.Uvarint(c.data[c.off:])
		if size <= 0 {
			c.Failf("the number of avro items is not a number")
			return
		}
		c.off += size
		if n > uint64(c.Remaining()) {
			c.Failf("a block of %d avro items cannot be in the %d bytes that are left", n, c.Remaining())
			return
		}
		if n == 0 {
			return
		}
		for range n {
			at := c.off
			item()
			if c.off == at {
				c.Failf("avro items without bytes")
			}
			if c.err != nil {
				return
			}
		}
	}
}
