package flink

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weirstream/weir/checkpoint"
)

func TestHandleTagString(t *testing.T) {
	for tag, want := range map[HandleTag]string{
		0: "0 (null)", 6: "6 (relative file)", 12: "12 (key groups V2)",
		17: "17 (partitionable, file merging)", 18: "18 (unknown)", 255: "255 (unknown)",
	} {
		if got := tag.String(); got != want {
			t.Errorf("%d: %q, want %q", uint8(tag), got, want)
		}
	}
}

func TestRelativeHandleInOwnDirectory(t *testing.T) {
	for path, want := range map[string]bool{
		"4f9c6a34-0000-4000-8000-000000000001": true,
		"a..b":                                 true,
		"...":                                  true,
		"":                                     false,
		".":                                    false,
		"..":                                   false,
		"../chk-6/a":                           false,
		"a/b":                                  false,
		"/etc/passwd":                          false,
		`..\a`:                                 false,
		"a\x00":                                false,
		"file:/a":                              false,
	} {
		if got := (&RelativeHandle{Path: path}).InOwnDirectory(); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
}

// The bytes of each kind of stream handle, from the specification.
func TestStreamHandleBytes(t *testing.T) {
	for _, v := range []struct {
		name, hex string
		handle    StreamHandle
	}{
		{"null", "00", nil},
		{"inline", `01 0001 "n" 00000002 abcd`, &InlineHandle{Name: "n", Data: []byte{0xAB, 0xCD}}},
		{"file", `02 0000000000000007 0007 "file:/a"`, &FileHandle{Path: "file:/a", Length: 7}},
		{"relative", `06 0003 "abc" 0000000000000008`, &RelativeHandle{Path: "abc", Length: 8}},
		{"segment", `0f 0000000000000001 0000000000000002 00000001 0002 "/f" 0002 "id"`,
			&SegmentHandle{Start: 1, Length: 2, Shared: true, Path: "/f", LogicalID: "id"}},
		{"empty segment", "10", &EmptySegmentHandle{}},
		{"legacy", `03 00000004 00000001 0000000000000009 06 0001 "f" 0000000000000001`, &KeyGroupsHandle{
			Tag:     TagKeyGroups,
			Range:   checkpoint.KeyGroupRange{Start: 4, End: 4},
			Offsets: []int64{9},
			Data:    &RelativeHandle{Path: "f", Length: 1},
		}},
	} {
		data := unhex(v.hex)
		r := handleReader{Cursor: NewCursor(data)}
		got := r.streamOrNull()
		if r.Err() != nil || r.Remaining() != 0 {
			t.Errorf("%s: %d bytes left, error %v", v.name, r.Remaining(), r.Err())
		}
		if d := cmp.Diff(v.handle, got); d != "" {
			t.Errorf("%s: read (-want +got):\n%s", v.name, d)
		}
		var w handleWriter
		w.streamOrNull(v.handle)
		if w.err != nil || string(w.dst) != string(data) {
			t.Errorf("%s: written as % x, want % x, error %v", v.name, w.dst, data, w.err)
		}
	}
}

// The bytes of each kind of keyed handle, from the specification.
func TestKeyedHandleBytes(t *testing.T) {
	groups := checkpoint.KeyGroupRange{Start: 2, End: 3}
	const rangeHex = "00000002 00000002 "
	const relative = `06 0001 "f" 0000000000000001 `
	file := &RelativeHandle{Path: "f", Length: 1}
	const offsets = "0000000000000000 0000000000000173 "
	for _, v := range []struct {
		name, hex string
		handle    KeyedHandle
	}{
		{"null", "00", nil},
		{"3", "03" + rangeHex + offsets + relative,
			&KeyGroupsHandle{Tag: TagKeyGroups, Range: groups, Offsets: []int64{0, 0x173}, Data: file}},
		{"7", "07" + rangeHex + offsets + relative,
			&KeyGroupsHandle{Tag: TagSavepoint, Range: groups, Offsets: []int64{0, 0x173}, Data: file}},
		{"12", "0c" + rangeHex + offsets + relative + `0002 "id"`,
			&KeyGroupsHandle{Tag: TagKeyGroupsV2, Range: groups, Offsets: []int64{0, 0x173}, Data: file, ID: "id"}},
		{"5", `05 0000000000000009 0001 "b"` + rangeHex + relative + `00000001 0001 "s"` + relative + "00000000",
			&IncrementalHandle{Tag: TagIncremental, CheckpointID: 9, BackendID: "b", Range: groups, Meta: file,
				Shared: []LocalFile{{"s", file}}}},
		{"11", `0b 0000000000000009 0001 "b"` + rangeHex + "ffffffffffffffff" + relative + `00000000 00000001 0001 "p"` + relative + `0002 "id"`,
			&IncrementalHandle{Tag: TagIncrementalV2, CheckpointID: 9, BackendID: "b", Range: groups,
				CheckpointedSize: -1, Meta: file, Private: []LocalFile{{"p", file}}, ID: "id"}},
		{"8", "08" + rangeHex + "0000000000000005 00000000 00000000 0000000000000007" + `0002 "id"`,
			&ChangelogHandle{Tag: TagChangelog, Range: groups, CheckpointedSize: 5, MaterializationID: 7, CheckpointID: 7, ID: "id"}},
		{"9", "09" + rangeHex + "0000000000000001 0000000000000002 00000001 ffffffff 00000002 abcd" + `0002 "id"`,
			&ChangelogMemoryIncrement{Range: groups, From: 1, To: 2, Changes: []Change{{-1, []byte{0xAB, 0xCD}}}, ID: "id"}},
		{"10", "0a" + rangeHex + "00000001 0000000000000004" + relative + "0000000000000005 0000000000000006" + `0002 "id"`,
			&ChangelogFileIncrement{Tag: TagChangelogFile, Range: groups, Parts: []ChangelogPart{{4, file}},
				StateSize: 5, CheckpointedSize: 6, ID: "id", StorageID: "filesystem"}},
		{"13", "0d" + rangeHex + "00000000 0000000000000005 0000000000000006" + `0002 "id" 0001 "s"`,
			&ChangelogFileIncrement{Tag: TagChangelogFileV2, Range: groups, StateSize: 5, CheckpointedSize: 6, ID: "id", StorageID: "s"}},
		{"14", "0e" + rangeHex + "0000000000000005 00000001 07" + rangeHex + offsets + relative +
			"00000001 09" + rangeHex + `0000000000000001 0000000000000002 00000000 0000` +
			`0000000000000007 0000000000000008 0002 "id"`,
			&ChangelogHandle{Tag: TagChangelogV2, Range: groups, CheckpointedSize: 5,
				Materialized:      []KeyedHandle{&KeyGroupsHandle{Tag: TagSavepoint, Range: groups, Offsets: []int64{0, 0x173}, Data: file}},
				NonMaterialized:   []KeyedHandle{&ChangelogMemoryIncrement{Range: groups, From: 1, To: 2}},
				MaterializationID: 7, CheckpointID: 8, ID: "id"}},
	} {
		data := unhex(v.hex)
		r := handleReader{Cursor: NewCursor(data)}
		got := r.keyedOrNull()
		if r.Err() != nil || r.Remaining() != 0 {
			t.Errorf("tag %s: %d bytes left, error %v", v.name, r.Remaining(), r.Err())
		}
		if d := cmp.Diff(v.handle, got); d != "" {
			t.Errorf("tag %s: read (-want +got):\n%s", v.name, d)
		}
		var w handleWriter
		w.keyedOrNull(v.handle)
		if w.err != nil || string(w.dst) != string(data) {
			t.Errorf("tag %s: written as % x, want % x, error %v", v.name, w.dst, data, w.err)
		}
	}
}

// The bytes of both kinds of operator handle, from the specification.
func TestOperatorHandleBytes(t *testing.T) {
	for _, v := range []struct {
		name, hex string
		handle    *OperatorHandle
	}{
		{"null", "00", nil},
		{"4", `04 00000001 0001 "s" 01 00000001 0000000000000021 06 0001 "f" 0000000000000001`, &OperatorHandle{
			States: []OperatorStateMeta{{Name: "s", Mode: ModeUnion, Offsets: []int64{0x21}}},
			Data:   &RelativeHandle{Path: "f", Length: 1},
		}},
		{"17", `11 00000000 0002 "/t" 0002 "/s" 01 10`, &OperatorHandle{
			Data:   &EmptySegmentHandle{},
			Merged: &FileMerging{TaskOwnedDir: "/t", SharedDir: "/s", Empty: true},
		}},
	} {
		data := unhex(v.hex)
		r := handleReader{Cursor: NewCursor(data)}
		got := r.operatorOrNull()
		if r.Err() != nil || r.Remaining() != 0 {
			t.Errorf("tag %s: %d bytes left, error %v", v.name, r.Remaining(), r.Err())
		}
		if d := cmp.Diff(v.handle, got); d != "" {
			t.Errorf("tag %s: read (-want +got):\n%s", v.name, d)
		}
		var w handleWriter
		w.operatorOrNull(v.handle)
		if w.err != nil || string(w.dst) != string(data) {
			t.Errorf("tag %s: written as % x, want % x, error %v", v.name, w.dst, data, w.err)
		}
	}
}

func TestHandlesRefusedWhenRead(t *testing.T) {
	stream := func(r *handleReader) { r.streamOrNull() }
	keyed := func(r *handleReader) { r.keyedOrNull() }
	operator := func(r *handleReader) { r.operatorOrNull() }
	const header = "00000000 00000001 0000000000000000 "
	for _, v := range []struct {
		name, hex, want string
		read            func(*handleReader)
	}{
		{"unknown stream tag", "12", "want a handle of a stream, have tag 18 (unknown)", stream},
		{"keyed tag for a stream", "07", "want a handle of a stream, have tag 7 (savepoint key groups)", stream},
		{"stream tag for a keyed one", "06", "want a handle of keyed state, have tag 6 (relative file)", keyed},
		{"keyed tag for an operator", "0c", "want a handle of operator state, have tag 12", operator},
		{"negative length", `06 0001 "f" ffffffffffffffff`, "a file of -1 bytes", stream},
		{"segment that wraps", `0f 7fffffffffffffff 0000000000000001 00000000 0000 0000`, "a file segment of", stream},
		{"unknown scope", `0f 0000000000000000 0000000000000001 00000002 0000 0000`, "scope is 0 or 1, not 2", stream},
		{"key groups without a stream", "07" + header + "00", "no stream handle", keyed},
		{"negative start", "07 ffffffff 00000001", "1 key groups from -1 on", keyed},
		{"negative number", "07 00000000 ffffffff", "-1 key groups from 0 on", keyed},
		{"too many key groups", "07 00000001 00008000", "32768 key groups from 1 on", keyed},
		{"offsets cut off", "07 00000000 00000002 0000000000000000", "want 16 bytes, have 8", keyed},
		{"files that cannot be there", "05 0000000000000001 0000 00000000 00000001 10 7fffffff", "2147483647 shared files", keyed},
		{"null in a changelog", "08 00000000 00000001 0000000000000005 00000001 00", "a null among the materialized states", keyed},
		{"unknown mode", `04 00000001 0001 "s" 03 00000000 10`, `operator state "s": unknown mode 3`, operator},
		{"one name twice", `04 00000002 0001 "s" 00 00000000 0001 "s" 00 00000000 10`, `"s" is there twice`, operator},
		{"merged, and not in a segment", `11 00000000 0000 0000 00 01 0000 00000000`, "not in a file segment", operator},
		{"deep streams", strings.Repeat("03"+header, 1000) + "10", "more than 8 handles in one another", stream},
		{"deep changelogs", strings.Repeat("08 00000000 00000001 0000000000000005 00000001", 1000), "more than 8 handles", keyed},
	} {
		r := handleReader{Cursor: NewCursor(unhex(v.hex))}
		v.read(&r)
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: error %v, want one with %q", v.name, err, v.want)
		}
	}
}

