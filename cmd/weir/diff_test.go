package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// broadcastAt writes a checkpoint with a broadcast map in several subtasks.
func broadcastAt(t *testing.T, parallelism int, rules map[string]int64) (dir string) {
	t.Helper()
	dir = path.Join(filepath.ToSlash(t.TempDir()), "sp")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	header := flink.OperatorHeader{Broadcasts: []flink.StateMeta{flink.BroadcastMeta("rules", flink.String, flink.Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(len(data))
	data = flink.AppendI32(data, int32(len(rules)))
	for k, v := range rules {
		data = flink.AppendI64(flink.AppendString(data, k), v)
	}
	op := flink.OperatorState{ID: flink.OperatorIDOf("o"), Parallelism: parallelism, MaxParallelism: 4}
	for i := range parallelism {
		op.Subtasks = append(op.Subtasks, flink.SubtaskState{Index: checkpoint.Subtask(i), ManagedOperator: &flink.OperatorHandle{
			States: []flink.OperatorStateMeta{{Name: "rules", Mode: flink.ModeBroadcast, Offsets: []int64{at}}},
			Data:   &flink.InlineHandle{Name: "rules", Data: data},
		}})
	}
	writeMetadata(t, dir, &flink.Metadata{CheckpointID: 1, Operators: []flink.OperatorState{op}})
	return dir
}

// TestDiffBroadcast compares maps of which every subtask has a copy, at two parallelisms.
func TestDiffBroadcast(t *testing.T) {
	three := broadcastAt(t, 3, map[string]int64{"a": 1, "b": 2})
	stdout, stderr, code := run("diff", three, broadcastAt(t, 1, map[string]int64{"a": 1, "b": 2}))
	if code != exitGood || !strings.Contains(stdout, "the same: 1 operator, 1 state, 2 entries\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	stdout, stderr, code = run("diff", "--keys", three, broadcastAt(t, 2, map[string]int64{"a": 1, "b": 3}))
	if code != exitDifferent || !strings.Contains(stdout, "\n  ~ rules[\"b\"] = 2 → 3\n") || !strings.Contains(stdout, "0 added, 0 removed, 1 changed, 1 the same\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestUnknownType looks at a state whose serializer is not known here: it is not decoded, which is
// no damage, and nothing is said about it that is not known.
func TestUnknownType(t *testing.T) {
	dir, good := smallFlinks(t, false), smallFlinks(t, false)
	for _, name := range []string{"state-2", "state-3"} { // of both subtasks
		file := filepath.FromSlash(path.Join(dir, name))
		data := strings.ReplaceAll(string(read(t, file)), "base.LongSerializer$", "base.LoveSerializer$")
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const why = "the type of a state is described by org.apache.flink.api.common.typeutils.base.LoveSerializer$LongSerializerSnapshot, which nothing is known of here"
	stdout, stderr, code := run("verify", "--deep", dir)
	if code != exitGood || !strings.Contains(stdout, "\n  not decoded: 2 streams of 1 operator: "+why+"\n") {
		t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
	}
	stdout, stderr, code = run("export", dir)
	if code != exitFailed || stderr != "weir: not exported: 2 streams of 1 operator: "+why+"\n" || strings.Count(stdout, "\n") != 2 {
		t.Errorf("export: exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, args := range [][]string{{"diff", dir, good}, {"diff", good, dir}} {
		stdout, stderr, code = run(args...)
		if code != exitFailed || stderr != "" || !strings.Contains(stdout, "not compared, and not the same byte by byte: managed keyed state: "+why) ||
			strings.Contains(stdout, "added") || strings.Contains(stdout, "removed") {
			t.Errorf("diff: exit code %d\n%s%s", code, stdout, stderr)
		}
	}
	if stdout, stderr, code = run("diff", dir, dir); code != exitGood {
		t.Errorf("diff with itself: exit code %d\n%s%s", code, stdout, stderr)
	}
}
