package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// worlds are what a dance must hold in: the contract's letter, and a file system that
// is worse.
var worlds = []crashfs.Model{crashfs.Strict, crashfs.NoJournal}

const done = "done"

func returned(s *crashfs.State) bool { return slices.Contains(s.Acked(), done) }

// sweepDance runs a dance on a file system with an old directory /srv, and cuts the power
// after every operation. Once the dance has returned, check must hold.
func sweepDance(t *testing.T, m crashfs.Model, setup, dance func(durable.FS) error, check func(durable.FS) error, rules ...faultfs.Rule) (r *crashfs.Report, fired bool) {
	t.Helper()
	fsys := crashfs.New(m)
	if err := fsys.Mkdir("/srv"); err != nil {
		t.Fatal(err)
	}
	fsys.Settle()
	if setup != nil {
		if err := setup(fsys); err != nil {
			t.Fatal(err)
		}
	}
	faulty := faultfs.New(fsys, rules...)
	r, err := crashfs.Sweep(fsys, crashfs.Options{}, func() error {
		if err := dance(faulty); err != nil {
			return err
		}
		fsys.Ack(done)
		return nil
	}, func(s *crashfs.State) error {
		if !returned(s) {
			return nil
		}
		return check(s.FS())
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, len(rules) > 0 && faulty.Fired(0) > 0
}

func isDir(fsys durable.FS, name string) error {
	e, err := fsys.Stat(name)
	if err == nil && !e.Dir {
		err = fmt.Errorf("%s is not a directory", name)
	}
	return err
}

func holds(fsys durable.FS, name string, want []byte) error {
	r, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	got := make([]byte, r.Size())
	if _, err := r.ReadAt(got, 0); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s holds %q, want %q", name, got, want)
	}
	return nil
}

const chain = "/srv/a/b/c"

func makeChain(fsys durable.FS) error  { return durable.MkdirAll(fsys, chain) }
func chainStays(fsys durable.FS) error { return isDir(fsys, chain) }

func TestMkdirAllIsDurable(t *testing.T) {
	for _, m := range worlds {
		t.Run(m.String(), func(t *testing.T) {
			if r, _ := sweepDance(t, m, nil, makeChain, chainStays); r.Err() != nil {
				t.Error(r.Err())
			}
		})
	}
}

// TestMkdirAllNeedsEverySync forgets one sync after the other; each time something must
// get lost in one of the worlds, or the sync is not needed.
func TestMkdirAllNeedsEverySync(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup func(durable.FS) error
		syncs int
		spare int // this one is there for the other cases
	}{
		{"all missing", nil, 5, 1},
		{"the first made and killed", func(fsys durable.FS) error { return fsys.Mkdir("/srv/a") }, 4, 0},
		{"all but the last made, the last killed", func(fsys durable.FS) error {
			if err := durable.MkdirAll(fsys, "/srv/a/b"); err != nil {
				return err
			}
			return fsys.Mkdir(chain)
		}, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := 1
			for ; ; k++ {
				bad := uint64(0)
				rule := faultfs.Rule{Ops: faultfs.SyncDir, K: k, Do: faultfs.Drop}
				fired := false
				for _, m := range worlds {
					var r *crashfs.Report
					r, fired = sweepDance(t, m, c.setup, makeChain, chainStays, rule)
					bad += r.Bad
				}
				if !fired {
					break
				}
				if bad == 0 && k != c.spare {
					t.Errorf("sync %d can be left out", k)
				}
			}
			if k-1 != c.syncs {
				t.Errorf("%d syncs, want %d", k-1, c.syncs)
			}
		})
	}
}

// TestMkdirAllAfterAKill: a process dies at any operation of MkdirAll, but the machine
// does not, so that the directories it made are there and not durable. The next process
// runs MkdirAll again and takes them over.
func TestMkdirAllAfterAKill(t *testing.T) {
	for _, m := range worlds {
		for k := 1; ; k++ {
			fired := false
			killed := func(fsys durable.FS) error {
				dying := faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Mutations, K: k, Sticky: true, Err: syscall.EIO})
				_ = makeChain(dying)
				fired = dying.Fired(0) > 0
				return nil
			}
			if r, _ := sweepDance(t, m, killed, makeChain, chainStays); r.Err() != nil {
				t.Errorf("killed at operation %d: %v", k, r.Err())
			}
			if !fired {
				break
			}
		}
	}
}

