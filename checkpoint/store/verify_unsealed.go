package store

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// presence checks what can be checked without a seal.
func (rep *Report) presence(c *Checkpoint, opts VerifyOptions) error {
	if opts.MustBeSealed {
		rep.Findings = append(rep.Findings, wholeFile(checkpoint.MetadataName,
			"it has no seal: it was cut off, or it was not written by Weir"))
	}
	seen := make(map[string]bool)
	for ref := range c.Meta.Streams() {
		name, path, end, exact := "", "", int64(0), false
		switch h := ref.Handle.(type) {
		case *flink.RelativeHandle:
			if !h.InOwnDirectory() {
				rep.Findings = append(rep.Findings, wholeFile(h.Path, "it is not the plain name of a file: it is not followed"))
				continue
			}
			name, path, end, exact = h.Path, checkpoint.FileIn(c.Dir, h.Path), h.Length, true
		case *flink.FileHandle:
			name, end, exact = h.Path, h.Length, true
		case *flink.SegmentHandle:
			name, end = h.Path, h.Start+h.Length
		default:
			continue
		}
		key := fmt.Sprint(name, "\x00", end)
		if seen[key] {
			continue
		}
		seen[key] = true
		if path == "" && !opts.AllowOutside {
			rep.Outside = append(rep.Outside, name)
			continue
		}
		if path == "" {
			var err error
			if path, err = LocalPath(name); err != nil {
				rep.Findings = append(rep.Findings, wholeFile(name, err.Error()))
				continue
			}
		}
		if err := rep.present(c.fsys, name, path, end, exact); err != nil {
			return err
		}
	}
	slices.Sort(rep.Outside)
	rep.Outside = slices.Compact(rep.Outside)
	return nil
}

// present checks that a file is there and has at least end bytes, or exactly as many.
func (rep *Report) present(fsys durable.FS, name, path string, end int64, exact bool) error {
	e, err := fsys.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		rep.Findings = append(rep.Findings, wholeFile(name, "is missing"))
		return nil
	case err != nil && lost(err):
		rep.Findings = append(rep.Findings, unreadable(name, err))
		return nil
	case err != nil:
		return fmt.Errorf("look for state file: %w", err)
	case !e.Regular:
		rep.Findings = append(rep.Findings, wholeFile(name, "is not a regular file"))
	case e.Size < end || exact && e.Size != end:
		rep.Findings = append(rep.Findings, wholeFile(name, wrongLength(e.Size, end)))
	}
	rep.Files++
	rep.Bytes += e.Size
	return nil
}
