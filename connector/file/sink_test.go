package file

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

func TestJSONSink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	sink := JSONSink[flight](dir)
	w := openWriter(t, sink, first)
	want := []flight{{Carrier: "<A&B>"}, {Stops: []string{"x\ny"}}}
	must(t, w.Write(t.Context(), want))
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
	n := openWriter(t, numbers, weir.SinkContext{SinkID: weir.SinkID{Job: "job", Operator: "numbers"}, Incarnation: 1, Attempt: 1})
	wantPermanent(t, n.Write(t.Context(), []float64{1, math.NaN()}), "encode record", "NaN")
	must(t, n.Close())
}

// Several sinks, and other files, in one folder leave each other alone.
func TestSharedFolder(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	strangers := []string{".part-x.inprogress", ".part-00000000-1-1-0.inprogress", ".part-" + ownerOf(first.SinkID).String() + "-01-1-0-1.inprogress", "part-0", ".hidden", ".lock"}
	for _, name := range strangers {
		write(t, filepath.Join(dir, name), []byte("x\n"))
	}
	sink := LinesSinkOn(unsynced(), filepath.ToSlash(dir))
	contexts := []weir.SinkContext{
		first,
		{SinkID: weir.SinkID{Job: "job", Operator: "out2"}, Incarnation: 1, Attempt: 1},
		{SinkID: weir.SinkID{Job: "job2", Operator: "out"}, Incarnation: 1, Attempt: 1},
		{SinkID: weir.SinkID{Job: "jobo", Operator: "ut"}, Incarnation: 1, Attempt: 1},
	}
	prepared := make([][]byte, len(contexts))
	for i, c := range contexts {
		w := openWriter(t, sink, c)
		must(t, w.Write(t.Context(), []string{fmt.Sprint(i)}))
		prepared[i] = prepare(t, w, 7)
	}
	// One of them starts again, and its neighbours' prepared output stays.
	must(t, sink.Abort(ctx, contexts[0].SinkID))
	must(t, sink.Commit(ctx, prepared[1:]))
	if err := sink.Commit(ctx, prepared[:1]); err == nil {
		t.Error("what was undone is committed")
	}
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

// Subtasks of one attempt open one after the other, or not; none removes another's work.
// What earlier attempts left goes before that, also of subtasks that are no more.
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
		must(t, w.Write(t.Context(), []string{"old"}))
	}
	must(t, sink.Abort(t.Context(), first.SinkID))
	w := openWriter(t, sink, context(2, 1))
	must(t, w.Write(t.Context(), []string{"new"}))
	openWriter(t, sink, context(2, 0))
	_, hidden, err := visible(fsys, outDir)
	if err != nil || len(hidden) != 1 || !strings.Contains(hidden[0], "-1-2-1-1.") {
		t.Errorf("left: %q, %v", hidden, err)
	}
	must(t, sink.Commit(t.Context(), [][]byte{prepare(t, w, 1)}))
}

// A full disk heals; that the record was to be JSON does not make it the record's fault.
func TestJSONSinkOnFullDisk(t *testing.T) {
	for _, op := range []faultfs.Op{faultfs.Create, faultfs.Write} {
		full := faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: op, Name: "*.inprogress", K: 1, Err: syscall.ENOSPC})
		w := openWriter(t, JSONSinkOn[string](full, outDir), first)
		err := w.Write(t.Context(), []string{strings.Repeat("x", writeBytes)})
		if !errors.Is(err, syscall.ENOSPC) || weir.IsPermanent(err) {
			t.Errorf("got %v, want no space, not permanent", err)
		}
		must(t, w.Close())
	}
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
		test.rule.Name = "*.inprogress"
		sink := LinesSinkOn(faultfs.New(crashfs.New(crashfs.Strict), test.rule), outDir)
		w := openWriter(t, sink, first)
		err := w.Write(t.Context(), []string{strings.Repeat("x", writeBytes), "y"})
		when := "write"
		if err == nil {
			_, err = w.Prepare(t.Context(), 1)
			when = "prepare"
		}
		if !errors.Is(err, test.rule.Err) || when != test.when || !strings.Contains(err.Error(), outDir+"/.part-") || weir.IsPermanent(err) {
			t.Errorf("%v at %s, want %v at %s, with the file's name, not permanent", err, when, test.rule.Err, test.when)
		}
		// What was not written well is never prepared afterwards.
		if werr := w.Write(t.Context(), []string{"z"}); werr == nil {
			t.Errorf("%v: a later Write succeeds", err)
		}
		if p, perr := w.Prepare(t.Context(), 2); perr == nil {
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
