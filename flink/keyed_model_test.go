package flink

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/klauspost/compress/snappy"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// An encoded is a value and its bytes.
type encoded struct {
	value Value
	bytes []byte
}

// A typed is a serializer and values of its type.
type typed struct {
	serializer Serializer
	values     *rapid.Generator[encoded]
}

func anyOf[T any](g *rapid.Generator[T], encode func(T) encoded) *rapid.Generator[encoded] {
	return rapid.Map(g, encode)
}

func typedString() typed {
	s := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "😀", "日本", "\x00"}), rapid.String())
	return typed{String, anyOf(s, func(s string) encoded { return encoded{s, AppendString(nil, s)} })}
}

func typedLong() typed {
	n := rapid.OneOf(rapid.SampledFrom([]int64{0, -1, math.MinInt64, math.MaxInt64}), rapid.Int64())
	return typed{Long, anyOf(n, func(n int64) encoded { return encoded{n, AppendI64(nil, n)} })}
}

func typedWindow() typed {
	return typed{TimeWindow, anyOf(rapid.Int64Range(-1e6, 1e6), func(n int64) encoded {
		return encoded{WindowValue{n, n + 1000}, AppendI64(AppendI64(nil, n), n+1000)}
	})}
}

func typedVoid() typed {
	return typed{VoidNamespace, rapid.Just(encoded{nil, []byte{0}})}
}

func typedTuple(a, b typed) typed {
	return typed{Tuple(a.serializer, b.serializer), rapid.Custom(func(t *rapid.T) encoded {
		x, y := a.values.Draw(t, "f0"), b.values.Draw(t, "f1")
		return encoded{[]Value{x.value, y.value}, slices.Concat(x.bytes, y.bytes)}
	})}
}

// anyKey draws keys whose hash is known.
func anyKey() *rapid.Generator[typed] {
	return rapid.SampledFrom([]typed{typedString(), typedLong(), typedTuple(typedString(), typedLong())})
}

// A modelState is a state and the types of its parts.
type modelState struct {
	meta      StateMeta
	namespace typed
	userKey   typed // of a map
	value     typed // or element
}

// A cell is the content of one state for one key and namespace.
type cell struct {
	state          int
	group          checkpoint.KeyGroup
	key, namespace encoded
	values         []encoded // one, or the elements of a list, or the values of a map
	userKeys       []encoded // of a map
	null           []bool    // which values of a map are null
	timestamp      int64     // of a timer
}

// A model is the contents of one keyed state stream.
type model struct {
	header         KeyedHeader
	groups         checkpoint.KeyGroupRange
	maxParallelism int
	states         []modelState
	cells          []cell
}

func anyModel(maxParallelism int) *rapid.Generator[*model] {
	return rapid.Custom(func(t *rapid.T) *model {
		m := &model{maxParallelism: maxParallelism}
		key := anyKey().Draw(t, "key")
		m.header.Key = key.serializer
		m.header.Compressed = rapid.Bool().Draw(t, "compressed")
		parallelism := rapid.IntRange(1, min(3, maxParallelism)).Draw(t, "parallelism")
		subtask := checkpoint.Subtask(rapid.IntRange(0, parallelism-1).Draw(t, "subtask"))
		m.groups = KeyGroupRangeOf(subtask, maxParallelism, parallelism)
		m.states = rapid.SliceOfN(anyState(key), 1, 4).Draw(t, "states")
		for _, s := range m.states {
			m.header.States = append(m.header.States, s.meta)
		}
		m.cells = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cell { return m.anyCell(t, key) }), 0, 20).Draw(t, "cells")
		m.cells = slices.DeleteFunc(m.cells, func(c cell) bool { return !m.groups.Contains(c.group) })
		return m
	})
}

func anyState(key typed) *rapid.Generator[modelState] {
	return rapid.Custom(func(t *rapid.T) modelState {
		s := modelState{
			namespace: rapid.SampledFrom([]typed{typedVoid(), typedWindow(), typedString()}).Draw(t, "namespace"),
			userKey:   typedString(),
			value:     rapid.SampledFrom([]typed{typedLong(), typedString()}).Draw(t, "value"),
		}
		name := rapid.String().Draw(t, "name")
		v := s.value.serializer
		switch rapid.SampledFrom([]StateType{TypeValue, TypeList, TypeMap, TypeReducing, TypeAggregating, ""}).Draw(t, "type") {
		case TypeValue:
			s.meta = ValueStateMeta(name, v)
		case TypeList:
			s.meta = ListStateMeta(name, v)
		case TypeMap:
			s.meta = MapStateMeta(name, s.userKey.serializer, v)
		case TypeReducing:
			s.meta = ReducingStateMeta(name, v)
		case TypeAggregating:
			s.meta = AggregatingStateMeta(name, v)
		default:
			s.meta = TimerQueueMeta(name, key.serializer, s.namespace.serializer)
			return s
		}
		s.meta = s.meta.InNamespace(s.namespace.serializer)
		return s
	})
}

func (m *model) anyCell(t *rapid.T, key typed) cell {
	c := cell{state: rapid.IntRange(0, len(m.states)-1).Draw(t, "state")}
	s := m.states[c.state]
	c.key = key.values.Draw(t, "key")
	c.namespace = s.namespace.values.Draw(t, "namespace")
	hash, ok := JavaHash(key.serializer, c.key.value)
	if !ok {
		t.Fatalf("no hash for %s", key.serializer.TypeName())
	}
	c.group = KeyGroupOf(hash, m.maxParallelism)
	n := 1
	if typ := s.meta.Type(); typ == TypeList || typ == TypeMap {
		n = rapid.IntRange(1, 3).Draw(t, "n")
	}
	for range n {
		c.values = append(c.values, s.value.values.Draw(t, "value"))
		c.userKeys = append(c.userKeys, s.userKey.values.Draw(t, "user key"))
		c.null = append(c.null, rapid.Bool().Draw(t, "null"))
	}
	c.timestamp = rapid.Int64().Draw(t, "timestamp")
	return c
}

