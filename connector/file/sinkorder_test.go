package file

import (
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/logfs"
)

// The order of operations, pinned. How the folder is made is package durable's.
func TestSinkOperations(t *testing.T) {
	var log []string
	opening := false
	fsys := logfs.New(crashfs.New(crashfs.Strict), func(line string) {
		if !opening || strings.HasPrefix(line, "remove") {
			log = append(log, line)
		}
	}, logfs.Root("/data"),
		logfs.Rename(func(name string) string { return strings.ReplaceAll(name, ownerOf(first.SinkID).String(), "<out>") }))
	step := func(name string) { log = append(log, "# "+name) }
	ctx := t.Context()
	sink := LinesSinkOn(fsys, outDir)
	open := func(c weir.SinkContext) weir.Writer[string] {
		opening = true
		defer func() { opening = false }()
		return openWriter(t, sink, c)
	}

	step("open")
	must(t, sink.Abort(ctx, first.SinkID))
	w := open(first)
	step("nothing written")
	if p := prepare(t, w, 1); p != nil {
		t.Errorf("prepared %x of nothing", p)
	}
	step("write")
	must(t, w.Write(t.Context(), []string{"hello", "world"}))
	must(t, w.Write(t.Context(), []string{strings.Repeat("x", writeBytes)}))
	must(t, w.Write(t.Context(), []string{"end"}))
	step("prepare")
	two := prepare(t, w, 2)
	step("prepare once more, as 2 has failed")
	must(t, w.Write(t.Context(), []string{"more"}))
	three := prepare(t, w, 3)
	step("commit both")
	must(t, sink.Commit(ctx, [][]byte{two, three}))
	step("commit again")
	must(t, sink.Commit(ctx, [][]byte{two, three}))
	step("give up")
	must(t, w.Write(t.Context(), []string{"lost"}))
	must(t, w.Close())
	must(t, w.Close())
	step("crash, with something written and something prepared")
	w = open(first)
	must(t, w.Write(t.Context(), []string{"prepared"}))
	prepare(t, w, 4)
	must(t, w.Write(t.Context(), []string{strings.Repeat("y", writeBytes)}))
	step("abort and open again")
	must(t, sink.Abort(ctx, first.SinkID))
	again := first
	again.Attempt = 2
	w = open(again)
	step("a record that is refused")
	wantPermanent(t, w.Write(t.Context(), []string{"x", "y\nz"}), "newline")
	if _, err := w.Prepare(t.Context(), 5); err == nil {
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
# abort and open again
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
