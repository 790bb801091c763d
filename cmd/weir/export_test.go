package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
	"github.com/weirstream/weir/flink"
)

// TestExportIsDurable pins the operations on the disk for an exported file, and lets each of them
// fail: then there is no file, and an error.
func TestExportIsDurable(t *testing.T) {
	dir := smallSealed(t, 0)
	base := filepath.ToSlash(t.TempDir())
	out := path.Join(base, "out")
	var log []string
	_, stderr, code := runOn(logfs.New(durable.OS(), func(line string) { log = append(log, line) }, logfs.Root(base)), "export", "-o", out, dir)
	if code != exitGood || stderr != "" {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for i := range log {
		if strings.HasPrefix(log[i], "write out.inprogress ") {
			log[i] = "write out"
		}
	}
	if want := []string{"create out.inprogress", "write out", "sync out.inprogress", "close out.inprogress", "rename out.inprogress -> out", "sync-dir ."}; !slices.Equal(log, want) {
		t.Errorf("%q, want %q", log, want)
	}
	whole := string(read(t, out))
	if stdout, _, _ := run("export", dir); stdout != whole {
		t.Error("the file is not what comes from standard output")
	}
	for _, op := range []faultfs.Op{faultfs.Create, faultfs.Write, faultfs.Sync, faultfs.Close, faultfs.Rename, faultfs.SyncDir} {
		if err := os.Remove(filepath.FromSlash(out)); err != nil && op == faultfs.Create {
			t.Fatal(err)
		}
		fsys := faultfs.New(durable.OS(), faultfs.Rule{Ops: op, K: 1, Do: faultfs.Fail, Err: syscall.EIO})
		stdout, stderr, code := runOn(fsys, "export", "-o", out, dir)
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, "input/output error") {
			t.Errorf("operation %d fails: exit code %d\n%s%s", op, code, stdout, stderr)
		}
		for _, name := range []string{out, out + ".inprogress"} {
			if _, err := os.Stat(filepath.FromSlash(name)); err == nil {
				t.Errorf("operation %d fails, and %s is there", op, name)
			}
		}
	}
}

// TestExportFields exports a state whose keys and values have fields: a column each.
func TestExportFields(t *testing.T) {
	dir := path.Join(filepath.ToSlash(t.TempDir()), "sp")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	meta := flink.ValueStateMeta("trips", flink.Tuple(flink.String, flink.Int)).InNamespace(flink.TimeWindow)
	header := flink.KeyedHeader{Key: flink.Tuple(flink.String, flink.Long), States: []flink.StateMeta{meta}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Offsets: []int64{int64(len(data))}, ID: "h"}
	data = flink.AppendStateBlock(flink.AppendKeyGroup(data, 0), 0, 1)
	data = flink.AppendI64(flink.AppendI64(data, 0), 60)
	data = flink.AppendI64(flink.AppendString(data, "FRA"), 7)
	data = flink.AppendI32(flink.AppendString(data, "a \"b\""), 3)
	h.Data = &flink.InlineHandle{Name: "s", Data: data}
	writeMetadata(t, dir, &flink.Metadata{CheckpointID: 1, Operators: []flink.OperatorState{{
		ID: flink.OperatorIDOf("o"), Parallelism: 1, MaxParallelism: 1, Subtasks: []flink.SubtaskState{{ManagedKeyed: h}},
	}}})
	stdout, stderr, code := run("export", "--format", "csv", dir)
	rows, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	if code != exitGood || err != nil || len(rows) != 2 {
		t.Fatalf("exit code %d, error %v\n%s%s", code, err, stdout, stderr)
	}
	head := "operator,subtask,state,kind,key_group,key.f0,key.f1,namespace.start,namespace.end,value.f0,value.f1"
	row := flink.OperatorIDOf("o").String() + `,0,trips,VALUE,0,FRA,7,0,60,a "b",3`
	if got := strings.Join(rows[0], ","); got != head {
		t.Errorf("%s, want %s", got, head)
	}
	if got := strings.Join(rows[1], ","); got != row {
		t.Errorf("%s, want %s", got, row)
	}
}

// TestExportGolden exports every snapshot of Flink's, in both formats, and decodes it deeply: there
// are as many entries as countEntries finds, and no difference from itself.
func TestExportGolden(t *testing.T) {
	for _, dir := range goldenSnapshots(t) {
		t.Run(path.Base(dir), func(t *testing.T) {
			want := countEntries(t, dir)
			stdout, stderr, code := run("export", dir)
			if len(lines(stdout)) != want {
				t.Errorf("%d entries exported, want %d", len(lines(stdout)), want)
			}
			for _, why := range lines(stderr) {
				if _, why, _ = strings.Cut(strings.TrimPrefix(why, "weir: not exported: "), ": "); code != exitFailed || !refusals.MatchString(why) {
					t.Errorf("exit code %d: %s", code, why)
				}
			}
			if stderr == "" && code != exitGood {
				t.Errorf("exit code %d without a word", code)
			}
			decoded := int64(strings.Count(stdout, "\n") - strings.Count(stdout, `{"$opaque":`))
			table, _, _ := run("export", "--format", "csv", dir)
			rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
			if err != nil || len(rows) != want+1 {
				t.Errorf("%d rows and error %v, want %d", len(rows), err, want+1)
			}
			stdout, stderr, code = run("verify", "--deep", "--json", dir)
			var l struct{ Structure struct{ Entries int64 } }
			if err := json.Unmarshal([]byte(lines(stdout)[0]), &l); err != nil || code != exitGood || stderr != "" {
				t.Errorf("verify: exit code %d, error %v\n%s", code, err, stderr)
			}
			if l.Structure.Entries != decoded {
				t.Errorf("%d entries were decoded, %d were exported", l.Structure.Entries, decoded)
			}
			stdout, stderr, code = run("diff", dir, dir)
			if code != exitGood || stderr != "" || !strings.Contains(stdout, "\nthe same: ") {
				t.Errorf("diff: exit code %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}

// TestDiffGolden compares what Flink wrote of one test job, by the heap backend in its own
// layout and canonically and by RocksDB: it is the same, except for timers in processing time,
// which depend on when the test ran.
func TestDiffGolden(t *testing.T) {
	goldenSnapshots(t)
	of := func(kind string) string {
		return filepath.ToSlash(filepath.Join(goldenDir, "new-stateful-udf-migration-itcase-flink1.20-"+kind))
	}
	for _, other := range []string{"hashmap-savepoint", "hashmap-savepoint-native", "rocksdb-savepoint"} {
		stdout, stderr, code := run("diff", of("hashmap-checkpoint"), of(other))
		if code != exitDifferent || stderr != "" || strings.Count(stdout, "processing_timer") != 2 ||
			!strings.Contains(stdout, "\ndifferent: 2 of 8 operators, 2 of 10 states; entries: 8 added, 8 removed, 0 changed, 32 the same\n") {
			t.Errorf("%s: exit code %d\n%s%s", other, code, stdout, stderr)
		}
	}
	stdout, stderr, code := run("diff", "--state", "state-name", of("hashmap-checkpoint"), of("rocksdb-checkpoint"))
	if code != exitFailed || stderr != "" || !strings.Contains(stdout, "not compared, and not the same byte by byte: managed keyed state: the entries are in RocksDB's") ||
		!strings.Contains(stdout, "\nnot known: ") || strings.Contains(stdout, "removed") {
		t.Errorf("RocksDB: exit code %d\n%s%s", code, stdout, stderr)
	}
}
