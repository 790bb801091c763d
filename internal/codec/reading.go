package codec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/avro"

	"github.com/weirstream/weir/flink"
)

// Reading returns the codec with which to read values that were written by the
// serializer was, in a program whose codec is c: c itself if the snapshots are equal;
// for structs whose fields have changed, also inside slices and maps, one that decodes
// the old fields to the new ones. Whatever it is, it encodes as c does and has c's
// serializer.
//
// A change of a struct can be read if, in Avro's terms, the schemas resolve: a field may
// go, come with a default, be renamed with an alias, be widened (int32 to int64 or
// float64, float32 to float64; large int64 are rounded then), or move. A field that
// keeps its Avro type and means something else now, milliseconds that were microseconds,
// cannot.
//
// If it cannot be read, the error says what was written, what is expected, and which
// field differs. Keys are another matter: they must be written by an equal serializer,
// as a key that is encoded in another way belongs to another key group.
func Reading[T any](c Codec[T], was flink.Serializer) (Codec[T], error) {
	if flink.Equal(c.Serializer(), was) {
		return c, nil
	}
	if err := compatible(was, c.Serializer()); err != nil {
		return nil, err
	}
	r, ok := c.(Resolver[T])
	if !ok {
		return nil, fmt.Errorf("state written as %s can be read as %s, but not by a %T: it has no method Reading",
			was.TypeName(), c.Serializer().TypeName(), c)
	}
	return r.Reading(was)
}

// A Resolver is a codec that can be made to read what a compatible serializer has
// written. The codecs of structs, and of what may have structs in it, are; one that wraps
// another, and so hides what that can do, must be it by itself, or all but what is equal
// is refused.
type Resolver[T any] interface {
	Codec[T]
	Reading(was flink.Serializer) (Codec[T], error)
}

// compatible is flink.Compatible with what to do about it.
func compatible(was, now flink.Serializer) error {
	err := flink.Compatible(was, now)
	var field *avro.CompatibilityError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &field) && field.WriterType == "":
		return fmt.Errorf("%w; a new field needs a default for the values that lack it: `avro:\",default=…\"`", err)
	case errors.As(err, &field):
		return fmt.Errorf("%w; give the new field another name, and it may have a default", err)
	}
	if was, ok := was.(flink.Custom); ok {
		if now, ok := now.(flink.Custom); ok && was.Name == now.Name {
			return fmt.Errorf("%w; a codec reads one version: leave it at %d, and tell old values by their bytes", err, was.Version)
		}
	}
	return err
}

func (l *listCodec[E]) Reading(was flink.Serializer) (Codec[[]E], error) {
	parts, err := partsOf(was, l.serializer, l.element.Serializer())
	if err != nil {
		return nil, err
	}
	element, err := Reading(l.element, parts[0])
	if err != nil {
		return nil, err
	}
	return ListOf(element), nil
}

func (m *mapCodec[K, V]) Reading(was flink.Serializer) (Codec[map[K]V], error) {
	parts, err := partsOf(was, m.serializer, m.key.Serializer(), m.value.Serializer())
	if err != nil {
		return nil, err
	}
	key, err := Reading(m.key, parts[0])
	if err != nil {
		return nil, err
	}
	value, err := Reading(m.value, parts[1])
	if err != nil {
		return nil, err
	}
	return MapOf(key, value), nil
}

func (c *erasedCodec[T]) Reading(was flink.Serializer) (Codec[T], error) {
	e, err := c.erased.reading(was)
	if err != nil {
		return nil, err
	}
	return newErased[T](e), nil
}

func (l erasedLeaf[T]) reading(flink.Serializer) (erased, error) { return l, nil }

func (l *erasedList) reading(was flink.Serializer) (erased, error) {
	parts, err := partsOf(was, l.list, l.element.serializer())
	if err != nil {
		return nil, err
	}
	element, err := l.element.reading(parts[0])
	if err != nil {
		return nil, err
	}
	return &erasedList{l.typ, element, l.list}, nil
}

func (m *erasedMap) reading(was flink.Serializer) (erased, error) {
	parts, err := partsOf(was, m.entries, m.key.serializer(), m.value.serializer())
	if err != nil {
		return nil, err
	}
	key, err := m.key.reading(parts[0])
	if err != nil {
		return nil, err
	}
	value, err := m.value.reading(parts[1])
	if err != nil {
		return nil, err
	}
	return &erasedMap{m.typ, key, value, m.entries}, nil
}

func (s erasedStruct) reading(was flink.Serializer) (erased, error) {
	r, err := s.record.reading(was)
	if err != nil {
		return nil, err
	}
	return erasedStruct{s.typ, r}, nil
}

// reading is for a record what Reading is for a Codec.
func (r *record) reading(was flink.Serializer) (*record, error) {
	old, ok := was.(*flink.AvroStruct)
	if !ok {
		return nil, fmt.Errorf("state written as %s cannot be read as %s", was.TypeName(), r.serializer.TypeName())
	}
	if err := sameMeaning(old.Schema, r.schema); err != nil {
		return nil, fmt.Errorf("state written as %s cannot be read as %s: %w", was.TypeName(), r.serializer.TypeName(), err)
	}
	read, err := avro.Resolve(old.Schema, r.schema)
	if err != nil {
		return nil, fmt.Errorf("state written as %s cannot be read as %s: %w", was.TypeName(), r.serializer.TypeName(), err)
	}
	return &record{r.schema, read, r.serializer, r.order}, nil
}

// partsOf returns the serializers that was is made of, if it is made as whole is of
// parts. A snapshot is that of the parts behind one of how they are put together.
func partsOf(was, whole flink.Serializer, parts ...flink.Serializer) ([]flink.Serializer, error) {
	old, err := was.AppendSnapshot(nil)
	if err != nil {
		return nil, err
	}
	head, err := whole.AppendSnapshot(nil)
	if err != nil {
		return nil, err
	}
	for _, p := range slices.Backward(parts) {
		snapshot, err := p.AppendSnapshot(nil)
		if err != nil {
			return nil, err
		}
		head = bytes.TrimSuffix(head, snapshot)
	}
	rest, ok := bytes.CutPrefix(old, head)
	if !ok {
		return nil, fmt.Errorf("state written as %s cannot be read as %s", was.TypeName(), whole.TypeName())
	}
	c := flink.NewCursor(rest)
	found := make([]flink.Serializer, len(parts))
	for i := range found {
		found[i] = flink.DecodeSnapshot(c)
	}
	return found, c.Err()
}
