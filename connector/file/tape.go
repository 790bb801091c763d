package file

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// A tape is the raw bytes of one file, read from any place to the end that there is now,
// and beyond if the file grows. The file may be closed and opened again in between.
type tape struct {
	path  string // where the file is now
	file  ident  // of the file that was opened first; zero: none was
	d     descriptor
	at    int64  // where the next byte is read
	first []byte // of the file, as it was read: up to firstBytes of them
	last  []byte // before at, as they were read: up to lastBytes of them
	err   error  // the last one of a read, if it was not io.EOF
}

const (
	firstBytes = 1 << 10
	lastBytes  = 64
)

// errAnother says that the path does not name the file any more that was read.
var errAnother = errors.New("the path names another file")

// open opens the file, if it is not open. errAnother says that the path names another one.
func (t *tape) open(ctx context.Context) error {
	if t.d.f != nil {
		return nil
	}
	if err := t.d.open(ctx, t.path); err != nil {
		return err
	}
	st, err := lookOpen(t.d.f)
	switch {
	case err != nil:
	case st.mode != 0:
		err = errNotRegular(t.path, st.mode)
	case t.file == ident{}:
		t.file = st.ident
	case t.file != st.ident:
		err = errAnother
	}
	if err != nil {
		t.d.close()
	}
	t.err = nil
	return err
}

// Read reads on. io.EOF says that nothing more is there now. The tape must be open.
func (t *tape) Read(p []byte) (int, error) {
	if t.d.f == nil {
		return 0, errClosedTape
	}
	n, err := t.d.f.ReadAt(p, t.at)
	if n > 0 {
		t.remember(p[:n])
		t.at += int64(n)
		err = nil // it comes again
	}
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}

var errClosedTape = errors.New("a file that is closed is read")

// remember keeps what is needed to know the file again.
func (t *tape) remember(p []byte) {
	if have := int64(len(t.first)); t.at == have && have < firstBytes {
		t.first = append(t.first, p[:min(len(p), int(firstBytes-have))]...)
	}
	t.last = lastOf(t.last, p, lastBytes)
}

// seek goes to a place without reading what is before it.
func (t *tape) seek(at int64) { t.at, t.last = at, t.last[:0] }

// recall goes to a place and reads what it takes to know the file again there. What is
// before the place must be known to be what was read.
func (t *tape) recall(at int64) error {
	first, last := make([]byte, min(at, firstBytes)), make([]byte, min(at, lastBytes))
	if _, err := t.d.f.ReadAt(first, 0); err != nil {
		return err
	}
	if _, err := t.d.f.ReadAt(last, at-int64(len(last))); err != nil {
		return err
	}
	t.at, t.first, t.last = at, first, last
	return nil
}

// same reports whether what was read first and last is still there.
func (t *tape) same() (bool, error) {
	same, err := t.has(t.first, 0)
	if err == nil && same {
		same, err = t.has(t.last, t.at-int64(len(t.last)))
	}
	return same, err
}

func (t *tape) has(want []byte, at int64) (bool, error) {
	now := make([]byte, len(want))
	n, err := t.d.f.ReadAt(now, at)
	if err == io.EOF {
		err = nil
	}
	return n == len(want) && bytes.Equal(now, want), err
}

// size is how long the file is now.
func (t *tape) size() (int64, error) {
	st, err := lookOpen(t.d.f)
	return st.size, err
}
