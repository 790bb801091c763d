package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// small is a job with little state.
var small = madeJob{keys: 1}

// smallSealed is a sealed checkpoint of a job's own directory.
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

// behave runs all verbs on a checkpoint that may be anything. They end with an exit code
// of theirs and write nothing that a terminal obeys.
func behave(t testing.TB, dir string) (verifyCode int) {
	for _, args := range [][]string{
		{"ls", dir}, {"ls", "--json", path.Dir(dir)},
		{"inspect", "--keys", dir}, {"inspect", "--keys", "--json", dir},
		{"verify", dir}, {"verify", "--json", path.Dir(dir)},
	} {
		stdout, stderr, code := run(append(args, flagsFor(args[0])...)...)
		if code < exitGood || code > exitFailed {
			t.Errorf("%s ends with %d", args, code)
		}
		if args[0] == "verify" && args[1] == dir {
			verifyCode = code
		}
		for _, r := range stdout + stderr {
			if r != '\n' && obeyed(r) {
				t.Errorf("%s writes %q", args, r)
			}
		}
	}
	return verifyCode
}

func flagsFor(verb string) []string {
	if verb == "ls" {
		return nil
	}
	return []string{"--max-block", "1MiB"}
}

// TestSealedMutated changes every byte of a sealed checkpoint's files, and cuts them off
// at every length: it is never called verified, or good in any way.
func TestSealedMutated(t *testing.T) {
	for _, maxBytes := range []int{0, -1} {
		dir := smallSealed(t, maxBytes)
		files, err := filepath.Glob(filepath.FromSlash(dir) + "/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string, i int, data []byte) {
				overwrite(t, file, data)
				if _, _, code := run("verify", dir); code != exitDamaged {
					t.Errorf("%s, %s %d: exit code %d", filepath.Base(file), what, i, code)
				}
			}
			for i := range good {
				data := []byte(strings.Clone(string(good)))
				data[i] ^= 1 << (i % 8)
				check("changed byte", i, data)
				check("cut off at", i, good[:i])
			}
			overwrite(t, file, good)
		}
		if _, _, code := run("verify", dir); code != exitGood {
			t.Errorf("unchanged: exit code %d", code)
		}
	}
}

// TestFlinksMutated changes every byte of a checkpoint without a seal. What is wrong
// need not be seen then; but nothing bad may come of it.
func TestFlinksMutated(t *testing.T) {
	dir := smallFlinks(t, true)
	file := filepath.FromSlash(checkpoint.MetadataIn(dir))
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[int]int{}
	for i := range good {
		for _, mask := range []byte{0x01, 0x80, 0xFF} {
			data := []byte(string(good))
			data[i] ^= mask
			overwrite(t, file, data)
			codes[behave(t, dir)]++
		}
	}
	if codes[exitDamaged] == 0 || codes[exitFailed] > 0 {
		t.Errorf("exit codes of verify: %v", codes)
	}
}

func overwrite(t testing.TB, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
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
	f.Fuzz(func(t *testing.T, meta, state []byte) {
		// Each worker is a process of its own with a directory of its own.
		overwrite(t, filepath.FromSlash(checkpoint.MetadataIn(dir)), meta)
		overwrite(t, filepath.FromSlash(path.Join(dir, "state-2")), state)
		behave(t, dir)
	})
}
