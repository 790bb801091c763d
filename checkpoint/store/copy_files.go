package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// errUnfinished ends the writing of a file whose source is damaged.
var errUnfinished = errors.New("the source is damaged")

// copyFile copies one state file and makes its bytes durable. Of a checkpoint without a
// seal it takes the checksums while it copies.
func (c *copying) copyFile(f *checkpoint.File) (findings []Finding, err error) {
	err = durable.FillFile(c.fsys, checkpoint.FileIn(c.staging, f.Name), func(w io.Writer) (err error) {
		if c.done.Resealed {
			findings, err = c.sumFile(f, w)
		} else {
			findings, err = verifyFile(c.fsys, c.from.Dir, f, c.done.Identity, w)
		}
		if err == nil && len(findings) > 0 {
			err = errUnfinished
		}
		return err
	})
	if errors.Is(err, errUnfinished) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("copy state file %s: %w", f.Name, err)
	}
	return findings, err
}

// sumFile writes a state file without a seal to w and takes its checksums.
func (c *copying) sumFile(f *checkpoint.File, w io.Writer) ([]Finding, error) {
	name := checkpoint.FileIn(c.from.Dir, f.Name)
	damaged := func(problem string) ([]Finding, error) {
		return []Finding{{File: f.Name, What: f.What, Subtask: f.Subtask, Block: -1, Problem: problem}}, nil
	}
	e, err := c.fsys.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return damaged("is missing")
	case err != nil:
		return nil, err
	case !e.Regular:
		return damaged("is not a regular file")
	case e.Size != f.Length:
		return damaged(wrongLength(e.Size, f.Length))
	}
	r, err := openEvicted(c.fsys, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f.BlockBytes = blockBytes
	all := newSum(c.done.Identity, f.Subtask, f.Name, f.BlockBytes)
	buf := make([]byte, min(int64(f.BlockBytes), f.Length))
	for i := range int(checkpoint.Blocks(f.Length, f.BlockBytes)) {
		off, n := f.Block(i)
		if err := readFull(r, buf[:n], off); err != nil {
			if lost(err) || errors.Is(err, io.ErrUnexpectedEOF) {
				return damaged(fmt.Sprintf("cannot be read: %v", err))
			}
			return nil, err
		}
		all.add(buf[:n])
		if _, err := w.Write(buf[:n]); err != nil {
			return nil, err
		}
	}
	f.CRCs, f.Hash = all.result()
	return nil, nil
}

// unsealedFiles lists the state files of a checkpoint without a seal, ascending by their
// names and still without checksums. All state must be in its own directory.
func unsealedFiles(c *Checkpoint, rep *Report) ([]checkpoint.File, error) {
	var files []checkpoint.File
	length := map[string]int64{}
	for ref := range c.Meta.Streams() {
		switch h := ref.Handle.(type) {
		case *flink.InlineHandle, *flink.EmptySegmentHandle:
		case *flink.RelativeHandle:
			have, known := length[h.Path]
			switch {
			case !h.InOwnDirectory() || !checkpoint.PlainName(h.Path):
				rep.Findings = append(rep.Findings, wholeFile(h.Path, "it is not the plain name of a file: it is not followed"))
			case known && have != h.Length:
				rep.Findings = append(rep.Findings, wholeFile(h.Path, wrongLength(have, h.Length)+", as another handle has it"))
			case !known:
				length[h.Path] = h.Length
				files = append(files, checkpoint.File{
					Name: h.Path, What: cut(c.Names.Label(ref.Operator), maxWhatBytes), Subtask: ref.Subtask, Length: h.Length,
				})
			}
		case *flink.FileHandle:
			return nil, &OutsideError{Dir: c.Dir, File: h.Path}
		case *flink.SegmentHandle:
			return nil, &OutsideError{Dir: c.Dir, File: h.Path}
		default:
			return nil, fmt.Errorf("copy %s: no way is known to copy a %T", c.Dir, h)
		}
	}
	slices.SortFunc(files, func(a, b checkpoint.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// An OutsideError says that a checkpoint cannot be copied by itself.
type OutsideError struct {
	Dir  string
	File string // the first of its files that lies elsewhere
}

func (e *OutsideError) Error() string {
	return fmt.Sprintf("%s cannot be copied: state of it lies outside of its directory, in %s, where an incremental checkpoint "+
		"shares it with others. Such a checkpoint is no good by itself, and cannot be copied yet: "+
		"let Flink take a savepoint, which holds all its state, and copy that", e.Dir, e.File)
}
