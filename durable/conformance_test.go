package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// Every implementation of FS, and what wraps one, behaves the same while
// the machine is up.
var implementations = []struct {
	name string
	make func(t *testing.T) (fsys durable.FS, dir string)
}{
	{"os", func(t *testing.T) (durable.FS, string) { return durable.OS(), filepath.ToSlash(t.TempDir()) }},
	{"crashfs", func(t *testing.T) (durable.FS, string) { return crashfs.New(crashfs.Strict), "/" }},
	{"crashfs below a directory, after a power cut", func(t *testing.T) (durable.FS, string) {
		fsys := crashfs.New(crashfs.Strict)
		if err := durable.MkdirAll(fsys, "/some/dir"); err != nil {
			t.Fatal(err)
		}
		for s := range fsys.Point().States(crashfs.Options{}) {
			return s.FS(), "/some/dir"
		}
		panic("no state")
	}},
	{"logfs on os", func(t *testing.T) (durable.FS, string) {
		return logfs.New(durable.OS(), func(string) {}), filepath.ToSlash(t.TempDir())
	}},
	{"logfs on crashfs", func(t *testing.T) (durable.FS, string) {
		return logfs.New(crashfs.New(crashfs.Strict), func(string) {}), "/"
	}},
	{"faultfs on os", func(t *testing.T) (durable.FS, string) {
		return faultfs.New(durable.OS(), faultfs.Rule{}), filepath.ToSlash(t.TempDir())
	}},
	{"faultfs on logfs on crashfs", func(t *testing.T) (durable.FS, string) {
		return faultfs.New(logfs.New(crashfs.New(crashfs.Strict), func(string) {})), "/"
	}},
}

// A bench is an empty directory on a file system under test.
type bench struct {
	*testing.T
	durable.FS
	dir string
}

func (b bench) path(name string) string { return path.Join(b.dir, name) }

func (b bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refuses checks that an operation failed with one of the wanted errors, and that the
// error carries a path.
func (b bench) refuses(what string, err error, want ...error) {
	b.Helper()
	var pe *fs.PathError
	switch {
	case err == nil:
		b.Errorf("%s: no error, want %v", what, want)
	case !errors.As(err, &pe):
		b.Errorf("%s: %T %v, want a *fs.PathError", what, err, err)
	case len(want) > 0 && !slices.ContainsFunc(want, func(w error) bool { return errors.Is(err, w) }):
		b.Errorf("%s: %v, want %v", what, err, want)
	}
}

func (b bench) write(name, data string) {
	b.Helper()
	b.ok(durable.WriteFile(b.FS, b.path(name), []byte(data)))
}

func (b bench) read(name string) string {
	b.Helper()
	r, err := b.Open(b.path(name))
	b.ok(err)
	defer r.Close()
	data, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	b.ok(err)
	return string(data)
}

func (b bench) names(dir string) string {
	b.Helper()
	entries, err := b.ReadDir(b.path(dir))
	b.ok(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}

func (b bench) holds(name, want string) {
	b.Helper()
	if got := b.read(name); got != want {
		b.Errorf("%s holds %q, want %q", name, got, want)
	}
}

func TestConformance(t *testing.T) {
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			for _, c := range liveSemantics {
				t.Run(c.name, func(t *testing.T) {
					fsys, dir := impl.make(t)
					c.test(bench{t, fsys, dir})
				})
			}
		})
	}
}

