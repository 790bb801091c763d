package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A Checkpoint is one that can be read: a checkpoint or savepoint of Weir's or of
// Flink's.
type Checkpoint struct {
	ID   checkpoint.ID
	Dir  string
	Meta *flink.Metadata
	Seal *Seal // nil if it is not sealed, as none of Flink's is
	// Names are those of the seal; without one, those that the metadata has.
	Names checkpoint.Names

	// WentBack are the ids of newer, damaged checkpoints that were set aside, now or by
	// an earlier start, ascending: a start from this one goes back to before them.
	WentBack []checkpoint.ID
	// Committed says that every effect of it is visible, as was remembered by
	// Store.Committed. If it is false they may be visible all the same. Only Recover and
	// Look find out, of a checkpoint in the job's own directory.
	Committed bool

	fsys         durable.FS
	allowOutside bool
}

// ReadCheckpoint opens the checkpoint or savepoint at path for looking at: its
// directory, or its metadata file. It takes no lock and verifies no state file (Verify
// does), but what is read later through OpenStream is checked block by block. If the
// metadata or its seal is damaged the error is a *MetadataError, and if the path leads to
// no checkpoint it is a *NoCheckpointError.
func ReadCheckpoint(fsys durable.FS, path string, opts ReadOptions) (*Checkpoint, error) {
	file, dir, err := locate(fsys, path)
	if err != nil {
		return nil, err
	}
	meta, seal, err := openMetadata(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noCheckpoint(dir, err)
	}
	if err != nil {
		return nil, err
	}
	return newCheckpoint(fsys, dir, meta, seal, opts), nil
}

func newCheckpoint(fsys durable.FS, dir string, meta *flink.Metadata, seal *Seal, opts ReadOptions) *Checkpoint {
	c := &Checkpoint{
		ID: meta.CheckpointID, Dir: dir, Meta: meta, Seal: seal,
		fsys: fsys, allowOutside: opts.AllowOutside,
	}
	if seal != nil {
		c.Names = seal.Names
	} else {
		c.Names = namesIn(meta)
	}
	return c
}

// namesIn are the names that Flink's metadata has from version 5 on.
func namesIn(meta *flink.Metadata) checkpoint.Names {
	var operators []checkpoint.OperatorName
	for i := range meta.Operators {
		op := &meta.Operators[i]
		if name := cmp.Or(op.UID, op.Name); name != "" {
			operators = append(operators, checkpoint.OperatorName{ID: op.ID, Name: name})
		}
	}
	return checkpoint.NewNames("", operators)
}

// ReadOptions limit what a reader may open.
type ReadOptions struct {
	// AllowOutside lets handles lead to files outside of the checkpoint's directory, as
	// those of Flink's incremental checkpoints do. Nothing is known about such files
	// but their names.
	AllowOutside bool
}

// locate finds the metadata file and the directory that a path refers to: the directory
// itself, or the file, whatever its name is.
func locate(fsys durable.FS, given string) (file, dir string, err error) {
	name, err := LocalPath(given)
	if err != nil {
		return "", "", &NoCheckpointError{err}
	}
	e, err := fsys.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", "", &NoCheckpointError{fmt.Errorf("look for a checkpoint: %w", err)}
	case err != nil:
		return "", "", fmt.Errorf("look for a checkpoint: %w", err)
	case e.Dir:
		if n := checkpoint.ParseName(path.Base(name)); n.Kind == checkpoint.Staging {
			return "", "", &NoCheckpointError{fmt.Errorf("%s is a checkpoint that was never completed", name)}
		}
		return checkpoint.MetadataIn(name), name, nil
	case e.Regular:
		return name, path.Dir(name), nil
	default:
		return "", "", &NoCheckpointError{fmt.Errorf("%s is neither a directory nor a file; links are not followed", name)}
	}
}

