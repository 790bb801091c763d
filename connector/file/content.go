package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/weirstream/weir"
)

// content is the uncompressed content of one file, read from its beginning to its end
// and, if it grows, beyond.
type content struct {
	path   string
	follow bool
	f      *os.File
	known  bool    // whether the file is gzip; it is not while it is too short to tell
	z      *gunzip // nil if it is plain
}

func openContent(path string, follow bool) (*content, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, blameOpen(err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = weir.Permanent(fmt.Errorf("%s: not a regular file: what is read from it could not be read again", path))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &content{path: path, follow: follow, f: f}, nil
}

// blameOpen marks what a restart does not heal.
func blameOpen(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return weir.Permanent(err)
	}
	return err
}

// tell finds out whether the file is gzip, if there is enough of it.
func (c *content) tell() error {
	if c.known {
		return nil
	}
	var magic [2]byte
	n, err := c.f.ReadAt(magic[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case n == 0, n == 1 && magic[0] == gzipMagic[0] && c.follow:
		return nil
	case magic == gzipMagic:
		c.z = newGunzip(c.f, c.follow)
	}
	c.known = true
	return nil
}

// Read reads on. io.EOF says that nothing more is there now.
func (c *content) Read(p []byte) (n int, err error) {
	if err := c.tell(); err != nil {
		return 0, err
	}
	switch {
	case !c.known:
		return 0, io.EOF
	case c.z != nil:
		n, err = c.z.Read(p)
	default:
		n, err = c.f.Read(p)
	}
	if err != nil && err != io.EOF {
		err = c.blame(err)
	}
	return n, err
}

// blame names the file, and marks damage as what it is.
func (c *content) blame(err error) error {
	var bad gzipError
	if errors.As(err, &bad) {
		return weir.Permanent(fmt.Errorf("%s: %w", c.path, err))
	}
	return err // of package os: it has the name
}

// errShort says that there are fewer bytes than there were.
var errShort = errors.New("shorter than what was read")

// skip passes over n bytes from the beginning.
func (c *content) skip(ctx context.Context, n int64) error {
	if err := c.tell(); err != nil {
		return err
	}
	if c.z == nil {
		_, err := c.f.Seek(n, io.SeekStart) // whether there is so much shows when it is read
		if errors.Is(err, syscall.EINVAL) {
			return errShort // no file of this file system can be so long
		}
		return err
	}
	const step = 1 << 20
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := io.CopyN(io.Discard, c, min(n, step))
		n -= m
		if err == io.EOF {
			return errShort
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unchanged makes sure, at the end of what is there, that it is still the end of the
// same file. last is what was read last, as much of it as is known.
func (c *content) unchanged(last []byte) error {
	open, err := c.f.Stat()
	if err != nil {
		return err
	}
	if c.follow {
		named, err := os.Stat(c.path)
		if errors.Is(err, fs.ErrNotExist) {
			return c.gone("removed")
		}
		if err != nil {
			return err
		}
		if !os.SameFile(open, named) {
			return c.gone("replaced by another file")
		}
	}
	read, err := c.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if open.Size() < read {
		return c.gone(fmt.Sprintf("truncated to %d bytes, of which %d were read,", open.Size(), read))
	}
	if !c.follow || c.z != nil || !c.known {
		return nil
	}
	last = last[max(0, len(last)-tailBytes):]
	now := make([]byte, len(last))
	if _, err := c.f.ReadAt(now, read-int64(len(last))); err != nil && err != io.EOF {
		return err
	}
	if string(now) != string(last) {
		return c.gone("truncated and written anew")
	}
	return nil
}

func (c *content) gone(what string) error {
	return weir.Permanent(fmt.Errorf("%s: was %s while it was being read; whether all of it was read cannot be told", c.path, what))
}

func (c *content) Close() error { return c.f.Close() }
