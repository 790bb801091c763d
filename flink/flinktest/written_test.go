package flinktest

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// written describes a checkpoint for a test: its content and its layout. It is written with
// the functions of package flink only.
type written struct {
	id        checkpoint.ID
	operators []writtenOperator
	canonical bool        // the layout of keyed state, otherwise heap native
	inline    func() bool // whether the next stream goes into _metadata, otherwise into a file beside it
	seal      []byte      // what follows Flink's payload in _metadata

	// For controls: puts an entry into a wrong key group, and changes the handle of each
	// keyed state.
	group func(entry) (g checkpoint.KeyGroup, instead bool)
	spoil func(*flink.KeyGroupsHandle)
}

type writtenOperator struct {
	Operator
	entries  []entry
	elements []element
}

// An entry is the value of a key in a state: a value, a whole list or a whole map.
type entry struct {
	state      int // in Operator.Keyed
	key, value flink.Value
}

// An element is one of a list in operator state.
type element struct {
	subtask checkpoint.Subtask
	list    int // in Operator.Lists
	value   []byte
}

// plan and entries return what Flink is expected to find.
func (w *written) plan() Plan {
	p := Plan{Checkpoint: w.id}
	for _, o := range w.operators {
		p.Operators = append(p.Operators, o.Operator)
	}
	return p
}

func (w *written) lines() []string {
	var lines []string
	for _, o := range w.operators {
		for _, e := range o.entries {
			lines = append(lines, o.Entry(o.Keyed[e.state].Name, e.key, e.value))
		}
		for _, e := range o.elements {
			lines = append(lines, o.Element(o.Lists[e.list].Name, e.value))
		}
	}
	return lines
}

// write writes the checkpoint into a directory of its own.
func (w *written) write(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	streams := 0
	place := func(data []byte) flink.StreamHandle {
		streams++
		name := fmt.Sprintf("00000000-0000-4000-8000-%012d", streams)
		if w.inline() {
			return &flink.InlineHandle{Name: name, Data: data}
		}
		write(t, filepath.Join(dir, name), data)
		return &flink.RelativeHandle{Path: name, Length: int64(len(data))}
	}
	m := &flink.Metadata{CheckpointID: w.id}
	for _, o := range w.operators {
		state := flink.OperatorState{ID: o.ID, Parallelism: o.Parallelism, MaxParallelism: o.MaxParallelism}
		for i := range o.Parallelism {
			s := flink.SubtaskState{Index: checkpoint.Subtask(i)}
			if o.Key != nil {
				s.ManagedKeyed = w.keyed(t, &o, s.Index, place)
			}
			if len(o.Lists) > 0 {
				s.ManagedOperator = lists(t, &o, s.Index, place)
			}
			state.Subtasks = append(state.Subtasks, s)
		}
		m.Operators = append(m.Operators, state)
	}
	data, err := m.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "_metadata"), append(data, w.seal...))
	return dir
}

// lists writes the operator state of a subtask.
func lists(t *testing.T, o *writtenOperator, subtask checkpoint.Subtask, place func([]byte) flink.StreamHandle) *flink.OperatorHandle {
	t.Helper()
	all := make([]flink.BytesList, len(o.Lists))
	for i, l := range o.Lists {
		all[i] = flink.BytesList{Name: l.Name, Mode: flink.ModeSplitDistribute}
	}
	for _, e := range o.elements {
		if e.subtask == subtask {
			all[e.list].Elements = append(all[e.list].Elements, e.value)
		}
	}
	data, states, err := flink.EncodeBytesLists(all...)
	if err != nil {
		t.Fatal(err)
	}
	return &flink.OperatorHandle{States: states, Data: place(data)}
}

