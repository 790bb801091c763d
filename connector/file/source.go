package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir"
)

// A decoder makes records of what a scanner has cut. It belongs to one reader.
type decoder[T any] interface {
	// decode makes a record of a line, which it must not keep. false says that the line
	// holds none.
	decode(line []byte, record *T) (bool, error)
	// batch says that about so many bytes of lines are decoded next, for one Read.
	batch(bytes int)
}

// A format is how records are laid out in a file.
type format[T any] struct {
	newDecoder func(*options) decoder[T]
	newCutter  func(*options) cutter // nil: a record is a line
	headed     bool                  // the first record says how to decode the others
	check      func(*options) error  // nil: nothing can be wrong
}

// source is files as a source, whatever is in them.
type source[T any] struct {
	*files
	format format[T]
}

// files are the files of a source, and what it remembers of them.
type files struct {
	options     options
	folder      folder
	planner     planner
	say         warnings
	skipped     atomic.Int64
	readers     readers
	descriptors *descriptors
	check       func() error
}

func newSource[T any](path string, opts []Option, f format[T]) source[T] {
	s := source[T]{format: f, files: &files{
		options:     options{maxLine: DefaultMaxLine, comma: ','},
		descriptors: processDescriptors(),
	}}
	for _, o := range opts {
		o(&s.options)
	}
	s.folder = folder{path: filepath.Clean(path), options: &s.options, say: &s.say}
	s.planner = planner{files: s.files}
	s.check = func() error {
		err := s.options.check()
		if err == nil && path == "" {
			err = errNoPath
		}
		if err == nil && f.check != nil {
			err = f.check(&s.options)
		}
		if err != nil {
			err = weir.Permanent(err)
		}
		return err
	}
	return s
}

// Skipped is how many malformed records this process has passed over.
func (s *files) Skipped() int64 { return s.skipped.Load() }

// Bounded is false if the files are followed.
func (s *files) Bounded() bool { return !s.options.follow }

// Splits lists the splits of a job that begins.
func (s *files) Splits(ctx context.Context) ([]string, error) {
	p, err := s.PlanSplits(ctx, nil)
	ids := make([]string, len(p.Read))
	for i, r := range p.Read {
		ids[i] = r.ID
	}
	return ids, err
}

// PlanSplits finds the files that are to be read, those of the known splits among them.
func (s *files) PlanSplits(ctx context.Context, known []weir.Split) (weir.SplitPlan, error) {
	if err := s.check(); err != nil {
		return weir.SplitPlan{}, err
	}
	return s.planner.plan(ctx, known)
}

// Open begins to read a file at its position. The file itself is opened by the first Read.
func (s source[T]) Open(_ context.Context, split weir.Split) (weir.Reader[T], error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	id, err := parseSplitID(split.ID)
	if err != nil {
		return nil, err
	}
	at, err := decodePosition(split.Position)
	if err != nil {
		return nil, weir.Permanent(fmt.Errorf("%s: %w", split.ID, err))
	}
	path, err := s.folder.pathOf(id, at)
	if err != nil {
		return nil, err
	}
	if split.Position == nil { // no plan has it
		if _, err := look(path); errors.Is(err, fs.ErrNotExist) {
			return nil, weir.Permanent(err)
		}
	}
	s.readers.add(split.ID)
	return newReader(s, id, at, split.Position, path), nil
}

// Reads reports whether a file of that path, which need not exist, would become input.
func (s *files) Reads(path string) bool { return s.folder.reads(path) }

// readers are how many readers there are now, of each split.
type readers struct {
	all atomic.Int64
	mu  sync.Mutex
	of  map[string]int
}

func (r *readers) add(id string) {
	r.all.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = make(map[string]int)
	}
	r.of[id]++
}

func (r *readers) remove(id string) {
	r.all.Add(-1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[id]--; r.of[id] == 0 {
		delete(r.of, id)
	}
}

func (r *readers) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[id] > 0
}
