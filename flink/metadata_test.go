package flink

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// The worked example of the specification: a counter of strings, with "a" at 5. The
// state is in the canonical layout, inline.
const (
	exampleState = `
		00000006 00 00000002
		0054 "org.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot" 00000003
		0001 0005 "count" 00000000
		00000001 0010 "KEYED_STATE_TYPE" 0005 "VALUE"
		00000002
		0014 "NAMESPACE_SERIALIZER" 00000002
		0056 "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot" 00000003
		0010 "VALUE_SERIALIZER" 00000002
		0050 "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot" 00000003
		0000 00000004 81 02 61 00 00000008 0000000000000005 ffff`

	exampleOperator = `
		0da08f51eaa85fc298e176a139b3649a 00000001 00000002 00
		00000001 00000000 00000000 00000000
		07 00000000 00000002 0000000000000000 0000000000000173
		01 0024 "4f9c6a34-0000-4000-8000-000000000001" 0000018b` + exampleState + `
		00 00000000 00000000`

	exampleV5 = `4960672d 00000005 0000000000000001 00000000 00000001
		0007 "Counter" 0007 "counter"` + exampleOperator + nullProperties
	exampleV3 = `4960672d 00000003 0000000000000001 00000000 00000001` + exampleOperator
)

func TestWorkedExample(t *testing.T) {
	data := unhex(exampleV5)
	if len(data) != 560 {
		t.Fatalf("the test has %d bytes, want 560", len(data))
	}
	want := &Metadata{
		Version:      5,
		CheckpointID: 1,
		Operators: []OperatorState{{
			Name:           "Counter",
			UID:            "counter",
			ID:             OperatorIDOf("counter"),
			Parallelism:    1,
			MaxParallelism: 2,
			Subtasks: []SubtaskState{{
				ManagedKeyed: &KeyGroupsHandle{
					Tag:     TagSavepoint,
					Range:   KeyGroupRangeOf(0, 2, 1),
					Offsets: []int64{0, 0x173},
					Data: &InlineHandle{
						Name: "4f9c6a34-0000-4000-8000-000000000001",
						Data: unhex(exampleState),
					},
				},
			}},
		}},
		Properties: unhex(nullProperties),
	}
	got, n, err := DecodeMetadata(append(data, "seal"...))
	if err != nil || n != len(data) {
		t.Fatalf("%d of %d bytes, error %v", n, len(data), err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}

	want.Properties = nil
	want.Operators[0].Name, want.Operators[0].UID = "", ""
	b, err := want.AppendTo([]byte("before"))
	if err != nil || string(b) != "before"+string(unhex(exampleV3)) {
		t.Errorf("written as % x, error %v", b, err)
	}
}

func TestSmallestMetadata(t *testing.T) {
	const v3 = "4960672d 00000003 0000000000000001 00000000 00000000"
	for _, hex := range []string{
		strings.Replace(v3, "00000003", "00000002", 1),
		v3,
		strings.Replace(v3, "00000003", "00000004", 1) + nullProperties,
		strings.Replace(v3, "00000003", "00000005", 1) + nullProperties,
		strings.Replace(v3, "00000003", "00000006", 1) + nullProperties,
	} {
		data := unhex(hex)
		m, n, err := DecodeMetadata(data)
		if err != nil || n != len(data) || m.CheckpointID != 1 || len(m.Operators) != 0 {
			t.Errorf("%s: %+v, %d of %d bytes, error %v", hex, m, n, len(data), err)
		}
	}
	b, err := (&Metadata{CheckpointID: 1}).AppendTo(nil)
	if err != nil || !bytes.Equal(b, unhex(v3)) {
		t.Errorf("written as % x, error %v", b, err)
	}
}

// Version 2 has a chain's length for a coordinator, and a duration and a number of
// legacy states in each subtask, which has no channels.
func TestMetadataV2(t *testing.T) {
	data := unhex(`4960672d 00000002 0000000000000007 00000000 00000001
		0da08f51eaa85fc298e176a139b3649a 00000001 00000002 00000001
		00000001 00000000 ffffffffffffffff 00000000
		00000001 04 00000000 06 0001 "f" 0000000000000001
		00000000 00 00`)
	want := &Metadata{Version: 2, CheckpointID: 7, Operators: []OperatorState{{
		ID: OperatorIDOf("counter"), Parallelism: 1, MaxParallelism: 2,
		Subtasks: []SubtaskState{{
			ManagedOperator: &OperatorHandle{Data: &RelativeHandle{Path: "f", Length: 1}},
		}},
	}}}
	got, n, err := DecodeMetadata(data)
	if err != nil || n != len(data) {
		t.Fatalf("%d of %d bytes, error %v", n, len(data), err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Version 6 has a type in front of each channel state, and merged ones.
const channelsV6 = `4960672d 00000006 0000000000000007 00000000 00000001
	0000 0000 0da08f51eaa85fc298e176a139b3649a 00000001 00000002 00
	00000001 00000000 00000000 00000000 00 00
	00000001 01 00000004 00000001 00000002 00000001 0000000000000008 0000000000000009 10
	00000001 04 00000004 0000000000000009 10 00000020
		00000001 00000001 00000002 0000000000000009 00000001 0000000000000008` + nullProperties

func TestMetadataV6Channels(t *testing.T) {
	data := unhex(channelsV6)
	want := &Metadata{Version: 6, CheckpointID: 7, Operators: []OperatorState{{
		ID: OperatorIDOf("counter"), Parallelism: 1, MaxParallelism: 2,
		Subtasks: []SubtaskState{{
			InputChannels: []ChannelState{{
				Subtask:  4,
				Channels: []Channel{{Gate: 1, Index: 2, Offsets: []int64{8}}},
				Size:     9,
				Data:     &EmptySegmentHandle{},
			}},
			ResultSubpartitions: []ChannelState{{
				Subtask:  4,
				Merged:   true,
				Channels: []Channel{{Gate: 1, Index: 2, Size: 9, Offsets: []int64{8}}},
				Size:     9,
				Data:     &EmptySegmentHandle{},
			}},
		}},
	}}, Properties: unhex(nullProperties)}
	got, n, err := DecodeMetadata(data)
	if err != nil || n != len(data) {
		t.Fatalf("%d of %d bytes, error %v", n, len(data), err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestMetadataRefusedWhenRead(t *testing.T) {
	const head = "4960672d 00000003 0000000000000001 00000000 "
	const id = "0da08f51eaa85fc298e176a139b3649a "
	const op = head + "00000001" + id + "00000002 00000080 00 "
	const empty = "00000000 00000000 00 00 00000000 00000000 "
	for _, v := range []struct{ name, hex, want string }{
		{"nothing", "", "at byte 0: want 4 bytes, have 0"},
		{"another file", `"PAR1PAR1"`, "at byte 0: a _metadata file begins with 0x4960672d, not with 0x50415231"},
		{"version 1", "4960672d 00000001", "version 1 of the metadata cannot be read: it was written by Flink 1.1 or 1.2"},
		{"version 7", "4960672d 00000007", "version 7 of the metadata cannot be read: it was written by a Flink newer than 2.1"},
		{"version 8", "4960672d 00000008", "version 8 of the metadata cannot be read: no Flink is known"},
		{"version 0", "4960672d 00000000", "version 0 of the metadata cannot be read: no Flink is known"},
		{"checkpoint id", "4960672d 00000003 ffffffffffffffff 00000000 00000000", "checkpoint id -1 is negative"},
		{"master states", "4960672d 00000003 0000000000000001 ffffffff", "-1 master states cannot be"},
		{"operators", head + "7fffffff", "2147483647 operators cannot be"},
		{"no properties", "4960672d 00000004 0000000000000001 00000000 00000000", "want 4 bytes, have 0"},
		{"master state's magic", "4960672d 00000003 0000000000000001 00000001 00000000 0000000a 00000000 0000 00000000 00000000", "a master state begins with"},
		{"master state's size", "4960672d 00000003 0000000000000001 00000001 c96b1696 0000000b 00000000 0000 00000000 00000000", "a master state takes 10 bytes, and 11 were announced"},
		{"parallelism 0", head + "00000001" + id + "00000000 00000080 00 00000000", "operator 1 of 1, 0da08f51eaa85fc298e176a139b3649a: at byte 48: parallelism 0"},
		{"parallelism above max", head + "00000001" + id + "00000081 00000080 00 00000000", "parallelism 129 and max parallelism 128"},
		{"max parallelism", head + "00000001" + id + "00000001 00008001 00 00000000", "max parallelism 32769"},
		{"coordinator in a file", head + "00000001" + id + `00000001 00000080 06 0001 "f" 0000000000000001 00000000`, "the coordinator's state is not inline"},
		{"finished with a coordinator", head + "00000001" + id + `00000001 00000080 01 0000 00000000 ffffffff`, "has finished, and has state"},
		{"subtask above parallelism", op + "00000001 00000002" + empty, "subtask 2 of 2"},
		{"finished subtask above parallelism", op + "00000001 fffffffd", "subtask 2 of 2"},
		{"the last finished subtask there is", op + "00000001 80000000", "subtask 2147483647 of 2"},
		{"one subtask twice", op + "00000002 00000001" + empty + "fffffffe", "subtask 1 is there twice"},
		{"key groups above max", op + "00000001 00000001 00000000 00000000 07 0000007f 00000002 0000000000000000 0000000000000000 10 00 00000000 00000000", "subtask 1: key groups 127-128 of 128"},
		{"an unknown handle", op + "00000001 00000001 00000000 00000000 12", "operator 1 of 1, 0da08f51eaa85fc298e176a139b3649a: subtask 1: at byte 65: want a handle of keyed state, have tag 18"},
		{"one operator twice", head + "00000002" + id + "00000002 00000080 00 00000000" + id + "00000002 00000080 00 00000000", "is there twice"},
		{"version 2 with a finished subtask", "4960672d 00000002 0000000000000001 00000000 00000001" + id + "00000002 00000080 00000001 00000001 ffffffff ffffffffffffffff 00000000 00000000 00000000 00 00", "subtask -1 of 2"},
		{"version 2, finished", "4960672d 00000002 0000000000000001 00000000 00000001" + id + "00000002 00000080 00000001 ffffffff", "-1 subtasks cannot be"},
		{"version 2 with legacy state", "4960672d 00000002 0000000000000001 00000000 00000001" + id + "00000002 00000080 00000001 00000001 00000000 ffffffffffffffff 00000001 00000000", "1 states of Flink 1.2 or before"},
		{"a result among the inputs", strings.Replace(channelsV6, "00000001 01 ", "00000001 02 ", 1), "2 is not a type that input channels have"},
		{"merged channels' size", strings.Replace(channelsV6, "10 00000020", "10 0000001f", 1), "a list of merged channels takes 32 bytes, and 31 were announced"},
	} {
		m, n, err := DecodeMetadata(unhex(v.hex))
		if m != nil || n != 0 || err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %d bytes, error %v, want one with %q", v.name, n, err, v.want)
		}
	}
}

func TestMetadataRefusedWhenWritten(t *testing.T) {
	op := func(change func(*OperatorState)) *Metadata {
		o := OperatorState{ID: OperatorIDOf("counter"), Parallelism: 2, MaxParallelism: 128,
			Subtasks: []SubtaskState{{Index: 1}}}
		change(&o)
		return &Metadata{CheckpointID: 1, Operators: []OperatorState{o}}
	}
	subtask := func(s SubtaskState) *Metadata {
		return op(func(o *OperatorState) { o.Subtasks = append(o.Subtasks, s) })
	}
	inline := &InlineHandle{}
	for _, v := range []struct {
		name, want string
		m          *Metadata
	}{
		{"checkpoint id", "checkpoint id -1 is negative", &Metadata{CheckpointID: -1}},
		{"properties", "properties need version 4", &Metadata{Properties: unhex(nullProperties)}},
		{"master state", "name of a master state", &Metadata{MasterStates: []MasterState{{Name: "\xff"}}}},
		{"operator twice", "is there twice", &Metadata{Operators: append(op(func(*OperatorState) {}).Operators, op(func(*OperatorState) {}).Operators...)}},
		{"name", "operator 0da08f51eaa85fc298e176a139b3649a: a name or uid needs version 5", op(func(o *OperatorState) { o.Name = "Counter" })},
		{"uid", "a name or uid needs version 5", op(func(o *OperatorState) { o.UID = "counter" })},
		{"parallelism", "parallelism 0", op(func(o *OperatorState) { o.Parallelism = 0 })},
		{"coordinator", "the coordinator's state is not inline", op(func(o *OperatorState) { o.Coordinator = &RelativeHandle{Path: "f"} })},
		{"finished", "has finished, and has state", op(func(o *OperatorState) { o.FullyFinished = true })},
		{"negative subtask", "subtask -1 of 2", subtask(SubtaskState{Index: -1})},
		{"subtask twice", "subtask 1 is there twice", subtask(SubtaskState{Index: 1, Finished: true})},
		{"finished subtask", "subtask 0: has finished, and has state", subtask(SubtaskState{Finished: true, RawOperator: &OperatorHandle{Data: inline}})},
		{"key groups", "subtask 0: key groups 128-128 of 128", subtask(SubtaskState{RawKeyed: &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{Start: 128, End: 128}, Offsets: []int64{0}, Data: inline}})},
		{"handle", "subtask 0: no stream handle", subtask(SubtaskState{ManagedOperator: &OperatorHandle{}})},
		{"merged channels", "a merged channel state needs version 6", subtask(SubtaskState{InputChannels: []ChannelState{{Merged: true, Data: inline}}})},
		{"no channel", "has one channel", subtask(SubtaskState{InputChannels: []ChannelState{{Data: inline}}})},
	} {
		b, err := v.m.AppendTo([]byte("before"))
		if string(b) != "before" || err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: error %v, want one with %q", v.name, err, v.want)
		}
	}
}

// fullMetadata returns metadata with everything that version 3 can have.
func fullMetadata() *Metadata {
	relative := &RelativeHandle{Path: "f", Length: 3}
	groups := checkpoint.KeyGroupRange{Start: 0, End: 1}
	keyed := func(tag HandleTag, id string) *KeyGroupsHandle {
		return &KeyGroupsHandle{Tag: tag, Range: groups, Offsets: []int64{-1, 33}, Data: relative, ID: id}
	}
	incremental := &IncrementalHandle{
		Tag: TagIncrementalV2, CheckpointID: 6, BackendID: "b", Range: groups, CheckpointedSize: -1, ID: "i",
		Meta:    &InlineHandle{Name: "meta", Data: []byte("…")},
		Shared:  []LocalFile{{"000010.sst", &FileHandle{Path: "file:/s/1", Length: 9}}},
		Private: []LocalFile{{"CURRENT", &SegmentHandle{Path: "file:/s/2", Start: 1, Length: 2, LogicalID: "l"}}},
	}
	return &Metadata{
		Version:      3,
		CheckpointID: 7,
		MasterStates: []MasterState{{Version: 1, Name: "hook", Payload: []byte{1, 2}}},
		Operators: []OperatorState{
			{ID: checkpoint.OperatorID{1}, Parallelism: 1, MaxParallelism: 1, FullyFinished: true},
			{
				ID: checkpoint.OperatorID{2}, Parallelism: 7, MaxParallelism: 32768,
				Coordinator: &InlineHandle{Name: "c", Data: []byte{3}},
				Subtasks: []SubtaskState{
					{Index: 0, ManagedKeyed: keyed(TagSavepoint, ""), RawKeyed: keyed(TagKeyGroupsV2, "k")},
					{Index: 6, Finished: true},
					{Index: 3, ManagedKeyed: incremental},
					{Index: 2, ManagedKeyed: &ChangelogHandle{
						Tag: TagChangelogV2, Range: groups, CheckpointedSize: 1, MaterializationID: 2, CheckpointID: 3, ID: "c",
						Materialized: []KeyedHandle{incremental},
						NonMaterialized: []KeyedHandle{
							&ChangelogMemoryIncrement{Range: groups, From: 1, To: 2, ID: "m",
								Changes: []Change{{KeyGroup: -1, Data: []byte{4}}}},
							&ChangelogFileIncrement{Tag: TagChangelogFileV2, Range: groups, StateSize: 1, CheckpointedSize: 2,
								ID: "f", StorageID: "s", Parts: []ChangelogPart{{Offset: 1, Data: relative}}},
						},
					}},
					{Index: 1,
						ManagedOperator: &OperatorHandle{Data: relative, States: []OperatorStateMeta{
							{Name: "split", Mode: ModeSplitDistribute, Offsets: []int64{1, 2}},
							{Name: "union", Mode: ModeUnion},
							{Name: "broadcast", Mode: ModeBroadcast, Offsets: []int64{3}},
						}},
						RawOperator: &OperatorHandle{Data: &EmptySegmentHandle{}, Merged: &FileMerging{TaskOwnedDir: "/t", SharedDir: "/s", Empty: true}},
						InputChannels: []ChannelState{{Subtask: 1, Channels: []Channel{{Gate: 1, Index: 2, Offsets: []int64{4}}},
							Size: 5, Data: relative}},
						ResultSubpartitions: []ChannelState{{Subtask: 1, Channels: []Channel{{Gate: 3, Index: 4}}, Size: 5,
							Data: &KeyGroupsHandle{Tag: TagKeyGroups, Range: groups, Offsets: []int64{0, 0}, Data: relative}}},
					},
				},
			},
		},
	}
}

func TestFullMetadataRoundTrip(t *testing.T) {
	checkRoundTrip(t, fullMetadata())
}

// checkRoundTrip checks that m comes back from its bytes.
func checkRoundTrip(t interface{ Fatalf(string, ...any) }, m *Metadata) {
	b, err := m.AppendTo(nil)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	got, n, err := DecodeMetadata(b)
	if err != nil || n != len(b) {
		t.Fatalf("%d of %d bytes, error %v", n, len(b), err)
	}
	if reflect.DeepEqual(m, got) {
		return // much faster than to look for a difference
	}
	if d := cmp.Diff(m, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
}

func TestMetadataStreams(t *testing.T) {
	var got []string
	for ref := range fullMetadata().Streams() {
		line := strings.Join([]string{ref.Operator.String()[:2], ref.Subtask.String(), ref.Kind.String(), ref.Name}, " ")
		if ref.Shared {
			line += " shared"
		}
		switch h := ref.Handle.(type) {
		case *InlineHandle:
			line += " inline " + h.Name
		case *RelativeHandle:
			line += " relative " + h.Path
		case *FileHandle:
			line += " file " + h.Path
		case *SegmentHandle:
			line += " segment " + h.Path
		case *EmptySegmentHandle:
			line += " empty"
		default:
			t.Errorf("a %T", h)
		}
		got = append(got, line)
	}
	want := []string{
		"02 -1 coordinator  inline c",
		"02 0 managed keyed  relative f",
		"02 0 raw keyed  relative f",
		"02 3 managed keyed  inline meta",
		"02 3 managed keyed 000010.sst shared file file:/s/1",
		"02 3 managed keyed CURRENT segment file:/s/2",
		"02 2 managed keyed  inline meta",
		"02 2 managed keyed 000010.sst shared file file:/s/1",
		"02 2 managed keyed CURRENT segment file:/s/2",
		"02 2 managed keyed  relative f",
		"02 1 managed operator  relative f",
		"02 1 raw operator  empty",
		"02 1 input channel  relative f",
		"02 1 result subpartition  relative f",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// After a break the sequence does not go on.
	for stop := range want {
		n := 0
		for range fullMetadata().Streams() {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("%d streams, broken off at %d", n, stop+1)
		}
	}
}

// Every file that is cut off is an error.
func TestMetadataPrefixes(t *testing.T) {
	full, err := fullMetadata().AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{full, unhex(exampleV5), unhex(exampleV3), unhex(channelsV6)} {
		for n := range data {
			if m, _, err := DecodeMetadata(data[:n:n]); err == nil {
				t.Errorf("the first %d of %d bytes are taken for %+v", n, len(data), m)
			}
		}
	}
}

// Whatever a number is replaced with, the allocated memory is in proportion to the number of
// bytes.
func TestMetadataHugeCounts(t *testing.T) {
	full, err := fullMetadata().AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{full, unhex(channelsV6), unhex(exampleV5)} {
		limit := uint64(200*len(data) + 1<<16)
		for at := 0; at+4 <= len(data); at++ {
			for _, n := range []uint32{0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFF, uint32(len(data))} {
				bad := bytes.Clone(data)
				binary.BigEndian.PutUint32(bad[at:], n)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				DecodeMetadata(bad)
				runtime.ReadMemStats(&after)
				if got := after.TotalAlloc - before.TotalAlloc; got > limit {
					t.Fatalf("%#x at byte %d of %d: %d bytes allocated", n, at, len(data), got)
				}
			}
		}
	}
}

func TestMetadataProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkRoundTrip(t, anyMetadata().Draw(t, "m")) })
}

func FuzzDecodeMetadata(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		var m *Metadata
		var n int
		var err error
		bounded(t, len(data), func() { m, n, err = DecodeMetadata(data) })
		if err != nil {
			wantsPlace(t, err)
			return
		}
		if n > len(data) {
			t.Fatalf("%d of %d bytes", n, len(data))
		}
		for ref := range m.Streams() {
			if ref.Handle == nil {
				t.Fatalf("no handle in %+v", ref)
			}
		}
		// Metadata that was read can be written, except for what version 3 has no place for.
		toV3(m)
		for _, o := range m.Operators {
			for _, s := range o.Subtasks {
				for _, c := range append(s.InputChannels, s.ResultSubpartitions...) {
					if c.Merged {
						return
					}
				}
			}
		}
		checkRoundTrip(t, m)
	})
}

// toV3 removes what version 3 has no place for and Flink does not need.
func toV3(m *Metadata) {
	m.Version, m.Properties = 3, nil
	for i := range m.Operators {
		m.Operators[i].Name, m.Operators[i].UID = "", ""
	}
}
