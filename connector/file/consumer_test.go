package file

import (
	"bytes"
	"compress/gzip"
	"errors"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// logged returns a function that returns the lines that were logged since it was called
// last.
func logged(t *testing.T) func() []string {
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return func() []string {
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		b.Reset()
		return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	}
}

// published is a folder on the real disk with the output of checkpoint 1, made visible; and what
// checkpoint 1 holds.
func published(t *testing.T) (dir, visible string, elements [][]byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	sink := LinesSinkOn(unsynced(), filepath.ToSlash(dir))
	release := claim(t, sink, weir.Claim{SinkID: first.SinkID, Lineage: "a", Fresh: true})
	w := openWriter(t, sink, first)
	must(t, w.Write(t.Context(), []string{"one", "two"}))
	elements = [][]byte{prepare(t, w, 1)}
	must(t, sink.Commit(t.Context(), elements))
	must(t, w.Close())
	release()
	p, err := decodePrepared(elements[0])
	must(t, err)
	return dir, filepath.Join(dir, p.visible), elements
}

// Whatever consumers do to output that was committed, a start that commits it again, as it
// must if the process was killed before it could note that, goes on: it writes nothing of
// it again, and says once what it has not found.
func TestConsumers(t *testing.T) {
	for _, test := range []struct {
		name  string
		do    func(t *testing.T, dir, visible string)
		taken bool // a warning is logged
	}{
		{"none", func(*testing.T, string, string) {}, false},
		{"moves it", func(t *testing.T, dir, visible string) {
			must(t, os.Rename(visible, filepath.Join(t.TempDir(), "taken")))
		}, true},
		{"renames it", func(t *testing.T, dir, visible string) { must(t, os.Rename(visible, visible+".done")) }, true},
		{"deletes it", func(t *testing.T, dir, visible string) { must(t, os.Remove(visible)) }, true},
		{"compresses it", func(t *testing.T, dir, visible string) {
			content, err := os.ReadFile(visible)
			must(t, err)
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(content)
			must(t, z.Close())
			must(t, os.WriteFile(visible+".gz", b.Bytes(), 0o666))
			must(t, os.Remove(visible))
		}, true},
		{"leaves a link to where it is now", func(t *testing.T, dir, visible string) {
			to := filepath.Join(t.TempDir(), "taken")
			must(t, os.Rename(visible, to))
			must(t, os.Symlink(to, visible))
		}, true},
		{"links it", func(t *testing.T, dir, visible string) {
			must(t, os.Link(visible, filepath.Join(t.TempDir(), "link")))
		}, false},
		{"makes it read-only", func(t *testing.T, dir, visible string) { must(t, os.Chmod(visible, 0o400)) }, false},
		{"touches it", func(t *testing.T, dir, visible string) {
			must(t, os.Chtimes(visible, time.Unix(1, 0), time.Unix(1, 0)))
		}, false},
		{"deletes the folder", func(t *testing.T, dir, visible string) { must(t, os.RemoveAll(dir)) }, true},
		{"moves the folder", func(t *testing.T, dir, visible string) { must(t, os.Rename(dir, dir+".done")) }, true},
		{"puts an empty folder in its place", func(t *testing.T, dir, visible string) {
			must(t, os.Rename(dir, dir+".done"))
			must(t, os.Mkdir(dir, 0o777))
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, visible, elements := published(t)
			test.do(t, dir, visible)
			log := logged(t)

			sink := LinesSinkOn(unsynced(), filepath.ToSlash(dir))
			claim(t, sink, weir.Claim{SinkID: first.SinkID, Lineage: "a", From: 1})
			must(t, sink.Commit(t.Context(), elements))
			must(t, sink.Abort(t.Context(), first.SinkID))
			lines := log()
			switch {
			case !test.taken && len(lines) > 0:
				t.Errorf("logged %q", lines)
			case test.taken && (len(lines) != 1 || !strings.Contains(lines[0], "files=1 first="+filepath.Base(visible))):
				t.Errorf("logged %q, want one line with a count and the name", lines)
			}

			again := first
			again.Incarnation = 2
			w := openWriter(t, sink, again)
			must(t, w.Write(t.Context(), []string{"three"}))
			must(t, sink.Commit(t.Context(), [][]byte{prepare(t, w, 2)}))
			files, err := filepath.Glob(filepath.Join(dir, "part-*-000000002-*.txt"))
			if err != nil || len(files) != 1 {
				t.Errorf("of checkpoint 2 %q is visible, %v", files, err)
			}
			if lines := log(); len(lines) > 0 {
				t.Errorf("and then logged %q", lines)
			}
		})
	}
}

// A file that its consumer keeps others from reading is there.
func TestConsumerForbidsReading(t *testing.T) {
	dir, visible, elements := published(t)
	log := logged(t)
	for _, op := range []faultfs.Op{faultfs.Open, faultfs.Read} {
		for _, err := range []error{syscall.EACCES, syscall.EPERM} {
			fsys := faultfs.New(durable.OS(), faultfs.Rule{Ops: op, Name: filepath.Base(visible), K: 1, Err: err})
			must(t, LinesSinkOn(fsys, filepath.ToSlash(dir)).Commit(t.Context(), elements))
			if fsys.Fired(0) == 0 {
				t.Error("it was not read")
			}
		}
	}
	if lines := log(); len(lines) > 0 {
		t.Errorf("logged %q", lines)
	}
}

// In a folder that was made read-only a run is refused at its start, or at its commit if
// that happens later: it goes on when the folder can be written to.
func TestReadOnlyFolder(t *testing.T) {
	for _, err := range []error{syscall.EACCES, syscall.EROFS} {
		dir := t.TempDir()
		fsys := faultfs.New(durable.OS(),
			faultfs.Rule{Ops: faultfs.Lock, K: 1, Err: err},
			faultfs.Rule{Ops: faultfs.Rename, K: 1, Err: err})
		sink := LinesSinkOn(fsys, filepath.ToSlash(dir))
		c := weir.Claim{SinkID: first.SinkID}
		if _, got := sink.(weir.Claimer).Claim(t.Context(), c); !errors.Is(got, err) || weir.IsPermanent(got) || !strings.Contains(got.Error(), dir) {
			t.Errorf("got %v, want %v, with the folder, not permanent", got, err)
		}
		claim(t, sink, c)
		w := openWriter(t, sink, first)
		must(t, w.Write(t.Context(), []string{"one"}))
		elements := [][]byte{prepare(t, w, 1)}
		if got := sink.Commit(t.Context(), elements); !errors.Is(got, err) || weir.IsPermanent(got) || !strings.Contains(got.Error(), dir) {
			t.Errorf("got %v, want %v, with the folder, not permanent", got, err)
		}
		must(t, sink.Commit(t.Context(), elements))
	}
}

// What is removed, or moved away with its folder, while it is written is missed when it is
// prepared: that attempt fails, and the next one writes it again.
func TestRemovedWhileWritten(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, dir, hidden string){
		"removed":          func(t *testing.T, dir, hidden string) { must(t, os.Remove(hidden)) },
		"renamed":          func(t *testing.T, dir, hidden string) { must(t, os.Rename(hidden, hidden+".old")) },
		"written to":       func(t *testing.T, dir, hidden string) { add(t, hidden, []byte("of another program\n")) },
		"the folder moved": func(t *testing.T, dir, hidden string) { must(t, os.Rename(dir, dir+".done")) },
		"the folder hidden": func(t *testing.T, dir, hidden string) {
			must(t, os.Rename(dir, dir+".below"))
			must(t, os.Mkdir(dir, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			sink := LinesSink(dir)
			w := openWriter(t, sink, first)
			must(t, w.Write(t.Context(), []string{"before"}))
			before := [][]byte{prepare(t, w, 1)}
			must(t, sink.Commit(t.Context(), before))
			lines := []string{strings.Repeat("x", writeBytes), "end"}
			must(t, w.Write(t.Context(), lines))
			hidden := w.(*writer[string]).parts.path()
			do(t, dir, hidden)
			p, err := w.Prepare(t.Context(), 2)
			if err == nil || weir.IsPermanent(err) || !strings.Contains(err.Error(), dir) {
				t.Fatalf("prepared %x, %v; want an error with the folder's name, not permanent", p, err)
			}
			if err := w.Write(t.Context(), lines); err == nil {
				t.Error("a Write after that succeeds")
			}
			if p, err := w.Prepare(t.Context(), 3); err == nil {
				t.Errorf("a Prepare after that succeeds: %x", p)
			}
			must(t, w.Close())

			log := logged(t)
			must(t, sink.Commit(t.Context(), before))
			must(t, sink.Abort(t.Context(), first.SinkID))
			again := first
			again.Attempt = 2
			w = openWriter(t, sink, again)
			must(t, w.Write(t.Context(), lines))
			must(t, sink.Commit(t.Context(), [][]byte{prepare(t, w, 4)}))
			records, _, err := visible(durable.OS(), filepath.ToSlash(dir))
			if want := 3 - len(log()); err != nil || len(records) != want {
				t.Errorf("%d records are visible, want %d, %v", len(records), want, err)
			}
		})
	}
}

// What is removed between Prepare and Commit by the same attempt was never visible. That is
// an error and no warning, and names what to look for. After a restart it could have been
// taken by a consumer.
func TestRemovedBeforeItWasVisible(t *testing.T) {
	log := logged(t)
	dir := filepath.Join(t.TempDir(), "out")
	sink := LinesSinkOn(unsynced(), filepath.ToSlash(dir))
	w, elements, parts := preparedParts(t, sink, "one", "two")
	must(t, os.Remove(filepath.Join(dir, parts[1].hidden)))
	err := sink.Commit(t.Context(), elements)
	if err == nil || weir.IsPermanent(err) || !strings.Contains(err.Error(), parts[1].hidden) || !strings.Contains(err.Error(), "lost") {
		t.Errorf("got %v", err)
	}
	if records, _, err := visible(durable.OS(), filepath.ToSlash(dir)); err != nil || records != nil {
		t.Errorf("visible: %q, %v", records, err)
	}
	if lines := log(); len(lines) > 0 {
		t.Errorf("logged %q", lines)
	}
	must(t, w.Close())
	must(t, sink.Commit(t.Context(), elements))
	if records, _, err := visible(durable.OS(), filepath.ToSlash(dir)); err != nil || !slices.Equal(records, []string{"one"}) {
		t.Errorf("visible: %q, %v", records, err)
	}
	if lines := log(); len(lines) != 1 || !strings.Contains(lines[0], parts[1].hidden) {
		t.Errorf("logged %q, want one line with %s", lines, parts[1].hidden)
	}
}

// That one writer is closed does not make what another one has prepared a consumer's.
func TestWritersAreTrustedEach(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	sink := LinesSinkOn(fsys, outDir)
	other := first
	other.Subtask = 1
	o := openWriter(t, sink, other)
	must(t, o.Write(t.Context(), []string{"other"}))
	prepare(t, o, 1)
	_, elements, parts := preparedParts(t, sink, "one")
	must(t, o.Close())
	must(t, fsys.Remove(path.Join(outDir, parts[0].hidden)))
	if err := sink.Commit(t.Context(), elements); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("got %v", err)
	}
}

