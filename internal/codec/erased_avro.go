package codec

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"unsafe"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/avrogo"
)

// A value of a type that Flink does not have is the length of what follows, 32 bits, and
// standard Avro by the schema that is in the snapshot. The length lets a reader step over
// it without the schema.

// erasedAvro is the codec of such a type: a struct, in most cases.
type erasedAvro struct {
	typ  *avrogo.Type
	is   *flink.AvroStruct
	read func(src []byte, p unsafe.Pointer) error // what the type, or an older form of it, wrote
	root string                                   // with which the path of a field begins
}

func newErasedAvro(t reflect.Type) (erased, *UnsupportedError) {
	typ, err := avrogo.Of(t)
	var is *flink.AvroStruct
	if err == nil {
		is, err = flink.NewAvroStruct(t.String(), typ.Schema())
	}
	var part *avrogo.TypeError
	switch {
	case errors.As(err, &part):
		return nil, &UnsupportedError{Path: part.Path, Part: part.Part, Why: part.Why}
	case err != nil:
		return nil, &UnsupportedError{Part: t, Why: err.Error()}
	}
	return &erasedAvro{typ, is, typ.Read, avrogo.RootName(t)}, nil
}

func (a *erasedAvro) serializer() flink.Serializer { return a.is }

func (a *erasedAvro) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	const prefix = 4
	start := len(dst)
	out, err := a.typ.Append(append(dst, 0, 0, 0, 0), p)
	if err != nil {
		return dst, err
	}
	n := len(out) - start - prefix
	if n > math.MaxInt32 {
		return dst, tooLong(n)
	}
	binary.BigEndian.PutUint32(out[start:], uint32(n))
	return out, nil
}

func (a *erasedAvro) decode(src []byte, p unsafe.Pointer) (int, error) {
	c := flink.NewCursor(src)
	b := c.Bytes32()
	if err := c.Err(); err != nil {
		return 0, err
	}
	if err := a.read(b, p); err != nil {
		at := c.Offset() - len(b)
		var value *avrogo.ValueError
		if errors.As(err, &value) {
			at += value.At
		}
		return 0, &flink.FormatError{Offset: int64(at), What: err.Error()}
	}
	return c.Offset(), nil
}

func (a *erasedAvro) reading(was flink.Serializer) (erased, error) {
	old, ok := was.(*flink.AvroStruct)
	if !ok {
		return nil, replaced(was, a.is.GoType)
	}
	reader, err := a.typ.Reading(old.Schema)
	var change *avrogo.ChangeError
	switch {
	case errors.As(err, &change) && change.Path == a.root: // all of it, and not a field
		return nil, &otherType{goName(was), a.is.GoType, change.Why}
	case err != nil:
		return nil, err
	}
	return &erasedAvro{a.typ, a.is, reader.Read, a.root}, nil
}
