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
}

// OperatorElements is all that is in a stream of managed operator state, which data is
// the whole of, in the order of the handle. An error ends it, except for an *OpaqueError:
// the element that comes with it has the bytes that could not be decoded (of the whole
// map, if it is one) as an Opaque. Without another error every byte of the stream has
// been accounted for.
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
				yield(e, err)
				return
			}
			for _, offset := range meta.Offsets {
				more, err := r.element(e, offset, yield)
				if err != nil && more {
					yield(e, fmt.Errorf("operator state %q, at byte %d: %w", meta.Name, offset, err))
				}
				if err != nil || !more {
					return
				}
			}
		}
	}
}

// checkOperatorState makes sure that what the handle says of a state is what the header
// says of it.
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
		body += int64(len(snappyStreamID)) // of the one frame stream that all elements are in
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

// element decodes the element at offset, which has the form of e. It returns false if
// yield did.
func (r *operatorReader) element(e OperatorElement, offset int64, yield func(OperatorElement, error) bool) (more bool, err error) {
	i, _ := slices.BinarySearch(r.offsets, offset)
	data := r.data[offset:r.offsets[i+1]]
	if r.frames != nil {
		if data, err = r.frames.decode(data); err != nil {
			return true, err
		}
	}
	c := NewCursor(data)
	if e.Mode == ModeBroadcast {
		more = c.broadcastMap(e, yield)
	} else if e.Value = e.State.Value().Decode(c); c.err == nil && c.Remaining() == 0 {
		more = yield(e, nil)
	} else {
		more = true
	}
	if !more {
		return false, nil
	}
	if c.wantEnd(); isOpaque(c.err) {
		e.Value = Opaque{e.State.Value().TypeName(), append([]byte{}, data...)}
		return yield(e, c.err), nil
	}
	return true, c.err
}

// broadcastMap decodes a map. It returns false if yield did.
func (c *Cursor) broadcastMap(e OperatorElement, yield func(OperatorElement, error) bool) bool {
	for range c.Count("entries", 1) {
		at := c.off
		e.Key = e.State.Key().Decode(c)
		e.Value = e.State.Value().Decode(c)
		if c.off == at {
			c.Failf("entries without bytes")
		}
		if c.err != nil {
			return true
		}
		if !yield(e, nil) {
			return false
		}
	}
	return true
}
