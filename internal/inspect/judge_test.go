package inspect

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// kinds returns what a listing is, a line each.
func kinds(groups []Group) (lines []string) {
	for _, g := range groups {
		for _, rep := range g.Reports {
			line := strings.Join([]string{path.Base(rep.Shown), string(rep.Kind), rep.Verdict.String()}, " ")
			if rep.Restart {
				line += " restart"
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// TestListAndJudge lists what there is and judges it, at each depth by the same words.
func TestListAndJudge(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 3, words)
	writeFlinks(t, disk, "/data/savepoint-1", words)
	for _, name := range []string{"/.inprogress-9.1", "/.trash-8", "/.damaged-7"} {
		if err := disk.Mkdir(dir + name); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		if err := disk.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	remove(stateFile(t, disk, dir+"/chk-2"))
	remove(dir + "/chk-1/_metadata")
	r := &Reader{FS: disk}
	p, err := r.Look("/data")
	if err != nil || p.Kind != AtTree {
		t.Fatal(p, err)
	}
	groups, gaps, err := r.List(context.Background(), p)
	want := []string{
		"chk-3 checkpoint whole restart", "chk-2 checkpoint damaged", "chk-1 checkpoint incomplete",
		".damaged-7 set_aside set aside", ".inprogress-9.1 in_progress in progress", ".trash-8 trash trash", "savepoint-1 savepoint whole",
	}
	if got := kinds(groups); err != nil || len(gaps) > 0 || !slices.Equal(got, want) {
		t.Errorf("%q, %v, %v", got, gaps, err)
	}

	found, err := r.Search(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	for depth, want := range map[Depth]string{
		Bytes:   "verified damaged incomplete whole",
		Entries: "verified damaged incomplete whole",
	} {
		var got []string
		for _, target := range found.Targets() {
			rep, err := r.Judge(context.Background(), target, depth)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rep.Verdict.String())
			if rep.Verdict.Good() != (rep.Reason() == "") {
				t.Errorf("%v is %v, because %q", target.Shown, rep.Verdict, rep.Reason())
			}
			if decoded := rep.Structure != nil; rep.Verdict.Good() && decoded != (depth == Entries || !rep.IsSealed()) {
				t.Errorf("%v: at depth %d, decoded is %t", target.Shown, depth, decoded)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("depth %d: %s, want %s", depth, s, want)
		}
	}
	j := found.Jobs()[0]
	intact, err := r.OlderIntact(context.Background(), j, 4, Bytes)
	if err != nil || intact == nil || intact.ID != 3 {
		t.Errorf("older than 4 is %+v, %v", intact, err)
	}
	if intact, err = r.OlderIntact(context.Background(), j, 3, Bytes); err != nil || intact != nil {
		t.Errorf("older than 3 is %+v, %v", intact, err)
	}
}

// stateFile returns the name of a state file in the directory of a checkpoint.
func stateFile(t *testing.T, fsys durable.FS, dir string) string {
	t.Helper()
	listing, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range listing {
		if e.Name != "_metadata" {
			return path.Join(dir, e.Name)
		}
	}
	t.Fatalf("there is no state file in %s", dir)
	return ""
}

// TestDamageIsOneFinding changes a byte of a state file: that is one finding, also where the
// state is decoded, which fails for the same reason.
func TestDamageIsOneFinding(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 1, words)
	name := stateFile(t, disk, dir+"/chk-1")
	r, err := disk.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, r.Size())
	if _, err := r.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := disk.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := durable.FillFile(disk, name, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		t.Fatal(err)
	}
	for _, depth := range []Depth{Bytes, Entries} {
		rep, err := (&Reader{FS: disk}).Judge(context.Background(), Target{Path: dir + "/chk-1"}, depth)
		if err != nil || rep.Verdict != Damaged || len(rep.Findings) != 1 || rep.Findings[0].Block != 0 {
			t.Errorf("depth %d: %+v, %v", depth, rep, err)
		}
	}
}

// TestMarks: where a damaged checkpoint could not be renamed, a file says that it is set aside.
// A mark beside nothing is no checkpoint.
func TestMarks(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 2, words)
	for _, mark := range []string{"/.damaged-2", "/.damaged-9"} {
		if err := durable.FillFile(disk, dir+mark, func(io.Writer) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	r := &Reader{FS: disk}
	p, err := r.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	groups, _, err := r.List(context.Background(), p)
	want := []string{"chk-1 checkpoint whole restart", "chk-2 checkpoint set aside"}
	if got := kinds(groups); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// TestMisplacedKeys: a finding about a key shows every byte of it.
func TestMisplacedKeys(t *testing.T) {
	const maxParallelism = 4
	disk := newDisk()
	state := keyedState{uid: "o", name: "s", key: flink.String}
	var want []string
	for b := byte(0x80); len(want) < 3; b++ {
		if key := string([]byte{b}); flink.KeyGroupOf(flink.JavaStringHash(key), maxParallelism) != 0 {
			state.keys = append(state.keys, flink.AppendString(nil, key))
			want = append(want, fmt.Sprintf(`key "\x%x" is in key group 0`, b))
		}
	}
	op := state.operator(t, func(_ string, data []byte) flink.StreamHandle { return &flink.InlineHandle{Name: "s", Data: data} })
	op.MaxParallelism = maxParallelism
	writeMetadata(t, disk, "/sp", &flink.Metadata{CheckpointID: 1, Operators: []flink.OperatorState{op}})
	rep, err := (&Reader{FS: disk}).Judge(context.Background(), Target{Path: "/sp"}, Entries)
	if err != nil || len(rep.Findings) != len(want) {
		t.Fatalf("%+v, %v", rep, err)
	}
	for i, f := range rep.Findings {
		if !strings.Contains(f.Problem, want[i]) {
			t.Errorf("%s, want %s", f.Problem, want[i])
		}
	}
}
