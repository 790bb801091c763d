package file

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
)

// gunzip unpacks a file of one or more gzip members, one member at a time, and takes what
// gzip(1) takes: zeros after the last member are padding, and anything else there is
// passed over with a warning. It can read on in a file that has grown: after its last
// member, or in that member, which is then unpacked again.
//
// Invariant: between two members the tape, without what is buffered in raw, is where the
// next one would begin.
type gunzip struct {
	tape   *tape
	follow bool
	warn   func(kind string, args ...any)

	raw *bufio.Reader // of the tape; nil: closed, between two members
	z   *gzip.Reader
	in  bool // in a member

	start   int64 // where in the file the member begins
	out     int64 // bytes unpacked from it
	members int   // that were unpacked

	torn  int64 // if not 0: the data ended in the middle of the member when the file had this size
	ended int64 // if not 0: what follows the members is none, when the file had this size
}

func newGunzip(t *tape, follow bool, warn func(kind string, args ...any)) *gunzip {
	return &gunzip{tape: t, follow: follow, warn: warn}
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.torn != 0 || g.ended != 0 {
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
			g.members++
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
	if g.raw == nil {
		g.raw = bufio.NewReaderSize(g.tape, 32<<10)
	}
	next, err := g.raw.Peek(2)
	if len(next) == 0 {
		return err
	}
	g.start, g.out = g.tape.at-int64(g.raw.Buffered()), 0
	if g.members > 0 && (next[0] != 0x1f || len(next) == 2 && next[1] != 0x8b) {
		return g.trailer()
	}
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

// trailer passes over what follows the last member.
func (g *gunzip) trailer() error {
	zeros := true
	for zeros {
		c, err := g.raw.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		zeros = c == 0
	}
	if !zeros {
		g.warn("what follows the gzip data in a file is none, and is not read", "file", g.tape.path, "byte", g.start)
	}
	size, err := g.tape.size()
	if err != nil {
		return err
	}
	g.ended = max(size, 1)
	g.raw = nil
	return io.EOF
}

// judge says what an error means. The end of the data in the middle of a member is the
// end of what is there now, if the file is followed.
func (g *gunzip) judge(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == nil, err == io.EOF:
		return err
	case g.tape.err != nil:
		return g.tape.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		if !g.follow {
			return errTorn(gzipped)
		}
		g.torn = max(g.tape.at, 1) // all of it was read
		return io.EOF
	case errors.Is(err, gzip.ErrHeader):
		return packError{errors.New("begins like a gzip file and is none: its header is invalid")}
	case errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return errCorrupt(gzipped, err)
	}
	return err
}

// resume goes on in a file that has grown: after the members, or in a torn member, which is
// unpacked again up to where it was torn.
func (g *gunzip) resume() (grown bool, err error) {
	size, err := g.tape.size()
	if err != nil || size <= max(g.torn, g.ended) {
		return false, err
	}
	g.tape.seek(g.start)
	g.raw = nil
	if g.ended != 0 {
		g.ended = 0
		return true, nil
	}
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
			err = errTorn(gzipped) // it is shorter now than it was
		}
		return false, g.judge(err)
	}
	return true, nil
}

// Close lets go of the buffers, if there is nothing in them.
func (g *gunzip) Close() {
	if g.torn == 0 && (g.in || g.raw != nil && g.raw.Buffered() > 0) {
		return
	}
	g.raw, g.z = nil, nil
}
