package weirtest

import (
	"github.com/weirstream/weir/durable"
)

// A fence stands between a process and its disk: nothing gets through once the process has
// crashed. It counts what changes the disk, and crashes the process before the operation
// that the plan says.
type fence struct {
	below   durable.FS
	disk    *disk
	process *process
}

// change is called before an operation that changes the disk.
func (f *fence) change() error {
	if err := f.process.check(); err != nil {
		return err
	}
	if f.disk.next() {
		f.process.crash()
	}
	return f.process.check()
}

func (f *fence) Create(name string) (durable.File, error) {
	if err := f.change(); err != nil {
		return nil, err
	}
	file, err := f.below.Create(name)
	if err != nil {
		return nil, err
	}
	return fencedFile{file, f}, nil
}

func (f *fence) Open(name string) (durable.Reader, error) {
	if err := f.process.check(); err != nil {
		return nil, err
	}
	return f.below.Open(name)
}

func (f *fence) Mkdir(name string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.below.Mkdir(name)
}

func (f *fence) Rename(oldname, newname string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.below.Rename(oldname, newname)
}

func (f *fence) Remove(name string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.below.Remove(name)
}

func (f *fence) ReadDir(name string) ([]durable.Entry, error) {
	if err := f.process.check(); err != nil {
		return nil, err
	}
	return f.below.ReadDir(name)
}

func (f *fence) Stat(name string) (durable.Entry, error) {
	if err := f.process.check(); err != nil {
		return durable.Entry{}, err
	}
	return f.below.Stat(name)
}

func (f *fence) SyncDir(name string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.below.SyncDir(name)
}

func (f *fence) Lock(name string) (durable.LockFile, error) {
	if err := f.change(); err != nil {
		return nil, err
	}
	file, err := f.below.Lock(name)
	if file == nil {
		return nil, err
	}
	return fencedLock{file, f}, err
}

// fencedFile is a file that is written. Close gets through: it changes nothing on the disk.
type fencedFile struct {
	durable.File
	fence *fence
}

func (w fencedFile) Write(p []byte) (int, error) {
	if err := w.fence.change(); err != nil {
		return 0, err
	}
	return w.File.Write(p)
}

func (w fencedFile) Sync() error {
	if err := w.fence.change(); err != nil {
		return err
	}
	return w.File.Sync()
}

// fencedLock is a lock file. Close gets through: the lock ends with the process.
type fencedLock struct {
	durable.LockFile
	fence *fence
}

func (w fencedLock) WriteAt(p []byte, at int64) (int, error) {
	if err := w.fence.change(); err != nil {
		return 0, err
	}
	return w.LockFile.WriteAt(p, at)
}

func (w fencedLock) Sync() error {
	if err := w.fence.change(); err != nil {
		return err
	}
	return w.LockFile.Sync()
}
