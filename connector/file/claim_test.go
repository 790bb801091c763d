package file

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// TestAnotherProcess is not a test of its own: it is what TestTwoProcesses starts. It claims
// a folder, prepares output, says what a checkpoint would hold, and waits to be killed.
func TestAnotherProcess(t *testing.T) {
	dir := os.Getenv("WEIR_TEST_OUTPUT")
	if dir == "" {
		t.Skip("it is started by another test")
	}
	sink := LinesSink(dir)
	claim(t, sink, weir.Claim{SinkID: first.SinkID, Owner: "the other process", Lineage: "a", Fresh: true})
	w := openWriter(t, sink, first)
	must(t, w.Write(t.Context(), []string{"one", "two"}))
	element := prepare(t, w, 1)
	must(t, w.Write(t.Context(), []string{strings.Repeat("x", writeBytes)}))
	fmt.Printf("prepared %x\n", element)
	io.Copy(io.Discard, os.Stdin)
}

// While a process writes to the folder another run is refused. When it was killed, a run with
// other checkpoints may use the folder, and removes nothing that the dead one has prepared:
// started again, that finds all of it.
func TestTwoProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(os.Args[0], "-test.run=^TestAnotherProcess$")
	cmd.Env = append(os.Environ(), "WEIR_TEST_OUTPUT="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(t, err)
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer cmd.Process.Kill()
	var element []byte
	for lines := bufio.NewScanner(stdout); element == nil && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "prepared "); ok {
			element, err = hex.DecodeString(text)
			must(t, err)
		}
	}
	before := names(t, dir)

	for _, c := range []weir.Claim{{Lineage: "a", From: 1}, {Lineage: "b", Fresh: true, BesideOld: true}} {
		c.SinkID = first.SinkID
		_, err := LinesSink(dir).(weir.Claimer).Claim(t.Context(), c)
		var inUse *weir.OutputInUseError
		if !errors.As(err, &inUse) || *inUse != (weir.OutputInUseError{Place: filepath.ToSlash(dir), Owner: "the other process"}) || !weir.IsPermanent(err) {
			t.Errorf("got %v, want that the other process has the folder", err)
		}
	}
	if now := names(t, dir); !slices.Equal(now, before) {
		t.Errorf("refused claims have changed the folder from %q to %q", before, now)
	}

	must(t, cmd.Process.Kill())
	cmd.Wait() // it was killed
	log := logged(t)
	b := LinesSinkOn(unsynced(), filepath.ToSlash(dir))
	release := claim(t, b, weir.Claim{SinkID: first.SinkID, Lineage: "b", Fresh: true})
	if lines := log(); len(lines) != 1 || !strings.Contains(lines[0], "files=2") {
		t.Errorf("logged %q, want the two files of the other lineage", lines)
	}
	must(t, b.Abort(t.Context(), first.SinkID))
	w := openWriter(t, b, first)
	must(t, w.Write(t.Context(), []string{"three"}))
	must(t, b.Commit(t.Context(), [][]byte{prepare(t, w, 1)}))
	must(t, w.Close())
	release()

	a := LinesSinkOn(unsynced(), filepath.ToSlash(dir))
	claim(t, a, weir.Claim{SinkID: first.SinkID, Lineage: "a", From: 1})
	must(t, a.Commit(t.Context(), [][]byte{element}))
	must(t, a.Abort(t.Context(), first.SinkID))
	records, hidden, err := visible(durable.OS(), filepath.ToSlash(dir))
	if err != nil || !slices.Equal(records, []string{"one", "three", "two"}) || hidden != nil {
		t.Errorf("visible %q, hidden %q, %v", records, hidden, err)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A claim that was refused, or has ended, leaves nothing in the folder.
func TestClaimLeavesNothing(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	sink := LinesSinkOn(fsys, outDir)
	c := weir.Claim{SinkID: first.SinkID, Fresh: true}
	claim(t, sink, c)()
	left, err := fsys.ReadDir(outDir)
	if err != nil || len(left) > 0 {
		t.Errorf("after a claim: %+v, %v", left, err)
	}
	must(t, durable.WriteFile(fsys, path.Join(outDir, visiblePrefix(ownerOf(first.SinkID))+"old.gz"), []byte("old")))
	_, err = sink.(weir.Claimer).Claim(t.Context(), c)
	var old *weir.OldOutputError
	if !errors.As(err, &old) || !weir.IsPermanent(err) || old.Place != outDir || old.Found != "part-42ebca8d-old.gz" {
		t.Errorf("got %v, want that there is old output", err)
	}
	if left, err := fsys.ReadDir(outDir); err != nil || len(left) != 1 {
		t.Errorf("after a claim that was refused: %+v, %v", left, err)
	}
	if _, err := sink.Open(t.Context(), first); err == nil || !strings.Contains(err.Error(), "was not claimed") {
		t.Errorf("without a claim a writer is opened: %v", err)
	}
	if err := sink.Abort(t.Context(), first.SinkID); err == nil || !strings.Contains(err.Error(), "was not claimed") {
		t.Errorf("without a claim output is undone: %v", err)
	}
}

// Hidden files of other lineages, and of earlier versions of the program, are left alone and
// counted; those of other sinks are not spoken of.
func TestHiddenFilesOfOthers(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	o := ownerOf(first.SinkID)
	must(t, durable.MkdirAll(fsys, outDir))
	own := inProgress{owner: o, run: run{lineageOf("a"), 7}}.String()
	others := []string{
		inProgress{owner: o, run: run{lineageOf("b"), 7}}.String(),
		".part-" + o.String() + "-1-2-0-3.inprogress",
		inProgress{owner: o + 1, run: run{lineageOf("a"), 7}}.String(),
	}
	for _, name := range append(others, own) {
		must(t, durable.WriteFile(fsys, path.Join(outDir, name), nil))
	}
	log := logged(t)
	sink := LinesSinkOn(fsys, outDir)
	claim(t, sink, weir.Claim{SinkID: first.SinkID, Lineage: "a", Fresh: true})
	if lines := log(); len(lines) != 1 || !strings.Contains(lines[0], "files=2 first=.part-") {
		t.Errorf("logged %q, want one line about two files", lines)
	}
	must(t, sink.Abort(t.Context(), first.SinkID))
	_, hidden, err := visible(fsys, outDir)
	slices.Sort(others)
	if err != nil || !slices.Equal(hidden, others) {
		t.Errorf("left: %q, want %q, %v", hidden, others, err)
	}
}

// A file system that has no locks is said to have none, and used.
func TestNoLocks(t *testing.T) {
	log := logged(t)
	for _, err := range []error{syscall.ENOLCK, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.ENOTSUP, errors.ErrUnsupported} {
		fsys := faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: faultfs.Lock, K: 1, Sticky: true, Err: err})
		sink := LinesSinkOn(fsys, outDir)
		release := claim(t, sink, weir.Claim{SinkID: first.SinkID, Fresh: true})
		if lines := log(); len(lines) != 1 || !strings.Contains(lines[0], "no locks") || !strings.Contains(lines[0], outDir) {
			t.Errorf("%v: logged %q", err, lines)
		}
		w := openWriter(t, sink, first)
		must(t, w.Write(t.Context(), []string{"one"}))
		must(t, sink.Commit(t.Context(), [][]byte{prepare(t, w, 1)}))
		release()
	}
	for _, err := range []error{syscall.EACCES, syscall.EROFS, syscall.ENOSPC, syscall.EIO, syscall.EMFILE} {
		fsys := faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: faultfs.Lock, K: 1, Err: err})
		_, got := LinesSinkOn(fsys, outDir).(weir.Claimer).Claim(t.Context(), weir.Claim{SinkID: first.SinkID})
		if !errors.Is(got, err) || weir.IsPermanent(got) {
			t.Errorf("got %v, want %v, not permanent", got, err)
		}
	}
}