var liveSemantics = []struct {
	name string
	test func(b bench)
}{
	{"create refuses a name that is taken", func(b bench) {
		b.write("file", "content")
		b.ok(b.Mkdir(b.path("dir")))
		for _, name := range []string{"file", "dir"} {
			_, err := b.Create(b.path(name))
			b.refuses(name, err, fs.ErrExist)
		}
		b.holds("file", "content")
	}},
	{"create needs a parent", func(b bench) {
		b.write("file", "")
		_, err := b.Create(b.path("missing/file"))
		b.refuses("in a missing directory", err, fs.ErrNotExist)
		_, err = b.Create(b.path("file/file"))
		b.refuses("in a file", err, syscall.ENOTDIR)
	}},
	{"a new file is seen at once, and grows", func(b bench) {
		f, err := b.Create(b.path("f"))
		b.ok(err)
		b.holds("f", "")
		for _, part := range []string{"one ", "", "two ", "three"} {
			n, err := f.Write([]byte(part))
			if b.ok(err); n != len(part) {
				b.Errorf("wrote %d of %d bytes", n, len(part))
			}
		}
		b.holds("f", "one two three")
		b.ok(f.Sync())
		_, err = f.Write([]byte(", four"))
		b.ok(err)
		b.ok(f.Sync())
		b.ok(f.Close())
		b.holds("f", "one two three, four")
	}},
	{"a closed file is closed", func(b bench) {
		f, err := b.Create(b.path("f"))
		b.ok(err)
		b.ok(f.Close())
		_, err = f.Write([]byte("x"))
		b.refuses("write", err, fs.ErrClosed)
		b.refuses("sync", f.Sync(), fs.ErrClosed)
		b.refuses("close", f.Close(), fs.ErrClosed)
		r, err := b.Open(b.path("f"))
		b.ok(err)
		b.ok(r.Close())
		_, err = r.ReadAt(make([]byte, 1), 0)
		b.refuses("read", err, fs.ErrClosed)
		b.refuses("close", r.Close(), fs.ErrClosed)
	}},
	{"a reader reads anywhere", func(b bench) {
		b.write("f", "0123456789")
		r, err := b.Open(b.path("f"))
		b.ok(err)
		defer r.Close()
		if r.Size() != 10 {
			b.Errorf("size %d", r.Size())
		}
		for _, c := range []struct {
			off  int64
			len  int
			want string
			err  error
		}{{0, 4, "0123", nil}, {6, 4, "6789", nil}, {8, 4, "89", io.EOF}, {10, 1, "", io.EOF}, {99, 1, "", io.EOF}, {3, 0, "", nil}} {
			p := make([]byte, c.len)
			n, err := r.ReadAt(p, c.off)
			if string(p[:n]) != c.want || !errors.Is(err, c.err) {
				b.Errorf("%d bytes at %d: %q, %v", c.len, c.off, p[:n], err)
			}
		}
		_, err = r.ReadAt(make([]byte, 1), -1)
		b.refuses("a negative offset", err)
		b.ok(r.Evict())
		b.holds("f", "0123456789")
	}},
	{"a reader keeps its size, and its file", func(b bench) {
		f, err := b.Create(b.path("f"))
		b.ok(err)
		_, err = f.Write([]byte("short"))
		b.ok(err)
		r, err := b.Open(b.path("f"))
		b.ok(err)
		defer r.Close()
		_, err = f.Write([]byte(" no more"))
		b.ok(err)
		b.ok(b.Rename(b.path("f"), b.path("g")))
		b.ok(b.Remove(b.path("g")))
		_, err = f.Write([]byte(", nor here"))
		b.ok(err)
		b.ok(f.Sync())
		b.ok(f.Close())
		p := make([]byte, 23)
		if _, err := r.ReadAt(p, 0); r.Size() != 5 || err != nil || string(p) != "short no more, nor here" {
			b.Errorf("size %d, %q, %v", r.Size(), p, err)
		}
		if names := b.names("."); names != "" {
			b.Errorf("left: %s", names)
		}
	}},
	{"readers may be many", func(b bench) {
		data := strings.Repeat("0123456789", 1000)
		b.write("f", data)
		r, err := b.Open(b.path("f"))
		b.ok(err)
		defer r.Close()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				p := make([]byte, 100)
				if _, err := r.ReadAt(p, int64(i*500)); err != nil || string(p) != data[i*500:i*500+100] {
					b.Errorf("%q, %v", p, err)
				}
			})
		}
		wg.Wait()
	}},
	{"open takes files only", func(b bench) {
		b.ok(b.Mkdir(b.path("dir")))
		_, err := b.Open(b.path("missing"))
		b.refuses("missing", err, fs.ErrNotExist)
		_, err = b.Open(b.path("dir"))
		b.refuses("a directory", err)
		_, err = b.Open(b.path("missing/file"))
		b.refuses("in a missing directory", err, fs.ErrNotExist)
	}},
	{"mkdir makes one directory", func(b bench) {
		b.ok(b.Mkdir(b.path("a")))
		b.ok(b.Mkdir(b.path("a/b")))
		b.write("file", "")
		b.refuses("a directory that is there", b.Mkdir(b.path("a")), fs.ErrExist)
		b.refuses("a file that is there", b.Mkdir(b.path("file")), fs.ErrExist)
		b.refuses("two at once", b.Mkdir(b.path("x/y")), fs.ErrNotExist)
		b.refuses("in a file", b.Mkdir(b.path("file/x")), syscall.ENOTDIR)
	}},
	{"rename moves files and directories", func(b bench) {
		b.ok(b.Mkdir(b.path("a")))
		b.ok(b.Mkdir(b.path("b")))
		b.write("a/f", "content")
		b.ok(b.Rename(b.path("a/f"), b.path("a/g")))
		b.holds("a/g", "content")
		b.ok(b.Rename(b.path("a"), b.path("b/a")))
		b.holds("b/a/g", "content")
		b.ok(b.Rename(b.path("b/a/g"), b.path("g")))
		b.holds("g", "content")
		if got := b.names(".") + "|" + b.names("b") + "|" + b.names("b/a"); got != "b g|a|" {
			b.Error(got)
		}
	}},
	{"rename refuses to replace", func(b bench) {
		for _, dir := range []string{"empty", "full", "d"} {
			b.ok(b.Mkdir(b.path(dir)))
		}
		b.write("full/f", "")
		b.write("f", "f")
		b.write("g", "g")
		for _, from := range []string{"f", "d"} {
			for _, to := range []string{"g", "empty", "full", from} {
				b.refuses(from+" to "+to, b.Rename(b.path(from), b.path(to)), fs.ErrExist)
			}
		}
		b.holds("f", "f")
		b.holds("g", "g")
		if got := b.names("."); got != "d empty f full g" {
			b.Error(got)
		}
	}},
	{"rename needs what it names", func(b bench) {
		b.write("f", "")
		b.ok(b.Mkdir(b.path("d")))
		b.refuses("a missing file", b.Rename(b.path("missing"), b.path("x")), fs.ErrNotExist)
		b.refuses("into a missing directory", b.Rename(b.path("f"), b.path("missing/f")), fs.ErrNotExist)
		b.refuses("into a file", b.Rename(b.path("d"), b.path("f/d")), syscall.ENOTDIR)
		b.refuses("a directory into itself", b.Rename(b.path("d"), b.path("d/d")), syscall.EINVAL)
	}},
	{"rename shows either the old name or the new", func(b bench) {
		b.ok(b.Mkdir(b.path("0")))
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				entries, err := b.ReadDir(b.dir)
				if err != nil || len(entries) > 2 {
					b.Errorf("%v, %v", entries, err)
					return
				}
			}
		})
		for i := range 200 {
			b.ok(b.Rename(b.path(fmt.Sprint(i)), b.path(fmt.Sprint(i+1))))
		}
		close(stop)
		wg.Wait()
	}},
	{"of many that make the same name, one does", func(b bench) {
		b.ok(b.Mkdir(b.path("d")))
		made := make(chan string, 30)
		var wg sync.WaitGroup
		for i := range 10 {
			b.ok(b.Mkdir(b.path(fmt.Sprint(i))))
			wg.Go(func() {
				if f, err := b.Create(b.path("created")); err == nil {
					f.Close()
					made <- "created"
				}
				if b.FS.Mkdir(b.path("made")) == nil {
					made <- "made"
				}
				if b.FS.Rename(b.path(fmt.Sprint(i)), b.path("renamed")) == nil {
					made <- "renamed"
				}
			})
		}
		wg.Wait()
		close(made)
		var winners []string
		for w := range made {
			winners = append(winners, w)
		}
		slices.Sort(winners)
		if !slices.Equal(winners, []string{"created", "made", "renamed"}) {
			b.Errorf("%q", winners)
		}
	}},
	{"remove takes files and empty directories", func(b bench) {
		b.ok(b.Mkdir(b.path("d")))
		b.write("d/f", "")
		b.refuses("a directory with a file in it", b.Remove(b.path("d")), syscall.ENOTEMPTY, fs.ErrExist)
		b.ok(b.Remove(b.path("d/f")))
		b.ok(b.Remove(b.path("d")))
		b.refuses("what is gone", b.Remove(b.path("d")), fs.ErrNotExist)
		b.refuses("what never was", b.Remove(b.path("x/y")), fs.ErrNotExist)
	}},
	{"readdir lists by name", func(b bench) {
		for _, name := range []string{"b", "a", "_metadata", "chk-10", "chk-9", ".lock"} {
			b.write(name, name)
		}
		b.ok(b.Mkdir(b.path("Z")))
		entries, err := b.ReadDir(b.dir)
		b.ok(err)
		var list []string
		for _, e := range entries {
			list = append(list, fmt.Sprint(e.Name, " ", e.Dir, e.Regular, e.Size))
		}
		want := []string{".lock false true 5", "Z true false 0", "_metadata false true 9", "a false true 1",
			"b false true 1", "chk-10 false true 6", "chk-9 false true 5"}
		if !slices.Equal(list, want) {
			b.Errorf("%q", list)
		}
		_, err = b.ReadDir(b.path("missing"))
		b.refuses("a missing directory", err, fs.ErrNotExist)
		_, err = b.ReadDir(b.path("a"))
		b.refuses("a file", err, syscall.ENOTDIR)
	}},
	{"stat tells what is there", func(b bench) {
		b.write("f", "content")
		b.ok(b.Mkdir(b.path("d")))
		e, err := b.Stat(b.path("f"))
		if b.ok(err); e.Name != "f" || e.Dir || !e.Regular || e.Size != 7 {
			b.Errorf("%+v", e)
		}
		e, err = b.Stat(b.path("d"))
		if b.ok(err); e.Name != "d" || !e.Dir || e.Regular || e.Size != 0 {
			b.Errorf("%+v", e)
		}
		_, err = b.Stat(b.path("missing"))
		b.refuses("missing", err, fs.ErrNotExist)
		_, err = b.Stat(b.path("f/below"))
		b.refuses("below a file", err, syscall.ENOTDIR)
	}},
	{"syncdir takes directories", func(b bench) {
		b.ok(b.Mkdir(b.path("d")))
		b.write("f", "")
		b.ok(b.SyncDir(b.path("d")))
		b.ok(b.SyncDir(b.dir))
		b.refuses("a missing directory", b.SyncDir(b.path("missing")), fs.ErrNotExist)
		b.refuses("a file", b.SyncDir(b.path("f")), syscall.ENOTDIR)
	}},
	{"a lock is held by one", func(b bench) {
		owner, err := b.Lock(b.path(".lock"))
		b.ok(err)
		_, err = owner.WriteAt([]byte("owner 1"), 0)
		b.ok(err)
		b.ok(owner.Sync())

		other, err := b.Lock(b.path(".lock"))
		b.refuses("a second lock", err, durable.ErrLocked)
		if other == nil {
			b.Fatal("nothing to read the owner's name from")
		}
		p := make([]byte, 7)
		if _, err := other.ReadAt(p, 0); err != nil || string(p) != "owner 1" {
			b.Errorf("%q, %v", p, err)
		}
		if size, err := other.Size(); err != nil || size != 7 {
			b.Errorf("size %d, %v", size, err)
		}
		_, err = other.WriteAt([]byte("usurper"), 0)
		b.refuses("write without the lock", err, durable.ErrLocked)
		b.refuses("sync without the lock", other.Sync(), durable.ErrLocked)
		b.ok(other.Close())

		still, err := b.Lock(b.path(".lock"))
		b.refuses("after the second was closed", err, durable.ErrLocked)
		b.ok(still.Close())

		b.ok(owner.Close())
		b.refuses("close again", owner.Close(), fs.ErrClosed)
		next, err := b.Lock(b.path(".lock"))
		b.ok(err)
		_, err = next.WriteAt([]byte("2, and longer"), 6)
		b.ok(err)
		b.ok(next.Close())
		b.holds(".lock", "owner 2, and longer")
	}},
	{"of many that lock, one does", func(b bench) {
		held := make(chan durable.LockFile, 10)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				l, err := b.FS.Lock(b.path("l"))
				switch {
				case err == nil:
					held <- l
				case !errors.Is(err, durable.ErrLocked):
					b.Error(err)
				default:
					l.Close()
				}
			})
		}
		wg.Wait()
		close(held)
		n := 0
		for l := range held {
			n++
			l.Close()
		}
		if n != 1 {
			b.Errorf("%d hold the lock", n)
		}
	}},
	{"a lock is on the file that has the name", func(b bench) {
		l, err := b.Lock(b.path("l"))
		b.ok(err)
		b.ok(b.Rename(b.path("l"), b.path("elsewhere")))
		again, err := b.Lock(b.path("l")) // another file
		b.ok(err)
		b.ok(again.Close())
		b.ok(l.Close())
	}},
	{"lock takes files only", func(b bench) {
		b.ok(b.Mkdir(b.path("d")))
		l, err := b.Lock(b.path("d"))
		b.refuses("a directory", err)
		if l != nil {
			b.Error("a file came with it")
		}
		_, err = b.Lock(b.path("missing/l"))
		b.refuses("in a missing directory", err, fs.ErrNotExist)
	}},
	{"an error is final", func(b bench) {
		for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
			for _, op := range []faultfs.Op{faultfs.Write, faultfs.Sync} {
				b.errorIsFinal(do, op, func(fsys durable.FS, name string) (write func([]byte) (int, error), sync, close func() error) {
					f, err := fsys.Create(name)
					b.ok(err)
					return f.Write, f.Sync, f.Close
				})
				b.errorIsFinal(do, op, func(fsys durable.FS, name string) (write func([]byte) (int, error), sync, close func() error) {
					l, err := fsys.Lock(name)
					b.ok(err)
					off := int64(0)
					return func(p []byte) (int, error) {
						n, err := l.WriteAt(p, off)
						off += int64(n)
						return n, err
					}, l.Sync, l.Close
				})
			}
		}
	}},
	{"large files come back whole", func(b bench) {
		data := bytes.Repeat([]byte("0123456789abcdef"), 1<<15)
		f, err := b.Create(b.path("f"))
		b.ok(err)
		for part := range slices.Chunk(data, 10007) {
			_, err := f.Write(part)
			b.ok(err)
		}
		b.ok(f.Sync())
		b.ok(f.Close())
		if b.read("f") != string(data) {
			b.Error("not what was written")
		}
	}},
}

