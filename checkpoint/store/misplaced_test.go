package store

import (
	"bytes"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

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
		"the seal of one after the payload of another": func(fsys *crashfs.FS, dirs [2]string, a, b map[string][]byte) string {
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
	const polynomial = uint64(0x11EDC6F41)
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
