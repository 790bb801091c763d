package inspect

import (
	"cmp"
	"context"
	"io/fs"
	"sync/atomic"

	"github.com/weirstream/weir/durable"
)

// A Reader reads checkpoints on a file system. A Reader with nothing but FS set is ready
// for use. It may be used by several goroutines at the same time.
type Reader struct {
	// FS is the file system that the checkpoints lie on.
	FS durable.FS
	// AllowOutside opens files in other directories that a checkpoint refers to, as Flink's
	// incremental checkpoints do.
	AllowOutside bool
	// MaxBlock is the number of bytes that is read into memory at once, at most: a metadata
	// file, a key group, or the operator state of a subtask. 0 means DefaultMaxBlock. Decoded,
	// hostile bytes can take twenty times as much memory.
	MaxBlock int64
	// Progress, if it is not nil, is told how far a reading has come: at its beginning, and
	// after each read of a file. Several goroutines may call it at the same time.
	Progress func(Progress)
}

// Progress says how far a reading has come.
type Progress struct {
	Doing string // what is being done, such as "verifying chk-7"
	Read  int64  // bytes read of it so far
	Total int64  // bytes that there are; 0 if that is not known
}

// DefaultMaxBlock is the MaxBlock of a Reader that states none.
const DefaultMaxBlock = 128 << 20

func (r *Reader) maxBlock() int64 { return cmp.Or(r.MaxBlock, DefaultMaxBlock) }

// An activity is one thing that a Reader is doing, and tells Progress about.
type activity struct {
	doing string
	read  atomic.Int64
	total atomic.Int64
	tell  func(Progress)
}

// begin begins an activity. What it reads is to be read from the file system that begin
// returns: that one counts, and refuses to go on when ctx is done.
func (r *Reader) begin(ctx context.Context, doing string) (durable.FS, *activity) {
	a := &activity{doing: doing, tell: r.Progress}
	a.say()
	return watchedFS{r.FS, ctx, a}, a
}

// Watch returns the file system of r for reading it by other means, such as store.Copy: that
// tells Progress what is read of total bytes, and refuses to go on when ctx is done.
func (r *Reader) Watch(ctx context.Context, doing string, total int64) durable.FS {
	fsys, a := r.begin(ctx, doing)
	a.expect(total)
	return fsys
}

// expect says how many bytes there are to read.
func (a *activity) expect(total int64) {
	a.total.Store(total)
	a.say()
}

func (a *activity) add(n int) {
	a.read.Add(int64(n))
	a.say()
}

func (a *activity) say() {
	if a.tell != nil {
		a.tell(Progress{a.doing, a.read.Load(), a.total.Load()})
	}
}

// A watchedFS is a file system that counts what is read from files, and that refuses to
// list, open and read when its context is done.
type watchedFS struct {
	durable.FS
	ctx context.Context
	a   *activity
}

func (f watchedFS) ReadDir(name string) ([]durable.Entry, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, &fs.PathError{Op: "list", Path: name, Err: err}
	}
	return f.FS.ReadDir(name)
}

func (f watchedFS) Open(name string) (durable.Reader, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	r, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return watchedReader{r, f, name}, nil
}

type watchedReader struct {
	durable.Reader
	f    watchedFS
	name string
}

func (r watchedReader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.f.ctx.Err(); err != nil {
		return 0, &fs.PathError{Op: "read", Path: r.name, Err: err}
	}
	n, err := r.Reader.ReadAt(p, off)
	r.f.a.add(n)
	return n, err
}

// DirBytes returns how many bytes the files in a directory have; 0 if it cannot be listed.
func DirBytes(fsys durable.FS, dir string) (n int64) {
	listing, _ := fsys.ReadDir(dir)
	for _, e := range listing {
		n += e.Size
	}
	return n
}
