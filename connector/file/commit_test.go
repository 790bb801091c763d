package file

import (
	"path"
	"slices"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

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
