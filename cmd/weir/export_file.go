package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir/durable"
)

// An outFile is what is written into: standard output, or a new file.
type outFile struct {
	*bufio.Writer
	fsys durable.FS
	file durable.File // nil for standard output
	name string
}

// outBuffer is how much is gathered before it is written to a file.
const outBuffer = 256 << 10

// create makes a new file, or is standard output if the name is empty.
func (t *tool) create(name string) (*outFile, error) {
	if name == "" {
		return &outFile{Writer: t.out.Writer}, nil
	}
	name, err := localPath(name)
	if err != nil {
		return nil, err
	}
	f, err := t.fsys.Create(name)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s exists, and nothing is overwritten", name)
	case err != nil:
		return nil, fmt.Errorf("create the output: %w", err)
	}
	return &outFile{bufio.NewWriterSize(f, outBuffer), t.fsys, f, name}, nil
}

// close ends the writing, which came to err. If that is nil a file and its name are
// durable on return; otherwise, or if that does not come about, it is removed.
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
		err = o.fsys.SyncDir(path.Dir(o.name))
	}
	if err != nil {
		_ = o.fsys.Remove(o.name) // best effort: what is in it is not what was asked for
		return fmt.Errorf("write %s, which is removed: %w", o.name, err)
	}
	return nil
}
