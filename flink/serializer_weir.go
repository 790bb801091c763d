package flink

import (
	"fmt"

	"github.com/twmb/avro"
)

// Weir's own serializers. Flink has no such classes and cannot restore an operator whose
// key or state has one.
const (
	avroStructClass   = "weir.AvroStructSerializerSnapshot"
	avroStructVersion = 1
	customClass       = "weir.CustomSerializerSnapshot"
	customVersion     = 1
)

// An AvroStruct is the serializer of a Go struct, or of another Go type that Flink does not
// have. The payload of its snapshot is
//
//	utf   the Go type's name
//	fstr  its Avro schema
//
// and a value is bytes32 of standard Avro for that schema. By the length a reader can step
// over a value without the schema.
type AvroStruct struct {
	GoType string       // for people: "flights.Stats"
	Schema *avro.Schema // what values are written with
	root   *avroType
}

// NewAvroStruct returns the serializer of a Go type with an Avro schema. It returns an
// error if the schema has more values without bytes, or is nested deeper, than can be read
// again.
func NewAvroStruct(goType string, schema *avro.Schema) (*AvroStruct, error) {
	root, err := avroTypeOf(schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", goType, err)
	}
	return &AvroStruct{GoType: goType, Schema: schema, root: root}, nil
}

func readAvroStruct(r *snapshotReader, version int32) Serializer {
	if version != avroStructVersion {
		return r.badVersion(avroStructClass, version)
	}
	s := &AvroStruct{GoType: r.UTF()}
	text, _ := r.FString()
	if r.err != nil {
		return nil
	}
	var err error
	if s.Schema, s.root, err = parseAvro(text); err != nil {
		r.failInside(s.GoType, err)
	}
	return s
}

func (s *AvroStruct) TypeName() string {
	if s.root.kind == "record" {
		return "record " + s.GoType
	}
	return "Avro " + s.GoType
}

func (s *AvroStruct) Length() int { return -1 }

func (s *AvroStruct) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, avroStructClass, avroStructVersion)
	if err != nil {
		return dst, err
	}
	dst, err = AppendUTF(dst, s.GoType)
	return AppendString(dst, s.Schema.String()), err
}

func (s *AvroStruct) Decode(c *Cursor) Value {
	at := c.off
	data := c.Bytes32()
	if c.err != nil {
		return nil
	}
	var v any
	rest, err := s.Schema.Decode(data, &v, avro.TaggedUnions())
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes left over", len(rest))
	}
	if err != nil {
		c.off = at
		c.failInside(s.TypeName(), err)
		return nil
	}
	return s.root.value(v)
}

// A Custom is the serializer of a type whose bytes only the program can read. The payload
// of its snapshot is utf name, i32 version, as the program gave them; a value is bytes32.
type Custom struct {
	Name    string
	Version int32
}

func readCustom(r *snapshotReader, version int32) Serializer {
	if version != customVersion {
		return r.badVersion(customClass, version)
	}
	return Custom{Name: r.UTF(), Version: r.I32()}
}

func (s Custom) TypeName() string { return fmt.Sprintf("%s version %d", s.Name, s.Version) }
func (s Custom) Length() int      { return -1 }

func (s Custom) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, customClass, customVersion)
	if err != nil {
		return dst, err
	}
	dst, err = AppendUTF(dst, s.Name)
	return AppendI32(dst, s.Version), err
}

func (s Custom) Decode(c *Cursor) Value {
	return Opaque{Type: s.TypeName(), Data: append([]byte{}, c.Bytes32()...)}
}