func TestMkdirAllOrder(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	if err := fsys.Mkdir("/srv"); err != nil {
		t.Fatal(err)
	}
	want := `
sync-dir /
mkdir a
sync-dir .
mkdir a/b
sync-dir a
mkdir a/b/c
sync-dir a/b
sync-dir a/b/c
-- again
sync-dir a/b
sync-dir a/b/c
`
	var log strings.Builder
	log.WriteByte('\n')
	logged := logfs.New(fsys, func(line string) { log.WriteString(line + "\n") }, logfs.Root("/srv"))
	if err := makeChain(logged); err != nil {
		t.Fatal(err)
	}
	log.WriteString("-- again\n")
	if err := makeChain(logged); err != nil {
		t.Fatal(err)
	}
	if log.String() != want {
		t.Errorf("got%swant%s", &log, want)
	}
}

func TestMkdirAllRefuses(t *testing.T) {
	dir := t.TempDir()
	file := path.Join(dir, "file")
	if err := durable.WriteFile(durable.OS(), file, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, path.Join(file, "below")} {
		var pe *fs.PathError
		if err := durable.MkdirAll(durable.OS(), name); !errors.As(err, &pe) {
			t.Errorf("%s: got %v, want a *fs.PathError", name, err)
		}
	}
}

func TestMkdirAllFollowsALinkToADirectory(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "disk")
	link := filepath.Join(dir, "link")
	if err := os.Mkdir(target, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{link, filepath.Join(link, "a/b")} {
		if err := durable.MkdirAll(durable.OS(), filepath.ToSlash(name)); err != nil {
			t.Error(err)
		}
	}
	if err := isDir(durable.OS(), filepath.ToSlash(target)+"/a/b"); err != nil {
		t.Error(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	if err := durable.MkdirAll(durable.OS(), filepath.ToSlash(dir)+"/dangling"); err == nil {
		t.Error("a link to nowhere was taken for a directory")
	}
}

// TestMkdirAllBelowAParentThatCannotBeSynced: /home may be a directory that users can pass
// through and not list, and / may lie on a file system without a sync for directories.
func TestMkdirAllBelowAParentThatCannotBeSynced(t *testing.T) {
	for errno, goesOn := range map[syscall.Errno]bool{
		syscall.EACCES: true, syscall.EPERM: true, syscall.EINVAL: true, syscall.EROFS: true,
		syscall.ENOSYS: true, syscall.EOPNOTSUPP: true,
		syscall.EIO: false, syscall.ENOSPC: false, syscall.EDQUOT: false, syscall.EMFILE: false, syscall.ENOENT: false,
	} {
		fsys := crashfs.New(crashfs.Strict)
		for _, name := range []string{"/home", "/home/me"} {
			if err := fsys.Mkdir(name); err != nil {
				t.Fatal(err)
			}
		}
		refuse := func(dir string) durable.FS {
			return faultfs.New(fsys, faultfs.Rule{Ops: faultfs.SyncDir, Name: dir, K: 1, Sticky: true, Err: errno})
		}
		for range 2 { // to make directories, and to find them
			if err := durable.MkdirAll(refuse("/home"), "/home/me/data"); goesOn && err != nil || !goesOn && !errors.Is(err, errno) {
				t.Errorf("%v of a directory that was there: got %v", errno, err)
			}
			if !goesOn {
				break
			}
		}
		// But what it makes a directory in it must be able to sync, and not only the first time.
		for range 2 {
			if err := durable.MkdirAll(refuse("/home/me"), "/home/me/more/still"); !errors.Is(err, errno) {
				t.Errorf("%v: got %v, want the error", errno, err)
			}
			if _, err := fsys.Stat("/home/me/more"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v: a directory without a durable name is left: %v", errno, err)
			}
		}
	}
}

// TestDancesReportEveryError: whatever operation fails, the dance says so and the error
// can be recognised.
func TestDancesReportEveryError(t *testing.T) {
	for _, c := range []struct {
		name  string
		dance func(durable.FS) error
		ops   int // that can fail; those of which the error is dropped on purpose come later
	}{
		{"MkdirAll", makeChain, 8},
		{"WriteFile", func(fsys durable.FS) error { return durable.WriteFile(fsys, "/srv/f", []byte("bytes")) }, 4},
		{"RemoveTree", func(fsys durable.FS) error { return durable.RemoveTree(fsys, "/srv/old") }, 4},
	} {
		for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.EINTR} {
			k := 1
			for ; ; k++ {
				fsys := crashfs.New(crashfs.Strict)
				for _, dir := range []string{"/srv", "/srv/old", "/srv/old/a", "/srv/old/b", "/srv/old/a/c"} {
					if err := fsys.Mkdir(dir); err != nil {
						t.Fatal(err)
					}
				}
				faulty := faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Mutations, K: k, Err: errno})
				err := c.dance(faulty)
				if faulty.Fired(0) == 0 {
					if err != nil {
						t.Errorf("%s: %v", c.name, err)
					}
					break
				}
				if c.name == "MkdirAll" && k == 1 && errno == syscall.EROFS && err == nil {
					continue // the sync of a directory that holds nothing of ours
				}
				var pe *fs.PathError
				if !errors.Is(err, errno) || !errors.As(err, &pe) {
					t.Errorf("%s, operation %d: got %v, want %v", c.name, k, err, errno)
				}
			}
			if k-1 != c.ops {
				t.Errorf("%s: %d operations, want %d", c.name, k-1, c.ops)
			}
		}
	}
}