// errorIsFinal makes the second write or sync of a file fail. From then on everything
// returns that error and nothing reaches the disk.
func (b bench) errorIsFinal(do faultfs.Action, op faultfs.Op, open func(fsys durable.FS, name string) (write func([]byte) (int, error), sync, close func() error)) {
	b.Helper()
	const all = 1
	faulty := faultfs.New(b.FS, faultfs.Rule{Ops: op, K: 2, Do: do, Err: syscall.EIO}, faultfs.Rule{Ops: faultfs.Write | faultfs.Sync})
	write, sync, close := open(faulty, b.path("f"))
	_, err := write([]byte("first"))
	b.ok(err)
	b.ok(sync())

	_, first := write([]byte("second"))
	if op == faultfs.Sync {
		b.ok(first)
		first = sync()
	}
	b.refuses("the operation that fails", first, syscall.EIO)
	reached := faulty.Matched(all)
	if n, err := write([]byte("third")); n != 0 || err != first {
		b.Errorf("write afterwards: %d, %v, want %v", n, err, first)
	}
	if err := sync(); err != first {
		b.Errorf("sync afterwards: %v, want %v", err, first)
	}
	if n := faulty.Matched(all) - reached; n != 0 {
		b.Errorf("%d operations reached the disk afterwards", n)
	}
	b.ok(close())

	want := "firstsecond"
	switch {
	case op == faultfs.Write && do == faultfs.Fail:
		want = "first"
	case op == faultfs.Write && do == faultfs.FailPartly:
		want = "firstsec"
	}
	b.holds("f", want)
	b.ok(b.Remove(b.path("f")))
}
