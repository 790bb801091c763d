package file

import (
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
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
		logfs.Rename(func(name string) string {
			name = strings.ReplaceAll(name, ownerOf(first.SinkID).String(), "<out>")
			return strings.ReplaceAll(name, run{lineageOf("a"), 1}.String(), "<run>")
		}))
	step := func(name string) { log = append(log, "# "+name) }
	ctx := t.Context()
	out := LinesSinkOn(fsys, outDir).(sink[string])
	out.running.draw = func() uint32 { return 1 }
	open := func(c weir.SinkContext) weir.Writer[string] {
		opening = true
		defer func() { opening = false }()
		return openWriter(t, out, c)
	}

	must(t, durable.MkdirAll(fsys, outDir))
	log = nil

	step("claim")
	release := claim(t, out, weir.Claim{SinkID: first.SinkID, Owner: "process 1", Lineage: "a", Fresh: true})
	step("open")
	must(t, out.Abort(ctx, first.SinkID))
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
	must(t, out.Commit(ctx, [][]byte{two, three}))
	step("commit again")
	must(t, out.Commit(ctx, [][]byte{two, three}))
	step("close")
	must(t, w.Write(t.Context(), []string{"lost"}))
	must(t, w.Close())
	must(t, w.Close())
	step("crash, with something written and something prepared")
	w = open(first)
	must(t, w.Write(t.Context(), []string{"prepared"}))
	prepare(t, w, 4)
	must(t, w.Write(t.Context(), []string{strings.Repeat("y", writeBytes)}))
	step("abort and open again")
	must(t, out.Abort(ctx, first.SinkID))
	again := first
	again.Attempt = 2
	w = open(again)
	step("a record that is refused")
	wantPermanent(t, w.Write(t.Context(), []string{"x", "y\nz"}), "newline")
	if _, err := w.Prepare(t.Context(), 5); err == nil {
		t.Error("prepared what was not written")
	}
	must(t, w.Close())
	step("release")
	release()

	const want = `# claim
sync-dir .
sync-dir out
lock out/.lock-<out>
write-at out/.lock-<out> 0 512
# open
# nothing written
# write
create out/.part-<out>-<run>-1-1-0-1.inprogress
write out/.part-<out>-<run>-1-1-0-1.inprogress 65548
# prepare
write out/.part-<out>-<run>-1-1-0-1.inprogress 5
sync out/.part-<out>-<run>-1-1-0-1.inprogress
close out/.part-<out>-<run>-1-1-0-1.inprogress
sync-dir out
# prepare once more, as 2 has failed
create out/.part-<out>-<run>-1-1-0-2.inprogress
write out/.part-<out>-<run>-1-1-0-2.inprogress 5
sync out/.part-<out>-<run>-1-1-0-2.inprogress
close out/.part-<out>-<run>-1-1-0-2.inprogress
sync-dir out
# commit both
rename out/.part-<out>-<run>-1-1-0-1.inprogress -> out/part-<out>-00000-000000002-<run>.txt
rename out/.part-<out>-<run>-1-1-0-2.inprogress -> out/part-<out>-00000-000000003-<run>.txt
sync-dir out
# commit again
sync-dir out
# close
create out/.part-<out>-<run>-1-1-0-3.inprogress
close out/.part-<out>-<run>-1-1-0-3.inprogress
remove out/.part-<out>-<run>-1-1-0-3.inprogress
# crash, with something written and something prepared
create out/.part-<out>-<run>-1-1-0-1.inprogress
write out/.part-<out>-<run>-1-1-0-1.inprogress 9
sync out/.part-<out>-<run>-1-1-0-1.inprogress
close out/.part-<out>-<run>-1-1-0-1.inprogress
sync-dir out
create out/.part-<out>-<run>-1-1-0-2.inprogress
write out/.part-<out>-<run>-1-1-0-2.inprogress 65536
# abort and open again
remove out/.part-<out>-<run>-1-1-0-1.inprogress
remove out/.part-<out>-<run>-1-1-0-2.inprogress
# a record that is refused
create out/.part-<out>-<run>-1-2-0-1.inprogress
close out/.part-<out>-<run>-1-2-0-1.inprogress
remove out/.part-<out>-<run>-1-2-0-1.inprogress
# release
remove out/.lock-<out>
close out/.lock-<out>
`
	if got := strings.Join(log, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