// keyed writes the keyed state of a subtask.
func (w *written) keyed(t *testing.T, o *writtenOperator, subtask checkpoint.Subtask, place func([]byte) flink.StreamHandle) flink.KeyedHandle {
	t.Helper()
	data, err := (&flink.KeyedHeader{Key: o.Key, States: o.Keyed}).AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	byGroup := map[checkpoint.KeyGroup][]entry{}
	for _, e := range o.entries {
		g := w.groupOf(t, o, e)
		byGroup[g] = append(byGroup[g], e)
	}
	h := &flink.KeyGroupsHandle{
		Tag:   flink.TagKeyGroupsV2,
		Range: flink.KeyGroupRangeOf(subtask, o.MaxParallelism, o.Parallelism),
		ID:    fmt.Sprintf("%s-%d", o.ID, subtask),
	}
	group := heapGroup
	if w.canonical {
		h.Tag, h.ID, group = flink.TagSavepoint, "", canonicalGroup
	}
	for i := range h.Range.Len() {
		g := checkpoint.KeyGroup(h.Range.Start + i)
		offset, bytes := int64(len(data)), group(&o.Operator, g, byGroup[g])
		if len(bytes) == 0 {
			offset = 0
		}
		h.Offsets = append(h.Offsets, offset)
		data = append(data, bytes...)
	}
	h.Data = place(data)
	if w.spoil != nil {
		w.spoil(h)
	}
	return h
}

func (w *written) groupOf(t *testing.T, o *writtenOperator, e entry) checkpoint.KeyGroup {
	t.Helper()
	if w.group != nil {
		if g, instead := w.group(e); instead {
			return g
		}
	}
	hash, ok := flink.JavaHash(o.Key, e.key)
	if !ok {
		t.Fatalf("%v is not a key of type %s", e.key, o.Key.TypeName())
	}
	return flink.KeyGroupOf(hash, o.MaxParallelism)
}

// heapGroup writes a key group in the heap native layout.
func heapGroup(o *Operator, g checkpoint.KeyGroup, entries []entry) []byte {
	dst := flink.AppendKeyGroup(nil, g)
	for i := range o.Keyed {
		ofState := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.state != i })
		dst = flink.AppendStateBlock(dst, i, len(ofState))
		for _, e := range ofState {
			dst = append(dst, 0) // VoidNamespace
			dst = appendValue(dst, e.key)
			dst = appendValue(dst, e.value)
		}
	}
	return dst
}

// canonicalGroup writes a key group in the canonical layout.
func canonicalGroup(o *Operator, g checkpoint.KeyGroup, entries []entry) []byte {
	var group flink.CanonicalGroup
	for i := range o.Keyed {
		for _, e := range entries {
			if e.state != i {
				continue
			}
			key := flink.AppendCompositeKey(nil, g, o.MaxParallelism, appendValue(nil, e.key), []byte{0}, false)
			switch o.Keyed[i].Type() {
			case flink.TypeMap:
				for _, u := range e.value.(flink.Map) {
					group.Add(i, appendValue(slices.Clone(key), u.Key), appendValue([]byte{0}, u.Value))
				}
			case flink.TypeList:
				var list []byte
				for j, v := range e.value.([]flink.Value) {
					if j > 0 {
						list = append(list, ',')
					}
					list = appendValue(list, v)
				}
				group.Add(i, key, list)
			default:
				group.Add(i, key, appendValue(nil, e.value))
			}
		}
	}
	return group.Bytes()
}

// appendValue writes a value as Flink's serializer of its type does.
func appendValue(dst []byte, v flink.Value) []byte {
	switch v := v.(type) {
	case string:
		return flink.AppendString(dst, v)
	case int64:
		return flink.AppendI64(dst, v)
	case int32:
		return flink.AppendI32(dst, v)
	case float64:
		return flink.AppendF64(dst, v)
	case bool:
		return flink.AppendBool(dst, v)
	case []byte:
		return flink.AppendBytes32(dst, v)
	case []flink.Value:
		dst = flink.AppendI32(dst, int32(len(v)))
		for _, e := range v {
			dst = appendValue(dst, e)
		}
		return dst
	case flink.Map:
		dst = flink.AppendI32(dst, int32(len(v)))
		for _, e := range v {
			dst = appendValue(dst, e.Key)
			dst = flink.AppendBool(dst, false) // not null
			dst = appendValue(dst, e.Value)
		}
		return dst
	default:
		panic(fmt.Sprintf("no value of type %T is written here", v))
	}
}
