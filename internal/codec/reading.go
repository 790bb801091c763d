package codec

import (
	"fmt"
	"reflect"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/avrogo"
)

// Reading returns the codec with which to read values that were written by the
// serializer was, in a program whose codec is c: c itself if the snapshots are equal;
// if a struct in T was changed since, one that reads the old fields to the new ones.
// Whatever it is, it encodes as c does and has c's serializer.
//
// docs/state.md says which changes of a type can be read, and what becomes of the values.
// A field that keeps its type and means something else now, kilometres that were miles,
// is not noticed.
//
// If values cannot be read, the error says what they were, what they are now, and what to
// do. Keys of [SameKey] are another matter.
func Reading[T any](c Codec[T], was flink.Serializer) (Codec[T], error) {
	if flink.Equal(c.Serializer(), was) {
		return c, nil
	}
	if r, ok := c.(Resolver[T]); ok {
		return r.Reading(was)
	}
	t := avrogo.GoName(reflect.TypeFor[T]())
	if holdsAvro(was) && holdsAvro(c.Serializer()) {
		return nil, fmt.Errorf("%s was changed, and its codec, a %T, has no method Reading that could say how old values are read", t, c)
	}
	old, isCustom := was.(flink.Custom)
	now, staysCustom := c.Serializer().(flink.Custom)
	switch {
	case staysCustom && isCustom && old.Name == now.Name:
		return nil, fmt.Errorf("it was written by version %d of CustomCodec %q, and the job has version %d: a codec reads one version; "+
			"leave it at %d, and let decode tell old values by their bytes", old.Version, old.Name, now.Version, old.Version)
	case staysCustom:
		return nil, replaced(was, fmt.Sprintf("%s by CustomCodec %q", t, now.Name))
	}
	return nil, replaced(was, t)
}

// A Resolver is a codec that can be made to read what a serializer has written that is not
// its own. The codecs of structs, and of what may have structs in it, are; one that wraps
// another, and so hides what that can do, must be it by itself, or all but what is equal
// is refused.
type Resolver[T any] interface {
	Codec[T]
	Reading(was flink.Serializer) (Codec[T], error)
}

// An otherType says that a type was replaced by one that is read otherwise.
type otherType struct{ was, now, why string }

func (e *otherType) Error() string {
	return fmt.Sprintf("it was %s and is %s now, %s: keep the type, and begin a state of the new one under another name, "+
		"which your code fills from the old one", e.was, e.now, e.why)
}

func replaced(was flink.Serializer, now string) error {
	return &otherType{goName(was), now, "and the one is not converted into the other"}
}

// whole returns err, which is about a part of a type, as an error about the whole of it,
// if it would not say which part it is about.
func whole(err error, was flink.Serializer, now string) error {
	if e, ok := err.(*otherType); ok {
		return &otherType{goName(was), now, e.why}
	}
	return err
}

// goName is what a serializer writes, as a Go programmer would say it.
func goName(s flink.Serializer) string {
	if parts, ok := flink.PartsLike(s, flink.ListOf(flink.Long)); ok {
		return "[]" + goName(parts[0])
	}
	if parts, ok := flink.PartsLike(s, flink.MapOf(flink.Long, flink.Long)); ok {
		return "map[" + goName(parts[0]) + "]" + goName(parts[1])
	}
	switch s := s.(type) {
	case *flink.AvroStruct:
		return s.GoType
	case flink.Custom:
		return fmt.Sprintf("written by version %d of CustomCodec %q", s.Version, s.Name)
	}
	switch s {
	case flink.Bool:
		return "bool"
	case flink.Byte:
		return "int8"
	case flink.Short:
		return "int16"
	case flink.Int:
		return "int32"
	case flink.Long:
		return "int64"
	case flink.Float:
		return "float32"
	case flink.Double:
		return "float64"
	case flink.String:
		return "string"
	case flink.ByteArray:
		return "[]byte"
	case flink.Instant:
		return "time.Time"
	}
	return "Flink's " + s.TypeName()
}

// holdsAvro reports whether s writes Avro, or lists or maps of it.
func holdsAvro(s flink.Serializer) bool {
	if _, ok := s.(*flink.AvroStruct); ok {
		return true
	}
	for _, like := range []flink.Serializer{flink.ListOf(flink.Long), flink.MapOf(flink.Long, flink.Long)} {
		parts, _ := flink.PartsLike(s, like)
		for _, p := range parts {
			if holdsAvro(p) {
				return true
			}
		}
	}
	return false
}

