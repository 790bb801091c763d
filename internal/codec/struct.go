package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"unsafe"

	"github.com/twmb/avro"

	"github.com/weirstream/weir/flink"
)

// A struct is the length of what follows, 32 bits, and standard Avro by the schema that
// is in the snapshot. The length lets a reader step over it without the schema.

// A record is how the structs of one Go type are written, whatever holds them.
type record struct {
	schema     *avro.Schema // of what is written
	read       *avro.Schema // of what is read: resolved, if an older schema wrote it
	serializer *flink.AvroStruct
	order      *avroOrder // nil if there are no maps in it
}

func newRecord(t reflect.Type, schema *avro.Schema) (*record, error) {
	serializer, err := flink.NewAvroStruct(t.String(), schema)
	if err != nil {
		return nil, fmt.Errorf("no codec for %w", err)
	}
	return &record{schema, schema, serializer, newAvroOrder(schema.Root())}, nil
}

// append appends the struct that pointer points to.
func (r *record) append(dst []byte, pointer any) ([]byte, error) {
	const prefix = 4
	start := len(dst)
	out, err := r.schema.AppendEncode(append(dst, 0, 0, 0, 0), pointer)
	if err != nil {
		return dst, err
	}
	if r.order != nil {
		r.order.sort(out, start+prefix)
	}
	n := len(out) - start - prefix
	if n > math.MaxInt32 {
		return dst, tooLong(n)
	}
	binary.BigEndian.PutUint32(out[start:], uint32(n))
	return out, nil
}

// decode decodes to the struct that pointer points to, which must be zero.
func (r *record) decode(src []byte, pointer any) (int, error) {
	c := flink.NewCursor(src)
	b := c.Bytes32()
	if err := c.Err(); err != nil {
		return 0, err
	}
	rest, err := r.read.Decode(b, pointer)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes left over", len(rest))
	}
	if err != nil {
		return 0, &flink.FormatError{What: r.serializer.TypeName() + ": " + err.Error()}
	}
	return c.Offset(), nil
}

// erasedStruct is the codec of a type of structs.
type erasedStruct struct {
	typ    reflect.Type
	record *record
}

func (s erasedStruct) serializer() flink.Serializer { return s.record.serializer }

func (s erasedStruct) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	return s.record.append(dst, reflect.NewAt(s.typ, p).Interface())
}

func (s erasedStruct) decode(src []byte, p unsafe.Pointer) (int, error) {
	return s.record.decode(src, reflect.NewAt(s.typ, p).Interface())
}

// recordIn returns the record of the struct that T is, or that a slice or map T consists
// of, or nil if there is none. The avro package infers schemas of type parameters only:
// so it is given a struct with a T in it, and the part for the structs in T is taken from
// that. This is why maps around structs need strings for keys.
func recordIn[T any](t reflect.Type) (*record, error) {
	type around struct{ T T }
	inner := innermost(t)
	if !isRecord(inner) {
		return nil, nil
	}
	outer, err := avro.SchemaFor[around](avro.WithName("weir_around"))
	if err != nil {
		return nil, fmt.Errorf("no codec for %s: %w", t, err)
	}
	node := &outer.Root().Fields[0].Type
	for node.Items != nil || node.Values != nil {
		if node.Items != nil {
			node = node.Items
		} else {
			node = node.Values
		}
	}
	schema, err := node.Schema()
	if err != nil {
		return nil, fmt.Errorf("no codec for %s: %w", t, err)
	}
	return newRecord(inner, schema)
}
