package file

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// What Commit refuses says what is wrong with which file and what to do, and does no harm:
// no file is touched, and what it advises leads to every record once.
func TestCommitRefuses(t *testing.T) {
	ctx := t.Context()
	setup := func(t *testing.T) (durable.FS, weir.Sink[string], prepared, []byte) {
		fsys := crashfs.New(crashfs.Strict)
		sink := LinesSinkOn(fsys, outDir)
		w := openWriter(t, sink, first)
		must(t, w.Write(t.Context(), []string{"one", "two"}))
		b := prepare(t, w, 1)
		p, err := decodePrepared(b)
		must(t, err)
		return fsys, sink, p, b
	}
	// moved commits again after the file was moved to another folder, as the error advises.
	moved := func(t *testing.T, fsys durable.FS, sink weir.Sink[string], name string, b []byte, want ...string) {
		t.Helper()
		must(t, fsys.Mkdir("/elsewhere"))
		must(t, fsys.Rename(path.Join(outDir, name), "/elsewhere/"+name))
		must(t, sink.Commit(ctx, [][]byte{b}))
		records, hidden, err := visible(fsys, outDir)
		if err != nil || !slices.Equal(records, want) || hidden != nil {
			t.Errorf("after it was moved: %q is visible, want %q; hidden %q, %v", records, want, hidden, err)
		}
	}
	t.Run("damaged", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, fsys.Remove(path.Join(outDir, p.hidden)))
		must(t, durable.WriteFile(fsys, path.Join(outDir, p.hidden), []byte("on")))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.hidden, "damaged", "2 bytes", "8 were written")
	})
	t.Run("a directory", func(t *testing.T) {
		fsys, sink, p, b := setup(t)
		must(t, fsys.Remove(path.Join(outDir, p.hidden)))
		must(t, fsys.Mkdir(path.Join(outDir, p.hidden)))
		wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.hidden, "not a regular file")
	})
	for _, other := range []string{"other output\n", "one\nTWO\n"} {
		t.Run("another file has the name, of "+strings.ReplaceAll(other, "\n", " "), func(t *testing.T) {
			fsys, sink, p, b := setup(t)
			must(t, durable.WriteFile(fsys, path.Join(outDir, p.visible), []byte(other)))
			wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.visible, "another file has the name", "No file was touched", "Move it to another folder")
			if got, err := readFile(fsys, path.Join(outDir, p.visible)); got != other {
				t.Errorf("it was changed: %q, %v", got, err)
			}
			moved(t, fsys, sink, p.visible, b, "one", "two")
		})
	}
	t.Run("changed since it was committed", func(t *testing.T) {
		for _, changed := range []string{"", "one\n", "one\nTWO\n", "one\ntwo\nthree\n"} {
			fsys, sink, p, b := setup(t)
			must(t, sink.Commit(ctx, [][]byte{b}))
			overwrite(t, fsys, p.visible, changed)
			wantPermanent(t, sink.Commit(ctx, [][]byte{b}), p.visible, "changed", "No file was touched", "move it to another folder")
			if got, err := readFile(fsys, path.Join(outDir, p.visible)); got != changed {
				t.Errorf("it was changed: %q, %v", got, err)
			}
			moved(t, fsys, sink, p.visible, b)
		}
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
		out, in := p, p
		out.visible = "../../etc/passwd"
		in.hidden = ".part-0a1b2c3d-../x.inprogress"
		long := slices.Concat(b[:len(b)-5], []byte{b[len(b)-5] | 0x80, 0}, b[len(b)-4:]) // the length, in two bytes
		for _, e := range [][]byte{nil, {}, {1}, {2}, b[:len(b)-1], append(slices.Clone(b), 0), long, out.encode(), in.encode()} {
			wantPermanent(t, sink.Commit(ctx, [][]byte{e}), "prepared output")
		}
	})
}
