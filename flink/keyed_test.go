package flink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// collect returns all entries, or the first error.
func collect(h *KeyGroupsHandle, data []byte) ([]Entry, error) {
	var entries []Entry
	for e, err := range KeyedEntries(h, data) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// sameState compares states by their descriptions in the header, and ignores the places of
// entries.
var sameState = cmp.Options{
	cmp.Comparer(func(a, b *StateMeta) bool {
		x, errX := a.appendTo(nil)
		y, errY := b.appendTo(nil)
		return errX == nil && errY == nil && bytes.Equal(x, y)
	}),
	cmpopts.IgnoreFields(Entry{}, "Number", "Offset"),
	cmpopts.IgnoreFields(OperatorElement{}, "Number", "Offset"),
}

// noKeyBytes is for comparing with entries that are made by hand.
var noKeyBytes = cmpopts.IgnoreFields(Entry{}, "KeyBytes")

// checkPlaces checks that each entry is at its Offset.
func checkPlaces(t *rapid.T, m *model, layout Layout, data []byte, entries []Entry) {
	type run struct {
		group checkpoint.KeyGroup
		state *StateMeta
	}
	next := map[run]int{}
	for _, e := range entries {
		at := run{e.Group, e.State}
		if n := next[at]; e.Number != n && (e.Number != n-1 || layout != LayoutHeap || e.State.Type() != TypeMap) {
			t.Fatalf("entry %d comes after %d others of %q in key group %d", e.Number, n, e.State.Name, e.Group)
		}
		next[at] = e.Number + 1
		if m.header.Compressed {
			continue
		}
		c := NewCursor(data)
		c.MoveTo(e.Offset)
		switch {
		case layout == LayoutCanonical:
			if key := c.Bytes32(); !bytes.Contains(key, e.KeyBytes) {
				t.Fatalf("at byte %d is %x, not the key %x", e.Offset, key, e.KeyBytes)
			}
			continue
		case e.State.Kind == KindPriorityQueue:
			c.I64()
		default:
			e.State.Namespace().Decode(c)
		}
		if key := c.Bytes(len(e.KeyBytes)); !bytes.Equal(key, e.KeyBytes) {
			t.Fatalf("at byte %d is %x, not the key %x", e.Offset, key, e.KeyBytes)
		}
	}
}

// TestKeyedRoundTrip writes random state in both layouts, with key groups that take one byte
// in a key and with ones that take two, and reads the same entries back.
func TestKeyedRoundTrip(t *testing.T) {
	for _, maxParallelism := range []int{1, 2, 128, 129, 300} {
		t.Run(fmt.Sprint(maxParallelism), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := anyModel(maxParallelism).Draw(t, "model")
				want := m.entries()
				check := func(layout Layout, h *KeyGroupsHandle, data []byte) {
					got, err := collect(h, data)
					if diff := cmp.Diff(want, got, sameState, cmpValues); diff != "" || err != nil {
						t.Fatalf("%v with tag %v: error %v (-want +got):\n%s", layout, h.Tag, err, diff)
					}
					r, err := NewKeyedReader(h, bytes.NewReader(data), int64(len(data)))
					if err != nil || r.Layout() != layout {
						t.Fatalf("%v with tag %v: layout %v, error %v", layout, h.Tag, r.Layout(), err)
					}
					checkPlaces(t, m, layout, data, got)
					for _, e := range got {
						if err := CheckKeyGroup(m.header.Key, e, maxParallelism); err != nil {
							t.Fatal(err)
						}
					}
				}
				h, data := m.heap(t)
				check(LayoutHeap, h, data)
				h, data = m.canonical(t, TagSavepoint)
				check(LayoutCanonical, h, data)
				// Without entries, or with key group 0 alone, only the offsets show the
				// layout.
				h, data = m.canonical(t, TagKeyGroupsV2)
				check(LayoutCanonical, h, data)
			})
		})
	}
}

// TestKeyedHeaderRoundTrip decodes headers and writes the same bytes again.
func TestKeyedHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(128).Draw(t, "model")
		data, err := m.header.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCursor(data)
		h := DecodeKeyedHeader(c)
		if c.Err() != nil || c.Remaining() != 0 {
			t.Fatalf("%d bytes left, error %v", c.Remaining(), c.Err())
		}
		again, err := h.AppendTo(nil)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("error %v\n got %q\nwant %q", err, again, data)
		}
		for i := range h.States {
			if h.StateIndex(h.States[i].Name, h.States[i].Kind) > i {
				t.Fatalf("state %d is not found by its name", i)
			}
		}
	})
}

