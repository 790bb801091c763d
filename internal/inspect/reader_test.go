package inspect

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weirstream/weir/checkpoint/store"
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

// TestProgress sums up what is told: all that is read, once per activity, up to the total.
func TestProgress(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 1, words)
	var mu sync.Mutex
	last := map[string]Progress{}
	r := &Reader{FS: disk, Progress: func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if have := last[p.Doing]; p.Read < have.Read {
			t.Errorf("%s goes back from %d to %d", p.Doing, have.Read, p.Read)
		}
		last[p.Doing] = p
	}}
	p, err := r.LookForCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Judge(context.Background(), r.TargetAt(p), Entries); err != nil {
		t.Fatal(err)
	}
	size := DirBytes(disk, p.Path)
	verifying, decoding := last["verifying chk-1"], last["decoding chk-1"]
	if verifying.Total != size || verifying.Read != size || decoding.Total == 0 || decoding.Read < decoding.Total {
		t.Errorf("of %d bytes: %+v", size, last)
	}
	fsys := r.Watch(context.Background(), "copying", 2*size)
	if _, err := store.Copy(fsys, p.Path, "/copy", store.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := last["copying"]; got.Total != 2*size || got.Read < 2*size {
		t.Errorf("copying: %+v of %d", got, 2*size)
	}
}

// TestCancel ends the context at each read in turn: the error is that of the context, and
// nothing is called damaged.
func TestCancel(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 2, words)
	writeFlinks(t, disk, "/data/savepoint-1", words)
	for what, do := range map[string]func(context.Context, *Reader) error{
		"list": func(ctx context.Context, r *Reader) error {
			p, err := r.Look("/data")
			if err == nil {
				_, _, err = r.List(ctx, p)
			}
			return err
		},
		"judge": func(ctx context.Context, r *Reader) error {
			rep, err := r.Judge(ctx, Target{Path: dir + "/chk-1", Shown: "chk-1"}, Entries)
			if err == nil && !rep.Verdict.Good() {
				t.Errorf("it is called %v: %s", rep.Verdict, rep.Reason())
			}
			return err
		},
		"diff": func(ctx context.Context, r *Reader) error {
			a, err := r.Open(ctx, Place{Path: dir + "/chk-1"})
			if err != nil {
				return err
			}
			b, err := r.Open(ctx, Place{Path: dir + "/chk-2"})
			if err != nil {
				return err
			}
			d, err := Compare(a, b, Selection{})
			if err != nil {
				return err
			}
			if d.Outcome() == Different {
				t.Error("what could not be read differs")
			}
			return errors.Join(d.Errors...)
		},
	} {
		all := 0
		if err := do(context.Background(), &Reader{FS: disk, Progress: func(Progress) { all++ }}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for stop := 1; stop < all; stop++ {
			ctx, cancel := context.WithCancel(context.Background())
			n := 0
			var mu sync.Mutex
			err := do(ctx, &Reader{FS: disk, Progress: func(Progress) {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == stop {
					cancel()
				}
			}})
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("%s, ended at %d of %d: %v", what, stop, all, err)
			}
			if err == nil && stop == 1 {
				t.Errorf("%s goes on when its context has ended", what)
			}
		}
	}
}

// TestSelection says what there is if what is selected is not there.
func TestSelection(t *testing.T) {
	disk := newDisk()
	totals := words
	totals.uid, totals.name = "totals per day", "sum"
	writeFlinks(t, disk, "/sp", words, totals)
	r := &Reader{FS: disk}
	c := open(t, r, "/sp", "counter", "totals per day")
	for _, v := range []struct {
		s    Selection
		want string
	}{
		{Selection{}, ""},
		{Selection{Operator: "counter", State: "count"}, ""},
		{Selection{Operator: c.Meta.Operators[0].ID.String()}, ""},
		{Selection{Operator: "Countre"}, `no operator has the id, name or uid "Countre"; did you mean "counter"?`},
		{Selection{Operator: "total per day"}, `no operator has the id, name or uid "total per day"; did you mean "totals per day"?`},
		{Selection{Operator: "\x1b"}, `no operator has the id, name or uid "\x1b"; there is "counter", "totals per day"`},
		{Selection{State: "cuont"}, `no state is called "cuont"; did you mean "count"?`},
		{Selection{State: "sun"}, `no state is called "sun"; did you mean "sum"?`},
		{Selection{State: "sxx"}, `no state is called "sxx"; there is "count", "sum"`},
		{Selection{State: "something"}, `no state is called "something"; there is "count", "sum"`},
		{Selection{Operator: "counter", State: "sum"}, `no state is called "sum"; there is "count"`},
	} {
		c.Load(v.s, false)
		got := ""
		if err := v.s.Missing(c); err != nil {
			got = err.Error()
		}
		if got != v.want {
			t.Errorf("%+v: %s, want %s", v.s, got, v.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, v := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1}, {"abc", "bc", 1}, {"abcd", "badc", 2},
		{"süß", "suß", 1}, {strings.Repeat("a", 1000), strings.Repeat("a", 900), 0},
	} {
		if got := distance(v.a, v.b); got != v.want {
			t.Errorf("from %.20s to %.20s it is %d, want %d", v.a, v.b, got, v.want)
		}
		if got := distance(v.b, v.a); got != v.want {
			t.Errorf("from %.20s to %.20s it is %d, want %d", v.b, v.a, got, v.want)
		}
	}
}

// TestNamesOfOperators: a seal says what its job and operators are called and what these do; a seal
// without names says of a file which operator it is of; a uid that is given is confirmed.
func TestNamesOfOperators(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 2, words)
	writeFlinks(t, disk, "/sp", words)
	r := &Reader{FS: disk}
	id := flink.OperatorIDOf("counter")
	for _, v := range []struct {
		path, job string
		uids      []string
		want      Label
	}{
		{dir, "words", nil, Label{"counter", "counter", "process"}},
		{"/sp", "", nil, Label{}},
		{"/sp", "", []string{"reader", "counter"}, Label{UID: "counter"}},
	} {
		c := open(t, r, v.path, v.uids...)
		if l := c.Operators[0].Label; c.Names.Job != v.job || l != v.want || c.Names.Operators[id] != v.want {
			t.Errorf("%s: job %q, operator %+v, want %q, %+v", v.path, c.Names.Job, l, v.job, v.want)
		}
		if unknown := c.UnknownUIDs([]string{"reader", "counter"}); !slices.Equal(unknown, []string{"reader"}) {
			t.Errorf("unknown are %q", unknown)
		}
	}

	if err := disk.Remove(dir + "/chk-2/_metadata"); err != nil {
		t.Fatal(err)
	}
	p, err := r.Look("/data")
	if err != nil {
		t.Fatal(err)
	}
	groups, _, err := r.List(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, rep := range groups[0].Reports {
		if rep.JobName != "words" && rep.Shown != "/sp" {
			t.Errorf("%s is of job %q", rep.Shown, rep.JobName)
		}
	}
	found, err := r.Search(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.NameJobs(context.Background(), found.Jobs()); err != nil || found.Jobs()[0].Name != "words" {
		t.Errorf("the job is called %q, %v", found.Jobs()[0].Name, err)
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
