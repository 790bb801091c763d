package file

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/weirstream/weir"
)

// look finds out what has become of a file since it was prepared.
//
// What a writer has prepared that is still open here was synced without an error by the
// attempt that runs; its length will do. What comes out of a checkpoint has been through a
// restart, and maybe through a power cut on a disk that lied: every byte of it is read back.
func (c *commit[T]) look(p prepared) error {
	name := c.path(p.hidden)
	difference, err := c.difference(name, p, !c.running.trusts(p.hidden))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.wasPublished(p)
	case err != nil:
		return err
	case difference != "":
		return weir.Permanent(fmt.Errorf(
			"%s: prepared output is damaged: %s. A disk that keeps what it has synced does not do that: suspect the disk, or a program that changed the file. "+
				"Nothing that was prepared with it was made visible now, and no visible file was touched. "+
				"If there is a copy with the right bytes, put it in the file's place and start again",
			name, difference))
	}
	c.hidden, c.there = append(c.hidden, p), true
	return nil
}

// wasPublished decides about a file without its hidden name. No run gives a visible name
// twice; so what has it is this output, as its consumer has left it.
func (c *commit[T]) wasPublished(p prepared) error {
	visible := c.path(p.visible)
	e, err := c.fsys.Stat(visible)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Regular { // a link to where it is now
		return c.wasTaken(p)
	}
	if err != nil {
		return err
	}
	difference, err := c.difference(visible, p, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.wasTaken(p)
	case errors.Is(err, fs.ErrPermission): // its consumer keeps others from reading it
	case err != nil:
		return err
	case difference != "":
		return weir.Permanent(fmt.Errorf(
			"%s: was made visible, and was changed or damaged since: %s. No file was touched. "+
				"If its consumer has changed it, move it to another folder and start again: it is not written a second time. "+
				"If not, suspect the disk; a copy with the right bytes can take its place",
			visible, difference))
	}
	c.there = true
	return nil
}

// wasTaken notes a file of which neither name is there, unless it is certain that it has
// never been visible.
func (c *commit[T]) wasTaken(p prepared) error {
	if c.running.trusts(p.hidden) {
		return fmt.Errorf("%s: prepared output was removed before it became visible; the records in it, %d bytes, are lost unless the file is found: it is to be called %s",
			c.path(p.hidden), p.length, p.visible)
	}
	c.taken = append(c.taken, p)
	return nil
}

// difference says how a file differs from what was prepared, in words, and nothing if it
// does not: by its length and, if all is to be read, by its content.
func (s sink[T]) difference(name string, p prepared, all bool) (string, error) {
	e, err := s.fsys.Stat(name)
	switch {
	case err != nil:
		return "", err
	case !e.Regular:
		return "it is not a regular file", nil
	case e.Size != p.length:
		return fmt.Sprintf("it has %d bytes, %d were written and synced", e.Size, p.length), nil
	case !all:
		return "", nil
	}
	sum, err := s.readBack(name)
	if err != nil {
		return "", fmt.Errorf("read back prepared output: %w", err)
	}
	if sum != p.checksum {
		return fmt.Sprintf("the CRC32C of its %d bytes is %08x, and that of what was written and synced is %08x", e.Size, sum, p.checksum), nil
	}
	return "", nil
}

// readBack takes the CRC32C of a file from the disk: what the page cache shows need never
// have got there.
func (s sink[T]) readBack(name string) (uint32, error) {
	r, err := s.fsys.Open(name)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := r.Evict(); err != nil {
		return 0, fmt.Errorf("drop it from the page cache: %w", err)
	}
	h := crc32.New(castagnoli)
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, r.Size())); err != nil {
		return 0, err
	}
	return h.Sum32(), nil
}
