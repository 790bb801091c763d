package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync/atomic"

	"github.com/weirstream/weir"
)

// A decoder makes a record of a line; false says that the line holds none. It belongs to
// one reader and must not keep the line.
type decoder[T any] func(line []byte, record *T) (bool, error)

// source is files as a source, whatever their lines hold.
type source[T any] struct {
	path       string
	options    options
	newDecoder func() decoder[T]
	skipped    *atomic.Int64
}

func newSource[T any](path string, opts []Option, newDecoder func() decoder[T]) source[T] {
	s := source[T]{
		path:       filepath.Clean(path),
		options:    options{maxLine: DefaultMaxLine},
		newDecoder: newDecoder,
		skipped:    new(atomic.Int64),
	}
	for _, o := range opts {
		o(&s.options)
	}
	return s
}

// Skipped is how many malformed lines this process has passed over.
func (s source[T]) Skipped() int64 { return s.skipped.Load() }

// Bounded is false if the files are followed.
func (s source[T]) Bounded() bool { return !s.options.follow }

// Splits lists the names of the files, sorted.
func (s source[T]) Splits(context.Context) ([]string, error) {
	if err := s.options.check(); err != nil {
		return nil, weir.Permanent(err)
	}
	return listSplits(s.path)
}

// Open opens a file and goes to the position in it.
func (s source[T]) Open(ctx context.Context, split weir.Split) (weir.Reader[T], error) {
	if err := s.options.check(); err != nil {
		return nil, weir.Permanent(err)
	}
	at, err := decodePosition(split.Position)
	if err != nil {
		return nil, weir.Permanent(fmt.Errorf("%s: %w", split.ID, err))
	}
	name, err := splitPath(s.path, split.ID)
	if err != nil {
		return nil, err
	}
	in, err := openContent(name, s.options.follow)
	if errors.Is(err, fs.ErrNotExist) && at.lines > 0 {
		err = weir.Permanent(fmt.Errorf("%w: it has been read up to line %d, and whether that was all of it cannot be told", err, at.lines))
	}
	if err != nil {
		return nil, err
	}
	scan, err := newScanner(ctx, in, at, s.options.maxLine)
	if err != nil {
		in.Close()
		return nil, err
	}
	r := &reader[T]{scan: scan, decode: s.newDecoder(), follow: s.options.follow}
	if s.options.skipMalformed {
		r.skips = &skips{path: name, total: s.skipped}
	}
	return r, nil
}
