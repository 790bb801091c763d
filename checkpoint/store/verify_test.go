package store

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

func mustVerify(t testing.TB, fsys durable.FS, dir string, opts VerifyOptions) *Report {
	t.Helper()
	rep, err := Verify(fsys, dir, opts)
	check(t, err)
	return rep
}

// twoCheckpoints are two of the same shape, each with two state files and one state
// inline.
func twoCheckpoints(t testing.TB) (fsys *crashfs.FS, dirs [2]string) {
	t.Helper()
	fsys = newDisk(t)
	opts := testOptions(2)
	opts.InlineThreshold = 100
	s, _ := mustStart(t, fsys, opts)
	for i := range dirs {
		p, err := s.Begin()
		check(t, err)
		blobs, err := write(p, 2)
		check(t, err)
		w := p.NewWriter("small", 2)
		fmt.Fprintf(w, "inline of %v", p.ID())
		b, err := w.Close()
		check(t, err)
		blobs = append(blobs, b)
		check(t, p.Publish(metadataOf(p.ID(), blobs), blobs, testNames))
		dirs[i] = jobDir.Complete(p.ID())
	}
	check(t, s.Close())
	for _, dir := range dirs {
		if rep := mustVerify(t, fsys, dir, VerifyOptions{Job: &testJob}); !rep.Verified() || rep.Files != 2 || rep.Bytes != 2*138 {
			t.Fatalf("%s: %s", dir, rep.Verdict())
		}
	}
	return fsys, dirs
}

// contents reads all files of a checkpoint.
func contents(t testing.TB, fsys durable.FS, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range names(t, fsys, dir) {
		r, err := fsys.Open(checkpoint.FileIn(dir, name))
		check(t, err)
		data := make([]byte, r.Size())
		check(t, readFull(r, data, 0))
		all[name] = data
	}
	return all
}

// TestLocated: a finding says which block of which file, and all of them are found.
func TestLocated(t *testing.T) {
	fsys := newDisk(t)
	s, _ := mustStart(t, fsys, testOptions(1))
	p, err := s.Begin()
	check(t, err)
	w := p.NewWriter("words", 3)
	for i := range 12 * blockBytes / 16 {
		fmt.Fprintf(w, "%15d\n", i)
	}
	_, err = w.Write([]byte("and some more"))
	check(t, err)
	b, err := w.Close()
	check(t, err)
	check(t, p.Publish(metadataOf(p.ID(), []Blob{b}), []Blob{b}, testNames))
	dir := jobDir.Complete(p.ID())
	if rep := mustVerify(t, fsys, dir, VerifyOptions{}); !rep.Verified() || rep.Bytes != 12*blockBytes+13 {
		t.Fatal(rep.Verdict())
	}
	overwrite(t, fsys, path.Join(dir, b.File.Name), func(data []byte) []byte {
		data[2*blockBytes+5]++
		data[12*blockBytes]++
		return data
	})
	rep := mustVerify(t, fsys, dir, VerifyOptions{})
	if len(rep.Findings) != 2 || rep.Findings[0].Block != 2 || rep.Findings[1].Block != 12 ||
		rep.Findings[1].Offset != 12*blockBytes || rep.Findings[1].What != "words" || rep.Findings[1].Subtask != 3 {
		t.Error(rep.Verdict())
	}
	overwrite(t, fsys, path.Join(dir, b.File.Name), func(data []byte) []byte {
		for i := range data {
			data[i]++
		}
		return data
	})
	rep = mustVerify(t, fsys, dir, VerifyOptions{})
	if len(rep.Findings) != maxFindingsPerFile+1 || !strings.Contains(rep.Findings[maxFindingsPerFile].Problem, "5 more blocks") {
		t.Error(rep.Findings)
	}

	// A reader that has not verified gets the good blocks, and no byte of a bad one.
	overwrite(t, fsys, path.Join(dir, b.File.Name), func(data []byte) []byte {
		for i := range data {
			if i/blockBytes != 7 {
				data[i]--
			}
		}
		return data
	})
	c, err := ReadCheckpoint(fsys, dir, ReadOptions{})
	check(t, err)
	_, err = readAll(c, b.Handle)
	wantText(t, err, "is damaged in block 2, at byte 524288")
}

// An evictWatch is a file system that sees whether files are dropped from the page
// cache before they are read.
type evictWatch struct {
	durable.FS
	read, tooEarly []string
}

type watchedReader struct {
	durable.Reader
	w       *evictWatch
	name    string
	evicted bool
}

func (w *evictWatch) Open(name string) (durable.Reader, error) {
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
	r.w.read = append(r.w.read, r.name)
	if !r.evicted {
		r.w.tooEarly = append(r.w.tooEarly, r.name)
	}
	return r.Reader.ReadAt(p, off)
}

// TestPastTheCache: what recovery verifies comes from the disk. After a failed sync
// the page cache shows bytes that never got there.
func TestPastTheCache(t *testing.T) {
	w := &evictWatch{FS: withCheckpoints(t, 1)}
	mustStart(t, w, testOptions(1))
	for _, name := range []string{"_metadata", "state-1"} {
		if !slices.Contains(w.read, name) {
			t.Errorf("%s was not read", name)
		}
	}
	if len(w.tooEarly) > 0 {
		t.Errorf("read before they were dropped from the page cache: %v", w.tooEarly)
	}
}
