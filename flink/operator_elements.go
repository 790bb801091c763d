package flink

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

// An OperatorElement is an element of a list in operator state, or an entry of a
// broadcast map.
type OperatorElement struct {
	State *StateMeta // of the header it came with
	Mode  DistributionMode
	Key   Value // only of a broadcast map
	Value Value

	// Number counts the elements of the list, or the entries of the map, from 0. Offset is
	// where the element begins: in the stream, or, if that is compressed, in the decompressed
	// bytes of the list's element or of the map.
	Number int
	Offset int64
}

// OperatorElements yields all elements of a stream of managed operator state, in the order
// of the handle. data is the whole stream. An error about an element has an *EntryError in
// it. After it the sequence goes on with the next element that can be found: the next of a
// list, or the one after a map. With an *OpaqueError comes an element that has the bytes
// that could not be decoded (of the whole map, in a map) as an Opaque. If there was no other
// error, every byte of the stream was read.
func OperatorElements(h *OperatorHandle, data []byte) iter.Seq2[OperatorElement, error] {
	return func(yield func(OperatorElement, error) bool) {
		r, err := newOperatorReader(h, data)
		if err != nil {
			yield(OperatorElement{}, err)
			return
		}
		for _, meta := range h.States {
			e := OperatorElement{State: r.header.state(meta), Mode: meta.Mode}
			if err := checkOperatorState(meta, e.State); err != nil {
				if !yield(e, err) {
					return
				}
				continue
			}
			for n, offset := range meta.Offsets {
				e.Number, e.Offset = n, offset
				if !r.element(e, yield) {
					return
				}
			}
		}
	}
}

// checkOperatorState checks that the handle and the header agree about a state.
func checkOperatorState(meta OperatorStateMeta, state *StateMeta) error {
	if state == nil {
		return fmt.Errorf("operator state %q (%s) is in the handle, but not in the stream", meta.Name, meta.Mode)
	}
	if mode := state.option(optionMode); mode != meta.Mode.String() {
		return fmt.Errorf("operator state %q is %s in the handle, but %s in the stream", meta.Name, meta.Mode, mode)
	}
	if n := len(meta.Offsets); meta.Mode == ModeBroadcast && n != 1 {
		return fmt.Errorf("operator state %q is broadcast, but has %d offsets", meta.Name, n)
	}
	return nil
}

// An operatorReader knows where in a stream each element begins and ends.
type operatorReader struct {
	header  *OperatorHeader
	data    []byte
	offsets []int64       // of all elements, ascending, and the end
	frames  *snappyFrames // nil if the stream is not compressed
}

func newOperatorReader(h *OperatorHandle, data []byte) (*operatorReader, error) {
	c := NewCursor(data)
	r := &operatorReader{header: DecodeOperatorHeader(c), data: data}
	if c.err != nil {
		return nil, fmt.Errorf("header: %w", c.err)
	}
	if r.header.Compressed {
		r.frames = newSnappyFrames(true)
	}
	for _, s := range h.States {
		r.offsets = append(r.offsets, s.Offsets...)
	}
	slices.Sort(r.offsets)
	r.offsets = append(r.offsets, int64(len(data)))
	body := int64(c.off)
	if r.header.Compressed && bytes.HasPrefix(data[body:], []byte(snappyStreamID)) {
		body += int64(len(snappyStreamID)) // all elements are in one stream of frames
	}
	if first := r.offsets[0]; first != body {
		return nil, fmt.Errorf("header ends at byte %d, but the first element begins at byte %d", body, first)
	}
	for i, at := range r.offsets[1:] {
		if at <= r.offsets[i] {
			return nil, fmt.Errorf("an element at byte %d has no bytes", r.offsets[i])
		}
	}
	return r, nil
}

// bytes returns the element of a list, or the map, that begins at an offset, not decoded.
// They are good until the next call.
func (r *operatorReader) bytes(offset int64) ([]byte, error) {
	i, _ := slices.BinarySearch(r.offsets, offset)
	data := r.data[offset:r.offsets[i+1]]
	if r.frames == nil {
		return data, nil
	}
	return r.frames.decode(data)
}

// An OperatorBytes is an element of a list in operator state, or a whole broadcast map, as
// it was encoded.
type OperatorBytes struct {
	State *StateMeta // of the header it came with
	Mode  DistributionMode
	Data  []byte
}

// OperatorBytesOf yields all elements of a stream of managed operator state as they were
// encoded, in the order of the handle. It ends with the first error. Data is good until the
// next element.
func OperatorBytesOf(h *OperatorHandle, data []byte) iter.Seq2[OperatorBytes, error] {
	return func(yield func(OperatorBytes, error) bool) {
		r, err := newOperatorReader(h, data)
		if err != nil {
			yield(OperatorBytes{}, err)
			return
		}
		for _, meta := range h.States {
			b := OperatorBytes{State: r.header.state(meta), Mode: meta.Mode}
			if err := checkOperatorState(meta, b.State); err != nil {
				yield(b, err)
				return
			}
			for n, offset := range meta.Offsets {
				if b.Data, err = r.bytes(offset); err != nil {
					yield(b, (&OperatorElement{State: b.State, Number: n, Offset: offset}).broken(err))
					return
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// element decodes the element of a list, or the map, that begins at e.Offset. It returns
// false if yield did.
func (r *operatorReader) element(e OperatorElement, yield func(OperatorElement, error) bool) (more bool) {
	data, err := r.bytes(e.Offset)
	if err != nil {
		return yield(e, e.broken(err))
	}
	c := &Cursor{data: data, base: e.Offset}
	if r.frames != nil {
		c = NewCursor(data)
	}
	at := e // the last entry that was begun
	if e.Mode == ModeBroadcast {
		more = c.broadcastMap(&at, yield)
	} else if e.Value = e.State.Value().Decode(c); c.err == nil && c.Remaining() == 0 {
		return yield(e, nil)
	} else {
		more = true
	}
	if !more {
		return false
	}
	if c.wantEnd(); c.err == nil {
		return true
	}
	if isOpaque(c.err) {
		e.Value = Opaque{e.State.Value().TypeName(), append([]byte{}, c.data...)}
		return yield(e, at.broken(c.err))
	}
	return yield(OperatorElement{State: e.State, Mode: e.Mode}, at.broken(c.err))
}

// broken adds to err that it is about e.
func (e *OperatorElement) broken(err error) error {
	return fmt.Errorf("operator %w", &EntryError{State: e.State.Name, Number: e.Number, Offset: e.Offset, Err: err})
}

// broadcastMap decodes a map. e becomes the last entry that was begun. It returns false if
// yield did.
func (c *Cursor) broadcastMap(e *OperatorElement, yield func(OperatorElement, error) bool) bool {
	for n := range c.Count("entries", 1) {
		at := c.off
		e.Number, e.Offset = n, c.at()
		e.Key = e.State.Key().Decode(c)
		e.Value = e.State.Value().Decode(c)
		if c.off == at {
			c.Failf("entries without bytes")
		}
		if c.err != nil {
			return true
		}
		if !yield(*e, nil) {
			return false
		}
	}
	return true
}
