package keyed

import "io"

// An encoder gathers the bytes of a snapshot and writes them in large pieces. Kinds of
// state append to buf, and call room between entries, or within one that may be large.
type encoder struct {
	w       io.Writer
	buf     []byte
	written int64 // without buf
	sorter  sorter
}

// writeSize is how many bytes are gathered before they are written.
const writeSize = 256 << 10

// offset is where the next byte will be in what is written.
func (e *encoder) offset() int64 { return e.written + int64(len(e.buf)) }

// room writes what is gathered, if that is much.
func (e *encoder) room() error {
	if len(e.buf) < writeSize {
		return nil
	}
	return e.flush()
}

func (e *encoder) flush() error {
	n, err := e.w.Write(e.buf)
	e.written += int64(n)
	e.buf = e.buf[:0]
	return err
}

// free gives the encoder back for the next snapshot.
func (e *encoder) free() {
	if cap(e.buf) > 4*writeSize {
		return // one large value made it so
	}
	e.w, e.buf, e.written = nil, e.buf[:0], 0
	e.sorter.shrink()
	buffers.Put(e)
}
