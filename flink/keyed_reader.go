package flink

import (
	"bytes"
	"fmt"
	"io"
	"iter"

	"github.com/weirstream/weir/checkpoint"
)

// KeyedEntries yields all entries of a keyed state stream. data is the whole stream. See
// KeyedReader.Entries.
func KeyedEntries(h *KeyGroupsHandle, data []byte) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		r, err := NewKeyedReader(h, bytes.NewReader(data), int64(len(data)))
		if err != nil {
			yield(Entry{}, err)
			return
		}
		r.Entries()(yield)
	}
}

// A KeyedReader reads a keyed state stream, in either layout, one key group at a time:
// a stream may be larger than memory. It is not for concurrent use.
type KeyedReader struct {
	header *KeyedHeader
	layout Layout
	groups checkpoint.KeyGroupRange
	blocks []span // of each key group; empty if it has none
	r      io.ReaderAt
	frames *snappyFrames // nil if the stream is not compressed
}

// A span is the bytes from one offset up to, not including, another.
type span struct{ from, to int64 }

func (s span) len() int64 { return s.to - s.from }

// maxKeyedHeader is the limit of the length of a header. Real ones take some kilobytes.
const maxKeyedHeader = 64 << 20

// NewKeyedReader reads the header of the stream that h refers to. The stream is the first
// size bytes of r. NewKeyedReader finds out the layout, and checks that the key groups fill
// the stream after the header.
func NewKeyedReader(h *KeyGroupsHandle, r io.ReaderAt, size int64) (*KeyedReader, error) {
	blocks, err := spansOf(h, size, noGroup)
	if err != nil {
		return nil, err
	}
	k := &KeyedReader{groups: h.Range, blocks: blocks, r: r}
	header := span{0, size}
	for _, b := range blocks {
		if b.len() > 0 {
			header.to = b.from
			break
		}
	}
	if header.len() > maxKeyedHeader {
		return nil, fmt.Errorf("header of %d bytes, and the limit is %d", header.len(), maxKeyedHeader)
	}
	data, err := k.read(header)
	if err != nil {
		return nil, err
	}
	c := NewCursor(data)
	k.header = DecodeKeyedHeader(c)
	c.wantEnd()
	if c.err != nil {
		return nil, fmt.Errorf("header: %w", c.err)
	}
	if k.header.Compressed {
		k.frames = newSnappyFrames(false)
	}
	if k.layout, err = k.probe(h.Tag); err != nil {
		return nil, err
	}
	return k, nil
}

// Offsets of key groups that are not there, in managed and in raw keyed state.
const (
	noGroup    = 0
	noRawGroup = -1
)

// spansOf returns where in a stream of the given size each key group of h is. A key group
// ends where the next one begins.
func spansOf(h *KeyGroupsHandle, size, none int64) ([]span, error) {
	if len(h.Offsets) != h.Range.Len() {
		return nil, fmt.Errorf("%d offsets for the key groups %s", len(h.Offsets), h.Range)
	}
	spans := make([]span, len(h.Offsets))
	next := size
	for i := len(spans) - 1; i >= 0; i-- {
		from := h.Offsets[i]
		if from == none {
			continue
		}
		if from < 0 || from >= next {
			return nil, fmt.Errorf("key group %d at byte %d, but the next one at %d", h.Range.Start+i, from, next)
		}
		spans[i] = span{from, next}
		next = from
	}
	return spans, nil
}

// Header returns the header of the stream.
func (k *KeyedReader) Header() *KeyedHeader { return k.header }

// Layout returns the layout of the stream.
func (k *KeyedReader) Layout() Layout { return k.layout }

// read reads a part of the stream.
func (k *KeyedReader) read(s span) ([]byte, error) {
	data := make([]byte, s.len())
	n, err := k.r.ReadAt(data, s.from)
	if n < len(data) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read %d bytes at byte %d: %w", len(data), s.from, err)
	}
	return data, nil
}

