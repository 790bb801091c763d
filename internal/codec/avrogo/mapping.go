package avrogo

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/weirstream/weir/internal/codec/entries"
)

// A mapPart is an Avro map, or, as keys there are strings, an array of records of key and
// value. Both look the same: their entries, in one block, in the order of their encoded
// keys. nil is written as what it is read as: an empty map.
type mapPart struct {
	typ        reflect.Type
	key, value part
	is         *shape
	places     *sync.Pool // of a place for an entry, as those of a map cannot be pointed to
}

// A place is where an entry is copied to.
type place struct{ key, value reflect.Value }

func newMapPart(t reflect.Type, key, value part, is *shape) mapPart {
	return mapPart{t, key, value, is, &sync.Pool{New: func() any {
		return &place{reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()}
	}}}
}

func (p *place) empty() {
	p.key.SetZero()
	p.value.SetZero()
}

func (m mapPart) shape() *shape { return m.is }

func (m mapPart) append(dst []byte, p unsafe.Pointer, depth int) ([]byte, *ValueError) {
	if depth++; depth > maxDepth {
		return nil, tooDeep()
	}
	v := reflect.NewAt(m.typ, p).Elem()
	if v.Len() == 0 {
		return append(dst, 0), nil
	}
	es := entries.New()
	defer es.Release()
	at := m.places.Get().(*place)
	defer m.places.Put(at)
	defer at.empty()
	dst = binary.AppendVarint(dst, int64(v.Len()))
	for i := v.MapRange(); i.Next(); {
		at.key.SetIterKey(i)
		at.value.SetIterValue(i)
		start := len(dst)
		var err *ValueError
		if dst, err = m.key.append(dst, at.key.Addr().UnsafePointer(), depth); err != nil {
			err.Path = "[key]" + err.Path
			return nil, err
		}
		middle := len(dst)
		if dst, err = m.value.append(dst, at.value.Addr().UnsafePointer(), depth); err != nil {
			err.Path = fmt.Sprintf("[%v]%s", at.key, err.Path)
			return nil, err
		}
		es.Add(start, middle, len(dst))
	}
	if !es.Sort(dst) {
		return nil, &ValueError{What: "two keys of the map have the same encoding, and one would be gone after a restore"}
	}
	return append(dst, 0), nil
}

func (m mapPart) reader(c *comparison, was *shape, at string) (reader, *ChangeError) {
	wasKey, wasValue := stringShape, was.of
	switch {
	case was.kind != m.is.kind || was.goKind != m.is.goKind:
		return nil, changed(at, was, m.typ.String())
	case was.kind == "array":
		wasKey, wasValue = was.of.fields[0].shape, was.of.fields[1].shape
	}
	if diff := sameBytes(wasKey, m.key.shape(), at+"[key]"); diff != "" {
		return nil, &ChangeError{What: diff, Do: "keys of a map are not converted, as two of them could become one; " +
			"keep their type, and put a map with keys of the new one beside it"}
	}
	key, err := c.reader(m.key, m.typ.Key(), wasKey, at+"[key]")
	if err != nil {
		return nil, err
	}
	value, err := c.reader(m.value, m.typ.Elem(), wasValue, at+"[value]")
	if err != nil {
		return nil, err
	}
	return mapReader{m.typ, m.places, key, value, wasKey.minSize + wasValue.minSize}, nil
}

type mapReader struct {
	typ        reflect.Type
	places     *sync.Pool
	key, value reader
	minSize    int
}

// entriesAhead is how many entries a map has room for before the first is read.
const entriesAhead = 256

func (m mapReader) read(d *decoder, p unsafe.Pointer) {
	if !d.enter() {
		return
	}
	defer d.leave()
	at := m.places.Get().(*place)
	defer m.places.Put(at)
	defer at.empty()
	n := d.block(m.minSize)
	v := reflect.MakeMapWithSize(m.typ, min(n, entriesAhead))
	for i := 0; n > 0 && d.err == nil; n = d.block(m.minSize) {
		for range n {
			at.empty()
			keyAt := d.at
			if m.key.read(d, at.key.Addr().UnsafePointer()); d.err != nil {
				d.inside("[key]")
				return
			}
			if m.value.read(d, at.value.Addr().UnsafePointer()); d.err != nil {
				d.inside(fmt.Sprintf("[%v]", at.key))
				return
			}
			v.SetMapIndex(at.key, at.value)
			if i++; v.Len() != i {
				d.at = keyAt
				d.failf("a key comes twice in a map")
				return
			}
		}
	}
	reflect.NewAt(m.typ, p).Elem().Set(v)
}
