package crashfs_test

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// What a name may show after a power cut: the content, or that it is not there.
func views(t *testing.T, f *crashfs.FS, names ...string) (all []string) {
	t.Helper()
	for s := range f.Point().States(crashfs.Options{}) {
		left := s.FS()
		var view []string
		for _, name := range names {
			view = append(view, content(t, left, name))
		}
		if v := strings.Join(view, " "); !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	return all
}

func content(t *testing.T, f *crashfs.FS, name string) string {
	t.Helper()
	r, err := f.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "-"
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := make([]byte, r.Size())
	if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	switch s := string(b); {
	case s == "":
		return "empty"
	case strings.Trim(s, "abcdefgh") == "":
		return s
	case strings.Trim(s, "\x00") == "":
		return "zeros"
	default:
		return "mixed"
	}
}

// made makes files with these contents, durable with their names.
func made(t *testing.T, files map[string]string) *crashfs.FS {
	t.Helper()
	f := crashfs.New(crashfs.Strict)
	must(f.Mkdir("/other"))
	for name, data := range files {
		w, err := f.Create(name)
		must(err)
		_, err = w.Write([]byte(data))
		must(err)
		must(w.Close())
	}
	f.Settle()
	return f
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("a power cut leaves\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A rename from one directory to another is two effects. A file that a cut has left both
// names keeps its blocks when it loses one.
func TestTwoNames(t *testing.T) {
	f := made(t, map[string]string{"/a": "aaaa"})
	must(f.Rename("/a", "/other/b"))
	want(t, views(t, f, "/a", "/other/b"), "- -", "- aaaa", "aaaa -", "aaaa aaaa")
	for s := range f.Point().States(crashfs.Options{}) {
		left := s.FS()
		if content(t, left, "/a") == "-" || content(t, left, "/other/b") == "-" {
			continue
		}
		must(left.Remove("/a"))
		must(left.SyncDir("/"))
		want(t, views(t, left, "/a", "/other/b"), "- aaaa")
	}
}

func TestSyncAll(t *testing.T) {
	f := made(t, nil)
	must(f.Mkdir("/d"))
	w, err := f.Create("/d/a")
	must(err)
	_, err = w.Write([]byte("aaaa"))
	must(err)
	ops := f.Ops()
	f.SyncAll()
	if f.Ops() != ops+1 {
		t.Errorf("it is %d operations, want 1", f.Ops()-ops)
	}
	want(t, views(t, f, "/d/a"), "aaaa")
}