// timer returns the bytes of a timer.
func (c *cell) timer() []byte {
	return slices.Concat(AppendI64(nil, c.timestamp^math.MinInt64), c.key.bytes, c.namespace.bytes)
}

// frame compresses b if the stream is compressed.
func (m *model) frame(b []byte) []byte {
	if !m.header.Compressed {
		return b
	}
	var framed bytes.Buffer
	w := snappy.NewBufferedWriter(&framed)
	w.Write(b)
	w.Close()
	return framed.Bytes()
}

// of returns the cells of a key group and a state.
func (m *model) of(g checkpoint.KeyGroup, state int) []cell {
	var cells []cell
	for _, c := range m.cells {
		if c.group == g && c.state == state {
			cells = append(cells, c)
		}
	}
	return cells
}

// heap writes the model in the heap native layout.
func (m *model) heap(t interface{ Fatal(...any) }) (*KeyGroupsHandle, []byte) {
	data, err := m.header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &KeyGroupsHandle{Tag: TagKeyGroupsV2, Range: m.groups}
	for g := m.groups.Start; g <= m.groups.End; g++ {
		h.Offsets = append(h.Offsets, int64(len(data)))
		data = AppendKeyGroup(data, checkpoint.KeyGroup(g))
		for state := range m.states {
			cells := m.of(checkpoint.KeyGroup(g), state)
			block := AppendStateBlock(nil, state, len(cells))
			for _, c := range cells {
				block = m.appendHeapCell(block, c)
			}
			data = append(data, m.frame(block)...)
		}
	}
	return h, data
}

func (m *model) appendHeapCell(b []byte, c cell) []byte {
	meta := m.states[c.state].meta
	if meta.Kind == KindPriorityQueue {
		return append(b, c.timer()...)
	}
	b = slices.Concat(b, c.namespace.bytes, c.key.bytes)
	typ := meta.Type()
	if typ == TypeList || typ == TypeMap {
		b = AppendI32(b, int32(len(c.values)))
	}
	for i, v := range c.values {
		if typ == TypeMap {
			b = AppendBool(append(b, c.userKeys[i].bytes...), c.null[i])
			if c.null[i] {
				continue
			}
		}
		b = append(b, v.bytes...)
	}
	return b
}

// canonical writes the model in the canonical layout.
func (m *model) canonical(t interface{ Fatal(...any) }, tag HandleTag) (*KeyGroupsHandle, []byte) {
	data, err := m.header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &KeyGroupsHandle{Tag: tag, Range: m.groups}
	for g := m.groups.Start; g <= m.groups.End; g++ {
		var block CanonicalGroup
		for state := range m.states {
			for _, c := range m.of(checkpoint.KeyGroup(g), state) {
				m.addCanonicalCell(&block, c)
			}
		}
		if b := block.Bytes(); b == nil {
			h.Offsets = append(h.Offsets, 0)
		} else {
			h.Offsets = append(h.Offsets, int64(len(data)))
			data = append(data, m.frame(b)...)
		}
	}
	return h, data
}

func (m *model) addCanonicalCell(block *CanonicalGroup, c cell) {
	s := m.states[c.state]
	if s.meta.Kind == KindPriorityQueue {
		block.Add(c.state, AppendCompositeKey(nil, c.group, m.maxParallelism, c.timer(), nil, false), nil)
		return
	}
	lengths := m.header.Key.Length() < 0 && s.namespace.serializer.Length() < 0
	key := AppendCompositeKey(nil, c.group, m.maxParallelism, c.key.bytes, c.namespace.bytes, lengths)
	switch s.meta.Type() {
	case TypeList:
		var list [][]byte
		for _, v := range c.values {
			list = append(list, v.bytes)
		}
		block.Add(c.state, key, bytes.Join(list, []byte{listDelimiter}))
	case TypeMap:
		for i, v := range c.values {
			block.Add(c.state, append(bytes.Clone(key), c.userKeys[i].bytes...), append(AppendBool(nil, c.null[i]), v.bytes...))
		}
	default:
		block.Add(c.state, key, c.values[0].bytes)
	}
}

// entries returns the entries that reading the model must yield, by group and state.
func (m *model) entries() []Entry {
	var entries []Entry
	for _, c := range m.cells {
		s := m.states[c.state]
		e := Entry{Group: c.group, State: &m.header.States[c.state], Key: c.key.value, Namespace: c.namespace.value, KeyBytes: c.key.bytes}
		switch {
		case s.meta.Kind == KindPriorityQueue:
			e.Value = TimerValue{c.timestamp, c.key.value, c.namespace.value}
		case s.meta.Type() == TypeList:
			list := []Value{}
			for _, v := range c.values {
				list = append(list, v.value)
			}
			e.Value = list
		case s.meta.Type() == TypeMap:
			for i, v := range c.values {
				e.UserKey, e.Value = c.userKeys[i].value, v.value
				if c.null[i] {
					e.Value = nil
				}
				entries = append(entries, e)
			}
			continue
		default:
			e.Value = c.values[0].value
		}
		entries = append(entries, e)
	}
	number := map[*StateMeta]int{}
	for i := range m.header.States {
		number[&m.header.States[i]] = i
	}
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(number[a.State], number[b.State]))
	})
	return entries
}
