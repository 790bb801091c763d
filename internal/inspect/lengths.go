package inspect

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

// lengths holds the listing of the directory against the metadata. No state file is opened.
func (j *judging) lengths(fsys durable.FS) {
	c, err := store.ReadCheckpoint(fsys, j.Path, store.ReadOptions{})
	var damaged *store.MetadataError
	switch {
	case errors.As(err, &damaged):
		j.find(checkpoint.MetadataName, damaged.Err.Error())
		return
	case err != nil:
		j.fail(err)
		return
	}
	j.ID = c.ID
	j.seal(c.Seal != nil)
	if j.belongs(c) {
		j.compareFiles(fsys, c)
	}
}

// belongs holds what the seal says of the checkpoint against where it lies. It returns false
// if it lies in a wrong place.
func (j *judging) belongs(c *store.Checkpoint) bool {
	isComplete := j.base.Kind == checkpoint.Complete
	switch {
	case c.Seal == nil && isComplete && j.job != nil && j.job.Weirs:
		j.find(checkpoint.MetadataName, "it has no seal: it was cut off, or it was not written by Weir")
	case c.Seal == nil:
		return true
	case j.job != nil && j.job.ID != nil && *j.job.ID != c.Seal.Job:
		j.find(checkpoint.MetadataName, fmt.Sprintf("it is of job %v", c.Seal.Job))
	case isComplete && j.base.ID != c.ID:
		j.find(checkpoint.MetadataName, fmt.Sprintf("it is of checkpoint %v", c.ID))
	default:
		j.Job, j.Incarnation, j.JobName = &c.Seal.Job, c.Seal.Incarnation, namesOf(c, nil).Job
		return true
	}
	return false
}

// compareFiles holds the presence and length of each state file against the metadata.
func (j *judging) compareFiles(fsys durable.FS, c *store.Checkpoint) {
	listing, err := fsys.ReadDir(c.Dir)
	if err != nil {
		j.fail(err)
		return
	}
	byName := make(map[string]durable.Entry, len(listing))
	for _, e := range listing {
		byName[e.Name] = e
	}
	checked := map[string]bool{}
	check := func(file string, length int64) {
		if checked[file] {
			return
		}
		checked[file] = true
		j.Files++
		j.Bytes += length
		switch e, ok := byName[file]; {
		case !ok:
			j.find(file, "is missing")
		case !e.Regular:
			j.find(file, "is not a regular file")
		case e.Size != length:
			j.find(file, fmt.Sprintf("has %d bytes and should have %d", e.Size, length))
		}
	}
	if c.Seal != nil {
		for i := range c.Seal.Files {
			check(c.Seal.Files[i].Name, c.Seal.Files[i].Length)
		}
		return
	}
	for ref := range c.Meta.Streams() {
		if h, ok := ref.Handle.(*flink.RelativeHandle); ok {
			check(h.Path, h.Length)
		}
	}
	j.Outside = OutsideFiles(c.Meta)
}

// OutsideFiles returns the files in other directories that metadata refers to, each once.
func OutsideFiles(m *flink.Metadata) []string {
	seen := map[string]bool{}
	var files []string
	for ref := range m.Streams() {
		name := ""
		switch h := ref.Handle.(type) {
		case *flink.FileHandle:
			name = h.Path
		case *flink.SegmentHandle:
			name = h.Path
		default:
			continue
		}
		if !seen[name] {
			seen[name] = true
			files = append(files, name)
		}
	}
	return files
}