var someBytes = []byte(strings.Repeat("some bytes\n", 10))

func writeSynced(fsys durable.FS) error {
	if err := durable.WriteFile(fsys, "/srv/f", someBytes); err != nil {
		return err
	}
	return fsys.SyncDir("/srv")
}

// TestWriteFileIsDurable, and its sync is needed.
func TestWriteFileIsDurable(t *testing.T) {
	whole := func(fsys durable.FS) error { return holds(fsys, "/srv/f", someBytes) }
	for _, m := range worlds {
		if r, _ := sweepDance(t, m, nil, writeSynced, whole); r.Err() != nil {
			t.Error(r.Err())
		}
		r, fired := sweepDance(t, m, nil, writeSynced, whole, faultfs.Rule{Ops: faultfs.Sync, K: 1, Do: faultfs.Drop})
		if r.Bad == 0 || !fired {
			t.Errorf("%s: the sync can be left out", m)
		}
	}
}

// TestWriteFileGivesUp: after an error nothing is left under the name, if it can be
// removed, and a file that is not whole is never under a name that was reported.
func TestWriteFileGivesUp(t *testing.T) {
	for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
		for _, op := range []faultfs.Op{faultfs.Write, faultfs.Sync, faultfs.Close} {
			fsys := crashfs.New(crashfs.Strict)
			err := durable.WriteFile(faultfs.New(fsys, faultfs.Rule{Ops: op, K: 1, Do: do, Err: syscall.ENOSPC}), "/f", someBytes)
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v, want ENOSPC", err)
			}
			if _, err := fsys.Stat("/f"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want no file", err)
			}
		}
	}
	// A file that was there before is not touched.
	fsys := crashfs.New(crashfs.Strict)
	if err := durable.WriteFile(fsys, "/f", []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, "/f", []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want that the file exists", err)
	}
	if err := holds(fsys, "/f", []byte("first")); err != nil {
		t.Error(err)
	}
}

// TestWriteFileTakesNoShortWrite: half a file is none, also if the write says nothing.
func TestWriteFileTakesNoShortWrite(t *testing.T) {
	fsys := crashfs.New(crashfs.Strict)
	err := durable.WriteFile(faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Write, K: 1, Do: faultfs.Short}), "/f", someBytes)
	if !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	if _, err := fsys.Stat("/f"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is left: %v", err)
	}
}