// Whatever is in a lock file, what is said of its owner is one line of text.
func TestOwnerOfALock(t *testing.T) {
	for content, want := range map[string]string{
		"":                             "a process that has not left its name",
		"   \n":                        "a process that has not left its name",
		"\x00\x00\x00":                 "a process that has not left its name",
		"process 7 on host\n":          "process 7 on host",
		"a\x1b[31m\x00b\xff\nc\r":      "a[31mbc",
		strings.Repeat("é", 300):       strings.Repeat("é", ownerBytes/2),
		strings.Repeat("x", 1<<20):     strings.Repeat("x", ownerBytes),
		"x" + strings.Repeat("é", 300): "x" + strings.Repeat("é", ownerBytes/2-1),
	} {
		fsys := crashfs.New(crashfs.Strict)
		must(t, durable.MkdirAll(fsys, outDir))
		l, err := fsys.Lock(path.Join(outDir, ownerOf(first.SinkID).lockName()))
		must(t, err)
		_, err = l.WriteAt([]byte(content), 0)
		must(t, err)
		watched := faultfs.New(fsys)
		_, err = LinesSinkOn(watched, outDir).(weir.Claimer).Claim(t.Context(), weir.Claim{SinkID: first.SinkID})
		if open := watched.StillOpen(); len(open) > 0 {
			t.Errorf("left open: %q", open)
		}
		var inUse *weir.OutputInUseError
		if !errors.As(err, &inUse) || inUse.Owner != want {
			t.Errorf("%.20q: got %v, want the owner %q", content, err, want)
		}
	}
	long := strings.Repeat("é", 1000)
	if b := ownerText(long); len(b) != ownerBytes || b[ownerBytes-1] != '\n' {
		t.Errorf("a long owner becomes %q", b)
	}
}

