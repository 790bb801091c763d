package file

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// rooted puts every name below a folder of the real file system.
type rooted struct {
	durable.FS
	root string
}

func (r rooted) at(name string) string { return path.Join(r.root, name) }

func (r rooted) Create(name string) (durable.File, error)     { return r.FS.Create(r.at(name)) }
func (r rooted) Open(name string) (durable.Reader, error)     { return r.FS.Open(r.at(name)) }
func (r rooted) Mkdir(name string) error                      { return r.FS.Mkdir(r.at(name)) }
func (r rooted) Rename(from, to string) error                 { return r.FS.Rename(r.at(from), r.at(to)) }
func (r rooted) Remove(name string) error                     { return r.FS.Remove(r.at(name)) }
func (r rooted) ReadDir(name string) ([]durable.Entry, error) { return r.FS.ReadDir(r.at(name)) }
func (r rooted) Stat(name string) (durable.Entry, error)      { return r.FS.Stat(r.at(name)) }
func (r rooted) SyncDir(name string) error                    { return r.FS.SyncDir(r.at(name)) }

func fileSystems(t *testing.T) map[string]durable.FS {
	return map[string]durable.FS{
		"os":      rooted{durable.OS(), filepath.ToSlash(t.TempDir())},
		"crashfs": crashfs.New(crashfs.Strict),
	}
}

