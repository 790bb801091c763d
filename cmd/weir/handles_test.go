package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// TestEveryHandle inspects a checkpoint that has every kind of handle, and verifies it. It is made
// here: Weir does not write most kinds, and Flink's snapshots are not on every machine.
func TestEveryHandle(t *testing.T) {
	dir := path.Join(filepath.ToSlash(t.TempDir()), "savepoint-123456-0123456789ab")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	counts, offsets, err := small.counts(0, 5)
	if err != nil {
		t.Fatal(err)
	}
	groups := flink.KeyGroupRangeOf(0, madeMaxParallelism, madeParallelism)
	keyed := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: groups, Offsets: offsets, Data: &flink.InlineHandle{Name: "counts", Data: counts}, ID: "k"}
	bytes := &flink.InlineHandle{Name: "bytes", Data: []byte("nothing that is known yet")}
	metaStream := &flink.InlineHandle{Name: "meta", Data: counts[:offsets[0]]}
	rocks := &flink.IncrementalHandle{
		Tag: flink.TagIncrementalV2, CheckpointID: 4, BackendID: "b", Range: groups, Meta: metaStream, ID: "r",
		Shared:  []flink.LocalFile{{Name: "000010.sst", Data: &flink.FileHandle{Path: "file:/away/1", Length: 10}}},
		Private: []flink.LocalFile{{Name: "CURRENT", Data: bytes}},
	}
	changelog := &flink.ChangelogHandle{
		Tag: flink.TagChangelogV2, Range: groups, Materialized: []flink.KeyedHandle{keyed}, ID: "c",
		NonMaterialized: []flink.KeyedHandle{
			&flink.ChangelogMemoryIncrement{Range: groups, Changes: []flink.Change{{KeyGroup: 1, Data: []byte("xyz")}}, ID: "m"},
			&flink.ChangelogFileIncrement{Tag: flink.TagChangelogFileV2, Range: groups, ID: "f", StorageID: "s",
				Parts: []flink.ChangelogPart{{Data: &flink.FileHandle{Path: "s3://bucket/2", Length: 20}}}},
		},
	}
	raw := func(data string) *flink.KeyGroupsHandle {
		return &flink.KeyGroupsHandle{Tag: flink.TagKeyGroups, Range: groups, Offsets: []int64{0, -1}, Data: &flink.InlineHandle{Name: "raw", Data: []byte(data)}}
	}
	rawOperator := &flink.OperatorHandle{States: []flink.OperatorStateMeta{{Name: "_default_", Offsets: []int64{0}}}, Data: bytes}
	header := flink.OperatorHeader{Broadcasts: []flink.StateMeta{flink.BroadcastMeta("rules", flink.String, flink.Long)}}
	rules, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(len(rules))
	rules = flink.AppendI64(flink.AppendString(flink.AppendI32(rules, 1), "rule"), 7)
	broadcast := &flink.OperatorHandle{
		States: []flink.OperatorStateMeta{{Name: "rules", Mode: flink.ModeBroadcast, Offsets: []int64{at}}},
		Data:   &flink.InlineHandle{Name: "rules", Data: rules},
	}
	merged := &flink.OperatorHandle{Data: &flink.EmptySegmentHandle{}, Merged: &flink.FileMerging{Empty: true}}
	segment := &flink.OperatorHandle{Data: &flink.SegmentHandle{Path: "file:/away/3", Start: 5, Length: 30}, Merged: &flink.FileMerging{}}
	channel := []flink.ChannelState{{Channels: []flink.Channel{{}}, Size: 3, Data: bytes}}
	subtask := func(uid string, s flink.SubtaskState) flink.OperatorState {
		return flink.OperatorState{ID: flink.OperatorIDOf(uid), Parallelism: madeParallelism, MaxParallelism: madeMaxParallelism, Subtasks: []flink.SubtaskState{s}}
	}
	timers := "\xf1\xcd\x85\x9f\x00\x00\x00\x02\x00\x00\x00\x00" // no services
	source := subtask("source", flink.SubtaskState{})
	source.Coordinator = bytes
	writeMetadata(t, dir, &flink.Metadata{CheckpointID: 9, Operators: []flink.OperatorState{
		source,
		subtask("rocks", flink.SubtaskState{ManagedKeyed: rocks}),
		subtask("changelog", flink.SubtaskState{ManagedKeyed: changelog}),
		subtask("raw", flink.SubtaskState{RawKeyed: raw("anything"), RawOperator: rawOperator}),
		subtask("timers", flink.SubtaskState{RawKeyed: raw(timers)}),
		subtask("broadcast", flink.SubtaskState{ManagedOperator: broadcast}),
		subtask("merged", flink.SubtaskState{ManagedOperator: merged}),
		subtask("segment", flink.SubtaskState{ManagedOperator: segment}),
		subtask("channels", flink.SubtaskState{ManagedKeyed: keyed, InputChannels: channel, ResultSubpartitions: channel}),
		{ID: flink.OperatorIDOf("finished"), Parallelism: 2, MaxParallelism: 128, FullyFinished: true},
		subtask("one finished", flink.SubtaskState{Index: checkpoint.Subtask(1), Finished: true}),
	}})
	behave(t, durable.OS(), dir)
	behaveDeep(t, durable.OS(), dir, smallFlinks(t, true))
	stdout, stderr, code := run("inspect", "--keys", dir)
	if code != exitGood || stderr != "" {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{
		"checkpoint 9\n",
		"  metadata   version 3: read by Weir and by Flink 1.20 and later\n",
		"  outside    3 files in other directories, not opened; --allow-outside opens them\n",
		"        -  coordinator  coordinator  inline  25 B\n",
		"  not read: the coordinator's state: only the source that wrote it knows what is in it\n",
		"        0  keyed  incremental key groups V2  RocksDB  0-1     1 file  ",
		"  count                     VALUE   String  Long                               ?\n",
		"  not read: managed keyed state of subtask 0: the entries are in RocksDB's own files, which are not read\n",
		"        0  keyed  changelog V2                   changelog    0-1     none        0 B\n",
		"        0  keyed  changelog in-memory increment  changes      0-1     inline      3 B\n",
		"        0  keyed  changelog file increment V2    changes      0-1     1 file     20 B\n",
		"  not read: managed keyed state of subtask 0, and 1 more stream: changes: their layout is not known here\n",
		"        0  result subpartition  channel state  -            -       inline     25 B\n",
		"  count                     VALUE   String  Long                             ≥ 1\n",
		"  count[\"key-3\"] = 5\n",
		"        0  raw keyed     key groups     0-1     inline   8 B\n",
		"  not read: raw operator state of subtask 0, and 1 more stream: only the operator that wrote it knows what is in it\n",
		"        0  raw keyed  key groups  timers  0-1     inline  12 B\n",
		"  rules  BROADCAST  String  Long        1\n\n  rules[\"rule\"] = 7\n",
		"        0  operator  partitionable, file merging  none    0 B\n",
		"        0  operator  partitionable, file merging  outside  30 B\n",
		"  not read: managed operator state of subtask 0: it lies in another directory; --allow-outside reads it\n",
		"  not read: input channel state of subtask 0, and 1 more stream: records on their way; only the job knows what is in them\n",
		"  parallelism 2, max parallelism 128; all subtasks have finished\n  no state\n",
		"  parallelism 2, max parallelism 4; 1 subtask finished\n  no state\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if t.Failed() {
		t.Log(stdout)
	}
	stdout, stderr, code = run("verify", dir)
	if code != exitGood || stderr != "" || !strings.Contains(stdout, "  4 of 13 streams read to the last byte, 7 entries decoded\n") ||
		!strings.Contains(stdout, "  not looked at: 3 files in other directories; --allow-outside does: file:/away/1, file:/away/3 and 1 more\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestTornBroadcast: of a map that is cut off, the number of entries is a lower bound.
func TestTornBroadcast(t *testing.T) {
	dir := path.Join(filepath.ToSlash(t.TempDir()), "torn")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	header := flink.OperatorHeader{Broadcasts: []flink.StateMeta{flink.BroadcastMeta("rules", flink.String, flink.Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(len(data))
	data = flink.AppendI64(flink.AppendString(flink.AppendI32(data, 2), "rule"), 7)
	data = flink.AppendString(data, "its value is missing")
	writeMetadata(t, dir, &flink.Metadata{CheckpointID: 1, Operators: []flink.OperatorState{{
		ID: flink.OperatorIDOf("torn"), Parallelism: 1, MaxParallelism: 1,
		Subtasks: []flink.SubtaskState{{ManagedOperator: &flink.OperatorHandle{
			States: []flink.OperatorStateMeta{{Name: "rules", Mode: flink.ModeBroadcast, Offsets: []int64{at}}},
			Data:   &flink.InlineHandle{Name: "rules", Data: data},
		}}},
	}}})
	stdout, _, code := run("inspect", dir)
	if code != exitDamaged || !strings.Contains(stdout, "  rules  BROADCAST  String  Long      ≥ 1\n") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}
