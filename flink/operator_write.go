package flink

import "fmt"

// A BytesList is a list in operator state whose elements are bytes: the splits of a source,
// or the prepared output of a sink.
type BytesList struct {
	Name     string
	Mode     DistributionMode // ModeSplitDistribute or ModeUnion
	Elements [][]byte
}

// EncodeBytesLists returns a stream of operator state with these lists, as
// EncodeOperatorState does.
func EncodeBytesLists(lists ...BytesList) (data []byte, states []OperatorStateMeta, err error) {
	all := make([]EncodedList, len(lists))
	for i, l := range lists {
		all[i] = EncodedList{Name: l.Name, Mode: l.Mode, Element: ByteArray, Elements: make([][]byte, len(l.Elements))}
		for j, e := range l.Elements {
			all[i].Elements[j] = AppendBytes32(nil, e)
		}
	}
	return EncodeOperatorState(all, nil)
}

// An EncodedList is a list in operator state. Each element is encoded as Element says, and
// has at least one byte.
type EncodedList struct {
	Name     string
	Mode     DistributionMode // ModeSplitDistribute or ModeUnion
	Element  Serializer
	Elements [][]byte
}

// An EncodedMap is a broadcast map in operator state. Data is the number of entries, 32
// bits, and for each the key and the value, encoded as Key and Value say.
type EncodedMap struct {
	Name       string
	Key, Value Serializer
	Data       []byte
}

// EncodeOperatorState returns a stream of operator state, not compressed, and the States of
// its OperatorHandle. It returns an error if a name is too long, not UTF-8 or there twice,
// or if the mode of a list is ModeBroadcast.
func EncodeOperatorState(lists []EncodedList, maps []EncodedMap) (data []byte, states []OperatorStateMeta, err error) {
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
		header.Lists = append(header.Lists, ListMeta(l.Name, l.Mode, l.Element))
	}
	for _, m := range maps {
		if names[m.Name] {
			return nil, nil, fmt.Errorf("operator state %q is there twice", m.Name)
		}
		names[m.Name] = true
		header.Broadcasts = append(header.Broadcasts, BroadcastMeta(m.Name, m.Key, m.Value))
	}
	if data, err = header.AppendTo(nil); err != nil {
		return nil, nil, err
	}
	for _, l := range lists {
		s := OperatorStateMeta{Name: l.Name, Mode: l.Mode}
		for _, e := range l.Elements {
			s.Offsets = append(s.Offsets, int64(len(data)))
			data = append(data, e...)
		}
		states = append(states, s)
	}
	for _, m := range maps {
		states = append(states, OperatorStateMeta{Name: m.Name, Mode: ModeBroadcast, Offsets: []int64{int64(len(data))}})
		data = append(data, m.Data...)
	}
	return data, states, nil
}
