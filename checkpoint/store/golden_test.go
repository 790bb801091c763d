package store

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/logfs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenOperations pins the order of every operation that changes something or
// makes something durable: of a first start, of a checkpoint with two state files and
// the retirement of the one before, and of a restart. What runs in parallel is put in
// order for it. A change of testdata/*.txt is a change of the protocol: the tests in
// crash_test.go say whether it still is one.
func TestGoldenOperations(t *testing.T) {
	root := filepath.ToSlash(t.TempDir())
	dir := root + "/disk"
	check(t, os.Mkdir(dir, 0o777))
	var lines []string
	fsys := logfs.New(durable.OS(), func(line string) { lines = append(lines, line) },
		logfs.Root(root),
		logfs.Rename(func(name string) string { return strings.ReplaceAll(name, testJob.String(), "<job>") }))
	opts := testOptions(1)
	files := 0
	// In a listing these names come before _metadata, which is removed first all the same.
	opts.newName = func() string { files++; return fmt.Sprintf("%d-uuid", files) }
	open := func() *Store {
		s, err := Open(fsys, dir+"/made/for/it", testJob, opts)
		check(t, err)
		_, err = s.Recover(From{})
		check(t, err)
		return s
	}
	cycle := func(s *Store, states int) {
		id := mustPublish(t, s, states)
		lines = append(lines, fmt.Sprintf("# checkpoint %v is complete", id))
		_, err := s.Subsume()
		check(t, err)
	}
	s := open()
	golden(t, "first-start.txt", &lines)
	cycle(s, 2)
	lines = nil
	cycle(s, 2)
	golden(t, "cycle.txt", &lines)
	p, err := s.Begin()
	check(t, err)
	_, err = write(p, 1)
	check(t, err)
	check(t, p.Abort())
	golden(t, "abort.txt", &lines)
	_, err = s.Begin()
	check(t, err)
	check(t, s.Close())
	lines = nil
	check(t, open().Close())
	golden(t, "restart.txt", &lines)
}

// golden compares lines with a file and empties them.
func golden(t *testing.T, name string, lines *[]string) {
	t.Helper()
	have := strings.Join(*lines, "\n") + "\n"
	*lines = nil
	file := filepath.Join("testdata", name)
	if *update {
		check(t, os.MkdirAll("testdata", 0o777))
		check(t, os.WriteFile(file, []byte(have), 0o666))
		return
	}
	want, err := os.ReadFile(file)
	check(t, err)
	if have != string(want) {
		t.Errorf("%s: the operations are\n%s\nand should be\n%s", name, have, want)
	}
}