func (l *listCodec[E]) Reading(was flink.Serializer) (Codec[[]E], error) {
	parts, ok := flink.PartsLike(was, l.serializer)
	if !ok {
		return nil, replaced(was, avrogo.GoName(reflect.TypeFor[[]E]()))
	}
	element, err := Reading(l.element, parts[0])
	if err != nil {
		return nil, whole(err, was, avrogo.GoName(reflect.TypeFor[[]E]()))
	}
	return ListOf(element), nil
}

func (m *mapCodec[K, V]) Reading(was flink.Serializer) (Codec[map[K]V], error) {
	parts, ok := flink.PartsLike(was, m.serializer)
	if !ok {
		return nil, replaced(was, avrogo.GoName(reflect.TypeFor[map[K]V]()))
	}
	if err := sameMapKey(parts[0], m.key.Serializer(), reflect.TypeFor[K]()); err != nil {
		return nil, err
	}
	value, err := Reading(m.value, parts[1])
	if err != nil {
		return nil, whole(err, was, avrogo.GoName(reflect.TypeFor[map[K]V]()))
	}
	return MapOf(m.key, value), nil
}

func (c *erasedCodec[T]) Reading(was flink.Serializer) (Codec[T], error) {
	e, err := c.erased.reading(was)
	if err != nil {
		return nil, err
	}
	return newErased[T](e), nil
}

func (l erasedLeaf[T]) reading(was flink.Serializer) (erased, error) {
	if !flink.Equal(was, l.serializer()) {
		return nil, replaced(was, avrogo.GoName(l.typ))
	}
	return l, nil
}

func (l *erasedList) reading(was flink.Serializer) (erased, error) {
	parts, ok := flink.PartsLike(was, l.list)
	if !ok {
		return nil, replaced(was, avrogo.GoName(l.typ))
	}
	element, err := l.element.reading(parts[0])
	if err != nil {
		return nil, whole(err, was, avrogo.GoName(l.typ))
	}
	return &erasedList{l.typ, element, l.list}, nil
}

func (m *erasedMap) reading(was flink.Serializer) (erased, error) {
	parts, ok := flink.PartsLike(was, m.entries)
	if !ok {
		return nil, replaced(was, avrogo.GoName(m.typ))
	}
	if err := sameMapKey(parts[0], m.key.serializer(), m.typ.Key()); err != nil {
		return nil, err
	}
	value, err := m.value.reading(parts[1])
	if err != nil {
		return nil, whole(err, was, avrogo.GoName(m.typ))
	}
	return &erasedMap{m.typ, m.key, value, m.entries}, nil
}

// SameKey returns nil if the keys of a job that has the codec c are found where they were
// written by the serializer was. A key is found by its bytes, and so by the hash of them: it
// must be written as it was. Only the names of its types may be others.
func SameKey[K any](c Codec[K], was flink.Serializer) error {
	return sameKeyOf(was, c.Serializer(), reflect.TypeFor[K]())
}

func sameKeyOf(was, now flink.Serializer, t reflect.Type) error {
	what := differentKey(was, now, t)
	if what == "" {
		return nil
	}
	return fmt.Errorf("%s: a key is found by its bytes, and in another form it is another key; keep the type of the key as it was "+
		"(only its name and its package may change), or give the operator another name, and its state begins anew", what)
}

func sameMapKey(was, now flink.Serializer, t reflect.Type) error {
	what := differentKey(was, now, t)
	if what == "" {
		return nil
	}
	return fmt.Errorf("%s: keys of a map are not converted, as two of them could become one; keep their type "+
		"(only its name and its package may change), and begin a map with keys of the new one under another name", what)
}

// differentKey says how keys of type t differ from those that were written, or nothing.
func differentKey(was, now flink.Serializer, t reflect.Type) string {
	if flink.Equal(was, now) {
		return ""
	}
	old, wasAvro := was.(*flink.AvroStruct)
	is, isAvro := now.(*flink.AvroStruct)
	if !wasAvro || !isAvro {
		return fmt.Sprintf("the key was %s and is %s now", goName(was), t)
	}
	if err := avrogo.SameBytes(old.Schema, is.Schema, avrogo.RootName(t)); err != nil {
		return err.Error()
	}
	return ""
}