// The worked example of the format's description, and the same in the other layout.
func TestKeyedWorkedExample(t *testing.T) {
	header := KeyedHeader{Key: String, States: []StateMeta{ValueStateMeta("count", Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	var group CanonicalGroup
	group.Add(0, AppendCompositeKey(nil, 1, 2, AppendString(nil, "a"), []byte{0}, false), AppendI64(nil, 5))
	canonical := append(bytes.Clone(data), group.Bytes()...)
	if want := unhex(exampleState); !bytes.Equal(canonical, want) {
		t.Errorf("wrote %x, want %x", canonical, want)
	}

	heap := bytes.Clone(data)
	heap = AppendStateBlock(AppendKeyGroup(heap, 0), 0, 0)
	second := len(heap)
	heap = AppendStateBlock(AppendKeyGroup(heap, 1), 0, 1)
	heap = AppendI64(AppendString(append(heap, 0), "a"), 5)
	if want := unhex("00000000 0000 00000000 00000001 0000 00000001 00 0261 0000000000000005"); !bytes.Equal(heap[len(data):], want) {
		t.Errorf("wrote %x, want %x", heap[len(data):], want)
	}

	both := checkpoint.KeyGroupRange{Start: 0, End: 1}
	for _, v := range []struct {
		h    *KeyGroupsHandle
		data []byte
	}{
		{&KeyGroupsHandle{Tag: TagSavepoint, Range: both, Offsets: []int64{0, 0x173}}, canonical},
		{&KeyGroupsHandle{Tag: TagKeyGroupsV2, Range: both, Offsets: []int64{int64(len(data)), int64(second)}}, heap},
	} {
		want := []Entry{{Group: 1, State: &header.States[0], Key: "a", Value: int64(5)}}
		got, err := collect(v.h, v.data)
		if diff := cmp.Diff(want, got, sameState, noKeyBytes); diff != "" || err != nil {
			t.Errorf("tag %v: error %v, %s", v.h.Tag, err, diff)
		}
	}
}

// A program that knows the types reads the heap native layout block by block.
func TestStateBlocks(t *testing.T) {
	header := KeyedHeader{Key: Long, States: []StateMeta{ValueStateMeta("a", Long), TimerQueueMeta("t", Long, VoidNamespace)}}
	for _, compressed := range []bool{false, true} {
		m := &model{header: header}
		m.header.Compressed = compressed
		data, err := m.header.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		h := &KeyGroupsHandle{Tag: TagKeyGroupsV2, Range: checkpoint.KeyGroupRange{Start: 7, End: 7}, Offsets: []int64{int64(len(data))}}
		data = AppendKeyGroup(data, 7)
		data = append(data, m.frame(AppendStateBlock(nil, 1, 0))...)
		data = append(data, m.frame(AppendI64(AppendI64(append(AppendStateBlock(nil, 0, 1), 0), 3), 4))...)
		r, err := NewKeyedReader(h, bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.StateBlocks(7)
		if err != nil {
			t.Fatal(err)
		}
		if b := r.Header().DecodeStateBlock(c); b != (StateBlock{State: 1}) {
			t.Errorf("%+v", b)
		}
		if b := r.Header().DecodeStateBlock(c); b != (StateBlock{State: 0, Entries: 1}) {
			t.Errorf("%+v", b)
		}
		if ns, k, v := c.U8(), c.I64(), c.I64(); ns != 0 || k != 3 || v != 4 || c.Remaining() != 0 || c.Err() != nil {
			t.Errorf("%d %d %d, %d bytes left, error %v", ns, k, v, c.Remaining(), c.Err())
		}
		if _, err := r.StateBlocks(8); err == nil {
			t.Error("key group 8 is not there, and was read")
		}
	}
}

// exampleHeap returns two key groups, 0 and 1, in the heap native layout.
func exampleHeap(t testing.TB) (h *KeyGroupsHandle, data []byte) {
	header := KeyedHeader{Key: String, States: []StateMeta{ValueStateMeta("count", Long), ListStateMeta("list", Int)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h = &KeyGroupsHandle{Tag: TagKeyGroupsV2, Range: checkpoint.KeyGroupRange{Start: 0, End: 1}}
	for g := range checkpoint.KeyGroup(2) {
		h.Offsets = append(h.Offsets, int64(len(data)))
		data = AppendStateBlock(AppendKeyGroup(data, g), 0, 1)
		data = AppendI64(AppendString(append(data, 0), "a"), 5)
		data = AppendStateBlock(data, 1, 1)
		data = AppendI32(AppendI32(AppendString(append(data, 0), "a"), 1), 7)
	}
	return h, data
}

func exampleCanonical() (h *KeyGroupsHandle, data []byte) {
	return &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{Start: 0, End: 1}, Offsets: []int64{0, 0x173}}, unhex(exampleState)
}

func TestKeyedErrors(t *testing.T) {
	edit := func(data []byte, at int, b ...byte) []byte {
		return append(append(bytes.Clone(data[:at]), b...), data[at+len(b):]...)
	}
	native, n := exampleHeap(t)
	savepoint, s := exampleCanonical()
	with := func(h *KeyGroupsHandle, offsets ...int64) *KeyGroupsHandle {
		h2 := *h
		h2.Offsets = offsets
		return &h2
	}
	first, second := int(native.Offsets[0]), int(native.Offsets[1])
	for what, v := range map[string]struct {
		h    *KeyGroupsHandle
		data []byte
		want string
	}{
		"nothing":                 {native, nil, "key group 1 at byte"},
		"cut off":                 {native, n[:len(n)-1], "want 4 bytes, have 3"},
		"left over":               {native, append(bytes.Clone(n), 0), "1 bytes left over"},
		"left over, canonical":    {savepoint, append(bytes.Clone(s), 0), "1 bytes left over"},
		"gap after the header":    {with(native, int64(first+1), int64(second)), n, "header: at byte"},
		"header cut off":          {with(native, int64(first-1), int64(second)), n, "header: "},
		"two at one place":        {with(native, int64(first), int64(first)), n, "key group 0 at byte"},
		"in the wrong order":      {with(native, int64(second), int64(first)), n, "key group 0 at byte"},
		"negative offset":         {with(native, int64(first), -1), n, "key group 1 at byte -1"},
		"too few offsets":         {with(native, int64(first)), n, "1 offsets for the key groups 0-1"},
		"version":                 {native, edit(n, 3, 5), "version 5 of a keyed state stream, want 6"},
		"number of states":        {native, edit(n, 5+4+2+0x54+4, 0x7f, 0xff), "32767 states cannot be in"},
		"wrong key group":         {native, edit(n, first, 0, 0, 0, 9), "key group 9 where key group 0 should be"},
		"wrong state":             {native, edit(n, first+4, 0, 2), "state number 2, but there are 2 states"},
		"state twice":             {native, edit(n, first+4, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0), `state "list" comes twice`},
		"many entries":            {native, edit(n, first+6, 0x7f), "entries cannot be in"},
		"wrong prefix":            {savepoint, edit(s, 0x179, 0x80), "is not of key group 1"},
		"wrong state, canonical":  {savepoint, edit(s, 0x174, 1), "state number 1, but there are 1 states"},
		"length of a key":         {savepoint, edit(s, 0x178, 0), "bytes cannot be in the 18 bytes that are left"},
		"key of nothing":          {savepoint, append(bytes.Clone(s[:0x173]), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), "the key  is not of key group 1"},
		"bytes after the value":   {savepoint, edit(s, 0x180, 7), `value: at byte 0: want 8 bytes, have 7`},
		"compressed, and is not":  {savepoint, edit(s, 4, 1), "decompress: "},
		"no end of the key group": {savepoint, s[:len(s)-2], "want 2 bytes, have 0"},
	} {
		_, err := collect(v.h, v.data)
		if err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

// In the heap native layout a value that cannot be decoded ends the key group. In the
// canonical one the entry has its bytes, and the next entry is decoded.
func TestKeyedOpaque(t *testing.T) {
	k := &kryo{class: "X"}
	header := KeyedHeader{Key: String, States: []StateMeta{ValueStateMeta("kryo", k), ValueStateMeta("long", Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	key := AppendCompositeKey(nil, 1, 2, AppendString(nil, "a"), []byte{0}, false)
	var group CanonicalGroup
	group.Add(0, key, []byte{9, 9})
	group.Add(1, key, AppendI64(nil, 5))
	h := &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{Start: 1, End: 1}, Offsets: []int64{int64(len(data))}}
	var got []Entry
	var errs []error
	for e, err := range KeyedEntries(h, append(bytes.Clone(data), group.Bytes()...)) {
		got = append(got, e)
		errs = append(errs, err)
	}
	want := []Entry{
		{Group: 1, State: &header.States[0], Key: "a", Value: Opaque{"Kryo X", []byte{9, 9}}},
		{Group: 1, State: &header.States[1], Key: "a", Value: int64(5)},
	}
	var opaque *OpaqueError
	if diff := cmp.Diff(want, got, sameState, noKeyBytes); diff != "" || !errors.As(errs[0], &opaque) || errs[1] != nil {
		t.Errorf("errors %v, %s", errs, diff)
	}

	heap := AppendStateBlock(AppendKeyGroup(bytes.Clone(data), 1), 0, 1)
	heap = append(AppendString(append(heap, 0), "a"), 9, 9)
	h.Tag = TagKeyGroupsV2
	if _, err := collect(h, heap); !errors.As(err, &opaque) || opaque.Type != "Kryo X" {
		t.Errorf("heap native: error %v", err)
	}
}

func TestStateMetaNeeds(t *testing.T) {
	value := ValueStateMeta("s", Long)
	for _, v := range []struct {
		meta StateMeta
		want string
	}{
		{StateMeta{Name: "s"}, `keyed state "s" has no VALUE_SERIALIZER`},
		{StateMeta{Name: "s", Serializers: value.Serializers[1:]}, `keyed state "s" has no NAMESPACE_SERIALIZER`},
		{StateMeta{Name: "s", Kind: KindPriorityQueue}, `queue "s" has no VALUE_SERIALIZER`},
		{StateMeta{Name: "s", Options: []StateOption{{optionStateType, "LIST"}}, Serializers: value.Serializers},
			`keyed state "s" is of type LIST, but its values are of type Long`},
		{ListMeta("s", ModeUnion, Long), `operator state "s" is out of place here`},
		{StateMeta{Name: "s", Kind: 9, Serializers: value.Serializers}, `kind 9 "s" is out of place here`},
	} {
		data, err := (&KeyedHeader{Key: Long, States: []StateMeta{v.meta}}).AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCursor(data)
		if h := DecodeKeyedHeader(c); h != nil || c.Err() == nil || !strings.Contains(c.Err().Error(), v.want) {
			t.Errorf("%+v: error %v", v.meta, c.Err())
		}
	}
	if _, err := (&KeyedHeader{Key: Long, States: make([]StateMeta, maxStates+1)}).AppendTo(nil); err == nil {
		t.Error("32768 states were written")
	}
}

// The primitives that snapshots use allocate nothing but the slice that they append to.
func TestHeapPrimitivesAllocateNothing(t *testing.T) {
	dst := make([]byte, 0, 64)
	n := testing.AllocsPerRun(100, func() {
		b := AppendStateBlock(AppendKeyGroup(dst, 7), 1, 2)
		if len(b) != 10 {
			t.Fatal(len(b))
		}
	})
	if n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}

func TestKeyedV2(t *testing.T) {
	meta := ValueStateMeta("s", Long)
	meta.Kind = KindKeyValueV2
	data, err := (&KeyedHeader{Key: Long, States: []StateMeta{meta}}).AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{Start: 1, End: 1}, Offsets: []int64{int64(len(data))}}
	if _, err := collect(h, append(data, 0)); err == nil || !strings.Contains(err.Error(), `state "s": the layout of keyed state V2 is not known`) {
		t.Errorf("error %v", err)
	}
}

// The length of a header is checked before the header is read into memory.
func TestKeyedHeaderTooLong(t *testing.T) {
	h := &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{Start: 0, End: 0}, Offsets: []int64{0}}
	_, err := NewKeyedReader(h, unread{t}, maxKeyedHeader+1)
	if err == nil || !strings.Contains(err.Error(), "header of 67108865 bytes") {
		t.Errorf("error %v", err)
	}
}

// unread is a reader that must not be read from.
type unread struct{ t *testing.T }

func (u unread) ReadAt(b []byte, off int64) (int, error) {
	u.t.Errorf("%d bytes at byte %d were read", len(b), off)
	return 0, io.EOF
}