// Entries yields all entries of the stream, in its order. An error ends the sequence, except
// for an *OpaqueError in the canonical layout: there the entry that comes with the error has
// the bytes that could not be decoded, as an Opaque, and the sequence goes on. If there was
// no other error, every byte of the stream was read.
func (k *KeyedReader) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i := range k.blocks {
			g := checkpoint.KeyGroup(k.groups.Start + i)
			more, err := k.group(g, yield)
			if err != nil && more {
				yield(Entry{Group: g}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// Group yields the entries of one key group, which must be in the handle's range, as Entries
// does. An error is a *GroupError, with an *EntryError in it if it is about an entry. It ends
// this key group; the others can still be read.
func (k *KeyedReader) Group(g checkpoint.KeyGroup) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if more, err := k.group(g, yield); err != nil && more {
			yield(Entry{Group: g}, err)
		}
	}
}

// group decodes a key group. It returns false if yield did.
func (k *KeyedReader) group(g checkpoint.KeyGroup, yield func(Entry, error) bool) (more bool, err error) {
	for i := range k.header.States {
		if m := &k.header.States[i]; m.Kind == KindKeyValueV2 {
			return true, fmt.Errorf("state %q: the layout of %s is not known", m.Name, m.Kind)
		}
	}
	var c *Cursor
	if k.layout == LayoutHeap {
		if c, err = k.StateBlocks(g); err != nil {
			return true, err
		}
		more = k.header.heapGroup(g, c, yield)
	} else {
		data, err := k.block(g)
		if err != nil || len(data) == 0 {
			return true, err
		}
		if c, err = k.cursor(g, data, 0); err != nil {
			return true, err
		}
		more = k.header.canonicalGroup(g, k.header.prefixSize(g, c.data), c, yield)
	}
	if !more {
		return false, nil
	}
	if c.wantEnd(); c.err != nil {
		return true, k.inGroup(g, c.err)
	}
	return true, nil
}

// StateBlocks returns a cursor at the first state block of a key group, to be read with
// DecodeStateBlock. The layout must be LayoutHeap, and g in the handle's range.
func (k *KeyedReader) StateBlocks(g checkpoint.KeyGroup) (*Cursor, error) {
	data, err := k.block(g)
	if err != nil {
		return nil, err
	}
	c := k.plainCursor(g, data)
	DecodeKeyGroup(c, g)
	if c.err != nil {
		return nil, k.inGroup(g, c.err)
	}
	if k.frames == nil {
		return c, nil
	}
	return k.cursor(g, data, c.off)
}

// block returns the bytes of a key group as they are in the stream.
func (k *KeyedReader) block(g checkpoint.KeyGroup) ([]byte, error) {
	if !k.groups.Contains(g) {
		return nil, fmt.Errorf("key group %d is not among %s", g, k.groups)
	}
	data, err := k.read(k.blocks[int(g)-k.groups.Start])
	if err != nil {
		return nil, k.inGroup(g, err)
	}
	return data, nil
}

// cursor returns a cursor over a key group's bytes from a byte on, decompressed.
func (k *KeyedReader) cursor(g checkpoint.KeyGroup, data []byte, from int) (*Cursor, error) {
	if k.frames == nil {
		c := k.plainCursor(g, data)
		c.off = from
		return c, nil
	}
	data, err := k.frames.decode(data[from:])
	if err != nil {
		return nil, k.inGroup(g, err)
	}
	return NewCursor(data), nil
}

// plainCursor returns a cursor over a key group's bytes. Its errors have offsets in the
// stream.
func (k *KeyedReader) plainCursor(g checkpoint.KeyGroup, data []byte) *Cursor {
	return &Cursor{data: data, base: k.blocks[int(g)-k.groups.Start].from}
}

// inGroup adds the key group to err.
func (k *KeyedReader) inGroup(g checkpoint.KeyGroup, err error) error {
	return &GroupError{Group: g, Offset: k.blocks[int(g)-k.groups.Start].from, Compressed: k.frames != nil, Err: err}
}
