package file

import (
	"errors"
	"fmt"
	"path"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// parts are the files that one subtask writes, one after the other.
//
// Invariant: once err is set, nothing is written any more, and nothing is prepared.
type parts struct {
	fsys      durable.FS
	dir       string
	extension string
	begins    func(first []byte) error // of each part
	name      inProgress               // of now; its counter only grows

	now *part  // nil: nothing was written since the last prepare
	buf []byte // of the part before, for the next one
	err error  // the first: what was written since the last prepare may be lost
}

var errClosed = errors.New("the writer is closed")

// fail keeps the first error.
func (o *parts) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *parts) path() string { return path.Join(o.dir, o.name.String()) }

// part is where to write to: a file that is made when the first byte comes.
func (o *parts) part() (*part, error) {
	if o.err != nil || o.now != nil {
		return o.now, o.err
	}
	o.name.counter++
	f, err := o.fsys.Create(o.path())
	if err != nil {
		o.fail(err)
		return nil, err
	}
	o.now, o.buf = &part{file: f, buf: o.buf[:0], begins: o.begins}, nil
	return o.now, nil
}

func (o *parts) Write(b []byte) (int, error) {
	p, err := o.part()
	if err == nil {
		p.buf = append(p.buf, b...)
		err = o.flushFull(p)
	}
	return len(b), err
}

func (o *parts) WriteString(s string) (int, error) {
	p, err := o.part()
	if err == nil {
		p.buf = append(p.buf, s...)
		err = o.flushFull(p)
	}
	return len(s), err
}

func (o *parts) flushFull(p *part) error {
	if len(p.buf) < writeBytes {
		return nil
	}
	err := p.flush()
	if err != nil {
		o.fail(err)
	}
	return err
}

// prepare makes content and hidden name of what was written durable, in this order, and
// returns what a commit needs, or nil if nothing was written. After an error the file is
// removed: a failed sync is not tried again.
func (o *parts) prepare(id checkpoint.ID) (*prepared, error) {
	if o.err != nil || o.now == nil {
		return nil, o.err
	}
	p := o.now
	o.now, o.buf = nil, p.buf
	err := p.finish()
	if err == nil {
		if err = o.fsys.SyncDir(o.dir); err != nil {
			err = fmt.Errorf("sync folder: %w", err)
		}
	}
	if err == nil {
		err = o.stillThere(p)
	}
	if err != nil {
		o.remove()
		o.fail(err)
		return nil, err
	}
	return &prepared{
		hidden:   o.name.String(),
		visible:  visibleName(o.name.owner, o.name.run, o.name.subtask, id, o.extension),
		length:   p.length,
		checksum: p.sum,
	}, nil
}

// stillThere makes sure that the name leads to what was written. A program that clears the
// folder, moves it away or mounts another one over it has taken the file along; the
// records come again after a restart from the last checkpoint.
func (o *parts) stillThere(p *part) error {
	e, err := o.fsys.Stat(o.path())
	if err == nil && e.Size != p.length {
		err = fmt.Errorf("it has %d bytes, %d were written", e.Size, p.length)
	}
	if err != nil {
		return fmt.Errorf("%s was moved or changed while it was written: %w", o.path(), err)
	}
	return nil
}

// discard removes what was not prepared.
func (o *parts) discard() {
	if o.now != nil {
		_ = o.now.file.Close() // an error does not matter any more
		o.now = nil
		o.remove()
	}
	o.fail(errClosed)
}

// remove removes the current file, if that is possible; if not, the next start does.
func (o *parts) remove() { _ = o.fsys.Remove(o.path()) }
