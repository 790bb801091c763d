package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// A Stream is the bytes of one state. It may be read concurrently.
type Stream interface {
	io.ReaderAt
	io.Closer
	Size() int64
	// Name is where the bytes are, for messages: a file, or that they are inline.
	Name() string
}

// OpenStream opens what a handle of the checkpoint's metadata refers to. Of a sealed
// checkpoint only bytes that agree with their checksum are returned; a read of others
// fails with a *DamagedBlockError.
//
// A relative handle must be the plain name of a file in the checkpoint's directory.
// Handles that lead elsewhere are followed only if that was allowed, and never in a
// sealed checkpoint. Links are never followed.
func (c *Checkpoint) OpenStream(h flink.StreamHandle) (Stream, error) {
	switch h := h.(type) {
	case nil:
		return nil, errors.New("open state: there is no handle")
	case *flink.InlineHandle:
		return memoryStream{bytes.NewReader(h.Data), fmt.Sprintf("%s (inline: %s)", checkpoint.MetadataIn(c.Dir), h.Name)}, nil
	case *flink.EmptySegmentHandle:
		return memoryStream{bytes.NewReader(nil), "empty segment"}, nil
	case *flink.KeyGroupsHandle:
		return c.OpenStream(h.Data)
	case *flink.RelativeHandle:
		return c.openRelative(h)
	case *flink.FileHandle:
		return c.openOutside(h.Path, 0, -1)
	case *flink.SegmentHandle:
		return c.openOutside(h.Path, h.Start, h.Length)
	default:
		return nil, fmt.Errorf("open state: no way is known to open a %T", h)
	}
}

func (c *Checkpoint) openRelative(h *flink.RelativeHandle) (Stream, error) {
	if !h.InOwnDirectory() || !checkpoint.PlainName(h.Path) {
		return nil, fmt.Errorf("open state: %q is not the plain name of a state file: it is not followed", h.Path)
	}
	name := checkpoint.FileIn(c.Dir, h.Path)
	var sealed *checkpoint.File
	if c.Seal != nil {
		if sealed = c.Seal.file(h.Path); sealed == nil {
			return nil, fmt.Errorf("open state %s: the seal does not know the file", name)
		}
	}
	r, err := openRegular(c.fsys, name)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return fileStream{r, name}, nil
	}
	if r.Size() != sealed.Length {
		r.Close()
		return nil, fmt.Errorf("open state %s: %w", name,
			&DamagedBlockError{Path: name, Block: -1, What: wrongLength(r.Size(), sealed.Length)})
	}
	return &sealedStream{r: r, file: sealed, name: name, held: -1}, nil
}

// openOutside opens part of a file anywhere; a length of -1 is all of it.
func (c *Checkpoint) openOutside(uri string, start, length int64) (Stream, error) {
	if c.Seal != nil {
		return nil, fmt.Errorf("open state %s: a sealed checkpoint holds all its state itself", uri)
	}
	if !c.allowOutside {
		return nil, fmt.Errorf("open state %s: it lies outside of the checkpoint's directory %s; "+
			"reading such files must be allowed explicitly", uri, c.Dir)
	}
	name, err := LocalPath(uri)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	r, err := openRegular(c.fsys, name)
	if err != nil {
		return nil, err
	}
	if length < 0 {
		return fileStream{r, name}, nil
	}
	if start > r.Size() || length > r.Size()-start {
		r.Close()
		return nil, fmt.Errorf("open state: %d bytes from %d on cannot be in %s, which has %d", length, start, name, r.Size())
	}
	return segmentStream{io.NewSectionReader(r, start, length), r, fmt.Sprintf("%s from %d on", name, start)}, nil
}

// openRegular opens a regular file: no link, no device.
func openRegular(fsys durable.FS, name string) (durable.Reader, error) {
	e, err := fsys.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("look for state file: %w", err)
	}
	if !e.Regular {
		return nil, fmt.Errorf("open state: %s is not a regular file; links are not followed", name)
	}
	r, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open state file: %w", err)
	}
	return r, nil
}

type memoryStream struct {
	*bytes.Reader
	name string
}

func (s memoryStream) Name() string { return s.name }
func (s memoryStream) Size() int64  { return s.Reader.Size() }
func (s memoryStream) Close() error { return nil }

type fileStream struct {
	durable.Reader
	name string
}

func (s fileStream) Name() string { return s.name }

type segmentStream struct {
	*io.SectionReader
	io.Closer
	name string
}

func (s segmentStream) Name() string { return s.name }

// A DamagedBlockError says that bytes of a sealed state file are not what was written.
type DamagedBlockError struct {
	Path   string
	Block  int   // -1 if it is about the file as a whole
	Offset int64 // of the block in the file
	What   string
}

func (e *DamagedBlockError) Error() string {
	if e.Block < 0 {
		return fmt.Sprintf("%s is damaged: %s", e.Path, e.What)
	}
	return fmt.Sprintf("%s is damaged in block %d, at byte %d: %s", e.Path, e.Block, e.Offset, e.What)
}

// A sealedStream returns bytes of blocks that agree with their checksum. It keeps the last
// block, so that small reads in sequence read each block once.
type sealedStream struct {
	r    durable.Reader
	file *checkpoint.File
	name string

	mu    sync.Mutex
	held  int // the block in block, -1 for none
	block []byte
}

func (s *sealedStream) Name() string { return s.name }
func (s *sealedStream) Size() int64  { return s.file.Length }
func (s *sealedStream) Close() error { return s.r.Close() }

func (s *sealedStream) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: offset %d", s.name, off)
	}
	for n < len(p) {
		if off >= s.file.Length {
			return n, io.EOF
		}
		i := int(off / int64(s.file.BlockBytes))
		begin, size := s.file.Block(i)
		if off == begin && len(p)-n >= size { // a whole block is not copied
			if err := s.readBlock(i, p[n:n+size]); err != nil {
				return n, err
			}
			n, off = n+size, off+int64(size)
			continue
		}
		m, err := s.copyFrom(i, int(off-begin), p[n:])
		if err != nil {
			return n, err
		}
		n, off = n+m, off+int64(m)
	}
	return n, nil
}

// copyFrom copies block i, from a byte on, as far as p has room.
func (s *sealedStream) copyFrom(i, from int, p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != i {
		_, size := s.file.Block(i)
		if s.block == nil {
			s.block = make([]byte, min(int64(s.file.BlockBytes), s.file.Length))
		}
		s.held = -1
		s.block = s.block[:size]
		if err := s.readBlock(i, s.block); err != nil {
			return 0, err
		}
		s.held = i
	}
	return copy(p, s.block[from:]), nil
}

func (s *sealedStream) readBlock(i int, p []byte) error {
	off, _ := s.file.Block(i)
	if err := readFull(s.r, p, off); err != nil {
		return fmt.Errorf("read block %d of %s: %w", i, s.name, err)
	}
	if have := crc32.Checksum(p, castagnoli); have != s.file.CRCs[i] {
		return &DamagedBlockError{Path: s.name, Block: i, Offset: off, What: wrongCRC(have, s.file.CRCs[i])}
	}
	return nil
}

func wrongCRC(have, want uint32) string {
	return fmt.Sprintf("its checksum is %08x and should be %08x", have, want)
}

func wrongLength(have, want int64) string {
	return fmt.Sprintf("it has %d bytes and should have %d", have, want)
}

// readFull fills p; the end of the file before that is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := r.ReadAt(p, off)
		p, off = p[n:], off+int64(n)
		switch {
		case len(p) == 0:
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case n == 0:
			return io.ErrNoProgress
		}
	}
	return nil
}