func openWriter[T any](t testing.TB, s weir.Sink[T], c weir.SinkContext) weir.Writer[T] {
	t.Helper()
	w, err := s.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func prepare[T any](t testing.TB, w weir.Writer[T], id checkpoint.ID) []byte {
	t.Helper()
	p, err := w.Prepare(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var first = weir.SinkContext{Job: "job", Operator: "out", Incarnation: 1, Attempt: 1}

// The order of operations, pinned. How the folder is made is package durable's.
func TestSinkOperations(t *testing.T) {
	var log []string
	opening := false
	fsys := logfs.New(crashfs.New(crashfs.Strict), func(line string) {
		if !opening || strings.HasPrefix(line, "remove") {
			log = append(log, line)
		}
	}, logfs.Root("/data"),
		logfs.Rename(func(name string) string { return strings.ReplaceAll(name, ownerOf(first).String(), "<out>") }))
	step := func(name string) { log = append(log, "# "+name) }
	ctx := t.Context()
	sink := LinesSinkOn(fsys, outDir)
	open := func(c weir.SinkContext) weir.Writer[string] {
		opening = true
		defer func() { opening = false }()
		return openWriter(t, sink, c)
	}

	step("open")
	must(t, sink.Abort(ctx))
	w := open(first)
	step("nothing written")
	if p := prepare(t, w, 1); p != nil {
		t.Errorf("prepared %x of nothing", p)
	}
	step("write")
	must(t, w.Write([]string{"hello", "world"}))
	must(t, w.Write([]string{strings.Repeat("x", writeBytes)}))
	must(t, w.Write([]string{"end"}))
	step("prepare")
	two := prepare(t, w, 2)
	step("prepare once more, as 2 has failed")
	must(t, w.Write([]string{"more"}))
	three := prepare(t, w, 3)
	step("commit both")
	must(t, sink.Commit(ctx, [][]byte{two, three}))
	step("commit again")
	must(t, sink.Commit(ctx, [][]byte{two, three}))
	step("give up")
	must(t, w.Write([]string{"lost"}))
	must(t, w.Close())
	must(t, w.Close())
	step("crash, with something written and something prepared")
	w = open(first)
	must(t, w.Write([]string{"prepared"}))
	prepare(t, w, 4)
	must(t, w.Write([]string{strings.Repeat("y", writeBytes)}))
	step("open again")
	again := first
	again.Attempt = 2
	w = open(again)
	step("a record that is refused")
	wantPermanent(t, w.Write([]string{"x", "y\nz"}), "newline")
	if _, err := w.Prepare(5); err == nil {
		t.Error("prepared what was not written")
	}
	must(t, w.Close())

	const want = `# open
# nothing written
# write
create out/.part-<out>-1-1-0-1.inprogress
write out/.part-<out>-1-1-0-1.inprogress 65548
# prepare
write out/.part-<out>-1-1-0-1.inprogress 5
sync out/.part-<out>-1-1-0-1.inprogress
close out/.part-<out>-1-1-0-1.inprogress
sync-dir out
# prepare once more, as 2 has failed
create out/.part-<out>-1-1-0-2.inprogress
write out/.part-<out>-1-1-0-2.inprogress 5
sync out/.part-<out>-1-1-0-2.inprogress
close out/.part-<out>-1-1-0-2.inprogress
sync-dir out
# commit both
rename out/.part-<out>-1-1-0-1.inprogress -> out/part-<out>-00000-000000002.txt
rename out/.part-<out>-1-1-0-2.inprogress -> out/part-<out>-00000-000000003.txt
sync-dir out
# commit again
sync-dir out
# give up
create out/.part-<out>-1-1-0-3.inprogress
close out/.part-<out>-1-1-0-3.inprogress
remove out/.part-<out>-1-1-0-3.inprogress
# crash, with something written and something prepared
create out/.part-<out>-1-1-0-1.inprogress
write out/.part-<out>-1-1-0-1.inprogress 9
sync out/.part-<out>-1-1-0-1.inprogress
close out/.part-<out>-1-1-0-1.inprogress
sync-dir out
create out/.part-<out>-1-1-0-2.inprogress
write out/.part-<out>-1-1-0-2.inprogress 65536
# open again
remove out/.part-<out>-1-1-0-1.inprogress
remove out/.part-<out>-1-1-0-2.inprogress
# a record that is refused
create out/.part-<out>-1-2-0-1.inprogress
close out/.part-<out>-1-2-0-1.inprogress
remove out/.part-<out>-1-2-0-1.inprogress
`
	if got := strings.Join(log, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSONSink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	sink := JSONSink[flight](dir)
	w := openWriter(t, sink, first)
	want := []flight{{Carrier: "<A&B>"}, {Stops: []string{"x\ny"}}}
	must(t, w.Write(want))
	must(t, sink.Commit(t.Context(), [][]byte{prepare(t, w, 1)}))
	must(t, w.Close())

	src := JSONLines[flight](dir)
	ids, err := src.Splits(t.Context())
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	if got, _ := mustRead(t, src, ids[0], nil); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	content, err := os.ReadFile(filepath.Join(dir, ids[0]))
	if err != nil || !strings.Contains(string(content), `"<A&B>"`) || !strings.HasSuffix(ids[0], ".jsonl") {
		t.Errorf("%s: %q, %v", ids[0], content, err)
	}

	numbers := JSONSink[float64](dir)
	n := openWriter(t, numbers, weir.SinkContext{Job: "job", Operator: "numbers", Incarnation: 1, Attempt: 1})
	wantPermanent(t, n.Write([]float64{1, math.NaN()}), "encode record", "NaN")
	must(t, n.Close())
}

// Several sinks, and other files, in one folder leave each other alone.
func TestSharedFolder(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	strangers := []string{".part-x.inprogress", ".part-00000000-1-1-0.inprogress", ".part-" + ownerOf(first).String() + "-01-1-0-1.inprogress", "part-0", ".hidden"}
	for _, name := range strangers {
		write(t, filepath.Join(dir, name), []byte("x\n"))
	}
	sink := LinesSink(dir)
	contexts := []weir.SinkContext{
		first,
		{Job: "job", Operator: "out2", Incarnation: 1, Attempt: 1},
		{Job: "job2", Operator: "out", Incarnation: 1, Attempt: 1},
		{Job: "jobo", Operator: "ut", Incarnation: 1, Attempt: 1},
	}
	prepared := make([][]byte, len(contexts))
	for i, c := range contexts {
		w := openWriter(t, sink, c)
		must(t, w.Write([]string{fmt.Sprint(i)}))
		prepared[i] = prepare(t, w, 7)
	}
	// One of them starts again, and its neighbours' prepared output stays.
	must(t, sink.Abort(ctx))
	c := contexts[0]
	c.Attempt = 2
	openWriter(t, sink, c)
	must(t, sink.Commit(ctx, prepared[1:]))
	wantPermanent(t, sink.Commit(ctx, prepared[:1]), "missing")
	for _, name := range strangers {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "part-*.txt"))
	if err != nil || len(files) != 3 {
		t.Errorf("%q, %v", files, err)
	}
}

// Subtasks of one attempt open one after the other, or not; none removes another's work,
// and what subtasks left of which there are none any more goes too.
func TestLeftoversOfSubtasks(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	sink := LinesSinkOn(fsys, outDir)
	context := func(attempt, subtask int) weir.SinkContext {
		c := first
		c.Attempt, c.Subtask = attempt, subtask
		return c
	}
	for i := range 3 {
		w := openWriter(t, sink, context(1, i))
		must(t, w.Write([]string{"old"}))
	}
	w := openWriter(t, sink, context(2, 1))
	must(t, w.Write([]string{"new"}))
	openWriter(t, sink, context(2, 0))
	_, hidden, err := visible(fsys, outDir)
	if err != nil || len(hidden) != 1 || !strings.Contains(hidden[0], "-1-2-1-1.") {
		t.Errorf("left: %q, %v", hidden, err)
	}
	must(t, sink.Commit(t.Context(), [][]byte{prepare(t, w, 1)}))
}

func TestCommitRefuses(t *testing.T) {
	ctx := t.Context()
	setup := func(t *testing.T) (durable.FS, weir.Sink[string], prepared, []byte) {
		fsys := crashfs.New(crashfs.Strict)
		sink := LinesSinkOn(fsys, outDir)
		w := openWriter(t, sink, first)
		must(t, w.Write([]string{"one", "two"}))
		b := prepare(t, w, 1)
		p, err := decodePrepared(b)
		must(t, err)
		return fsys, sink, p, b
	}
	t.Run("missing", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, fsys.Remove(path.Join(outDir, p.hidden)))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.visible, p.hidden, "missing")
	})
	t.Run("damaged", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, fsys.Remove(path.Join(outDir, p.hidden)))
		must(t, durable.WriteFile(fsys, path.Join(outDir, p.hidden), []byte("on")))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.hidden, "damaged", "2 bytes", "8 were written")
	})
	t.Run("there, of another length", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, durable.WriteFile(fsys, path.Join(outDir, p.visible), []byte("other output\n")))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.visible, "another run", "move it away")
		if got, err := readFile(fsys, path.Join(outDir, p.visible)); got != "other output\n" {
			t.Errorf("it was changed: %q, %v", got, err)
		}
	})
	t.Run("there, of the same length", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, durable.WriteFile(fsys, path.Join(outDir, p.visible), []byte("one\nTWO\n")))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.visible, "another run")
	})
	t.Run("changed since it was committed", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, sink.Commit(ctx, [][]byte{b}))
		must(t, fsys.Remove(path.Join(outDir, p.visible)))
		must(t, durable.WriteFile(fsys, path.Join(outDir, p.visible), []byte("one\n")))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.visible, "changed")
	})
	t.Run("there, and the same", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, durable.WriteFile(fsys, path.Join(outDir, p.visible), []byte("one\ntwo\n")))
		must(t, sink.Commit(ctx, [][]byte{b}))
		records, hidden, err := visible(fsys, outDir)
		if err != nil || !slices.Equal(records, []string{"one", "two"}) || hidden != nil {
			t.Errorf("%q, hidden %q, %v", records, hidden, err)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		_, sink, p, b := setup(t)
		out := p
		out.visible = "../../etc/passwd"
		for _, e := range [][]byte{nil, {}, {1}, {2}, b[:len(b)-1], append(slices.Clone(b), 0), out.encode()} {
			wantPermanent(t, sink.Commit(ctx, [][]byte{e}), "prepared output")
		}
	})
}

