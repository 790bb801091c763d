package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/inspect"
)

// small is a job with little state.
var small = madeJob{keys: 1}

// smallSealed writes a sealed checkpoint in the directory of a job.
func smallSealed(t testing.TB, maxBytes int) (dir string) {
	t.Helper()
	base := filepath.ToSlash(t.TempDir())
	j := small
	j.maxBytes = maxBytes
	if err := j.run(base, "words", 1, false); err != nil {
		t.Fatal(err)
	}
	return path.Join(base, flink.JobIDOf("words").String(), "chk-1")
}

func smallFlinks(t testing.TB, inline bool) (dir string) {
	t.Helper()
	dir = path.Join(filepath.ToSlash(t.TempDir()), "chk-7")
	if err := small.writeFlinks(dir, inline, ""); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An editedFS is a file system on which some files have other contents than on disk.
type editedFS struct {
	durable.FS
	files map[string][]byte // by absolute path
}

func (f editedFS) Stat(name string) (durable.Entry, error) {
	e, err := f.FS.Stat(name)
	if data, ok := f.files[name]; ok {
		e.Size = int64(len(data))
	}
	return e, err
}

func (f editedFS) ReadDir(name string) ([]durable.Entry, error) {
	listing, err := f.FS.ReadDir(name)
	for i := range listing {
		if data, ok := f.files[path.Join(name, listing[i].Name)]; ok {
			listing[i].Size = int64(len(data))
		}
	}
	return listing, err
}

func (f editedFS) Open(name string) (durable.Reader, error) {
	if data, ok := f.files[name]; ok {
		return memoryReader{bytes.NewReader(data)}, nil
	}
	return f.FS.Open(name)
}

type memoryReader struct{ *bytes.Reader }

func (r memoryReader) Size() int64  { return r.Reader.Size() }
func (r memoryReader) Evict() error { return nil }
func (r memoryReader) Close() error { return nil }

// behave runs verbs on a checkpoint that may be anything. They end with one of their exit codes
// and write nothing that a terminal obeys.
func behave(t testing.TB, fsys durable.FS, dir string) (verifyCode int) {
	for _, args := range [][]string{
		{"ls", dir}, {"ls", "--json", path.Dir(dir)},
		{"inspect", "--keys", dir}, {"inspect", "--keys", "--json", dir},
		{"verify", "--json", path.Dir(dir)},
		{"scrub", "--rate", "0", path.Dir(dir)}, {"prune", "--keep", "1", "--dry-run", path.Dir(dir)},
	} {
		behaves(t, fsys, args)
	}
	return behaves(t, fsys, []string{"verify", dir})
}

// behaveDeep runs verbs that decode and compare, also with a checkpoint that is good.
func behaveDeep(t testing.TB, fsys durable.FS, dir, good string) {
	for _, args := range [][]string{
		{"verify", "--deep", dir}, {"verify", "--deep", "--json", path.Dir(dir)},
		{"export", dir}, {"export", "--format", "csv", dir}, {"export", "--format", "csv", "--state", "count", dir},
		{"diff", "--keys", dir, good}, {"find", dir, "key-3"}, {"find", "--json", dir, "5"}, {"diff", "--keys", "--json", good, dir}, {"diff", "--keys", "--json", dir, dir},
	} {
		behaves(t, fsys, args)
	}
	if code := behaves(t, fsys, []string{"diff", "--keys", dir, dir}); code == exitDifferent {
		t.Errorf("%s differs from itself", dir)
	}
}

// behaves runs a command line.
func behaves(t testing.TB, fsys durable.FS, args []string) (code int) {
	stdout, stderr, code := runOn(fsys, append(args, flagsFor(args[0])...)...)
	if code < exitGood || code > exitFailed {
		t.Errorf("%s ends with %d", args, code)
	}
	for _, r := range stdout + stderr {
		if r != '\n' && inspect.Hidden(r) {
			t.Errorf("%s writes %q", args, r)
		}
	}
	return code
}

func flagsFor(verb string) []string {
	if verb == "ls" {
		return nil
	}
	return []string{"--max-block", "1MiB"}
}

// places yields the numbers below n: all of them, or with -short some that are drawn from a
// seed, which is logged.
func places(t *testing.T, n int) []int {
	t.Helper()
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	const few = 60
	if !testing.Short() || n <= few {
		return all
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("WEIR_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("WEIR_SEED=%d", seed)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:few]
}

// shared does work on parts of list at the same time.
func shared(t *testing.T, list []int, work func(t *testing.T, part []int)) {
	parts := runtime.GOMAXPROCS(0)
	for i := range parts {
		t.Run(fmt.Sprint("part ", i), func(t *testing.T) {
			t.Parallel()
			work(t, list[len(list)*i/parts:len(list)*(i+1)/parts])
		})
	}
}

// TestSealedMutated changes every byte of a sealed checkpoint's files, and cuts them off at
// every length: it is never called verified, or good in any way.
func TestSealedMutated(t *testing.T) {
	t.Parallel()
	for _, maxBytes := range []int{0, -1} {
		dir := smallSealed(t, maxBytes)
		names, err := filepath.Glob(filepath.FromSlash(dir) + "/*")
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, name := range names {
			if files[filepath.ToSlash(name)], err = os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
		for file, good := range files {
			shared(t, places(t, len(good)), func(t *testing.T, part []int) {
				edited := editedFS{durable.OS(), maps.Clone(files)}
				check := func(what string, i int, data []byte) {
					edited.files[file] = data
					if _, _, code := runOn(edited, "verify", dir); code != exitDamaged {
						t.Errorf("%s, %s %d: exit code %d", filepath.Base(file), what, i, code)
					}
				}
				for _, i := range part {
					data := bytes.Clone(good)
					data[i] ^= 1 << (i % 8)
					check("changed byte", i, data)
					check("cut off at", i, good[:i])
				}
			})
		}
		if _, _, code := runOn(editedFS{durable.OS(), files}, "verify", dir); code != exitGood {
			t.Errorf("unchanged: exit code %d", code)
		}
	}
}

// TestFlinksMutated changes every byte of a checkpoint without a seal. Not every change can be
// found; but each verb must end in order.
func TestFlinksMutated(t *testing.T) {
	t.Parallel()
	dir, other := smallFlinks(t, true), smallFlinks(t, false)
	file := checkpoint.MetadataIn(dir)
	good, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	var damaged, failed atomic.Int32
	t.Run("every byte", func(t *testing.T) {
		shared(t, places(t, len(good)), func(t *testing.T, part []int) {
			edited := editedFS{durable.OS(), map[string][]byte{}}
			for _, i := range part {
				data := bytes.Clone(good)
				data[i] ^= []byte{0x01, 0x80, 0xFF}[i%3]
				edited.files[file] = data
				switch behave(t, edited, dir) {
				case exitDamaged:
					damaged.Add(1)
				case exitFailed:
					failed.Add(1)
				}
				if i%5 == 0 {
					behaveDeep(t, edited, dir, other)
				}
			}
		})
	})
	if damaged.Load() == 0 || failed.Load() > 0 {
		t.Errorf("verify: damaged %d times, failed %d times", damaged.Load(), failed.Load())
	}
}

// FuzzCheckpoint looks at a checkpoint with any metadata and any state.
func FuzzCheckpoint(f *testing.F) {
	add := func(dir, state string) {
		meta, err := os.ReadFile(filepath.FromSlash(checkpoint.MetadataIn(dir)))
		if err != nil {
			f.Fatal(err)
		}
		data := []byte(nil)
		if state != "" {
			if data, err = os.ReadFile(filepath.FromSlash(path.Join(dir, state))); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(meta, data)
	}
	add(smallSealed(f, 0), "")
	add(smallFlinks(f, true), "")
	add(smallFlinks(f, false), "state-2")
	dir := path.Join(filepath.ToSlash(f.TempDir()), "e26755e342920e3b2790c00553617b42", "chk-7")
	if err := os.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{checkpoint.MetadataName, "state-2"} {
		if err := os.WriteFile(filepath.FromSlash(path.Join(dir, name)), nil, 0o666); err != nil {
			f.Fatal(err)
		}
	}
	other := smallFlinks(f, true)
	f.Fuzz(func(t *testing.T, meta, state []byte) {
		fsys := editedFS{durable.OS(), map[string][]byte{
			checkpoint.MetadataIn(dir): meta, path.Join(dir, "state-2"): state,
		}}
		behave(t, fsys, dir)
		behaveDeep(t, fsys, dir, other)
	})
}
