package file

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/weirstream/weir"
)

// look makes sure that what was prepared is there as it was prepared, under one of its
// names, and tells whether that is the hidden one.
//
// What a writer has prepared that is still open here was synced without an error by the
// attempt that runs; its length will do. What comes out of a checkpoint has been through a
// restart, and maybe through a power cut on a disk that lied: every byte of it is read back.
func (s sink[T]) look(p prepared) (hidden bool, err error) {
	name := s.path(p.hidden)
	difference, err := s.difference(name, p, !s.writers.wrote(p))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, s.wasPublished(p)
	case err != nil:
		return false, err
	case difference != "":
		return false, weir.Permanent(fmt.Errorf(
			"%s: prepared output is damaged: %s. A disk that keeps what it has synced does not do that: suspect the disk, or whoever touched the file. "+
				"Nothing that was prepared with it was made visible now, and what was visible before is as it was. "+
				"If there is a copy with the right bytes, put it in the file's place and start again",
			name, difference))
	}
	return true, nil
}

// wasPublished makes sure that what has lost its hidden name is what is under the visible
// one.
func (s sink[T]) wasPublished(p prepared) error {
	visible := s.path(p.visible)
	difference, err := s.difference(visible, p, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return weir.Permanent(fmt.Errorf(
			"%s: prepared output is missing: neither this file nor %s is there, and the checkpoint says that one of them is; if it was moved away, move it back",
			visible, p.hidden))
	case err != nil:
		return err
	case difference != "":
		return weir.Permanent(fmt.Errorf(
			"%s: was made visible, and was changed or damaged since, or is output of another run: %s. "+
				"Nothing that was prepared with it was made visible now, and no file was touched. "+
				"If there is a copy with the right bytes, put it in the file's place and start again",
			visible, difference))
	}
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
