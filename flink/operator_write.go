package flink

import "fmt"

// A BytesList is a list in operator state whose elements are bytes: the splits of a source,
// or the prepared output of a sink.
type BytesList struct {
	Name     string
	Mode     DistributionMode // ModeSplitDistribute or ModeUnion
	Elements [][]byte
}

// EncodeBytesLists returns a stream of operator state with these lists, not compressed, and
// the States of its OperatorHandle. It returns an error if a name is too long, not UTF-8 or
// there twice, or if the mode of a list is ModeBroadcast.
func EncodeBytesLists(lists ...BytesList) (data []byte, states []OperatorStateMeta, err error) {
	header := &OperatorHeader{}
	names := map[string]bool{}
	for _, l := range lists {
		if l.Mode != ModeSplitDistribute && l.Mode != ModeUnion {
			return nil, nil, fmt.Errorf("list state %q cannot be %s", l.Name, l.Mode)
		}
		if names[l.Name] {
			return nil, nil, fmt.Errorf("list state %q is there twice", l.Name)
		}
		names[l.Name] = true
		header.Lists = append(header.Lists, ListMeta(l.Name, l.Mode, ByteArray))
	}
	if data, err = header.AppendTo(nil); err != nil {
		return nil, nil, err
	}
	for _, l := range lists {
		s := OperatorStateMeta{Name: l.Name, Mode: l.Mode}
		for _, e := range l.Elements {
			s.Offsets = append(s.Offsets, int64(len(data)))
			data = AppendBytes32(data, e)
		}
		states = append(states, s)
	}
	return data, states, nil
}