// TestRemoveTree: at whatever point it is killed or the power fails, running it again
// finishes the work, and what is beside it is not touched.
func TestRemoveTree(t *testing.T) {
	fill := func(fsys durable.FS) error {
		for _, dir := range []string{"/srv/keep", "/srv/old", "/srv/old/a", "/srv/old/a/b"} {
			if err := durable.MkdirAll(fsys, dir); err != nil {
				return err
			}
			if err := durable.WriteFile(fsys, dir+"/f", someBytes); err != nil {
				return err
			}
			if err := fsys.SyncDir(dir); err != nil {
				return err
			}
		}
		return nil
	}
	remove := func(fsys durable.FS) error { return durable.RemoveTree(fsys, "/srv/old") }
	gone := func(fsys durable.FS) error {
		if err := remove(fsys); err != nil {
			return err
		}
		if _, err := fsys.Stat("/srv/old"); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("it is still there: %v", err)
		}
		return holds(fsys, "/srv/keep/f", someBytes)
	}
	for _, m := range worlds {
		fsys := crashfs.New(m)
		if err := fsys.Mkdir("/srv"); err != nil {
			t.Fatal(err)
		}
		if err := fill(fsys); err != nil {
			t.Fatal(err)
		}
		r, err := crashfs.Sweep(fsys, crashfs.Options{}, func() error { return remove(fsys) },
			func(s *crashfs.State) error { return gone(s.FS()) })
		if err != nil || r.Err() != nil {
			t.Error(err, r.Err())
		}
		if err := gone(fsys); err != nil {
			t.Errorf("a tree that is already gone: %v", err)
		}
	}
	for k := 1; ; k++ {
		fsys := crashfs.New(crashfs.Strict)
		if err := errors.Join(fsys.Mkdir("/srv"), fill(fsys)); err != nil {
			t.Fatal(err)
		}
		dying := faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Mutations, K: k, Sticky: true, Err: syscall.EIO})
		_ = remove(dying)
		if err := gone(fsys); err != nil {
			t.Errorf("killed at operation %d: %v", k, err)
		}
		if dying.Fired(0) == 0 {
			break
		}
	}
}

// TestFillFile: what fill returns is returned, and nothing is left of the file.
func TestFillFile(t *testing.T) {
	disk := crashfs.New(crashfs.Strict)
	stop := errors.New("stop")
	err := durable.FillFile(disk, "/a", func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, stop)
	})
	if _, serr := disk.Stat("/a"); !errors.Is(err, stop) || !errors.Is(serr, fs.ErrNotExist) {
		t.Errorf("%v; %v", err, serr)
	}
}

// TestSettleDir: after it, every file is there by its name and with its bytes, whatever
// wrote it; and each of its syncs is needed for that.
func TestSettleDir(t *testing.T) {
	for drop := 0; drop <= 3; drop++ {
		disk := crashfs.New(crashfs.Strict)
		if err := disk.Mkdir("/d"); err != nil {
			t.Fatal(err)
		}
		disk.Settle()
		for _, name := range []string{"/d/a", "/d/b"} { // as a program writes that syncs nothing
			f, err := disk.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write([]byte("bytes")); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
		var rules []faultfs.Rule
		if drop > 0 {
			rules = append(rules, faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, K: drop, Do: faultfs.Drop})
		}
		if err := durable.SettleDir(faultfs.New(disk, rules...), "/d"); err != nil {
			t.Fatal(err)
		}
		bad := 0
		for state := range disk.Point().States(crashfs.Options{}) {
			for _, name := range []string{"/d/a", "/d/b"} {
				b := make([]byte, 5)
				r, err := state.FS().Open(name)
				if err == nil {
					_, err = r.ReadAt(b, 0)
				}
				if err != nil || string(b) != "bytes" {
					bad++
				}
			}
		}
		if (bad > 0) != (drop > 0) {
			t.Errorf("sync %d forgotten: %d bad", drop, bad)
		}
	}
	if err := durable.SettleDir(unsyncable{crashfs.New(crashfs.Strict)}, "/"); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
	disk := crashfs.New(crashfs.Strict)
	if err := durable.WriteFile(disk, "/a", nil); err != nil {
		t.Fatal(err)
	}
	if err := durable.SettleDir(unsyncable{disk}, "/"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if err := durable.SettleDir(durable.OS(), t.TempDir()); err != nil {
		t.Error(err)
	}
}

// An unsyncable file system opens files that cannot be synced.
type unsyncable struct{ durable.FS }

func (f unsyncable) Open(name string) (durable.Reader, error) {
	r, err := f.FS.Open(name)
	return struct{ durable.Reader }{r}, err
}
