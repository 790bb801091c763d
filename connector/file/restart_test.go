package file

import (
	"errors"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// preparedParts has a writer prepare one file per content, each for a checkpoint of its
// own, and returns the writer, what a checkpoint holds of them, and the same decoded.
func preparedParts(t *testing.T, sink weir.Sink[string], contents ...string) (w weir.Writer[string], elements [][]byte, parts []prepared) {
	t.Helper()
	w = openWriter(t, sink, first)
	for i, c := range contents {
		must(t, w.Write(t.Context(), []string{c}))
		e := prepare(t, w, checkpoint.ID(i+1))
		p, err := decodePrepared(e)
		must(t, err)
		elements, parts = append(elements, e), append(parts, p)
	}
	return w, elements, parts
}

// overwrite puts another content in the place of a file's.
func overwrite(t *testing.T, fsys durable.FS, name, content string) {
	t.Helper()
	must(t, fsys.Remove(path.Join(outDir, name)))
	must(t, durable.WriteFile(fsys, path.Join(outDir, name), []byte(content)))
}

// flipped is s with one bit changed.
func flipped(s string, bit int) string {
	b := []byte(s)
	b[bit/8] ^= 1 << (bit % 8)
	return string(b)
}

// After a restart no damaged part becomes visible, whichever bit it is, nor anything else
// that the checkpoint holds beside it; put right, everything does.
func TestDamageIsSeenBeforeItIsShown(t *testing.T) {
	const content = "one two\n"
	for bit := range 8 * len(content) {
		fsys := crashfs.New(crashfs.Strict)
		_, elements, parts := preparedParts(t, LinesSinkOn(fsys, outDir), "intact", strings.TrimSuffix(content, "\n"))
		damaged := parts[1].hidden
		overwrite(t, fsys, damaged, flipped(content, bit))

		again := LinesSinkOn(fsys, outDir)
		err := again.Commit(t.Context(), elements)
		wantPermanent(t, err, outDir+"/"+damaged, "damaged", "CRC32C", "8 bytes", "written and synced", "Nothing", "start again")
		records, hidden, err := visible(fsys, outDir)
		if err != nil || records != nil || len(hidden) != 2 {
			t.Fatalf("bit %d: visible %q, hidden %q, %v", bit, records, hidden, err)
		}
		if got, err := readFile(fsys, path.Join(outDir, damaged)); got != flipped(content, bit) {
			t.Fatalf("bit %d: the damaged file was changed: %q, %v", bit, got, err)
		}

		overwrite(t, fsys, damaged, content)
		must(t, again.Commit(t.Context(), elements))
		records, hidden, err = visible(fsys, outDir)
		if err != nil || !slices.Equal(records, []string{"intact", "one two"}) || hidden != nil {
			t.Fatalf("bit %d, put right: visible %q, hidden %q, %v", bit, records, hidden, err)
		}
	}
}

// An attempt that ends takes the trust in what it wrote with it, also within a process.
func TestDamageIsSeenByTheNextAttempt(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	sink := LinesSinkOn(fsys, outDir)
	w, elements, parts := preparedParts(t, sink, "one")
	must(t, w.Close())
	overwrite(t, fsys, parts[0].hidden, "two\n")
	wantPermanent(t, sink.Commit(t.Context(), elements), parts[0].hidden, "damaged")
}

// What was damaged after it had become visible is seen at the next start, too, as long as
// the checkpoint is the newest.
func TestDamageOfWhatIsVisible(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	_, elements, parts := preparedParts(t, LinesSinkOn(fsys, outDir), "one")
	must(t, LinesSinkOn(fsys, outDir).Commit(t.Context(), elements))
	overwrite(t, fsys, parts[0].visible, flipped("one\n", 9))
	wantPermanent(t, LinesSinkOn(fsys, outDir).Commit(t.Context(), elements),
		outDir+"/"+parts[0].visible, "made visible", "changed", "CRC32C", "start again")
}

// A readWatch is a file system that sees how files are read.
type readWatch struct {
	durable.FS
	read     []string // files that were opened
	tooEarly []string // read before they were dropped from the page cache
	largest  int      // bytes asked for at once
}

type watchedReader struct {
	durable.Reader
	w       *readWatch
	name    string
	evicted bool
}

func (w *readWatch) Open(name string) (durable.Reader, error) {
	w.read = append(w.read, path.Base(name))
	r, err := w.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &watchedReader{Reader: r, w: w, name: path.Base(name)}, nil
}

func (r *watchedReader) Evict() error {
	r.evicted = true
	return r.Reader.Evict()
}

func (r *watchedReader) ReadAt(p []byte, off int64) (int, error) {
	if !r.evicted {
		r.w.tooEarly = append(r.w.tooEarly, r.name)
	}
	r.w.largest = max(r.w.largest, len(p))
	return r.Reader.ReadAt(p, off)
}

// Files of all sizes, prepared by one writer at one checkpoint after the other, are read
// back once after a restart: from the disk, a piece at a time. While the attempt runs that
// wrote them they are not.
func TestReadBackAfterARestart(t *testing.T) {
	var contents []string
	for _, n := range []int{0, 1, writeBytes - 2, writeBytes - 1, writeBytes, 3*writeBytes + 7, 1 << 20} {
		contents = append(contents, strings.Repeat("x", n))
	}
	for _, restarted := range []bool{false, true} {
		w := &readWatch{FS: crashfs.New(crashfs.Strict)}
		sink := LinesSinkOn(w, outDir)
		_, elements, parts := preparedParts(t, sink, contents...)
		var want []string
		if restarted {
			sink = LinesSinkOn(w, outDir)
			for _, p := range parts {
				want = append(want, p.hidden)
			}
		}
		must(t, sink.Commit(t.Context(), elements))
		if !slices.Equal(w.read, want) || w.tooEarly != nil {
			t.Errorf("restarted %t: read %q, want %q; before they were dropped from the page cache: %q", restarted, w.read, want, w.tooEarly)
		}
		if w.largest > 256<<10 {
			t.Errorf("%d bytes are read at once", w.largest)
		}
		records, hidden, err := visible(w.FS, outDir)
		slices.Sort(contents)
		if err != nil || !slices.Equal(records, contents) || hidden != nil {
			t.Errorf("restarted %t: %d records visible, hidden %q, %v", restarted, len(records), hidden, err)
		}
	}
}

// What is visible already is read from the disk, too.
func TestReadBackOfWhatIsVisible(t *testing.T) {
	w := &readWatch{FS: crashfs.New(crashfs.Strict)}
	_, elements, parts := preparedParts(t, LinesSinkOn(w, outDir), "one")
	must(t, LinesSinkOn(w, outDir).Commit(t.Context(), elements))
	w.read = nil
	must(t, LinesSinkOn(w, outDir).Commit(t.Context(), elements))
	if !slices.Equal(w.read, []string{parts[0].visible}) || w.tooEarly != nil {
		t.Errorf("read %q, too early %q", w.read, w.tooEarly)
	}
}

// A start from the newest checkpoint by its path is given what that holds prepared twice.
func TestCommitTwiceAtOnce(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	_, elements, _ := preparedParts(t, LinesSinkOn(fsys, outDir), "one", "two")
	must(t, LinesSinkOn(fsys, outDir).Commit(t.Context(), slices.Concat(elements, elements)))
	records, hidden, err := visible(fsys, outDir)
	if err != nil || !slices.Equal(records, []string{"one", "two"}) || hidden != nil {
		t.Errorf("visible %q, hidden %q, %v", records, hidden, err)
	}
}

// A disk that cannot read just now has damaged nothing.
func TestUnreadableIsNotDamaged(t *testing.T) {
	disk := crashfs.New(crashfs.Strict)
	_, elements, parts := preparedParts(t, LinesSinkOn(disk, outDir), "one")
	for _, op := range []faultfs.Op{faultfs.Open, faultfs.Read} {
		faulty := faultfs.New(disk, faultfs.Rule{Ops: op, K: 1, Err: syscall.EIO})
		err := LinesSinkOn(faulty, outDir).Commit(t.Context(), elements)
		if !errors.Is(err, syscall.EIO) || weir.IsPermanent(err) || !strings.Contains(err.Error(), parts[0].hidden) {
			t.Errorf("got %v, want EIO of %s, not permanent", err, parts[0].hidden)
		}
		if open := faulty.StillOpen(); len(open) > 0 {
			t.Errorf("left open: %q", open)
		}
	}
	must(t, LinesSinkOn(disk, outDir).Commit(t.Context(), elements))
}

// What an earlier version has put into a checkpoint is understood, to the byte: it is the
// same today.
func TestPreparedOfEarlierVersions(t *testing.T) {
	want := prepared{
		hidden:   ".part-0a1b2c3d-7-2-1-3.inprogress",
		visible:  "part-0a1b2c3d-00001-000000042.txt",
		length:   300,
		checksum: 0xdeadbeef,
	}
	const old = "\x01" + "\x21.part-0a1b2c3d-7-2-1-3.inprogress" + "\x21part-0a1b2c3d-00001-000000042.txt" + "\xac\x02" + "\xde\xad\xbe\xef"
	if got, err := decodePrepared([]byte(old)); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got := want.encode(); string(got) != old {
		t.Errorf("encoded as %q, want %q", got, old)
	}
}
