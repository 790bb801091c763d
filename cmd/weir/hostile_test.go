package main

import (
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/bytesize"
)

// TestNamesFromFiles puts what a terminal obeys into every name in a checkpoint, and looks for it
// in the output.
func TestNamesFromFiles(t *testing.T) {
	const evil = "\x1b[2J\u009b31m\u202e"
	dir := path.Join(filepath.ToSlash(t.TempDir()), "evil\x1b[1m")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		t.Skip("no such names here: ", err)
	}
	header := flink.OperatorHeader{Lists: []flink.StateMeta{flink.ListMeta(evil, flink.ModeUnion, flink.String)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(len(data))
	data = flink.AppendString(data, evil)
	op := func(uid string, h flink.StreamHandle) flink.OperatorState {
		return flink.OperatorState{ID: flink.OperatorIDOf(uid), Parallelism: 1, MaxParallelism: 1, Subtasks: []flink.SubtaskState{{
			ManagedOperator: &flink.OperatorHandle{States: []flink.OperatorStateMeta{{Name: evil, Mode: flink.ModeUnion, Offsets: []int64{at}}}, Data: h},
		}}}
	}
	writeMetadata(t, dir, &flink.Metadata{CheckpointID: 1, Operators: []flink.OperatorState{
		op("a", &flink.InlineHandle{Name: evil, Data: data}),
		op("b", &flink.RelativeHandle{Path: evil, Length: 1}),
		op("c", &flink.FileHandle{Path: "file:/" + evil, Length: 1}),
		op("d", &flink.RelativeHandle{Path: "../" + evil, Length: 1}),
	}})
	behave(t, durable.OS(), dir)
	behaveDeep(t, durable.OS(), dir, smallFlinks(t, true))
	stdout, _, code := run("inspect", "--keys", dir)
	if code != exitDamaged || !strings.Contains(stdout, `"\x1b[2J\u009b31m\u202e" = "\x1b[2J\u009b31m\u202e"`) {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// TestNoWayOut makes handles lead to a file that exists in another directory.
func TestNoWayOut(t *testing.T) {
	top := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 1}).writeFlinks(path.Join(top, "other"), false, ""); err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"../other/state-1", "/" + top + "/other/state-1", "..", ".", "", `..\other\state-1`, "a/../../other/state-1"} {
		dir := path.Join(top, "sp")
		if err := (madeJob{keys: 1}).writeFlinks(dir, false, ""); err != nil {
			t.Fatal(err)
		}
		meta, _, err := flink.DecodeMetadata(read(t, checkpoint.MetadataIn(dir)))
		if err != nil {
			t.Fatal(err)
		}
		h := meta.Operators[0].Subtasks[0].ManagedOperator.Data.(*flink.RelativeHandle)
		h.Path = way
		writeMetadata(t, dir, meta)
		for _, args := range [][]string{{"verify"}, {"verify", "--allow-outside"}, {"inspect", "--keys"}, {"inspect", "--allow-outside"}} {
			stdout, _, code := run(append(args, dir)...)
			if code != exitDamaged || !strings.Contains(stdout, "it is not followed") || strings.Contains(stdout, "splits = ") {
				t.Errorf("%s with %q: exit code %d\n%s", args, way, code, stdout)
			}
		}
		if stdout, _, _ := run("ls", dir); !strings.Contains(stdout, "damaged") {
			t.Errorf("ls with %q:\n%s", way, stdout)
		}
	}
}

// TestLargeIsNotRead has a key group of many gigabytes, in a file that has as many, all holes.
func TestLargeIsNotRead(t *testing.T) {
	dir := path.Join(filepath.ToSlash(t.TempDir()), "large")
	if err := small.writeFlinks(dir, false, ""); err != nil {
		t.Fatal(err)
	}
	const size = 40 << 30
	meta, _, err := flink.DecodeMetadata(read(t, checkpoint.MetadataIn(dir)))
	if err != nil {
		t.Fatal(err)
	}
	operator := meta.Operators[0].Subtasks[0].ManagedOperator.Data.(*flink.RelativeHandle)
	keyed := meta.Operators[1].Subtasks[0].ManagedKeyed.(*flink.KeyGroupsHandle)
	group := keyed.Data.(*flink.RelativeHandle)
	header := meta.Operators[1].Subtasks[1].ManagedKeyed.(*flink.KeyGroupsHandle)
	header.Offsets = []int64{size - 2, size - 1}
	for _, h := range []*flink.RelativeHandle{operator, group, header.Data.(*flink.RelativeHandle)} {
		h.Length = size
		if err := os.Truncate(filepath.FromSlash(path.Join(dir, h.Path)), size); err != nil {
			t.Skip("no such files here: ", err)
		}
	}
	writeMetadata(t, dir, meta)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, v := range []struct {
		args []string
		code int
	}{
		{[]string{"inspect", "--keys"}, exitGood}, {[]string{"verify"}, exitGood}, {[]string{"verify", "--deep"}, exitGood}, {[]string{"export"}, exitFailed},
	} {
		args := v.args
		stdout, stderr, code := run(append(args, dir)...)
		if code != v.code || strings.Count(stdout+stderr, "more than the 128.0 MiB that are read at once") != 3 {
			t.Errorf("%s: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
	if err := os.Truncate(filepath.FromSlash(checkpoint.MetadataIn(dir)), size); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"ls", "inspect", "verify"} {
		if stdout, stderr, code := run(verb, dir); code != exitFailed || !strings.Contains(stderr, "_metadata has 40.0 GiB, more than ") {
			t.Errorf("%s: exit code %d\n%s%s", verb, code, stdout, stderr)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%s were allocated", bytesize.Format(int64(used)))
	}
}

func writeMetadata(t *testing.T, dir string, meta *flink.Metadata) {
	t.Helper()
	data, err := meta.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.FromSlash(checkpoint.MetadataIn(dir)), data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
