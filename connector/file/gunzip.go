package file

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"os"
)

var gzipMagic = [2]byte{0x1f, 0x8b}

// A gzipError is damage of a gzip file.
type gzipError struct{ error }

func (e gzipError) Unwrap() error { return e.error }

var errTorn = gzipError{errors.New("the gzip data ends in the middle: the file was cut off, or is still being written")}

// gunzip unpacks a file of one or more gzip members, one member at a time. It can read
// on in a file that has grown.
//
// Invariant: between two members, raw is where the next one would begin.
type gunzip struct {
	f      *os.File
	follow bool
	raw    *bufio.Reader // of f
	z      *gzip.Reader
	in     bool // in a member

	start int64 // where in f the member begins
	out   int64 // bytes unpacked from it

	torn int64 // if not 0: the data ended in the middle of the member when f had this size
}

func newGunzip(f *os.File, follow bool) *gunzip {
	return &gunzip{f: f, follow: follow, raw: bufio.NewReaderSize(f, 64<<10)}
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.torn != 0 {
		if grown, err := g.resume(); err != nil || !grown {
			return 0, orEOF(err)
		}
	}
	for {
		if !g.in {
			if err := g.begin(); err != nil {
				return 0, g.judge(err)
			}
		}
		n, err := g.z.Read(p)
		g.out += int64(n)
		if err == io.EOF {
			g.in, err = false, nil
		}
		if n > 0 || err != nil {
			return n, g.judge(err)
		}
	}
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// begin begins a member; io.EOF says that there is none.
func (g *gunzip) begin() error {
	if _, err := g.raw.Peek(1); err != nil {
		return err
	}
	at, err := g.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	g.start, g.out = at-int64(g.raw.Buffered()), 0
	if g.z == nil {
		g.z, err = gzip.NewReader(g.raw)
	} else {
		err = g.z.Reset(g.raw)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	g.z.Multistream(false)
	g.in = true
	return nil
}

// judge says what an error means. The end of the data in the middle of a member is the
// end of what is there now, if the file is followed.
func (g *gunzip) judge(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		if !g.follow {
			return errTorn
		}
		size, err := g.f.Seek(0, io.SeekCurrent) // all of it was read
		if err != nil {
			return err
		}
		g.torn = size
		return io.EOF
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return gzipError{err}
	}
	return err
}

// resume unpacks a torn member again, up to where it was torn, if the file has grown.
func (g *gunzip) resume() (grown bool, err error) {
	fi, err := g.f.Stat()
	if err != nil || fi.Size() <= g.torn {
		return false, err
	}
	if _, err := g.f.Seek(g.start, io.SeekStart); err != nil {
		return false, err
	}
	g.raw.Reset(g.f)
	skip := g.out
	g.torn, g.in = 0, false
	if err := g.begin(); err != nil {
		g.out = skip
		return false, g.judge(err)
	}
	g.out, err = io.CopyN(io.Discard, g.z, skip)
	if err != nil {
		g.out = skip
		if err == io.EOF {
			err = errTorn // it is shorter now than it was
		}
		return false, g.judge(err)
	}
	return true, nil
}
