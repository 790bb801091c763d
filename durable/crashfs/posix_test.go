package crashfs_test

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
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

// A rename that replaces is one effect: the old file or the new one, never neither.
func TestReplace(t *testing.T) {
	f := made(t, map[string]string{"/new": "aaaa", "/old": "bbbb"})
	must(f.Replace("/new", "/old"))
	if got := content(t, f, "/old"); got != "aaaa" {
		t.Errorf("before the cut it reads %s", got)
	}
	want(t, views(t, f, "/new", "/old"), "- aaaa", "aaaa bbbb")
	must(f.SyncDir("/"))
	want(t, views(t, f, "/new", "/old"), "- aaaa")
}

// From one directory to another, names come and go independently.
func TestReplaceAcrossDirectories(t *testing.T) {
	f := made(t, map[string]string{"/new": "aaaa", "/other/old": "bbbb"})
	must(f.Replace("/new", "/other/old"))
	want(t, views(t, f, "/new", "/other/old"), "- aaaa", "- bbbb", "aaaa aaaa", "aaaa bbbb")
}

func TestExchange(t *testing.T) {
	f := made(t, map[string]string{"/a": "aaaa", "/b": "bbbb", "/other/c": "cccc"})
	must(f.Exchange("/a", "/b"))
	want(t, views(t, f, "/a", "/b"), "aaaa bbbb", "bbbb aaaa")
	must(f.SyncDir("/"))
	must(f.Exchange("/a", "/other/c"))
	want(t, views(t, f, "/a", "/other/c"), "bbbb bbbb", "bbbb cccc", "cccc bbbb", "cccc cccc")
}

// A file with two names keeps its blocks when it loses one.
func TestLink(t *testing.T) {
	f := made(t, map[string]string{"/a": "aaaa"})
	must(f.Link("/a", "/b"))
	want(t, views(t, f, "/a", "/b"), "aaaa -", "aaaa aaaa")
	must(f.SyncDir("/"))
	must(f.Remove("/a"))
	want(t, views(t, f, "/a", "/b"), "- aaaa", "aaaa aaaa")
	must(f.Remove("/b"))
	want(t, views(t, f, "/a", "/b"), "- -", "- aaaa", "- mixed", "aaaa -", "aaaa aaaa", "mixed -", "mixed mixed")
}

// A file without a name is nowhere after a cut, until the name is synced.
func TestTemp(t *testing.T) {
	f := made(t, nil)
	p := f.CreateTemp("a file without a name")
	_, err := p.Write([]byte("aaaa"))
	must(err)
	must(p.Sync())
	must(f.LinkFile(p, "/a"))
	want(t, views(t, f, "/a"), "-", "aaaa")
	must(f.SyncDir("/"))
	want(t, views(t, f, "/a"), "aaaa")
	must(p.Close())
}

// What is overwritten in place is torn; what is cut and written again is old, or new, or
// neither.
func TestOverwriteAndTruncate(t *testing.T) {
	f := made(t, map[string]string{"/a": "aaaaaaaa"})
	p, err := f.OpenFile("/a")
	must(err)
	_, err = p.WriteAt([]byte("bbbb"), 2)
	must(err)
	got := views(t, f, "/a")
	for _, state := range []string{"aaaaaaaa", "aabbaaaa", "aabbbbaa", "mixed"} {
		if !slices.Contains(got, state) {
			t.Errorf("%s is not among %v", state, got)
		}
	}
	must(p.Sync())
	want(t, views(t, f, "/a"), "aabbbbaa")

	must(p.Truncate(0))
	want(t, views(t, f, "/a"), "aabbbbaa", "empty")
	_, err = p.Write([]byte("cccc"))
	must(err)
	got = views(t, f, "/a")
	for _, state := range []string{"aabbbbaa", "cccc", "mixed", "zeros"} {
		if !slices.Contains(got, state) {
			t.Errorf("%s is not among %v", state, got)
		}
	}
	must(p.Sync())
	want(t, views(t, f, "/a"), "cccc")
	must(p.Truncate(6))
	if e, err := f.Stat("/a"); err != nil || e.Size != 6 {
		t.Errorf("after it was made longer: %+v, %v", e, err)
	}
}

// A cut must not change what was given away before.
func TestTruncateKeepsWhatWasGiven(t *testing.T) {
	f := made(t, map[string]string{"/a": "aaaaaaaa"})
	before := f.Point()
	p, err := f.OpenFile("/a")
	must(err)
	must(p.Truncate(2))
	_, err = p.Write([]byte("bbbb"))
	must(err)
	for s := range before.States(crashfs.Options{}) {
		if got := content(t, s.FS(), "/a"); got != "aaaaaaaa" {
			t.Errorf("an instant of before shows %s", got)
		}
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

func TestPosixRefuses(t *testing.T) {
	f := made(t, map[string]string{"/a": "aaaa", "/other/b": "bbbb"})
	must(f.Mkdir("/empty"))
	closed, err := f.OpenFile("/a")
	must(err)
	must(closed.Close())
	for what, c := range map[string]struct{ err, want error }{
		"rename of nothing":               {f.Replace("/x", "/a"), syscall.ENOENT},
		"rename of a file to a directory": {f.Replace("/a", "/other"), syscall.EISDIR},
		"rename of a directory to a file": {f.Replace("/other", "/a"), syscall.ENOTDIR},
		"rename to a full directory":      {f.Replace("/empty", "/other"), syscall.ENOTEMPTY},
		"rename into itself":              {f.Replace("/other", "/other/c"), syscall.EINVAL},
		"exchange with nothing":           {f.Exchange("/a", "/x"), syscall.ENOENT},
		"exchange with what is inside":    {f.Exchange("/other", "/other/b"), syscall.EINVAL},
		"link to what is there":           {f.Link("/a", "/other/b"), syscall.EEXIST},
		"removal of a full directory":     {f.Remove("/other"), syscall.ENOTEMPTY},
		"truncation of what is closed":    {closed.Truncate(0), fs.ErrClosed},
		"sync of what is closed":          {closed.Sync(), fs.ErrClosed},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", what, c.err, c.want)
		}
	}
	must(f.Replace("/a", "/a"))
	must(f.Replace("/empty", "/moved"))
}
