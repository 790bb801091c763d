package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A sandbox is a thread of this process to which the kernel answers some system calls with
// an error and does nothing, as it does in a container, or for a file system that does not
// have the call.
type sandbox map[uintptr]syscall.Errno

// run runs do in the sandbox, on a thread that ends with it.
func (s sandbox) run(t *testing.T, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		var err error
		defer func() { done <- err }()
		runtime.LockOSThread() // and never unlocked: nothing else may run in there
		if err = s.enter(); err == nil {
			do()
		}
	}()
	if err := <-done; err != nil {
		t.Skip("there is no sandbox here: ", err)
	}
}

func (s sandbox) enter() error {
	// The number of the call is the first word of what the filter sees.
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for call, errno := range s {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0)
}

// notSupported is what kernels, file systems and sandboxes say for a call that they do not
// have.
var notSupported = []syscall.Errno{syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.EPERM}

// TestRenameWithoutARefusingRename: where the kernel does not refuse to replace, Rename
// takes another way, and refuses.
func TestRenameWithoutARefusingRename(t *testing.T) {
	for _, errno := range notSupported {
		for what, s := range map[string]sandbox{
			"link":        {unix.SYS_RENAMEAT2: errno},
			"neither":     {unix.SYS_RENAMEAT2: errno, unix.SYS_LINKAT: errno},
			"no more":     {unix.SYS_RENAMEAT2: errno, unix.SYS_LINKAT: syscall.EMLINK},
			"no dir sync": {unix.SYS_RENAMEAT2: errno, unix.SYS_FSYNC: errno},
		} {
			t.Run(fmt.Sprintf("%s/%v", what, errno), func(t *testing.T) {
				dir := t.TempDir()
				in := func(name string) string { return filepath.Join(dir, name) }
				for _, name := range []string{"file", "file2", "dir/", "dir2/", "full/", "full/a"} {
					makeAny(t, in(name), strings.HasSuffix(name, "/"))
				}
				s.run(t, func() {
					for _, c := range [][2]string{{"file", "file2"}, {"file", "dir2"}, {"dir", "file2"}, {"dir", "dir2"}, {"dir", "full"}, {"file", "file"}} {
						var pe *fs.PathError
						if err := OS().Rename(in(c[0]), in(c[1])); !errors.Is(err, fs.ErrExist) || !errors.As(err, &pe) || !Refused(err) {
							t.Errorf("%s to %s: %v, want that it exists", c[0], c[1], err)
						}
					}
					if err := OS().Rename(in("missing"), in("new")); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("what is missing: %v", err)
					}
					if err := errors.Join(OS().Rename(in("file"), in("new")), OS().Rename(in("full"), in("newdir"))); err != nil {
						t.Error(err)
					}
				})
				if got := tree(t, dir); got != "dir dir2 file2=file2 new=file newdir newdir/a=a" {
					t.Errorf("there is %s", got)
				}
			})
		}
	}
}

// TestHalfARename: a rename in steps that fails in the middle loses nothing, and is no
// refusal.
func TestHalfARename(t *testing.T) {
	for what, c := range map[string]struct {
		s    sandbox
		want string
	}{
		"sync":   {sandbox{unix.SYS_RENAMEAT2: syscall.EINVAL, unix.SYS_FSYNC: syscall.EIO}, "a=a"},
		"unlink": {sandbox{unix.SYS_RENAMEAT2: syscall.EINVAL, unix.SYS_UNLINKAT: syscall.EACCES, unix.SYS_RMDIR: syscall.EACCES}, "a=a b=a"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			makeAny(t, filepath.Join(dir, "a"), false)
			c.s.run(t, func() {
				if err := OS().Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err == nil || Refused(err) {
					t.Errorf("got %v, want an error that is no refusal", err)
				}
			})
			if got := tree(t, dir); got != c.want {
				t.Errorf("there is %s, want %s", got, c.want)
			}
		})
	}
}

// TestDirectoriesWithoutASync: a directory that has no sync of its own is synced with its
// whole file system. A sync that fails has failed.
func TestDirectoriesWithoutASync(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		own, whole syscall.Errno // 0 lets the call through
		want       error
		dirSync    DirSync
	}{
		{0, syscall.EIO, nil, OwnSync},
		{syscall.EINVAL, 0, nil, WholeSync},
		{syscall.ENOSYS, 0, nil, WholeSync},
		{syscall.EOPNOTSUPP, 0, nil, WholeSync},
		{syscall.EPERM, 0, nil, WholeSync},
		{syscall.EINVAL, syscall.EIO, syscall.EIO, WholeSync},
		{syscall.EINVAL, syscall.ENOSYS, syscall.EINVAL, NoSync},
		{syscall.EIO, 0, syscall.EIO, 0},
		{syscall.ENOSPC, 0, syscall.ENOSPC, 0},
	} {
		s := sandbox{}
		if c.own != 0 {
			s[unix.SYS_FSYNC] = c.own
		}
		if c.whole != 0 {
			s[unix.SYS_SYNCFS] = c.whole
		}
		var err, merr error
		var m Means
		s.run(t, func() {
			err = OS().SyncDir(dir)
			m, merr = MeansIn(dir)
		})
		var pe *fs.PathError
		if !errors.Is(err, c.want) || err != nil && (!errors.As(err, &pe) || pe.Path != dir) {
			t.Errorf("%+v: got %v", c, err)
		}
		if merr == nil && m.DirSync != c.dirSync || merr != nil && !errors.Is(merr, c.want) {
			t.Errorf("%+v: means %+v, %v", c, m, merr)
		}
	}
}

// TestRequestsThatAreNotSupported: what is asked for as a favour may be refused.
func TestRequestsThatAreNotSupported(t *testing.T) {
	for _, errno := range notSupported {
		dir := t.TempDir()
		var err error
		var m Means
		sandbox{unix.SYS_SYNC_FILE_RANGE: errno, unix.SYS_FADVISE64: errno, unix.SYS_RENAMEAT2: errno}.run(t, func() {
			name := filepath.Join(dir, "large")
			if err = WriteFile(OS(), name, make([]byte, writeOutBytes+1)); err != nil {
				return
			}
			var r Reader
			if r, err = OS().Open(name); err == nil {
				err = errors.Join(r.Evict(), r.Close())
			}
			var merr error
			m, merr = MeansIn(dir)
			err = errors.Join(err, merr)
		})
		if err != nil || m.RenameRefuses {
			t.Errorf("%v: %+v, %v", errno, m, err)
		}
	}
	if m, err := MeansIn(t.TempDir()); err != nil || !m.RenameRefuses && m.DirSync == OwnSync {
		t.Logf("outside of a sandbox: %+v, %v", m, err)
	}
}

// makeAny makes a directory, or a file that holds its name.
func makeAny(t *testing.T, name string, dir bool) {
	t.Helper()
	var err error
	if dir {
		err = os.Mkdir(name, 0o777)
	} else {
		err = os.WriteFile(name, []byte(filepath.Base(name)), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tree lists what is below dir, of files what they hold, too.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		entry, _ := filepath.Rel(dir, name)
		if !d.IsDir() {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			entry += "=" + string(b)
		}
		all = append(all, entry)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}
