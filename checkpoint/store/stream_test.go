package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// TestStreams writes streams of all lengths in pieces of all lengths and reads them
// back in others.
func TestStreams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fsys := crashfs.New(crashfs.Strict)
		if err := fsys.Mkdir(base); err != nil {
			t.Fatal(err)
		}
		opts := testOptions(1)
		opts.InlineThreshold = rapid.SampledFrom([]int{-1, 1, 100, 1 << 20}).Draw(t, "threshold")
		s, _, err := start(fsys, opts, From{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		size := rapid.SampledFrom([]int{0, 1, 99, 100, 101, bufferBytes - 1, bufferBytes, blockBytes - 1, blockBytes, 2*blockBytes + 17}).Draw(t, "size")
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i*7 + i>>8)
		}
		w := p.NewWriter("stream", 0)
		for rest := data; len(rest) > 0; {
			n := min(len(rest), rapid.SampledFrom([]int{0, 1, 50, 1000, bufferBytes, blockBytes, size}).Draw(t, "piece"))
			if n < 50 && len(rest) > 1000 {
				n = 500 // not byte by byte all the way
			}
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		b, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		if (b.Handle == nil) != (size == 0) || (b.File.Name != "") != (size > max(0, opts.InlineThreshold)) {
			t.Fatalf("%d bytes with threshold %d came to %+v", size, opts.InlineThreshold, b.Handle)
		}
		if err := p.Publish(metadataOf(p.ID(), []Blob{b}), []Blob{b}, testNames); err != nil {
			t.Fatal(err)
		}
		if size == 0 {
			return
		}
		c, err := s.Recover(From{})
		if err != nil {
			t.Fatal(err)
		}
		st, err := c.OpenStream(b.Handle)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		if st.Size() != int64(size) || st.Name() == "" {
			t.Fatalf("%s has %d bytes, want %d", st.Name(), st.Size(), size)
		}
		for range 20 {
			off := rapid.IntRange(0, size+3).Draw(t, "off")
			buf := make([]byte, rapid.SampledFrom([]int{0, 1, 100, blockBytes, size + 1}).Draw(t, "len"))
			n, err := st.ReadAt(buf, int64(off))
			want := data[min(off, size):min(off+len(buf), size)]
			if !bytes.Equal(buf[:n], want) || len(buf) > 0 && (n < len(buf)) != (err != nil) || err != nil && err != io.EOF {
				t.Fatalf("read %d bytes at %d of %d: %d, %v", len(buf), off, size, n, err)
			}
		}
	})
}

// TestSymlinks: on a real file system, a link in a checkpoint is not followed, and not
// taken for a whole checkpoint.
func TestSymlinks(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	s, err := Open(durable.OS(), dir, testJob, testOptions(1))
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	id := mustPublish(t, s, 1)
	file := filepath.Join(s.Dir(), "chk-1", "state-1")
	check(t, os.Rename(file, filepath.Join(dir, "elsewhere")))
	check(t, os.Symlink(filepath.Join(dir, "elsewhere"), file))
	_, err = s.Recover(From{})
	var damaged *DamagedError
	if !errors.As(err, &damaged) || damaged.Report.ID != id {
		t.Errorf("a link was followed: %v", err)
	}
	c, err := ReadCheckpoint(durable.OS(), filepath.Join(s.Dir(), "chk-1"), ReadOptions{})
	check(t, err)
	for ref := range c.Meta.Streams() {
		_, err := c.OpenStream(ref.Handle)
		wantText(t, err, "links are not followed")
	}
	check(t, s.Close())
}
