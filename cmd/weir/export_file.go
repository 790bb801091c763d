package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// An outFile is what is written into: standard output, or a new file. A file gets its name when
// it is whole. Until then, and for good if the verb is cut off, it is called NAME.inprogress, so
// that a part of it is not taken for all of it.
type outFile struct {
	*bufio.Writer
	fsys   durable.FS
	file   durable.File // nil for standard output
	name   string
	staged string // its name while it is written
}

// outBuffer is how much is gathered before it is written to a file.
const outBuffer = 256 << 10

// create makes a new file, or returns standard output if the name is empty.
func (t *tool) create(name string) (*outFile, error) {
	if name == "" {
		return &outFile{Writer: t.out.Writer}, nil
	}
	name, err := store.LocalPath(name)
	if err != nil {
		return nil, err
	}
	if _, err := t.fsys.Stat(name); err == nil {
		return nil, isTaken(name)
	}
	staged := name + ".inprogress"
	f, err := t.fsys.Create(staged)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s is in the way: another export is writing it, or one was cut off; "+
			"if none is at work, remove it and export again", staged)
	case err != nil:
		return nil, fmt.Errorf("create the output: %w", err)
	}
	return &outFile{bufio.NewWriterSize(f, outBuffer), t.fsys, f, name, staged}, nil
}

func isTaken(name string) error { return fmt.Errorf("%s exists, and nothing is overwritten", name) }

// close ends the writing; err is how that went. If err is nil, a file and its name are durable
// when close returns nil. In all other cases the file is removed.
func (o *outFile) close(err error) error {
	if o.file == nil {
		return err
	}
	if err == nil {
		err = o.Flush()
	}
	if err == nil {
		err = o.file.Sync()
	}
	if errClose := o.file.Close(); err == nil {
		err = errClose
	}
	if err == nil {
		err = o.fsys.Rename(o.staged, o.name)
	}
	switch {
	case errors.Is(err, fs.ErrExist): // since it was looked for
		_ = o.fsys.Remove(o.staged)
		return isTaken(o.name)
	case err != nil:
		_ = o.fsys.Remove(o.staged) // best effort: what is in it is not what was asked for
		return fmt.Errorf("write %s, which is removed: %w", o.staged, err)
	}
	if err := o.fsys.SyncDir(path.Dir(o.name)); err != nil {
		_ = o.fsys.Remove(o.name) // best effort: whether it survives is not known
		return fmt.Errorf("write %s, which is removed: %w", o.name, err)
	}
	return nil
}
