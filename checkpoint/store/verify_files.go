package store

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// verifyWorkers is how many files are read at the same time.
const verifyWorkers = 4

// files reads all sealed files, and notes what else is in the directory.
func (rep *Report) files(c *Checkpoint, serial bool) error {
	findings := make([][]Finding, len(c.Seal.Files))
	err := forEach(len(c.Seal.Files), serial, func(i int) (err error) {
		findings[i], err = verifyFile(c.fsys, c.Dir, &c.Seal.Files[i], c.Seal.Identity, nil)
		return err
	})
	for i := range findings {
		rep.Files++
		rep.Bytes += c.Seal.Files[i].Length
		rep.Findings = append(rep.Findings, findings[i]...)
	}
	if err != nil {
		return err
	}
	rep.others(c)
	return nil
}

// forEach does something with each of n files, verifyWorkers of them at the same time. The
// error joins those of all.
func forEach(n int, serial bool, do func(i int) error) error {
	workers := min(verifyWorkers, n)
	if serial {
		workers = min(1, n)
	}
	errs := make([]error, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}

// others notes what is in the directory and not in the seal. It does no harm: if the
// directory cannot be listed nothing is noted.
func (rep *Report) others(c *Checkpoint) {
	listing, err := c.fsys.ReadDir(c.Dir)
	if err != nil {
		return
	}
	for _, e := range listing {
		if e.Name != checkpoint.MetadataName && c.Seal.file(e.Name) == nil {
			rep.Strangers = append(rep.Strangers, e.Name)
		}
	}
}

// maxFindingsPerFile keeps a report readable.
const maxFindingsPerFile = 8

// verifyFile reads a whole file and compares it with the seal. Blocks that agree with their
// checksum are written to w, if there is one, in order.
func verifyFile(fsys durable.FS, dir string, f *checkpoint.File, of checkpoint.Identity, w io.Writer) ([]Finding, error) {
	name := checkpoint.FileIn(dir, f.Name)
	finding := func(block int, off int64, format string, args ...any) Finding {
		return Finding{File: f.Name, What: f.What, Subtask: f.Subtask, Block: block, Offset: off,
			Problem: fmt.Sprintf(format, args...)}
	}
	unread := func(block int, off int64, what string, err error) Finding {
		x := finding(block, off, "%s: %v", what, err)
		x.Unreadable = true
		return x
	}
	e, err := fsys.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{finding(-1, 0, "is missing")}, nil
	case err != nil && lost(err):
		return []Finding{unread(-1, 0, "cannot be looked at", err)}, nil
	case err != nil:
		return nil, fmt.Errorf("look for state file: %w", err)
	case !e.Regular:
		return []Finding{finding(-1, 0, "is not a regular file")}, nil
	case e.Size != f.Length:
		return []Finding{finding(-1, 0, "%s", wrongLength(e.Size, f.Length))}, nil
	}
	r, err := openEvicted(fsys, name)
	if err != nil {
		if lost(err) {
			return []Finding{unread(-1, 0, "cannot be opened", err)}, nil
		}
		return nil, err
	}
	defer r.Close()

	var findings []Finding
	bad, unreadable := 0, 0
	found := func(x Finding) {
		if bad++; bad <= maxFindingsPerFile {
			findings = append(findings, x)
		}
		if x.Unreadable {
			unreadable++
		}
	}
	all := newSum(of, f.Subtask, f.Name, f.BlockBytes)
	buf := make([]byte, min(int64(f.BlockBytes), f.Length))
	for i := range f.CRCs {
		off, n := f.Block(i)
		err := readFull(r, buf[:n], off)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			found(finding(i, off, "the file ends in it"))
			continue
		case err != nil && lost(err):
			found(unread(i, off, "cannot be read", err))
			continue
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if have := crc32.Checksum(buf[:n], castagnoli); have != f.CRCs[i] {
			found(finding(i, off, "%s", wrongCRC(have, f.CRCs[i])))
		}
		all.hash.Write(buf[:n])
		if w == nil {
			continue
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return nil, fmt.Errorf("write a copy of %s: %w", f.Name, err)
		}
	}
	if bad > maxFindingsPerFile {
		more := finding(-1, 0, "%d more blocks are damaged", bad-maxFindingsPerFile)
		more.Unreadable = unreadable == bad
		findings = append(findings, more)
	}
	if _, hash := all.result(); bad == 0 && hash != f.Hash {
		findings = append(findings, finding(-1, 0, "each block agrees with its checksum and the whole does not: "+
			"it is %x and should be %x", hash, f.Hash))
	}
	return findings, nil
}