// A NoCheckpointError says that a path leads to no checkpoint: to nothing, or to something
// else. A damaged checkpoint, and a path that could not be looked at, are other errors.
type NoCheckpointError struct{ Err error }

func (e *NoCheckpointError) Error() string { return e.Err.Error() }
func (e *NoCheckpointError) Unwrap() error { return e.Err }

func noCheckpoint(dir string, err error) error {
	return &NoCheckpointError{fmt.Errorf("%s is no checkpoint: there is no %s in it (a checkpoint is a directory like chk-17, "+
		"a savepoint one like savepoint-1a2b3c-…; the job's directory above them is neither): %w",
		dir, checkpoint.MetadataName, err)}
}

// LocalPath turns a path of this system, or a URI as Flink writes them, into a path with
// slashes.
func LocalPath(s string) (string, error) {
	if s == "" {
		return "", errors.New("the path is empty")
	}
	rest, ok := strings.CutPrefix(s, "file:")
	if !ok {
		if i := strings.Index(s, "://"); i > 0 {
			return "", fmt.Errorf("%s: only local files can be read, not %s; copy the directory to this machine first", s, s[:i])
		}
		return path.Clean(filepath.ToSlash(s)), nil
	}
	if auth, ok := strings.CutPrefix(rest, "//"); ok {
		if !strings.HasPrefix(auth, "/") {
			return "", fmt.Errorf("%s: only files of this machine can be read", s)
		}
		rest = auth
	}
	return path.Clean(rest), nil
}

// A MetadataError says that a _metadata file is damaged.
type MetadataError struct {
	Path string
	Err  error
}

func (e *MetadataError) Error() string { return fmt.Sprintf("%s is damaged: %v", e.Path, e.Err) }
func (e *MetadataError) Unwrap() error { return e.Err }

// openMetadata reads and decodes a _metadata file, past the page cache. The seal is nil if
// there is none.
func openMetadata(fsys durable.FS, name string) (*flink.Metadata, *Seal, error) {
	data, err := readMetadata(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	meta, seal, err := decodeMetadata(data)
	if err != nil {
		return nil, nil, &MetadataError{Path: name, Err: err}
	}
	return meta, seal, nil
}

// decodeMetadata decodes the contents of a _metadata file. After the payload there must be
// a seal that can be believed, or nothing.
func decodeMetadata(data []byte) (*flink.Metadata, *Seal, error) {
	payload, seal, err := splitSeal(data)
	if err != nil && !errors.Is(err, errNotSealed) {
		return nil, nil, err
	}
	meta, n, err := flink.DecodeMetadata(payload)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case n < len(payload) && seal == nil:
		return nil, nil, sealErrorf("%d bytes follow the payload and do not end like a seal", len(payload)-n)
	case n < len(payload):
		return nil, nil, fmt.Errorf("%d bytes of the payload mean nothing", len(payload)-n)
	case seal != nil && meta.CheckpointID != seal.ID:
		return nil, nil, sealErrorf("it is of checkpoint %v, the payload of checkpoint %v", seal.ID, meta.CheckpointID)
	}
	return meta, seal, nil
}

// readMetadata reads a whole file that can be a _metadata file, from the disk.
func readMetadata(fsys durable.FS, name string) ([]byte, error) {
	r, err := openEvicted(fsys, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	size := r.Size()
	if size > maxMetadataBytes {
		return nil, &MetadataError{Path: name, Err: fmt.Errorf("it has %d bytes, more than the %d that are read", size, maxMetadataBytes)}
	}
	data := make([]byte, size)
	if err := readFull(r, data, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// openEvicted opens a file so that what is read comes from the disk: after a failed sync
// the page cache still has the bytes that were never written.
func openEvicted(fsys durable.FS, name string) (durable.Reader, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return nil, err // it has the call and the name
	}
	if err := r.Evict(); err != nil {
		r.Close()
		return nil, fmt.Errorf("drop %s from the page cache: %w", name, err)
	}
	return r, nil
}
