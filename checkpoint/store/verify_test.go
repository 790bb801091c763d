package store

import (
	"bytes"
	"fmt"
	"hash/crc32"
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
		check(t, p.Publish(metadataOf(p.ID(), blobs), blobs))
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

// TestEveryBit flips every single bit of a sealed checkpoint.
func TestEveryBit(t *testing.T) {
	fsys, dirs := twoCheckpoints(t)
	for name, data := range contents(t, fsys, dirs[1]) {
		for bit := range 8 * len(data) {
			overwrite(t, fsys, checkpoint.FileIn(dirs[1], name), func([]byte) []byte { return flipBit(bit)(bytes.Clone(data)) })
			if rep := mustVerify(t, fsys, dirs[1], VerifyOptions{}); rep.Verified() || len(rep.Findings) == 0 {
				t.Errorf("bit %d of %s: %s", bit, name, rep.Verdict())
			}
		}
		overwrite(t, fsys, checkpoint.FileIn(dirs[1], name), func([]byte) []byte { return data })
	}
	if rep := mustVerify(t, fsys, dirs[1], VerifyOptions{}); !rep.Verified() {
		t.Errorf("put back as it was: %s", rep.Verdict())
	}
}

// TestEveryLength cuts every file of a sealed checkpoint off at every length, and adds
// to it.
func TestEveryLength(t *testing.T) {
	fsys, dirs := twoCheckpoints(t)
	for name, data := range contents(t, fsys, dirs[1]) {
		longer := append(bytes.Clone(data), make([]byte, 40)...)
		payload := -1
		if name == checkpoint.MetadataName {
			p, _, err := splitSeal(data)
			check(t, err)
			payload = len(p)
		}
		for n := range len(longer) + 1 {
			if n == len(data) {
				continue
			}
			overwrite(t, fsys, checkpoint.FileIn(dirs[1], name), func([]byte) []byte { return longer[:n] })
			rep := mustVerify(t, fsys, dirs[1], VerifyOptions{MustBeSealed: true})
			if rep.Verified() || len(rep.Findings) == 0 {
				t.Errorf("%s cut to %d of %d bytes: %s", name, n, len(data), rep.Verdict())
			}
			// Cut exactly where Flink's payload ends it looks like one of Flink's, and even
			// then it is not said to be verified.
			rep = mustVerify(t, fsys, dirs[1], VerifyOptions{})
			if rep.Verified() || len(rep.Findings) == 0 && n != payload {
				t.Errorf("%s cut to %d of %d bytes: %s", name, n, len(data), rep.Verdict())
			}
		}
		overwrite(t, fsys, checkpoint.FileIn(dirs[1], name), func([]byte) []byte { return data })
	}
}

// TestMisplaced puts whole, well-formed files where they do not belong.
func TestMisplaced(t *testing.T) {
	put := func(fsys durable.FS, name string, data []byte) {
		overwrite(t, fsys, name, func([]byte) []byte { return data })
	}
	for name, do := range map[string]func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string{
		"two files swapped": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			put(fsys, dirs[1]+"/state-4", b["state-5"])
			put(fsys, dirs[1]+"/state-5", b["state-4"])
			return dirs[1]
		},
		"a file of another checkpoint": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			put(fsys, dirs[1]+"/state-4", a["state-1"])
			return dirs[1]
		},
		"the metadata of another checkpoint": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			put(fsys, dirs[1]+"/_metadata", a["_metadata"])
			return dirs[1]
		},
		"an old checkpoint under a new name": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			to := jobDir.Complete(9)
			check(t, fsys.Rename(dirs[0], to))
			return to
		},
		"a missing file": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			check(t, fsys.Remove(dirs[1]+"/state-5"))
			return dirs[1]
		},
		"a directory instead of a file": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			check(t, fsys.Remove(dirs[1]+"/state-5"))
			check(t, fsys.Mkdir(dirs[1]+"/state-5"))
			return dirs[1]
		},
		"no metadata": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			check(t, fsys.Remove(dirs[1]+"/_metadata"))
			return dirs[1]
		},
		"the seal of one behind the payload of another": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			pa, _, err := splitSeal(a["_metadata"])
			check(t, err)
			pb, _, err := splitSeal(b["_metadata"])
			check(t, err)
			put(fsys, dirs[1]+"/_metadata", append(bytes.Clone(pa), b["_metadata"][len(pb):]...))
			return dirs[1]
		},
		"another file with the same checksums of blocks": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
			put(fsys, dirs[1]+"/state-4", sameCRC(t, b["state-4"]))
			return dirs[1]
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys, dirs := twoCheckpoints(t)
			dir := do(fsys, dirs, contents(t, fsys, dirs[0]), contents(t, fsys, dirs[1]))
			rep := mustVerify(t, fsys, dir, VerifyOptions{})
			if rep.Verified() || len(rep.Findings) == 0 {
				t.Error(rep.Verdict())
			}
			t.Log(rep.Verdict())
		})
	}
	t.Run("another job's", func(t *testing.T) {
		fsys, dirs := twoCheckpoints(t)
		if rep := mustVerify(t, fsys, dirs[0], VerifyOptions{Job: &otherJob}); rep.Verified() {
			t.Error(rep.Verdict())
		}
	})
	t.Run("a file too many", func(t *testing.T) {
		fsys, dirs := twoCheckpoints(t)
		check(t, durable.WriteFile(fsys, dirs[0]+"/notes", nil))
		rep := mustVerify(t, fsys, dirs[0], VerifyOptions{})
		if !rep.Verified() || !slices.Equal(rep.Strangers, []string{"notes"}) {
			t.Errorf("%s; strangers %v", rep.Verdict(), rep.Strangers)
		}
	})
}

// sameCRC changes data so that its CRC32C stays: by a multiple of the polynomial.
func sameCRC(t testing.TB, data []byte) []byte {
	forged := bytes.Clone(data)
	const polynomial = 0x11EDC6F41
	for i := range 33 {
		if polynomial>>(32-i)&1 != 0 {
			forged[(40+i)/8] ^= 1 << ((40 + i) % 8)
		}
	}
	if crc32.Checksum(forged, castagnoli) != crc32.Checksum(data, castagnoli) || bytes.Equal(forged, data) {
		t.Fatal("the forgery failed")
	}
	return forged
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
	check(t, p.Publish(metadataOf(p.ID(), []Blob{b}), []Blob{b}))
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

	// Who reads without having verified gets the good blocks, and no byte of a bad one.
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