func TestHandlesRefusedWhenWritten(t *testing.T) {
	file := &RelativeHandle{Path: "f"}
	one := checkpoint.KeyGroupRange{Start: 0, End: 0}
	self := &ChangelogHandle{Tag: TagChangelogV2, Range: one}
	self.Materialized = []KeyedHandle{self}
	for _, v := range []struct {
		name, want string
		handle     KeyedHandle
	}{
		{"tag", "tag 6 (relative file) is not one for", &KeyGroupsHandle{Tag: TagRelative, Range: one, Offsets: []int64{0}, Data: file}},
		{"offsets", "0 offsets for 1 key groups", &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Data: file}},
		{"data", "no stream handle", &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Offsets: []int64{0}}},
		{"id", "tag 7 (savepoint key groups) has no place for an id", &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Offsets: []int64{0}, Data: file, ID: "x"}},
		{"range", "no range of key groups from 0 to 32768", &KeyGroupsHandle{Tag: TagSavepoint, Range: checkpoint.KeyGroupRange{End: 32768}, Offsets: make([]int64, 32769), Data: file}},
		{"name", "relative path: string", &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Offsets: []int64{0}, Data: &RelativeHandle{Path: "\xff"}}},
		{"length", "a file of -1 bytes", &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Offsets: []int64{0}, Data: &FileHandle{Length: -1}}},
		{"stream tag", "cannot stand for a stream", &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Offsets: []int64{0},
			Data: &KeyGroupsHandle{Tag: TagSavepoint, Range: one, Offsets: []int64{0}, Data: file}}},
		{"size", "no place for an id or a size", &IncrementalHandle{Tag: TagIncremental, Range: one, Meta: file, CheckpointedSize: 1}},
		{"meta", "no stream handle", &IncrementalHandle{Tag: TagIncremental, Range: one}},
		{"shared", "no stream handle", &IncrementalHandle{Tag: TagIncremental, Range: one, Meta: file, Shared: []LocalFile{{Name: "s"}}}},
		{"checkpoint id", "no place for a checkpoint id", &ChangelogHandle{Tag: TagChangelog, Range: one, CheckpointID: 1}},
		{"storage", "no place for the storage s", &ChangelogFileIncrement{Tag: TagChangelogFile, Range: one, StorageID: "s"}},
		{"null", "a null among", &ChangelogHandle{Tag: TagChangelogV2, Range: one, NonMaterialized: []KeyedHandle{nil}}},
		{"itself", "more than 8 handles in one another", self},
	} {
		var w handleWriter
		w.keyedOrNull(v.handle)
		if w.err == nil || !strings.Contains(w.err.Error(), v.want) {
			t.Errorf("%s: error %v, want one with %q", v.name, w.err, v.want)
		}
	}
}
