package inspect

import (
	"fmt"

	"github.com/weirstream/weir/flink"
)

// operator reads managed operator state: lists and broadcast maps.
func (r *content) operator(h *Handle, op *flink.OperatorHandle, visit visitor) {
	if h.Where == Nowhere {
		h.Whole = true // file merging of nothing
		return
	}
	data, err := r.readAll(op.Data, "the operator state")
	if err != nil {
		h.judge(err)
		h.listStates(op)
		return
	}
	c := flink.NewCursor(data)
	header := flink.DecodeOperatorHeader(c)
	if c.Err() != nil {
		h.judge(fmt.Errorf("header: %w", c.Err()))
		h.listStates(op)
		return
	}
	if header.Compressed && int64(len(data)) > r.maxBlock/snappyShare {
		h.judge(&TooLargeError{"the compressed operator state", int64(len(data)), r.maxBlock / snappyShare})
		h.listStates(op)
		return
	}
	h.Layout, h.Compressed = "operator", header.Compressed
	states := h.operatorStates(header, op)
	if r.headersOnly {
		return
	}
	cutShort := false
	for e, err := range flink.OperatorElements(op, data) {
		if err != nil {
			h.judge(err)
			// An element that comes with bytes of its own has been delimited: reading goes on.
			if _, delimited := e.Value.(flink.Opaque); !delimited || e.State == nil {
				cutShort = true
				continue
			}
		}
		s := states[stateKey{e.State.Name, e.Mode}]
		if s == nil {
			continue // cannot be: the header of the stream has it
		}
		x := &Entry{State: s, KeyGroup: -1, Value: e.Value, opaque: err != nil}
		if e.Mode == flink.ModeBroadcast {
			x.Keyed, x.Key = err == nil, e.Key
			if s.Entries++; err != nil {
				s.Counted = false
			}
		}
		if visit != nil && !visit(h, x) {
			break
		}
	}
	h.Whole = !cutShort
	if cutShort {
		for _, s := range h.States {
			s.Counted = s.Counted && s.Kind != flink.ModeBroadcast.String()
		}
	}
}

type stateKey struct {
	name string
	mode flink.DistributionMode
}

// operatorStates lists the states of a header, and how many elements lists have according to
// the handle.
func (h *Handle) operatorStates(header *flink.OperatorHeader, op *flink.OperatorHandle) map[stateKey]*State {
	elements := make(map[stateKey]int, len(op.States))
	for _, s := range op.States {
		elements[stateKey{s.Name, s.Mode}] = len(s.Offsets)
	}
	states := make(map[stateKey]*State)
	add := func(m *flink.StateMeta, mode flink.DistributionMode) *State {
		s := &State{Name: m.Name, Kind: mode.String(), Type: m.Value().TypeName(), Counted: true, WeirOnly: weirOnly(m.Value()), meta: m}
		h.States = append(h.States, s)
		states[stateKey{m.Name, mode}] = s
		return s
	}
	for i := range header.Lists {
		m := &header.Lists[i]
		mode := flink.ModeSplitDistribute
		if _, union := elements[stateKey{m.Name, flink.ModeUnion}]; union {
			mode = flink.ModeUnion
		}
		add(m, mode).Entries = int64(elements[stateKey{m.Name, mode}])
	}
	for i := range header.Broadcasts {
		m := &header.Broadcasts[i]
		s := add(m, flink.ModeBroadcast)
		s.KeyType, s.key = m.Key().TypeName(), m.Key()
		s.WeirOnly = s.WeirOnly || weirOnly(m.Key())
	}
	return states
}

// listStates lists the states by the handle alone.
func (h *Handle) listStates(op *flink.OperatorHandle) {
	for _, m := range op.States {
		isList := m.Mode != flink.ModeBroadcast
		s := &State{Name: m.Name, Kind: m.Mode.String(), Counted: isList}
		if isList {
			s.Entries = int64(len(m.Offsets))
		}
		h.States = append(h.States, s)
	}
}
