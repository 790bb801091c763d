package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"sync"

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

// structCodec is the codec of a struct T.
type structCodec[T any] struct {
	record *record
	values *sync.Pool // of *T: Avro wants a pointer, and so a value would have to be allocated
}

func newStructCodec[T any]() (Codec[T], error) {
	schema, err := avro.SchemaFor[T]()
	if err != nil {
		return nil, fmt.Errorf("no codec for %s: %w", reflect.TypeFor[T](), err)
	}
	r, err := newRecord(reflect.TypeFor[T](), schema)
	if err != nil {
		return nil, err
	}
	return makeStructCodec[T](r), nil
}

func makeStructCodec[T any](r *record) *structCodec[T] {
	return &structCodec[T]{r, &sync.Pool{New: func() any { return new(T) }}}
}

func (s *structCodec[T]) Serializer() flink.Serializer { return s.record.serializer }

func (s *structCodec[T]) Append(dst []byte, v T) ([]byte, error) {
	p := s.values.Get().(*T)
	*p = v
	dst, err := s.record.append(dst, p)
	s.put(p)
	return dst, err
}

func (s *structCodec[T]) Decode(src []byte) (v T, n int, err error) {
	p := s.values.Get().(*T)
	if n, err = s.record.decode(src, p); err == nil {
		v = *p
	}
	s.put(p)
	return v, n, err
}

// put gives back a struct that holds on to nothing.
func (s *structCodec[T]) put(p *T) {
	*p = *new(T)
	s.values.Put(p)
}
