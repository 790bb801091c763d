package flink

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weirstream/weir/checkpoint"
)

// In key group 0 a key does not show the width of the key group. It is the width with which
// the rest can be read.
func TestKeyedGroupZero(t *testing.T) {
	inGroupZero := func(g typed, maxParallelism int) encoded {
		for i := range 100000 {
			e := g.values.Example(i)
			if hash, _ := JavaHash(g.serializer, e.value); KeyGroupOf(hash, maxParallelism) == 0 {
				return e
			}
		}
		t.Fatal("no key is in key group 0")
		return encoded{}
	}
	for _, maxParallelism := range []int{128, 129} {
		for _, key := range []typed{typedString(), typedLong(), typedTuple(typedString(), typedLong())} {
			for _, namespace := range []typed{typedVoid(), typedString()} {
				m := &model{maxParallelism: maxParallelism, header: KeyedHeader{Key: key.serializer}}
				m.states = []modelState{
					{meta: ValueStateMeta("v", Long).InNamespace(namespace.serializer), namespace: namespace},
					{meta: TimerQueueMeta("t", key.serializer, namespace.serializer), namespace: namespace},
				}
				for i, s := range m.states {
					m.header.States = append(m.header.States, s.meta)
					m.cells = append(m.cells, cell{
						state: i, key: inGroupZero(key, maxParallelism), namespace: namespace.values.Example(1),
						values: []encoded{{int64(5), AppendI64(nil, 5)}}, timestamp: 7,
					})
				}
				for _, tag := range []HandleTag{TagSavepoint, TagKeyGroups} {
					h, data := m.canonical(t, tag)
					got, err := collect(h, data)
					if diff := cmp.Diff(m.entries(), got, sameState); diff != "" || err != nil {
						t.Errorf("max parallelism %d, key %s, namespace %s: error %v, %s",
							maxParallelism, key.serializer.TypeName(), namespace.serializer.TypeName(), err, diff)
					}
				}
			}
		}
	}
}

// If key and namespace both vary in length, each is followed by its length.
func TestCompositeKeyLengths(t *testing.T) {
	long := strings.Repeat("x", 298) // 300 bytes with its length
	got := AppendCompositeKey(nil, 0x1234, 1<<15, AppendString(nil, long), AppendString(nil, "abcd"), true)
	want := append(unhex("1234 ab02"), long...)
	want = append(want, unhex(`2c01 05 "abcd" 05`)...)
	if !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}

	header := KeyedHeader{Key: String, States: []StateMeta{ValueStateMeta("s", Byte).InNamespace(String), ListStateMeta("l", Byte)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{Start: 0x1234, End: 0x1234}, Offsets: []int64{int64(len(data))}}
	read := func(state int, key, value []byte) ([]Entry, error) {
		var group CanonicalGroup
		group.Add(state, key, value)
		return collect(h, append(bytes.Clone(data), group.Bytes()...))
	}
	entries, err := read(0, got, []byte{1})
	if diff := cmp.Diff([]Entry{{Group: 0x1234, State: &header.States[0], Key: long, Namespace: "abcd", Value: int8(1)}}, entries, sameState, noKeyBytes); diff != "" || err != nil {
		t.Errorf("error %v, %s", err, diff)
	}
	got[len(got)-1]++
	if _, err := read(0, got, []byte{1}); err == nil || !strings.Contains(err.Error(), "length 06 of a part of a composite key, want 05") {
		t.Errorf("wrong length: error %v", err)
	}
	key := AppendCompositeKey(nil, 0x1234, 1<<15, AppendString(nil, "k"), []byte{0}, false)
	if _, err := read(0, AppendCompositeKey(nil, 0x1234, 1<<15, AppendString(nil, "k"), AppendString(nil, "n"), true), []byte{1, 2}); err == nil ||
		!strings.Contains(err.Error(), "value: at byte 1: 1 bytes left over") {
		t.Errorf("a byte after the value: error %v", err)
	}
	if _, err := read(1, key, []byte{1, ';', 2}); err == nil || !strings.Contains(err.Error(), "byte 0x3b between list elements") {
		t.Errorf("wrong delimiter: error %v", err)
	}
}
