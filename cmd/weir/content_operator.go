package main

import (
	"fmt"

	"github.com/weirstream/weir/flink"
)

// operator reads managed operator state: lists and broadcast maps.
func (r *reader) operator(h *handle, op *flink.OperatorHandle, visit visitor) {
	if h.Where == isNowhere {
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
		h.judge(&tooLargeError{"the compressed operator state", int64(len(data)), r.maxBlock / snappyShare})
		h.listStates(op)
		return
	}
	h.Layout, h.Compressed = "operator", header.Compressed
	infos := h.operatorStates(header, op)
	if r.headers {
		return
	}
	ended := false // before its end
	for e, err := range flink.OperatorElements(op, data) {
		if err != nil {
			h.judge(err)
			// What comes with bytes of its own has been delimited: reading goes on.
			if _, delimited := e.Value.(flink.Opaque); !delimited || e.State == nil {
				ended = true
				continue
			}
		}
		info := infos[stateKey{e.State.Name, e.Mode}]
		if info == nil {
			continue // cannot be: the stream's header has it
		}
		x := entry{state: info, group: -1, value: e.Value, opaque: err != nil}
		if e.Mode == flink.ModeBroadcast {
			x.keyed, x.key = err == nil, e.Key
			if info.Entries++; err != nil {
				info.Counted = false
			}
		}
		if visit != nil && !visit(h, x) {
			break
		}
	}
	h.Whole = !ended
	if ended {
		for _, info := range h.States {
			info.Counted = info.Counted && info.Kind != flink.ModeBroadcast.String()
		}
	}
}

type stateKey struct {
	name string
	mode flink.DistributionMode
}

// operatorStates lists the states of a header, with how many elements the handle says
// that lists have.
func (h *handle) operatorStates(header *flink.OperatorHeader, op *flink.OperatorHandle) map[stateKey]*stateInfo {
	elements := make(map[stateKey]int, len(op.States))
	for _, s := range op.States {
		elements[stateKey{s.Name, s.Mode}] = len(s.Offsets)
	}
	infos := make(map[stateKey]*stateInfo)
	add := func(m *flink.StateMeta, mode flink.DistributionMode) *stateInfo {
		info := &stateInfo{Name: m.Name, Kind: mode.String(), Type: m.Value().TypeName(), Counted: true, WeirOnly: weirOnly(m.Value()), meta: m}
		h.States = append(h.States, info)
		infos[stateKey{m.Name, mode}] = info
		return info
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
		info := add(m, flink.ModeBroadcast)
		info.KeyType, info.key = m.Key().TypeName(), m.Key()
		info.WeirOnly = info.WeirOnly || weirOnly(m.Key())
	}
	return infos
}

// listStates lists the states by the handle alone.
func (h *handle) listStates(op *flink.OperatorHandle) {
	for _, s := range op.States {
		isList := s.Mode != flink.ModeBroadcast
		info := &stateInfo{Name: s.Name, Kind: s.Mode.String(), Counted: isList}
		if isList {
			info.Entries = int64(len(s.Offsets))
		}
		h.States = append(h.States, info)
	}
}
