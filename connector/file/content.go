package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/weirstream/weir"
)

// content is the unpacked content of one file, read from its beginning, or if it is plain
// from anywhere, to its end and, if it grows, beyond.
type content struct {
	tape   *tape
	follow bool
	warn   func(kind string, args ...any)

	kind   kind     // tooShort until it is known
	bom    int      // bytes of a byte order mark at the beginning
	unpack unpacker // nil if it is plain
	peeked []byte   // unpacked to see what it is, and not given out yet
}

// An unpacker unpacks what a tape has from its beginning on. io.EOF says that nothing more
// is there now. A followed file may grow then, and it goes on.
type unpacker interface {
	io.Reader
	// Close lets go of what it takes to unpack. A Read makes it again.
	Close()
}

// A packError is damage of packed data.
type packError struct{ error }

func (e packError) Unwrap() error { return e.error }

func errTorn(k kind) error {
	return packError{fmt.Errorf("the %s data ends in the middle: the file was cut off, or is still being written", k)}
}

func errCorrupt(k kind, err error) error {
	return packError{fmt.Errorf("the %s data is corrupt: %w", k, err)}
}

// tell finds out what the file is, if there is enough of it. io.EOF says that there is not.
func (c *content) tell() error {
	if c.kind != tooShort {
		return nil
	}
	if c.unpack == nil {
		b := make([]byte, whatFirstSays)
		n, err := c.tape.d.f.ReadAt(b, 0)
		if err != nil && err != io.EOF {
			return err
		}
		k, m := tell(b[:n], !c.follow)
		switch {
		case k == tooShort, n == 0 && c.follow:
			return io.EOF
		case k == refused:
			return errNotText(c.tape.path, m, text)
		case k == text:
			c.isText(b[:n])
			return nil
		}
		c.unpack = c.unpackerOf(k)
	}
	return c.tellInside()
}

func (c *content) isText(b []byte) {
	c.kind = text
	if len(b) >= len(bom) && string(b[:len(bom)]) == bom {
		c.bom = len(bom)
	}
}

func (c *content) unpackerOf(k kind) unpacker {
	if k == gzipped {
		return newGunzip(c.tape, c.follow, c.warn)
	}
	return newPacked(k, c.tape, c.follow)
}

// tellInside finds out what a packed file holds.
func (c *content) tellInside() error {
	for len(c.peeked) < whatFirstSays {
		b := make([]byte, whatFirstSays-len(c.peeked))
		n, err := c.unpack.Read(b)
		c.peeked = append(c.peeked, b[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil && len(c.peeked) > 0 {
			break // what comes before damage is read
		}
		if err != nil {
			return err
		}
	}
	k, m := tell(c.peeked, !c.follow)
	switch {
	case k == tooShort, len(c.peeked) == 0 && c.follow:
		return io.EOF
	case k != text:
		return errNotText(c.tape.path, m, c.packing())
	}
	c.isText(c.peeked)
	return nil
}

// packing is how the file is packed.
func (c *content) packing() kind {
	switch u := c.unpack.(type) {
	case nil:
		return text
	case *packed:
		return u.kind
	}
	return gzipped
}

// plain reports whether the content is the file itself.
func (c *content) plain() bool { return c.kind == text && c.unpack == nil }

// Read reads on. io.EOF says that nothing more is there now.
func (c *content) Read(p []byte) (n int, err error) {
	switch err := c.tell(); {
	case err == io.EOF:
		return 0, err
	case err != nil:
		return 0, c.blame(err)
	}
	switch {
	case len(c.peeked) > 0:
		n = copy(p, c.peeked)
		if c.peeked = c.peeked[n:]; len(c.peeked) == 0 {
			c.peeked = nil
		}
		return n, nil
	case c.unpack != nil:
		n, err = c.unpack.Read(p)
	default:
		n, err = c.tape.Read(p)
	}
	if err != nil && err != io.EOF {
		err = c.blame(err)
	}
	return n, err
}

// blame names the file, and marks damage as what it is.
func (c *content) blame(err error) error {
	var bad packError
	if errors.As(err, &bad) {
		return weir.Permanent(fmt.Errorf("%s: %w", c.tape.path, err))
	}
	return err // of package os: it has the name
}

// open opens the file, if it is not open.
func (c *content) open(ctx context.Context) error { return c.tape.open(ctx) }

// sleep lets go of the file, and of what it takes to unpack it.
func (c *content) sleep() {
	if c.unpack != nil {
		c.unpack.Close()
	}
	c.tape.d.close()
}

// permanent marks what a restart does not heal.
func permanent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return weir.Permanent(err)
	}
	return err
}
