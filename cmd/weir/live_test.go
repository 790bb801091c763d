package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A retiringFS is a job that deletes while the tool reads: when a certain file is opened, its
// checkpoint has just been renamed, to be deleted.
type retiringFS struct {
	durable.FS
	file string
	of   string // the checkpoint that it is in
}

func (f retiringFS) Open(name string) (durable.Reader, error) {
	if path.Base(name) == f.file && path.Base(path.Dir(name)) == f.of {
		dir := path.Dir(name)
		_ = os.Rename(filepath.FromSlash(dir), filepath.FromSlash(path.Join(path.Dir(dir), ".trash-"+f.of[len("chk-"):])))
	}
	return f.FS.Open(name)
}

// TestDeletedMeanwhile: what a job deletes while it is read is not called damaged.
func TestDeletedMeanwhile(t *testing.T) {
	newJob := func() (dir string) {
		base := filepath.ToSlash(t.TempDir())
		if err := (madeJob{keys: 1, maxBytes: -1}).run(base, "words", 2, false); err != nil {
			t.Fatal(err)
		}
		return path.Join(base, flink.JobIDOf("words").String())
	}
	for _, when := range []string{"metadata", "state file"} {
		dir := newJob()
		file := "_metadata"
		if when == "state file" {
			listing, err := os.ReadDir(filepath.FromSlash(path.Join(dir, "chk-1")))
			if err != nil {
				t.Fatal(err)
			}
			file = listing[0].Name()
		}
		fsys := retiringFS{durable.OS(), file, "chk-1"}
		stdout, stderr, code := runOn(fsys, "verify", dir)
		if code != exitGood || stderr != "" || !strings.Contains(stdout, "chk-1       gone        deleted meanwhile by the job\n") ||
			!strings.Contains(stdout, "\n1 checkpoint: 1 verified\n") {
			t.Errorf("%s: exit code %d\n%s%s", when, code, stdout, stderr)
		}

		fsys.FS, dir = durable.OS(), newJob()
		if when == "state file" {
			listing, _ := os.ReadDir(filepath.FromSlash(path.Join(dir, "chk-1")))
			fsys.file = listing[0].Name()
		}
		stdout, stderr, code = runOn(fsys, "verify", path.Join(dir, "chk-1"))
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, "was deleted while it was read") {
			t.Errorf("%s, alone: exit code %d\n%s%s", when, code, stdout, stderr)
		}
	}
	dir := newJob()
	stdout, stderr, code := runOn(retiringFS{durable.OS(), "_metadata", "chk-1"}, "ls", dir)
	if code != exitGood || stderr != "" || strings.Contains(stdout, "chk-1") || !strings.Contains(stdout, "chk-2") {
		t.Errorf("ls: exit code %d\n%s%s", code, stdout, stderr)
	}

	// Both are deleted before they are read.
	dir = newJob()
	fsys := retiringFS{retiringFS{durable.OS(), "_metadata", "chk-2"}, "_metadata", "chk-1"}
	stdout, stderr, code = runOn(fsys, "verify", "--json", dir)
	if code != exitFailed || strings.Count(stdout, `"state":"gone"`) != 2 || !strings.Contains(stderr, "verify again") {
		t.Errorf("all: exit code %d\n%s%s", code, stdout, stderr)
	}
}