// Which visible names a run would write again.
func TestRepeated(t *testing.T) {
	const o, a, b = owner(1), lineage(10), lineage(11)
	of := func(o owner, l lineage, id int64, suffix string) string {
		return visibleName(o, run{l, 7}, 0, weir.CheckpointID(id), ".txt") + suffix
	}
	all := []string{
		of(o, a, 1, ""), of(o, a, 2, ""), of(o, a, 2, ".gz"), of(o, a, 30, ".done"), of(o, b, 3, ""), of(2, a, 4, ""),
		"part-00000001-00000-000000009.txt", "part-00000001-", // of an earlier version, and of none
		"." + of(o, a, 5, ""), inProgress{owner: o, run: run{a, 7}}.String(), o.lockName(), "other", "part-1",
	}
	for _, test := range []struct {
		fresh bool
		from  int64
		want  []int
	}{
		{true, 0, []int{0, 1, 2, 3, 4, 6, 7}},
		{false, 0, nil}, // it is not known where it starts
		{false, 1, []int{1, 2, 3}},
		{false, 2, []int{3}},
		{false, 30, nil},
	} {
		var want []string
		for _, i := range test.want {
			want = append(want, all[i])
		}
		if got := repeated(all, o, a, test.fresh, weir.CheckpointID(test.from)); !slices.Equal(got, want) {
			t.Errorf("fresh %t, from %d: got %q, want %q", test.fresh, test.from, got, want)
		}
	}
	if s := listed([]string{"x"}); s != "x" {
		t.Error(s)
	}
	if s := listed([]string{"x", "y"}); s != "2 files, the first of which is x" {
		t.Error(s)
	}
}

// A run's number is drawn anew for each claim.
func TestRunsDiffer(t *testing.T) {
	sink := LinesSinkOn(crashfs.New(crashfs.Strict), outDir)
	seen := map[run]bool{}
	for range 8 {
		release := claim(t, sink, weir.Claim{SinkID: first.SinkID, Lineage: "a"})
		r := openWriter(t, sink, first).(*writer[string]).parts.name.run
		if seen[r] || parseRun(r.String()) != r || r.lineage != lineageOf("a") {
			t.Errorf("run %s", r)
		}
		seen[r] = true
		release()
	}
}

func TestWrites(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		sink weir.Sink[string]
		want string
	}{
		{LinesSink(dir), filepath.Join(dir, "part-00000000-00000-000000000-0000000000000000.txt")},
		{JSONSink[string](dir), filepath.Join(dir, "part-00000000-00000-000000000-0000000000000000.jsonl")},
		{LinesSinkOn(faultfs.New(durable.OS()), filepath.ToSlash(dir)), filepath.Join(dir, "part-00000000-00000-000000000-0000000000000000.txt")},
		{LinesSinkOn(crashfs.New(crashfs.Strict), dir), ""},
	} {
		if got := test.sink.(weir.FileWriting).Writes(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if !visibleNames.MatchString("part-00000000-00000-000000000-0000000000000000.txt") {
		t.Error("it is no name that a sink gives")
	}
}