// A file that another program removes at the same time is gone, and a commit that comes too
// late for one says so.
func TestRemovedMeanwhile(t *testing.T) {
	fsys := faultfs.New(crashfs.New(crashfs.Strict),
		faultfs.Rule{Ops: faultfs.Remove, Name: "*.inprogress", K: 1, Do: faultfs.FailAfter, Err: syscall.ENOENT},
		faultfs.Rule{Ops: faultfs.Rename, K: 1, Err: syscall.ENOENT})
	sink := LinesSinkOn(fsys, outDir)
	_, elements, _ := preparedParts(t, sink, "one")
	if err := sink.Commit(t.Context(), elements); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("got %v", err)
	}
	must(t, sink.Abort(t.Context(), first.SinkID))
	if _, hidden, err := visible(fsys, outDir); err != nil || hidden != nil || fsys.Fired(0) != 1 {
		t.Errorf("left: %q, %v", hidden, err)
	}
	// A consumer takes a file while it is being looked at.
	dir, name, elements := published(t)
	log := logged(t)
	taken := faultfs.New(durable.OS(), faultfs.Rule{Ops: faultfs.Stat, Name: filepath.Base(name), K: 2, Err: syscall.ENOENT})
	must(t, LinesSinkOn(taken, filepath.ToSlash(dir)).Commit(t.Context(), elements))
	if lines := log(); len(lines) != 1 || taken.Fired(0) != 1 {
		t.Errorf("logged %q", lines)
	}
}

// A writer that is closed takes nothing any more.
func TestClosedWriter(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	w := openWriter(t, LinesSinkOn(fsys, outDir), first)
	must(t, w.Close())
	if err := w.Write(t.Context(), []string{"one"}); err == nil {
		t.Error("it writes")
	}
	if p, err := w.Prepare(t.Context(), 1); err == nil {
		t.Errorf("it prepares %x", p)
	}
	must(t, w.Close())
	if _, hidden, err := visible(fsys, outDir); err != nil || hidden != nil {
		t.Errorf("left: %q, %v", hidden, err)
	}
}
