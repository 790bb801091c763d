package codec

import (
	"encoding/binary"

	"github.com/twmb/avro"
)

// avroOrder puts the maps in an encoded struct in order, as entries does for the maps
// outside of structs: the avro package writes them in the order that Go visits them.
// It walks over what that package has just written, by the schema.
//
// For a node of the schema, walk returns where its value, which begins at a byte of b,
// ends.
type avroOrder struct{ root func(b []byte, at int) int }

// newAvroOrder returns nil if there is no map in a record.
func newAvroOrder(schema *avro.SchemaNode) *avroOrder {
	w := avroWalks{named: map[string]*func([]byte, int) int{}}
	if root := w.walk(schema); w.maps {
		return &avroOrder{root}
	}
	return nil
}

// sort sorts the maps in the value that begins at a byte of b.
func (o *avroOrder) sort(b []byte, at int) { o.root(b, at) }

type avroWalks struct {
	named map[string]*func(b []byte, at int) int // of records, as types may contain themselves
	maps  bool
}

func (w *avroWalks) walk(n *avro.SchemaNode) func(b []byte, at int) int {
	switch n.Type {
	case "null":
		return func(_ []byte, at int) int { return at }
	case "boolean":
		return func(_ []byte, at int) int { return at + 1 }
	case "int", "long", "enum":
		return func(b []byte, at int) int { _, at = varint(b, at); return at }
	case "float":
		return func(_ []byte, at int) int { return at + 4 }
	case "double":
		return func(_ []byte, at int) int { return at + 8 }
	case "string", "bytes":
		return walkBytes
	case "array":
		item := w.walk(n.Items)
		return func(b []byte, at int) int {
			return walkBlocks(b, at, func(at int) int { return item(b, at) })
		}
	case "map":
		w.maps = true
		return walkMap(w.walk(n.Values))
	case "fixed":
		size := n.Size
		fixed := func(_ []byte, at int) int { return at + size }
		w.named[n.Name] = &fixed
		return fixed
	case "record":
		return w.record(n)
	default: // the name of a type that stands above; there is no union without a pointer
		known := w.named[n.Type]
		return func(b []byte, at int) int { return (*known)(b, at) }
	}
}

func (w *avroWalks) record(n *avro.SchemaNode) func(b []byte, at int) int {
	walk := new(func(b []byte, at int) int)
	w.named[n.Name] = walk
	fields := make([]func(b []byte, at int) int, len(n.Fields))
	for i := range n.Fields {
		fields[i] = w.walk(&n.Fields[i].Type)
	}
	*walk = func(b []byte, at int) int {
		for _, f := range fields {
			at = f(b, at)
		}
		return at
	}
	return *walk
}

// walkMap walks over a map and sorts it.
func walkMap(value func(b []byte, at int) int) func(b []byte, at int) int {
	return func(b []byte, at int) int {
		es := newEntries()
		defer es.release()
		at = walkBlocks(b, at, func(start int) int {
			valueAt := walkBytes(b, start)
			end := value(b, valueAt)
			es.add(start, valueAt, end)
			return end
		})
		es.sort(b)
		return at
	}
}

// walkBlocks walks over the items of an array or map: their number, the items, a 0. The
// avro package writes all items in one block.
func walkBlocks(b []byte, at int, item func(at int) int) int {
	n, at := varint(b, at)
	if n == 0 {
		return at
	}
	for range n {
		at = item(at)
	}
	return at + 1
}

func walkBytes(b []byte, at int) int {
	n, at := varint(b, at)
	return at + int(n)
}

// varint is a number of a variable number of bytes, and where it ends.
func varint(b []byte, at int) (int64, int) {
	v, n := binary.Varint(b[at:])
	return v, at + n
}