func TestSinkErrorsAreClear(t *testing.T) {
	for _, test := range []struct {
		rule faultfs.Rule
		when string
	}{
		{faultfs.Rule{Ops: faultfs.Create, K: 1, Err: syscall.ENOSPC}, "write"},
		{faultfs.Rule{Ops: faultfs.Write, K: 1, Err: syscall.ENOSPC}, "write"},
		{faultfs.Rule{Ops: faultfs.Write, K: 2, Do: faultfs.FailPartly, Err: syscall.ENOSPC}, "prepare"},
		{faultfs.Rule{Ops: faultfs.Sync, K: 1, Err: syscall.EIO}, "prepare"},
		{faultfs.Rule{Ops: faultfs.Close, K: 1, Err: syscall.EDQUOT}, "prepare"},
	} {
		sink := LinesSinkOn(faultfs.New(crashfs.New(crashfs.Strict), test.rule), outDir)
		w := openWriter(t, sink, first)
		err := w.Write([]string{strings.Repeat("x", writeBytes), "y"})
		when := "write"
		if err == nil {
			_, err = w.Prepare(1)
			when = "prepare"
		}
		if !errors.Is(err, test.rule.Err) || when != test.when || !strings.Contains(err.Error(), outDir+"/.part-") || weir.IsPermanent(err) {
			t.Errorf("%v at %s, want %v at %s, with the file's name, not permanent", err, when, test.rule.Err, test.when)
		}
		// What was not written well is never prepared afterwards.
		if werr := w.Write([]string{"z"}); werr == nil {
			t.Errorf("%v: a later Write succeeds", err)
		}
		if p, perr := w.Prepare(2); perr == nil {
			t.Errorf("%v: a later Prepare succeeds with %x", err, p)
		}
		must(t, w.Close())
	}
}

// A large period is written as it comes, without keeping it in memory.
func TestSinkMemory(t *testing.T) {
	p := &parts{fsys: crashfs.New(crashfs.Strict), dir: "/"}
	for range 10_000 {
		if _, err := p.WriteString(strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
	}
	if n := cap(p.now.buf); n > 2*writeBytes {
		t.Errorf("buffer of %d bytes", n)
	}
}
