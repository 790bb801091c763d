//go:build unix

package file

import (
	"io/fs"
	"os"
	"syscall"
)

// look looks at the file that a path names now, through links.
func look(path string) (status, error) {
	var st syscall.Stat_t
	for {
		err := syscall.Stat(path, &st)
		if err == nil {
			return statusOf(&st), nil
		}
		if err != syscall.EINTR {
			return status{}, &fs.PathError{Op: "stat", Path: path, Err: err}
		}
	}
}

// lookOpen looks at an open file.
func lookOpen(f *os.File) (status, error) {
	fi, err := f.Stat()
	if err != nil {
		return status{}, err
	}
	return statusOf(fi.Sys().(*syscall.Stat_t)), nil
}

func statusOf(st *syscall.Stat_t) status {
	return status{
		ident: ident{uint64(st.Dev), uint64(st.Ino)},
		stamp: stamp{int64(st.Size), changeTime(st)},
		mode:  modeOf(uint32(st.Mode)),
	}
}

func modeOf(mode uint32) fs.FileMode {
	switch mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		return 0
	case syscall.S_IFDIR:
		return fs.ModeDir
	case syscall.S_IFIFO:
		return fs.ModeNamedPipe
	case syscall.S_IFSOCK:
		return fs.ModeSocket
	case syscall.S_IFCHR:
		return fs.ModeDevice | fs.ModeCharDevice
	case syscall.S_IFBLK:
		return fs.ModeDevice
	}
	return fs.ModeIrregular
}

// openFile opens a file for reading. It does not wait for the other end of a pipe.
func openFile(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOCTTY, 0)
		if err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
		if err != syscall.EINTR {
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// outOfDescriptors reports whether err says that there are no more descriptors.
func outOfDescriptors(err error) bool {
	pe, ok := err.(*fs.PathError)
	return ok && (pe.Err == syscall.EMFILE || pe.Err == syscall.ENFILE)
}

// stale reports whether err says that an open file is no longer known to its server.
func stale(err error) bool {
	pe, ok := err.(*fs.PathError)
	return ok && pe.Err == syscall.ESTALE
}

// descriptorLimit is how many descriptors this process may have.
func descriptorLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 256
	}
	return int(min(uint64(limit.Cur), 1<<20))
}
